use anyhow::Context;
use proto::audit::v1::{AuditConcluded, AuditEvent, FindingSummary, audit_event::Event};

use super::{Book, Head, Outcome, scheduling::SNAPSHOT};
use crate::kind::Kind;
use crate::message::{Fact, Facts};

/// One of the audit service's events. Fails only on what that service never writes.
pub fn audit(event: &AuditEvent, book: &mut Book) -> anyhow::Result<Outcome> {
    let head = Head::read(&event.event_id, &event.company, &event.project, event.occurred_at.as_ref())?;
    let what = event.event.as_ref().context("an event without content")?;
    let project = book.project(&head)?;
    Ok(match what {
        Event::AuditConcluded(e) if project.is_void(&e.attempt) => {
            Outcome::Ignored("the attempt was voided and its result counts no more")
        }
        Event::AuditConcluded(e) => concluded(&head, e),
        Event::FindingAnswered(e) => head
            .notice(Kind::FindingAnswered)
            .fact("finding", title(e.finding.as_ref().context("finding")?))
            .text("note", &e.answer)
            .into(),
        Event::FindingRejected(e) => head
            .notice(Kind::FindingRejected)
            .fact("finding", title(e.finding.as_ref().context("finding")?))
            .text("note", &e.reason)
            .into(),
        Event::Snapshot(_) => Outcome::Ignored(SNAPSHOT),
        Event::FindingOpened(_) => Outcome::Ignored("findings are told with the result"),
        Event::FindingVerified(_) => Outcome::Ignored("a verified finding is told with the next result"),
        Event::ValuesRecorded(_)
        | Event::ItemWaived(_)
        | Event::EvidenceRefreshed(_)
        | Event::LimitOverridden(_)
        | Event::FilesAttached(_)
        | Event::FileDetached(_)
        | Event::AuditAssigned(_)
        | Event::AuditPaused(_)
        | Event::AuditResumed(_) => Outcome::Ignored("what happens during an audit is told by its result"),
    })
}

fn concluded(head: &Head, e: &AuditConcluded) -> Outcome {
    let findings = e.findings.iter().map(|f| {
        Fact::Group(Facts::from([
            ("title", title(f)),
            ("measured", value(&f.measured)),
            ("limit", value(&f.limit)),
        ]))
    });
    head.notice(if e.passed { Kind::AuditPassed } else { Kind::AuditFailed })
        .word("audit", "date", format!("audit_{}", e.audit))
        .fact("findings", Fact::List(findings.collect()))
        .into()
}

/// A value or a limit as the audit service writes it; yes and no are said in the reader's language.
fn value(text: &str) -> Fact {
    match text.strip_prefix("= ").unwrap_or(text) {
        answer @ ("true" | "false") => Fact::word("answer", answer),
        value => Fact::text(value),
    }
}

/// What people call a finding: its question, or its key where the checklist has no text.
fn title(finding: &FindingSummary) -> Fact {
    match &finding.question {
        Some(question) => Fact::Both { pl: question.pl.clone(), en: question.en.clone() },
        None => Fact::text(&finding.item),
    }
}
