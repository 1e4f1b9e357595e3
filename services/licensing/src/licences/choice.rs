//! The licence kind: recommended by SOFTVIG, chosen by the decision contact, ended by the facts.

use jiff::Timestamp;
use platform::{actor::Actor, fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{Choice, Event, Licences, OtherApplications, Recommendation, ReleaseReason, checks};
use crate::catalogue::{Catalogue, LicenceKind};

impl Licences {
    /// The chosen kind.
    pub fn kind(&self) -> Option<LicenceKind> {
        self.choice.as_ref().map(|choice| choice.kind)
    }

    /// Recommends a kind to the decision contact; nothing is chosen by it.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `RUNTIME_ONLY_AUTOSTACJA`, `INVALID_ARGUMENT`.
    pub fn recommend(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        kind: LicenceKind,
        note: String,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::softvig(actor)?;
        self.check_open()?;
        let mut violations = self.against_kind(catalogue, kind);
        violations.extend(text::note("note", &note));
        Refusal::unless_empty(violations)?;
        self.recommendation =
            Some(Recommendation { kind, note: note.clone(), made: Fact::new(actor, None, now) });
        Ok(vec![Event::LicenceRecommended { kind, note }])
    }

    /// Chooses a kind, or changes the choice. An offer that is not for the new kind is given back;
    /// proofs recorded for another kind count no more, but do again if that kind is chosen again.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `RUNTIME_ONLY_AUTOSTACJA`, and
    /// `INVALID_ARGUMENT` where the variant demands no kind.
    pub fn choose(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        kind: LicenceKind,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision(actor)?;
        self.check_open()?;
        Refusal::unless_empty(self.against_kind(catalogue, kind))?;
        let previous = self.kind();
        if previous == Some(kind) {
            return Ok(Vec::new());
        }
        self.choice = Some(Choice { kind, made: Fact::new(actor, None, now) });
        let mut events = vec![Event::LicenceChosen { kind, previous }];
        self.release_unless_for_kind(catalogue, &mut events);
        self.announce(catalogue, &mut events);
        Ok(events)
    }

    /// Ends a choice that the needs no longer allow.
    pub(super) fn end_choice_that_broke(&mut self, catalogue: &Catalogue, events: &mut Vec<Event>) {
        let Some(kind) = self.kind().filter(|kind| self.used_by_others_against(catalogue, *kind)) else {
            return;
        };
        self.choice = None;
        events.push(Event::ChoiceEnded { kind });
        self.release_unless_for_kind(catalogue, events);
    }

    fn against_kind(&self, catalogue: &Catalogue, kind: LicenceKind) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.used_by_others_against(catalogue, kind) {
            violations.push(
                Violation::new(ErrorReason::RuntimeOnlyAutostacja)
                    .field("kind")
                    .asked(words(
                        format!("{kind}, with other applications on the instance"),
                        format!("{kind}, z innymi aplikacjami na instancji"),
                    ))
                    .allowed(LicenceKind::Standard),
            );
        }
        if self.variant.as_ref().is_some_and(|variant| !variant.kind_required) {
            violations.push(Violation::new(ErrorReason::InvalidArgument).field("kind").asked(kind).allowed(
                words(
                    "none: the variant demands no licence kind",
                    "żaden: wariant nie wymaga rodzaju licencji",
                ),
            ));
        }
        violations
    }

    fn used_by_others_against(&self, catalogue: &Catalogue, kind: LicenceKind) -> bool {
        catalogue.kind(kind).only_autostacja && self.needs.other_applications == OtherApplications::Yes
    }

    /// An offer goes back when its kind is no longer the chosen one.
    fn release_unless_for_kind(&mut self, catalogue: &Catalogue, events: &mut Vec<Event>) {
        let Some(reservation) = &self.offer else { return };
        let kinds = catalogue.offer(&reservation.offer).map(|offer| offer.kinds.as_slice());
        // An offer that left the catalogue is kept: what was promised holds.
        let holds = kinds.is_none_or(|kinds| self.kind().is_some_and(|kind| kinds.contains(&kind)));
        if !holds {
            self.release(ReleaseReason::KindChanged, events);
        }
    }
}
