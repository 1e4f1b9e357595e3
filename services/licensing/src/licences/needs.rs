//! What the company says about the instance, and how that bears on the choice.

use std::ops::RangeInclusive;

use platform::actor::Actor;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{Event, Licences, checks};
use crate::catalogue::{Catalogue, Family};

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

    fn violations(&self, catalogue: &Catalogue) -> Vec<Violation> {
        let mut violations = self.out_of_range();
        violations.extend(self.unknown_versions(catalogue));
        if violations.is_empty() {
            violations = self.contradictions();
        }
        violations
    }

    fn out_of_range(&self) -> Vec<Violation> {
        let outside = |(path, value, range): Number| {
            let value = value.filter(|value| !range.contains(value))?;
            Some(violation(path, value, said(&range)))
        };
        self.numbers().into_iter().filter_map(outside).collect()
    }

    fn unknown_versions(&self, catalogue: &Catalogue) -> Vec<Violation> {
        let new = [
            ("target_version", &self.target_version, Family::SqlServer),
            ("windows_version", &self.windows_version, Family::WindowsServer),
        ];
        let new = new.into_iter().filter_map(|(path, version, family)| {
            let version = version.as_ref()?;
            let offered: Vec<_> = catalogue.offered(family).map(|release| release.version.as_str()).collect();
            (!offered.contains(&version.as_str())).then(|| violation(path, version, offered.join(", ")))
        });
        let owned = [
            ("existing.sql_version", &self.existing.sql_version, Family::SqlServer),
            ("existing.windows_version", &self.existing.windows_version, Family::WindowsServer),
        ];
        let owned = owned.into_iter().filter_map(|(path, owned, family)| {
            let Some(Owned::Version(version)) = owned else { return None };
            let known = catalogue.releases.iter().filter(|release| release.family == family);
            let known: Vec<_> = known.map(|release| release.version.as_str()).collect();
            (!known.contains(&version.as_str()))
                .then(|| violation(path, version, format!("{NOTHING_OWNED}, {}", known.join(", "))))
        });
        new.chain(owned).collect()
    }

    /// What cannot be true at once; numbers are in range.
    fn contradictions(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        self.wrong_machine(&mut violations);
        self.wrong_cals(&mut violations);
        let owned = &self.existing;
        let of = |version: &Option<Owned>| matches!(version, Some(Owned::Version(_)));
        for (path, value, _) in self.numbers() {
            let known = match path.strip_prefix("existing.") {
                Some(rest) if rest.starts_with("sql") => of(&owned.sql_version),
                Some(_) => of(&owned.windows_version),
                None => continue,
            };
            if let Some(value) = value.filter(|value| *value > 0 && !known) {
                let version =
                    if path.starts_with("existing.sql") { "sql_version" } else { "windows_version" };
                violations.push(violation(
                    path,
                    value,
                    words(
                        format!("nothing, unless existing.{version} names a version"),
                        format!("nic, o ile existing.{version} nie wskazuje wersji"),
                    ),
                ));
            }
        }
        violations
    }

    /// Cores and processors are those of the machine that there is.
    fn wrong_machine(&self, violations: &mut Vec<Violation>) {
        let physical = [("cores", self.cores), ("processors", self.processors)];
        let virtual_ones = [
            ("virtual_cores", self.virtual_cores),
            ("host_cores", self.host_cores),
            ("host_processors", self.host_processors),
        ];
        let is_virtual = self.virtual_machine.or(self.virtual_cores.map(|_| true));
        let (wrong, allowed): (&[(&str, Option<u32>)], Words) = match is_virtual {
            Some(true) => (
                &physical,
                words(
                    "nothing on a virtual machine: virtual_cores, and host_cores for Windows",
                    "nic na maszynie wirtualnej: virtual_cores oraz host_cores dla Windows",
                ),
            ),
            Some(false) => (
                &virtual_ones,
                words(
                    "nothing on a physical server: cores and processors",
                    "nic na serwerze fizycznym: cores i processors",
                ),
            ),
            None => (&[], "".into()),
        };
        for (path, value) in wrong {
            violations.extend(value.map(|value| violation(path, value, allowed.clone())));
        }
        let pairs = [
            ("processors", self.processors, self.cores),
            ("host_processors", self.host_processors, self.host_cores),
        ];
        for (path, processors, cores) in pairs {
            if let (Some(processors), Some(cores)) = (processors, cores)
                && processors > cores
            {
                violations.push(violation(path, processors, at_most(cores)));
            }
        }
    }

    /// People use devices; a mix covers all of both.
    fn wrong_cals(&self, violations: &mut Vec<Violation>) {
        let (users, devices) = (self.all_users(), self.all_devices());
        match (users, devices) {
            (Some(0), Some(1..)) => violations.push(violation("users", 0, at_least_one("devices"))),
            (Some(1..), Some(0)) => violations.push(violation("devices", 0, at_least_one("users"))),
            _ => {}
        }
        let mix = [("mix_users", self.mix_users, users), ("mix_devices", self.mix_devices, devices)];
        for (path, part, all) in mix {
            let Some(part) = part else { continue };
            if self.mixed_cals != Some(true) {
                let allowed =
                    words("nothing, unless mixed_cals is true", "nic, o ile mixed_cals nie jest true");
                violations.push(violation(path, part, allowed));
            } else if let Some(all) = all.filter(|all| part > *all) {
                violations.push(violation(path, part, at_most(all)));
            }
        }
        let some_share = self.mix_users.zip(users).is_some_and(|(part, all)| part < all);
        if self.mixed_cals == Some(true) && self.mix_devices == Some(0) && some_share {
            let allowed = words(
                "1 or more: people without a user CAL use them",
                "co najmniej 1: korzystają z nich osoby bez CAL na użytkownika",
            );
            violations.push(violation("mix_devices", 0, allowed));
        }
    }
}

/// `INVALID_ARGUMENT` for one of the needs.
fn violation(path: &str, asked: impl ToString, allowed: impl Into<Words>) -> Violation {
    Violation::new(ErrorReason::InvalidArgument)
        .field(format!("needs.{path}"))
        .asked(asked.to_string())
        .allowed(allowed)
}

/// A range in words.
pub(super) fn said(range: &RangeInclusive<u32>) -> Words {
    let (least, most) = (range.start(), range.end());
    words(format!("{least} to {most}"), format!("od {least} do {most}"))
}

fn at_most(most: u32) -> Words {
    words(format!("at most {most}"), format!("co najwyżej {most}"))
}

fn at_least_one(others: &str) -> Words {
    words(format!("1 or more, as there are {others}"), format!("co najmniej 1, skoro podano {others}"))
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
