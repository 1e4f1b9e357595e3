//! Reminders that are due at once, handed to a mail server on loopback, and what is urgent in between.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use client::Contacts;
use jiff::{SignedDuration, Timestamp};
use journeys::{Service, sink::Sink};
use platform::{
    clock::{from_db, machine_now, to_wire},
    db::{Db, execute, query_all, query_one},
};
use prost::Message as _;
use proto::scheduling::v1::{SchedulingEvent, WindowOverrun, scheduling_event::Event};
use sea_orm::prelude::DateTimeUtc;
use story::{Dealership, Facts, Through};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    bulk::Template,
    figures::{Figures, quantile_ms},
    place::{Layout, Place},
    processes,
    sink::limit,
};

/// Dealerships, each with two contacts.
const SIZES: [i64; 2] = [5_000, 50_000];
const CONTACTS: i64 = 2;
/// Dealerships in one transaction.
const AT_ONCE: i64 = 1_000;
/// Messages of one kind wait so long for each other.
const JOINING: SignedDuration = SignedDuration::from_mins(10);
const CONNECTIONS: usize = 32;
/// About the size of a reminder's mail.
const MAIL: usize = 4_000;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Between two messages of a running migration.
const URGENT_EVERY: Duration = Duration::from_secs(2);
/// Longer than that it is broken.
const LONGEST: Duration = Duration::from_secs(900);
const SETTLES: Duration = Duration::from_secs(60);

/// # Errors
/// What does not come in time, and those of the parts.
pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let sink = Sink::start().await?;
    let limit = limit(&sink, CONNECTIONS, MAIL).await?;
    println!(
        "the sink takes {limit:.0} mails/s over {CONNECTIONS} connections from clients that do nothing else"
    );
    figures.set("sink_mails_per_s", limit);
    let mut settings = sink.settings();
    settings.push(("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__MAX_CONNECTIONS", CONNECTIONS.to_string()));
    let place = Place::start_with(Layout::Spread, &settings).await?;
    let world = place.client(Contacts::Grpc, |_| std::future::ready(()))?;
    let dealership = Dealership::open(&world, &Facts::AUTODOM).await?;
    dealership.stage(Through::Contracting).await?;
    // Its own messages go out first.
    place.clock.set(world.now() + JOINING)?;
    place.installation.outside().settled(SETTLES).await?;
    let (notification, scheduling) =
        (place.database(Service::Notification).await?, place.database(Service::Scheduling).await?);
    let round = Round { place: &place, sink: &sink, notification, scheduling, dealership: &dealership };
    // A copy is about what is to come. Of what it was told before it has one mail, as PostgreSQL plans by what there is.
    let without_past = [
        "delete from message where id <> (select id from message where label = 'sent' order by id limit 1)",
        "delete from outbox",
        "delete from history",
        "delete from request",
    ];
    for sql in without_past.into_iter().chain(["update lane set next_seq = 1"]) {
        let tx = round.notification.begin().await?;
        execute(&tx, sql, vec![]).await?;
        tx.commit().await?;
    }
    let template = Template::read(&round.notification).await?;
    let mut there = 0;
    let mut memory = Vec::new();
    for (size, due) in SIZES.into_iter().zip(due_times(&round.notification).await?) {
        while there < size {
            let last = (there + AT_ONCE).min(size);
            template.copy(&round.notification, there + 1, last).await?;
            there = last;
        }
        let tx = round.notification.begin().await?;
        execute(&tx, "delete from timer where due_at < $1", vec![platform::clock::to_db(due).into()]).await?;
        tx.commit().await?;
        place.servers.as_ref().context("servers")?.vacuum(Service::Notification.name())?;
        memory.push(round.play(due, size, figures).await?);
    }
    if let [few, .., many] = memory.as_slice() {
        figures.set("reminders_memory_growth", many / few);
    }
    Ok(())
}

/// When reminders are due, one after the other.
async fn due_times(db: &Db) -> anyhow::Result<Vec<Timestamp>> {
    let sql = "select distinct due_at from timer where kind = 'reminder' order by due_at";
    let rows = query_all(db.read(), sql, vec![]).await?;
    rows.iter().map(|row| Ok(from_db(row.try_get::<DateTimeUtc>("", "due_at")?))).collect()
}

struct Round<'a> {
    place: &'a Place,
    sink: &'a Sink,
    notification: Db,
    scheduling: Db,
    dealership: &'a Dealership<'a>,
}

