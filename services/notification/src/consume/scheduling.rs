use anyhow::Context;
use platform::{actor::Party, clock::from_wire, id::ContactId};
use proto::scheduling::v1::{
    Actor, DateAgreed, DateKind, DateWithdrawn, DatesProposed, Party as PbParty, RunPrepared, RunStarted,
    SchedulingEvent, Stage, System, scheduling_event::Event,
};

use super::{Book, Head, Outcome, contact_id, integrations};
use crate::kind::Kind;
use crate::message::{Calendar, Fact, Facts, Notice};
use crate::project::{Entry, Integrations, Planned, Project, Proposal, date_key, stage_key};
use crate::recipients::Change;

/// Why a snapshot is no event like others.
pub(super) const SNAPSHOT: &str = "it takes the place of what was told before";

/// One of scheduling's events. Fails only on what that service never writes.
pub fn scheduling(event: &SchedulingEvent, book: &mut Book) -> anyhow::Result<Outcome> {
    let head = Head::read(&event.event_id, &event.company, &event.project, event.occurred_at.as_ref())?;
    let what = event.event.as_ref().context("an event without content")?;
    Ok(match what {
        Event::CompanyChanged(e) => {
            book.directory.rename(&e.display_name);
            Outcome::Kept
        }
        Event::ContactCard(e) => {
            let id = contact_id(&e.contact)?;
            let change = book.directory.apply_card(id, e);
            calendar_of(&head, book, id, change)
        }
        Event::ContactReplaced(e) => replaced(&head, book, contact_id(&e.contact)?, &e.successor)?,
        Event::ContactAnonymised(e) => {
            book.directory.part(contact_id(&e.contact)?);
            Outcome::Kept
        }
        Event::AddressCleared(e) => {
            let id = contact_id(&e.contact)?;
            match book.directory.clear_undeliverable(id) {
                true => calendar_of(&head, book, id, Change::Moved { from: None }),
                false => Outcome::Ignored("the address was not held to be undeliverable"),
            }
        }
        Event::Snapshot(_) => Outcome::Ignored(SNAPSHOT),
        _ => project_event(&head, what, event.actor.as_ref(), book)?,
    })
}

