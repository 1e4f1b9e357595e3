//! All checklists that are loaded: the ones built in, and those that operations add.

use std::{collections::BTreeMap, fs, path::Path};

use super::{AuditKind, Checklist, Fact, Form, Item, LoadError, judge::Bound, judge::Expect, load::parse};

const BUILT_IN: [(&str, &str); 2] = [
    ("audit-1.toml", include_str!("../../data/audit-1.toml")),
    ("audit-2.toml", include_str!("../../data/audit-2.toml")),
];

/// Values that scheduling gives when an attempt is opened, and limits may refer to.
pub const VARIANT: &str = "variant";
pub const WINDOW_MIN: &str = "plan.window_min";

/// Checklists by audit and version.
#[derive(Clone, Debug)]
pub struct Registry(BTreeMap<(AuditKind, String), Checklist>);

impl Registry {
    /// The built-in checklists, and every `*.toml` of `folder` if one is given.
    /// A file of operations adds a version; it cannot replace one.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut files = BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        if let Some(folder) = folder {
            files.extend(read_folder(folder).map_err(|e| LoadError {
                file: folder.display().to_string(),
                key: String::new(),
                problem: e.to_string(),
            })?);
        }
        Self::from_files(&files)
    }

    fn from_files(files: &[(String, String)]) -> Result<Self, LoadError> {
        let mut registry = Self(BTreeMap::new());
        let mut origin = Vec::new();
        for (file, text) in files {
            let list = parse(file, text)?;
            let id = (list.audit, list.version.clone());
            if registry.0.contains_key(&id) {
                let problem = format!("audit {} has version {} already", u8::from(id.0), id.1);
                return Err(LoadError { file: file.clone(), key: "version".into(), problem });
            }
            origin.push((file, id.clone()));
            registry.0.insert(id, list);
        }
        for (file, id) in origin {
            registry.check_references(file, &registry.0[&id])?;
        }
        Ok(registry)
    }

    /// A version of an audit's checklist; an empty version means the newest.
    pub fn get(&self, audit: AuditKind, version: &str) -> Option<&Checklist> {
        if version.is_empty() {
            return self.0.iter().rev().find(|((a, _), _)| *a == audit).map(|(_, list)| list);
        }
        self.0.get(&(audit, version.to_owned()))
    }

    /// Every limit refers to something that a value can be known of, and numbers to numbers.
    fn check_references(&self, file: &str, list: &Checklist) -> Result<(), LoadError> {
        for item in &list.items {
            let error = |problem| Err(LoadError { file: file.to_owned(), key: item.key.clone(), problem });
            let inputs = item.computed.as_ref().map(|c| c.inputs()).unwrap_or_default();
            for key in item.expect.references().into_iter().chain(inputs) {
                if key != VARIANT && key != WINDOW_MIN && self.form_of(list, key).is_none() {
                    return error(format!("refers to {key}, which is neither a fact nor an item"));
                }
            }
            for key in numbers(item) {
                if key != WINDOW_MIN && !matches!(self.form_of(list, key), Some(Form::Number { .. })) {
                    return error(format!("needs a number, and {key} is none"));
                }
            }
        }
        Ok(())
    }

    /// The form of a key of this list or, from audit 2, of any audit 1 list.
    fn form_of<'a>(&'a self, list: &'a Checklist, key: &str) -> Option<&'a Form> {
        let of = |list: &'a Checklist| {
            list.item(key).map(|Item { form, .. }| form).or(list.fact(key).map(|Fact { form, .. }| form))
        };
        of(list).or_else(|| {
            let from_audit_1 = list.audit == AuditKind::Two;
            self.0.values().filter(|other| from_audit_1 && other.audit == AuditKind::One).find_map(of)
        })
    }
}

fn numbers(item: &Item) -> Vec<&str> {
    let bounds = match &item.expect {
        Expect::Equals(b) | Expect::AtLeast(b) | Expect::AtMost(b) | Expect::Below(b) => vec![b],
        Expect::Between(low, high) => vec![low, high],
        _ => Vec::new(),
    };
    bounds
        .into_iter()
        .filter_map(|b| if let Bound::Of(reference) = b { Some(reference.of.as_str()) } else { None })
        .collect()
}

fn read_folder(folder: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
