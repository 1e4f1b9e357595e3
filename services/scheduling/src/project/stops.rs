//! What must stand still during a run: two explicit lists, confirmed for each attempt within its window.

use std::{collections::BTreeSet, fmt};

use calendar::Interval;
use jiff::Timestamp;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation},
};
use serde::{Deserialize, Serialize};

use super::{
    checks::{by_technical_or_softvig, denied, is_short_line, local_interval, local_time, not_found},
    facts::Fact,
};
use crate::actor::Actor;

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopList {
    /// Systems installed on the server: all are stopped, whether or not they use AutoStacja.
    Systems,
    /// Cooperating applications anywhere in the company: stopped or disconnected.
    Applications,
}

impl StopList {
    pub const ALL: [Self; 2] = [Self::Systems, Self::Applications];

    pub fn name(self) -> &'static str {
        match self {
            Self::Systems => "systems",
            Self::Applications => "applications",
        }
    }
}

impl fmt::Display for StopList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopItem {
    /// Unique in its list and stable, so that a confirmation outlives a corrected name.
    pub key: String,
    pub name: String,
    /// Who is told; may be empty.
    pub owner: String,
}

/// What was done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopHow {
    Stopped,
    Disconnected,
}

/// A confirmation for one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopConfirmation {
    pub list: StopList,
    pub key: String,
    pub how: StopHow,
    pub confirmed: Fact,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopEvent {
    /// The whole list was stated; empty means "none".
    Listed {
        list: StopList,
        items: Vec<StopItem>,
    },
    Confirmed {
        list: StopList,
        key: String,
        how: StopHow,
        occurred_at: Timestamp,
    },
    Retracted {
        list: StopList,
        key: String,
    },
}

/// Both lists and the confirmations for the next attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stops {
    /// None until stated; empty is "none", stated.
    systems: Option<Vec<StopItem>>,
    applications: Option<Vec<StopItem>>,
    confirmed: Vec<StopConfirmation>,
}

impl Stops {
    /// The list, once it is stated.
    pub fn list(&self, list: StopList) -> Option<&[StopItem]> {
        match list {
            StopList::Systems => self.systems.as_deref(),
            StopList::Applications => self.applications.as_deref(),
        }
    }

    /// What is confirmed for the next attempt.
    pub fn confirmed(&self) -> &[StopConfirmation] {
        &self.confirmed
    }

    /// A contact or SOFTVIG states a list as a whole, "none" included.
    /// Confirmations of entries that stay are kept.
    pub fn state(
        &mut self,
        list: StopList,
        items: Vec<StopItem>,
        by: &Actor,
    ) -> Result<Vec<StopEvent>, Refusal> {
        let mut violations = Vec::from_iter(denied(by.party().is_some(), "a contact or SOFTVIG"));
        violations.extend(item_violations(list, &items));
        Refusal::unless_empty(violations)?;
        self.confirmed.retain(|c| c.list != list || items.iter().any(|item| item.key == c.key));
        let stated = Some(items.clone());
        match list {
            StopList::Systems => self.systems = stated,
            StopList::Applications => self.applications = stated,
        }
        Ok(vec![StopEvent::Listed { list, items }])
    }

    /// A technical contact or SOFTVIG confirms an entry for the next attempt, within its agreed window.
    pub fn confirm(
        &mut self,
        (list, key): (StopList, &str),
        how: StopHow,
        window: Option<Interval>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<StopEvent>, Refusal> {
        let confirmed = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_technical_or_softvig(by));
        violations.extend(confirmed.out_of_range(None));
        let not_stopped = Violation::new(ErrorReason::SystemsNotStopped);
        if list == StopList::Systems && how == StopHow::Disconnected {
            violations.push(not_stopped.clone().field("how").asked("disconnected").allowed("stopped"));
        }
        let allowed = match window {
            Some(window) if window.contains(confirmed.occurred_at) => None,
            Some(window) => Some(local_interval(window)),
            None => Some("once a migration window is agreed".to_owned()),
        };
        let asked = local_time(confirmed.occurred_at);
        violations.extend(allowed.map(|a| not_stopped.field("occurred_at").asked(asked).allowed(a)));
        Refusal::unless_empty(violations)?;
        if !self.list(list).is_some_and(|items| items.iter().any(|item| item.key == key)) {
            return Err(not_found("key", key));
        }
        let key = key.to_owned();
        self.confirmed.retain(|c| (c.list, &c.key) != (list, &key));
        let event = StopEvent::Confirmed { list, key: key.clone(), how, occurred_at: confirmed.occurred_at };
        self.confirmed.push(StopConfirmation { list, key, how, confirmed });
        Ok(vec![event])
    }

    /// Takes a confirmation back: the system was started again.
    pub fn retract(&mut self, list: StopList, key: &str, by: &Actor) -> Result<Vec<StopEvent>, Refusal> {
        Refusal::unless_empty(Vec::from_iter(by_technical_or_softvig(by)))?;
        let before = self.confirmed.len();
        self.confirmed.retain(|c| (c.list, c.key.as_str()) != (list, key));
        if self.confirmed.len() == before {
            return Err(not_found("key", key));
        }
        Ok(vec![StopEvent::Retracted { list, key: key.to_owned() }])
    }

    /// `SYSTEMS_NOT_STOPPED`, once for each list that is not stated or not confirmed within the window.
    pub fn not_stopped(&self, window: Option<Interval>) -> Vec<Violation> {
        StopList::ALL.into_iter().filter_map(|list| self.list_not_stopped(list, window)).collect()
    }

    fn list_not_stopped(&self, list: StopList, window: Option<Interval>) -> Option<Violation> {
        let violation = Violation::new(ErrorReason::SystemsNotStopped).field(list.name());
        let Some(items) = self.list(list) else {
            return Some(violation.asked("not stated").allowed("a list, or \"none\" stated"));
        };
        // A confirmation made for a window that was moved since does not count for the new one.
        let counts = |c: &StopConfirmation| window.is_some_and(|w| w.contains(c.confirmed.occurred_at));
        let confirmed: BTreeSet<_> =
            self.confirmed.iter().filter(|c| c.list == list && counts(c)).map(|c| c.key.as_str()).collect();
        let missing: Vec<_> =
            items.iter().map(|item| item.key.as_str()).filter(|key| !confirmed.contains(key)).collect();
        (!missing.is_empty()).then(|| {
            violation
                .asked(format!("not confirmed: {}", missing.join(", ")))
                .allowed("once each is confirmed within the agreed window")
        })
    }

    /// Hands the confirmations over to the attempt that starts; the next one needs its own.
    pub fn take_confirmed(&mut self) -> Vec<StopConfirmation> {
        std::mem::take(&mut self.confirmed)
    }
}

/// `INVALID_ARGUMENT` for each entry of a stated list that cannot be used.
pub fn item_violations(list: StopList, items: &[StopItem]) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let fault = if item.key.trim().is_empty() || item.name.trim().is_empty() {
            "a key and a name"
        } else if ![&item.key, &item.name, &item.owner].into_iter().all(|text| is_short_line(text)) {
            "texts in one line, up to 200 characters"
        } else if !seen.insert(item.key.as_str()) {
            "each key once"
        } else {
            continue;
        };
        violations.push(
            Violation::new(ErrorReason::InvalidArgument)
                .field(format!("{list}[{i}]"))
                .asked(&item.key)
                .allowed(fault),
        );
    }
    violations
}

#[cfg(test)]
mod tests;