/// Events of a project, in the order of the table "Who hears what".
fn project_event(
    head: &Head,
    event: &Event,
    actor: Option<&Actor>,
    book: &mut Book,
) -> anyhow::Result<Outcome> {
    let project = book.project(head)?;
    Ok(match event {
        Event::ProjectOpened(_) | Event::ContractRecorded(_) => Outcome::Kept,

        Event::DatesProposed(e) => proposed(head, e, project)?,
        // What closed it is told by itself.
        Event::ProposalClosed(e) => {
            project.close_proposal(&e.proposal);
            Outcome::Kept
        }

        Event::DateAgreed(_) | Event::DateWithdrawn(_) if project.closed => {
            Outcome::Ignored("the project is closed")
        }
        Event::DateAgreed(e) => agreed(head, e, project)?,
        Event::DateWithdrawn(e) => withdrawn(head, e, project)?,
        Event::ReadinessOverdue(e) => {
            head.notice(Kind::ReadinessOverdue).fact("day", Fact::day(&e.day)).into()
        }
        Event::OverrideRecorded(e) => head
            .notice(Kind::OverrideRecorded)
            .word("what", "date", date_key(e.kind()))
            .fact("day", Fact::day(&e.day))
            .fact("rule", Fact::Rule(e.rule.clone()))
            .text("person", &e.person)
            .text("note", &e.note)
            .into(),

        Event::VariantHelpAsked(e) => {
            let notice = head.notice(Kind::VariantHelpAsked).text("note", &e.note);
            let asker = asker(actor)?;
            Notice { about: asker, mentions: asker.into_iter().collect(), ..notice }.into()
        }
        Event::VariantRecommended(e) => head
            .notice(Kind::VariantRecommended)
            .word("variant", "variant", &e.variant)
            .text("note", &e.note)
            .into(),
        Event::VariantChosen(e) => {
            head.notice(Kind::VariantChosen).word("variant", "variant", &e.variant).into()
        }

        Event::ReadinessDeclared(e) => {
            head.notice(Kind::ReadinessDeclared).fact("earliest", Fact::day(&e.audit_1_earliest)).into()
        }
        Event::ReadinessWithdrawn(e) => {
            project.unlock(Stage::Readiness);
            head.notice(Kind::ReadinessWithdrawn).text("note", &e.reason).into()
        }
        Event::AuditAttemptOpened(_) => Outcome::Ignored("an audit that begins is told by its result"),
        // What voided the attempt is told by itself.
        Event::AuditAttemptVoided(e) => {
            project.void(&e.attempt);
            Outcome::Kept
        }

        Event::LicenceMissing(_) => Outcome::Ignored("licensing tells which proof was withdrawn"),
        Event::AuditPassHeld(_) => head.notice(Kind::AuditPassHeld).into(),

        Event::StageUnlocked(e) => {
            project.unlock(e.stage());
            let unlocked = head
                .notice(Kind::StageUnlocked)
                .word("stage", "stage", stage_key(e.stage()))
                .fact("earliest", Fact::day(&e.earliest_start));
            // This is how scheduling says that the integrations are done, each time that they are.
            let done = e.stage() == Stage::Verification;
            let summary = done.then(|| integrations::summary(head, project)).flatten();
            Outcome::Told(summary.into_iter().chain([unlocked]).collect())
        }

        Event::RunPrepared(e) => prepared(head, e)?,
        Event::RunStarted(e) => started(head, e)?,
        Event::DatabasesRestored(e) => attempt(head, Kind::DatabasesRestored, e.attempt).into(),
        Event::RunFinished(e) => attempt(head, Kind::RunFinished, e.attempt).into(),
        Event::RunRolledBack(e) => {
            project.integrations = Integrations::default();
            attempt(head, Kind::RunRolledBack, e.attempt).text("note", &e.reason).into()
        }
        Event::ReserveReached(e) => attempt(head, Kind::ReserveReached, e.attempt).into(),
        Event::WindowOverrun(e) => attempt(head, Kind::WindowOverrun, e.attempt).into(),

        Event::IntegrationsAnnounced(e) => integrations::announced(head, e, project)?,
        Event::IntegrationsCancelled(e) => integrations::called_off(head, e, project),
        Event::IntegrationRestored(e) => integrations::restored(head, e, project),
        Event::IntegrationDropAsked(e) => head
            .notice(Kind::IntegrationDropAsked)
            .word("brand", "brand", &e.brand)
            .text("note", &e.reason)
            .into(),
        Event::IntegrationDropRefused(e) => {
            head.notice(Kind::IntegrationDropRefused).word("brand", "brand", &e.brand).into()
        }
        Event::IntegrationDropped(e) => integrations::dropped(head, e, project),
        Event::IntegrationReopened(e) => integrations::reopened(head, e, project),

        Event::VerificationRequested(_) => head.notice(Kind::VerificationRequested).into(),
        Event::ProblemReported(e) => head.notice(Kind::ProblemReported).text("note", &e.description).into(),
        Event::ProblemAnswered(e) => head.notice(Kind::ProblemAnswered).text("note", &e.answer).into(),
        Event::Verified(_) => head.notice(Kind::Verified).into(),
        Event::StageReopened(e) => {
            project.unlock(e.stage());
            if e.stage() == Stage::Migration {
                project.integrations = Integrations::default();
            }
            head.notice(Kind::StageReopened)
                .word("stage", "stage", stage_key(e.stage()))
                .text("note", &e.reason)
                .into()
        }

        Event::ProtocolIssued(e) => {
            head.notice(Kind::ProtocolIssued).fact("number", Fact::Number(e.number.into())).into()
        }
        Event::ProtocolSigned(e) => head
            .notice(Kind::ProtocolSigned)
            .fact("number", Fact::Number(e.number.into()))
            .word("signed", "signed", party_key(e.party()))
            .into(),
        Event::ProtocolDeclined(e) => head
            .notice(Kind::ProtocolDeclined)
            .fact("number", Fact::Number(e.number.into()))
            .word("declined", "declined", party_key(e.party()))
            .text("note", &e.reason)
            .into(),
        Event::ProtocolVoided(_) => Outcome::Ignored("the problem or the refusal that voided it is told"),
        Event::ProjectCompleted(_) => {
            project.close();
            head.notice(Kind::ProjectCompleted).into()
        }
        Event::ProjectCancelled(e) => cancelled(head, &e.reason, project),

        Event::CompanyChanged(_)
        | Event::ContactCard(_)
        | Event::ContactReplaced(_)
        | Event::ContactAnonymised(_)
        | Event::AddressCleared(_)
        | Event::Snapshot(_) => unreachable!("events of the company are handled before"),
    })
}

