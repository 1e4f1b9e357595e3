//! Sections with their facts and items, as rows of tables.

use proto::{
    audit::v1::{Origin, ReportFact, ReportItem, ReportSection, ReportValue, Verdict},
    common::v1::File,
};
use serde::Serialize;

use crate::{
    Language,
    breaks::{divided, measure},
    entry::is_long,
};

#[derive(Serialize)]
pub struct Section {
    title: String,
    facts: Vec<Row>,
    items: Vec<Row>,
}

/// A fact has no limit and no verdict.
#[derive(Serialize)]
struct Row {
    key: String,
    question: String,
    value: String,
    limit: String,
    verdict: &'static str,
    /// How it is shown beside its words: "good", "bad", "open" or "plain".
    look: &'static str,
    /// Where it comes from, in small print.
    remarks: Vec<String>,
    note: String,
    /// A value that is too long for its column, which has its beginning only.
    whole: String,
    /// Whether it may go on overleaf.
    long: bool,
}

/// Characters of a value that its column shows.
const LONGEST_VALUE: usize = 100;

pub fn section(section: &ReportSection, language: Language) -> Section {
    Section {
        title: divided(language.text(section.title.as_ref())),
        facts: section.facts.iter().map(|f| fact(f, language)).collect(),
        items: section.items.iter().map(|i| item(i, language)).collect(),
    }
}

fn fact(fact: &ReportFact, language: Language) -> Row {
    Row {
        key: divided(&fact.key),
        question: divided(language.text(fact.question.as_ref())),
        limit: String::new(),
        verdict: "",
        look: "plain",
        remarks: fact.value.as_ref().map(|value| origin(value, language)).unwrap_or_default(),
        ..shown(fact.value.as_ref(), language)
    }
}

fn item(item: &ReportItem, language: Language) -> Row {
    let remarks = remarks(item, language);
    let shown = shown(item.value.as_ref(), language);
    let long = shown.long || is_long(remarks.iter().map(String::as_str));
    Row {
        key: divided(&item.key),
        question: divided(language.text(item.question.as_ref())),
        limit: measure(language.text(item.limit.as_ref())),
        verdict: language.verdict(item.verdict()),
        look: look(item.verdict()),
        remarks,
        long,
        ..shown
    }
}

/// The value and its note; the rest is the caller's.
fn shown(value: Option<&ReportValue>, language: Language) -> Row {
    let note = value.map(|v| v.note.as_str()).unwrap_or_default();
    let text = value.map(|v| language.text(v.text.as_ref())).unwrap_or_default();
    let (value, whole) = match text.char_indices().nth(LONGEST_VALUE) {
        None => (measure(text), String::new()),
        Some((at, _)) => (divided(&format!("{}…", &text[..at])), divided(text)),
    };
    Row {
        key: String::new(),
        question: String::new(),
        value,
        whole,
        limit: String::new(),
        verdict: "",
        look: "plain",
        remarks: Vec::new(),
        note: divided(note),
        long: is_long([note, text]),
    }
}

fn look(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "good",
        Verdict::FailedMinor | Verdict::FailedBlocking => "bad",
        Verdict::Missing | Verdict::Waiting => "open",
        Verdict::Unspecified | Verdict::Waived | Verdict::NotApplicable => "plain",
    }
}

fn remarks(item: &ReportItem, language: Language) -> Vec<String> {
    let mut remarks = item.value.as_ref().map(|value| origin(value, language)).unwrap_or_default();
    if item.finding != 0 {
        remarks.push(format!("{} {}", language.say("zagadnienie nr", "finding no."), item.finding));
    }
    if let Some(until) = &item.valid_until {
        remarks.push(format!("{} {}", language.say("ważne do", "holds until"), language.last_day(until)));
    }
    if item.waiver.is_some() {
        remarks.push(language.say("odstępstwo: patrz wyżej", "waiver: see above").to_owned());
    }
    if item.limit_override.is_some() {
        remarks.push(language.say("inny próg: patrz wyżej", "another limit: see above").to_owned());
    }
    let attached = item.attachments.iter().filter_map(|attached| attached.file.as_ref());
    remarks.extend(files(attached, language));
    if let Some(again) = &item.refreshed {
        let what = language.say("zmierzono ponownie po zakończeniu", "measured again after the conclusion");
        let value = measure(language.text(again.text.as_ref()));
        remarks.push(format!("{what}: {value} ({})", origin(again, language).join(", ")));
    }
    remarks
}

/// When a value was measured, by whom or what, and where it comes from.
fn origin(value: &ReportValue, language: Language) -> Vec<String> {
    let mut remarks = Vec::new();
    if value.by_default {
        remarks.push(language.say("wartość domyślna", "the default").to_owned());
    }
    if value.computed {
        remarks.push(language.say("obliczone", "worked out").to_owned());
    }
    let at = value.measured_at.as_ref().map(|at| language.instant(at));
    let by = match (&value.origin, &value.recorded_by) {
        (Some(origin), _) => Some(collector(origin, language)),
        (None, Some(by)) => Some(language.actor(Some(by))),
        (None, None) => None,
    };
    remarks.extend([at, by].into_iter().flatten());
    if value.carried_from_number != 0 {
        let from = language.say("przeniesione z podejścia", "carried over from attempt");
        remarks.push(format!("{from} {}", value.carried_from_number));
    }
    remarks
}

/// "załączniki: zdjęcie.png, dziennik.txt"; nothing where there are none.
pub fn files<'a>(files: impl IntoIterator<Item = &'a File>, language: Language) -> Option<String> {
    names(files).map(|names| format!("{}: {names}", language.say("załączniki", "files")))
}

/// "zdjęcie.png, dziennik.txt"; nothing where there are none.
pub fn names<'a>(files: impl IntoIterator<Item = &'a File>) -> Option<String> {
    let names: Vec<_> = files.into_iter().map(|file| divided(&file.display_name)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// "collect 1.2 na SRV-01"
pub fn collector(origin: &Origin, language: Language) -> String {
    let Origin { collector, version, host } = origin;
    let program = format!("{collector} {version}");
    divided(&format!("{} {} {host}", program.trim_end(), language.say("na", "on")))
}
