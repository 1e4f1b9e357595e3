"""Reads the mails and the subscribed calendars of a folder as calendar programs do, with a library that is not ours.

Each person's invitations are applied to a small calendar (RFC 5546: UID, SEQUENCE, DTSTAMP), in
the order of the mails and in the opposite one. Prints as JSON what each person's mails said, what
is left in the calendar, and what each subscribed calendar shows. Ends with an error where a mail or an object is not as it must be.
"""

import email
import email.policy
import json
import pathlib
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from icalendar import Calendar

ONCE = ["UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "ORGANIZER"]


def must(condition, what, *about):
    if not condition:
        sys.exit(f"{what}: {about}")


def instant(value):
    """As it stands in the object: a day, or an instant in UTC."""
    if not isinstance(value, datetime):
        return value.isoformat()
    zone = value.tzinfo and ZoneInfo("Europe/Warsaw")
    must(value.tzinfo is not None, "a time without a zone", value)
    # The zone's own rules and those that came with the object must say the same.
    if str(value.tzinfo) != "UTC":
        must(value.utcoffset() == value.replace(tzinfo=zone).utcoffset(), "another offset", value)
    return value.astimezone(timezone.utc).isoformat()


def read(mail):
    """The one event of a mail; none if it has none."""
    parts = {part.get_content_type(): part for part in mail.walk()}
    inline, attached = parts.get("text/calendar"), parts.get("application/ics")
    if inline is None:
        must(attached is None, "an attachment alone", mail["Subject"])
        return None
    raw = inline.get_payload(decode=True)
    must(raw == attached.get_payload(decode=True), "two objects in one mail", mail["Subject"])
    method, events = understand(raw)
    must(method == inline.get_param("method"), "METHOD and the mail's parameter", method)
    must(len(events) == 1, "not one event", events)
    event = events[0]
    must(event.get("DESCRIPTION"), "no description", event)
    to = mail["To"].addresses[0].addr_spec
    must(str(event["ATTENDEE"]) == f"mailto:{to}", "invited and written to", event["ATTENDEE"], to)
    must(str(event["ORGANIZER"]) == f"mailto:{mail['From'].addresses[0].addr_spec}", "ORGANIZER", event["ORGANIZER"])
    alarms = event.walk("VALARM")
    must(bool(alarms) == (method == "REQUEST"), "alarms", method, alarms)
    for alarm in alarms:
        must(str(alarm["ACTION"]) == "DISPLAY" and alarm["DESCRIPTION"], "alarm", alarm)
        must(alarm["TRIGGER"].dt.total_seconds() < 0, "after it began", alarm)
    return method, event


def understand(raw):
    """Method and events of an object that is whole."""
    for line in raw.split(b"\r\n"):
        must(len(line) <= 75 and b"\n" not in line and b"\r" not in line, "a line", line)
    objects = Calendar.from_ical(raw, multiple=True)
    must(len(objects) == 1, "not one object", raw)
    calendar = objects[0]
    for component in calendar.walk():
        must(not component.errors, "not understood", component.errors)
    must(Calendar.from_ical(calendar.to_ical()) == calendar, "written again it is another one", raw)
    must(calendar["VERSION"] == "2.0" and calendar["PRODID"], "head", calendar)
    method = str(calendar["METHOD"])
    zones, events = calendar.walk("VTIMEZONE"), calendar.walk("VEVENT")
    must([str(zone["TZID"]) for zone in zones] == ["Europe/Warsaw"], "zones", zones)
    for event in events:
        for name in ONCE:
            must(event.get(name) is not None and not isinstance(event[name], list), "not once", name)
        for name in ["DTSTART", "DTEND"]:
            must(event[name].params.get("TZID", "Europe/Warsaw") == "Europe/Warsaw", "TZID", event[name])
    return method, events


def told(method, event):
    return {
        "method": method,
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "start": instant(event["DTSTART"].dt),
        "end": instant(event["DTEND"].dt),
        "summary": str(event["SUMMARY"]),
    }


class Small:
    """A person's calendar: what is newer by SEQUENCE, then DTSTAMP, counts (RFC 5546, 2.1.5)."""

    def __init__(self):
        self.seen, self.entries, self.most = {}, {}, 0

    def apply(self, method, event):
        uid, version = str(event["UID"]), (int(event["SEQUENCE"]), event["DTSTAMP"].dt)
        if self.seen.get(uid, (-1,)) > version:
            return
        self.seen[uid] = version
        if method == "REQUEST":
            self.entries[uid] = event
        else:
            self.entries.pop(uid, None)
        self.most = max(self.most, len(self.entries))


def main(folder):
    people = {}
    for path in sorted(pathlib.Path(folder).glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found = read(mail)
        if found:
            people.setdefault(mail["To"].addresses[0].addr_spec, []).append(found)
    report = {}
    for person, found in people.items():
        forward, backward = Small(), Small()
        for method, event in found:
            forward.apply(method, event)
        for method, event in reversed(found):
            backward.apply(method, event)
        report[person] = {
            "said": [told(method, event) for method, event in found],
            "most": forward.most,
            "left": sorted(forward.entries) + sorted(backward.entries),
        }
    feeds = {}
    for path in pathlib.Path(folder).glob("*.ics"):
        method, events = understand(path.read_bytes())
        must(method == "PUBLISH", "no publication", method)
        for event in events:
            must("ATTENDEE" not in event and "DESCRIPTION" not in event, "more than is to be shown", event)
        feeds[path.stem] = [told(method, event) for event in events]
    json.dump({"people": report, "feeds": feeds}, sys.stdout)


main(sys.argv[1])
