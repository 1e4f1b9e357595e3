//! Both audits: started, measured, concluded, findings answered.

use anyhow::Context as _;
use client::Error;
use platform::clock::from_wire;
use proto::{
    audit::v1::{
        AnswerFindingRequest, Audit, AuditState, ConcludeAuditRequest, Finding, FindingState,
        GetAuditRequest, ListAuditsRequest, ListFindingsRequest, MeasuredValue, RecordValuesRequest,
        RecordedValue, UploadFileRequest, measured_value, recorded_value,
    },
    scheduling::v1::{AuditAttemptState, StartAuditRequest},
};

use crate::Dealership;

/// What a well-prepared server measures, for each audit.
pub struct GoodValues([Vec<MeasuredValue>; 2]);

impl Default for GoodValues {
    fn default() -> Self {
        let read = |json| serde_json::from_str(json).expect("values in the contract's JSON");
        Self([
            read(include_str!("../../../services/audit/tests/data/good-audit-1.json")),
            read(include_str!("../../../services/audit/tests/data/good-audit-2.json")),
        ])
    }
}

impl Dealership<'_> {
    /// The auditor starts audit 1 or 2 on its agreed day. Answers the audit's name.
    ///
    /// # Errors
    /// A refusal.
    pub async fn start_audit(&self, audit: i32) -> Result<String, Error> {
        let request = StartAuditRequest { name: self.project.clone(), audit, ..Default::default() };
        let project = self.world.auditor.call(request).await?;
        let open = project.audit_attempts.iter().rfind(|a| a.state() == AuditAttemptState::Open);
        let open = open.ok_or_else(|| Error::Unreadable("a started audit without an attempt".to_owned()))?;
        Ok(format!("{}/audits/{}", self.project, open.attempt))
    }

    /// The auditor records a good value for each item and fact that has none.
    ///
    /// # Errors
    /// A refusal, or an item that the story knows no value for.
    pub async fn measure(&self, audit: &str) -> anyhow::Result<Audit> {
        let open = self.audit(audit).await?;
        let good = &self.values.0[usize::from(open.audit == 2)];
        let value = |key: &String| {
            let known = good.iter().find(|value| value.key == *key).cloned();
            // Audit 2 looks at each finding that is still there; some variants cross a tunnel.
            let seen = || (key.starts_with("fix.") || key == "link.vpn").then(|| yes(key));
            known.or_else(seen).with_context(|| format!("a good value of {key}"))
        };
        let computed = |key: &&String| {
            let mut definitions = open.items.iter().filter_map(|item| item.definition.as_ref());
            definitions.any(|d| d.key == **key && !d.computed_from.is_empty())
        };
        let recorded = open.missing.iter().filter(|key| !computed(key));
        let values = recorded.map(value).collect::<anyhow::Result<Vec<_>>>()?;
        if values.is_empty() {
            return Ok(open);
        }
        Ok(self.record(audit, values).await?)
    }

    /// # Errors
    /// A refusal.
    pub async fn record(&self, audit: &str, values: Vec<MeasuredValue>) -> Result<Audit, Error> {
        let request = RecordValuesRequest { name: audit.to_owned(), values, ..Default::default() };
        self.world.auditor.call(request).await
    }

    /// The auditor measures too little memory.
    ///
    /// # Errors
    /// A refusal.
    pub async fn record_too_little_memory(&self, audit: &str) -> Result<Audit, Error> {
        self.record(audit, vec![gigabytes("ram.gb", 8.0)]).await
    }

    /// # Errors
    /// A refusal.
    pub async fn record_enough_memory(&self, audit: &str) -> Result<Audit, Error> {
        self.record(audit, vec![gigabytes("ram.gb", 32.0)]).await
    }

    /// # Errors
    /// A refusal.
    pub async fn conclude(&self, audit: &str) -> Result<Audit, Error> {
        self.world.auditor.call(ConcludeAuditRequest { name: audit.to_owned(), ..Default::default() }).await
    }

    /// # Errors
    /// A refusal.
    pub async fn audit(&self, name: &str) -> Result<Audit, Error> {
        self.world.auditor.call(GetAuditRequest { name: name.to_owned() }).await
    }

    /// The technical contact answers every open finding, with a file that shows it. Answers them as they are then.
    ///
    /// # Errors
    /// A refusal.
    pub async fn answer_findings(&self, answer: &str) -> Result<Vec<Finding>, Error> {
        let open = ListFindingsRequest {
            parent: self.project.clone(),
            state: FindingState::Open.into(),
            ..Default::default()
        };
        let upload = UploadFileRequest {
            parent: self.company.clone(),
            display_name: "systeminfo.txt".to_owned(),
            data: "Total Physical Memory: 32 GB\r\n".into(),
            ..Default::default()
        };
        let files = vec![self.technical.portal.call(upload).await?.name];
        let mut answered = Vec::new();
        for finding in self.technical.portal.call(open).await?.findings {
            let (name, answer) = (finding.name, answer.to_owned());
            let request = AnswerFindingRequest { name, answer, files: files.clone(), ..Default::default() };
            answered.push(self.technical.portal.call(request).await?);
        }
        Ok(answered)
    }

    /// The auditor measures again what would be stale when a run starts `before` that instant.
    ///
    /// # Errors
    /// A refusal.
    pub async fn refresh_evidence(&self, before: jiff::Timestamp) -> anyhow::Result<()> {
        let passed = ListAuditsRequest {
            parent: self.project.clone(),
            state: AuditState::Passed.into(),
            ..Default::default()
        };
        for audit in self.world.auditor.call(passed).await?.audits {
            self.measure_again(&audit.name, before).await?;
        }
        Ok(())
    }

    /// The auditor measures again what of an audit would be stale `before` that instant.
    ///
    /// # Errors
    /// A refusal.
    pub async fn measure_again(&self, audit: &str, before: jiff::Timestamp) -> anyhow::Result<()> {
        let items = self.audit(audit).await?.items;
        let stale = items.into_iter().filter(|item| {
            item.valid_until.as_ref().and_then(from_wire).is_some_and(|until| until <= before)
        });
        let again = stale.filter_map(|item| {
            let recorded = item.refreshed.or(item.recorded)?;
            let definition = item.definition.filter(|d| d.computed_from.is_empty())?;
            Some(measured_again(definition.key, definition.form?.unit, recorded))
        });
        let again: Vec<_> = again.collect();
        if !again.is_empty() {
            self.record(audit, again).await?;
        }
        Ok(())
    }
}

fn gigabytes(key: &str, value: f64) -> MeasuredValue {
    MeasuredValue {
        key: key.to_owned(),
        value: Some(measured_value::Value::NumberValue(value)),
        unit: "GB".to_owned(),
        ..Default::default()
    }
}

fn yes(key: &str) -> MeasuredValue {
    MeasuredValue {
        key: key.to_owned(),
        value: Some(measured_value::Value::BoolValue(true)),
        ..Default::default()
    }
}

fn measured_again(key: String, unit: String, recorded: RecordedValue) -> MeasuredValue {
    use {measured_value::Value as To, recorded_value::Value as From};
    let value = recorded.value.map(|value| match value {
        From::BoolValue(v) => To::BoolValue(v),
        From::NumberValue(v) => To::NumberValue(v),
        From::TextValue(v) => To::TextValue(v),
        From::DateValue(v) => To::DateValue(v),
    });
    MeasuredValue { key, value, unit, note: recorded.note, measured_at: None }
}
