//! Which audit it is, when it took place and who took part.

use proto::audit::v1::{AuditReport, Pause};

use crate::{Language, breaks::divided, document::project, items::collector};

/// What each line is, and the line; those that say nothing are left out.
pub fn details(report: &AuditReport, language: Language) -> Vec<[String; 2]> {
    let line = |pl, en, text: String| [language.say(pl, en).to_owned(), text];
    let at = |at: Option<&_>| at.map(|at| language.instant(at)).unwrap_or_default();
    let concluded = match &report.concluded_at {
        None => String::new(),
        Some(when) => format!("{}, {}", at(Some(when)), language.actor(report.concluded_by.as_ref())),
    };
    let auditors = report.assignments.iter().map(|a| {
        let since = language.say("od", "since");
        format!("{} ({since} {})", divided(&a.auditor), at(a.recorded_at.as_ref()))
    });
    let people = report.recorded_by.iter().map(|actor| language.actor(Some(actor)));
    let programs = report.collectors.iter().map(|origin| collector(origin, language));
    let pauses = report.pauses.iter().map(|p| pause(p, language));
    let lines = [
        line("Projekt", "Project", project(report).to_owned()),
        line("Wariant", "Variant", divided(&report.variant)),
        line("Podejście", "Attempt", report.number.to_string()),
        line("Lista kontrolna", "Checklist", divided(report.checklist.trim_start_matches("checklists/"))),
        line("Rozpoczęto", "Started", at(report.started_at.as_ref())),
        line("Zakończono", "Concluded", concluded),
        line("Unieważniono", "Voided", at(report.voided_at.as_ref())),
        line("Audytor", "Auditor", listed(auditors)),
        line("Wartości zapisali", "Values recorded by", listed(people)),
        line("Zmierzono programem", "Measured by", listed(programs)),
        line("Wstrzymano", "Paused", listed(pauses)),
    ];
    lines.into_iter().filter(|[_, text]| !text.is_empty()).collect()
}

/// "14.01.2027, 10:00 – 15.01.2027, 8:00: a reason"
fn pause(pause: &Pause, language: Language) -> String {
    let at = |at: Option<&_>| at.map(|at| language.instant(at)).unwrap_or_default();
    let (from, reason) = (at(pause.paused_at.as_ref()), divided(&pause.reason));
    match &pause.resumed_at {
        None => format!("{} {from}: {reason}", language.say("od", "since")),
        until => format!("{from} – {}: {reason}", at(until.as_ref())),
    }
}

/// Each on a line of its own, the same once.
fn listed(texts: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for text in texts {
        if !lines.contains(&text) {
            lines.push(text);
        }
    }
    lines.join("\n")
}
