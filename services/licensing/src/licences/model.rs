//! The state, as it is kept.

use jiff::{Timestamp, civil::Date};
use platform::{fact::Fact, files::FileInfo};
use serde::{Deserialize, Serialize};

use super::{Advice, Needs, Remark, Status};
use crate::catalogue::{LicenceKind, Metric};

/// The licensing of one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licences {
    /// When the project was opened; nothing is in place for it earlier.
    pub opened_at: Timestamp,
    pub phase: Phase,
    /// The variant chosen in scheduling.
    pub variant: Option<Variant>,
    pub needs: Needs,
    pub recommendation: Option<Recommendation>,
    pub choice: Option<Choice>,
    /// What of the choice fits no more, as it was told last.
    pub told_misfits: Vec<Remark>,
    pub offer: Option<Reservation>,
    /// In the order of recording; for one demand and kind the last one counts.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// In the order of recording; for one demand and kind the last one counts.
    pub proofs: Vec<Proof>,
    /// What the world was last told; none before there is a variant.
    pub announced: Option<Status>,
}

impl Licences {
    /// For a project that was opened at this time.
    pub fn open(opened_at: Timestamp) -> Self {
        Self {
            opened_at,
            phase: Phase::Open,
            variant: None,
            needs: Needs::default(),
            recommendation: None,
            choice: None,
            told_misfits: Vec::new(),
            offer: None,
            orders: Vec::new(),
            proofs: Vec::new(),
            announced: None,
        }
    }
}

/// Whether the project goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Open,
    /// The project is completed; what is recorded stays.
    Completed,
    Cancelled,
}

/// What licensing needs to know of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub key: String,
    /// Whether a licence kind must be chosen.
    pub kind_required: bool,
    /// Keys of the licences that it demands, in its order.
    pub licences: Vec<String>,
}

/// SOFTVIG's advice to the decision contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    pub kind: LicenceKind,
    pub note: String,
    pub made: Fact,
}

/// The decision contact's choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub kind: LicenceKind,
    /// None while it is left open.
    pub metric: Option<Metric>,
    /// What was advised at that moment.
    pub advice: Advice,
    pub made: Fact,
}

/// One piece of an offer's quantity, set aside for this project: until it expires, or for good once it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Key of the offer.
    pub offer: String,
    pub made: Fact,
    /// First instant at which it is free for others again; nothing once it is accepted.
    pub expires_at: Option<Timestamp>,
    /// The decision contact's acceptance.
    pub accepted: Option<Fact>,
}

/// A record that a licence is ordered. Those corrected, delivered or cancelled are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Key of the licence.
    pub demand: String,
    /// The kind under which it was ordered, for licences that depend on it.
    pub kind: Option<LicenceKind>,
    pub number: String,
    pub supplier: String,
    /// The day on which delivery is expected, where it is known.
    pub expected_on: Option<Date>,
    pub recorded: Fact,
    /// What shows it.
    #[serde(default)]
    pub files: Vec<FileInfo>,
    pub state: OrderState,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Open,
    /// The licence was recorded as in place.
    Delivered,
    Cancelled(Withdrawal),
}

/// What kind of document proves a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Invoice,
    /// A certificate or the licence agreement.
    Certificate,
}

/// The document that proves a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceDocument {
    pub kind: DocumentKind,
    pub number: String,
}

/// A record that a licence is in place. Withdrawn ones are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Key of the licence.
    pub demand: String,
    /// The kind under which it was recorded, for licences that depend on it.
    pub kind: Option<LicenceKind>,
    pub document: LicenceDocument,
    /// Empty if there is nothing else to say.
    pub note: String,
    pub recorded: Fact,
    /// What shows it.
    #[serde(default)]
    pub files: Vec<FileInfo>,
    pub withdrawn: Option<Withdrawal>,
}

/// Why and when a proof or an order ceased to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    pub reason: String,
    pub made: Fact,
}
