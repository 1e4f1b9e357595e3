//! What must stand still during a run: two explicit lists, confirmed for each attempt within its window.

use calendar::local_time;
use std::{collections::BTreeSet, fmt};

use calendar::Interval;
use jiff::Timestamp;
use platform::fact::Fact;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::checks::{by_technical_or_softvig, is_short_line, keys, local_interval};
use crate::{actor::Actor, company::SystemLists};

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
    /// Unique in its list and stable: a confirmation outlives a corrected name.
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
    /// For applications only.
    Disconnected,
}

/// What a confirmation says of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub list: StopList,
    pub key: String,
    pub how: StopHow,
}

/// A confirmation for one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopConfirmation {
    pub stopped: Stopped,
    pub confirmed: Fact,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopEvent {
    Confirmed { stopped: Stopped, occurred_at: Timestamp },
    Retracted { list: StopList, key: String },
}

impl StopEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Confirmed { .. } => "stop_confirmed",
            Self::Retracted { .. } => "stop_retracted",
        }
    }
}

/// The confirmations for the next attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stops {
    confirmed: Vec<StopConfirmation>,
}

impl Stops {
    /// What is confirmed for the next attempt.
    pub fn confirmed(&self) -> &[StopConfirmation] {
        &self.confirmed
    }

    /// A technical contact or SOFTVIG confirms entries for the next attempt, within its agreed window: all
    /// of them or, where one is refused, none.
    pub fn confirm(
        &mut self,
        entries: &[Stopped],
        lists: Option<&SystemLists>,
        window: Option<Interval>,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<StopEvent>, Refusal> {
        let confirmed = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_technical_or_softvig(by));
        violations.extend(confirmed.out_of_range(None));
        violations.extend(outside(window, confirmed.occurred_at));
        violations.extend(entries.iter().filter_map(|entry| entry.fault(lists)));
        Refusal::unless_empty(violations)?;
        let mut events = Vec::new();
        for stopped in entries {
            self.forget(stopped.list, &stopped.key);
            let (stopped, confirmed) = (stopped.clone(), confirmed.clone());
            let occurred_at = confirmed.occurred_at;
            events.push(StopEvent::Confirmed { stopped: stopped.clone(), occurred_at });
            self.confirmed.push(StopConfirmation { stopped, confirmed });
        }
        Ok(events)
    }

