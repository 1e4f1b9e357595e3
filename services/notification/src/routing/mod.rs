//! The domain's table "Who hears what": the one place that says who gets a message.

mod optional;

use platform::actor::Party;

use crate::kind::Kind;
use crate::message::Notice;
use crate::recipients::{Contact, Directory};

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    No,
    Yes,
    /// Yes, with the calendar entry.
    Entry,
    /// Only the side that is asked for an answer.
    WhenAsked,
    /// Not the contact whose address it is about.
    Others,
    /// Only the contact who asked.
    Asker,
    /// Only the contact whose calendar it is about, with the entry.
    Owner,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub technical: Cell,
    pub decision: Cell,
    pub softvig: Cell,
}

const fn row(technical: Cell, decision: Cell, softvig: Cell) -> Row {
    Row { technical, decision, softvig }
}

/// The row of a kind.
pub const fn row_of(kind: Kind) -> Row {
    use Cell::*;
    use Kind::*;
    match kind {
        DatesProposed | DatesCountered | DatesUnanswered => row(No, WhenAsked, WhenAsked),
        // The company hears of an answer that it owes, not of SOFTVIG's.
        DatesStillUnanswered => row(WhenAsked, WhenAsked, Yes),
        DateAgreed | DateMoved | DateWithdrawn | DateMissed => row(Entry, Entry, Yes),
        ReadinessOverdue | OverrideRecorded => row(Yes, Yes, Yes),
        Reminder | IntegrationsToday => row(Yes, Yes, No),
        VariantRecommended
        | VariantChosen
        | LicenceRecommended
        | LicenceChosen
        | LicenceChoiceEnded
        | LicenceChoiceOutdated
        | ProofWithdrawn
        | AuditPassHeld => row(No, Yes, Yes),
        ReadinessDeclared | ReadinessWithdrawn => row(Yes, Yes, Yes),
        AuditPassed | AuditFailed | FindingAnswered | FindingRejected => row(Yes, Yes, Yes),
        StageUnlocked => row(Yes, Yes, No),
        RunPrepared | RunStarted | DatabasesRestored | RunFinished | RunRolledBack | ReserveReached
        | WindowOverrun => row(Yes, Yes, Yes),
        IntegrationsAnnounced
        | IntegrationsCancelled
        | IntegrationRestored
        | IntegrationDropAsked
        | IntegrationDropRefused
        | IntegrationDropped
        | IntegrationReopened
        | IntegrationsSummary => row(Yes, Yes, Yes),
        VerificationRequested | ProblemReported | ProblemAnswered | Verified | StageReopened => {
            row(Yes, Yes, Yes)
        }
        ProtocolIssued | ProtocolDeclined | ProtocolSigned | ProjectCompleted | ProjectCancelled => {
            row(Yes, Yes, Yes)
        }
        ContactReplaced => row(No, Yes, Yes),
        ContactUndeliverable => row(No, Others, Yes),
        // Help with the variant is a question, too.
        QuestionAsked | QuestionAnswered | VariantHelpAsked => row(Asker, Asker, Yes),
        EntryAdded | EntryRemoved => row(Owner, Owner, No),
        QuestionUnanswered | WebhookSwitchedOff | MessageGivenUp => row(No, No, Yes),
    }
}

/// Somebody who gets a message, and whether the calendar entry goes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Addressee<'a> {
    Contact { contact: &'a Contact, entry: bool },
    Softvig,
}

/// Everybody who hears a notice, each once; a contact with both roles gets the more of the two, and none what it has
/// muted.
pub fn addressees<'a>(notice: &Notice, directory: &'a Directory) -> Vec<Addressee<'a>> {
    let row = row_of(notice.kind);
    let mut out = Vec::new();
    for contact in directory.contacts().iter().filter(|contact| !contact.has_muted(notice.kind)) {
        let held = [(contact.roles.technical, row.technical), (contact.roles.decision, row.decision)];
        let cells = held.into_iter().filter(|(holds, _)| *holds).map(|(_, cell)| cell);
        let about_them = notice.about == Some(contact.id);
        let hears = |cell: Cell| match cell {
            Cell::No => false,
            Cell::Yes | Cell::Entry => contact.is_active(),
            Cell::WhenAsked => contact.is_active() && notice.asked == Some(Party::Company),
            Cell::Others => contact.is_active() && !about_them,
            Cell::Asker => contact.is_active() && about_them,
            Cell::Owner => about_them && !contact.is_anonymised(),
        };
        let heard: Vec<Cell> = cells.filter(|cell| hears(*cell)).collect();
        if !heard.is_empty() {
            let entry = heard.iter().any(|cell| matches!(cell, Cell::Entry | Cell::Owner));
            out.push(Addressee::Contact { contact, entry });
        }
    }
    let softvig = match row.softvig {
        Cell::Yes | Cell::Entry => true,
        Cell::WhenAsked => notice.asked == Some(Party::Softvig),
        Cell::No | Cell::Others | Cell::Asker | Cell::Owner => false,
    };
    if softvig {
        out.push(Addressee::Softvig);
    }
    out
}

#[cfg(test)]
mod tests;
