//! `overrides.toml`: other limits than the checklists', for a variant.

use jiff::civil::Date;
use platform::data::Source;
use serde::Deserialize;
use toml::Spanned;

use super::{AuditKind, LoadError, Registry};

/// The name of the file beside the checklists.
pub const FILE: &str = "overrides.toml";

/// Numbers that take the place of a checklist's in every audit of a variant that is opened from then on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantOverride {
    pub audit: AuditKind,
    /// Key of the variant.
    pub variant: String,
    /// Key of the item.
    pub item: String,
    /// As many numbers as the item's expectation has, from low to high.
    pub limits: Vec<f64>,
    /// The named person at SOFTVIG who answers for it.
    pub approver: String,
    pub reason: String,
    /// Last local day on which an attempt can be concluded with it.
    pub until: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Overrides {
    r#override: Vec<Spanned<VariantOverride>>,
}

/// Reads the file; each must fit the newest checklist of its audit.
pub fn parse(file: &str, text: &str, registry: &Registry) -> Result<Vec<VariantOverride>, LoadError> {
    let source = Source { file, text };
    let mut overrides = Vec::new();
    for made in source.read::<Overrides>()?.r#override {
        let line = source.line_at(made.span().start);
        let made = made.into_inner();
        check(&made, registry).map_err(|problem| source.at(Some(line), &made.item).error(problem))?;
        overrides.push(made);
    }
    Ok(overrides)
}

fn check(made: &VariantOverride, registry: &Registry) -> Result<(), String> {
    let list = registry.get(made.audit, "").ok_or("there is no checklist of this audit")?;
    let item =
        list.item(&made.item).ok_or_else(|| format!("audit {} has no such item", u8::from(made.audit)))?;
    if item.is_never_waivable() {
        return Err("link acceptance, inst.installed and lic.assigned have no other limits".into());
    }
    if item.expect.with_limits(&made.limits).is_none() {
        let count = item.expect.limits().len();
        return Err(format!("limits are not {count} finite numbers from low to high, as in {}", item.expect));
    }
    for (name, text) in [("variant", &made.variant), ("approver", &made.approver), ("reason", &made.reason)] {
        if text.trim().is_empty() {
            return Err(format!("{name} is empty"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "overrides_tests.rs"]
mod tests;
