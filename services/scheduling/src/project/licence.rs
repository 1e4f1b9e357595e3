//! What the licensing service says about the project (`LICENCE_REQUIRED`).

use serde::{Deserialize, Serialize};

use super::{
    Context, Project, ProjectEvent,
    audits::{AttemptId, AuditResult},
};

/// As licensing names a licence kind that is not chosen.
pub const LICENCE_KIND: &str = "licence_kind";

/// What is in place for a variant, as the licensing service last said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceStatus {
    /// The variant for which it was judged.
    pub variant: String,
    /// The chosen kind: "standard" or "runtime".
    pub kind: Option<String>,
    /// Keys of what is missing: [`LICENCE_KIND`] or keys of demands. Empty when all is in place.
    pub missing: Vec<String>,
}

/// A pass of audit 2 that arrived while a licence was missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPass {
    pub attempt: AttemptId,
    pub result: AuditResult,
}

/// The licence side of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// None until the licensing service has judged the chosen variant.
    pub status: Option<LicenceStatus>,
    /// Audit 2 cannot pass without a proof: the result waits here until one is back.
    pub held: Option<HeldPass>,
}

impl Project {
    /// Takes the licensing service's word. A status for another variant than the present one says nothing.
    pub fn licence_changed(&mut self, status: LicenceStatus, ctx: &Context) -> Vec<ProjectEvent> {
        self.note(ctx, |project, events| {
            if project.variant.chosen() != Some(status.variant.as_str())
                || project.licence.status.as_ref() == Some(&status)
            {
                return;
            }
            let missing = status.missing.clone();
            project.licence.status = Some(status);
            if project.readiness.declared().is_some() && !missing.is_empty() {
                events.push(ProjectEvent::LicenceMissing { missing });
            } else if missing.is_empty()
                && let Some(HeldPass { attempt, result }) = project.licence.held.take()
            {
                let later = !project.migration.runs().is_empty();
                let recorded = project.audit_2.record_result(attempt, result, later);
                events.extend(
                    recorded.into_iter().map(|event| ProjectEvent::audit(super::AuditNo::Two, event)),
                );
            }
        })
    }

    /// Keys of what the variant demands and licensing has not recorded as in place.
    pub fn licences_missing(&self, ctx: &Context) -> Vec<String> {
        match (&self.licence.status, ctx.variant) {
            (Some(status), _) => status.missing.clone(),
            (None, Some(variant)) => {
                let kind = variant.licence_kind_required.then(|| LICENCE_KIND.to_owned());
                kind.into_iter().chain(variant.licences.iter().cloned()).collect()
            }
            (None, None) => Vec::new(),
        }
    }
}
