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
    findings.extend(schemas("SQLite", old, places).await?);
    let postgres = Postgres::start(folder, &[("fsync", "off"), ("log_min_messages", "fatal")]).await;
    let places = [Place::postgres(&postgres, "old").await?, Place::postgres(&postgres, "afresh").await?];
    findings.extend(schemas("PostgreSQL", old, places).await?);
    drop(postgres);
    findings.extend(embedded::there_and_back(old).await?);
    Ok(findings)
}

/// Brings one place up by the old build and then by the built one, and the other by the built one alone.
async fn schemas(on: &str, old: &Path, [place, afresh]: [Place; 2]) -> anyhow::Result<Vec<String>> {
    let new = built();
    place.up(old)?;
    let before = place.schemas().await?;
    place.up(&new)?;
    let after = place.schemas().await?;
    let mut findings = Vec::new();
    for (build, whose) in [(&*new, "once more by this build"), (old, "by the old build on the newer schema")]
    {
        if let Err(error) = place.up(build) {
            findings.push(format!("{on}: `schema up` {whose} fails: {error:#}"));
        } else if place.schemas().await? != after {
            findings.push(format!("{on}: `schema up` {whose} changes it"));
        }
    }
    afresh.up(&new)?;
    let fresh = afresh.schemas().await?;
    let status = place.status(old)?;
    for ((service, before), (after, fresh)) in before.iter().zip(after.values().zip(fresh.values())) {
        let of = |finding: String| format!("{on}, {service}: {finding}");
        findings.extend(compare::differences(after, fresh).into_iter().map(of));
        if after.compatibility > before.compatibility {
            println!(
                "{on}, {service}: the compatibility number was raised from {} to {}, so no older build goes on with it",
                before.compatibility, after.compatibility
            );
            continue;
        }
        findings.extend(compare::broken(before, after).into_iter().map(of));
        let expected =
            if after.changes > before.changes { "of a newer build, compatible" } else { "up to date" };
        let says = status.lines().find(|line| line.starts_with(service)).unwrap_or_default();
        if !says.contains(expected) {
            findings.push(of(format!("the old build's `schema status` is not \"{expected}\": {says}")));
        }
    }
    println!("the schemas on {on} are compared");
    Ok(findings)
}
