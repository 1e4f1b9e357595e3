//! CPU time and memory of processes, from /proc.

use std::{fs, ops::Sub, time::Duration};

/// The kernel counts CPU time in hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of who takes part in a load.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    /// Each process of the services, by name.
    pub services: Vec<(String, Duration)>,
    /// All of PostgreSQL's processes, those included that have ended.
    pub postgres: Duration,
    pub nats: Duration,
    /// This program, which plays the clients.
    pub clients: Duration,
}

impl Cpu {
    pub fn of_services(&self) -> Duration {
        self.services.iter().map(|(_, time)| *time).sum()
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        let services = self.services.into_iter().zip(earlier.services);
        Self {
            services: services.map(|((name, now), (_, then))| (name, now - then)).collect(),
            postgres: self.postgres.saturating_sub(earlier.postgres),
            nats: self.nats - earlier.nats,
            clients: self.clients - earlier.clients,
        }
    }
}

/// Of one process; with `children`, also of those that it started and that have ended.
pub fn cpu(id: u32, children: bool) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    // utime, stime, cutime, cstime
    let times = fields.split(' ').skip(11).take(if children { 4 } else { 2 });
    let ticks: u32 = times.filter_map(|time| time.parse::<u32>().ok()).sum();
    TICK * ticks
}

/// Resident memory in MB (10⁶ bytes): now ("VmRSS"), or the most so far ("VmHWM").
pub fn memory_mb(id: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() * 1024.0 / 1e6
}
