//! A cell of a consumer's table, event × state.

use crate::consumer::ApplyError;

/// What becomes of an event: it is a fact and is never refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Apply,
    /// Nothing is to be done, and why.
    Ignore(&'static str),
    /// It contradicts what came before on its lane: parked, and so raised to SOFTVIG.
    Raise(&'static str),
}

impl Outcome {
    /// Whether the event is to be applied.
    ///
    /// # Errors
    /// The contradiction, which parks the lane.
    pub fn applies(self) -> Result<bool, ApplyError> {
        match self {
            Self::Apply => Ok(true),
            Self::Ignore(reason) => {
                tracing::trace!(reason, "event ignored");
                Ok(false)
            }
            Self::Raise(contradiction) => Err(ApplyError::Undecodable(contradiction.to_owned())),
        }
    }
}
