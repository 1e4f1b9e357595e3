//! Overrides: one rule, for one date and one permitted day (`OVERRIDE_NOT_ALLOWED`).

use jiff::{Timestamp, civil::Date};
use platform::text;
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{Context, DateKind, Project, ProjectEvent, model::Outcome};

/// A rule that can be overridden, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overridable {
    ReadinessBuffer,
    #[serde(rename = "audit1_buffer")]
    Audit1Buffer,
    #[serde(rename = "audit2_buffer")]
    Audit2Buffer,
    MigrationBuffer,
    RepeatBuffer,
    AuditOnBusinessDay,
}

impl Overridable {
    pub const ALL: [Self; 6] = [
        Self::ReadinessBuffer,
        Self::Audit1Buffer,
        Self::Audit2Buffer,
        Self::MigrationBuffer,
        Self::RepeatBuffer,
        Self::AuditOnBusinessDay,
    ];

    /// The rule of a reason for a date; none where that rule cannot be overridden for it.
    pub fn of(reason: ErrorReason, kind: DateKind) -> Option<Self> {
        use DateKind::*;
        match (reason, kind) {
            (ErrorReason::ReadinessBuffer, Readiness) => Some(Self::ReadinessBuffer),
            (ErrorReason::Audit1Buffer, Audit1) => Some(Self::Audit1Buffer),
            (ErrorReason::Audit2Buffer, Audit2) => Some(Self::Audit2Buffer),
            (ErrorReason::MigrationBuffer, Migration) => Some(Self::MigrationBuffer),
            (ErrorReason::RepeatBuffer, Audit1 | Audit2) => Some(Self::RepeatBuffer),
            (ErrorReason::AuditOnBusinessDay, Audit1 | Audit2) => Some(Self::AuditOnBusinessDay),
            _ => None,
        }
    }

    /// The rule's name in refusals and in the history.
    pub fn reason(self) -> ErrorReason {
        match self {
            Self::ReadinessBuffer => ErrorReason::ReadinessBuffer,
            Self::Audit1Buffer => ErrorReason::Audit1Buffer,
            Self::Audit2Buffer => ErrorReason::Audit2Buffer,
            Self::MigrationBuffer => ErrorReason::MigrationBuffer,
            Self::RepeatBuffer => ErrorReason::RepeatBuffer,
            Self::AuditOnBusinessDay => ErrorReason::AuditOnBusinessDay,
        }
    }
}

/// A recorded override. It ends with the date for which it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub rule: Overridable,
    pub kind: DateKind,
    /// The only day on which the rule does not count.
    pub day: Date,
    /// The person at SOFTVIG who answers for it.
    pub person: String,
    /// What the contacts are told.
    pub note: String,
    pub recorded_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Override {
    /// Whether a broken rule is excused for this date on this day.
    pub fn excuses(&self, reason: ErrorReason, kind: DateKind, day: Date) -> bool {
        self.ended_at.is_none() && self.kind == kind && self.day == day && self.rule.reason() == reason
    }
}

/// What SOFTVIG asks to override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRequest {
    pub rule: ErrorReason,
    pub kind: DateKind,
    pub day: Date,
    pub person: String,
    pub note: String,
}

impl Project {
    /// SOFTVIG permits one day for one date against one rule; may come before the proposal.
    pub fn record_override(&mut self, asked: OverrideRequest, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let refused = |allowed: Words| {
                Violation::new(ErrorReason::OverrideNotAllowed)
                    .field(asked.kind.name())
                    .asked(asked.rule.name())
                    .allowed(allowed)
            };
            if !ctx.actor.is_softvig() {
                return Err(refused(words(
                    "an override recorded by SOFTVIG",
                    "odstępstwo zapisane przez SOFTVIG",
                ))
                .into());
            }
            let rule = Overridable::of(asked.rule, asked.kind).ok_or_else(|| {
                refused(words(
                    "a buffer of this date, or AUDIT_ON_BUSINESS_DAY for an audit",
                    "bufor tego terminu albo AUDIT_ON_BUSINESS_DAY dla audytu",
                ))
            })?;
            let mut violations = Vec::new();
            for (field, said) in [("person", &asked.person), ("reason", &asked.note)] {
                if said.trim().is_empty() {
                    violations.push(Violation::new(ErrorReason::OverrideNotAllowed).field(field).allowed(
                        words(
                            "a named person and a reason that the contacts are told",
                            "osoba z imienia i nazwiska oraz powód, który poznają osoby kontaktowe",
                        ),
                    ));
                }
                violations.extend(text::optional_note(field, said));
            }
            if asked.day < ctx.today() {
                violations.push(
                    Violation::new(ErrorReason::DateInPast)
                        .field("day")
                        .asked(asked.day)
                        .allowed(ctx.today()),
                );
            }
            proto::refusal::Refusal::unless_empty(violations)?;
            let recorded = Override {
                rule,
                kind: asked.kind,
                day: asked.day,
                person: asked.person.clone(),
                note: asked.note.clone(),
                recorded_at: ctx.now,
                ended_at: None,
            };
            project.overrides.push(recorded.clone());
            events.push(ProjectEvent::OverrideRecorded(recorded));
            Ok(())
        })
    }

    /// An override never outlives the date it was made for.
    pub(super) fn end_overrides(&mut self, kind: DateKind, day: Date, now: Timestamp) {
        for one in &mut self.overrides {
            if one.kind == kind && one.day == day && one.ended_at.is_none() {
                one.ended_at = Some(now);
            }
        }
    }
}
