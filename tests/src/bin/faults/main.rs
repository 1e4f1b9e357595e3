//! `tests/faults`: real parts, dealerships on their way, and trouble; afterwards the databases are read.

mod bus;
mod chance;
mod check;
mod log;
mod parts;
mod poison;
mod run;
mod timekeeper;
mod trouble;
mod upgrade;
mod watch;
mod ways;

use std::process::ExitCode;

use clap::Parser;
use journeys::until_asked_to_end;

use crate::run::Options;

/// One cause can have thousands of consequences.
const MOST_TOLD: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    platform::init();
    match until_asked_to_end(run::run(&Options::parse())).await {
        Ok(findings) if findings.is_empty() => {
            println!("no findings");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            for finding in findings.iter().take(MOST_TOLD) {
                println!("FOUND: {finding}");
            }
            if findings.len() > MOST_TOLD {
                println!("and more like these");
            }
            println!("{} findings", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("FAILED: {error:?}");
            ExitCode::FAILURE
        }
    }
}
