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
    #[serde(default)]
    r#override: Vec<Spanned<VariantOverride>>,
}

/// Reads the file; each must fit every version of its audit's checklist that has the item.
pub fn parse(file: &str, text: &str, registry: &Registry) -> Result<Vec<VariantOverride>, LoadError> {
    let source = Source { file, text };
    let mut overrides = Vec::new();
    for made in source.read::<Overrides>()?.r#override {
        let line = source.line_at(made.span().start);
        let made = made.into_inner();
        let place = source.at(Some(line), &made.item);
        check(&made, registry).map_err(|problem| place.error(problem))?;
        let same = |other: &VariantOverride| {
            (other.audit, &other.variant, &other.item) == (made.audit, &made.variant, &made.item)
        };
        if overrides.iter().any(same) {
            return Err(place.error(format!("{} has another limit already", made.variant)));
        }
        overrides.push(made);
    }
    Ok(overrides)
}

fn check(made: &VariantOverride, registry: &Registry) -> Result<(), String> {
    let versions: Vec<_> = registry
        .all()
        .filter(|list| list.audit == made.audit)
        .filter_map(|list| Some((list, list.item(&made.item)?)))
        .collect();
    let Some((_, newest)) = versions.last() else {
        return Err(format!("audit {} has no such item", u8::from(made.audit)));
    };
    if newest.is_never_waivable() {
        return Err("link acceptance, inst.installed and lic.assigned have no other limits".into());
    }
    for (list, item) in &versions {
        let version = &list.version;
        if item.expect.with_limits(&made.limits).is_none() {
            let count = item.expect.limits().len();
            return Err(format!(
                "limits are not {count} finite numbers from low to high, as in {} ({version})",
                item.expect
            ));
        }
        if item.form.unit() != newest.form.unit() {
            return Err(format!("version {version} asks it in {}, the newest not", item.form.unit()));
        }
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
