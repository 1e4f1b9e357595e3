//! An attempt as a document for people: `AuditReport`.

use jiff::Timestamp;
use platform::{actor, clock::to_wire};
use proto::{audit::v1 as pb, refusal::Refusal};

use super::{
    model::{
        Attempt, AttemptId, AttemptState, Dossier, Entry, Finding, FindingState, FindingStep, Outcome,
        Recorded, Verdict, step_prefix,
    },
    names, view,
};
use crate::checklist::{Expect, Fact, Item, Text, words};

/// Everything that an attempt asked, found and left to be done, as of `now`. `company` is its name.
pub fn report(
    dossier: &Dossier,
    id: AttemptId,
    company: String,
    now: Timestamp,
) -> Result<pb::AuditReport, Refusal> {
    let attempt = dossier.attempt(id)?;
    let report = Report { dossier, attempt, findings: findings(dossier, attempt), now };
    let conclusion = attempt.conclusion();
    let void = match &attempt.state {
        AttemptState::Voided { at, reason, .. } => Some((*at, reason.clone())),
        AttemptState::Open | AttemptState::Concluded(_) => None,
    };
    let (recorded_by, collectors) = report.recorders();
    Ok(pb::AuditReport {
        name: view::audit_name(dossier, id),
        company,
        project: view::project_name(dossier).to_string(),
        audit: i32::from(u8::from(attempt.audit)),
        number: attempt.number.cast_signed(),
        title: Some(attempt.checklist.title.clone().into()),
        variant: attempt.variant.clone(),
        checklist: names::checklist(&attempt.checklist),
        state: view::audit_state(&attempt.state).into(),
        passed: conclusion.map(|c| c.passed),
        provisional: attempt.is_open(),
        voided_at: void.as_ref().map(|(at, _)| to_wire(*at)),
        void_reason: void.map(|(_, reason)| reason).unwrap_or_default(),
        started_at: Some(to_wire(attempt.started_at)),
        concluded_at: conclusion.map(|c| to_wire(c.occurred_at)),
        concluded_by: conclusion.and_then(|c| actor::to_proto(&c.by, dossier.company)),
        assignments: attempt.assignments.iter().map(|a| view::assignment(a, dossier.company)).collect(),
        recorded_by,
        collectors,
        pauses: attempt.pauses.iter().map(|p| view::pause(p, dossier.company)).collect(),
        missing: if attempt.is_open() { report.missing() } else { Vec::new() },
        findings: report.findings.iter().map(|finding| report.finding(finding)).collect(),
        sections: report.sections(),
        read_at: Some(to_wire(now)),
    })
}

/// Findings that the attempt opened, and earlier ones that were not verified when it began.
fn findings<'a>(dossier: &'a Dossier, attempt: &Attempt) -> Vec<&'a Finding> {
    let opened_until_then: Vec<_> = dossier.attempts.iter().take_while(|a| a.id != attempt.id).collect();
    let of_earlier = |finding: &Finding| {
        let was_verified = finding.state == FindingState::Verified
            && finding.steps.last().is_some_and(|step| step.at < attempt.started_at);
        opened_until_then.iter().any(|a| a.id == finding.attempt && !a.is_voided()) && !was_verified
    };
    dossier.findings.iter().filter(|f| f.attempt == attempt.id || of_earlier(f)).collect()
}

struct Report<'a> {
    dossier: &'a Dossier,
    attempt: &'a Attempt,
    findings: Vec<&'a Finding>,
    now: Timestamp,
}

