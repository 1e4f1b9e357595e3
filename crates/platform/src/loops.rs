//! The background loops of one service. Each is idempotent, woken by a signal and periodic besides,
//! so any number of replicas may run them and any may die.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bus::Bus,
    consumer::{Consumer, OnEvent},
    core::Core,
    figures::Figures,
    files::Files,
    timers::OnTimer,
};

/// Waits, or until cancelled. Of machine time: for what is looked at again and again.
pub async fn pause(how_long: Duration, stop: &CancellationToken) {
    stop.run_until_cancelled(tokio::time::sleep(how_long)).await;
}

/// What a service does by itself, without being called.
#[derive(Clone)]
pub struct Loops {
    pub core: Core,
    pub on_event: Arc<dyn OnEvent>,
    /// None for a service that sets no timers.
    pub on_timer: Option<Arc<dyn OnTimer>>,
    /// None for a service that takes no files.
    pub files: Option<Files>,
    /// None for a service that has none of its own.
    pub figures: Option<Figures>,
}

impl Loops {
    /// Starts the loops; they end when `stop` is cancelled and finish what they hold.
    pub fn spawn(self, tasks: &TaskTracker, bus: Bus, heads_every: Duration, stop: CancellationToken) {
        let Self { core, on_event, on_timer, files, figures } = self;
        let consumer = Arc::new(Consumer::new(core.clone(), on_event));
        // The consumer comes first: in one process it should hear what the outbox says from the start.
        let (c, b, s) = (core.clone(), bus.clone(), stop.clone());
        let inlet = Arc::clone(&consumer);
        tasks.spawn(async move { b.run(c, inlet, s).await });
        let s = stop.clone();
        tasks.spawn(async move { consumer.run_inbox(s).await });
        if let Some(on_timer) = on_timer {
            let (c, s) = (core.clone(), stop.clone());
            tasks.spawn(async move { c.run_timers(on_timer, s).await });
        }
        if let Some(files) = files {
            let (c, s) = (core.clone(), stop.clone());
            tasks.spawn(async move { files.run_sweep(c, s).await });
        }
        let (c, b, s) = (core.clone(), bus.clone(), stop.clone());
        tasks.spawn(async move { c.run_upkeep(b, figures, s).await });
        tasks.spawn(async move { core.run_outbox(bus, heads_every, stop).await });
    }
}
