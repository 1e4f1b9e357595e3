//! `tests/faults`: real parts, dealerships on their way, and trouble; afterwards the databases are read.

mod bus;
mod chance;
mod check;
mod log;
mod parts;
mod poison;
mod proxy;
mod run;
mod timekeeper;
mod trouble;
mod watch;
mod ways;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

use crate::run::Options;

#[tokio::main]
async fn main() -> ExitCode {
    platform::init();
    let options = Options::parse();
    let mut asked_to_end = signal(SignalKind::terminate()).expect("a handler of SIGTERM");
    // Dropping the run ends all that it started.
    let outcome = tokio::select! {
        outcome = run::run(&options) => outcome,
        _ = asked_to_end.recv() => Err(anyhow::anyhow!("asked to end")),
        _ = ctrl_c() => Err(anyhow::anyhow!("asked to end")),
    };
    match outcome {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                println!("FOUND: {finding}");
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
