//! The catalogue of variants: the ways in which the work is done, as data.

use std::collections::BTreeSet;

use platform::text::Text;
use serde::{Deserialize, Serialize};

use crate::data::{DataError, is_key};
use crate::project::{MigrationTerms, VariantData};

const FILE: &str = "variants.toml";

/// How the work is done, and what that demands of the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Stable, lower case.
    pub key: String,
    pub name: Text,
    pub description: Text,
    /// `MIGRATION_BUFFER`: calendar days from the day audit 2 passed to the window.
    pub migration_buffer_days: u16,
    /// Elapsed hours from the first stop of a system to the finish.
    pub planned_duration_hours: u16,
    /// Elapsed hours at the window's end that are kept for the way back.
    pub rollback_reserve_hours: u16,
    /// Whether a licence kind, `standard` or `runtime`, must be chosen.
    pub licence_kind_required: bool,
    /// Whether data crosses the company's link, so that the link must carry it in time.
    pub data_crosses_link: bool,
    /// Versions of the audits' checklists.
    pub audit_1_checklist: String,
    pub audit_2_checklist: String,
    /// Address of the technical documentation.
    pub documentation: String,
    /// What the company must have; possibly nothing.
    #[serde(default, rename = "demand")]
    pub demands: Vec<Demand>,
}

/// Something that the company must have before it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// Stable, lower case, unique in its variant.
    pub key: String,
    pub kind: DemandKind,
    pub name: Text,
}

/// Who says that a demand is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemandKind {
    /// Recorded as in place by the licensing service (`LICENCE_REQUIRED`).
    Licence,
    /// Hardware and the like, confirmed by the company (`READINESS_CONDITIONS`).
    Purchase,
}

impl Variant {
    /// What a project needs to know of it.
    pub fn data(&self) -> VariantData {
        VariantData {
            key: self.key.clone(),
            licence_kind_required: self.licence_kind_required,
            purchases: self.purchases().map(str::to_owned).collect(),
            licences: self.licences().map(str::to_owned).collect(),
            data_crosses_link: self.data_crosses_link,
            audit_1_checklist: self.audit_1_checklist.clone(),
            audit_2_checklist: self.audit_2_checklist.clone(),
            migration: MigrationTerms {
                buffer_days: self.migration_buffer_days,
                planned_hours: self.planned_duration_hours,
                reserve_hours: self.rollback_reserve_hours,
            },
            names: self.demands.iter().map(|demand| (demand.key.clone(), demand.name.clone())).collect(),
        }
    }

    /// Keys of the licences demanded, in order.
    pub fn licences(&self) -> impl Iterator<Item = &str> {
        self.demanded(DemandKind::Licence)
    }

    /// Keys of what else must be purchased, in order.
    pub fn purchases(&self) -> impl Iterator<Item = &str> {
        self.demanded(DemandKind::Purchase)
    }

    fn demanded(&self, kind: DemandKind) -> impl Iterator<Item = &str> {
        self.demands.iter().filter(move |demand| demand.kind == kind).map(|demand| demand.key.as_str())
    }

    fn check(&self) -> Result<(), String> {
        let mut keys = BTreeSet::new();
        let demands = self.demands.iter().map(|demand| demand.key.as_str());
        if let Some(key) = [self.key.as_str()].into_iter().chain(demands.clone()).find(|key| !is_key(key)) {
            return Err(format!("{key:?} is not a key"));
        }
        if let Some(key) = demands.into_iter().find(|key| !keys.insert(*key)) {
            return Err(format!("{}: {key} is demanded twice", self.key));
        }
        if self.planned_duration_hours == 0 {
            return Err(format!("{}: planned_duration_hours is 0", self.key));
        }
        if !self.documentation.starts_with("https://") {
            return Err(format!("{}: documentation is no https address", self.key));
        }
        Ok(())
    }
}

/// All variants, in the order in which they are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue(Vec<Variant>);

