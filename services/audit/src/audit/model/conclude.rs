//! Concluding an attempt: complete, fresh, then passed or failed, with its findings.

use calendar::local_day;
use jiff::Timestamp;
use platform::{actor::Actor, fact};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};

use super::{
    Attempt, AttemptId, AttemptState, Conclusion, Dossier, Event, Finding, FindingId, FindingState, Outcome,
    Verdict,
};
use crate::checklist::{AuditKind, Expect, Item, Severity, Unknown};

impl Dossier {
    /// Concludes an open attempt as of `occurred_at`; nothing means now. `new_id` makes the ids of findings.
    ///
    /// Refused as `AUDIT_LOCKED`, `OCCURRED_AT_INVALID`, `AUDIT_INCOMPLETE` (naming all that is missing),
    /// `EVIDENCE_STALE`, and for audit 2, where it would pass, `LICENCE_REQUIRED`.
    pub fn conclude(
        &mut self,
        attempt: AttemptId,
        occurred_at: Option<Timestamp>,
        by: Actor,
        now: Timestamp,
        new_id: &mut dyn FnMut() -> FindingId,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_not_closed()?;
        let index = self.index_of(attempt)?;
        let found = &self.attempts[index];
        found.check_active(words("conclude", "zakończenie"))?;
        let occurred_at = occurred_at.unwrap_or(now);
        let judged: Vec<(Item, Outcome)> = self
            .outcomes(found, local_day(occurred_at))
            .map(|(item, outcome)| (item.clone(), outcome))
            .collect();
        let passed = judged.iter().all(|(_, o)| o.verdict != Verdict::Failed(Severity::Blocking));

        let mut violations = Vec::new();
        violations.extend(fact::outside("occurred_at", occurred_at, Some(found.last_step()), now));
        violations.extend(incomplete(found, &judged));
        violations.extend(judged.iter().filter(|(_, o)| o.is_stale(occurred_at)).map(|(i, o)| stale(i, o)));
        if passed && found.audit == AuditKind::Two {
            violations.extend(self.licence_missing());
        }
        Refusal::unless_empty(violations)?;

        let mut events = vec![Event::AuditConcluded { attempt }];
        for (item, outcome) in judged {
            events.extend(self.judge_finding(index, &item, &outcome, &by, now, new_id));
        }
        let open_findings = self.unverified().map(|f| f.id).collect();
        let found = &mut self.attempts[index];
        found.state =
            AttemptState::Concluded(Conclusion { occurred_at, recorded_at: now, by, passed, open_findings });
        found.revision += 1;
        if passed {
            events.push(Event::EvidenceRefreshed { attempt });
        }
        Ok(events)
    }

    fn licence_missing(&self) -> Option<Violation> {
        let status =
            self.licence.as_ref().filter(|s| self.variant.as_ref().is_none_or(|v| *v == s.variant))?;
        let missing = status.missing.join(", ");
        (!missing.is_empty()).then(|| {
            Violation::new(ErrorReason::LicenceRequired)
                .asked(words("conclude", "zakończenie"))
                .allowed(missing)
        })
    }

