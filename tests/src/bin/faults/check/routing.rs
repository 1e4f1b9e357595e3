//! DOMAIN's table "Who hears what", read a second time.

use proto::{
    audit::v1::audit_event::Event as Audit,
    licensing::v1::licensing_event::Event as Licensing,
    scheduling::v1::{ContactRole, Party, Stage, scheduling_event::Event as Scheduling},
};

use super::{
    fold::Heard,
    known::{Integration, Known, id},
};

pub const SOFTVIG: &str = "softvig";

/// Who is told of an event: technical contacts, decision contacts, SOFTVIG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told(bool, bool, bool);

const ALL: Told = Told(true, true, true);
const CONTACTS: Told = Told(true, true, false);
const WHO_DECIDES: Told = Told(false, true, true);
const NOBODY: Told = Told(false, false, false);

fn told(heard: &Heard, known: &Known) -> Told {
    match heard {
        Heard::Scheduling(event) => event.event.as_ref().map_or(NOBODY, of_scheduling),
        Heard::Audit(event) => match &event.event {
            Some(Audit::AuditConcluded(concluded)) => {
                let voided = |p: &super::known::Project| {
                    p.attempts.iter().any(|attempt| attempt.id == concluded.attempt && attempt.voided)
                };
                if known.projects.values().any(voided) { NOBODY } else { ALL }
            }
            Some(Audit::FindingAnswered(_) | Audit::FindingRejected(_)) => ALL,
            _ => NOBODY,
        },
        Heard::Licensing(event) => match &event.event {
            Some(
                Licensing::LicenceRecommended(_)
                | Licensing::LicenceChosen(_)
                | Licensing::LicenceChoiceEnded(_)
                | Licensing::LicenceChoiceOutdated(_)
                | Licensing::ProofWithdrawn(_),
            ) => WHO_DECIDES,
            _ => NOBODY,
        },
    }
}

fn of_scheduling(event: &Scheduling) -> Told {
    use Scheduling::*;
    match event {
        DatesProposed(proposed) if proposed.proposed_by() == Party::Softvig => Told(false, true, false),
        DatesProposed(_) => Told(false, false, true),
        DateAgreed(_) | DateWithdrawn(_) | OverrideRecorded(_) | ReadinessOverdue(_) => ALL,
        VariantRecommended(_) | VariantChosen(_) | AuditPassHeld(_) => WHO_DECIDES,
        ReadinessDeclared(_) | ReadinessWithdrawn(_) => ALL,
        StageUnlocked(_) => CONTACTS,
        RunPrepared(_) | RunStarted(_) | DatabasesRestored(_) | RunFinished(_) | RunRolledBack(_)
        | ReserveReached(_) | WindowOverrun(_) => ALL,
        IntegrationsAnnounced(_)
        | IntegrationsCancelled(_)
        | IntegrationRestored(_)
        | IntegrationDropped(_)
        | IntegrationReopened(_)
        | IntegrationDropAsked(_)
        | IntegrationDropRefused(_) => ALL,
        VerificationRequested(_)
        | ProblemReported(_)
        | ProblemAnswered(_)
        | Verified(_)
        | StageReopened(_) => ALL,
        ProtocolIssued(_) | ProtocolSigned(_) | ProtocolDeclined(_) | ProjectCompleted(_)
        | ProjectCancelled(_) => ALL,
        ContactReplaced(_) => WHO_DECIDES,
        _ => NOBODY,
    }
}

/// The recipients of one event's message, when it is applied to what is known before it.
pub fn recipients(heard: &Heard, known: &Known) -> Vec<String> {
    people(told(heard, known), known)
}

/// Who gets the summary of the integrations with an event: everybody, once verification begins because each brand is
/// restored or dropped.
pub fn summary(heard: &Heard, known: &Known) -> Vec<String> {
    let Heard::Scheduling(event) = heard else { return Vec::new() };
    let Some(Scheduling::StageUnlocked(unlocked)) = &event.event else { return Vec::new() };
    let over = known.projects.get(id(&event.project)).is_some_and(|project| {
        project.integrations.values().any(|integration| *integration != Integration::Waiting)
    });
    if unlocked.stage() == Stage::Verification && over { people(ALL, known) } else { Vec::new() }
}

fn people(told: Told, known: &Known) -> Vec<String> {
    let Told(technical, decision, softvig) = told;
    let hears = |role| match role {
        ContactRole::Technical => technical,
        ContactRole::Decision => decision,
        ContactRole::Unspecified => false,
    };
    let contacts = known.contacts.iter().filter(|(_, person)| person.active);
    let contacts = contacts.filter(|(_, person)| person.card.roles().any(hears)).map(|(id, _)| id.clone());
    contacts.chain(softvig.then(|| SOFTVIG.to_owned())).collect()
}
