//! Manufacturer integrations: per brand, back on the first business day after the databases were restored.

use std::collections::BTreeMap;

use calendar::{Calendar, local_day};
use jiff::{Timestamp, civil::Date};
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{
    Stage,
    checks::{by_decision, by_softvig, not_found, refuse, stage_locked},
};
use crate::actor::Actor;

/// How far a brand is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrandState {
    Open,
    /// SOFTVIG asks the decision contact to do without it.
    DropProposed {
        proposed: Fact,
        reason: String,
    },
    Restored(Fact),
    Dropped {
        proposed: Fact,
        consented: Fact,
        reason: String,
    },
}

/// A brand of the list that was taken when the run was finished, or added since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    pub state: BrandState,
    /// The step before its restoration: the run's end, or when the brand was added or reopened.
    pub open_since: Timestamp,
    /// Why it was opened again; empty if it was not.
    pub reopened_because: String,
}

/// The integrations stage of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrations {
    /// No databases are restored.
    #[default]
    Waiting,
    /// The databases are restored and the run is not finished: the day is known.
    Announced { day: Date, brands: Vec<String> },
    /// The run is finished. Without any brand the stage is skipped.
    Listed { day: Date, brands: BTreeMap<String, Brand> },
}

/// What changed; brands by key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationEvent {
    /// The day is known, or another than the one told before.
    Announced {
        day: Date,
        brands: Vec<String>,
    },
    /// The announced day holds no more.
    Cancelled {
        brands: Vec<String>,
    },
    /// The run is finished and there is no brand.
    Skipped,
    Restored {
        brand: String,
        occurred_at: Timestamp,
    },
    DropProposed {
        brand: String,
        reason: String,
    },
    DropRefused {
        brand: String,
    },
    Dropped {
        brand: String,
        reason: String,
    },
    Reopened {
        brand: String,
        reason: String,
    },
}

impl IntegrationEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Announced { .. } => "integrations_announced",
            Self::Cancelled { .. } => "integrations_cancelled",
            Self::Skipped => "integrations_skipped",
            Self::Restored { .. } => "integration_restored",
            Self::DropProposed { .. } => "integration_drop_asked",
            Self::DropRefused { .. } => "integration_drop_refused",
            Self::Dropped { .. } => "integration_dropped",
            Self::Reopened { .. } => "integration_reopened",
        }
    }
}

