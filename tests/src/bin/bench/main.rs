//! Measures speed and memory on private real parts: see docs/BENCHMARKS.md. `tests/bench` builds and runs it.

mod bulk;
mod capture;
mod figures;
mod growth;
mod load;
mod log;
mod memory;
mod pgbench;
mod place;
mod processes;
mod reminders;
mod script;
mod sink;
mod telemetry;
mod unlock;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use figures::Figures;
use journeys::until_asked_to_end;

/// Measures speed and memory on private real parts, on loopback.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Options {
    /// Only these parts, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Writes all figures there, as one JSON object.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How long each load lasts, at least.
    #[arg(long, default_value_t = 8, value_name = "SECONDS")]
    seconds: u64,
    /// How many clients a load has, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    clients: Vec<usize>,
    /// Only this layout.
    #[arg(long, value_enum)]
    layout: Option<place::Layout>,
    /// Only this way to speak.
    #[arg(long, value_enum)]
    wire: Option<load::Wire>,
    /// Prints all statements that a command causes, such as `audit.ConcludeAudit`.
    #[arg(long, value_name = "METHOD")]
    statements: Option<String>,
    /// Takes the statements of the typical command anew, and writes pgbench's script into the checkout.
    #[arg(long)]
    write_script: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Whole projects by concurrent clients.
    Load,
    /// The same beside pgbench with a command's statements.
    Pgbench,
    /// From an audit's result to the unlocked stage.
    Unlock,
    /// Time to ready, and memory at rest.
    Memory,
    /// With 1,000, 10,000 and 100,000 projects.
    Growth,
    /// 100,000 reminders that are due at once.
    Reminders,
    /// What spans and figures cost.
    Telemetry,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    until_asked_to_end(run(Options::parse())).await
}

async fn run(options: Options) -> anyhow::Result<()> {
    if options.write_script {
        return pgbench::write_script().await;
    }
    if let Some(method) = &options.statements {
        return pgbench::print_statements(method).await;
    }
    let mut figures = Figures::default();
    if options.wants(Part::Load) {
        load::measure(&options, &mut figures).await?;
    }
    if options.wants(Part::Pgbench) {
        pgbench::measure(&options, &mut figures).await?;
    }
    if options.wants(Part::Unlock) {
        unlock::measure(&mut figures).await?;
    }
    if options.wants(Part::Memory) {
        memory::measure(&mut figures).await?;
    }
    if options.wants(Part::Growth) {
        growth::measure(&mut figures).await?;
    }
    if options.wants(Part::Reminders) {
        reminders::measure(&mut figures).await?;
    }
    if options.wants(Part::Telemetry) {
        telemetry::measure(&options, &mut figures).await?;
    }
    figures.judge();
    if let Some(file) = &options.json {
        figures.write(file)?;
    }
    Ok(())
}
