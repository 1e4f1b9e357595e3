//! Carrying a command out: once for its request id, with the caller's present roles, and again after
//! a lost race.

use crate::{
    actor::Actor,
    call::Call,
    core::Core,
    error::Error,
    lane::Lane,
    unit::{Begun, Unit},
};

/// A lost race is rare, as the lane's lock puts the commands of one company in a row; aggregates that
/// companies share can lose one.
const MOST_ATTEMPTS: u32 = 5;

/// What became of a command.
#[derive(Debug)]
pub enum Outcome<T> {
    Done(T),
    /// Carried out before, by the same request: the resource that it changed is to be read again.
    Replayed(String),
}

impl Core {
    /// Runs `change` in a unit of work and commits it, unless the call is `validate_only`.
    /// `resource` is what the command changes; it says what a repeat reads.
    ///
    /// # Errors
    /// What `change` refuses; `PERMISSION_DENIED`, `REQUEST_ID_REUSED`, `CONFLICT`, `UNAVAILABLE`.
    pub async fn command<T>(
        &self,
        call: &Call,
        lane: Lane,
        resource: &str,
        change: impl AsyncFn(&mut Unit, &Actor) -> Result<T, Error>,
    ) -> Result<Outcome<T>, Error> {
        let mut attempt = 1;
        loop {
            match self.attempt(call, lane, resource, &change).await {
                Err(e) if e.is_conflict() && attempt < MOST_ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T>(
        &self,
        call: &Call,
        lane: Lane,
        resource: &str,
        change: &impl AsyncFn(&mut Unit, &Actor) -> Result<T, Error>,
    ) -> Result<Outcome<T>, Error> {
        let mut unit = match self.begin_command(lane, call.ticket()?).await? {
            Begun::Replayed(resource) => return Ok(Outcome::Replayed(resource)),
            Begun::Fresh(unit) => unit,
        };
        let actor = unit.actor(&call.principal).await?;
        let done = change(&mut unit, &actor).await?;
        unit.commit(resource).await?;
        Ok(Outcome::Done(done))
    }
}
