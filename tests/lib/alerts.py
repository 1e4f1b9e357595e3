"""Whether rules, their tests, dashboards and docs/OPERATIONS.md fit each other.

    alerts.py PANELS

From the repository's root. Writes the dashboards' expressions into the file PANELS as rules that promtool can read,
and says what is wrong. Needs PyYAML.
"""

import json
import re
import sys
from pathlib import Path

import yaml

RULES = Path("helm/przesiadka/files/alerts.yaml")
TESTS = Path("deploy/alerts_test")
DASHBOARDS = Path("helm/przesiadka/dashboards")
OPERATIONS = Path("docs/OPERATIONS.md")

# What Prometheus and the chart put on every series.
OF_TARGETS = {"namespace", "pod", "job", "instance", "service"}
SEVERITIES = {"page", "ticket"}
WORDS = set(
    "and or unless by on ignoring without offset group_left group_right bool inf nan".split()
    + "sum max min count group topk bottomk avg quantile".split()
)
# Any values that fit where Grafana's variables stand.
VARIABLES = {"__range": "30d", "__rate_interval": "5m", "namespace": "", "service": ".*"}

# In their order, each once.
complaints = {}


def wrong(what):
    complaints[what] = True


def section(text, title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found.group(1) if found else ""


def figures(text):
    """Names in the table, as Prometheus has them, with their labels."""
    known = {}
    for line in section(text, "Figures").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith("`"):
            continue
        name, kind, labels = cells[0].strip("`"), cells[1], set(re.findall(r"`([a-z_]+)`", cells[2]))
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            known[name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return known


def events():
    """Names of public events, as the contract has them."""
    names = set()
    for file in Path("proto/przesiadka").glob("*/v1/events.proto"):
        for body in re.findall(r"oneof event \{(.*?)\}", file.read_text(), re.S):
            names.update(re.findall(r"(\w+) = \d+;", body))
    return names


def used(expression):
    """Names of series, each with the labels by which it is selected."""
    bare = re.sub(r"\b(by|on|ignoring|without|group_left|group_right)\s*\([^()]*\)", r"\1", expression)
    found = []
    for name, selector in re.findall(r"([a-zA-Z_:][\w:]*)\s*(\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\})?(?!\s*\(|[\w:{])",
                                     without_strings_outside_selectors(bare)):
        if name.lower() not in WORDS:
            labels = re.findall(r"([a-z_]+)\s*(=~|!~|!=|=)\s*\"((?:[^\"\\]|\\.)*)\"", selector)
            found.append((name, labels))
    return found


def without_strings_outside_selectors(expression):
    """A range and a string of a function have no names in them."""
    out, depth, i = [], 0, 0
    for part in re.findall(r"\"(?:[^\"\\]|\\.)*\"|\[[^\]]*\]|offset \w+|.", expression, re.S):
        depth += (part == "{") - (part == "}")
        if depth or not (part[0] in "\"[" or part.startswith("offset ")):
            out.append(part)
    return "".join(out)


def check(where, expression, known, event_names):
    for name, labels in used(expression):
        if name not in known:
            wrong(f"{where}: {name} is not among the figures")
            continue
        for label, operator, value in labels:
            if known[name] is not None and label not in known[name] | OF_TARGETS:
                wrong(f"{where}: {name} has no label {label}")
            if label == "event" and operator in ("=", "=~"):
                for event in set(value.split("|")) - event_names:
                    wrong(f"{where}: there is no event {event}")


def check_rules(known, event_names, text):
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    known.update({rule["record"]: None for rule in rules if "record" in rule})
    anchors = {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
               for title in re.findall(r"^#+ (.*)$", text, re.M)}
    fired, silent = tested()
    alerts = [rule for rule in rules if "alert" in rule]
    for rule in rules:
        check(rule.get("alert") or rule["record"], rule["expr"], known, event_names)
    for rule in alerts:
        name, notes = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in SEVERITIES:
            wrong(f"{name}: the severity is none of {', '.join(sorted(SEVERITIES))}")
        if not notes.get("summary"):
            wrong(f"{name}: no summary")
        file, _, anchor = notes.get("runbook_url", "").partition("#")
        if Path(file) != OPERATIONS or anchor not in anchors:
            wrong(f"{name}: {file}#{anchor} is not there")
        if name not in fired:
            wrong(f"{name}: no test in which it fires")
        if name not in silent:
            wrong(f"{name}: no test in which it does not fire")
    headings = set(re.findall(r"^### (Przesiadka\w+)$", section(text, "Alerts"), re.M))
    for name in headings - {rule["alert"] for rule in alerts}:
        wrong(f"{OPERATIONS}: there is no alert {name}")


def tested():
    fired, silent = set(), set()
    for file in TESTS.glob("*.yaml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                (fired if case.get("exp_alerts") else silent).add(case["alertname"])
    return fired, silent


def check_dashboards(known, event_names):
    """The expressions as rules."""
    rules, uids = [], {}
    for file in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(file.read_text())
        if uids.setdefault(board["uid"], file) is not file:
            wrong(f"{file.name}: {uids[board['uid']].name} has the same uid")
        ids = [panel["id"] for panel in board["panels"]]
        if len(set(ids)) != len(ids):
            wrong(f"{file.name}: two panels have one id")
        asked = [(f"annotation {note['name']}", note) for note in board["annotations"]["list"]]
        for panel in board["panels"]:
            where = f"panel {panel['id']} ({panel['title']})"
            asked += [(where, target | {"datasource": panel["datasource"]}) for target in panel.get("targets", [])]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                expression = f"count by ({found[2]}) ({found[1]})"
                asked.append((f"variable {variable['name']}", variable | {"expr": expression}))
        for where, target in asked:
            if target["datasource"]["uid"] != "${datasource}":
                wrong(f"{file.name}, {where}: another data source than the chosen one")
            expression = re.sub(r"\$([a-z_]+)", lambda name: VARIABLES[name[1]], target["expr"])
            check(f"{file.name}, {where}", expression, known, event_names)
            rules.append({"record": "panel", "labels": {"of": f"{file.stem} {where} {len(rules)}"}, "expr": expression})
    return rules


def main(panels):
    text = OPERATIONS.read_text()
    known, event_names = figures(text), events()
    if not known:
        wrong(f"{OPERATIONS}: no table of figures")
    check_rules(known, event_names, text)
    rules = check_dashboards(known, event_names)
    Path(panels).write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    print("\n".join(f"wrong: {what}" for what in complaints), end="\n" if complaints else "", file=sys.stderr)
    print(f"{len(known)} series, {len(rules)} expressions of dashboards")
    return 1 if complaints else 0


sys.exit(main(*sys.argv[1:]))
