//! One notification service with a database, a folder for its mails and a clock of its own.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use platform::{
    Call, Error,
    auth::{Principal, Role, RoleSet},
    bus::{Inlet, Message as BusMessage},
    clock::{Clock, set_simulated},
    consumer::Consumer,
    core::Core,
    db::{Db, query_all},
    id::{CompanyId, ContactId},
    lane::Lane,
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

use crate::channel::ChannelConfig;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card, event, now};
use crate::recipients::Language;
use crate::{Config, Notification, schema::Migrator};

pub struct World {
    pub service: Notification,
    consumer: Consumer,
    seq: i64,
    clock: PathBuf,
    pub mails: PathBuf,
    folder: PathBuf,
    database: Database,
}

impl World {
    /// A company with Tadek (technical) and Dagmara (decision), at [`now`].
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, None).await
    }

    pub async fn with(backend: Backend, channel: Option<ChannelConfig>) -> Self {
        platform::init();
        let database = Database::prepared(backend, "notification", async |url| {
            let db = open(&url).await;
            schema::up::<Migrator>(&db).await.expect("the schema");
            db.close().await.expect("closed");
        })
        .await;
        let folder = std::env::temp_dir().join(testkit::unique_name());
        fs::create_dir(&folder).expect("a folder");
        let (clock, mails) = (folder.join("clock"), folder.join("mails"));
        set_simulated(&clock, now()).expect("a clock");
        let channel = channel.unwrap_or_else(|| ChannelConfig::Folder(mails.clone()));
        let service = replica(&database, &clock, channel).await;
        let consumer = Consumer::new(service.core.clone(), Arc::new(service.clone()));
        let mut world = Self { service, consumer, seq: 0, clock, mails, folder, database };
        let changed = proto::scheduling::v1::CompanyChanged {
            display_name: "Auto Łęcki sp. z o.o.".into(),
            ..Default::default()
        };
        world.hear(Event::CompanyChanged(changed)).await;
        for contact in [TADEK, DAGMARA] {
            world.hear(Event::ContactCard(card(contact))).await;
        }
        world
    }

    /// Another process of the same service.
    pub async fn replica(&self) -> Notification {
        replica(&self.database, &self.clock, ChannelConfig::Folder(self.mails.clone())).await
    }

    /// One event of scheduling arrives; its message, to let it arrive again.
    pub async fn hear(&mut self, what: Event) -> BusMessage {
        let event_id = Uuid::now_v7().to_string();
        self.hear_event(SchedulingEvent { event_id, ..event(what) }).await
    }

    pub async fn hear_event(&mut self, event: SchedulingEvent) -> BusMessage {
        self.hear_payload("scheduling", event.encode_to_vec()).await
    }

    pub async fn hear_payload(&mut self, source: &str, payload: Vec<u8>) -> BusMessage {
        self.seq += 1;
        let message = BusMessage {
            source: source.into(),
            lane: Lane::Company(COMPANY),
            seq: self.seq,
            event_id: Uuid::now_v7().to_string(),
            kind: "test".into(),
            recorded_at: now(),
            trace: None,
            payload: payload.into(),
        };
        self.receive(message.clone()).await;
        message
    }

    pub async fn receive(&self, message: BusMessage) {
        self.consumer.receive(message).await.expect("received or parked");
    }

    /// Nothing was parked on the way.
    pub async fn assert_nothing_parked(&self) {
        let parked = self.service.core.parked().await.expect("readable");
        assert!(parked.is_empty(), "{parked:?}");
    }

    /// Sends all that is due.
    pub async fn send(&self) {
        while self.service.send_due().await.expect("the database works") > 0 {}
    }

    /// Lets business time pass and fires what comes due.
    pub async fn advance(&self, to: &str) {
        let to: Timestamp = to.parse().expect("a fixed instant");
        set_simulated(&self.clock, to).expect("a clock");
        let stop = CancellationToken::new();
        let (core, on) = (self.service.core.clone(), Arc::new(self.service.clone()));
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
        self.service.list_messages(softvig(), request).await.expect("listed").messages
    }

    /// `topic recipient` of each message, sorted.
    pub async fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.messages().await.iter().map(describe).collect();
        told.sort();
        told
    }

    /// The names of the events that this service published.
    pub async fn published(&self) -> Vec<String> {
        let rows = query_all(self.service.core.db.read(), "select kind from outbox order by seq", vec![]);
        rows.await.expect("readable").iter().map(|r| r.try_get("", "kind").expect("a name")).collect()
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

async fn replica(database: &Database, clock: &std::path::Path, channel: ChannelConfig) -> Notification {
    let clock = Clock::simulated(clock).expect("the clock's file");
    let core = Core::new(Notification::NAME, open(database.url()).await, clock);
    let config = Config {
        channel,
        from: "przesiadka@softvig.example".into(),
        from_name: "SOFTVIG Przesiadka".into(),
        domain: "przesiadka.softvig.example".into(),
        softvig: "migracje@softvig.example".into(),
        softvig_language: Language::Pl,
    };
    Notification::new(core, &config).expect("a valid configuration")
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

/// A call of a contact of this or another company.
pub fn contact(company: CompanyId, contact: ContactId, role: Role) -> Call {
    call(Principal {
        issuer: "test".into(),
        subject: contact.to_string(),
        roles: RoleSet::from([role]),
        company: Some(company),
        contact: Some(contact),
    })
}

/// A call of SOFTVIG's CRM.
pub fn softvig() -> Call {
    call(Principal {
        issuer: "test".into(),
        subject: "crm-1".into(),
        roles: RoleSet::from([Role::Crm]),
        company: None,
        contact: None,
    })
}

fn call(principal: Principal) -> Call {
    Call {
        principal,
        request_id: Some(Uuid::now_v7().to_string()),
        method: "notification.Test",
        payload_hash: [0; 32],
        etag: None,
        validate_only: false,
        after: Vec::new(),
        traceparent: None,
        position: Arc::new(OnceLock::new()),
    }
}

/// The reason of a refusal.
pub fn reason<T>(result: Result<T, Error>) -> proto::common::v1::ErrorReason {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(e) => e.reason(),
    }
}