impl Report<'_> {
    fn sections(&self) -> Vec<pb::ReportSection> {
        let list = &self.attempt.checklist;
        let items: Vec<_> = self.dossier.outcomes(self.attempt, self.attempt.judged_day(self.now)).collect();
        let section = |section: &crate::checklist::Section| pb::ReportSection {
            key: section.key.clone(),
            title: Some(section.title.clone().into()),
            facts: list.facts.iter().filter(|f| f.section == section.key).map(|f| self.fact(f)).collect(),
            items: items
                .iter()
                .filter(|(item, _)| item.section == section.key)
                .map(|(item, outcome)| self.item(item, outcome))
                .collect(),
        };
        list.sections.iter().map(section).filter(|s| !s.facts.is_empty() || !s.items.is_empty()).collect()
    }

    fn fact(&self, fact: &Fact) -> pb::ReportFact {
        let unit = fact.form.unit();
        let value = match self.attempt.entries.get(&fact.key) {
            Some(entry) => Some(self.entry(entry, unit)),
            None => self.attempt.known(&fact.key).map(|value| pb::ReportValue {
                text: Some(words::value(&value, unit).into()),
                by_default: true,
                ..pb::ReportValue::default()
            }),
        };
        pb::ReportFact { key: fact.key.clone(), question: Some(fact.question.clone().into()), value }
    }

    fn item(&self, item: &Item, outcome: &Outcome) -> pb::ReportItem {
        let (attempt, company) = (self.attempt, self.dossier.company);
        let (day, unit) = (attempt.judged_day(self.now), item.form.unit());
        let judged = self.dossier.as_judged(attempt, item, day);
        let overridden = self.dossier.override_of(attempt, item, day);
        let limit = |expect: &Expect| words::limit(expect, unit, &|key| attempt.known(key)).map(Into::into);
        let applies = outcome.verdict != Verdict::NotApplicable;
        // The latest: what was corrected may have failed again.
        let finding = self.findings.iter().rev().find(|finding| {
            finding.fix_key() == item.key || (finding.audit == attempt.audit && finding.item == item.key)
        });
        let waiver = self.dossier.waiver_of(attempt, &item.key, day);
        pb::ReportItem {
            key: item.key.clone(),
            question: Some(item.question.clone().into()),
            value: self.value(item, outcome),
            limit: limit(&judged.expect).filter(|_| applies),
            verdict: view::verdict(&outcome.verdict).into(),
            severity: view::severity(item.severity).into(),
            waiver: waiver.map(|w| view::waiver_message(w, company)),
            limit_override: overridden.map(|o| view::limit_override(o, company)),
            checklist_limit: overridden.and_then(|_| limit(&item.expect)),
            valid_until: outcome.valid_until.map(to_wire),
            refreshed: attempt.refreshed.get(&item.key).map(|entry| self.entry(entry, unit)),
            finding: finding.map_or(0, |finding| finding.number.cast_signed()),
            attachments: self
                .dossier
                .attachments(attempt, &item.key)
                .map(|attached| view::attachment(attached, company))
                .collect(),
        }
    }

    fn value(&self, item: &Item, outcome: &Outcome) -> Option<pb::ReportValue> {
        if item.computed.is_none() {
            return self.attempt.entries.get(&item.key).map(|entry| self.entry(entry, item.form.unit()));
        }
        outcome.value.as_ref().map(|value| pb::ReportValue {
            text: Some(words::value(value, item.form.unit()).into()),
            measured_at: outcome.measured_at.map(to_wire),
            computed: true,
            ..pb::ReportValue::default()
        })
    }

    fn entry(&self, entry: &Entry, unit: &str) -> pb::ReportValue {
        let Recorded { value, note, measured_at, by, origin, .. } = &entry.current;
        let from = entry.carried_from.and_then(|id| self.dossier.attempt(id).ok());
        pb::ReportValue {
            text: Some(words::value(value, unit).into()),
            note: note.clone(),
            measured_at: Some(to_wire(*measured_at)),
            recorded_by: actor::to_proto(by, self.dossier.company),
            origin: origin.as_ref().map(view::origin),
            carried_from: from.map(|from| view::audit_name(self.dossier, from.id)).unwrap_or_default(),
            carried_from_number: from.map_or(0, |from| from.number.cast_signed()),
            computed: false,
            by_default: false,
        }
    }

    fn finding(&self, finding: &Finding) -> pb::ReportFinding {
        let found_in = self.dossier.attempt(finding.attempt).ok();
        let item = found_in.and_then(|attempt| attempt.checklist.item(&finding.item));
        let kept = |text: &str| item.map_or_else(|| words::same(text), |item| words::kept(text, &item.form));
        let limit = match item.map(|item| &item.expect) {
            // It names keys, whose dots are no decimal points.
            Some(Expect::Holds(_)) => words::same(&finding.limit),
            _ => kept(&finding.limit),
        };
        pb::ReportFinding {
            finding: Some(view::finding(self.dossier, finding)),
            audit: i32::from(u8::from(finding.audit)),
            number: found_in.map_or(0, |attempt| attempt.number.cast_signed()),
            measured: Some(kept(&finding.measured).into()),
            limit: Some(limit.into()).filter(|_| !finding.limit.is_empty()),
            step_texts: finding.steps.iter().map(|step| self.step(step, &kept).into()).collect(),
        }
    }

    /// The words of a step; those that a conclusion made are in both languages.
    fn step(&self, step: &FindingStep, kept: &dyn Fn(&str) -> Text) -> Text {
        let concluded = self.dossier.attempts.iter().find_map(|attempt| {
            let concluded_then = attempt.conclusion().is_some_and(|c| c.recorded_at == step.at);
            let measured = step.text.strip_prefix(&step_prefix(attempt.audit, attempt.number))?;
            concluded_then.then_some((attempt, measured))
        });
        let Some((attempt, measured)) = concluded else { return words::same(&step.text) };
        let (audit, number, Text { pl, en }) = (u8::from(attempt.audit), attempt.number, kept(measured));
        Text {
            pl: format!("audyt {audit}, podejście {number}: {pl}"),
            en: format!("audit {audit}, attempt {number}: {en}"),
        }
    }

    fn missing(&self) -> Vec<pb::MissingValue> {
        let list = &self.attempt.checklist;
        let facts = list.facts.iter().filter(|fact| self.attempt.known(&fact.key).is_none());
        let facts = facts.map(|fact| missing(&fact.key, &fact.question));
        let outcomes = self.dossier.outcomes(self.attempt, self.attempt.judged_day(self.now));
        let items = outcomes.filter_map(|(item, outcome)| match outcome.verdict {
            Verdict::Missing => Some(missing(&item.key, &item.question)),
            Verdict::Waiting(unknown) => Some(pb::MissingValue {
                waits_for: unknown.needs,
                problem: unknown.problem,
                ..missing(&item.key, &item.question)
            }),
            _ => None,
        });
        facts.chain(items).collect()
    }

    /// Who recorded what was measured in this attempt, and what measured it, in the checklist's order.
    fn recorders(&self) -> (Vec<proto::scheduling::v1::Actor>, Vec<pb::Origin>) {
        let (mut people, mut programs) = (Vec::new(), Vec::new());
        let entries = self.attempt.checklist.keys().filter_map(|key| self.attempt.entries.get(key));
        for entry in entries.filter(|entry| entry.carried_from.is_none()) {
            let person = actor::to_proto(&entry.current.by, self.dossier.company);
            people.extend(person.filter(|person| !people.contains(person)));
            let program = entry.current.origin.as_ref().map(view::origin);
            programs.extend(program.filter(|program| !programs.contains(program)));
        }
        (people, programs)
    }
}

fn missing(key: &str, question: &Text) -> pb::MissingValue {
    pb::MissingValue {
        key: key.to_owned(),
        question: Some(question.clone().into()),
        ..pb::MissingValue::default()
    }
}