fn proposed(head: &Head, e: &DatesProposed, project: &mut Project) -> anyhow::Result<Outcome> {
    let kind = if e.counters.is_empty() { Kind::DatesProposed } else { Kind::DatesCountered };
    let by = party(e.proposed_by())?;
    let dates = e.dates.iter().map(|d| Planned::read(d).context("a proposed date"));
    let dates = dates.collect::<anyhow::Result<Vec<_>>>()?;
    let withdraws = e.would_withdraw().map(|kind| Fact::word("date", date_key(kind))).collect();
    let notice = head
        .notice(kind)
        .word("by", "party", by.to_string())
        .about_dates(&dates)
        .fact("withdraws", Fact::List(withdraws));
    if !project.closed {
        let proposed_at = head.occurred_at;
        project.propose(Proposal { id: e.proposal.clone(), asked: by.other(), dates, proposed_at });
    }
    Ok(Notice { asked: Some(by.other()), ..notice }.into())
}

fn agreed(head: &Head, e: &DateAgreed, project: &mut Project) -> anyhow::Result<Outcome> {
    let date = e.date.as_ref().and_then(Planned::read).context("the agreed date")?;
    let before = project.entry(&e.replaces).map(|entry| entry.date.clone());
    let entry = project.agree(&e.agreement, &e.replaces, date).clone();
    let kind = if e.replaces.is_empty() { Kind::DateAgreed } else { Kind::DateMoved };
    let gate = Some(e.provided_that()).filter(|gate| *gate != Stage::Unspecified);
    let mut notice =
        of_date(head, kind, &entry).fact("provided_that", gate_fact(gate)).calendar(Calendar::Request(entry));
    // Nobody is to come tonight because the news waits for the morning.
    notice.dates.extend(before);
    Ok(notice.into())
}

fn withdrawn(head: &Head, e: &DateWithdrawn, project: &mut Project) -> anyhow::Result<Outcome> {
    let Some(entry) = project.withdraw(&e.agreement).cloned() else {
        return Ok(Outcome::Ignored("that agreement was replaced or ended before"));
    };
    let missed = e.rule == "DATE_MISSED";
    let notice = of_date(head, if missed { Kind::DateMissed } else { Kind::DateWithdrawn }, &entry)
        .fact("rule", if e.rule.is_empty() { Fact::text("") } else { Fact::Rule(e.rule.clone()) })
        .text("note", &e.note)
        .fact("earliest", Fact::day(&e.earliest));
    Ok(notice.calendar(Calendar::Cancel(entry)).into())
}

/// What scheduling has not withdrawn yet ends with the project, so that nothing stays in a calendar.
fn cancelled(head: &Head, reason: &str, project: &mut Project) -> Outcome {
    let mut notices = vec![head.notice(Kind::ProjectCancelled).text("note", reason)];
    notices.extend(project.close().into_iter().map(|entry| {
        of_date(head, Kind::DateWithdrawn, &entry)
            .fact("rule", Fact::text(""))
            .text("note", reason)
            .fact("earliest", Fact::text(""))
            .calendar(Calendar::Cancel(entry))
    }));
    Outcome::Told(notices)
}

fn prepared(head: &Head, e: &RunPrepared) -> anyhow::Result<Outcome> {
    let systems = |systems: &[System]| {
        let fact = |s: &System| {
            Fact::Group(Facts::from([("name", Fact::text(&s.name)), ("owner", Fact::text(&s.owner))]))
        };
        Fact::List(systems.iter().map(fact).collect())
    };
    let stop_at = e.stop_at.as_ref().and_then(from_wire).context("stop_at")?;
    Ok(head
        .notice(Kind::RunPrepared)
        .fact("systems", systems(&e.systems))
        .fact("applications", systems(&e.applications))
        .fact("stop_at", Fact::Instant(stop_at))
        .into())
}

fn started(head: &Head, e: &RunStarted) -> anyhow::Result<Outcome> {
    let ends_at = e.window_ends_at.as_ref().and_then(from_wire).context("window_ends_at")?;
    Ok(attempt(head, Kind::RunStarted, e.attempt).fact("ends_at", Fact::Instant(ends_at)).into())
}

