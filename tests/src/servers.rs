//! A PostgreSQL and a NATS of a program's own, which may be killed and started again with what they stored.
//!
//! `tests/bench` and `tests/faults` say where the programs are. What is started here listens on loopback only, keeps
//! its data and what it prints in a folder that the caller gives and removes, and is killed when it is dropped.

mod nats;
mod postgres;

use std::{fs, path::Path, process::Command};

pub use nats::NatsCluster;
pub use postgres::{Postgres, give_to_postgres, program};

/// Sends a signal, such as "KILL", to processes. That some have ended already is no error.
pub fn signal(name: &str, ids: impl IntoIterator<Item = u32>) {
    let ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    if !ids.is_empty() {
        let sent = Command::new("kill").arg(format!("-{name}")).args(ids).output();
        sent.expect("kill(1) starts");
    }
}

/// A program that does not come up leaves what it printed in `log`.
fn is_running(child: &mut std::process::Child, log: &Path) {
    let ended = child.try_wait().expect("a child");
    assert!(ended.is_none(), "{ended:?}\n{}", fs::read_to_string(log).unwrap_or_default());
}
