//! What the services themselves called an error.

use journeys::Node;

/// More of one process say no more.
const MOST: usize = 5;

/// What is said of what is meant to happen here: events that nobody can read, and NATS away.
const MEANT: [&str; 3] = ["event parked", "event unreadable", NATS_AWAY];
/// The client's own words for a server that is not there.
const NATS_AWAY: &str = "async_nats::connector";

/// Errors in the processes' output, and panics. After `faults` some are meant.
pub fn findings(nodes: &[Node], faults: bool) -> Vec<String> {
    let meant = if faults { MEANT.as_slice() } else { &[] };
    let mut findings = Vec::new();
    for node in nodes {
        let errors = node.process.errors();
        let errors = errors
            .iter()
            .filter(|line| line.contains("panicked at") || !meant.iter().any(|meant| line.contains(meant)));
        findings.extend(errors.take(MOST).map(|line| format!("{} logged: {line}", node.process.name())));
    }
    findings
}
