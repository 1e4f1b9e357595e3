use std::{collections::BTreeMap, fmt, str::FromStr};

use anyhow::Context;
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use platform::id::ProjectId;
use serde::{Deserialize, Serialize};

use super::Project;

/// When people are reminded of the day on which integrations come back; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationsPolicy {
    /// Local time in Poland, on that day.
    pub at: Time,
}

/// The manufacturer integrations of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrations {
    /// When those come back that wait; none before it is announced.
    day: Option<Date>,
    /// By key.
    brands: BTreeMap<String, Integration>,
}

/// How far the integration of one brand is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integration {
    Waiting,
    Restored { at: Timestamp },
    Dropped { reason: String },
}

/// The reminder on the morning of the announced day. It is looked at again when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morning {
    pub project: ProjectId,
    pub day: Date,
}

impl Integrations {
    /// The day is known, or another than before, for the brands that wait.
    pub fn announce(&mut self, day: Date, waiting: &[String]) {
        self.day = Some(day);
        self.forget_waiting();
        self.brands.extend(waiting.iter().map(|brand| (brand.clone(), Integration::Waiting)));
    }

    pub fn is_announced(&self) -> bool {
        self.day.is_some()
    }

    pub fn set(&mut self, brand: &str, integration: Integration) {
        self.brands.insert(brand.to_owned(), integration);
    }

    /// No brand waits any more. All that are restored or dropped, by key.
    pub fn finish(&mut self) -> &BTreeMap<String, Integration> {
        self.forget_waiting();
        &self.brands
    }

    fn forget_waiting(&mut self) {
        self.brands.retain(|_, integration| *integration != Integration::Waiting);
    }

    /// The brands that wait for their day, by key.
    pub fn waiting(&self) -> impl Iterator<Item = &str> {
        let waiting = self.brands.iter().filter(|(_, integration)| **integration == Integration::Waiting);
        waiting.map(|(brand, _)| brand.as_str())
    }

    /// The day for which a brand waits.
    pub fn awaited_day(&self) -> Option<Date> {
        self.day.filter(|_| self.waiting().next().is_some())
    }
}

impl IntegrationsPolicy {
    /// When the reminder of a day is due; none where that time has come already, which is not made up for.
    pub fn ahead(&self, day: Date, now: Timestamp) -> Option<Timestamp> {
        let due_at = day.to_datetime(self.at).to_zoned(calendar::warsaw()).ok()?.timestamp();
        (due_at > now).then_some(due_at)
    }
}

impl Morning {
    /// The integrations that come back today, by what is known now; else why nobody need hear of it.
    pub fn judge<'a>(&self, project: &'a Project, now: Timestamp) -> Result<Vec<&'a str>, &'static str> {
        let integrations = &project.integrations;
        if integrations.day != Some(self.day) {
            return Err("the day was moved or called off");
        }
        if integrations.awaited_day().is_none() {
            return Err("no integration waits any more");
        }
        // A day later its words would be wrong.
        if calendar::local_day(now) > self.day {
            return Err("too late to be of use");
        }
        Ok(integrations.waiting().collect())
    }
}

/// The key of its timer.
impl fmt::Display for Morning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.day)
    }
}

impl FromStr for Morning {
    type Err = anyhow::Error;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        let (project, day) = key.split_once('/').with_context(|| format!("{key:?} is no morning"))?;
        Ok(Self { project: project.parse()?, day: day.parse()? })
    }
}
