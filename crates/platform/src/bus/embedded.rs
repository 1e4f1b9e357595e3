//! The bus of one process: messages go straight to the inlets of the other services.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{select, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{Inlet, LONGEST_RUN, LaneHead, Message, run_length};
use crate::{core::Core, error::Error};

/// Messages that wait for a slow consumer before the producer waits too.
const DEPTH: usize = 1024;

/// Clones share the consumers.
#[derive(Clone, Default)]
pub struct Embedded {
    consumers: Arc<Mutex<HashMap<&'static str, Consumer>>>,
}

#[derive(Clone)]
struct Consumer {
    sources: &'static [&'static str],
    parcels: mpsc::Sender<Parcel>,
}

enum Parcel {
    /// A run of one lane.
    Events(Arc<[Message]>),
    Heads(&'static str, Vec<LaneHead>),
    /// A consumer misses events of the receiver's lane, from this number on.
    Republish {
        to: mpsc::Sender<Parcel>,
        from: LaneHead,
    },
}

impl Embedded {
    pub(super) async fn publish(&self, messages: Vec<Message>) -> anyhow::Result<()> {
        for run in runs(messages) {
            for consumer in self.hearing(&run[0].source) {
                // A consumer that has stopped gets its events by republication when it is back.
                let _ = consumer.parcels.send(Parcel::Events(Arc::clone(&run))).await;
            }
        }
        Ok(())
    }

    pub(super) async fn announce(&self, service: &'static str, heads: Vec<LaneHead>) -> anyhow::Result<()> {
        for consumer in self.hearing(service) {
            let _ = consumer.parcels.send(Parcel::Heads(service, heads.clone())).await;
        }
        Ok(())
    }

    pub(super) async fn run(&self, core: Core, inlet: Arc<dyn Inlet>, stop: CancellationToken) {
        let (parcels, mut inbox) = mpsc::channel(DEPTH);
        let consumer = Consumer { sources: inlet.sources(), parcels: parcels.clone() };
        self.lock().insert(core.service, consumer);
        loop {
            let parcel = select! {
                () = stop.cancelled() => break,
                Some(parcel) = inbox.recv() => parcel,
            };
            let done = match parcel {
                Parcel::Events(run) => inlet.receive(&run).await,
                Parcel::Heads(source, heads) => self.ask_for_missing(&*inlet, source, &heads, &parcels).await,
                Parcel::Republish { to, from } => answer(&*inlet, &to, from).await,
            };
            if let Err(e) = done {
                // The next comparison of heads brings the message again.
                tracing::warn!(service = core.service, error = %e, "event waits");
            }
        }
        self.lock().remove(core.service);
    }

    async fn ask_for_missing(
        &self,
        inlet: &dyn Inlet,
        source: &str,
        heads: &[LaneHead],
        to: &mpsc::Sender<Parcel>,
    ) -> Result<(), Error> {
        let missing = inlet.compare_heads(source, heads).await?;
        let producer = self.lock().get(source).cloned();
        if let Some(producer) = producer {
            for from in missing {
                let to = to.clone();
                // Never waits: two services that ask each other must not block one another.
                let _ = producer.parcels.try_send(Parcel::Republish { to, from });
            }
        }
        Ok(())
    }

    fn hearing(&self, source: &str) -> Vec<Consumer> {
        self.lock().values().filter(|c| c.sources.contains(&source)).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Consumer>> {
        self.consumers.lock().expect("no code panics while it holds this lock")
    }
}

fn runs(messages: Vec<Message>) -> impl Iterator<Item = Arc<[Message]>> {
    let mut rest = messages;
    std::iter::from_fn(move || {
        let later = rest.split_off(run_length(&rest).min(LONGEST_RUN));
        let run = std::mem::replace(&mut rest, later);
        (!run.is_empty()).then(|| run.into())
    })
}

async fn answer(inlet: &dyn Inlet, to: &mpsc::Sender<Parcel>, from: LaneHead) -> Result<(), Error> {
    for run in runs(inlet.republish(from).await?) {
        if to.try_send(Parcel::Events(run)).is_err() {
            // Full: what is left comes with the next comparison.
            break;
        }
    }
    Ok(())
}