impl Integrations {
    /// The first day on which a brand can be recorded as restored.
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Waiting => None,
            Self::Announced { day, .. } | Self::Listed { day, .. } => Some(*day),
        }
    }

    /// The brands of the finished run, by key.
    pub fn brands(&self) -> Option<&BTreeMap<String, Brand>> {
        match self {
            Self::Listed { brands, .. } => Some(brands),
            _ => None,
        }
    }

    /// A run is finished and there is no brand to restore.
    pub fn is_skipped(&self) -> bool {
        self.brands().is_some_and(BTreeMap::is_empty)
    }

    /// Every brand is restored or dropped; true also where there is none.
    pub fn is_over(&self) -> bool {
        self.brands().is_some_and(|brands| brands.values().all(Brand::is_over))
    }

    /// `INTEGRATIONS_NEXT_BUSINESS_DAY`: the databases are restored, so the day is known; again after a
    /// second restoration, a correction or a change of the holidays, when the day may move for the brands
    /// that still wait. `brands`: the company's, as they are now.
    pub fn databases_restored(
        &mut self,
        restored_at: Timestamp,
        brands: &[String],
        calendar: &Calendar,
        today: Date,
    ) -> Vec<IntegrationEvent> {
        let day = calendar.next_business_day(local_day(restored_at));
        let Some(known) = self.day() else {
            *self = Self::Announced { day, brands: brands.to_vec() };
            return announced(day, brands.to_vec());
        };
        if known == day {
            return Vec::new();
        }
        match self {
            Self::Waiting => {}
            Self::Announced { day: known, brands: told } => (*known, *told) = (day, brands.to_vec()),
            Self::Listed { day: known, .. } => *known = day,
        }
        // Nobody waits for a day that has come: from it on a brand can be back at any time.
        if known.max(today) == day.max(today) { Vec::new() } else { announced(day, self.waiting()) }
    }

    /// The brands that wait for their day, by key.
    pub fn waiting(&self) -> Vec<String> {
        match self {
            Self::Waiting => Vec::new(),
            Self::Announced { brands, .. } => brands.clone(),
            Self::Listed { brands, .. } => {
                brands.iter().filter(|(_, brand)| !brand.is_over()).map(|(key, _)| key.clone()).collect()
            }
        }
    }

    /// The run was rolled back: what was announced holds no more.
    pub fn rolled_back(&mut self) -> Vec<IntegrationEvent> {
        let events = self.called_off();
        if matches!(self, Self::Announced { .. }) {
            *self = Self::Waiting;
        }
        events
    }

    /// Migration was reopened: everything is reset.
    pub fn reset(&mut self) -> Vec<IntegrationEvent> {
        let events = self.called_off();
        *self = Self::Waiting;
        events
    }

    /// Tells the brands that still wait that their day holds no more; what is recorded stays.
    pub fn called_off(&self) -> Vec<IntegrationEvent> {
        let brands = self.waiting();
        if brands.is_empty() { Vec::new() } else { vec![IntegrationEvent::Cancelled { brands }] }
    }

    /// The run is finished: the brand list is taken. A list other than the announced one is told again.
    pub fn run_finished(
        &mut self,
        restored_at: Timestamp,
        finished_at: Timestamp,
        brands: &[String],
        calendar: &Calendar,
    ) -> Vec<IntegrationEvent> {
        let day = calendar.next_business_day(local_day(restored_at));
        let told = matches!(self, Self::Announced { day: d, brands: b } if *d == day && b == brands);
        let called_off = if brands.is_empty() { self.called_off() } else { Vec::new() };
        let open = |brand: &String| (brand.clone(), Brand::open(finished_at, ""));
        *self = Self::Listed { day, brands: brands.iter().map(open).collect() };
        if brands.is_empty() {
            return called_off.into_iter().chain([IntegrationEvent::Skipped]).collect();
        }
        if told { Vec::new() } else { announced(day, brands.to_vec()) }
    }

    /// SOFTVIG records that a brand works again.
    pub fn restore(
        &mut self,
        brand: &str,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<IntegrationEvent>, Refusal> {
        let restored = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_softvig(by));
        let day = match self {
            Self::Listed { day, .. } => *day,
            _ => return Err(refuse(violations, too_early(restored.local_day(), self.not_finished()))),
        };
        if restored.local_day() < day {
            violations.push(too_early(restored.local_day(), day));
        }
        let entry = self.listed(brand)?;
        violations.extend(restored.out_of_range(Some(entry.open_since)));
        violations.extend(entry.over(brand));
        Refusal::unless_empty(violations)?;
        let event = IntegrationEvent::Restored { brand: brand.to_owned(), occurred_at: restored.occurred_at };
        entry.state = BrandState::Restored(restored);
        Ok(vec![event])
    }

    /// What would be allowed while no run is finished.
    fn not_finished(&self) -> Words {
        match self.day() {
            Some(day) => words(
                format!("{day}, once the run is finished"),
                format!("{day}, gdy migracja będzie zakończona"),
            ),
            None => words("once a run is finished", "gdy migracja będzie zakończona"),
        }
    }

    /// SOFTVIG asks the decision contact to do without a brand.
    pub fn propose_drop(
        &mut self,
        brand: &str,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<IntegrationEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        let entry = self.listed(brand)?;
        violations.extend(entry.over(brand));
        Refusal::unless_empty(violations)?;
        let reason = reason.trim().to_owned();
        entry.state = BrandState::DropProposed { proposed: Fact::new(by, None, now), reason: reason.clone() };
        Ok(vec![IntegrationEvent::DropProposed { brand: brand.to_owned(), reason }])
    }

    /// The decision contact consents to dropping a brand, or does not.
    pub fn answer_drop(
        &mut self,
        brand: &str,
        consent: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<IntegrationEvent>, Refusal> {
        let violations = Vec::from_iter(by_decision(by));
        let entry = self.listed(brand)?;
        let BrandState::DropProposed { proposed, reason } = entry.state.clone() else {
            let locked = stage_locked(
                Stage::Integrations,
                words("once SOFTVIG has asked to drop the brand", "gdy SOFTVIG poprosi o porzucenie marki"),
            );
            return Err(refuse(violations, locked));
        };
        Refusal::unless_empty(violations)?;
        let brand = brand.to_owned();
        if !consent {
            entry.state = BrandState::Open;
            return Ok(vec![IntegrationEvent::DropRefused { brand }]);
        }
        let consented = Fact::new(by, None, now);
        entry.state = BrandState::Dropped { proposed, consented, reason: reason.clone() };
        Ok(vec![IntegrationEvent::Dropped { brand, reason }])
    }

    /// SOFTVIG's answer to a problem opens one brand again. It waits for no new day.
    pub fn reopen(
        &mut self,
        brand: &str,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<IntegrationEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        let entry = self.listed(brand)?;
        if !entry.is_over() {
            violations.push(stage_locked(
                Stage::Integrations,
                words("once the brand is restored or dropped", "gdy marka będzie przywrócona lub porzucona"),
            ));
        }
        Refusal::unless_empty(violations)?;
        let reason = reason.trim();
        *entry = Brand::open(Fact::new(by, None, now).occurred_at, reason);
        Ok(vec![IntegrationEvent::Reopened { brand: brand.to_owned(), reason: reason.to_owned() }])
    }

    /// The company got a brand. After the run's end and before the protocol it reopens the stage; before the
    /// run's end the list is not taken yet and there is nothing to do.
    pub fn add_brand(&mut self, brand: &str, now: Timestamp) -> Vec<IntegrationEvent> {
        let Self::Listed { brands, .. } = self else {
            return Vec::new();
        };
        if brands.contains_key(brand) {
            return Vec::new();
        }
        let reason = "brand added after the migration";
        brands.insert(brand.to_owned(), Brand::open(now, reason));
        vec![IntegrationEvent::Reopened { brand: brand.to_owned(), reason: reason.to_owned() }]
    }

    fn listed(&mut self, brand: &str) -> Result<&mut Brand, Refusal> {
        match self {
            Self::Listed { brands, .. } => brands.get_mut(brand).ok_or_else(|| not_found("brand", brand)),
            _ => Err(stage_locked(
                Stage::Integrations,
                words("once a run is finished", "gdy migracja będzie zakończona"),
            )
            .into()),
        }
    }
}

impl Brand {
    fn open(since: Timestamp, because: &str) -> Self {
        Self { state: BrandState::Open, open_since: since, reopened_because: because.to_owned() }
    }

    /// Restored or dropped.
    pub fn is_over(&self) -> bool {
        matches!(self.state, BrandState::Restored(_) | BrandState::Dropped { .. })
    }

    /// `STAGE_LOCKED` where the brand is restored or dropped already.
    fn over(&self, brand: &str) -> Option<Violation> {
        let again =
            || words(format!("once {brand} is opened again"), format!("po ponownym otwarciu marki {brand}"));
        self.is_over().then(|| stage_locked(Stage::Integrations, again()))
    }
}

fn too_early(asked: Date, allowed: impl Into<Words>) -> Violation {
    Violation::new(ErrorReason::IntegrationsNextBusinessDay)
        .field("occurred_at")
        .asked(asked)
        .allowed(allowed)
}

fn announced(day: Date, brands: Vec<String>) -> Vec<IntegrationEvent> {
    if brands.is_empty() { Vec::new() } else { vec![IntegrationEvent::Announced { day, brands }] }
}

#[cfg(test)]
mod tests;
