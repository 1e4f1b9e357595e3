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
    let keys: BTreeSet<&str> = to.keys().collect();
    let mut differences = Vec::new();
    for key in to.keys() {
        match (fields(from, key), fields(to, key)) {
            (Some(from), Some(to)) => differences.extend(changed(key, &from, &to)),
            _ => differences.push(Difference::Added(key.to_owned())),
        }
    }
    let removed = from.keys().filter(|key| !keys.contains(key));
    differences.extend(removed.map(|key| Difference::Removed(key.to_owned())));
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

fn fields(list: &Checklist, key: &str) -> Option<Map<String, Value>> {
    fn of(entry: &impl Serialize) -> Option<Map<String, Value>> {
        serde_json::to_value(entry).ok()?.as_object().cloned()
    }
    list.item(key).and_then(of).or_else(|| list.fact(key).and_then(of))
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
