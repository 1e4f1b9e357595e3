//! Reading one checklist file, and what makes it valid on its own.

use std::collections::{BTreeMap, BTreeSet};

pub use platform::data::LoadError;
use platform::data::{Entry, RawEntry, Source};
use serde::Deserialize;

use super::{
    AuditKind, Bound, Checklist, Expect, Expression, Fact, FixTemplate, Form, Item, Section, Severity, Text,
    Value, expression::FUNCTIONS,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChecklist {
    audit: u8,
    version: String,
    title: Text,
    section: Vec<Section>,
    #[serde(default)]
    fact: Vec<RawEntry>,
    item: Vec<RawEntry>,
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
    help: Option<Text>,
    kind: String,
    unit: Option<String>,
    values: Option<Vec<String>>,
    range: Option<(f64, f64)>,
    computed: Option<Expression>,
    expect: Expect,
    severity: Severity,
    waivable: Option<bool>,
    only: Option<Expression>,
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

/// One file as read, with the line in which each entry begins.
pub struct Parsed {
    pub list: Checklist,
    pub lines: BTreeMap<String, usize>,
}

/// Reads one file and checks what can be seen in it alone.
pub fn parse(file: &str, text: &str) -> Result<Parsed, LoadError> {
    let source = Source { file, text };
    let raw: RawChecklist = source.read()?;
    let audit = AuditKind::try_from(raw.audit).map_err(|e| source.at(None, "audit").error(e))?;

    let mut list = Checklist {
        audit,
        version: raw.version,
        title: raw.title,
        sections: raw.section,
        facts: Vec::new(),
        items: Vec::new(),
        fix: raw.fix,
    };
    let (mut keys, mut lines) = (BTreeSet::new(), BTreeMap::new());
    for raw in raw.fact {
        let Entry { place, value } = source.entry(raw)?;
        lines.entry(place.key.clone()).or_insert(place.line.unwrap_or_default());
        let fact = read_fact(value, &list, &mut keys);
        list.facts.push(fact.map_err(|e| place.error(e))?);
    }
    for raw in raw.item {
        let Entry { place, value } = source.entry(raw)?;
        lines.entry(place.key.clone()).or_insert(place.line.unwrap_or_default());
        let item = read_item(value, &list, &mut keys);
        list.items.push(item.map_err(|e| place.error(e))?);
    }
    check_list(&list).map_err(|(key, problem)| source.at(None, key).error(problem))?;
    Ok(Parsed { list, lines })
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
        Some(value) if !form.accepts(value) => Err(format!("default {value} is not {form}")),
        _ => Ok(Fact { key: raw.key, section: raw.section, question: raw.question, form, default }),
    }
}

fn read_item(raw: RawItem, list: &Checklist, keys: &mut BTreeSet<String>) -> Result<Item, String> {
    check_entry(&raw.key, &raw.section, &raw.question, list, keys)?;
    let form = read_form(&raw.kind, raw.unit, raw.values, raw.range)?;
    check_expect(&raw.expect, &form)?;
    if raw.help.as_ref().is_some_and(|help| !in_both_languages(help)) {
        return Err("the help is needed in both languages".into());
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
        help: raw.help,
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
    let first = key.split('.').next().unwrap_or_default();
    if ["fix", "plan"].contains(&first) || FUNCTIONS.contains(&first) {
        return Err(format!("{first}.… is made by the service"));
    }
    let is_inside =
        |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    if let Some(other) = keys.iter().find(|other| is_inside(other, key) || is_inside(key, other)) {
        return Err(format!("one of {other} and {key} begins with the other"));
    }
    if !keys.insert(key.to_owned()) {
        return Err("the key is there twice".into());
    }
    if !list.sections.iter().any(|s| s.key == section) {
        return Err(format!("there is no section {section}"));
    }
    if !in_both_languages(question) {
        return Err("the question is needed in both languages".into());
    }
    Ok(())
}

fn in_both_languages(text: &Text) -> bool {
    !text.pl.trim().is_empty() && !text.en.trim().is_empty()
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
        "number" if range.is_some_and(|(low, high)| !low.is_finite() || !high.is_finite()) => {
            Err("range has finite ends".into())
        }
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
        Expect::Holds(_) | Expect::Recorded => true,
        _ => matches!(form, Form::Number { .. }),
    };
    if !fits {
        return Err("expect does not go with this kind".into());
    }
    if !expect.is_finite() {
        return Err("a limit is a finite number".into());
    }
    match (expect, form) {
        (Expect::OneOf(words), Form::Choice(values)) => match words.iter().find(|w| !values.contains(w)) {
            Some(word) => Err(format!("expected {word} is not among the values")),
            None if words.is_empty() => Err("one_of is empty".into()),
            None => Ok(()),
        },
        (Expect::Tiers { good_below: Bound::Fixed(good), blocking_from: Bound::Fixed(blocking) }, _)
            if good > blocking =>
        {
            Err("blocking_from lies below good_below".into())
        }
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
