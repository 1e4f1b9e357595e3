//! The stage: moves the clock from day to day, and tells what each service says that it did.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use client::{Error, Refused};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use platform::clock::from_wire;
use proto::{
    audit::v1 as audit,
    licensing::v1 as licensing,
    notification::v1 as notification,
    notification::v1::notification_event::Event as Notice,
    scheduling::v1::{self as scheduling, Actor, scheduling_event::Event},
};
use story::{Dealership, World};
use tokio::{sync::mpsc, time::timeout};

use super::{
    PATIENCE,
    tell::{Paint, clock_time, long_day, plain},
    words::{self, Tone},
};
use crate::cli::print;

/// What one of the services said.
enum News {
    Scheduling(scheduling::SchedulingEvent),
    Audit(audit::AuditEvent),
    Licensing(licensing::LicensingEvent),
    Notification(notification::NotificationEvent),
}

/// Follows the events of all four services, as the CRM does.
pub struct Watch {
    news: mpsc::UnboundedReceiver<News>,
    /// How many came, by service.
    heard: BTreeMap<&'static str, i64>,
}

impl Watch {
    /// # Errors
    /// Nobody answers.
    pub async fn begin(world: &World) -> anyhow::Result<Self> {
        let (sender, news) = mpsc::unbounded_channel();
        macro_rules! follow {
            ($package:ident, $kind:ident) => {{
                let mut events = world.operator.watch($package::WatchEventsRequest::default()).await?;
                let sender = sender.clone();
                // It ends with the server, or when nobody listens.
                tokio::spawn(async move {
                    while let Ok(answer) = events.next().await {
                        if answer.event.is_some_and(|event| sender.send(News::$kind(event)).is_err()) {
                            return;
                        }
                    }
                });
            }};
        }
        follow!(scheduling, Scheduling);
        follow!(audit, Audit);
        follow!(licensing, Licensing);
        follow!(notification, Notification);
        Ok(Self { news, heard: BTreeMap::new() })
    }

    /// Everything up to the present state, once that is settled.
    async fn all(&mut self, world: &World) -> anyhow::Result<Vec<News>> {
        let mut committed: BTreeMap<String, i64> = BTreeMap::new();
        for (lane, seq) in world.installation.settled(PATIENCE).await? {
            let service = lane.split('/').next().unwrap_or_default();
            *committed.entry(service.to_owned()).or_default() += seq;
        }
        let mut all = Vec::new();
        while committed
            .iter()
            .any(|(service, &count)| self.heard.get(service.as_str()).copied().unwrap_or(0) < count)
        {
            let news = timeout(PATIENCE, self.news.recv()).await.context("an event that was committed")?;
            let news = news.context("the streams of events")?;
            *self.heard.entry(news.service()).or_default() += 1;
            all.push(news);
        }
        Ok(all)
    }
}

impl News {
    const fn service(&self) -> &'static str {
        match self {
            Self::Scheduling(_) => "scheduling",
            Self::Audit(_) => "audit",
            Self::Licensing(_) => "licensing",
            Self::Notification(_) => "notification",
        }
    }
}

/// A dealership on the stage.
pub struct Play<'a> {
    pub dealership: &'a Dealership<'a>,
    watch: Watch,
    paint: Paint,
    /// The day that was printed last.
    day: Option<Date>,
    stage: String,
}

impl<'a> Play<'a> {
    pub fn new(dealership: &'a Dealership<'a>, watch: Watch, paint: Paint) -> Self {
        Self { dealership, watch, paint, day: None, stage: "contracting".to_owned() }
    }

    /// Moves the clock to a later instant, over nine o'clock of each day between, so that what is due on
    /// one of them is told as of then.
    pub async fn until(&mut self, instant: Timestamp) -> anyhow::Result<()> {
        loop {
            self.news().await?;
            let now = self.dealership.world.now();
            let tomorrow = calendar::local_day(now).checked_add(1.day())?.at(9, 0, 0, 0);
            let tomorrow = tomorrow.to_zoned(calendar::warsaw())?.timestamp();
            if tomorrow >= instant {
                break;
            }
            self.dealership.world.set_clock(tomorrow)?;
        }
        self.dealership.world.set_clock(instant)?;
        self.news().await
    }

