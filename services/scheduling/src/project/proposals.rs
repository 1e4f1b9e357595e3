//! Proposals: a set of one to four dates, checked and accepted as a whole (`DATES_AGREED_JOINTLY`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::text;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{
    AskedDate, Context, DateKind, PlannedDate, Project, ProjectEvent,
    checks::{denied, not_found},
    dates::{Agreed, AgreementId},
    model::Outcome,
};
use crate::actor::{Actor, Party};

platform::id! {
    /// A set of dates that one party proposed.
    pub ProposalId
}

/// An open proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: ProposalId,
    /// The proposing party; the other one answers.
    pub by: Party,
    pub proposed_by: Actor,
    pub proposed_at: Timestamp,
    pub dates: BTreeMap<DateKind, PlannedDate>,
    pub note: String,
    /// Agreed dates that accepting would have withdrawn when it was proposed.
    pub would_withdraw: Vec<DateKind>,
}

/// How a proposal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalOutcome {
    Accepted,
    Countered,
    /// The other party wants none of it.
    Declined,
    /// Its own party took it back.
    Withdrawn,
    /// The stage of one of its dates began or ended, or the project closed.
    Invalid,
}

/// A set of dates that a party asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalRequest {
    pub id: ProposalId,
    pub dates: BTreeMap<DateKind, AskedDate>,
    pub note: String,
    /// The other party's open proposal that this one answers.
    pub counters: Option<ProposalId>,
}

