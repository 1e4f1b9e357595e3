//! The result of an audit and what follows from it, in plain words.

use proto::audit::v1::{AuditReport, AuditState, FindingState};
use serde::Serialize;

use crate::{Language, breaks::divided};

#[derive(Serialize)]
pub struct Outcome {
    /// "passed", "failed", "provisional" or "voided".
    kind: &'static str,
    word: &'static str,
    meaning: String,
}

pub fn outcome(report: &AuditReport, language: Language) -> Outcome {
    let (kind, word) = match (report.state(), report.passed) {
        (AuditState::Voided, _) => ("voided", language.say("Podejście unieważnione", "Attempt voided")),
        (_, Some(true)) => ("passed", language.say("Wynik pozytywny", "Passed")),
        (_, Some(false)) => ("failed", language.say("Wynik negatywny", "Failed")),
        (_, None) => {
            ("provisional", language.say("Raport wstępny: audyt trwa", "Provisional: no result yet"))
        }
    };
    let meaning = match kind {
        "voided" => voided(report, language),
        "passed" => passed(report, language),
        "failed" => language
            .say(
                "Co najmniej jeden punkt blokujący nie jest spełniony. Po poprawkach audyt trzeba powtórzyć.",
                "At least one blocking item is not met. After the corrections the audit has to be repeated.",
            )
            .to_owned(),
        _ => provisional(report, language),
    };
    Outcome { kind, word, meaning }
}

fn passed(report: &AuditReport, language: Language) -> String {
    let open = report.findings.iter().filter_map(|f| f.finding.as_ref());
    match open.filter(|f| !f.voided && f.state() != FindingState::Verified).count() {
        0 => language.say("Audyt jest zaliczony.", "The audit is passed.").to_owned(),
        open => {
            let passed = language.say(
                "Audyt jest zaliczony. Zagadnienia pozostające do poprawy:",
                "The audit is passed. Findings that remain to be corrected:",
            );
            format!("{passed} {open}.")
        }
    }
}

fn provisional(report: &AuditReport, language: Language) -> String {
    let open = language.say(
        "Audyt nie jest zakończony. Wszystko w tym raporcie może się jeszcze zmienić.",
        "The audit is not concluded. Everything in this report can still change.",
    );
    let paused = report.pauses.last().filter(|pause| pause.resumed_at.is_none());
    let mut meaning = open.to_owned();
    if let Some(pause) = paused {
        let rests = language.say("Audyt jest wstrzymany:", "The audit is paused:");
        meaning += &format!(" {rests} {}", divided(&pause.reason));
    }
    meaning
}

fn voided(report: &AuditReport, language: Language) -> String {
    let counts_no_more = language.say("To podejście się nie liczy.", "This attempt counts no more.");
    let reason = format!("{} {}", language.say("Powód:", "Reason:"), divided(&report.void_reason));
    let result = match report.passed {
        Some(true) => language.say("Wynik przed unieważnieniem: pozytywny.", "The result before: passed."),
        Some(false) => language.say("Wynik przed unieważnieniem: negatywny.", "The result before: failed."),
        None => language.say("Wyniku nie było.", "There was no result."),
    };
    format!("{counts_no_more} {result} {reason}")
}
