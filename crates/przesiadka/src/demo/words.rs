//! Each public event in one line.

use platform::clock::from_wire;
use proto::{
    audit::v1::{FindingSummary, audit_event::Event as Audit},
    licensing::v1::{AdviceOption, AdviceRemark, OfferReleaseReason, licensing_event::Event as Licensing},
    scheduling::v1::{Party, StageDate, scheduling_event::Event as Scheduling},
};

use super::tell::{all_of, iso_day, plain, short_time, window};

/// How a line looks, and whether somebody did it or it follows from what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
    Follows,
    FollowsBad,
    /// Opens the way.
    Unlocks,
}

/// None for what says nothing that another line does not say.
pub fn scheduling(event: &Scheduling) -> Option<(Tone, String)> {
    use Tone::{Bad, Follows, FollowsBad, Good, Plain, Unlocks};
    Some(match event {
        Scheduling::CompanyChanged(e) => {
            (Plain, format!("new company: {}, with {}", e.display_name, brands(&e.brands)))
        }
        Scheduling::ContactCard(e) => {
            let roles: Vec<_> = e.roles().map(|role| role.as_str_name()).collect();
            let roles =
                roles.iter().map(|r| plain(r.trim_start_matches("CONTACT_ROLE_"))).collect::<Vec<_>>();
            (Plain, format!("contacts: {} ({})", e.display_name, roles.join(" and ")))
        }
        Scheduling::ContactReplaced(_) => (Plain, "a contact was replaced".into()),
        Scheduling::ContactAnonymised(_) => (Plain, "a contact's data was removed".into()),
        Scheduling::AddressCleared(_) => (Plain, "an address works again".into()),
        Scheduling::ProjectOpened(_) => (Plain, "opens the project".into()),
        Scheduling::ContractRecorded(e) => {
            (Plain, format!("the contract was signed on {}", iso_day(&e.contract_day)))
        }
        Scheduling::VariantHelpAsked(e) => (Plain, format!("asks which variant to take: “{}”", e.note)),
        Scheduling::VariantRecommended(e) => {
            (Plain, format!("recommends {}: “{}”", plain(&e.variant), e.note))
        }
        Scheduling::VariantChosen(e) => {
            (Good, format!("chooses {}; it demands {}", plain(&e.variant), list(&e.demands, "nothing")))
        }
        Scheduling::ProjectCancelled(e) => (Bad, format!("project cancelled: {}", e.reason)),
        Scheduling::DatesProposed(e) => {
            let verb = if e.counters.is_empty() { "proposes" } else { "proposes instead" };
            let dates: Vec<_> = e.dates.iter().map(date).collect();
            (Plain, format!("{verb}: {}", dates.join(", ")))
        }
        Scheduling::ProposalClosed(e) if e.outcome == "accepted" || e.outcome == "countered" => return None,
        Scheduling::ProposalClosed(e) => (Plain, format!("a proposal ends: {}", e.outcome)),
        Scheduling::DateAgreed(e) => {
            // Its day was told with the proposal.
            let kind = e.date.as_ref().map_or("", |date| date.kind().as_str_name());
            (Good, format!("accepts: {}", plain(kind)))
        }
        Scheduling::DateWithdrawn(e) => {
            let what = e.date.as_ref().map_or_else(String::new, date);
            if e.rule.is_empty() {
                return Some((Bad, format!("withdraws {what}: {}", e.note)));
            }
            let again = if e.earliest.is_empty() {
                String::new()
            } else {
                format!(", possible again from {}", iso_day(&e.earliest))
            };
            (FollowsBad, format!("no longer holds: {what}{again} ({})", e.rule))
        }
        Scheduling::OverrideRecorded(e) => {
            (Plain, format!("{} does not bind on {}: {}", e.rule, iso_day(&e.day), e.note))
        }
        Scheduling::ReadinessOverdue(e) => {
            (FollowsBad, format!("overdue: readiness was agreed for {}", iso_day(&e.day)))
        }
        Scheduling::StageUnlocked(e) => {
            let from = if e.earliest_start.is_empty() {
                String::new()
            } else {
                format!(" from {}", iso_day(&e.earliest_start))
            };
            (Unlocks, format!("{}{from}", plain(e.stage().as_str_name())))
        }
        Scheduling::ReadinessDeclared(_) => (Good, "declares readiness".into()),
        Scheduling::ReadinessWithdrawn(e) => (Bad, format!("readiness withdrawn: {}", e.reason)),
        Scheduling::AuditAttemptOpened(e) => {
            (Plain, format!("begins audit {}{}", e.audit, attempt(e.number)))
        }
        Scheduling::AuditAttemptVoided(e) => (Bad, format!("audit {} counts no more: {}", e.audit, e.reason)),
        Scheduling::LicenceMissing(e) => {
            (FollowsBad, format!("a licence is missing: {}", list(&e.missing, "none")))
        }
        Scheduling::AuditPassHeld(e) => {
            (FollowsBad, format!("audit 2 waits for: {}", list(&e.missing, "nothing")))
        }
        Scheduling::RunPrepared(e) => {
            let names: Vec<_> = e.systems.iter().chain(&e.applications).map(|s| s.name.clone()).collect();
            let at = e.stop_at.as_ref().and_then(from_wire).map(short_time).unwrap_or_default();
            (Follows, format!("to be stopped by {at}: {}", names.join(", ")))
        }
        Scheduling::RunStarted(e) => {
            let reserve = e.reserve_at.as_ref().and_then(from_wire).map(short_time).unwrap_or_default();
            (
                Plain,
                format!("begins the migration{}; its rollback reserve begins {reserve}", attempt(e.attempt)),
            )
        }
        Scheduling::DatabasesRestored(_) => (Good, "the databases are up on the new instance".into()),
        Scheduling::RunFinished(_) => (Good, "finishes the migration".into()),
        Scheduling::RunRolledBack(e) => (Bad, format!("rolls back to the old instance: “{}”", e.reason)),
        Scheduling::ReserveReached(_) => (FollowsBad, "the rollback reserve has begun".into()),
        Scheduling::WindowOverrun(_) => (FollowsBad, "the window is over and the migration is not".into()),
        Scheduling::IntegrationsAnnounced(e) => {
            (Follows, format!("the integrations of {} come back on {}", brands(&e.brands), iso_day(&e.day)))
        }
        Scheduling::IntegrationsCancelled(e) => {
            (FollowsBad, format!("the day for the integrations of {} holds no more", brands(&e.brands)))
        }
        Scheduling::IntegrationRestored(e) => {
            (Good, format!("the integration of {} works again", brand(&e.brand)))
        }
        Scheduling::IntegrationDropped(e) => {
            (Plain, format!("integration of {} dropped: {}", brand(&e.brand), e.reason))
        }
        Scheduling::IntegrationReopened(e) => {
            (Bad, format!("integration of {} again: {}", brand(&e.brand), e.reason))
        }
        Scheduling::IntegrationDropAsked(e) => {
            (Plain, format!("asks to do without {}: {}", brand(&e.brand), e.reason))
        }
        Scheduling::IntegrationDropRefused(e) => (Plain, format!("wants {} restored", brand(&e.brand))),
        Scheduling::VerificationRequested(_) => (Follows, "the company is asked to verify".into()),
        Scheduling::ProblemReported(e) => (Bad, format!("reports a problem: “{}”", e.description)),
        Scheduling::ProblemAnswered(e) => (Good, format!("answers: “{}”", e.answer)),
        Scheduling::Verified(_) => (Good, "says that everything works".into()),
        Scheduling::StageReopened(e) => {
            (Bad, format!("{} again: {}", plain(e.stage().as_str_name()), e.reason))
        }
        Scheduling::ProtocolIssued(e) => (Follows, format!("protocol {} is there to be signed", e.number)),
        Scheduling::ProtocolSigned(e) => {
            let party = if e.party() == Party::Company { "the company" } else { "SOFTVIG" };
            (Good, format!("signs protocol {} for {party}", e.number))
        }
        Scheduling::ProtocolDeclined(e) => (Bad, format!("protocol {} declined: {}", e.number, e.reason)),
        Scheduling::ProtocolVoided(e) => (Bad, format!("protocol {} is void: {}", e.number, e.reason)),
        Scheduling::ProjectCompleted(_) => (Follows, "the project is completed".into()),
        Scheduling::Snapshot(_) => return None,
    })
}