fn attempt(head: &Head, kind: Kind, number: i32) -> Notice {
    head.notice(kind).fact("attempt", Fact::Number(number.into()))
}

fn replaced(head: &Head, book: &mut Book, id: ContactId, successor: &str) -> anyhow::Result<Outcome> {
    let successor = if successor.is_empty() { None } else { Some(contact_id(successor)?) };
    let named = |id: &ContactId| book.directory.contact(*id).filter(|c| !c.is_forgotten());
    let name = |id: ContactId| named(&id).map(|c| c.name.clone()).unwrap_or_default();
    let notice = head
        .notice(Kind::ContactReplaced)
        .text("contact", name(id))
        .text("successor", successor.map(name).unwrap_or_default());
    let mentions = [Some(id), successor].into_iter().flatten().filter(|id| named(id).is_some()).collect();
    let notice = Notice { mentions, ..notice };
    let change = book.directory.leave(id);
    if let Some(successor) = successor {
        book.directory.succeed(id, successor);
    }
    let mut notices = vec![notice];
    if let Outcome::Told(entries) = calendar_of(head, book, id, change) {
        notices.extend(entries);
    }
    Ok(Outcome::Told(notices))
}

/// Who joins gets the entries of the dates that are agreed; from who leaves they are taken away; and both go on where
/// somebody has another address.
pub(crate) fn calendar_of(head: &Head, book: &mut Book, id: ContactId, change: Change) -> Outcome {
    let Some(project) = book.project.as_mut().filter(|p| !p.closed) else {
        return Outcome::Kept;
    };
    let moved = matches!(change, Change::Moved { .. });
    let (leaves, joins) = match change {
        Change::None => return Outcome::Kept,
        Change::Joined | Change::Moved { from: None } => (None, true),
        Change::Left => (Some(None), false),
        Change::Moved { from } => (Some(from), true),
    };
    let mut notices = Vec::new();
    if let Some(address) = leaves {
        project.raise_sequences();
        notices
            .extend(entries_of(head, project, id, Kind::EntryRemoved, Calendar::Remove).map(|notice| {
                Notice { address: address.clone(), ..notice.fact("moved", Fact::Flag(moved)) }
            }));
        // Both addresses may be the same calendar's, which takes only what is newer.
        if joins {
            project.raise_sequences();
        }
    }
    if joins {
        notices.extend(entries_of(head, project, id, Kind::EntryAdded, Calendar::Request));
    }
    if notices.is_empty() { Outcome::Kept } else { Outcome::Told(notices) }
}

/// One notice for each agreed date that is not over, about one contact's calendar.
fn entries_of(
    head: &Head,
    project: &Project,
    id: ContactId,
    kind: Kind,
    wrap: fn(Entry) -> Calendar,
) -> impl Iterator<Item = Notice> {
    // Also of a date that goes on: who becomes a contact in its morning is to be there.
    let ahead = project.live_entries().filter(|e| e.date.ends_at > head.occurred_at);
    ahead.map(move |entry| {
        let notice = of_date(head, kind, entry).calendar(wrap(entry.clone()));
        Notice { about: Some(id), project: Some(project.id), ..notice }
    })
}

fn of_date(head: &Head, kind: Kind, entry: &Entry) -> Notice {
    head.notice(kind)
        .about_date(&entry.date)
        .fact("migration", Fact::Flag(entry.date.kind == DateKind::Migration))
}

/// What must still happen before a date, in words; empty if nothing.
pub(crate) fn gate_fact(gate: Option<Stage>) -> Fact {
    gate.map_or_else(|| Fact::text(""), |gate| Fact::word("gate", stage_key(gate)))
}

fn asker(actor: Option<&Actor>) -> anyhow::Result<Option<ContactId>> {
    match actor {
        Some(actor) if !actor.contact.is_empty() => contact_id(&actor.contact).map(Some),
        _ => Ok(None),
    }
}

fn party(party: PbParty) -> anyhow::Result<Party> {
    match party {
        PbParty::Company => Ok(Party::Company),
        PbParty::Softvig => Ok(Party::Softvig),
        PbParty::Unspecified => anyhow::bail!("a party is missing"),
    }
}

fn party_key(party: PbParty) -> &'static str {
    if party == PbParty::Softvig { "softvig" } else { "company" }
}
