//! What a project needs to know of a variant.

use std::collections::BTreeMap;

use platform::text::Text;
use serde::{Deserialize, Serialize};

use super::MigrationTerms;

/// The data of a catalogue's entry that the process depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantData {
    /// Key in the catalogue.
    pub key: String,
    /// Whether a licence kind must be chosen.
    pub licence_kind_required: bool,
    /// Keys of what must be purchased besides licences: confirmed as readiness conditions.
    pub purchases: Vec<String>,
    /// Keys of the licences that the licensing service records as in place.
    pub licences: Vec<String>,
    /// Whether data crosses the link to another machine or site.
    pub data_crosses_link: bool,
    /// Versions of the checklists.
    pub audit_1_checklist: String,
    pub audit_2_checklist: String,
    pub migration: MigrationTerms,
    /// Names of the demands by key. The catalogue's alone: they are shown, and never kept.
    #[serde(skip)]
    pub names: BTreeMap<String, Text>,
}

impl VariantData {
    /// The name of a demand; its key where the catalogue has none.
    pub fn name_of(&self, demand: &str) -> Text {
        let known = self.names.get(demand).cloned();
        known.unwrap_or_else(|| Text { pl: demand.to_owned(), en: demand.to_owned() })
    }
}
