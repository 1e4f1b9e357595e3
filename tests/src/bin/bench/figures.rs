//! What was measured, by name, and what it should be.

use std::{fs, path::Path, time::Duration};

use serde_json::{Map, Value};

/// A figure that has a goal.
struct Goal {
    key: &'static str,
    says: &'static str,
    reached: fn(f64) -> bool,
    goal: &'static str,
}

const GOALS: [Goal; 10] = [
    Goal {
        key: "ratio_pgbench",
        says: "commands/s ÷ pgbench's, 16 clients, gRPC, PostgreSQL + NATS",
        reached: |v| v >= 0.5,
        goal: "≥ 0.5",
    },
    Goal {
        key: "ratio_cpu",
        says: "services' CPU ÷ PostgreSQL's, same run",
        reached: |v| v <= 1.0,
        goal: "≤ 1",
    },
    Goal {
        key: "unlock_p50_ms",
        says: "audit result to unlocked stage over REST, p50, ms",
        reached: |v| v <= 10.0,
        goal: "≤ 10",
    },
    Goal { key: "unlock_p99_ms", says: "the same, p99, ms", reached: |v| v <= 50.0, goal: "≤ 50" },
    Goal {
        key: "ready_ms",
        says: "time to ready, slowest start, ms",
        reached: |v| v <= 500.0,
        goal: "≤ 500",
    },
    Goal {
        key: "idle_mb",
        says: "resident memory of all in one process, idle, MB",
        reached: |v| v <= 60.0,
        goal: "≤ 60",
    },
    Goal {
        key: "list_growth",
        says: "a list page at 100,000 projects ÷ at 1,000",
        reached: |v| v <= 1.3,
        goal: "≤ 1.3",
    },
    Goal {
        key: "reminders_handed_over_per_s",
        says: "100,000 reminders to a mail server on loopback, mails/s",
        reached: |v| v >= 300.0,
        goal: "≥ 300",
    },
    Goal {
        key: "reminders_urgent_slowest_ms",
        says: "a running migration's message in between, slowest, ms",
        reached: |v| v <= 2_000.0,
        goal: "≤ 2000",
    },
    Goal {
        key: "reminders_memory_growth",
        says: "most memory at 100,000 reminders ÷ at 10,000",
        reached: |v| v <= 1.3,
        goal: "≤ 1.3",
    },
];

/// All figures so far, in the order in which they were measured.
#[derive(Debug, Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
    pub fn set(&mut self, key: impl Into<String>, value: f64) {
        let rounded = (value * 10_000.0).round() / 10_000.0;
        self.0.insert(key.into(), rounded.into());
    }

    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).and_then(Value::as_f64)
    }

    /// Prints each figure that has a goal, and whether it is reached.
    pub fn judge(&self) {
        println!("\n{:<62} {:>10} {:>8}", "goal", "measured", "to reach");
        for Goal { key, says, reached, goal } in GOALS {
            match self.get(key) {
                Some(value) => {
                    let verdict = if reached(value) { "reached" } else { "MISSED" };
                    println!("{says:<62} {value:>10.3} {goal:>8}  {verdict}");
                }
                None => println!("{says:<62} {:>10} {goal:>8}", "-"),
            }
        }
    }

    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        Ok(fs::write(file, serde_json::to_string_pretty(&self.0)? + "\n")?)
    }
}

/// The value below which this part (0 to 1) of them lies; in milliseconds, 0 of none.
pub fn quantile_ms(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    let last = times.len().saturating_sub(1) as f64;
    times.get((last * part).round() as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
