//! What the company says about the instance, and how that bears on the choice.

use std::ops::RangeInclusive;

use platform::actor::Actor;
use proto::refusal::Refusal;
use serde::{Deserialize, Serialize};

use super::{Event, Licences, checks};
use crate::catalogue::Catalogue;

/// Whether anything but AutoStacja will use the instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherApplications {
    /// The company has not said yet.
    #[default]
    Unknown,
    No,
    Yes,
}

/// The company's needs. What is not there is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    pub other_applications: OtherApplications,
    /// Version of MS SQL Server to be installed.
    pub target_version: Option<String>,
    pub virtual_machine: Option<bool>,
    /// Physical cores of the server.
    pub cores: Option<u32>,
    /// Physical processors of the server.
    pub processors: Option<u32>,
    pub virtual_cores: Option<u32>,
    pub memory_gb: Option<u32>,
    /// Named people.
    pub users: Option<u32>,
    /// Further people, through another system.
    pub indirect_users: Option<u32>,
    pub devices: Option<u32>,
    pub indirect_devices: Option<u32>,
    /// Some people with a user CAL, the others on devices with a device CAL.
    pub mixed_cals: Option<bool>,
    pub mix_users: Option<u32>,
    pub mix_devices: Option<u32>,
    /// Version of Windows Server to be installed.
    pub windows_version: Option<String>,
    /// Of the virtual machine's host, for its Windows.
    pub host_cores: Option<u32>,
    pub host_processors: Option<u32>,
    pub existing: Existing,
}

/// Full licences that the company owns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Existing {
    pub sql_version: Option<Owned>,
    pub sql_cores: Option<u32>,
    pub sql_servers: Option<u32>,
    pub sql_user_cals: Option<u32>,
    pub sql_device_cals: Option<u32>,
    pub windows_version: Option<Owned>,
    pub windows_cores: Option<u32>,
    pub windows_user_cals: Option<u32>,
    pub windows_device_cals: Option<u32>,
}

/// Whether licences are owned, and of which version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owned {
    None,
    Version(String),
}

/// How the contract says that nothing is owned.
pub const NOTHING_OWNED: &str = "none";

impl Owned {
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => NOTHING_OWNED,
            Self::Version(version) => version,
        }
    }
}

/// A number among the needs: its path, what is known, and what can be said.
pub(super) type Number = (&'static str, Option<u32>, RangeInclusive<u32>);

impl Needs {
    /// All numbers, by their paths in the contract.
    pub(super) fn numbers(&self) -> [Number; 19] {
        const CORES: RangeInclusive<u32> = 1..=1024;
        const PROCESSORS: RangeInclusive<u32> = 1..=16;
        const MANY: RangeInclusive<u32> = 0..=100_000;
        const OWNED_CORES: RangeInclusive<u32> = 0..=10_000;
        let owned = &self.existing;
        [
            ("cores", self.cores, CORES),
            ("processors", self.processors, PROCESSORS),
            ("virtual_cores", self.virtual_cores, CORES),
            ("memory_gb", self.memory_gb, 1..=24_576),
            ("users", self.users, MANY),
            ("indirect_users", self.indirect_users, MANY),
            ("devices", self.devices, MANY),
            ("indirect_devices", self.indirect_devices, MANY),
            ("mix_users", self.mix_users, MANY),
            ("mix_devices", self.mix_devices, MANY),
            ("host_cores", self.host_cores, CORES),
            ("host_processors", self.host_processors, PROCESSORS),
            ("existing.sql_cores", owned.sql_cores, OWNED_CORES),
            ("existing.sql_servers", owned.sql_servers, 0..=100),
            ("existing.sql_user_cals", owned.sql_user_cals, MANY),
            ("existing.sql_device_cals", owned.sql_device_cals, MANY),
            ("existing.windows_cores", owned.windows_cores, OWNED_CORES),
            ("existing.windows_user_cals", owned.windows_user_cals, MANY),
            ("existing.windows_device_cals", owned.windows_device_cals, MANY),
        ]
    }

    /// All people, direct and indirect, where both are known.
    pub fn all_users(&self) -> Option<u32> {
        Some(self.users?.saturating_add(self.indirect_users?))
    }

    /// All devices, direct and indirect, where both are known.
    pub fn all_devices(&self) -> Option<u32> {
        Some(self.devices?.saturating_add(self.indirect_devices?))
    }
}

impl Licences {
    /// Replaces the needs. A fact is taken even where it spoils the choice: then the choice of
    /// `runtime` ends, with what depends on it (`RUNTIME_ONLY_AUTOSTACJA`), or its quantities fit no
    /// more and a new choice is asked for.
    ///
    /// Refused with `PERMISSION_DENIED`, `PROJECT_CLOSED`, `INVALID_ARGUMENT`.
    pub fn set_needs(
        &mut self,
        catalogue: &Catalogue,
        actor: &Actor,
        needs: Needs,
    ) -> Result<Vec<Event>, Refusal> {
        checks::contact_or_softvig(actor)?;
        self.check_open()?;
        Refusal::unless_empty(needs.violations(catalogue))?;
        if needs == self.needs {
            return Ok(Vec::new());
        }
        self.needs = needs.clone();
        let mut events = vec![Event::NeedsSet { needs }];
        self.end_choice_that_broke(catalogue, &mut events);
        self.tell_misfits(catalogue, &mut events);
        self.announce(catalogue, &mut events);
        Ok(events)
    }
}
