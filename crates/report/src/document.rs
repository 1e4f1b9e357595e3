//! What the template is given: a report's texts in one language, in the order in which they are read.

use proto::audit::v1::{AuditReport, MissingValue, Verdict};
use serde::Serialize;

use crate::{
    Language,
    breaks::divided,
    details::details,
    entry::Entry,
    exceptions::exceptions,
    findings::{self, Group},
    items::{self, Section},
    outcome::{Outcome, outcome},
};

#[derive(Serialize)]
pub struct Document {
    language: &'static str,
    /// As readers of PDF show it in their window.
    title: String,
    heading: String,
    company: String,
    /// At the top of each page but the first.
    running_company: String,
    running: String,
    read_at: String,
    outcome: Outcome,
    /// How many items stand how.
    counts: Vec<[String; 2]>,
    details: Vec<[String; 2]>,
    missing: Vec<Missing>,
    findings: Vec<Group>,
    exceptions: Vec<Entry>,
    sections: Vec<Section>,
    words: Words,
}

/// What an audit without a result still needs.
#[derive(Serialize)]
struct Missing {
    question: String,
    key: String,
    why: String,
}

/// The template's own words.
#[derive(Serialize)]
struct Words {
    contents: &'static str,
    missing: &'static str,
    needed: &'static str,
    exceptions: &'static str,
    item: &'static str,
    fact: &'static str,
    value: &'static str,
    limit: &'static str,
    verdict: &'static str,
    note: &'static str,
    read_at: &'static str,
}

impl Document {
    pub fn new(report: &AuditReport, language: Language) -> Self {
        let heading = language.text(report.title.as_ref()).to_owned();
        let attempt = format!("{} {}", language.say("podejście", "attempt"), report.number);
        let company = match report.company.as_str() {
            "" => format!("{} {}", language.say("Projekt", "Project"), project(report)),
            name => name.to_owned(),
        };
        Self {
            language: language.key(),
            title: format!("{heading}, {attempt}: {company}"),
            running_company: shortened(&company),
            running: format!("{heading}, {attempt}"),
            heading: divided(&heading),
            company: divided(&company),
            read_at: report.read_at.as_ref().map(|at| language.instant(at)).unwrap_or_default(),
            outcome: outcome(report, language),
            counts: counts(report, language),
            details: details(report, language),
            missing: report.missing.iter().map(|value| missing(value, language)).collect(),
            findings: findings::groups(&report.findings, language),
            exceptions: exceptions(report, language),
            sections: report.sections.iter().map(|section| items::section(section, language)).collect(),
            words: words(language),
        }
    }
}

fn words(language: Language) -> Words {
    Words {
        contents: language.say("Punkty audytu", "Items of the audit"),
        missing: language.say("Czego jeszcze brakuje", "What is still missing"),
        needed: language.say("Brakuje", "Missing"),
        exceptions: language.say("Odstępstwa i inne progi", "Waivers and other limits"),
        item: language.say("Punkt", "Item"),
        fact: language.say("Fakt", "Fact"),
        value: language.say("Wartość", "Value"),
        limit: language.say("Wymagane", "Required"),
        verdict: language.say("Ocena", "Judgement"),
        note: language.say("Uwaga:", "Note:"),
        read_at: language.say("Stan na", "As of"),
    }
}

/// The id, without what is before it.
pub fn project(report: &AuditReport) -> &str {
    report.project.rsplit('/').next().unwrap_or_default()
}

/// On one line.
fn shortened(company: &str) -> String {
    const LONGEST: usize = 60;
    let company = company.split_whitespace().collect::<Vec<_>>().join(" ");
    match company.char_indices().nth(LONGEST) {
        None => divided(&company),
        Some((at, _)) => divided(&format!("{}…", company[..at].trim_end())),
    }
}

fn missing(value: &MissingValue, language: Language) -> Missing {
    let needs = value.waits_for.join(", ");
    let why = match (needs.as_str(), value.problem.as_str()) {
        ("", "") => language.say("brak wartości", "no value").to_owned(),
        (needs, "") => format!("{} {needs}", language.say("czeka na:", "waits for:")),
        (needs, problem) => {
            format!("{}: {needs} ({problem})", language.say("nie można ocenić", "cannot be judged"))
        }
    };
    Missing {
        question: divided(language.text(value.question.as_ref())),
        key: divided(&value.key),
        why: divided(&why),
    }
}

/// One number for each verdict that occurs; all items together are the last one.
fn counts(report: &AuditReport, language: Language) -> Vec<[String; 2]> {
    let items: Vec<_> = report.sections.iter().flat_map(|section| &section.items).collect();
    let verdicts = [
        Verdict::FailedBlocking,
        Verdict::FailedMinor,
        Verdict::Missing,
        Verdict::Waiting,
        Verdict::Waived,
        Verdict::Passed,
        Verdict::NotApplicable,
    ];
    let count = |verdict| items.iter().filter(|item| item.verdict() == verdict).count();
    let counted = verdicts.into_iter().map(|verdict| (language.verdict(verdict), count(verdict)));
    let all = (language.say("razem", "in all"), items.len());
    let shown = counted.filter(|(_, count)| *count > 0).chain([all]);
    shown.map(|(verdict, count)| [verdict.to_owned(), count.to_string()]).collect()
}