/// As [`scheduling`]; `asks` says what an item of the checklist asks.
pub fn audit(event: &Audit, asks: impl Fn(&str) -> String) -> Option<(Tone, String)> {
    use Tone::{Bad, FollowsBad, Good, Plain};
    Some(match event {
        Audit::AuditConcluded(e) if e.passed => {
            (Good, format!("concludes audit {}{}: passed", e.audit, attempt(e.number)))
        }
        Audit::AuditConcluded(e) => {
            let count = e.findings.len();
            (Bad, format!("concludes audit {}{}: failed, {count} to correct", e.audit, attempt(e.number)))
        }
        Audit::ValuesRecorded(e) => match e.keys.as_slice() {
            [key] => (Plain, format!("measures {}", asks(key))),
            keys => (Plain, format!("measures {} values", keys.len())),
        },
        Audit::ItemWaived(e) => (Plain, format!("{} waived by {}: {}", e.item, e.approver, e.reason)),
        Audit::LimitOverridden(e) => {
            (Plain, format!("{} judged by {:?}, by {}: {}", e.item, e.limits, e.approver, e.reason))
        }
        Audit::FilesAttached(e) => (Plain, format!("{} files attached to {}", e.files.len(), e.item)),
        Audit::FileDetached(e) => (Plain, format!("a file taken off {}: {}", e.item, e.reason)),
        Audit::AuditAssigned(e) => (Plain, format!("assigned to {}", e.auditor)),
        Audit::AuditPaused(e) => (Plain, format!("paused: {}", e.reason)),
        Audit::AuditResumed(_) => (Plain, "goes on".to_owned()),
        Audit::FindingOpened(e) => (FollowsBad, e.finding.as_ref().map_or_else(String::new, finding)),
        Audit::FindingAnswered(e) => {
            (Plain, format!("answers the finding: “{}”, files of evidence: {}", e.answer, e.files.len()))
        }
        Audit::FindingVerified(e) => {
            (Good, format!("sees finding {} corrected", e.finding.as_ref().map_or(0, |f| f.number)))
        }
        Audit::FindingRejected(e) => (Bad, format!("not corrected: {}", e.reason)),
        Audit::EvidenceRefreshed(_) | Audit::Snapshot(_) => return None,
    })
}

