//! What REST offers: each path and verb of the old build is still there. What goes in and out is the contract's.

use std::{collections::BTreeSet, path::Path, process::Command};

use anyhow::Context as _;
use serde_json::Value;

/// # Errors
/// A build that does not say what it offers.
pub fn findings(old: &Path, new: &Path) -> anyhow::Result<Vec<String>> {
    let (old, new) = (offered(old)?, offered(new)?);
    anyhow::ensure!(!old.is_empty(), "the old build offers nothing");
    Ok(old.difference(&new).map(|gone| format!("REST: {gone} is gone")).collect())
}

fn offered(build: &Path) -> anyhow::Result<BTreeSet<String>> {
    let output = Command::new(build).arg("openapi").env_clear().output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout)?;
    let paths = document["paths"].as_object().context("no paths")?;
    let verbs = |(path, verbs): (&String, &Value)| {
        let verbs: Vec<_> = verbs.as_object().into_iter().flatten().map(|(verb, _)| verb.clone()).collect();
        verbs.into_iter().map(move |verb| format!("{verb} {path}")).collect::<Vec<_>>()
    };
    Ok(paths.iter().flat_map(verbs).collect())
}
