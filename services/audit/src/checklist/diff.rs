//! What a version of a checklist changes.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use serde_json::{Map, Value};

use super::Checklist;

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Added(String),
    Removed(String),
    /// A field of a key, as it was and as it is.
    Changed {
        key: String,
        field: String,
        from: String,
        to: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(key) => write!(f, "+ {key}"),
            Self::Removed(key) => write!(f, "- {key}"),
            Self::Changed { key, field, from, to } => write!(f, "~ {key}: {field}: {from} → {to}"),
        }
    }
}

/// In the order of the newer list; what it has no more comes last.
pub fn diff(from: &Checklist, to: &Checklist) -> Vec<Difference> {
    let (from, to) = (entries(from), entries(to));
    let find = |entries: &[Entry], key: &str| entries.iter().position(|(other, _)| other == key);
    let mut differences = Vec::new();
    for (key, now) in &to {
        match find(&from, key) {
            Some(before) => differences.extend(changed(key, &from[before].1, now)),
            None => differences.push(Difference::Added(key.clone())),
        }
    }
    let removed = from.into_iter().map(|(key, _)| key).filter(|key| find(&to, key).is_none());
    differences.extend(removed.map(Difference::Removed));
    differences
}

fn changed(key: &str, from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<Difference> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let field = |name: &&String| {
        let shown = |fields: &Map<String, Value>| fields.get(*name).unwrap_or(&Value::Null).to_string();
        let (from, to) = (shown(from), shown(to));
        (from != to).then(|| Difference::Changed { key: key.to_owned(), field: (*name).clone(), from, to })
    };
    names.iter().filter_map(field).collect()
}

/// A part of a checklist by its key.
type Entry = (String, Map<String, Value>);

fn entries(list: &Checklist) -> Vec<Entry> {
    fn entry(key: impl Into<String>, part: &impl Serialize) -> Option<Entry> {
        Some((key.into(), serde_json::to_value(part).ok()?.as_object()?.clone()))
    }
    let sections = list.sections.iter().map(|section| entry(format!("section {}", section.key), section));
    let facts = list.facts.iter().map(|fact| entry(&fact.key, fact));
    let items = list.items.iter().map(|item| entry(&item.key, item));
    let fix = list.fix.iter().map(|fix| entry("fix", fix));
    let all = [entry("title", &list.title)].into_iter().chain(sections).chain(facts).chain(items).chain(fix);
    all.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::{AuditKind, Bound, Expect, Registry};

    #[test]
    fn what_was_added_removed_and_changed_is_told_by_key_and_field() {
        let registry = Registry::load(None, &[]).expect("valid");
        let from = registry.get(AuditKind::One, "").expect("audit 1").clone();
        assert_eq!(diff(&from, &from), []);

        let mut to = from.clone();
        let removed = to.items.remove(0).key;
        let ghz = to.items.iter_mut().find(|item| item.key == "cpu.ghz").expect("cpu.ghz");
        ghz.expect = Expect::AtLeast(Bound::Fixed(2.0));
        let mut new = ghz.clone();
        new.key = "cpu.ghz_max".into();
        to.items.push(new);
        let told: Vec<_> = diff(&from, &to).iter().map(Difference::to_string).collect();
        let changed = r#"~ cpu.ghz: expect: {"at_least":1.4} → {"at_least":2.0}"#;
        assert_eq!(told, [changed.to_owned(), "+ cpu.ghz_max".into(), format!("- {removed}")]);
    }
}
