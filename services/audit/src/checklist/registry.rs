//! All checklists that are loaded: the ones built in, and those that operations add.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    AuditKind, Checklist, Expect, Expression, Fact, Form, Item, LoadError, Value,
    load::{Parsed, parse},
    overrides::{self, VariantOverride},
};

const BUILT_IN: [(&str, &str); 2] = [
    ("audit-1.toml", include_str!("../../data/audit-1.toml")),
    ("audit-2.toml", include_str!("../../data/audit-2.toml")),
];

/// Values that scheduling gives when an attempt is opened, and expressions may refer to.
pub const VARIANT: &str = "variant";
pub const DATA_CROSSES_LINK: &str = "data_crosses_link";
pub const WINDOW_MIN: &str = "plan.window_min";

/// Values of `variant` to try expressions with: those that are shipped, and another.
const VARIANTS: [&str; 4] = ["hosted", "same_server", "another", "new_server"];

/// More values of an expression's keys than this are not tried all together.
const MOST_TRIALS: usize = 4096;

/// Checklists by audit and version, and what operations set otherwise for variants.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    lists: BTreeMap<(AuditKind, String), Checklist>,
    overrides: Vec<VariantOverride>,
}

impl Registry {
    /// The built-in checklists, every `*.toml` of `folder` if one is given, and `files`.
    /// A file of operations adds a version; it cannot replace one. `overrides.toml` sets other limits for variants.
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
        self.lists.values()
    }

    fn from_files(files: &[(String, String)]) -> Result<Self, LoadError> {
        let mut registry = Self::default();
        let mut read = Vec::new();
        let is_overrides =
            |file: &str| Path::new(file).file_name().is_some_and(|name| name == overrides::FILE);
        let (others, lists): (Vec<_>, Vec<_>) = files.iter().partition(|(file, _)| is_overrides(file));
        for (file, text) in lists {
            let Parsed { list, lines } = parse(file, text)?;
            let id = (list.audit, list.version.clone());
            if registry.lists.contains_key(&id) {
                let problem = format!("audit {} has version {} already", u8::from(id.0), id.1);
                let line = lines.get("version").copied();
                return Err(LoadError { file: file.clone(), line, key: "version".into(), problem });
            }
            read.push((file, lines, id.clone()));
            registry.lists.insert(id, list);
        }
        // What operations add comes first: a newer audit 1 may spoil what the shipped audit 2 refers to.
        for (file, lines, id) in read.into_iter().rev() {
            let at = |key: &str, problem| LoadError {
                file: file.clone(),
                line: lines.get(key).copied(),
                key: key.to_owned(),
                problem,
            };
            let list = &registry.lists[&id];
            for item in &list.items {
                registry.check(list, item).map_err(|problem| at(&item.key, problem))?;
            }
            check_cycles(list).map_err(|(key, problem)| at(&key, problem))?;
        }
        for (file, text) in others {
            let read = overrides::parse(file, text, &registry)?;
            registry.overrides.extend(read);
        }
        Ok(registry)
    }

    /// What holds for the audits of a variant.
    pub fn overrides(&self, audit: AuditKind, variant: &str) -> Vec<VariantOverride> {
        self.overrides.iter().filter(|o| o.audit == audit && o.variant == variant).cloned().collect()
    }

    /// A version of an audit's checklist; an empty version means the newest.
    pub fn get(&self, audit: AuditKind, version: &str) -> Option<&Checklist> {
        if version.is_empty() {
            return self.lists.iter().rev().find(|((a, _), _)| *a == audit).map(|(_, list)| list);
        }
        self.lists.get(&(audit, version.to_owned()))
    }

    /// Every expression refers to something that will have a value, and gives what is asked for with what this can be:
    /// a number as a limit, true or false as a condition.
    fn check(&self, list: &Checklist, item: &Item) -> Result<(), String> {
        let number = Form::Number { unit: String::new(), range: None };
        let bounds = item.expect.bounds().into_iter().map(|bound| (bound, number.clone()));
        let texts = match &item.expect {
            Expect::SameAs(expression) => Some((expression, item.form.clone())),
            Expect::Holds(expression) => Some((expression, Form::Bool)),
            _ => None,
        };
        let computed = item.computed.iter().map(|computed| (computed, item.form.clone()));
        let only = item.only.iter().map(|only| (only, Form::Bool));
        for (expression, form) in bounds.chain(texts).chain(computed).chain(only) {
            self.try_out(list, item, expression, &form)
                .map_err(|problem| format!("{expression}: {problem}"))?;
        }
        let expiring = |key: &String| list.item(key).is_some_and(|input| input.expires_after_days.is_some());
        if item.computed.is_some() && item.expires_after_days.is_some() && !item.inputs().iter().any(expiring)
        {
            return Err("expires_after_days: nothing that it is worked out from expires".into());
        }
        Ok(())
    }

    /// Evaluates it with what its keys can be: with everything together where that is little, else with one after the
    /// other.
    fn try_out(
        &self,
        list: &Checklist,
        item: &Item,
        expression: &Expression,
        form: &Form,
    ) -> Result<(), String> {
        let compiled = expression.compile()?;
        let mut samples = Vec::new();
        for key in &compiled.names {
            samples.push((key.as_str(), self.samples(list, item, key)?));
        }
        let (trials, all) = trials(&samples);
        let mut results: Vec<Value> = Vec::new();
        for trial in trials {
            let known =
                |asked: &str| trial.iter().find(|(key, _)| *key == asked).map(|(_, value)| (*value).clone());
            let with = || {
                let values = trial.iter().map(|(key, value)| format!("{key} = {value}"));
                match values.collect::<Vec<_>>().join(", ") {
                    none if none.is_empty() => none,
                    values => format!(" with {values}"),
                }
            };
            let given = compiled.evaluate(&known).map_err(|e| format!("{}{}", e.problem, with()))?;
            let fits = match form {
                Form::Choice(words) => matches!(&given, Value::Text(word) if words.contains(word)),
                form => form.is_kind_of(&given),
            };
            if !fits {
                return Err(format!("gives {given}{}, and not {form}", with()));
            }
            if !results.contains(&given) {
                results.push(given);
            }
        }
        // 32 if target.version == 2025 else 24, where the version is a text.
        let words = |key: &&str| *key != VARIANT && self.forms(list, key).iter().all(|form| form.is_closed());
        match results.as_slice() {
            [always] if all && !samples.is_empty() && samples.iter().all(|(key, _)| words(key)) => {
                Err(format!("gives {always} whatever its keys are"))
            }
            _ => Ok(()),
        }
    }

    /// Values that a key can have; the last is an ordinary one.
    fn samples(&self, list: &Checklist, item: &Item, key: &str) -> Result<Vec<Value>, String> {
        match key {
            VARIANT => return Ok(VARIANTS.map(|key| Value::Text(key.to_owned())).to_vec()),
            DATA_CROSSES_LINK => return Ok(Form::Bool.samples()),
            WINDOW_MIN => {
                let form = Form::Number { unit: "min".into(), range: Some((60.0, 10_000.0)) };
                return Ok(form.samples());
            }
            _ => self.will_have_a_value(list, item, key)?,
        }
        let mut samples = Vec::new();
        for form in self.forms(list, key) {
            let new = form.samples().into_iter().filter(|value| !samples.contains(value)).collect::<Vec<_>>();
            samples.extend(new);
        }
        Ok(samples)
    }

    /// Refuses a reference to what is not there, or not in every audit in which the item is asked.
    fn will_have_a_value(&self, list: &Checklist, item: &Item, key: &str) -> Result<(), String> {
        let lists = || [list].into_iter().chain(self.before(list));
        let Some(referred) = lists().find_map(|list| list.item(key)) else {
            if lists().any(|list| list.fact(key).is_some()) {
                return Ok(());
            }
            let versions =
                self.before(list).into_iter().map(|list| format!(" of audit 1 ({})", list.version));
            let before = versions.collect::<String>();
            return Err(format!(
                "{key} is neither a fact nor an item{before}, nor {VARIANT}, {DATA_CROSSES_LINK} or {WINDOW_MIN}"
            ));
        };
        match &referred.only {
            Some(only) if item.only != referred.only => {
                return Err(format!("{key} is asked only where {only}, so this must be, too"));
            }
            _ => {}
        }
        if list.item(key).is_none() && referred.waivable {
            return Err(format!("{key} of audit 1 can be waived, and has no value then"));
        }
        Ok(())
    }

    /// The lists of audit 1 that audit 2 counts with: for the newest list the newest. An older one goes on with what it
    /// began with.
    fn before(&self, list: &Checklist) -> Vec<&Checklist> {
        let is_newest = self.get(AuditKind::Two, "").is_some_and(|newest| newest.version == list.version);
        let all = self.lists.values().filter(|other| other.audit == AuditKind::One);
        match list.audit {
            AuditKind::One => Vec::new(),
            AuditKind::Two if is_newest => self.get(AuditKind::One, "").into_iter().collect(),
            AuditKind::Two => all.collect(),
        }
    }

    /// The forms of a key in this list or, from audit 2, in audit 1.
    fn forms<'a>(&'a self, list: &'a Checklist, key: &str) -> Vec<&'a Form> {
        let of = |list: &'a Checklist| {
            list.item(key).map(|Item { form, .. }| form).or(list.fact(key).map(|Fact { form, .. }| form))
        };
        of(list).map_or_else(|| self.before(list).into_iter().filter_map(of).collect(), |form| vec![form])
    }
}

