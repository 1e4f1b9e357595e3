//! `events`: what could not be applied, and another try.

use clap::Subcommand;
use platform::{clock::Clock, config::Config, lane::Lane};

use crate::{
    cli::{Which, print},
    prepare,
    services::Name,
};

#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Events that stop their lanes, and how many wait behind each.
    Parked {
        #[command(flatten)]
        which: Which,
    },
    /// The last messages that could not be put on any lane.
    Strays {
        #[command(flatten)]
        which: Which,
    },
    /// Lets a parked event be tried again.
    Replay {
        /// The service that could not apply it.
        #[arg(long, value_name = "SERVICE")]
        only: Name,
        /// The service that told it.
        #[arg(long, value_name = "SERVICE")]
        source: Name,
        /// Id of the company whose lane it stops, or _global.
        #[arg(long)]
        company: Lane,
    },
}

/// # Errors
/// A database is away; nothing is parked there.
pub async fn run(config: &Config, what: EventsCommand) -> anyhow::Result<()> {
    match what {
        EventsCommand::Parked { which } => {
            for name in which.names() {
                for event in prepare::open(config, name, Clock::System).await?.parked().await? {
                    let forgets = match event.anonymisations {
                        0 => String::new(),
                        n => format!(" ({n} of them to anonymise a contact)"),
                    };
                    print(&format!(
                        "{}  {name}  {}/{}/{}  {} {}  {} behind{forgets}  {}",
                        event.received_at,
                        event.source,
                        event.lane,
                        event.seq,
                        event.kind,
                        event.event_id,
                        event.behind,
                        event.error,
                    ))?;
                }
            }
        }
        EventsCommand::Strays { which } => {
            for name in which.names() {
                for stray in prepare::open(config, name, Clock::System).await?.strays().await? {
                    print(&format!("{}  {name}  {}  {}", stray.received_at, stray.subject, stray.error))?;
                }
            }
        }
        EventsCommand::Replay { only, source, company } => {
            let core = prepare::open(config, only, Clock::System).await?;
            let moved = core.replay(source.as_str(), company).await?;
            anyhow::ensure!(moved, "{only} has nothing parked on the lane {source}/{company}");
            print("a running service tries it again within seconds")?;
        }
    }
    Ok(())
}