    /// As [`Self::until`], at a local date and time.
    pub async fn until_local(&mut self, local: &str) -> anyhow::Result<()> {
        self.until(client::at(local)).await
    }

    /// Tells of a refusal that was to be expected.
    pub async fn refused<T>(&mut self, what: &str, outcome: Result<T, Error>) -> anyhow::Result<Refused> {
        self.news().await?;
        let refused = match outcome {
            Ok(_) => anyhow::bail!("{what}: was not refused"),
            Err(error) => match error {
                Error::Refused(refused) => refused,
                other => return Err(other).context(what.to_owned()),
            },
        };
        self.line(&self.paint.bad(&format!("   ✗ {what}: {refused}")))?;
        Ok(refused)
    }

    /// Prints what happened since the last time.
    pub async fn news(&mut self) -> anyhow::Result<()> {
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for news in self.watch.all(self.dealership.world).await? {
            match news {
                News::Scheduling(e) => {
                    if let Some(Event::StageUnlocked(unlocked)) = &e.event {
                        self.stage = plain(unlocked.stage().as_str_name());
                    }
                    let line = e.event.as_ref().and_then(words::scheduling);
                    self.event(e.occurred_at, e.actor, line)?;
                }
                News::Audit(e) => {
                    let line = e.event.as_ref().and_then(words::audit);
                    self.event(e.occurred_at, e.actor, line)?;
                }
                News::Licensing(e) => {
                    let line = e.event.as_ref().and_then(words::licensing);
                    self.event(e.occurred_at, e.actor, line)?;
                }
                News::Notification(e) => {
                    if let Some(Notice::MessageSent(sent)) = e.event {
                        told.entry(sent.topic).or_default().insert(self.name_of(&sent.contact));
                    }
                }
            }
        }
        for (topic, people) in told {
            let people: Vec<_> = people.into_iter().collect();
            self.line(&self.paint.quiet(&format!("   ✉ {}: {}", plain(&topic), people.join(", "))))?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        at: Option<pbjson_types::Timestamp>,
        actor: Option<Actor>,
        line: Option<(Tone, String)>,
    ) -> anyhow::Result<()> {
        let Some((tone, text)) = line else { return Ok(()) };
        let at = at.as_ref().and_then(from_wire).unwrap_or(self.dealership.world.now());
        let who = actor.map(|actor| self.actor(&actor));
        let text = match tone {
            Tone::Plain => text,
            Tone::Good => self.paint.good(&text),
            Tone::Bad => self.paint.bad(&text),
            Tone::Unlocks => return self.line(&self.paint.strong(&format!("   → unlocked: {text}"))),
        };
        let who = who.map_or_else(String::new, |who| format!("{}: ", self.paint.strong(&who)));
        self.line(&format!("   {} {who}{text}", clock_time(at)))
    }

    fn actor(&self, actor: &Actor) -> String {
        if actor.contact.is_empty() { "SOFTVIG".to_owned() } else { self.name_of(&actor.contact) }
    }

    fn name_of(&self, contact: &str) -> String {
        let people = [&self.dealership.technical, &self.dealership.decision];
        let known = people.into_iter().find(|person| person.contact == contact);
        known.map_or_else(|| "SOFTVIG".to_owned(), |person| person.display_name.clone())
    }

    /// A line, under its day.
    fn line(&mut self, text: &str) -> anyhow::Result<()> {
        let today = calendar::local_day(self.dealership.world.now());
        if self.day != Some(today) {
            self.day = Some(today);
            print(&format!("\n{}  {}", self.paint.strong(&long_day(today)), self.paint.quiet(&self.stage)))?;
        }
        print(text)
    }
}
