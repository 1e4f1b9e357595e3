//! PostgreSQL alone, with the statements of a typical command.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use anyhow::Context as _;
use client::Contacts;
use journeys::{Service, on, servers::program};
use platform::db::{Db, query_all};
use story::{Dealership, Facts};
use testkit::from_tests_run;

use crate::{
    Options,
    bulk::{KEPT, Template},
    capture::{self, Caused},
    figures::Figures,
    load::{self, Run, Wire},
    place::{Layout, Place, Scratch, Servers},
    script::{self, CONSEQUENCES, Known},
};

/// The command whose statements are taken: the number that it causes is close to the mean of a whole project, and all
/// four services hear of it.
const TYPICAL: &str = "licensing.ChooseLicence";
const CLIENTS: usize = 16;
/// Companies that each of pgbench's clients works on.
const COMPANIES: i64 = 64;
const DATABASE: &str = "pgbench";
const SCRIPT: &str = include_str!("command.sql");
const VALUES: &str = include_str!("command.json");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin/bench");

/// Measures the services and PostgreSQL alone, one after the other on the same server.
///
/// # Errors
/// A service or a program that fails.
pub async fn measure(options: &Options, figures: &mut Figures) -> anyhow::Result<()> {
    let all = capture::whole_project().await?.commands;
    let mean = tell_statements(figures, &all);
    let place = Place::start(Layout::Spread).await?;
    let templates = before_the_command(&place).await?;
    let servers = place.servers.as_ref().context("servers")?;
    fill(servers, &templates.0).await?;
    let seconds = Duration::from_secs(options.seconds);
    let run = load::run(&place, Wire::Grpc, CLIENTS, seconds).await?;
    load::heading();
    load::tell(figures, "with_pgbench", &run);
    let pgbench = |script: &str, first: u64| pgbench(servers, script, first, &templates.1, options.seconds);
    let whole = pgbench(SCRIPT, 0)?;
    all_marked(servers).await?;
    let own = pgbench(&own_script(), 1_000_000)?;
    ratios(figures, &run, whole, own, mean);
    Ok(())
}

fn ratios(figures: &mut Figures, run: &Run, whole: f64, own: f64, mean: f64) {
    let ratio = run.commands_per_s() / whole;
    figures.set("pgbench_per_s", whole);
    figures.set("pgbench_own_per_s", own);
    figures.set("ratio_own", run.commands_per_s() / own);
    println!(
        "pgbench, {CLIENTS} clients: {whole:.0}/s all statements of {TYPICAL}, {own:.0}/s its own transaction alone"
    );
    figures.set("ratio_sustained", run.sustained_per_s() / whole);
    println!(
        "ratio {ratio:.3}, of what can be kept up {:.3}, to the own transaction alone {:.3}; \
         outboxes and lanes empty after {:.0} ms",
        run.sustained_per_s() / whole,
        run.commands_per_s() / own,
        run.arrived.as_secs_f64() * 1e3
    );
    let per_statement = ratio * mean / count(SCRIPT) as f64;
    figures.set("ratio_per_statement", per_statement);
    println!(
        "statement by statement {per_statement:.3}: the script has {} statements, the load's commands {mean:.0} on average",
        count(SCRIPT)
    );
    if run.counts() {
        figures.set("ratio_pgbench", ratio);
    } else {
        println!("the ratio does not count: events arrived later than 1 s after the last answer");
        figures.set("ratio_pgbench_late", ratio);
    }
    figures.set("ratio_cpu", run.cpu.of_services().as_secs_f64() / run.cpu.postgres.as_secs_f64());
}

/// How many statements each command causes, and whether the script is still right. Returns their mean.
fn tell_statements(figures: &mut Figures, all: &[Caused]) -> f64 {
    println!(
        "  {:<42} {:>6} {:>10} {:>12}",
        "command, in one project", "calls", "statements", "transactions"
    );
    for (method, (calls, statements, transactions)) in capture::by_method(all) {
        println!("  {method:<42} {calls:>6} {statements:>10.0} {transactions:>12.0}");
        figures.set(format!("statements_{method}"), statements);
    }
    let mean = |of: fn(&Caused) -> usize| all.iter().map(of).sum::<usize>() as f64 / all.len() as f64;
    let (statements, transactions) = (mean(Caused::statements), mean(|c| c.transactions.len()));
    figures.set("statements_per_command", statements);
    figures.set("transactions_per_command", transactions);
    println!("  mean: {statements:.0} statements in {transactions:.0} transactions per command");
    let now = all.iter().find(|caused| caused.method == TYPICAL).map_or(0, Caused::statements);
    let then = count(SCRIPT);
    println!("  {TYPICAL} causes {now} statements; the script has {then}");
    if now.abs_diff(then) * 10 > then {
        println!("  THE SCRIPT IS OLD: make it anew with `tests/bench --write-script`");
    }
    statements
}

