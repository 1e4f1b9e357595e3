//! Projects, when the database of audit or licensing was restored from a backup.

use std::collections::BTreeMap;

use platform::{Error, consumer::ApplyError, documents, id::CompanyId, restored::Difference, unit::Unit};
use proto::{
    audit::v1::{AuditEvent, audit_event::Event as Audit},
    licensing::v1::{LicensingEvent, licensing_event::Event as Licensing},
};

use super::{AuditNo, Project, audits::Attempt, consume, licence::LicenceStatus, store, timers};
use crate::Scheduling;

impl Scheduling {
    pub(crate) async fn set_back_to_audit(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        told: &[AuditEvent],
    ) -> Result<Vec<Difference>, ApplyError> {
        Ok(set_projects(unit, company, |project| project.set_back_to_audit(told)).await?)
    }

    pub(crate) async fn set_back_to_licensing(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        told: &[LicensingEvent],
    ) -> Result<Vec<Difference>, ApplyError> {
        Ok(set_projects(unit, company, |project| project.set_back_to_licensing(told)).await?)
    }
}

/// Nothing follows from it but the timer: what is missing now shows where it is asked for.
async fn set_projects(
    unit: &mut Unit,
    company: CompanyId,
    set: impl Fn(&mut Project) -> Vec<Difference>,
) -> Result<Vec<Difference>, Error> {
    let mut differences = Vec::new();
    for mut stored in documents::of_company::<Project>(unit.db(), company).await? {
        let before = stored.value.clone();
        differences.extend(set(&mut stored.value));
        if stored.value != before {
            documents::save(unit.db(), &stored).await?;
            timers::set(unit, &stored.value).await?;
        }
    }
    Ok(differences)
}

impl Project {
    fn set_back_to_audit(&mut self, told: &[AuditEvent]) -> Vec<Difference> {
        let name = store::name_of(self).to_string();
        let mut evidence = BTreeMap::new();
        let mut results = BTreeMap::new();
        for event in told.iter().filter(|event| event.project == name) {
            match &event.event {
                Some(Audit::EvidenceRefreshed(refreshed)) => evidence = consume::valid_until(refreshed),
                Some(Audit::AuditConcluded(concluded)) => {
                    results.insert(concluded.attempt.as_str(), concluded.passed);
                }
                _ => {}
            }
        }
        let result = |attempt: &Attempt| {
            let id = attempt.id.to_string();
            let here = attempt.last_result().map(|result| result.passed);
            let there = results.get(id.as_str()).copied();
            Difference::between(Some(&name), "audit_result", words(&id, here), words(&id, there))
        };
        let attempts = AuditNo::ALL.into_iter().flat_map(|no| self.audit(no).attempts());
        let mut differences: Vec<_> = attempts.filter_map(result).collect();
        // What was told to a project that is over changed nothing either.
        if self.is_open() {
            let before = self.evidence.to_string();
            self.evidence.set(evidence);
            differences.extend(Difference::between(Some(&name), "evidence", before, &self.evidence));
        }
        differences
    }

    fn set_back_to_licensing(&mut self, told: &[LicensingEvent]) -> Vec<Difference> {
        if !self.is_open() {
            return Vec::new();
        }
        let name = store::name_of(self).to_string();
        let mut status = None;
        for event in told.iter().filter(|event| event.project == name) {
            if let Some(Licensing::LicenceStatusChanged(changed)) = &event.event
                && self.variant.chosen() == Some(changed.variant.as_str())
            {
                status = Some(consume::licence_status(changed));
            }
        }
        let words = |status: &Option<LicenceStatus>| {
            status.as_ref().map_or_else(String::new, |status| match status.missing.as_slice() {
                [] => "complete".to_owned(),
                missing => format!("missing {}", missing.join(", ")),
            })
        };
        let before = std::mem::replace(&mut self.licence.status, status);
        let after = &self.licence.status;
        Difference::between(Some(&name), "licence_status", words(&before), words(after)).into_iter().collect()
    }
}

fn words(attempt: &str, passed: Option<bool>) -> String {
    match passed {
        Some(true) => format!("attempt {attempt} passed"),
        Some(false) => format!("attempt {attempt} failed"),
        None => format!("attempt {attempt} without a result"),
    }
}