/// As [`scheduling`].
pub fn licensing(event: &Licensing) -> Option<(Tone, String)> {
    use Tone::{Bad, Follows, FollowsBad, Good, Plain};
    Some(match event {
        Licensing::LicenceRecommended(e) => {
            (Plain, format!("recommends the {} licence: {}", plain(e.kind().as_str_name()), e.note))
        }
        Licensing::LicenceChosen(e) => {
            (Good, format!("chooses the {} licence", plain(e.kind().as_str_name())))
        }
        Licensing::LicenceChoiceEnded(e) => (FollowsBad, format!("the choice of licence ends ({})", e.rule)),
        Licensing::LicenceChoiceOutdated(e) => {
            let text = |misfit: &AdviceRemark| misfit.text.as_ref().map(|text| text.en.clone());
            let misfits: Vec<_> = e.misfits.iter().filter_map(text).collect();
            (FollowsBad, format!("the licence must be chosen again: {}", misfits.join(" ")))
        }
        Licensing::LicenceStatusChanged(e) if e.complete => (Follows, "all licences are in place".into()),
        Licensing::LicenceStatusChanged(_) | Licensing::Snapshot(_) => return None,
        Licensing::LicenceOrdered(e) => {
            (Plain, format!("ordered: {} ({}, from {})", product(&e.demand), e.number, e.supplier))
        }
        Licensing::LicenceOrderCancelled(e) => {
            (Bad, format!("the order of {} is cancelled: {}", product(&e.demand), e.reason))
        }
        Licensing::LicenceRecorded(e) => {
            let proven = e.document.as_ref().map_or("", |document| document.number.as_str());
            (Plain, format!("in place: {} ({proven})", product(&e.demand)))
        }
        Licensing::ProofWithdrawn(e) => {
            (Bad, format!("no proof of {} any more: {}", product(&e.demand), e.reason))
        }
        Licensing::OfferAccepted(e) => (Plain, format!("special offer {} accepted", e.offer)),
        Licensing::OfferReserved(e) => (Plain, format!("special offer {} set aside", e.offer)),
        Licensing::OfferReleased(e) => {
            let why = OfferReleaseReason::as_str_name(&e.reason());
            (Plain, format!("special offer {} is free again: {}", e.offer, plain(why)))
        }
    })
}