type Samples<'a> = [(&'a str, Vec<Value>)];
type Trial<'a> = Vec<(&'a str, &'a Value)>;

/// Which values are tried together, and whether these are all.
fn trials<'a>(samples: &'a Samples<'a>) -> (Vec<Trial<'a>>, bool) {
    let all = samples.iter().map(|(_, values)| values.len()).try_fold(1, usize::checked_mul);
    if all.is_some_and(|all| all <= MOST_TRIALS) {
        let none: Vec<Trial> = vec![Vec::new()];
        let trials = samples.iter().fold(none, |trials, (key, values)| {
            let with = |trial: Trial<'a>| {
                values.iter().map(move |value| trial.iter().copied().chain([(*key, value)]).collect())
            };
            trials.into_iter().flat_map(with).collect()
        });
        return (trials, true);
    }
    let ordinary: Trial = samples.iter().filter_map(|(key, values)| Some((*key, values.last()?))).collect();
    let one_changed = samples.iter().enumerate().flat_map(|(i, (key, values))| {
        let ordinary = ordinary.clone();
        values.iter().map(move |value| {
            let mut trial = ordinary.clone();
            trial[i] = (*key, value);
            trial
        })
    });
    (one_changed.collect(), false)
}

/// No computed item is worked out from itself, whatever way round.
fn check_cycles(list: &Checklist) -> Result<(), (String, String)> {
    fn follow(list: &Checklist, way: &mut Vec<String>) -> Result<(), (String, String)> {
        let Some(item) = way.last().and_then(|key| list.item(key)) else { return Ok(()) };
        for input in item.inputs() {
            if way.contains(&input) {
                let round = way.iter().skip_while(|key| **key != input).chain([&input]);
                let round = round.map(String::as_str).collect::<Vec<_>>().join(" → ");
                return Err((input.clone(), format!("is worked out from itself: {round}")));
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
