//! Each public event in one line.

use platform::clock::from_wire;
use proto::{
    audit::v1::{FindingSummary, audit_event::Event as Audit},
    licensing::v1::{OfferReleaseReason, licensing_event::Event as Licensing},
    scheduling::v1::{Party, StageDate, scheduling_event::Event as Scheduling},
};

use super::tell::{iso_day, long_time, plain};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
    /// Opens the way.
    Unlocks,
}

/// None for what says nothing that another line does not say.
pub fn scheduling(event: &Scheduling) -> Option<(Tone, String)> {
    use Tone::{Bad, Good, Plain, Unlocks};
    Some(match event {
        Scheduling::CompanyChanged(e) => {
            (Plain, format!("{} with {}", e.display_name, list(&e.brands, "no brands")))
        }
        Scheduling::ContactCard(e) => {
            let roles: Vec<_> = e.roles().map(|role| role.as_str_name()).collect();
            let roles =
                roles.iter().map(|r| plain(r.trim_start_matches("CONTACT_ROLE_"))).collect::<Vec<_>>();
            (Plain, format!("contact {}: {}", e.display_name, roles.join(" and ")))
        }
        Scheduling::ContactReplaced(_) => (Plain, "a contact was replaced".into()),
        Scheduling::ContactAnonymised(_) => (Plain, "a contact's data was removed".into()),
        Scheduling::AddressCleared(_) => (Plain, "an address works again".into()),
        Scheduling::ProjectOpened(_) => (Plain, "project opened".into()),
        Scheduling::ContractRecorded(e) => {
            (Plain, format!("contract signed on {}", iso_day(&e.contract_day)))
        }
        Scheduling::VariantHelpAsked(e) => (Plain, format!("which variant? “{}”", e.note)),
        Scheduling::VariantRecommended(e) => {
            (Plain, format!("recommends {}: “{}”", plain(&e.variant), e.note))
        }
        Scheduling::VariantChosen(e) => {
            (Good, format!("chooses {}: needs {}", plain(&e.variant), list(&e.demands, "nothing")))
        }
        Scheduling::ProjectCancelled(e) => (Bad, format!("project cancelled: {}", e.reason)),
        Scheduling::DatesProposed(e) => {
            let verb = if e.counters.is_empty() { "proposes" } else { "proposes instead" };
            let dates: Vec<_> = e.dates.iter().map(date).collect();
            (Plain, format!("{verb} {}", dates.join("; ")))
        }
        Scheduling::ProposalClosed(e) if e.outcome == "accepted" || e.outcome == "countered" => return None,
        Scheduling::ProposalClosed(e) => (Plain, format!("a proposal ends: {}", e.outcome)),
        Scheduling::DateAgreed(e) => {
            (Good, format!("agreed: {}", e.date.as_ref().map_or_else(String::new, date)))
        }
        Scheduling::DateWithdrawn(e) => {
            let what = e.date.as_ref().map_or_else(String::new, date);
            let why = if e.rule.is_empty() { &e.note } else { &e.rule };
            let earliest = if e.earliest.is_empty() {
                String::new()
            } else {
                format!(", possible again from {}", iso_day(&e.earliest))
            };
            (Bad, format!("no longer holds: {what} ({why}{earliest})"))
        }
        Scheduling::OverrideRecorded(e) => {
            (Plain, format!("{} does not bind on {}: {}", e.rule, iso_day(&e.day), e.note))
        }
        Scheduling::ReadinessOverdue(e) => (Bad, format!("readiness was agreed for {}", iso_day(&e.day))),
        Scheduling::StageUnlocked(e) => {
            let from = if e.earliest_start.is_empty() {
                String::new()
            } else {
                format!(" from {}", iso_day(&e.earliest_start))
            };
            (Unlocks, format!("{}{from}", plain(e.stage().as_str_name())))
        }
        Scheduling::ReadinessDeclared(e) => {
            (Good, format!("declares readiness: audit 1 from {} on", iso_day(&e.audit_1_earliest)))
        }
        Scheduling::ReadinessWithdrawn(e) => (Bad, format!("readiness withdrawn: {}", e.reason)),
        Scheduling::AuditAttemptOpened(e) => {
            (Plain, format!("audit {} begins, attempt {}", e.audit, e.number))
        }
        Scheduling::AuditAttemptVoided(e) => (Bad, format!("audit {} counts no more: {}", e.audit, e.reason)),
        Scheduling::LicenceMissing(e) => (Bad, format!("a licence is missing: {}", e.missing.join(", "))),
        Scheduling::AuditPassHeld(e) => (Bad, format!("audit 2 waits for: {}", e.missing.join(", "))),
        Scheduling::RunPrepared(e) => {
            let names: Vec<_> = e.systems.iter().chain(&e.applications).map(|s| s.name.clone()).collect();
            let at = e.stop_at.as_ref().and_then(from_wire).map(long_time).unwrap_or_default();
            (Plain, format!("to be stopped on {at}: {}", names.join(", ")))
        }
        Scheduling::RunStarted(e) => {
            let reserve = e.reserve_at.as_ref().and_then(from_wire).map(long_time).unwrap_or_default();
            (Plain, format!("migration run {} begins; way back open, reserve from {reserve}", e.attempt))
        }
        Scheduling::DatabasesRestored(e) => {
            (Good, format!("run {}: databases are up on the new instance", e.attempt))
        }
        Scheduling::RunFinished(e) => (Good, format!("run {} finished", e.attempt)),
        Scheduling::RunRolledBack(e) => (Bad, format!("run {} rolled back: {}", e.attempt, e.reason)),
        Scheduling::ReserveReached(e) => (Bad, format!("run {}: the rollback reserve has begun", e.attempt)),
        Scheduling::WindowOverrun(e) => (Bad, format!("run {}: the window is over", e.attempt)),
        Scheduling::IntegrationsAnnounced(e) => {
            (Plain, format!("integrations of {} come back on {}", e.brands.join(", "), iso_day(&e.day)))
        }
        Scheduling::IntegrationsCancelled(e) => {
            (Bad, format!("integrations of {}: the day holds no more", e.brands.join(", ")))
        }
        Scheduling::IntegrationRestored(e) => (Good, format!("integration of {} works", e.brand)),
        Scheduling::IntegrationDropped(e) => {
            (Plain, format!("integration of {} dropped: {}", e.brand, e.reason))
        }
        Scheduling::IntegrationReopened(e) => {
            (Bad, format!("integration of {} again: {}", e.brand, e.reason))
        }
        Scheduling::IntegrationDropAsked(e) => {
            (Plain, format!("asks to do without {}: {}", e.brand, e.reason))
        }
        Scheduling::IntegrationDropRefused(e) => (Plain, format!("wants {} restored", e.brand)),
        Scheduling::VerificationRequested(_) => (Plain, "please verify".into()),
        Scheduling::ProblemReported(e) => (Bad, format!("problem: “{}”", e.description)),
        Scheduling::ProblemAnswered(e) => (Good, format!("answer: “{}”", e.answer)),
        Scheduling::Verified(_) => (Good, "everything works".into()),
        Scheduling::StageReopened(e) => {
            (Bad, format!("{} again: {}", plain(e.stage().as_str_name()), e.reason))
        }
        Scheduling::ProtocolIssued(e) => (Plain, format!("protocol {} to sign", e.number)),
        Scheduling::ProtocolSigned(e) => {
            let party = if e.party() == Party::Company { "the company" } else { "SOFTVIG" };
            (Good, format!("protocol {} signed for {party}", e.number))
        }
        Scheduling::ProtocolDeclined(e) => (Bad, format!("protocol {} declined: {}", e.number, e.reason)),
        Scheduling::ProtocolVoided(e) => (Bad, format!("protocol {} is void: {}", e.number, e.reason)),
        Scheduling::ProjectCompleted(_) => (Good, "project completed".into()),
    })
}

