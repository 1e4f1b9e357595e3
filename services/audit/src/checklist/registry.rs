//! All checklists that are loaded: the ones built in, and those that operations add.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    AuditKind, Checklist, Expect, Expression, Fact, Form, Item, LoadError, Value,
    load::{Parsed, parse},
};

const BUILT_IN: [(&str, &str); 2] = [
    ("audit-1.toml", include_str!("../../data/audit-1.toml")),
    ("audit-2.toml", include_str!("../../data/audit-2.toml")),
];

/// Values that scheduling gives when an attempt is opened, and expressions may refer to.
pub const VARIANT: &str = "variant";
pub const DATA_CROSSES_LINK: &str = "data_crosses_link";
pub const WINDOW_MIN: &str = "plan.window_min";

/// Checklists by audit and version.
#[derive(Clone, Debug)]
pub struct Registry(BTreeMap<(AuditKind, String), Checklist>);

impl Registry {
    /// The built-in checklists, every `*.toml` of `folder` if one is given, and `files`.
    /// A file of operations adds a version; it cannot replace one.
    ///
    /// # Errors
    /// The first checklist that is not valid, with its file, line and key.
    pub fn load(folder: Option<&Path>, files: &[PathBuf]) -> Result<Self, LoadError> {
        let mut texts = BUILT_IN.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        let unreadable = |path: &Path, e: std::io::Error| LoadError {
            file: path.display().to_string(),
            line: None,
            key: String::new(),
            problem: e.to_string(),
        };
        if let Some(folder) = folder {
            texts.extend(read_folder(folder).map_err(|e| unreadable(folder, e))?);
        }
        for path in files {
            let text = fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
            texts.push((path.display().to_string(), text));
        }
        Self::from_files(&texts)
    }

    /// By audit, then by version.
    pub fn all(&self) -> impl Iterator<Item = &Checklist> {
        self.0.values()
    }

    fn from_files(files: &[(String, String)]) -> Result<Self, LoadError> {
        let mut registry = Self(BTreeMap::new());
        let mut read = Vec::new();
        for (file, text) in files {
            let Parsed { list, lines } = parse(file, text)?;
            let id = (list.audit, list.version.clone());
            if registry.0.contains_key(&id) {
                let problem = format!("audit {} has version {} already", u8::from(id.0), id.1);
                return Err(LoadError { file: file.clone(), line: None, key: "version".into(), problem });
            }
            read.push((file, lines, id.clone()));
            registry.0.insert(id, list);
        }
        for (file, lines, id) in read {
            let at = |key: &str, problem| LoadError {
                file: file.clone(),
                line: lines.get(key).copied(),
                key: key.to_owned(),
                problem,
            };
            let list = &registry.0[&id];
            for item in &list.items {
                registry.check(list, item).map_err(|problem| at(&item.key, problem))?;
            }
            check_cycles(list).map_err(|(key, problem)| at(&key, problem))?;
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

    /// Every expression refers to something that can have a value, and gives what is asked for with each value that
    /// this can have: a number as a limit, true or false as a condition. What depends on two of them at once can still
    /// go wrong later.
    fn check(&self, list: &Checklist, item: &Item) -> Result<(), String> {
        let number = Form::Number { unit: String::new(), range: None };
        let bounds = item.expect.bounds().into_iter().map(|bound| (bound, number.clone()));
        let texts = match &item.expect {
            Expect::SameAs(expression) => Some((expression, Form::Text)),
            Expect::Holds(expression) => Some((expression, Form::Bool)),
            _ => None,
        };
        let computed = item.computed.iter().map(|computed| (computed, item.form.clone()));
        let only = item.only.iter().map(|only| (only, Form::Bool));
        for (expression, form) in bounds.chain(texts).chain(computed).chain(only) {
            self.try_out(list, expression, &form).map_err(|problem| format!("{expression}: {problem}"))?;
        }
        Ok(())
    }

    /// Evaluates it with the ends of what each key can be, one key after the other.
    fn try_out(&self, list: &Checklist, expression: &Expression, form: &Form) -> Result<(), String> {
        let mut samples = BTreeMap::new();
        for key in expression.references()? {
            let values = self.samples(list, &key).ok_or_else(|| {
                format!(
                    "{key} is neither a fact nor an item, nor {VARIANT}, {DATA_CROSSES_LINK} or {WINDOW_MIN}"
                )
            })?;
            samples.insert(key, values);
        }
        let (none, all) = ((String::new(), Vec::new()), samples.clone());
        for (key, values) in all.iter().chain([(&none.0, &none.1)]) {
            for value in values.iter().map(Some).chain([None]) {
                let known = |asked: &str| match value {
                    Some(value) if asked == key => Some(value.clone()),
                    _ => samples.get(asked)?.last().cloned(),
                };
                let with = || value.map(|value| format!(" with {key} = {value}")).unwrap_or_default();
                let given = expression.evaluate(&known).map_err(|e| format!("{}{}", e.problem, with()))?;
                if !form.is_kind_of(&given) {
                    return Err(format!("gives {given}{}, and not {form}", with()));
                }
            }
        }
        Ok(())
    }

    /// Values that a key of this list or, from audit 2, of any audit 1 list can have; the last is an ordinary one.
    fn samples(&self, list: &Checklist, key: &str) -> Option<Vec<Value>> {
        if key == VARIANT {
            return Some(vec![Value::Text("new_server".into())]);
        }
        let form = match key {
            DATA_CROSSES_LINK => &Form::Bool,
            WINDOW_MIN => &Form::Number { unit: "min".into(), range: Some((60.0, 10_000.0)) },
            _ => self.form_of(list, key)?,
        };
        Some(match form {
            Form::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Form::Number { range, .. } => {
                let (low, high) = range.unwrap_or((-1e9, 1e9));
                let within = [low, high, 0.0, 1.0].into_iter().filter(|n| (low..=high).contains(n));
                within.map(Value::Number).collect()
            }
            Form::Choice(words) => words.iter().cloned().map(Value::Text).collect(),
            Form::Text => vec![Value::Text("Polish_CI_AS".into())],
            Form::Date => vec![Value::Date(jiff::civil::date(2027, 1, 4))],
        })
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

/// No computed item is worked out from itself, whatever way round.
fn check_cycles(list: &Checklist) -> Result<(), (String, String)> {
    fn follow(list: &Checklist, way: &mut Vec<String>) -> Result<(), (String, String)> {
        let Some(item) = way.last().and_then(|key| list.item(key)) else { return Ok(()) };
        for input in item.inputs() {
            if way.contains(&input) {
                let round = way.iter().skip_while(|key| **key != input).chain([&input]);
                let round = round.map(String::as_str).collect::<Vec<_>>().join(" → ");
                return Err((way[0].clone(), format!("is worked out from itself: {round}")));
            }
            way.push(input);
            follow(list, way)?;
            way.pop();
        }
        Ok(())
    }
    list.items.iter().try_for_each(|item| follow(list, &mut vec![item.key.clone()]))
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
