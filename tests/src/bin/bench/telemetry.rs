//! What telemetry costs: the same load with a collector that takes spans and figures, and without, in turns.

use std::time::Duration;

use journeys::collector::Collector;

use crate::{
    Options,
    figures::Figures,
    load::{self, Wire},
    place::{Layout, Place},
};

const ROUNDS: usize = 3;
const CLIENTS: usize = 16;

/// # Errors
/// A refusal, or a service that does not answer.
pub async fn measure(options: &Options, figures: &mut Figures) -> anyhow::Result<()> {
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let without = cpu_ms(&[], options).await?;
        let collector = Collector::start().await?;
        let with = cpu_ms(&[collector.setting()], options).await?;
        let spans = collector.received().spans.len();
        println!(
            "telemetry, round {round}: {without:.2} ms of the services' CPU for each call without a collector, \
             {with:.2} ms with one ({:.2}), which got {spans} spans",
            with / without
        );
        off.push(without);
        on.push(with);
    }
    figures.set("telemetry_cpu_ratio", median(on) / median(off));
    Ok(())
}

async fn cpu_ms(settings: &[(&'static str, String)], options: &Options) -> anyhow::Result<f64> {
    let place = Place::start_with(Layout::Spread, settings).await?;
    let run = load::run(&place, Wire::Grpc, CLIENTS, Duration::from_secs(options.seconds)).await?;
    Ok(run.cpu.of_services().as_secs_f64() * 1e3 / run.answers.len() as f64)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