impl Project {
    /// Either party proposes dates, or counters the other's open proposal with another set.
    pub fn propose_dates(&mut self, asked: ProposalRequest, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let Some(by) = ctx.actor.party() else {
                return Err(Violation::new(ErrorReason::PermissionDenied).into());
            };
            let mut violations = project.before_dates(ctx);
            violations.extend(project.contacts_missing(ctx));
            if asked.dates.is_empty() {
                violations.push(
                    Violation::new(ErrorReason::DatesAgreedJointly)
                        .field("dates")
                        .allowed(words("one to four dates", "od jednego do czterech terminów")),
                );
            }
            if let Some(counters) = asked.counters {
                let answered = project.proposal(counters)?;
                if answered.by == by {
                    violations.push(joint(
                        "counters",
                        words("a proposal of one's own", "własna propozycja"),
                        words("the other party's proposal", "propozycja drugiej strony"),
                    ));
                }
            }
            for open in project.proposals.iter().filter(|open| Some(open.id) != asked.counters) {
                for kind in asked.dates.keys().filter(|kind| open.dates.contains_key(kind)) {
                    let asked = words(
                        "a second open proposal for this date",
                        "druga otwarta propozycja tego terminu",
                    );
                    let allowed = words(
                        format!("an answer to proposal {}", open.id),
                        format!("odpowiedź na propozycję {}", open.id),
                    );
                    violations.push(joint(kind.name(), asked, allowed));
                }
            }
            let mut dates = BTreeMap::new();
            for (kind, date) in &asked.dates {
                match date.read(*kind) {
                    Ok(date) => drop(dates.insert(*kind, date)),
                    Err(violation) => violations.push(violation),
                }
            }
            violations.extend(text::optional_note("note", &asked.note));
            let would_withdraw = project.check_set(&dates, ctx, &mut violations);
            Refusal::unless_empty(violations)?;

            if let Some(counters) = asked.counters {
                project.close_proposal(counters, ProposalOutcome::Countered, &asked.note, events);
            }
            for kind in dates.keys() {
                project.dates.slot_mut(*kind).version += 1;
            }
            let proposal = Proposal {
                id: asked.id,
                by,
                proposed_by: ctx.actor.clone(),
                proposed_at: ctx.now,
                dates,
                note: asked.note.trim().to_owned(),
                would_withdraw,
            };
            project.proposals.push(proposal.clone());
            events.push(ProjectEvent::DatesProposed { proposal, counters: asked.counters });
            Ok(())
        })
    }

    /// The other party accepts the whole set, judged again as of now; for the company a decision contact.
    pub fn accept_proposal(&mut self, id: ProposalId, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let proposal = project.proposal(id)?.clone();
            let mut violations = project.before_dates(ctx);
            if ctx.actor.party() != Some(proposal.by.other()) {
                let asked = ctx.actor.party().map_or_else(|| "-".into(), acceptance);
                violations.push(joint("proposal", asked, acceptance(proposal.by.other())));
            } else if proposal.by == Party::Softvig && !ctx.actor.decides() {
                let asked = words(
                    "acceptance by a contact without the decision role",
                    "przyjęcie przez osobę bez roli decyzyjnej",
                );
                violations.push(joint(
                    "proposal",
                    asked,
                    words("acceptance by a decision contact", "przyjęcie przez osobę decyzyjną"),
                ));
            }
            project.check_set(&proposal.dates, ctx, &mut violations);
            Refusal::unless_empty(violations)?;

            project.close_proposal(id, ProposalOutcome::Accepted, "", events);
            for (kind, date) in &proposal.dates {
                project.agree(*kind, *date, id, ctx, events);
            }
            Ok(())
        })
    }

    /// The proposing party takes its proposal back, or the other one declines it, and says why; for the
    /// company a decision contact does either.
    pub fn decline_proposal(&mut self, id: ProposalId, reason: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let by = project.proposal(id)?.by;
            let may = ctx.actor.decides() || ctx.actor.is_softvig();
            let denied = denied(may, words("a decision contact or SOFTVIG", "osoba decyzyjna albo SOFTVIG"));
            Refusal::unless_empty(denied.into_iter().chain(text::note("reason", reason)).collect())?;
            let own = ctx.actor.party() == Some(by);
            let outcome = if own { ProposalOutcome::Withdrawn } else { ProposalOutcome::Declined };
            project.close_proposal(id, outcome, reason, events);
            Ok(())
        })
    }

    /// An open proposal; `NOT_FOUND` where there is none of this id.
    pub fn proposal(&self, id: ProposalId) -> Result<&Proposal, Refusal> {
        self.proposals.iter().find(|p| p.id == id).ok_or_else(|| not_found("proposal", id))
    }

    /// The open proposal for a date.
    pub fn proposal_for(&self, kind: DateKind) -> Option<&Proposal> {
        self.proposals.iter().find(|p| p.dates.contains_key(&kind))
    }

    /// Judges the set as a whole, over the agreed dates; answers which of those it would withdraw.
    fn check_set(
        &self,
        dates: &BTreeMap<DateKind, PlannedDate>,
        ctx: &Context,
        violations: &mut Vec<Violation>,
    ) -> Vec<DateKind> {
        let (rows, inputs) = self.plan_with(ctx, |kind| dates.get(&kind).copied());
        let judge = inputs.judge(self, ctx);
        let mut would_withdraw = Vec::new();
        for row in &rows {
            let Some(date) = dates.get(&row.kind) else {
                would_withdraw.extend((!row.broken.is_empty()).then_some(row.kind));
                continue;
            };
            violations.extend(self.not_ahead(row.kind));
            if row.broken.is_empty() {
                continue;
            }
            let allowed = judge.allowed(row.kind, row.base);
            let mut broken = row.broken.clone();
            if row.kind == DateKind::Migration {
                broken.extend(judge.no_free_window(row.base));
            }
            violations.extend(broken.into_iter().map(|b| b.violation(row.kind, date, &allowed)));
        }
        would_withdraw
    }

    fn agree(
        &mut self,
        kind: DateKind,
        date: PlannedDate,
        proposal: ProposalId,
        ctx: &Context,
        events: &mut Vec<ProjectEvent>,
    ) {
        let agreed = Agreed {
            id: AgreementId { proposal, kind },
            date,
            terms: ctx.terms(),
            agreed_at: ctx.now,
            accepted_by: ctx.actor.clone(),
        };
        let slot = self.dates.slot_mut(kind);
        let replaced = slot.agreed.replace(agreed.clone());
        slot.ever_agreed = true;
        slot.overdue = false;
        slot.withdrawn = None;
        if let Some(old) = replaced.as_ref().filter(|old| old.date.day() != date.day()) {
            self.end_overrides(kind, old.date.day(), ctx.now);
        }
        events.push(ProjectEvent::DateAgreed { kind, agreed, replaces: replaced });
    }

    pub(super) fn close_proposal(
        &mut self,
        id: ProposalId,
        outcome: ProposalOutcome,
        reason: &str,
        events: &mut Vec<ProjectEvent>,
    ) {
        let Some(at) = self.proposals.iter().position(|p| p.id == id) else { return };
        let proposal = self.proposals.remove(at);
        for kind in proposal.dates.keys() {
            self.dates.slot_mut(*kind).version += 1;
        }
        let reason = reason.trim().to_owned();
        events.push(ProjectEvent::ProposalClosed { proposal: id, outcome, reason });
    }

    /// A proposal for a stage that has begun or ended meanwhile can never be accepted.
    pub(super) fn close_moot_proposals(&mut self, events: &mut Vec<ProjectEvent>) {
        let moot: Vec<ProposalId> = self
            .proposals
            .iter()
            .filter(|p| p.dates.keys().any(|kind| self.not_ahead(*kind).is_some()))
            .map(|p| p.id)
            .collect();
        for id in moot {
            self.close_proposal(id, ProposalOutcome::Invalid, "", events);
        }
    }
}

fn acceptance(by: Party) -> Words {
    let by = by.words();
    words(format!("acceptance by {}", by.en), format!("przyjęcie przez: {}", by.polish()))
}

fn joint(field: &str, asked: Words, allowed: Words) -> Violation {
    Violation::new(ErrorReason::DatesAgreedJointly).field(field).asked(asked).allowed(allowed)
}
