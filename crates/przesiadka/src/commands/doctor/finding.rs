//! What a check found.

use std::{fmt, time::Duration};

use serde::Serialize;
use tokio::time::timeout;

/// Longer than a part that is well takes for its answer.
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Such as "database.audit".
    pub check: String,
    pub state: State,
    pub seen: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

impl Finding {
    pub fn ok(check: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Ok, seen: seen.into(), advice: String::new() }
    }

    pub fn warning(check: impl Into<String>, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Warning, seen: seen.into(), advice: advice.into() }
    }

    pub fn failed(check: impl Into<String>, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Failed, seen: seen.into(), advice: advice.into() }
    }

    pub fn map(&self, tidy: impl Fn(&str) -> String) -> Self {
        Self { seen: tidy(&self.seen), advice: tidy(&self.advice), ..self.clone() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "FAILED",
        };
        write!(f, "{state:<7}  {:<22}  {}", self.check, self.seen)?;
        match self.advice.as_str() {
            "" => Ok(()),
            advice => write!(f, "\n{:33}→ {advice}", ""),
        }
    }
}

/// What a check finds, or that it took too long.
pub async fn bounded(
    check: impl Into<String>,
    advice: &str,
    findings: impl Future<Output = anyhow::Result<Vec<Finding>>>,
) -> Vec<Finding> {
    let check = check.into();
    match timeout(LONGEST, findings).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(error)) => vec![Finding::failed(check, format!("{error:#}"), advice)],
        Err(_) => {
            vec![Finding::failed(check, format!("no answer within {} s", LONGEST.as_secs()), advice)]
        }
    }
}