impl Round<'_> {
    /// Lets the reminders of so many dealerships come due. The most memory meanwhile, in MB.
    async fn play(&self, due: Timestamp, dealerships: i64, figures: &mut Figures) -> anyhow::Result<f64> {
        let reminders = dealerships * CONTACTS;
        let (mut most, mut before) = (0.0_f64, self.sink.taken());
        let told = self.told().await?;
        let cpu = self.place.cpu();
        let began = Instant::now();
        self.place.clock.set(due)?;
        while self.has_timers_due(due).await? {
            self.look(began, &mut most).await?;
        }
        let written = began.elapsed().as_secs_f64();

        // They have waited for others of their kind by then.
        self.place.clock.set(due + JOINING)?;
        let began = Instant::now();
        let mut urgent: BTreeMap<Uuid, Timestamp> = BTreeMap::new();
        let mut said = Instant::now();
        while self.sink.taken() - before < u64::try_from(reminders)? {
            if said.elapsed() >= URGENT_EVERY {
                let event_id = Uuid::now_v7();
                self.overrun(event_id).await?;
                urgent.insert(event_id, machine_now());
                said = Instant::now();
            }
            self.look(began, &mut most).await?;
        }
        let handed = began.elapsed().as_secs_f64();
        // The last event may not have come yet.
        while self.unsent().await? > 0 || self.told().await? - told < 3 * i64::try_from(urgent.len())? {
            self.look(began, &mut most).await?;
        }
        before = self.sink.taken() - before;
        let mut waits = self.waits(&urgent).await?;
        let cpu = self.place.cpu() - cpu;
        let (per_second, slowest) = (reminders as f64 / handed, quantile_ms(&mut waits, 1.0));
        let each = |time: Duration| time.as_secs_f64() * 1e3 / reminders as f64;
        println!(
            "{reminders} reminders: written in {written:.0} s ({:.0}/s), handed over in {handed:.0} s ({per_second:.0}/s); \
             {} urgent messages in between, p50 {:.0} ms, slowest {slowest:.0} ms; at most {most:.0} MB; \
             CPU ms each: services {:.2}, PostgreSQL {:.2}; {before} mails in all",
            reminders as f64 / written,
            waits.len(),
            quantile_ms(&mut waits, 0.5),
            each(cpu.of_services()),
            each(cpu.postgres),
        );
        for (name, value) in [
            ("written_per_s", reminders as f64 / written),
            ("handed_over_per_s", per_second),
            ("urgent_slowest_ms", slowest),
            ("memory_mb", most),
        ] {
            figures.set(format!("reminders_{name}_{reminders}"), value);
        }
        figures.set("reminders_handed_over_per_s", per_second);
        figures.set("reminders_urgent_slowest_ms", slowest);
        Ok(most)
    }

    async fn look(&self, began: Instant, most: &mut f64) -> anyhow::Result<()> {
        anyhow::ensure!(began.elapsed() < LONGEST, "not over in time");
        let mut services = self.place.services();
        let (_, id) = services.find(|(name, _)| name == Service::Notification.name()).context("a process")?;
        *most = most.max(processes::memory_mb(id, "VmRSS"));
        sleep(LOOK_EVERY).await;
        Ok(())
    }

    async fn has_timers_due(&self, at: Timestamp) -> anyhow::Result<bool> {
        let sql = "select 1 from timer where due_at <= $1 limit 1";
        let row = query_one(self.notification.read(), sql, vec![platform::clock::to_db(at).into()]).await?;
        Ok(row.is_some())
    }

    async fn unsent(&self) -> anyhow::Result<i64> {
        self.messages("label in ('held', 'pending', 'sending')").await
    }

    async fn told(&self) -> anyhow::Result<i64> {
        self.messages("kind = 'window_overrun' and label = 'sent'").await
    }

    async fn messages(&self, which: &str) -> anyhow::Result<i64> {
        let sql = format!("select count(*) as n from message where {which}");
        let row = query_one(self.notification.read(), &sql, vec![]).await?;
        Ok(row.context("a row")?.try_get("", "n")?)
    }

    /// The dealership's migration runs longer than its window: an event as scheduling writes it.
    async fn overrun(&self, event_id: Uuid) -> anyhow::Result<()> {
        let (company, project) = (&self.dealership.company, &self.dealership.project);
        let now = Some(to_wire(self.dealership.world.now()));
        let event = SchedulingEvent {
            event_id: event_id.to_string(),
            company: company.clone(),
            project: project.clone(),
            occurred_at: now,
            recorded_at: now,
            actor: None,
            event: Some(Event::WindowOverrun(WindowOverrun { attempt: 1 })),
        };
        let lane = company.strip_prefix("companies/").context("a company's name")?;
        let tx = self.scheduling.begin().await?;
        let seq = "update lane set next_seq = next_seq + 1 where lane = $1 returning next_seq - 1 as seq";
        let seq: i64 =
            query_one(&tx, seq, vec![lane.into()]).await?.context("the lane")?.try_get("", "seq")?;
        let sql = "insert into outbox (event_id, lane, seq, kind, payload, recorded_at) \
                   values ($1, $2, $3, 'window_overrun', $4, now())";
        execute(&tx, sql, vec![event_id.into(), lane.into(), seq.into(), event.encode_to_vec().into()])
            .await?;
        Ok(tx.commit().await?)
    }

    /// How long it took from each event's commit until all had been told of it.
    async fn waits(&self, urgent: &BTreeMap<Uuid, Timestamp>) -> anyhow::Result<Vec<Duration>> {
        let sql = "select event_id, max(delivery -> 'tries' -> 0 ->> 'at') as at, count(*) as n \
                   from message where kind = 'window_overrun' group by event_id";
        let mut waits = Vec::new();
        for row in query_all(self.notification.read(), sql, vec![]).await? {
            let Some(committed) = urgent.get(&row.try_get("", "event_id")?) else { continue };
            let at: Timestamp = row.try_get::<String>("", "at")?.parse()?;
            anyhow::ensure!(row.try_get::<i64>("", "n")? == 3, "two contacts and SOFTVIG hear of it");
            waits.push(Duration::try_from(at.duration_since(*committed))?);
        }
        anyhow::ensure!(waits.len() == urgent.len(), "an urgent message is missing");
        Ok(waits)
    }
}
