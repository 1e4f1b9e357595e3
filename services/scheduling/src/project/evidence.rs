//! Measurements that grow stale (`EVIDENCE_STALE`): until when each counts, as the audit service says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Context, Project, ProjectEvent};

/// The items that must be fresh at the start of a run, with the instant from which each is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence(BTreeMap<String, Timestamp>);

impl Evidence {
    /// Keys of the items that are stale when a run starts.
    pub fn stale(&self, at: Timestamp) -> Vec<String> {
        self.0.iter().filter(|(_, expires)| **expires <= at).map(|(key, _)| key.clone()).collect()
    }
}

impl Project {
    /// Takes the audit service's word; the list replaces the one told before. An item without a time was
    /// measured badly and must be taken again: it is stale at once.
    pub fn evidence_refreshed(
        &mut self,
        valid_until: BTreeMap<String, Option<Timestamp>>,
        ctx: &Context,
    ) -> Vec<ProjectEvent> {
        self.note(ctx, |project, _| {
            let stale = Timestamp::UNIX_EPOCH;
            let items = valid_until.into_iter().map(|(item, until)| (item, until.unwrap_or(stale)));
            project.evidence = Evidence(items.collect());
        })
    }
}
