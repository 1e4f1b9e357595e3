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
    /// Keys of the items that are stale.
    pub fn stale(&self, now: Timestamp) -> Vec<String> {
        self.0.iter().filter(|(_, expires)| **expires <= now).map(|(key, _)| key.clone()).collect()
    }
}

impl Project {
    /// Takes the audit service's word on items measured (again); others keep their time.
    pub fn evidence_measured(
        &mut self,
        expires: impl IntoIterator<Item = (String, Timestamp)>,
        ctx: &Context,
    ) -> Vec<ProjectEvent> {
        self.note(ctx, |project, _| project.evidence.0.extend(expires))
    }
}
