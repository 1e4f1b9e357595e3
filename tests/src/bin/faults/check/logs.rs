//! What the services themselves called an error.

use journeys::Node;

/// More of one process say no more.
const MOST: usize = 5;

/// What is said of events that nobody can read.
const MEANT: [&str; 2] = ["event parked", "event unreadable"];

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
