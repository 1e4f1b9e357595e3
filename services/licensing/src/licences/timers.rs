//! One timer for each offer that is set aside: when it is free for others again.

use async_trait::async_trait;
use jiff::Timestamp;
use platform::{
    Error,
    actor::Actor,
    lane::Lane,
    name::ProjectName,
    timers::{OnTimer, Timer},
    unit::Unit,
};

use super::store;
use crate::Licensing;

const KIND: &str = "offer";

/// Sets or moves the project's timer.
pub(super) async fn set(unit: &mut Unit, project: ProjectName, due_at: Timestamp) -> Result<(), Error> {
    unit.set_timer(KIND, &project.project.to_string(), due_at).await
}

/// There is nothing to expire any more.
pub(super) async fn clear(unit: &mut Unit, project: ProjectName) -> Result<(), Error> {
    unit.clear_timer(KIND, &project.project.to_string()).await
}

#[async_trait]
impl OnTimer for Licensing {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        let Lane::Company(company) = unit.lane() else { return Ok(()) };
        let project = timer.key.parse().map_err(|_| anyhow::anyhow!("timer of project {:?}", timer.key))?;
        let project = ProjectName { company, project };
        let Some(mut stored) = store::find(unit.db(), project).await? else { return Ok(()) };
        let events = stored.value.tick(unit.now());
        if events.is_empty() {
            return Ok(());
        }
        store::keep(unit, project, &stored, &Actor::System, events).await
    }
}
