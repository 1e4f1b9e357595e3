//! Reading one checklist file, and what makes it valid on its own.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    AuditKind, Checklist, Computed, Condition, Expect, Fact, FixTemplate, Form, Item, Section, Severity,
    Text, Value,
};

/// A checklist that cannot be used: which file, which key in it (empty: the file as a whole) and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{problem}", if key.is_empty() { String::new() } else { format!("{key}: ") })]
pub struct LoadError {
    pub file: String,
    pub key: String,
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChecklist {
    audit: u8,
    version: String,
    title: Text,
    section: Vec<Section>,
    #[serde(default)]
    fact: Vec<toml::Table>,
    item: Vec<toml::Table>,
    fix: Option<FixTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFact {
    key: String,
    section: String,
    question: Text,
    kind: String,
    unit: Option<String>,
    values: Option<Vec<String>>,
    range: Option<(f64, f64)>,
    default: Option<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    key: String,
    section: String,
    question: Text,
    kind: String,
    unit: Option<String>,
    values: Option<Vec<String>>,
    range: Option<(f64, f64)>,
    computed: Option<Computed>,
    expect: Expect,
    severity: Severity,
    waivable: Option<bool>,
    only: Option<Condition>,
    expires_after_days: Option<u16>,
    #[serde(default)]
    note_required: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawValue {
    Bool(bool),
    Number(f64),
    Text(String),
}

/// Reads and checks one file.
pub fn parse(file: &str, text: &str) -> Result<Checklist, LoadError> {
    let error =
        |key: &str, problem: String| LoadError { file: file.to_owned(), key: key.to_owned(), problem };
    let raw: RawChecklist = toml::from_str(text).map_err(|e| error("", e.to_string()))?;
    let audit = AuditKind::try_from(raw.audit).map_err(|e| error("audit", e))?;

    let mut list = Checklist {
        audit,
        version: raw.version,
        title: raw.title,
        sections: raw.section,
        facts: Vec::new(),
        items: Vec::new(),
        fix: raw.fix,
    };
    let mut keys = BTreeSet::new();
    for table in raw.fact {
        let key = key_of(&table);
        let fact =
            typed(table).and_then(|raw| read_fact(raw, &list, &mut keys)).map_err(|e| error(&key, e))?;
        list.facts.push(fact);
    }
    for table in raw.item {
        let key = key_of(&table);
        let item =
            typed(table).and_then(|raw| read_item(raw, &list, &mut keys)).map_err(|e| error(&key, e))?;
        list.items.push(item);
    }
    check_list(&list).map_err(|(key, problem)| error(key, problem))?;
    Ok(list)
}

fn key_of(table: &toml::Table) -> String {
    table.get("key").and_then(toml::Value::as_str).unwrap_or("an entry without a key").to_owned()
}

fn typed<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    toml::Value::Table(table).try_into().map_err(|e: toml::de::Error| e.message().to_owned())
}

fn read_fact(raw: RawFact, list: &Checklist, keys: &mut BTreeSet<String>) -> Result<Fact, String> {
    check_entry(&raw.key, &raw.section, &raw.question, list, keys)?;
    let form = read_form(&raw.kind, raw.unit, raw.values, raw.range)?;
    let default = raw.default.map(|value| match value {
        RawValue::Bool(v) => Value::Bool(v),
        RawValue::Number(v) => Value::Number(v),
        RawValue::Text(v) => Value::Text(v),
    });
    match &default {
        Some(value) if !form.accepts(value, form.unit()) => Err(format!("default {value} is not {form}")),
        _ => Ok(Fact { key: raw.key, section: raw.section, question: raw.question, form, default }),
    }
}

fn read_item(raw: RawItem, list: &Checklist, keys: &mut BTreeSet<String>) -> Result<Item, String> {
    check_entry(&raw.key, &raw.section, &raw.question, list, keys)?;
    let form = read_form(&raw.kind, raw.unit, raw.values, raw.range)?;
    check_expect(&raw.expect, &form)?;
    if raw.computed.is_some() && form != Form::Bool {
        return Err("a computed item is a bool".into());
    }
    if raw.expires_after_days == Some(0) {
        return Err("expires_after_days is at least 1".into());
    }
    if raw.source.trim().is_empty() {
        return Err("source is empty".into());
    }
    let never = never_waivable(&raw.key, &raw.section);
    if never && raw.waivable == Some(true) {
        return Err("link acceptance, inst.installed and lic.assigned are never waivable".into());
    }
    let mut item = Item {
        key: raw.key,
        section: raw.section,
        question: raw.question,
        form,
        computed: raw.computed,
        expect: raw.expect,
        severity: raw.severity,
        waivable: false,
        only: raw.only,
        expires_after_days: raw.expires_after_days,
        note_required: raw.note_required,
        source: raw.source,
    };
    item.waivable = raw.waivable.unwrap_or(!never && !item.can_block());
    Ok(item)
}

fn never_waivable(key: &str, section: &str) -> bool {
    section == "link" || key.starts_with("link.") || ["inst.installed", "lic.assigned"].contains(&key)
}

fn check_entry(
    key: &str,
    section: &str,
    question: &Text,
    list: &Checklist,
    keys: &mut BTreeSet<String>,
) -> Result<(), String> {
    let well_formed = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if !key.contains('.') || !key.split('.').all(well_formed) {
        return Err("a key is lower-case words joined by dots".into());
    }
    if key.starts_with("fix.") || key.starts_with("plan.") {
        return Err("fix.… and plan.… are made by the service".into());
    }
    if !keys.insert(key.to_owned()) {
        return Err("the key is there twice".into());
    }
    if !list.sections.iter().any(|s| s.key == section) {
        return Err(format!("there is no section {section}"));
    }
    if question.pl.trim().is_empty() || question.en.trim().is_empty() {
        return Err("the question is needed in both languages".into());
    }
    Ok(())
}

fn read_form(
    kind: &str,
    unit: Option<String>,
    values: Option<Vec<String>>,
    range: Option<(f64, f64)>,
) -> Result<Form, String> {
    if kind != "number" && (unit.is_some() || range.is_some()) {
        return Err("unit and range belong to numbers".into());
    }
    if kind != "choice" && values.is_some() {
        return Err("values belong to choices".into());
    }
    match kind {
        "bool" => Ok(Form::Bool),
        "text" => Ok(Form::Text),
        "date" => Ok(Form::Date),
        "number" if range.is_some_and(|(low, high)| low > high) => Err("range ends before it starts".into()),
        "number" => Ok(Form::Number { unit: unit.unwrap_or_default(), range }),
        "choice" => match values {
            Some(values) if !values.is_empty() => Ok(Form::Choice(values)),
            _ => Err("a choice needs values".into()),
        },
        other => Err(format!("kind {other} is none of bool, number, choice, text, date")),
    }
}

fn check_expect(expect: &Expect, form: &Form) -> Result<(), String> {
    let fits = match expect {
        Expect::Is(_) => matches!(form, Form::Bool),
        Expect::OneOf(_) => matches!(form, Form::Choice(_)),
        Expect::SameAs(_) => matches!(form, Form::Choice(_) | Form::Text),
        Expect::Recorded => true,
        _ => matches!(form, Form::Number { .. }),
    };
    if !fits {
        return Err("expect does not go with this kind".into());
    }
    match (expect, form) {
        (Expect::OneOf(words), Form::Choice(values)) => match words.iter().find(|w| !values.contains(w)) {
            Some(word) => Err(format!("expected {word} is not among the values")),
            None if words.is_empty() => Err("one_of is empty".into()),
            None => Ok(()),
        },
        (Expect::Tiers { good_below, blocking_from }, _) if good_below > blocking_from => {
            Err("blocking_from lies below good_below".into())
        }
        (Expect::SameAs(keys), _) if keys.is_empty() => Err("same_as is empty".into()),
        _ => Ok(()),
    }
}

fn check_list(list: &Checklist) -> Result<(), (&'static str, String)> {
    if list.version.trim().is_empty() {
        return Err(("version", "the version is empty".into()));
    }
    match (&list.fix, list.audit) {
        (None, AuditKind::One) => Ok(()),
        (Some(fix), AuditKind::Two) if !list.sections.iter().any(|s| s.key == fix.section) => {
            Err(("fix", format!("there is no section {}", fix.section)))
        }
        (Some(fix), AuditKind::Two)
            if [&fix.question.pl, &fix.question.en].iter().any(|q| !q.contains("{question}")) =>
        {
            Err(("fix", "the question lacks {question}".into()))
        }
        (Some(_), AuditKind::Two) => Ok(()),
        _ => Err(("fix", "audit 2 has the template of corrections, audit 1 has none".into())),
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
