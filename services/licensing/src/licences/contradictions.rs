//! Needs that are refused: numbers out of range, versions that the catalogue does not have, and answers
//! that cannot be true at once. Each names its field and what is allowed.

use std::ops::RangeInclusive;

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};

use super::{
    Needs, Owned,
    needs::{NOTHING_OWNED, Number},
};
use crate::catalogue::{Catalogue, Family};

impl Needs {
    /// What is wrong with them; contradictions are looked for once each answer is possible by itself.
    pub(super) fn violations(&self, catalogue: &Catalogue) -> Vec<Violation> {
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

    /// The version that is needed, where operations took it out of what is offered after it was stated.
    pub(super) fn version_not_offered(&self, catalogue: &Catalogue) -> Option<Violation> {
        let unknown = self.unknown_versions(catalogue);
        unknown.into_iter().find(|violation| violation.field == "needs.target_version")
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
        let virtual_known = virtual_ones.iter().any(|(_, value)| value.is_some());
        let is_virtual = self.virtual_machine.or(virtual_known.then_some(true));
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
            (Some(0), Some(0)) => {
                let allowed = words("1 or more: somebody uses it", "co najmniej 1: ktoś z niej korzysta");
                violations.push(violation("users", 0, allowed));
            }
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
