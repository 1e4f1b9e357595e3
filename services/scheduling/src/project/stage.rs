//! The stages of a project, by name.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A stage, in the order of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Contracting,
    Readiness,
    #[serde(rename = "audit_1")]
    Audit1,
    #[serde(rename = "audit_2")]
    Audit2,
    Migration,
    Integrations,
    Verification,
    Acceptance,
    Completed,
}

impl Stage {
    /// All stages in order; `Completed` is the end and has no state of its own.
    pub const ALL: [Self; 8] = [
        Self::Contracting,
        Self::Readiness,
        Self::Audit1,
        Self::Audit2,
        Self::Migration,
        Self::Integrations,
        Self::Verification,
        Self::Acceptance,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contracting => "contracting",
            Self::Readiness => "readiness",
            Self::Audit1 => "audit_1",
            Self::Audit2 => "audit_2",
            Self::Migration => "migration",
            Self::Integrations => "integrations",
            Self::Verification => "verification",
            Self::Acceptance => "acceptance",
            Self::Completed => "completed",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a stage is. `Unlocked` means that the stage before is done; a buffer may still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    Locked,
    Unlocked,
    InProgress,
    Done,
    Skipped,
}

impl StageState {
    /// Whether the next stage is free to begin.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }
}

/// A stage as it now is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageStatus {
    pub stage: Stage,
    pub state: StageState,
    /// First day on which the stage can begin, where a buffer or a calendar rule sets one.
    pub earliest_start: Option<Date>,
}
