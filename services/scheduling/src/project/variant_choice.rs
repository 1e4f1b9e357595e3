//! The choice of the variant, help with it, and its change (`VARIANT_FROZEN`).

use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::{Deserialize, Serialize};

use super::{
    AuditNo, Context, Project, ProjectEvent, VariantData,
    checks::{by_decision, by_softvig},
    model::Outcome,
};

/// A variant that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub variant: String,
    pub chosen: Fact,
}

/// What SOFTVIG recommends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    pub variant: String,
    pub note: String,
    pub recommended: Fact,
}

/// The decision contact's request for help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelpAsked {
    pub note: String,
    pub asked: Fact,
}

/// Everything said about the variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantChoice {
    /// A change is a new entry; the last one counts.
    pub choices: Vec<Choice>,
    /// The request that no choice and no recommendation has answered yet.
    pub help: Option<HelpAsked>,
    pub recommendation: Option<Recommendation>,
}

impl VariantChoice {
    /// The key of the variant that counts.
    pub fn chosen(&self) -> Option<&str> {
        self.choices.last().map(|choice| choice.variant.as_str())
    }
}

impl Project {
    /// The decision contact chooses or confirms a variant, or changes it before the declaration; after that
    /// only SOFTVIG changes it, and says why. Confirmations are cleared, licences and dates checked again;
    /// a declaration is withdrawn and what was audited counts no more.
    pub fn choose_variant(&mut self, variant: &VariantData, reason: &str, ctx: &Context) -> Outcome {
        let ctx = &Context { variant: Some(variant), ..*ctx };
        self.change(ctx, |project, events| {
            let declared = project.readiness.declared().is_some();
            let mut violations = Vec::new();
            if !declared {
                violations.extend(by_decision(ctx.actor));
            } else if !ctx.actor.is_softvig() {
                let allowed = words(
                    "a change by SOFTVIG, now that readiness is declared",
                    "zmiana przez SOFTVIG, bo gotowość jest już zgłoszona",
                );
                violations.push(frozen(allowed).asked(&variant.key));
            }
            violations.extend(project.variant_frozen().map(|frozen| frozen.asked(&variant.key)));
            violations.extend(match declared {
                true => text::note("reason", reason),
                false => text::optional_note("reason", reason),
            });
            Refusal::unless_empty(violations)?;
            let previous = project.variant.chosen().map(str::to_owned);
            if previous.as_deref() == Some(variant.key.as_str()) {
                return Ok(());
            }
            let chosen = Fact::new(ctx.actor, None, ctx.now);
            project.variant.choices.push(Choice { variant: variant.key.clone(), chosen });
            project.variant.help = None;
            project.licence.status = None;
            let reason = reason.trim();
            events.push(ProjectEvent::VariantChosen {
                variant: variant.clone(),
                previous: previous.clone(),
                reason: reason.to_owned(),
            });
            if previous.is_some() {
                let cleared = project.readiness.variant_changed(reason, ctx.actor, ctx.now);
                events.extend(cleared.into_iter().map(ProjectEvent::from));
                project.void_audits(reason, ctx, events);
                project.take_terms_of(variant);
            }
            Ok(())
        })
    }

    /// The decision contact asks SOFTVIG which variant fits.
    pub fn ask_variant_help(&mut self, note: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let mut violations = Vec::from_iter(by_decision(ctx.actor));
            violations.extend(text::optional_note("note", note));
            violations.extend(project.variant_frozen());
            Refusal::unless_empty(violations)?;
            let note = note.trim().to_owned();
            let asked = Fact::new(ctx.actor, None, ctx.now);
            project.variant.help = Some(HelpAsked { note: note.clone(), asked });
            events.push(ProjectEvent::VariantHelpAsked { note });
            Ok(())
        })
    }

    /// SOFTVIG recommends a variant of the catalogue, with a note; the decision contact confirms it by
    /// choosing it.
    pub fn recommend_variant(&mut self, variant: &VariantData, note: &str, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let mut violations = Vec::from_iter(by_softvig(ctx.actor));
            violations.extend(project.variant_frozen());
            violations.extend(text::note("note", note));
            Refusal::unless_empty(violations)?;
            let (variant, note) = (variant.key.clone(), note.trim().to_owned());
            let recommended = Fact::new(ctx.actor, None, ctx.now);
            project.variant.help = None;
            project.variant.recommendation =
                Some(Recommendation { variant: variant.clone(), note: note.clone(), recommended });
            events.push(ProjectEvent::VariantRecommended { variant, note });
            Ok(())
        })
    }

    /// `VARIANT_FROZEN` from the start of a run until it is rolled back, and once one is finished.
    fn variant_frozen(&self) -> Option<Violation> {
        if self.migration.finished().is_some() {
            Some(frozen(words("no change: a run is finished", "bez zmian: migracja jest zakończona")))
        } else if self.migration.freezes_variant() {
            Some(frozen(words("a change once the run is rolled back", "zmiana po wycofaniu migracji")))
        } else {
            None
        }
    }

    /// What rested on the declaration counts no more; results are kept.
    pub(super) fn void_audits(&mut self, reason: &str, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        self.licence.held = None;
        for no in AuditNo::ALL {
            let voided = self.audit_mut(no).reset(reason, ctx.actor, ctx.now);
            events.extend(voided.into_iter().map(|event| ProjectEvent::audit(no, event)));
        }
    }

    /// Agreed dates are judged by the new variant from now on.
    fn take_terms_of(&mut self, variant: &VariantData) {
        for kind in super::DateKind::ALL {
            if let Some(agreed) = &mut self.dates.slot_mut(kind).agreed {
                agreed.terms.migration = Some(variant.migration);
            }
        }
    }
}

fn frozen(allowed: Words) -> Violation {
    Violation::new(ErrorReason::VariantFrozen).field("variant").allowed(allowed)
}
