//! The stage: moves the clock from day to day, and tells what each service says that it did.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use client::{Error, Refused};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use platform::clock::from_wire;
use proto::{
    audit::v1 as audit,
    licensing::v1 as licensing,
    notification::v1 as notification,
    notification::v1::notification_event::Event as Notice,
    scheduling::v1::{
        self as scheduling, DateAgreed, DateKind, DateWithdrawn, StageDate, scheduling_event::Event,
    },
};
use story::{Dealership, World};
use tokio::{sync::mpsc, time::timeout};

use super::{
    PATIENCE,
    tell::{Paint, all_of, clock_time, long_day, plain},
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
    fn id(&self) -> &str {
        match self {
            Self::Scheduling(e) => &e.event_id,
            Self::Audit(e) => &e.event_id,
            Self::Licensing(e) => &e.event_id,
            Self::Notification(e) => &e.event_id,
        }
    }

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
    /// The day and the time that were printed last.
    day: Option<Date>,
    time: String,
    stage: String,
    /// What the items of the checklists ask, by key.
    questions: BTreeMap<String, String>,
    /// What reminders are about.
    agreed: BTreeMap<DateKind, StageDate>,
    pub told: Told,
}

/// Mails go out so long after what they tell of, all of one kind as one.
const JOINING: SignedDuration = SignedDuration::from_mins(10);

/// What is counted for the last line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    pub refusals: usize,
}

/// A line that is not printed yet: what follows may belong to it.
struct Line {
    at: Timestamp,
    who: String,
    tone: Tone,
    text: String,
    /// The stage that it unlocks.
    unlocks: Option<String>,
}

impl Line {
    /// Another of the same kind, by the same person at the same time: "agreed: one" and "agreed: two".
    fn takes_in(&mut self, other: &Self) -> bool {
        let kind = |line: &Self| line.text.split_once(": ").map(|(kind, _)| kind.to_owned());
        let same = (self.at, &self.who, self.tone) == (other.at, &other.who, other.tone);
        if !same || kind(self).is_none() || kind(self) != kind(other) {
            return false;
        }
        let more = other.text.split_once(": ").map_or("", |(_, what)| what);
        self.text.push_str(&format!(", {more}"));
        true
    }
}

impl<'a> Play<'a> {
    /// # Errors
    /// Nobody answers.
    pub async fn begin(dealership: &'a Dealership<'a>, watch: Watch, paint: Paint) -> anyhow::Result<Self> {
        let name = "checklists/audit-1".to_owned();
        let checklist = dealership.world.auditor.call(audit::GetChecklistRequest { name }).await?;
        let items = checklist.items.into_iter();
        let questions = items.filter_map(|item| Some((item.key, item.question?.en.to_lowercase())));
        Ok(Self {
            questions: questions.collect(),
            dealership,
            watch,
            paint,
            day: None,
            time: String::new(),
            stage: "contracting".to_owned(),
            agreed: BTreeMap::new(),
            told: Told::default(),
        })
    }