/// The script's own count of statements.
fn count(script: &str) -> usize {
    let (_, after) = script.split_once("-- statements: ").unwrap_or_default();
    after.split(',').next().and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// The script without what the command causes.
fn own_script() -> String {
    SCRIPT.split(CONSEQUENCES).next().unwrap_or_default().to_owned()
}

/// One company just before it chooses its licence: the rows in each database, and its ids.
async fn before_the_command(place: &Place) -> anyhow::Result<(BTreeMap<&'static str, Template>, Known)> {
    let world = place.client(Contacts::Grpc, |_| std::future::ready(()))?;
    let dealership = Dealership::open(&world, &Facts::AUTODOM).await?;
    dealership.contract(&calendar_day(&world)).await?;
    dealership.choose_variant("new_server").await?;
    world.settled().await?;
    let mut templates = BTreeMap::new();
    for service in Service::ALL {
        let db = place.database(service).await?;
        templates.insert(service.name(), Template::read(&db).await?);
        db.close().await?;
    }
    Ok((templates, known(&dealership)))
}

fn calendar_day(world: &story::World) -> String {
    calendar::local_day(world.now()).to_string()
}

/// The ids that the command finds, by name.
pub fn known(dealership: &Dealership<'_>) -> Known {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    [
        ("company", &dealership.company),
        ("project", &dealership.project),
        ("technical", &dealership.technical.contact),
        ("decision", &dealership.decision.contact),
    ]
    .map(|(name, resource)| (name.to_owned(), last(resource)))
    .into()
}

/// One database with a schema for each service, and as many copies as pgbench's clients need.
async fn fill(servers: &Servers, templates: &BTreeMap<&'static str, Template>) -> anyhow::Result<()> {
    servers.run("postgres", &format!("create database {DATABASE}")).await?;
    for service in Service::ALL {
        let name = service.name();
        servers.run(DATABASE, &format!("create schema {name}")).await?;
        let url = format!("{}?options[search_path]={name}", servers.postgres.url(DATABASE));
        let made = Command::new(from_tests_run("PRZESIADKA_TEST_BINARY"))
            .args(["schema", "up", "--only", name])
            .env_clear()
            .envs(on(service, &url, &servers.nats.url(0)))
            .output()?;
        anyhow::ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let db = Db::open(&url, 1).await?;
        templates[name].copy(&db, 1, CLIENTS as i64 * COMPANIES).await?;
        db.close().await?;
    }
    servers.vacuum(DATABASE)
}

/// How often a second the script is run through. `first`: above the numbers of runs before, which make the ids.
fn pgbench(servers: &Servers, script: &str, first: u64, known: &Known, seconds: u64) -> anyhow::Result<f64> {
    let folder = Scratch::new()?;
    let file = folder.0.join("command.sql");
    fs::write(&file, script)?;
    readable(&folder.0)?;
    let values: BTreeMap<String, String> = serde_json::from_str(VALUES)?;
    let ids = known.iter().map(|(name, id)| (format!("{name}_kept"), id[..KEPT].to_owned()));
    let counts = [("i", first.to_string()), ("companies", COMPANIES.to_string())];
    let counts = counts.map(|(name, value)| (name.to_owned(), value));
    let defined = values.into_iter().chain(ids).chain(counts);
    let ran = program("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .args([format!("--client={CLIENTS}"), format!("--time={seconds}")])
        .arg(format!("--file={}", file.display()))
        .args(defined.map(|(name, value)| format!("--define={name}={value}")))
        .arg(servers.postgres.url(DATABASE))
        .output()?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let complained = String::from_utf8_lossy(&ran.stderr).into_owned();
    anyhow::ensure!(ran.status.success(), "{}", complained.chars().take(1_000).collect::<String>());
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    tps.with_context(|| format!("{said}{complained}"))
}

/// The script did all that the services do: a statement that finds nothing to change is not it.
async fn all_marked(servers: &Servers) -> anyhow::Result<()> {
    let db = Db::open(&servers.postgres.url(DATABASE), 1).await?;
    for service in Service::ALL {
        let sql = format!(
            "select count(*) as events, count(published_at) as marked from {}.outbox",
            service.name()
        );
        let row = query_all(db.read(), &sql, vec![]).await?;
        let (events, marked): (i64, i64) = (row[0].try_get("", "events")?, row[0].try_get("", "marked")?);
        anyhow::ensure!(
            marked * 10 >= events * 9,
            "{}: {marked} of {events} events are marked",
            service.name()
        );
    }
    Ok(db.close().await?)
}

/// PostgreSQL's programs run as somebody else.
fn readable(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?)
}

/// Takes the statements anew and writes the script into the checkout.
///
/// # Errors
/// A service that fails, or a command that is not in a project.
pub async fn write_script() -> anyhow::Result<()> {
    let captured = capture::whole_project().await?;
    let caused = captured.of(TYPICAL).context("the typical command")?;
    let script = script::write(caused, &captured.known, &captured.tables);
    fs::write(Path::new(FOLDER).join("command.sql"), script.sql)?;
    let values = serde_json::to_string_pretty(&script.values)? + "\n";
    Ok(fs::write(Path::new(FOLDER).join("command.json"), values)?)
}

/// Prints what a command causes, a transaction after the other.
///
/// # Errors
/// A service that fails, or a command that is not in a project.
pub async fn print_statements(method: &str) -> anyhow::Result<()> {
    let captured = capture::whole_project().await?;
    for transaction in &captured.of(method).context("no such command in a project")?.transactions {
        println!("-- {}", transaction.database);
        for text in transaction.texts() {
            println!("{text}");
        }
    }
    Ok(())
}

/// The tables of each service's database.
pub async fn tables(place: &Place) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut all = BTreeMap::new();
    for service in Service::ALL {
        let db = place.database(service).await?;
        let sql = "select tablename::text from pg_tables where schemaname = 'public'";
        let rows = query_all(db.read(), sql, vec![]).await?;
        let names = rows.iter().map(|row| row.try_get("", "tablename")).collect::<Result<_, _>>()?;
        all.insert(service.name().to_owned(), names);
        db.close().await?;
    }
    Ok(all)
}
