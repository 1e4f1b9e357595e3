//! What a project needs to know of a variant.

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
}
