//! Measurements that grow stale (`EVIDENCE_STALE`): until when each counts, as the audit service says.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Project, ProjectEvent};

/// The items that must be fresh at the start of a run, with the instant from which each is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(BTreeMap<String, Timestamp>);

impl Evidence {
    /// As the audit service has it; the list replaces the one told before. An item without a time was measured badly and
    /// must be taken again: it is stale at once.
    pub fn set(&mut self, valid_until: BTreeMap<String, Option<Timestamp>>) {
        let stale = Timestamp::UNIX_EPOCH;
        self.0 = valid_until.into_iter().map(|(item, until)| (item, until.unwrap_or(stale))).collect();
    }

    /// Keys of the items that are stale when a run starts.
    pub fn stale(&self, at: Timestamp) -> Vec<String> {
        self.0.iter().filter(|(_, expires)| **expires <= at).map(|(key, _)| key.clone()).collect()
    }
}

/// Each item and until when it counts.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items: Vec<_> = self.0.iter().map(|(item, until)| format!("{item} {until}")).collect();
        f.write_str(&items.join(", "))
    }
}

impl Project {
    /// Takes the audit service's word.
    pub fn evidence_refreshed(
        &mut self,
        valid_until: BTreeMap<String, Option<Timestamp>>,
        ctx: &Context,
    ) -> Vec<ProjectEvent> {
        self.note(ctx, |project, _| {
            project.evidence.set(valid_until);
        })
    }
}