/// What one way to license takes, or why it is not allowed.
pub fn way(way: &AdviceOption) -> String {
    let remarks = |remarks: &[AdviceRemark]| {
        let texts = remarks.iter().filter_map(|remark| remark.text.as_ref()).map(|text| text.en.as_str());
        texts.collect::<Vec<_>>().join(" ")
    };
    let lines = way.lines.iter().map(|line| {
        let name = line.display_name.as_ref().map_or(line.product.as_str(), |name| &name.en);
        format!("{} × {name}", line.to_buy)
    });
    let takes = match way.allowed {
        true => lines.collect::<Vec<_>>().join(", "),
        false => remarks(&way.refusals),
    };
    format!(
        "→ {}, {}: {takes}",
        plain(way.kind().as_str_name()),
        plain(way.metric().as_str_name()).replace(" and ", " + ")
    )
}

/// What an e-mail is about.
pub fn topic(key: &str) -> String {
    match key {
        "date_agreed" => "dates agreed".to_owned(),
        "date_withdrawn" => "dates withdrawn".to_owned(),
        "integrations_today" => "what comes back today and what to check".to_owned(),
        "integrations_summary" => "all integrations at once".to_owned(),
        "question_unanswered" => "a question that waits for its answer".to_owned(),
        "run_prepared" => "what to stop and when".to_owned(),
        "stage_unlocked" => "the next stage".to_owned(),
        "verified" => "everything works".to_owned(),
        "variant_help_asked" => "help with the variant".to_owned(),
        other => plain(other),
    }
}

fn finding(f: &FindingSummary) -> String {
    let question = f.question.as_ref().map_or("", |q| &q.en);
    format!("finding {}: {question}: {}, expected {}", f.number, f.measured, f.limit)
}

/// The first attempt goes without saying.
fn attempt(number: i32) -> String {
    if number > 1 { format!(", attempt {number}") } else { String::new() }
}

/// "vw" is written in capitals.
fn brand(key: &str) -> String {
    let mut letters = key.chars();
    match letters.next() {
        Some(_) if key.len() <= 3 => key.to_uppercase(),
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn brands(keys: &[String]) -> String {
    let names: Vec<_> = keys.iter().map(|key| brand(key)).collect();
    if names.is_empty() { "no brands".to_owned() } else { all_of(&names) }
}

/// "windows_server" as its maker writes it.
fn product(key: &str) -> String {
    named(&plain(key))
}

fn named(text: &str) -> String {
    text.replace("windows server", "Windows Server")
        .replace("sql server", "SQL Server")
        .replace("it environment", "IT environment")
}

fn list(keys: &[String], none: &str) -> String {
    if keys.is_empty() {
        none.to_owned()
    } else {
        all_of(&keys.iter().map(|key| product(key)).collect::<Vec<_>>())
    }
}

pub fn date(date: &StageDate) -> String {
    use proto::common::v1::planned_date::Date;
    let kind = plain(date.kind().as_str_name());
    let at = |at: &Option<pbjson_types::Timestamp>| at.as_ref().and_then(from_wire).unwrap_or_default();
    match date.date.as_ref().and_then(|d| d.date.as_ref()) {
        Some(Date::Day(day)) => format!("{kind} {}", iso_day(day)),
        _ => format!("{kind} {}", window(at(&date.starts_at), at(&date.ends_at))),
    }
}

/// A refusal's text with days and names as people write them.
pub fn without_keys(text: &str) -> String {
    let word = |word: &str| {
        let name = word.trim_end_matches(['.', ',', ';', ':']);
        let end = &word[name.len()..];
        let name = name.strip_prefix("purchase.").unwrap_or(name);
        format!("{}{end}", iso_day(name).replace('_', " "))
    };
    named(&text.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_words() {
        assert_eq!(brands(&["vw".into(), "skoda".into(), "volvo".into()]), "VW, Skoda and Volvo");
        assert_eq!(list(&["windows_server".into()], "nothing"), "Windows Server");
        let text = "Asked: 2026-12-14, windows_server, purchase.backup_storage. Allowed: standard.";
        assert_eq!(
            without_keys(text),
            "Asked: Mon\u{a0}14\u{a0}Dec, Windows Server, backup storage. Allowed: standard."
        );
    }
}
