//! One notification service with a database, a folder for its mails and a clock of its own.

use std::{
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use platform::{
    Error,
    auth::{Principal, Role},
    bus::Message as BusMessage,
    clock::{Clock, from_wire},
    core::Core,
    db::{Db, query_all},
    harness::{self, Harness, TestClock},
    id::{CompanyId, ContactId},
    schema,
};
use prost::Message as _;
use proto::{
    notification::v1 as pb,
    scheduling::v1::{SchedulingEvent, scheduling_event::Event},
};
use testkit::{Backend, Database, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixtures::{COMPANY, DAGMARA, TADEK, at, card, event, now, pb};
use crate::message::{Hand, Lease};
use crate::webhooks::{LONGEST_TRY, Networks, Post, SystemLookup};
use crate::{Config, Notification, schema::Migrator};

pub struct World {
    harness: Harness<Notification>,
    clock: TestClock,
    pub mails: PathBuf,
    folder: PathBuf,
    database: Database,
    post: Post,
}

impl Deref for World {
    type Target = Harness<Notification>;

    fn deref(&self) -> &Self::Target {
        &self.harness
    }
}

impl World {
    /// A company with Tadek (technical) and Dagmara (decision), at [`now`].
    pub async fn new(backend: Backend) -> Self {
        let world = Self::empty(backend).await;
        let changed = proto::scheduling::v1::CompanyChanged {
            display_name: "Auto Łęcki sp. z o.o.".into(),
            ..Default::default()
        };
        world.tell(Event::CompanyChanged(changed)).await;
        for contact in [TADEK, DAGMARA] {
            world.tell(Event::ContactCard(card(contact))).await;
        }
        world
    }

    /// A database in which nothing was heard yet, at [`now`]. Webhooks may go to this machine.
    pub async fn empty(backend: Backend) -> Self {
        let networks = Networks::default().and_loopback();
        Self::posting(
            backend,
            Post::new(networks, Vec::new(), Arc::new(SystemLookup), LONGEST_TRY).expect("a client"),
        )
        .await
    }

    /// The same with another way for webhooks.
    pub async fn posting(backend: Backend, post: Post) -> Self {
        platform::init();
        let database = Database::prepared(backend, "notification", async |url| {
            let db = open(&url).await;
            schema::up::<Migrator>(&db).await.expect("the schema");
            db.close().await.expect("closed");
        })
        .await;
        let folder = std::env::temp_dir().join(testkit::unique_name());
        fs::create_dir(&folder).expect("a folder");
        let mails = folder.join("mails");
        let clock = TestClock::at(&now().to_string());
        let service = replica(&database, clock.clock.clone(), &Config::default(), &mails, post.clone()).await;
        let harness = Harness::new(service);
        Self { harness, clock, mails, folder, database, post }
    }

    /// Another process of the same service.
    pub async fn replica(&self) -> Notification {
        self.replica_with(&Config::default()).await
    }

    /// The same with another configuration.
    pub async fn replica_with(&self, config: &Config) -> Notification {
        replica(&self.database, self.clock.clock.clone(), config, &self.mails, self.post.clone()).await
    }

    /// One event of scheduling arrives; its message, to let it arrive again.
    pub async fn tell(&self, what: Event) -> BusMessage {
        let event_id = Uuid::now_v7().to_string();
        self.tell_payload(SchedulingEvent { event_id, ..event(what) }.encode_to_vec()).await
    }

    /// One event of scheduling that happened at the given instant arrives.
    pub async fn tell_at(&self, occurred_at: &str, what: Event) -> BusMessage {
        let event_id = Uuid::now_v7().to_string();
        let event = SchedulingEvent { event_id, occurred_at: pb(at(occurred_at)), ..event(what) };
        self.tell_payload(event.encode_to_vec()).await
    }

    pub async fn tell_payload(&self, payload: Vec<u8>) -> BusMessage {
        let message = self.message("scheduling", COMPANY.into(), "test", payload);
        self.receive(message.clone()).await;
        message
    }

    /// Nothing was parked on the way.
    pub async fn assert_nothing_parked(&self) {
        let parked = self.service.core.parked_after(None, 100).await.expect("readable");
        assert!(parked.is_empty(), "{parked:?}");
    }

    /// The kinds of the timers that are set, sorted.
    pub async fn timers(&self) -> Vec<String> {
        let sql = "select kind from timer order by kind";
        let rows = query_all(self.service.core.db.read(), sql, vec![]).await.expect("readable");
        rows.iter().map(|row| row.try_get("", "kind").expect("text")).collect()
    }

    /// Lets business time pass until nothing is held any more, and sends everything.
    pub async fn send(&self) {
        self.wait_out().await;
        self.send_now().await;
    }

    /// Lets business time pass until nothing is held any more, without sending it.
    pub async fn wait_out(&self) {
        let held = self.messages_in(pb::MessageState::Held).await;
        let until = held.iter().filter_map(|m| from_wire(m.held_until.as_ref()?)).max();
        if let Some(until) = until.filter(|until| *until > self.clock.clock.now()) {
            self.clock.set(&until.to_string());
        }
        while self.service.release().await.expect("the database works") {}
    }

    /// Sends all that is due.
    pub async fn send_now(&self) {
        while self.service.release().await.expect("the database works") {}
        while self.service.send_due().await.expect("the database works") > 0 {}
    }

    /// Lets business time pass and fires what comes due.
    pub async fn advance(&self, to: &str) {
        self.clock.set(to);
        let stop = CancellationToken::new();
        let (core, on) = (self.service.core.clone(), Arc::clone(&self.service));
        let loops = tokio::spawn({
            let stop = stop.clone();
            async move { core.run_timers(on, stop).await }
        });
        eventually(Duration::from_secs(10), "the timers", async || {
            (self.service.core.timers_due().await.expect("readable") == 0).then_some(())
        })
        .await;
        stop.cancel();
        loops.await.expect("no panic");
    }

    /// All messages that SOFTVIG sees, newest first.
    pub async fn messages(&self) -> Vec<pb::Message> {
        self.messages_in(pb::MessageState::Unspecified).await
    }

    pub async fn messages_in(&self, state: pb::MessageState) -> Vec<pb::Message> {
        let request = pb::ListMessagesRequest {
            parent: format!("companies/{COMPANY}"),
            state: state.into(),
            page_size: 200,
            ..Default::default()
        };
        self.call(&softvig(), Notification::list_messages, request).await.expect("listed").messages
    }

    /// `topic recipient` of each message, sorted.
    pub async fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.messages().await.iter().map(describe).collect();
        told.sort();
        told
    }

    /// The .eml files.
    pub fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.mails) else { return Vec::new() };
        let read = |e: fs::DirEntry| fs::read_to_string(e.path()).expect("an ASCII file");
        entries.map(|e| read(e.expect("an entry"))).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What the company has due at a machine time, taken, and the lease on it.
pub async fn claim(service: &Notification, now: Timestamp) -> (Hand, Lease) {
    let lease = service.lease(now);
    let mut hands = service.claim(lease, now).await.expect("works");
    assert_eq!(hands.len(), 1, "one company has messages");
    (hands.remove(0), lease)
}

/// "date_agreed technical".
pub fn describe(message: &pb::Message) -> String {
    let to = match message.contact.rsplit('/').next() {
        Some(id) if id == TADEK.to_string() => "technical",
        Some(id) if id == DAGMARA.to_string() => "decision",
        Some("") => "softvig",
        _ => "another",
    };
    format!("{} {to}", message.topic)
}

async fn replica(
    database: &Database,
    clock: Clock,
    config: &Config,
    mails: &Path,
    post: Post,
) -> Notification {
    let core = Core::new(Notification::NAME, open(database.url()).await, clock);
    Notification::with_post(core, config, mails, post).expect("a valid configuration")
}

async fn open(url: &str) -> Db {
    match url.strip_prefix("sqlite://") {
        Some(rest) => {
            let file = PathBuf::from(rest.split('?').next().expect("split yields one part"));
            Db::sqlite(&file).await.expect("SQLite opens")
        }
        None => Db::postgres(url, 4).expect("a PostgreSQL URL"),
    }
}

/// A contact of this or another company.
pub fn contact(company: CompanyId, contact: ContactId, role: Role) -> Principal {
    harness::contact(company, contact, &[role])
}

/// SOFTVIG's CRM.
pub fn softvig() -> Principal {
    harness::softvig(Role::Crm)
}

/// The reason of a refusal.
pub fn reason<T>(result: Result<T, Error>) -> proto::common::v1::ErrorReason {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(e) => e.reason(),
    }
}
