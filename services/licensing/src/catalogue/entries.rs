//! The entries of the catalogue, as they stand in `data/*.toml`.

use std::fmt;

use jiff::civil::Date;
use platform::text::Text;
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// Writes a word of the data files as it is spelled there.
macro_rules! spelled {
    ($($type:ident { $($variant:ident => $word:literal),* $(,)? })*) => {$(
        impl $type {
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)* })
            }
        }
    )*};
}

spelled! {
    LicenceKind { Standard => "standard", Runtime => "runtime" }
    Metric { PerCore => "per_core", ServerAndCal => "server_and_cal" }
    Family { SqlServer => "sql_server", WindowsServer => "windows_server" }
    Unit {
        CorePack => "core_pack",
        Server => "server",
        UserCal => "user_cal",
        DeviceCal => "device_cal",
        SoftwareAssurance => "software_assurance",
    }
}

/// How the instance is licensed; one kind per instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceKind {
    Standard,
    Runtime,
}

/// What a licence is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    PerCore,
    ServerAndCal,
}

/// What is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    SqlServer,
    WindowsServer,
}

/// What one piece of a product is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    CorePack,
    Server,
    UserCal,
    DeviceCal,
    /// For one core pack.
    SoftwareAssurance,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindData {
    pub key: LicenceKind,
    /// `RUNTIME_ONLY_AUTOSTACJA`: nothing else may use the instance.
    pub only_autostacja: bool,
    pub metrics: Vec<Metric>,
    pub name: Text,
    pub description: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricData {
    pub key: Metric,
    pub name: Text,
}

/// The numbers of the calculation.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Months ahead of the end of support that a version is warned of.
    pub warn_months: u32,
    pub sql: SqlNumbers,
    pub windows: WindowsNumbers,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlNumbers {
    /// Cores in a pack.
    pub pack: u32,
    /// Cores that each physical processor counts at least.
    pub least_per_processor: u32,
    pub least_per_virtual_machine: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowsNumbers {
    /// Cores in a pack.
    pub pack: u32,
    /// Cores that each physical processor counts at least.
    pub least_per_processor: u32,
    pub least_per_server: u32,
}

/// A version of what is installed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub key: String,
    pub family: Family,
    /// Begins with its year, so that the later of two is the greater text.
    pub version: String,
    /// Last day of mainstream support.
    pub mainstream_until: Option<Date>,
    /// Last day of extended support.
    pub supported_until: Date,
    /// Whether it can be the new one.
    pub offered: bool,
    /// Cores that the edition uses at most.
    pub most_cores: Option<u32>,
    /// Memory that the edition uses at most, GB.
    pub most_memory_gb: Option<u32>,
    /// `VIRTUAL_MACHINE_ASSURANCE`.
    #[serde(default)]
    pub virtual_machine_needs_assurance: bool,
    pub name: Text,
}

/// Something that is sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    pub key: String,
    pub family: Family,
    pub version: String,
    /// None for Windows.
    pub kind: Option<LicenceKind>,
    pub unit: Unit,
    pub name: Text,
}

/// What one piece of a product costs for a time.
#[derive(Clone, Debug)]
pub struct Price {
    /// Key of the product.
    pub product: String,
    /// PLN, net.
    pub net: Money,
    pub from: Date,
    /// Last day, included; none until further notice.
    pub until: Option<Date>,
}

impl Price {
    pub fn holds_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

fn two_weeks() -> u16 {
    14
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
    /// Local days for which a piece is set aside until it is accepted, the first not counted.
    #[serde(default = "two_weeks")]
    pub reserved_for_days: u16,
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
    /// What of Windows is counted where a variant demands it.
    #[serde(default)]
    pub windows: Vec<WindowsPart>,
    pub name: Text,
}

/// What of Windows Server a licence stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowsPart {
    Cores,
    Cals,
}