    /// Moves the clock to a later instant, over nine o'clock of each day between, so that what is due on
    /// one of them is told as of then.
    pub async fn until(&mut self, instant: Timestamp) -> anyhow::Result<()> {
        loop {
            self.news().await?;
            let now = self.dealership.world.now();
            if now + JOINING < instant {
                self.dealership.world.set_clock(now + JOINING)?;
                self.news().await?;
            }
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

    /// So many minutes later.
    pub async fn pause(&mut self, minutes: i64) -> anyhow::Result<()> {
        self.until(self.dealership.world.now() + SignedDuration::from_mins(minutes)).await
    }

    /// Tells of a refusal that was to be expected, with every rule that was broken.
    pub async fn refused<T>(
        &mut self,
        who: &str,
        what: &str,
        outcome: Result<T, Error>,
    ) -> anyhow::Result<Refused> {
        self.news().await?;
        let refused = match outcome {
            Ok(_) => anyhow::bail!("{who} {what}: was not refused"),
            Err(error) => match error {
                Error::Refused(refused) => refused,
                other => return Err(other).context(what.to_owned()),
            },
        };
        self.told.refusals += 1;
        let paint = self.paint;
        self.row(self.dealership.world.now(), who, '✗', what, |text| paint.bad(text))?;
        for rule in &refused.rules {
            let text = format!("{}: {}", rule.name, words::without_keys(&rule.message));
            print(&paint.row("", "", ' ', &text, |text| paint.quiet(text)))?;
        }
        Ok(refused)
    }

    /// Tells of something that no event tells.
    pub async fn tell(&mut self, who: &str, what: &str) -> anyhow::Result<()> {
        self.news().await?;
        self.row(self.dealership.world.now(), who, ' ', what, str::to_owned)
    }

    /// Prints what happened since the last time: first what was done and what followed, then who was told.
    pub async fn news(&mut self) -> anyhow::Result<()> {
        let mut news = self.watch.all(self.dealership.world).await?;
        // The four streams arrive as they like; ids are in the order in which the events were made.
        news.sort_by(|a, b| a.id().cmp(b.id()));
        let mut lines: Vec<Line> = Vec::new();
        let mut told: Vec<(String, BTreeSet<String>)> = Vec::new();
        for news in news {
            if let News::Notification(e) = &news {
                if let Some(Notice::MessageSent(sent)) = &e.event {
                    let name = self.name_of(&sent.contact);
                    match told.iter_mut().find(|(topic, _)| *topic == sent.topic) {
                        Some((_, people)) => drop(people.insert(name)),
                        None => told.push((sent.topic.clone(), [name].into())),
                    }
                }
                continue;
            }
            let Some(line) = self.line_of(&news) else { continue };
            if !lines.last_mut().is_some_and(|last| last.takes_in(&line)) {
                lines.push(line);
            }
        }
        for line in lines {
            self.print(line)?;
        }
        self.print_mails(told)
    }

    fn line_of(&mut self, news: &News) -> Option<Line> {
        let mut unlocks = None;
        let (at, actor, line) = match news {
            News::Scheduling(e) => {
                match &e.event {
                    Some(Event::StageUnlocked(e)) => unlocks = Some(plain(e.stage().as_str_name())),

                    Some(Event::DateAgreed(DateAgreed { date: Some(date), .. })) => {
                        self.agreed.insert(date.kind(), date.clone());
                    }
                    Some(Event::DateWithdrawn(DateWithdrawn { date: Some(date), .. })) => {
                        self.agreed.remove(&date.kind());
                    }
                    _ => {}
                }
                (&e.occurred_at, &e.actor, e.event.as_ref().and_then(words::scheduling))
            }
            News::Audit(e) => (
                &e.occurred_at,
                &e.actor,
                e.event.as_ref().and_then(|e| words::audit(e, |key| self.question(key))),
            ),
            News::Licensing(e) => (&e.occurred_at, &e.actor, e.event.as_ref().and_then(words::licensing)),
            News::Notification(_) => return None,
        };
        let (tone, text) = line?;
        let at = at.as_ref().and_then(from_wire).unwrap_or(self.dealership.world.now());
        let by_itself = matches!(tone, Tone::Follows | Tone::FollowsBad | Tone::Unlocks);
        let who = actor.as_ref().filter(|_| !by_itself).map(|actor| self.name_of(&actor.contact));
        Some(Line { at, who: who.unwrap_or_default(), tone, text, unlocks })
    }

    fn print(&mut self, Line { at, who, tone, text, unlocks }: Line) -> anyhow::Result<()> {
        let paint = self.paint;
        match tone {
            Tone::Plain => self.row(at, &who, ' ', &text, str::to_owned),
            Tone::Good => self.row(at, &who, ' ', &text, |text| paint.good(text)),
            Tone::Bad => self.row(at, &who, ' ', &text, |text| paint.bad(text)),
            Tone::Follows => self.row(at, "", '→', &text, str::to_owned),
            Tone::FollowsBad => self.row(at, "", '→', &text, |text| paint.bad(text)),
            Tone::Unlocks => self.row(at, "", '→', &format!("unlocked: {text}"), |text| paint.opens(text)),
        }?;
        if let Some(stage) = unlocks {
            self.stage = stage;
        }
        Ok(())
    }

    /// One line for all that the same people were told.
    fn print_mails(&mut self, told: Vec<(String, BTreeSet<String>)>) -> anyhow::Result<()> {
        let mut by_people: Vec<(BTreeSet<String>, Vec<String>)> = Vec::new();
        for (topic, people) in told {
            let topic = if topic == "reminder" { self.reminder() } else { words::topic(&topic) };
            match by_people.iter_mut().find(|(known, _)| *known == people) {
                Some((_, topics)) => topics.push(topic),
                None => by_people.push((people, vec![topic])),
            }
        }
        let now = self.dealership.world.now();
        for (people, topics) in by_people {
            let people: Vec<_> = people.into_iter().collect();
            let text = format!("{}: {}", all_of(&people), topics.join(", "));
            let paint = self.paint;
            self.row(now, "", '✉', &text, |text| paint.quiet(text))?;
        }
        Ok(())
    }

    /// Reminders go out a week and a day before a date, and on its morning.
    fn reminder(&self) -> String {
        let today = calendar::local_day(self.dealership.world.now());
        let near = self.agreed.values().filter(|date| {
            let day = date.starts_at.as_ref().and_then(from_wire).map(calendar::local_day);
            day.is_some_and(|day| [today + 7.days(), today + 1.days(), today].contains(&day))
        });
        let dates: Vec<_> = near.map(words::date).collect();
        if dates.is_empty() { "reminder".to_owned() } else { format!("reminder of {}", all_of(&dates)) }
    }

    /// What an item asks; its key where it is not in the checklist, as a correction is.
    fn question(&self, item: &str) -> String {
        self.questions.get(item).cloned().unwrap_or_else(|| item.to_owned())
    }

    /// First names do: there are two people.
    fn name_of(&self, contact: &str) -> String {
        let people = [&self.dealership.technical, &self.dealership.decision];
        let known = people.into_iter().find(|person| person.contact == contact);
        let first = known.and_then(|person| person.display_name.split(' ').next());
        first.unwrap_or("SOFTVIG").to_owned()
    }

    /// A row under its day; a time is told once.
    fn row(
        &mut self,
        at: Timestamp,
        who: &str,
        mark: char,
        text: &str,
        paint: impl Fn(&str) -> String,
    ) -> anyhow::Result<()> {
        let today = calendar::local_day(self.dealership.world.now());
        if self.day != Some(today) {
            self.day = Some(today);
            self.time.clear();
            print(&format!("\n{}  {}", self.paint.strong(&long_day(today)), self.paint.quiet(&self.stage)))?;
        }
        let time = clock_time(at);
        let told = std::mem::replace(&mut self.time, time.clone());
        let time = if told == time { "" } else { &time };
        print(&self.paint.row(time, who, mark, text, paint))
    }
}
