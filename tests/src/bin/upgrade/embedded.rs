//! One process on SQLite: the old build, the built one, and the old one again, with a dealership under way.

use std::path::Path;

use journeys::{Installation, built};
use story::{Dealership, Facts, Through};

const NOW: &str = "2026-11-09T08:00:00Z";

/// What the processes called an error.
///
/// # Errors
/// The dealership does not arrive.
pub async fn there_and_back(old: &Path) -> anyhow::Result<Vec<String>> {
    use Through::{
        Acceptance, Audit1, Audit2, Contracting, Integrations, Migration, Readiness, Verification,
    };
    let mut installation = Installation::empty(NOW);
    old.clone_into(&mut installation.program);
    installation.add("all", &["serve"], Vec::new());
    installation.ready().await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await?;
    let stages = |stages: &'static [Through]| {
        let d = &d;
        async move {
            for stage in stages {
                d.stage(*stage).await?;
            }
            d.world.settled().await
        }
    };
    stages(&[Contracting, Readiness]).await?;
    installation.processes[0].replace_by(&built()).await?;
    stages(&[Audit1, Audit2, Migration]).await?;
    installation.processes[0].replace_by(old).await?;
    stages(&[Integrations, Verification, Acceptance]).await?;
    anyhow::ensure!(d.ended().await?.is_some(), "the dealership has not come to its end");
    println!("an embedded installation went there and back");
    Ok(installation.processes[0].process.errors().into_iter().map(|line| format!("SQLite: {line}")).collect())
}
