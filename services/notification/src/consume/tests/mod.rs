mod others;
mod scheduling;

use super::Outcome;
use crate::kind::Kind;

/// The kinds that an outcome is told as.
fn kinds(outcome: &Outcome) -> Vec<Kind> {
    match outcome {
        Outcome::Told(notices) => notices.iter().map(|n| n.kind).collect(),
        Outcome::Kept | Outcome::Ignored(_) => Vec::new(),
    }
}
