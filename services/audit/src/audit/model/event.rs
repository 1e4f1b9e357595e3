//! What happened to a dossier. Details are read from the dossier when the public event is made.

use platform::files::FileId;
use serde::{Deserialize, Serialize};

use super::{AttemptId, FindingId, Origin};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    AttemptOpened {
        attempt: AttemptId,
    },
    AttemptVoided {
        attempt: AttemptId,
        reason: String,
    },
    AttemptAssigned {
        attempt: AttemptId,
    },
    AttemptPaused {
        attempt: AttemptId,
    },
    AttemptResumed {
        attempt: AttemptId,
    },
    ValuesRecorded {
        attempt: AttemptId,
        keys: Vec<String>,
        origin: Option<Origin>,
    },
    ValuesImported {
        attempt: AttemptId,
        fingerprint: String,
    },
    FilesAttached {
        attempt: AttemptId,
        key: String,
        files: Vec<FileId>,
        note: String,
    },
    FileDetached {
        attempt: AttemptId,
        key: String,
        file: FileId,
        reason: String,
    },
    ItemWaived {
        attempt: AttemptId,
        key: String,
    },
    LimitOverridden {
        attempt: AttemptId,
        key: String,
    },
    AuditConcluded {
        attempt: AttemptId,
    },
    FindingOpened {
        finding: FindingId,
    },
    FindingAnswered {
        finding: FindingId,
    },
    FindingVerified {
        finding: FindingId,
    },
    FindingRejected {
        finding: FindingId,
    },
    /// The list of evidence that expires changed; the public event carries all of it.
    EvidenceRefreshed {
        attempt: AttemptId,
    },
    ProjectClosed {
        reason: String,
    },
}

impl Event {
    /// The name in the history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AttemptOpened { .. } => "attempt_opened",
            Self::AttemptVoided { .. } => "attempt_voided",
            Self::AttemptAssigned { .. } => "audit_assigned",
            Self::AttemptPaused { .. } => "audit_paused",
            Self::AttemptResumed { .. } => "audit_resumed",
            Self::ValuesRecorded { .. } => "values_recorded",
            Self::ValuesImported { .. } => "values_imported",
            Self::FilesAttached { .. } => "files_attached",
            Self::FileDetached { .. } => "file_detached",
            Self::ItemWaived { .. } => "item_waived",
            Self::LimitOverridden { .. } => "limit_overridden",
            Self::AuditConcluded { .. } => "audit_concluded",
            Self::FindingOpened { .. } => "finding_opened",
            Self::FindingAnswered { .. } => "finding_answered",
            Self::FindingVerified { .. } => "finding_verified",
            Self::FindingRejected { .. } => "finding_rejected",
            Self::EvidenceRefreshed { .. } => "evidence_refreshed",
            Self::ProjectClosed { .. } => "project_closed",
        }
    }
}
