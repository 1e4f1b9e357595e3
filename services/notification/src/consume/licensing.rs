use anyhow::Context;
use proto::licensing::v1::{AdviceRemark, LicenceKind, LicensingEvent, licensing_event::Event};

use super::{Book, Head, Outcome, scheduling::SNAPSHOT};
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
            .fact(
                "previous",
                licence(if e.previous == e.kind { LicenceKind::Unspecified } else { e.previous() }),
            )
            .fact("renewed", Fact::Flag(e.previous == e.kind))
            .into(),
        Event::LicenceChoiceEnded(e) => head
            .notice(Kind::LicenceChoiceEnded)
            .fact("licence", licence(e.kind()))
            .fact("rule", Fact::Rule(e.rule.clone()))
            .into(),
        Event::LicenceChoiceOutdated(e) => head
            .notice(Kind::LicenceChoiceOutdated)
            .fact("licence", licence(e.kind()))
            .fact("misfits", Fact::List(e.misfits.iter().map(misfit).collect()))
            .into(),
        Event::ProofWithdrawn(e) => head
            .notice(Kind::ProofWithdrawn)
            .word("demand", "demand", &e.demand)
            .text("note", &e.reason)
            .into(),
        Event::Snapshot(_) => Outcome::Ignored(SNAPSHOT),
        Event::LicenceStatusChanged(_) | Event::LicenceRecorded(_) => {
            Outcome::Ignored("what is in place shows in the readiness conditions")
        }
        Event::LicenceOrdered(_) | Event::LicenceOrderCancelled(_) => {
            Outcome::Ignored("the page has no row for orders")
        }
        Event::OfferReserved(_) | Event::OfferAccepted(_) | Event::OfferReleased(_) => {
            Outcome::Ignored("the page has no row for special offers")
        }
    })
}

/// What it was chosen for and what is needed now, as the licensing service says it.
fn misfit(misfit: &AdviceRemark) -> Fact {
    match &misfit.text {
        Some(text) => Fact::Both { pl: text.pl.clone(), en: text.en.clone() },
        None => Fact::Rule(misfit.rule.clone()),
    }
}

fn licence(kind: LicenceKind) -> Fact {
    match kind {
        LicenceKind::Unspecified => Fact::text(""),
        LicenceKind::Standard => Fact::word("licence", "standard"),
        LicenceKind::Runtime => Fact::word("licence", "runtime"),
    }
}
