//! Time to ready, and memory at rest.

use std::time::{Duration, Instant};

use journeys::Service;
use tokio::time::sleep;

use crate::{
    figures::Figures,
    place::{Layout, Place},
};

const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Longer than that it is broken.
const LONGEST: Duration = Duration::from_secs(60);
/// Nothing happens in it but what loops do by themselves.
const AT_REST: Duration = Duration::from_secs(5);
const SETTLES: Duration = Duration::from_secs(30);

/// # Errors
/// A start that fails.
pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let mut slowest = 0.0_f64;
    for layout in Layout::ALL {
        let mut place = Place::not_started(layout).await?;
        // All processes at once on empty databases, then again on the same.
        let first = ready_ms(&mut place, |place| place.start_services(&[])).await?;
        place.installation.outside().settled(SETTLES).await?;
        sleep(AT_REST).await;
        let idle = place.memory_mb("VmRSS");
        let cpu = place.cpu();
        sleep(AT_REST).await;
        let cpu = (place.cpu() - cpu).of_services().as_secs_f64() / AT_REST.as_secs_f64() * 1e3;
        let again = ready_ms(&mut place, |place| {
            for node in &mut place.installation.processes {
                node.process.restart();
            }
        })
        .await?;
        slowest = slowest.max(first).max(again);
        let key = layout.key();
        println!(
            "{key}: ready after {first:.0} ms with a new database, {again:.0} ms with its own; \
             at rest {idle:.1} MB, {cpu:.1} ms of CPU a second"
        );
        figures.set(format!("{key}_ready_first_ms"), first);
        figures.set(format!("{key}_ready_again_ms"), again);
        figures.set(format!("{key}_idle_mb"), idle);
        figures.set(format!("{key}_idle_cpu_ms_per_s"), cpu);
        if layout == Layout::Embedded {
            figures.set("idle_mb", idle);
        }
    }
    figures.set("ready_ms", slowest);
    Ok(())
}

/// From the start to when every process answers that it is ready.
async fn ready_ms(place: &mut Place, start: impl FnOnce(&mut Place)) -> anyhow::Result<f64> {
    let began = Instant::now();
    start(place);
    for service in Service::ALL {
        while place.installation.ops(service, "/ready").await.is_none_or(|(status, _)| status != 200) {
            anyhow::ensure!(began.elapsed() < LONGEST, "{} is not ready", service.name());
            sleep(LOOK_EVERY).await;
        }
    }
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