/// As [`scheduling`].
pub fn audit(event: &Audit) -> Option<(Tone, String)> {
    use Tone::{Bad, Good, Plain};
    Some(match event {
        Audit::AuditConcluded(e) if e.passed => {
            (Good, format!("audit {} passed, attempt {}", e.audit, e.number))
        }
        Audit::AuditConcluded(e) => {
            let count = e.findings.len();
            (Bad, format!("audit {} failed, attempt {}: {count} to correct", e.audit, e.number))
        }
        Audit::ValuesRecorded(e) => (Plain, format!("{} values measured", e.keys.len())),
        Audit::ItemWaived(e) => (Plain, format!("{} waived by {}: {}", e.item, e.approver, e.reason)),
        Audit::FindingOpened(e) => (Bad, e.finding.as_ref().map_or_else(String::new, finding)),
        Audit::FindingAnswered(e) => (Plain, format!("corrected: “{}”", e.answer)),
        Audit::FindingVerified(e) => {
            (Good, format!("seen to be corrected: {}", e.finding.as_ref().map_or("", |f| &f.item)))
        }
        Audit::FindingRejected(e) => (Bad, format!("not corrected: {}", e.reason)),
        Audit::EvidenceRefreshed(_) => return None,
    })
}

/// As [`scheduling`].
pub fn licensing(event: &Licensing) -> Option<(Tone, String)> {
    use Tone::{Bad, Good, Plain};
    Some(match event {
        Licensing::LicenceRecommended(e) => {
            (Plain, format!("recommends the {} licence: {}", plain(e.kind().as_str_name()), e.note))
        }
        Licensing::LicenceChosen(e) => {
            (Good, format!("chooses the {} licence", plain(e.kind().as_str_name())))
        }
        Licensing::LicenceChoiceEnded(e) => (Bad, format!("the choice of licence ends: {}", e.rule)),
        Licensing::LicenceStatusChanged(e) if e.complete => (Good, "all licences are in place".into()),
        Licensing::LicenceStatusChanged(_) => return None,
        Licensing::LicenceRecorded(e) => (Plain, format!("{} in place: {}", plain(&e.demand), e.note)),
        Licensing::ProofWithdrawn(e) => {
            (Bad, format!("no proof of {} any more: {}", plain(&e.demand), e.reason))
        }
        Licensing::OfferReserved(e) => (Plain, format!("special offer {} set aside", e.offer)),
        Licensing::OfferReleased(e) => {
            let why = OfferReleaseReason::as_str_name(&e.reason());
            (Plain, format!("special offer {} is free again: {}", e.offer, plain(why)))
        }
    })
}

fn finding(f: &FindingSummary) -> String {
    let question = f.question.as_ref().map_or("", |q| &q.en);
    format!("finding {}: {question} {}, expected {}", f.number, f.measured, f.limit)
}

fn list(keys: &[String], none: &str) -> String {
    if keys.is_empty() {
        none.to_owned()
    } else {
        keys.iter().map(|k| plain(k)).collect::<Vec<_>>().join(", ")
    }
}

fn date(date: &StageDate) -> String {
    use proto::common::v1::planned_date::Date;
    let kind = plain(date.kind().as_str_name());
    let ends = |at: &Option<pbjson_types::Timestamp>| {
        at.as_ref().and_then(from_wire).map(long_time).unwrap_or_default()
    };
    match date.date.as_ref().and_then(|d| d.date.as_ref()) {
        Some(Date::Day(day)) => format!("{kind} {}", iso_day(day)),
        _ => format!("{kind} {} to {}", ends(&date.starts_at), ends(&date.ends_at)),
    }
}
