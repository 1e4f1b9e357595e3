//! The command line.

use std::{env, io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use platform::{config::Loaded, telemetry::Telemetry};

use crate::{
    commands::{
        checklist, config, differences, doctor, events, message, outbox, output::Format, parked, project,
        ready, restored, schema, stream, timers, token,
    },
    demo,
    serve::{self, Server},
    services::{self, Name},
};

/// Takes dealerships through the replacement of MS SQL under DMS AutoStacja.
#[derive(Debug, Parser)]
#[command(name = "przesiadka", version)]
struct Cli {
    /// Settings over the defaults; PRZESIADKA_CONFIG if not given.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs all four services, or some of them.
    Serve {
        #[command(flatten)]
        which: Which,
    },
    /// Whether the process that runs here with these settings is ready; for healthchecks.
    Ready,
    /// Takes one dealership through the whole process, embedded and under a simulated clock.
    Demo(demo::DemoArgs),
    /// Prints a token of the development issuer.
    Token(token::TokenArgs),
    /// Shows or checks the settings.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Checks everything that the services need, and says what to do.
    Doctor(doctor::DoctorArgs),
    /// Shows databases' schemas, and brings them up to date.
    Schema {
        #[command(subcommand)]
        what: SchemaCommand,
    },
    /// Shows NATS's stream, and brings it to the settings.
    Stream(stream::StreamArgs),
    Restored(restored::RestoredArgs),
    /// Shows where services had heard more of another one than its restored database has.
    Differences(differences::DifferencesArgs),
    /// Shows how the projects stand.
    Project(project::ProjectArgs),
    /// Follows and shows what the services tell.
    Events(events::EventsArgs),
    /// Shows events that could not be applied; has them tried again, or drops them.
    Parked(parked::ParkedArgs),
    /// Shows what is on its way between the services.
    Outbox(outbox::OutboxArgs),
    /// Shows what the services will do by themselves.
    Timers(timers::TimersArgs),
    /// Shows e-mails, and sends them again.
    Message(message::MessageArgs),
    /// Checks, shows and compares the checklists of audits.
    Checklist(checklist::ChecklistArgs),
    /// Prints the description of the REST API.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// What is in force, without secrets.
    Print,
    /// Whether `serve` would start with it.
    Check {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// What the databases have had of this build's changes; fails where this build cannot work on one.
    Status {
        #[command(flatten)]
        which: Which,
        /// For people, or for programs.
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
    /// Applies the changes that the databases have not had.
    Up {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, clap::Args)]
pub struct Which {
    /// Only these services, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "SERVICE", global = true)]
    only: Vec<Name>,
}

impl Which {
    /// Whether any is named.
    pub fn is_narrowed(&self) -> bool {
        !self.only.is_empty()
    }

    /// In the order of the services, each once.
    pub fn names(&self) -> Vec<Name> {
        let wanted = |name: &Name| self.only.is_empty() || self.only.contains(name);
        Name::ALL.into_iter().filter(wanted).collect()
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    platform::init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.context("cannot start").and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("przesiadka: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let file = cli.config.or_else(|| env::var_os("PRZESIADKA_CONFIG").map(PathBuf::from));
    let variables = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = match (Loaded::read(file.as_deref(), variables), &cli.command) {
        (Err(error), Command::Doctor(args)) => return doctor::unreadable(&error, args),
        (loaded, _) => loaded?,
    };
    match cli.command {
        Command::Serve { which } => run_services(&loaded, &which.names()).await,
        Command::Ready => print(&ready::ready(&loaded.config).await?),
        Command::Demo(args) => demo::run(args).await,
        Command::Token(args) => print(&token::token(&loaded.config, args)?),
        Command::Config { what: ConfigCommand::Print } => print(loaded.print().trim_end()),
        Command::Config { what: ConfigCommand::Check { which } } => {
            config::check(&loaded, &which.names()).await?;
            print("the settings are good")
        }
        Command::Schema { what: SchemaCommand::Up { which } } => {
            schema::up(&loaded.config, &which.names()).await
        }
        Command::Schema { what: SchemaCommand::Status { which, output } } => {
            schema::status(&loaded.config, &which.names(), output).await
        }
        Command::Stream(args) => stream::run(&loaded.config, args).await,
        Command::Doctor(args) => doctor::run(&loaded, args).await,
        Command::Restored(args) => restored::run(&loaded.config, args).await,
        Command::Differences(args) => differences::run(&loaded.config, args).await,
        Command::Project(args) => project::run(&loaded.config, args).await,
        Command::Events(args) => events::run(&loaded.config, args).await,
        Command::Parked(args) => parked::run(&loaded.config, args).await,
        Command::Outbox(args) => outbox::run(&loaded.config, args).await,
        Command::Timers(args) => timers::run(&loaded.config, args).await,
        Command::Message(args) => message::run(&loaded, args).await,
        Command::Checklist(args) => checklist::run(&loaded, args),
        Command::Openapi => print(&format!("{:#}", serve::document())),
    }
}

async fn run_services(loaded: &Loaded, names: &[Name]) -> anyhow::Result<()> {
    let config = &loaded.config;
    let words: Vec<_> = names.iter().map(|name| name.as_str()).collect();
    let telemetry = Telemetry::start(&config.telemetry, &words)?;
    let server = Server::start(loaded, names).await?;
    let filter = telemetry.log_filter();
    tokio::spawn(loaded.clone().follow(move |text| filter.set(text), server.shutdown.soft()));
    server.shutdown.on_signals(config.shutdown.delay(), config.shutdown.deadline())?;
    print(&greeting(loaded, names, &server))?;
    let ended = server.wait().await;
    telemetry.shutdown().await;
    ended
}

/// What a person at a terminal wants to know first.
fn greeting(loaded: &Loaded, names: &[Name], server: &Server) -> String {
    let scheme = |tls: bool| if tls { "https" } else { "http" };
    let (config, addresses) = (&loaded.config, server.addresses);
    let rest = format!("{}://{}", scheme(config.rest.tls.is_some()), addresses.rest);
    let mut lines = vec![
        format!("REST     {rest}"),
        format!("docs     {rest}/docs"),
        format!("gRPC     {}://{}", scheme(config.grpc.tls.is_some()), addresses.grpc),
        format!("ops      {}://{}/ready", scheme(config.ops.tls.is_some()), addresses.ops),
        format!("data     {}", config.data_dir.display()),
    ];
    if names.contains(&Name::Notification) {
        lines.push(format!("e-mails  {}", services::mail_folder(loaded).display()));
    }
    lines.join("\n")
}

/// To standard output; a reader that has gone (`| head`) is no fault.
pub fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot print"),
    }
}