    /// What an item's outcome means for the finding that it rechecks, repeats or opens.
    fn judge_finding(
        &mut self,
        attempt: usize,
        item: &Item,
        outcome: &Outcome,
        by: &Actor,
        now: Timestamp,
        new_id: &mut dyn FnMut() -> FindingId,
    ) -> Option<Event> {
        let (id, audit, number) = {
            let a = &self.attempts[attempt];
            (a.id, a.audit, a.number)
        };
        let fixes = |f: &Finding| item.key == f.fix_key();
        let repeats =
            |f: &Finding| f.audit == audit && f.item == item.key && f.state != FindingState::Verified;
        let known = self.findings.iter().position(|f| self.counts(f.attempt) && (fixes(f) || repeats(f)));
        let in_unit = |text: &str| match text {
            "" => String::new(),
            text => format!("{text} {}", item.form.unit()).trim_end().to_owned(),
        };
        let measured = outcome.value.as_ref().map(|v| in_unit(&v.to_string())).unwrap_or_default();
        let limit = match item.expect {
            // It names its own keys, each in its unit.
            Expect::Holds(_) => outcome.limit.clone(),
            _ => in_unit(&outcome.limit),
        };
        let note = format!("{}{measured}", step_prefix(audit, number));

        match (known.map(|i| &mut self.findings[i]), &outcome.verdict) {
            (Some(finding), Verdict::Passed) if finding.state != FindingState::Verified => {
                finding.step(FindingState::Verified, note, by, now);
                Some(Event::FindingVerified { finding: finding.id })
            }
            (Some(finding), Verdict::Failed(severity)) => {
                let rechecked = item.key == finding.fix_key();
                if !rechecked {
                    finding.severity = *severity;
                    finding.measured.clone_from(&measured);
                    finding.limit.clone_from(&limit);
                    finding.revision += 1;
                }
                let claims_corrected =
                    [FindingState::Answered, FindingState::Verified].contains(&finding.state);
                (claims_corrected || (rechecked && finding.state == FindingState::Open)).then(|| {
                    finding.step(FindingState::Rejected, note, by, now);
                    Event::FindingRejected { finding: finding.id }
                })
            }
            (None, Verdict::Failed(severity)) => {
                let finding = new_id();
                let mut opened = Finding {
                    id: finding,
                    number: u32::try_from(self.findings.len() + 1).expect("findings are few"),
                    audit,
                    attempt: id,
                    item: item.key.clone(),
                    question: item.question.clone(),
                    severity: *severity,
                    waivable: item.waivable,
                    measured,
                    limit,
                    state: FindingState::Open,
                    steps: Vec::new(),
                    revision: 0,
                };
                opened.step(FindingState::Open, "", by, now);
                self.findings.push(opened);
                Some(Event::FindingOpened { finding })
            }
            _ => None,
        }
    }
}

/// How the text of a step begins that a conclusion made; the measured value follows.
pub fn step_prefix(audit: AuditKind, number: u32) -> String {
    format!("audit {}, attempt {number}: ", u8::from(audit))
}

impl Attempt {
    /// The latest thing that happened in this attempt: it cannot have been concluded before.
    fn last_step(&self) -> Timestamp {
        let measured = self.entries.values().map(|entry| entry.current.measured_at);
        measured.fold(self.started_at, Timestamp::max)
    }
}

/// One violation for each item and fact without a value, with what would be accepted.
fn incomplete(attempt: &Attempt, judged: &[(Item, Outcome)]) -> Vec<Violation> {
    let missing = |key: &str| Violation::new(ErrorReason::AuditIncomplete).field(key);
    let facts = attempt.checklist.facts.iter().filter(|fact| attempt.known(&fact.key).is_none());
    let mut violations: Vec<_> = facts.map(|fact| missing(&fact.key).allowed(fact.form.words())).collect();
    for (item, outcome) in judged.iter().filter(|(_, outcome)| !outcome.verdict.is_complete()) {
        violations.push(match &outcome.verdict {
            Verdict::Waiting(Unknown { needs, problem }) if problem.is_empty() => {
                let needs = needs.join(", ");
                missing(&item.key)
                    .allowed(words(format!("a value for {needs}"), format!("wartość dla {needs}")))
            }
            Verdict::Waiting(Unknown { needs, problem }) => {
                let needs = needs.join(", ");
                missing(&item.key).asked(problem.as_str()).allowed(words(
                    format!("other values for {needs}, with which it can be judged"),
                    format!("inne wartości dla {needs}, z którymi da się to ocenić"),
                ))
            }
            _ => missing(&item.key).allowed(item.form.words()),
        });
    }
    violations
}

fn stale(item: &Item, outcome: &Outcome) -> Violation {
    let at = |t: Option<Timestamp>| t.map(|t| t.to_string()).unwrap_or_default();
    let (measured, until) = (at(outcome.measured_at), at(outcome.valid_until));
    Violation::new(ErrorReason::EvidenceStale)
        .field(&item.key)
        .asked(words(format!("measured at {measured}"), format!("zmierzono {measured}")))
        .allowed(words(
            format!("a new measurement; this one held until {until}"),
            format!("nowy pomiar; ten był ważny do {until}"),
        ))
}
