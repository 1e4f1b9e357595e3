//! The licence kind: recommended by SOFTVIG, chosen by the decision contact, ended by the facts.

use calendar::local_day;
use jiff::Timestamp;
use platform::{actor::Actor, fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{
    Advice, Choice, Event, Licences, OtherApplications, Recommendation, ReleaseReason, advise, checks,
};
use crate::catalogue::{Catalogue, LicenceKind, Metric};

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

    /// What is advised for the needs on the local day of `now`.
    pub fn advice(&self, catalogue: &Catalogue, now: Timestamp) -> Advice {
        advise(catalogue, &self.needs, self.variant.as_ref(), local_day(now))
    }

    /// Chooses a kind, or changes the choice; the present advice is kept with it. `metric` is none
    /// where it is left open and the kind is sold by several. An offer that is not for the new kind is
    /// given back; proofs recorded for another kind count no more, but do again if that kind is chosen
    /// again.
    ///
    /// The same choice is no news while the advice is still what it was.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `RUNTIME_ONLY_AUTOSTACJA`, and
    /// `INVALID_ARGUMENT` where the variant demands no kind, the kind is not sold by that metric, or the version
    /// that is needed is not offered any more.
    pub fn choose(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        kind: LicenceKind,
        metric: Option<Metric>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        checks::decision(actor)?;
        self.check_open()?;
        let mut violations = self.against_kind(catalogue, kind);
        violations.extend(metric.and_then(|metric| against_metric(catalogue, kind, metric)));
        violations.extend(self.needs.version_not_offered(catalogue));
        Refusal::unless_empty(violations)?;
        let metric = metric.or(match catalogue.kind(kind).metrics.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let advice = self.advice(catalogue, now);
        let same = |choice: &Choice| {
            (choice.kind, choice.metric) == (kind, metric) && choice.advice.says_the_same_as(&advice)
        };
        if self.choice.as_ref().is_some_and(same) {
            return Ok(Vec::new());
        }
        let previous = self.kind();
        let digest = advice.digest();
        self.choice = Some(Choice { kind, metric, advice, made: Fact::new(actor, None, now) });
        self.told_misfits.clear();
        let mut events = vec![Event::LicenceChosen { kind, previous, metric, advice: digest }];
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
        // An offer that left the catalogue is kept: what was promised holds. One for a kind that can still be chosen is,
        // too, until something else is.
        let fits = |kind: &LicenceKind| match self.kind() {
            Some(chosen) => *kind == chosen,
            None => !self.used_by_others_against(catalogue, *kind),
        };
        let holds = kinds.is_none_or(|kinds| kinds.iter().any(fits));
        if !holds {
            self.release(ReleaseReason::KindChanged, events);
        }
    }
}

fn against_metric(catalogue: &Catalogue, kind: LicenceKind, metric: Metric) -> Option<Violation> {
    let sold = &catalogue.kind(kind).metrics;
    let allowed = sold.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!sold.contains(&metric)).then(|| {
        Violation::new(ErrorReason::InvalidArgument)
            .field("metric")
            .asked(words(format!("{metric} for {kind}"), format!("{metric} dla {kind}")))
            .allowed(allowed)
    })
}
