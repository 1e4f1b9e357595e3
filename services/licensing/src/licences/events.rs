//! What a command changed. Internal: `crate::events` maps it to the public contract.

use jiff::{Timestamp, civil::Date};
use platform::files::FileId;
use serde::{Deserialize, Serialize};

use super::{Digest, LicenceDocument, Needs, Remark, Status};
use crate::catalogue::{LicenceKind, Metric};

/// One change; people by id only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    NeedsSet {
        needs: Needs,
    },
    LicenceRecommended {
        kind: LicenceKind,
        note: String,
    },
    LicenceChosen {
        kind: LicenceKind,
        previous: Option<LicenceKind>,
        metric: Option<Metric>,
        /// What was advised at that moment; the choice has it in full until the next is made.
        advice: Digest,
    },
    /// The choice could hold no longer: `RUNTIME_ONLY_AUTOSTACJA`.
    ChoiceEnded {
        kind: LicenceKind,
    },
    /// The kind stays, but what it was chosen for is not what is needed now.
    ChoiceOutdated {
        kind: LicenceKind,
        misfits: Vec<Remark>,
    },
    LicenceOrdered {
        demand: String,
        number: String,
        supplier: String,
        expected_on: Option<Date>,
        files: Vec<FileId>,
        occurred_at: Timestamp,
    },
    LicenceOrderCancelled {
        demand: String,
        number: String,
        reason: String,
        occurred_at: Timestamp,
    },
    LicenceRecorded {
        demand: String,
        document: LicenceDocument,
        note: String,
        files: Vec<FileId>,
        occurred_at: Timestamp,
    },
    ProofWithdrawn {
        demand: String,
        reason: String,
        occurred_at: Timestamp,
    },
    OfferReserved {
        offer: String,
        /// Nothing where it was accepted at once.
        expires_at: Option<Timestamp>,
    },
    OfferAccepted {
        offer: String,
    },
    OfferReleased {
        offer: String,
        reason: ReleaseReason,
    },
    StatusChanged(Status),
}

/// Why a reservation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    GivenBack,
    KindChanged,
    /// The variant demands no kind any more.
    NoKindDemanded,
    ProjectCancelled,
    /// Nobody accepted it in time.
    Expired,
}
