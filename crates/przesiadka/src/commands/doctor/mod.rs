//! `doctor`: looks at everything that the services need, with and without a process that runs, and says what to do.
//!
//! Each check is bounded in time, and all are made whatever becomes of the others.

mod bus;
mod certificates;
mod database;
mod finding;
mod outside;
mod process;
mod settings;

use clap::Args;
use futures::future::{BoxFuture, FutureExt as _, join_all};
use platform::config::{ConfigError, Loaded};

use self::finding::{Finding, State};
use super::output::{Format, json};
use crate::cli::{Which, print};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    which: Which,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// # Errors
/// A check failed: exit code 1.
pub async fn run(loaded: &Loaded, args: DoctorArgs) -> anyhow::Result<()> {
    let names = args.which.names();
    let mut checks: Vec<BoxFuture<'_, Vec<Finding>>> = vec![
        settings::check(loaded, &names).boxed(),
        certificates::check(loaded, &names).boxed(),
        outside::issuers(loaded).boxed(),
    ];
    for &name in &names {
        checks.push(database::check(loaded, name).boxed());
        checks.push(bus::check(loaded, name).boxed());
        checks.push(outside::of(loaded, name).boxed());
        checks.push(process::check(loaded, name).boxed());
    }
    let findings = join_all(checks).await.concat();
    tell(&findings, args.output, |text| loaded.without_secrets(text))
}

/// Settings that cannot even be read.
///
/// # Errors
/// Always: exit code 1.
pub fn unreadable(error: &ConfigError, args: &DoctorArgs) -> anyhow::Result<()> {
    tell(&[settings::unreadable(error)], args.output, str::to_owned)
}

fn tell(findings: &[Finding], format: Format, tidy: impl Fn(&str) -> String) -> anyhow::Result<()> {
    let findings: Vec<Finding> = findings.iter().map(|finding| finding.map(&tidy)).collect();
    match format {
        Format::Json => json(&findings)?,
        Format::Table => {
            for finding in &findings {
                print(&finding.to_string())?;
            }
        }
    }
    let failed = findings.iter().filter(|finding| finding.state == State::Failed).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", findings.len());
    Ok(())
}
