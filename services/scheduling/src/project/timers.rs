//! One timer for each project, at the next instant at which time alone could change it.

use async_trait::async_trait;
use platform::{
    Error,
    actor::Actor,
    lane::Lane,
    name::ProjectName,
    timers::{OnTimer, Timer},
    unit::Unit,
};

use super::{Project, store};
use crate::Scheduling;

const KIND: &str = "project";

/// Moves the project's timer to where the project now needs it.
pub(super) async fn set(unit: &mut Unit, project: &Project) -> Result<(), Error> {
    let key = project.id.to_string();
    match project.next_tick(unit.now()) {
        Some(due_at) => unit.set_timer(KIND, &key, due_at).await,
        None => unit.clear_timer(KIND, &key).await,
    }
}

#[async_trait]
impl OnTimer for Scheduling {
    async fn at_start(&self) -> Result<(), Error> {
        self.check_holidays().await
    }

    /// Late is as good as in time: what a project's `tick` does is judged by the time it is.
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        let Lane::Company(company) = unit.lane() else { return Ok(()) };
        let project = timer.key.parse().map_err(|_| anyhow::anyhow!("timer of project {:?}", timer.key))?;
        let Some(stored) = store::find(unit.db(), ProjectName { company, project }).await? else {
            return Ok(());
        };
        self.act(unit, &Actor::System, stored, |project, ctx| project.tick(ctx)).await
    }
}
