//! What is to be corrected, what has been, and what counts no more.

use proto::audit::v1::{Finding, FindingState, ReportFinding, Severity};
use serde::Serialize;

use crate::{
    Language,
    breaks::{divided, measure},
    entry::{Entry, is_long},
    items::files,
};

/// Findings under one heading.
#[derive(Serialize)]
pub struct Group {
    title: &'static str,
    findings: Vec<Entry>,
}

/// The findings by what they ask for: what is to be corrected first, in it what blocks.
pub fn groups(all: &[ReportFinding], language: Language) -> Vec<Group> {
    let mut groups = [Vec::new(), Vec::new(), Vec::new()];
    for of_report in all {
        let Some(finding) = &of_report.finding else { continue };
        let group = match finding.state() {
            _ if finding.voided => 2,
            FindingState::Verified => 1,
            _ => 0,
        };
        groups[group].push((finding.severity(), entry(of_report, finding, language)));
    }
    groups[0].sort_by_key(|(severity, _)| *severity != Severity::Blocking);
    let titles = [
        language.say("Do poprawy", "To be corrected"),
        language.say("Poprawione", "Corrected"),
        language.say("Nie liczy się: podejście unieważnione", "Counts no more: the attempt was voided"),
    ];
    let group = |(title, found): (_, Vec<(_, Entry)>)| Group {
        title,
        findings: found.into_iter().map(|(_, entry)| entry).collect(),
    };
    titles.into_iter().zip(groups).map(group).filter(|group| !group.findings.is_empty()).collect()
}

fn entry(of_report: &ReportFinding, finding: &Finding, language: Language) -> Entry {
    let line = |pl, en, text: &str| [language.say(pl, en).to_owned(), text.to_owned()];
    let (measured, limit) =
        (language.text(of_report.measured.as_ref()), language.text(of_report.limit.as_ref()));
    let found = format!(
        "{} {}, {} {}",
        language.say("audyt", "audit"),
        of_report.audit,
        language.say("podejście", "attempt"),
        of_report.number
    );
    let lines = [
        line("Ostatni pomiar", "Last measured", &measure(measured)),
        line("Wymagane", "Required", &measure(limit)),
        line("Stan", "State", language.finding(finding.state())),
        line("Wykryto", "Found in", &found),
        line("Punkt", "Item", &divided(&finding.item)),
    ];
    let steps = steps(of_report, finding, language);
    let texts = steps.iter().flatten().map(String::as_str).chain([measured, limit]);
    let long = is_long(texts);
    Entry {
        title: format!("{}. {}", finding.number, divided(language.text(finding.question.as_ref()))),
        tag: language.severity(finding.severity()),
        blocking: finding.severity() == Severity::Blocking,
        lines: lines.into_iter().filter(|[_, text]| !text.is_empty()).collect(),
        steps,
        long,
    }
}

/// The opening says nothing that the finding does not.
fn steps(of_report: &ReportFinding, finding: &Finding, language: Language) -> Vec<[String; 2]> {
    let steps = finding.steps.iter().zip(&of_report.step_texts);
    let step = steps.filter(|(step, _)| step.state() != FindingState::Open).map(|(step, text)| {
        let at = step.at.as_ref().map(|at| language.instant(at)).unwrap_or_default();
        let (state, actor) = (language.finding(step.state()), language.actor(step.actor.as_ref()));
        let head = [Some(format!("{at}, {actor}: {state}")), files(&step.files, language)];
        let head = head.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        [head, divided(language.text(Some(text)))]
    });
    step.collect()
}
