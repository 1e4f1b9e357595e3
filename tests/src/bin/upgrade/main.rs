//! What an older build has to find again where a newer one was before: schemas and REST paths, and the way of an
//! embedded installation there and back. `tests/upgrade` builds both and runs it, before the rolling upgrade of `faults`.

mod compare;
mod embedded;
mod paths;
mod place;
mod postgres;
mod schema;
mod sqlite;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use journeys::{built, servers::Postgres, until_asked_to_end};
use testkit::unique_name;

use crate::place::Place;

/// Compares the built program with an older one.
#[derive(Debug, Parser)]
struct Options {
    /// The older build.
    #[arg(long, value_name = "PROGRAM")]
    from: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    platform::init();
    let folder = std::env::temp_dir().join(format!("przesiadka-upgrade-{}", unique_name()));
    let outcome = until_asked_to_end(run(&Options::parse().from, &folder)).await;
    drop(fs::remove_dir_all(&folder));
    match outcome {
        Ok(findings) if findings.is_empty() => {
            println!("no findings");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            findings.iter().for_each(|finding| println!("FOUND: {finding}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("FAILED: {error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn run(old: &Path, folder: &Path) -> anyhow::Result<Vec<String>> {
    fs::create_dir(folder)?;
    let mut findings = paths::findings(old, &built())?;
    println!("the REST paths are compared");
    let places = ["old", "afresh"].map(|name| Place::sqlite(&folder.join(name)));
    let (found, raised) = schemas("SQLite", old, places).await?;
    findings.extend(found);
    let postgres = Postgres::start(folder, &[("fsync", "off"), ("log_min_messages", "fatal")]).await;
    let places = [Place::postgres(&postgres, "old").await?, Place::postgres(&postgres, "afresh").await?];
    findings.extend(schemas("PostgreSQL", old, places).await?.0);
    drop(postgres);
    // What is found already would end it.
    if findings.is_empty() && !raised {
        findings.extend(embedded::there_and_back(old).await?);
    }
    Ok(findings)
}

/// Brings one place up by the old build and then by the built one, and the other by the built one alone. What is found,
/// and whether a compatibility number was raised.
async fn schemas(on: &str, old: &Path, [place, afresh]: [Place; 2]) -> anyhow::Result<(Vec<String>, bool)> {
    let new = built();
    place.up(old)?;
    let before = place.schemas().await?;
    if let Err(error) = place.up(&new) {
        return Ok((vec![format!("{on}: `schema up` fails: {error:#}")], false));
    }
    let after = place.schemas().await?;
    afresh.up(&new)?;
    let fresh = afresh.schemas().await?;
    let mut findings = Vec::new();
    for ((service, after), fresh) in after.iter().zip(fresh.values()) {
        let differences = compare::differences(after, fresh);
        findings.extend(differences.iter().map(|found| format!("{on}, {service}: {found}")));
    }
    let raised = before.values().zip(after.values()).any(|(b, a)| a.compatibility > b.compatibility);
    if raised {
        println!("{on}: THE COMPATIBILITY NUMBER WAS RAISED, so no older build goes on with it");
        return Ok((findings, true));
    }
    for (build, whose) in [(&*new, "once more by this build"), (old, "by the old build on the newer schema")]
    {
        if let Err(error) = place.up(build) {
            findings.push(format!("{on}: `schema up` {whose} fails: {error:#}"));
        } else if place.schemas().await? != after {
            findings.push(format!("{on}: `schema up` {whose} changes it"));
        }
    }
    let status = place.status(old)?;
    for ((service, before), after) in before.iter().zip(after.values()) {
        let broken = compare::broken(before, after);
        findings.extend(broken.iter().map(|found| format!("{on}, {service}: {found}")));
        let is_newer = after.changes > before.changes;
        let expected = if is_newer { "of a newer build, compatible" } else { "up to date" };
        let says = status.lines().find(|line| line.starts_with(service)).unwrap_or_default();
        if !says.contains(expected) {
            findings.push(format!("{on}: the old build's `schema status` is not \"{expected}\": {says}"));
        }
    }
    println!("the schemas on {on} are compared");
    Ok((findings, false))
}
