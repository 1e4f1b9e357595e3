use anyhow::Context;
use proto::licensing::v1::{LicenceKind, LicensingEvent, licensing_event::Event};

use super::{Book, Head, Outcome};
use crate::kind::Kind;
use crate::message::Fact;

/// One of the licensing service's events. Fails only on what that service never writes.
pub fn licensing(event: &LicensingEvent, book: &mut Book) -> anyhow::Result<Outcome> {
    let head = Head::read(&event.event_id, &event.company, &event.project, event.occurred_at.as_ref())?;
    let what = event.event.as_ref().context("an event without content")?;
    book.project(&head)?;
    Ok(match what {
        Event::LicenceRecommended(e) => head
            .notice(Kind::LicenceRecommended)
            .fact("licence", licence(e.kind()))
            .text("note", &e.note)
            .into(),
        Event::LicenceChosen(e) => head
            .notice(Kind::LicenceChosen)
            .fact("licence", licence(e.kind()))
            .fact("previous", licence(e.previous()))
            .into(),
        Event::LicenceChoiceEnded(e) => head
            .notice(Kind::LicenceChoiceEnded)
            .fact("licence", licence(e.kind()))
            .fact("rule", Fact::Rule(e.rule.clone()))
            .into(),
        Event::ProofWithdrawn(e) => head
            .notice(Kind::ProofWithdrawn)
            .word("demand", "demand", &e.demand)
            .text("note", &e.reason)
            .into(),
        Event::LicenceStatusChanged(_) | Event::LicenceRecorded(_) => {
            Outcome::Ignored("what is in place shows in the readiness conditions")
        }
        Event::OfferReserved(_) | Event::OfferReleased(_) => {
            Outcome::Ignored("the page has no row for special offers")
        }
    })
}

fn licence(kind: LicenceKind) -> Fact {
    match kind {
        LicenceKind::Unspecified => Fact::text(""),
        LicenceKind::Standard => Fact::word("licence", "standard"),
        LicenceKind::Runtime => Fact::word("licence", "runtime"),
    }
}
