//! A checklist as the contract's messages.

use proto::audit::v1 as pb;

use super::{Checklist, Fact, Form, Item};
use crate::audit::{names, view::severity};

pub fn checklist(list: &Checklist) -> pb::Checklist {
    pb::Checklist {
        name: names::checklist(list),
        audit: i32::from(u8::from(list.audit)),
        version: list.version.clone(),
        title: Some(list.title.clone().into()),
        sections: sections(list),
        facts: list.facts.iter().map(fact).collect(),
        items: list.items.iter().map(item).collect(),
    }
}

pub fn sections(list: &Checklist) -> Vec<pb::Section> {
    let section =
        |s: &super::Section| pb::Section { key: s.key.clone(), title: Some(s.title.clone().into()) };
    list.sections.iter().map(section).collect()
}

pub fn fact(fact: &Fact) -> pb::ChecklistFact {
    pb::ChecklistFact {
        key: fact.key.clone(),
        section: fact.section.clone(),
        question: Some(fact.question.clone().into()),
        form: Some(form(&fact.form)),
        default_value: fact.default.as_ref().map(|v| v.to_string()).unwrap_or_default(),
    }
}

pub fn item(item: &Item) -> pb::ChecklistItem {
    pb::ChecklistItem {
        key: item.key.clone(),
        section: item.section.clone(),
        question: Some(item.question.clone().into()),
        form: Some(form(&item.form)),
        expectation: item.expect.to_string(),
        severity: severity(item.severity).into(),
        waivable: item.waivable,
        computed_from: item.inputs().into_iter().collect(),
        computed: item.computed.as_ref().map(|computed| computed.to_string()).unwrap_or_default(),
        only_if: item.only.as_ref().map(|only| only.to_string()).unwrap_or_default(),
        help: item.help.clone().map(Into::into),
        expires_after_days: item.expires_after_days.map_or(0, i32::from),
        note_required: item.note_required,
        source: item.source.clone(),
    }
}

fn form(form: &Form) -> pb::ValueForm {
    let of = |kind: pb::ValueKind| pb::ValueForm { kind: kind.into(), ..pb::ValueForm::default() };
    match form {
        Form::Bool => of(pb::ValueKind::Bool),
        Form::Number { unit, range } => pb::ValueForm {
            unit: unit.clone(),
            minimum: range.map(|(low, _)| low),
            maximum: range.map(|(_, high)| high),
            ..of(pb::ValueKind::Number)
        },
        Form::Choice(choices) => pb::ValueForm { choices: choices.clone(), ..of(pb::ValueKind::Choice) },
        Form::Text => of(pb::ValueKind::Text),
        Form::Date => of(pb::ValueKind::Date),
    }
}
