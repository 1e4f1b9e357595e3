//! What the services themselves called an error.

use journeys::Node;

/// More of one process say no more.
const MOST: usize = 5;

/// What is said of what is meant to happen here: events that nobody can read, and NATS away.
const MEANT: [&str; 3] = ["event parked", "event unreadable", NATS_AWAY];
/// The client's own words for a server that is not there.
const NATS_AWAY: &str = "async_nats::connector";

/// Errors in the processes' output, and panics.
pub fn findings(nodes: &[Node]) -> Vec<String> {
    let mut findings = Vec::new();
    for node in nodes {
        let output = node.process.output();
        let errors = output.lines().filter(|line| {
            (line.contains("ERROR") && !MEANT.iter().any(|meant| line.contains(meant)))
                || line.contains("panicked at")
        });
        findings.extend(errors.take(MOST).map(|line| format!("{} logged: {line}", node.process.name())));
    }
    findings
}
