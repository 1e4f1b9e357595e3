//! The entries of the catalogue, as they stand in `data/*.toml`.

use std::fmt;

use jiff::civil::Date;
use platform::text::Text;
use serde::{Deserialize, Serialize};

/// How the instance is licensed; one kind per instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceKind {
    Standard,
    Runtime,
}

impl LicenceKind {
    pub const ALL: [Self; 2] = [Self::Standard, Self::Runtime];
}

impl fmt::Display for LicenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Runtime => "runtime",
        })
    }
}

/// How a licence is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    PerCore,
    ServerAndCal,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindData {
    pub key: LicenceKind,
    /// `RUNTIME_ONLY_AUTOSTACJA`: nothing else may use the instance.
    pub only_autostacja: bool,
    pub models: Vec<Model>,
    pub name: Text,
    pub description: Text,
}

/// The numbers of the calculation.
#[derive(Clone, Debug)]
pub struct Calculation {
    pub per_core: PerCore,
    pub server_and_cal: ServerAndCal,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerCore {
    /// Cores in a pack.
    pub pack: u32,
    /// Cores that each physical processor, or the virtual machine, counts at least.
    pub least_per_processor: u32,
    /// Cores that the edition uses at most.
    pub most: u32,
    pub beyond_most: Text,
    pub virtual_machine: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerAndCal {
    pub cals: Text,
}

/// A special offer, only for SOFTVIG's clients.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub key: String,
    pub kinds: Vec<LicenceKind>,
    pub valid_from: Date,
    /// Last day, included.
    pub valid_until: Date,
    /// How many projects can have it.
    pub quantity: u32,
    /// The company must have become a client before this day.
    pub client_before: Option<Date>,
    pub name: Text,
    pub description: Text,
}

/// A licence that variants can demand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceData {
    pub key: String,
    pub depends_on_kind: bool,
    pub name: Text,
}