impl Catalogue {
    /// The catalogue built into the program.
    pub fn shipped() -> Self {
        Self(Vec::new()).with(include_str!("../data/variants.toml")).expect("the embedded variants are valid")
    }

    /// The same with an operator's variants added, or replaced where the key is known. Errors: an
    /// unknown name, a missing value, or one that makes no sense.
    pub fn with(mut self, toml: &str) -> Result<Self, DataError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            variant: Vec<Variant>,
        }
        let file: File = toml::from_str(toml).map_err(|e| DataError::new(FILE, e))?;
        for variant in file.variant {
            variant.check().map_err(|e| DataError::new(FILE, e))?;
            match self.0.iter_mut().find(|known| known.key == variant.key) {
                Some(known) => *known = variant,
                None => self.0.push(variant),
            }
        }
        Ok(self)
    }

    /// The variant of that key.
    pub fn get(&self, key: &str) -> Option<&Variant> {
        self.0.iter().find(|variant| variant.key == key)
    }

    /// All variants, in order.
    pub fn all(&self) -> &[Variant] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FOURTH: &str = r#"
        [[variant]]
        key = "cluster"
        name = { pl = "Klaster", en = "Cluster" }
        description = { pl = "Dwa serwery.", en = "Two servers." }
        migration_buffer_days = 14
        planned_duration_hours = 10
        rollback_reserve_hours = 4
        licence_kind_required = true
        data_crosses_link = true
        audit_1_checklist = "2026-11"
        audit_2_checklist = "2026-11"
        documentation = "https://softvig.pl/dokumentacja/mssql/klaster"
        demand = [{ key = "second_server", kind = "purchase", name = { pl = "Serwer", en = "Server" } }]
    "#;

    #[test]
    fn three_variants_are_shipped_with_one_or_two_weeks_before_the_migration() {
        let catalogue = Catalogue::shipped();
        let buffers: Vec<_> =
            catalogue.all().iter().map(|v| (v.key.as_str(), v.migration_buffer_days)).collect();
        assert_eq!(buffers, [("new_server", 14), ("same_server", 7), ("hosted", 14)]);
        let new_server = catalogue.get("new_server").expect("shipped");
        assert_eq!(new_server.data().migration.length(), jiff::SignedDuration::from_hours(12));
        assert_eq!(new_server.licences().collect::<Vec<_>>(), ["windows_server", "sql_server"]);
        assert_eq!(new_server.purchases().collect::<Vec<_>>(), ["server_hardware", "backup_storage"]);
        let hosted = catalogue.get("hosted").expect("shipped");
        assert!(!hosted.licence_kind_required, "the partner holds the licences");
        assert_eq!(hosted.licences().count(), 0);
    }

    #[test]
    fn a_fourth_variant_is_a_data_change() {
        let catalogue = Catalogue::shipped().with(FOURTH).expect("valid");
        assert_eq!(catalogue.all().len(), 4);
        let longer = FOURTH.replace("duration_hours = 10", "duration_hours = 12");
        let catalogue = catalogue.with(&longer).expect("valid");
        assert_eq!(catalogue.all().len(), 4, "the same key replaces");
        assert_eq!(catalogue.get("cluster").map(|v| v.planned_duration_hours), Some(12));
    }

    #[rstest]
    #[case::unknown_name("migration_buffer_days", "buffer_days")]
    #[case::no_key("\"cluster\"", "\"My Cluster\"")]
    #[case::no_duration("duration_hours = 10", "duration_hours = 0")]
    #[case::no_address("https://softvig.pl", "softvig")]
    #[case::unknown_kind("\"purchase\"", "\"gift\"")]
    fn a_mistake_in_an_operators_file_is_an_error(#[case] right: &str, #[case] wrong: &str) {
        assert!(Catalogue::shipped().with(&FOURTH.replace(right, wrong)).is_err());
    }
}