    /// Takes confirmations back, all or none: the systems were started again.
    pub fn retract(&mut self, entries: &[(StopList, String)], by: &Actor) -> Result<Vec<StopEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_technical_or_softvig(by));
        for (list, key) in entries.iter().filter(|(list, key)| !self.has(*list, key)) {
            violations.push(Violation::new(ErrorReason::NotFound).field(list.name()).asked(key));
        }
        Refusal::unless_empty(violations)?;
        let mut events = Vec::new();
        for (list, key) in entries {
            self.forget(*list, key);
            events.push(StopEvent::Retracted { list: *list, key: key.clone() });
        }
        Ok(events)
    }

    fn has(&self, list: StopList, key: &str) -> bool {
        self.confirmed.iter().any(|c| c.stopped.list == list && c.stopped.key == key)
    }

    fn forget(&mut self, list: StopList, key: &str) {
        self.confirmed.retain(|c| c.stopped.list != list || c.stopped.key != key);
    }

    /// `SYSTEMS_NOT_STOPPED` where the lists are not stated, else once for each list that is not confirmed
    /// within the window.
    pub fn not_stopped(&self, lists: Option<&SystemLists>, window: Option<Interval>) -> Vec<Violation> {
        let Some(lists) = lists else {
            let violation = Violation::new(ErrorReason::SystemsNotStopped)
                .asked(words("the lists are not stated", "listy nie są podane"));
            return vec![violation.allowed(words(
                "both lists, where there is nothing to stop as empty ones",
                "obie listy, puste tam, gdzie nie ma czego zatrzymać",
            ))];
        };
        let of = |list: StopList| self.list_not_stopped(list, lists.list(list), window);
        StopList::ALL.into_iter().filter_map(of).collect()
    }

    /// What of a list is not confirmed within the window.
    pub fn still_running<'a>(
        &self,
        list: StopList,
        items: &'a [StopItem],
        window: Option<Interval>,
    ) -> Vec<&'a StopItem> {
        // A confirmation made for a window that was moved since does not count for the new one.
        let counts = |c: &StopConfirmation| window.is_some_and(|w| w.contains(c.confirmed.occurred_at));
        let of_list = self.confirmed.iter().filter(|c| c.stopped.list == list && counts(c));
        let confirmed: BTreeSet<_> = of_list.map(|c| c.stopped.key.as_str()).collect();
        items.iter().filter(|item| !confirmed.contains(item.key.as_str())).collect()
    }

    fn list_not_stopped(
        &self,
        list: StopList,
        items: &[StopItem],
        window: Option<Interval>,
    ) -> Option<Violation> {
        let missing = self.still_running(list, items, window);
        let missing: Vec<_> = missing.into_iter().map(|item| item.name.as_str()).collect();
        (!missing.is_empty()).then(|| {
            Violation::new(ErrorReason::SystemsNotStopped)
                .field(list.name())
                .asked(keys("not confirmed", "niepotwierdzone", &missing.join(", ")))
                .allowed(words(
                    "once each is confirmed within the agreed window",
                    "gdy każdy będzie potwierdzony w ustalonym oknie",
                ))
        })
    }

    /// When the last of them was confirmed: no run started before that.
    pub fn last_confirmed(&self) -> Option<Timestamp> {
        self.confirmed.iter().map(|c| c.confirmed.occurred_at).max()
    }

    /// Hands the confirmations over to the attempt that starts; the next one needs its own.
    pub fn take_confirmed(&mut self) -> Vec<StopConfirmation> {
        std::mem::take(&mut self.confirmed)
    }
}

impl Stopped {
    /// Why this cannot be confirmed, whenever it was.
    fn fault(&self, lists: Option<&SystemLists>) -> Option<Violation> {
        let listed = lists.is_some_and(|lists| lists.list(self.list).iter().any(|item| item.key == self.key));
        if !listed {
            return Some(Violation::new(ErrorReason::NotFound).field(self.list.name()).asked(&self.key));
        }
        (self.list == StopList::Systems && self.how == StopHow::Disconnected).then(|| {
            let violation = Violation::new(ErrorReason::SystemsNotStopped).field(self.list.name());
            let disconnected =
                words(format!("{} disconnected", self.key), format!("{}: odłączony", self.key));
            violation.asked(disconnected).allowed(words("stopped", "zatrzymany"))
        })
    }
}

fn outside(window: Option<Interval>, occurred_at: Timestamp) -> Option<Violation> {
    let allowed = match window {
        Some(window) if window.contains(occurred_at) => return None,
        Some(window) => local_interval(window).into(),
        None => words("once a migration window is agreed", "gdy okno migracji będzie ustalone"),
    };
    let violation = Violation::new(ErrorReason::SystemsNotStopped).field("occurred_at");
    Some(violation.asked(local_time(occurred_at)).allowed(allowed))
}

/// `INVALID_ARGUMENT` for each entry of a stated list that cannot be used.
pub fn item_violations(list: StopList, items: &[StopItem]) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    let mut violations = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let fault = if item.key.trim().is_empty() || item.name.trim().is_empty() {
            words("a key and a name", "klucz i nazwa")
        } else if ![&item.key, &item.name, &item.owner].into_iter().all(|text| is_short_line(text)) {
            words("texts in one line, up to 200 characters", "teksty w jednym wierszu, do 200 znaków")
        } else if !seen.insert(item.key.as_str()) {
            words("each key once", "każdy klucz raz")
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
