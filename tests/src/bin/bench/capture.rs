//! All statements that each command of a whole project causes, from PostgreSQL's log.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use client::{Answered, Contacts};
use story::{Dealership, Facts, Through};
use tokio::time::sleep;

use crate::{
    log::{Statement, Transaction, read},
    pgbench,
    place::{Layout, Place},
    script::Known,
};

/// Loops that look by themselves do so at least this often, with a few exceptions that are seen anyway.
const IDLE: Duration = Duration::from_secs(3);
const SETTLES: Duration = Duration::from_secs(30);
/// Looks that a loop makes by itself now and then, so they are taken out with all that happens by itself; and what
/// causes one: then it is put back. Where, by what, which look.
const LOOKS: [(Option<&str>, &str, &str); 3] = [
    (None, "insert into timer ", "select kind, key, lane, generation, failures from timer"),
    (Some("notification"), "insert into message ", MESSAGES_DUE),
    // A try was recorded; the sender looks for more.
    (Some("notification"), "insert into outbox ", MESSAGES_DUE),
];
const MESSAGES_DUE: &str = "select * from (select urgent, due_at, id, version, cast(body as text)";
/// Below each id: all that is due may hold up what comes after it.
const OLDEST: &str = "uuid '00000000-0000-0000-0000-000000000000'";
/// A machine time, as the log shows it.
const NOW: &str = "2026-11-09 08:00:00.123456+00";

/// One command and what it caused.
#[derive(Clone, Debug)]
pub struct Caused {
    pub method: &'static str,
    /// In the order of their first statements, its own first.
    pub transactions: Vec<Transaction>,
}

impl Caused {
    pub fn statements(&self) -> usize {
        self.transactions.iter().map(|transaction| transaction.statements.len()).sum()
    }

    /// Which of the transactions is the command's own: the first that changes anything.
    pub fn own(&self) -> usize {
        self.transactions.iter().position(|transaction| transaction.statements.len() > 1).unwrap_or_default()
    }
}

/// All commands of a whole project, with what is needed to run their statements elsewhere.
pub struct Captured {
    pub commands: Vec<Caused>,
    /// Ids of the company, the project and its people.
    pub known: Known,
    pub tables: BTreeMap<String, Vec<String>>,
}

impl Captured {
    pub fn of(&self, method: &str) -> Option<&Caused> {
        self.commands.iter().find(|caused| caused.method == method)
    }
}

/// A whole project by one client that waits after each command until nothing is on its way.
///
/// # Errors
/// A refusal, or a service that does not answer.
pub async fn whole_project() -> anyhow::Result<Captured> {
    let place = Place::start(Layout::Spread).await?;
    let servers = place.servers.as_ref().context("servers")?;
    servers.run("postgres", "alter system set log_statement = 'all'").await?;
    servers.run("postgres", "select pg_reload_conf()").await?;
    let log = Arc::new(Log::new(servers.postgres.log()));
    let outside = place.installation.outside();
    outside.settled(SETTLES).await?;
    sleep(IDLE).await;
    outside.settled(SETTLES).await?;
    let idle: BTreeSet<Vec<String>> = log.next()?.iter().map(owned).collect();

    let caused = Arc::new(Mutex::new(Vec::new()));
    let told = {
        let (log, caused) = (Arc::clone(&log), Arc::clone(&caused));
        move |answered: Answered| {
            let (log, caused, outside) = (Arc::clone(&log), Arc::clone(&caused), outside.clone());
            async move {
                if !answered.is_command {
                    drop(log.next().expect("PostgreSQL's log"));
                    return;
                }
                outside.settled(SETTLES).await.expect("settles");
                let transactions = log.next().expect("PostgreSQL's log");
                caused.lock().expect("unpoisoned").push((answered.method, transactions));
            }
        }
    };
    let world = place.client(Contacts::Grpc, told)?;
    let dealership = Dealership::open(&world, &Facts::AUTODOM).await?;
    dealership.go_through(Through::Acceptance).await?;
    let caused = std::mem::take(&mut *caused.lock().expect("unpoisoned"));
    let commands =
        caused.into_iter().map(|(method, all)| Caused { method, transactions: without(&idle, all) });
    Ok(Captured {
        commands: commands.collect(),
        known: pgbench::known(&dealership),
        tables: pgbench::tables(&place).await?,
    })
}

fn owned(transaction: &Transaction) -> Vec<String> {
    transaction.texts().into_iter().map(str::to_owned).collect()
}

/// Takes out what happens by itself.
fn without(idle: &BTreeSet<Vec<String>>, all: Vec<Transaction>) -> Vec<Transaction> {
    let mut kept = Vec::new();
    for transaction in all.into_iter().filter(|transaction| !idle.contains(&owned(transaction))) {
        let database = transaction.database.clone();
        let looks = LOOKS.iter().filter(|(at, cause, _)| {
            at.is_none_or(|at| at == database)
                && transaction.statements.iter().any(|statement| statement.text.starts_with(cause))
        });
        let looks = looks.filter_map(|(_, _, look)| {
            let texts = idle.iter().find(|texts| texts.len() == 1 && texts[0].starts_with(look))?;
            let is_of_messages = *look == MESSAGES_DUE;
            let text = if is_of_messages { texts[0].replace("$2", OLDEST) } else { texts[0].clone() };
            let statements = vec![Statement { text, values: vec![Some(NOW.to_owned()); 2] }];
            Some(Transaction { database: database.clone(), statements })
        });
        let looks: Vec<_> = looks.collect();
        kept.push(transaction);
        kept.extend(looks);
    }
    kept
}

/// The log, read bit by bit.
struct Log {
    file: PathBuf,
    read: Mutex<usize>,
}

impl Log {
    fn new(file: PathBuf) -> Self {
        Self { read: Mutex::new(length(&file)), file }
    }

    /// What was logged since the last time.
    fn next(&self) -> anyhow::Result<Vec<Transaction>> {
        let mut from = self.read.lock().expect("unpoisoned");
        let all = fs::read(&self.file)?;
        let new = String::from_utf8_lossy(&all[*from..]).into_owned();
        *from = all.len();
        Ok(read(&new))
    }
}

fn length(file: &Path) -> usize {
    fs::metadata(file).map_or(0, |data| data.len() as usize)
}

/// For each method: how often, and how many statements and transactions it causes on average.
pub fn by_method(all: &[Caused]) -> BTreeMap<&'static str, (usize, f64, f64)> {
    let mut methods: BTreeMap<&'static str, Vec<&Caused>> = BTreeMap::new();
    for caused in all {
        methods.entry(caused.method).or_default().push(caused);
    }
    let mean = |all: &[&Caused], of: fn(&Caused) -> usize| {
        all.iter().map(|caused| of(caused) as f64).sum::<f64>() / all.len() as f64
    };
    let line = |all: Vec<&Caused>| {
        (all.len(), mean(&all, Caused::statements), mean(&all, |caused| caused.transactions.len()))
    };
    methods.into_iter().map(|(method, all)| (method, line(all))).collect()
}
