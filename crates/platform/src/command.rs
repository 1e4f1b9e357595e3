//! How a command begins: once for its request id, with the caller's present roles.
//!
//! A service function is straight-line code: start, load, let the model judge, keep, commit. When it
//! loses a race the edge calls it again (see [`crate::edge`]), so it holds nothing between attempts.

use crate::{
    actor::Actor,
    call::Call,
    core::Core,
    error::Error,
    lane::Lane,
    unit::{Begun, Unit},
};

/// Where a command stands at its start.
#[allow(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub enum Started {
    /// Carried out before, by the same request: the resource that it changed is to be read again.
    Replayed(String),
    /// To be carried out in this unit, by this actor.
    Fresh(Unit, Actor),
}

impl Core {
    /// Starts a command on a lane.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a contact who takes part no longer, `REQUEST_ID_REUSED`.
    pub async fn start(&self, call: &Call, lane: Lane) -> Result<Started, Error> {
        match self.begin_command(lane, call.ticket()?).await? {
            Begun::Replayed(resource) => {
                // What it came to is read anew: not by whoever takes part no longer.
                self.actor(&call.principal).await?;
                Ok(Started::Replayed(resource))
            }
            Begun::Fresh(unit) => {
                let actor = unit.actor(&call.principal).await?;
                Ok(Started::Fresh(unit, actor))
            }
        }
    }
}
