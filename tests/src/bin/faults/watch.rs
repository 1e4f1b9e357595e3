//! A follower of each service's events, as the CRM is one: it goes on from its last token whenever the stream ends.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use client::{Error, Softvig};
use journeys::Service;
use platform::loops::pause;
use proto::scheduling::v1 as scheduling;
use proto::{audit::v1 as audit, licensing::v1 as licensing, notification::v1 as notification};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A bookmark comes every 10 seconds; a stream that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_millis(100);

/// What a follower has seen.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Story>>);

#[derive(Debug, Default)]
struct Story {
    /// In the order in which they came.
    events: Vec<String>,
    token: String,
}

impl Seen {
    pub fn events(&self) -> Vec<String> {
        self.story().events.clone()
    }

    pub fn len(&self) -> usize {
        self.story().events.len()
    }

    /// Whether it can go on from where it is.
    pub fn has_token(&self) -> bool {
        !self.story().token.is_empty()
    }

    fn token(&self) -> String {
        self.story().token.clone()
    }

    fn saw(&self, event: Option<String>, token: String) {
        let mut story = self.story();
        story.events.extend(event);
        story.token = token;
    }

    fn story(&self) -> std::sync::MutexGuard<'_, Story> {
        self.0.lock().expect("nobody panics with the lock")
    }
}

/// Follows all events of a service until told to stop, now at one replica and now at the other.
///
/// # Errors
/// A refusal.
pub async fn follow(
    service: Service,
    crm: &[Softvig; 2],
    seen: &Seen,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut turn = 0;
    while !stop.is_cancelled() {
        let crm = &crm[turn % 2];
        macro_rules! to_the_end {
            ($service:ident) => {{
                let request =
                    $service::WatchEventsRequest { resume_token: seen.token(), ..Default::default() };
                async {
                    let mut events = crm.watch(request).await?;
                    loop {
                        let Ok(next) = timeout(SILENCE, events.next()).await else { return Ok(()) };
                        let next = next?;
                        seen.saw(next.event.map(|event| event.event_id), next.resume_token);
                    }
                }
            }};
        }
        let ended: Option<Result<(), Error>> = match service {
            Service::Scheduling => stop.run_until_cancelled(to_the_end!(scheduling)).await,
            Service::Audit => stop.run_until_cancelled(to_the_end!(audit)).await,
            Service::Licensing => stop.run_until_cancelled(to_the_end!(licensing)).await,
            Service::Notification => stop.run_until_cancelled(to_the_end!(notification)).await,
        };
        match ended {
            Some(Err(error @ (Error::Refused(_) | Error::Unreadable(_)))) => {
                return Err(error).with_context(|| format!("following {}", service.name()));
            }
            _ => turn += 1,
        }
        pause(AGAIN, stop).await;
    }
    Ok(())
}
