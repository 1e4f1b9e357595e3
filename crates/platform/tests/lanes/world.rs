//! Two toy services: `maker` emits numbered notes on a company's lane, `keeper` writes each down.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use platform::{
    Error,
    auth::Principal,
    bus::{Bus, Embedded, JetStream, JetStreamConfig, Message},
    clock::{self, Clock},
    consumer::{ApplyError, Consumer, OnEvent},
    core::Core,
    db::{Db, execute, query_all},
    id::CompanyId,
    lane::{Lane, Number},
    loops::Loops,
    parked, schema,
    unit::{Begun, NewEvent, Ticket},
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use testkit::{Backend, Database, Nats};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub const HEADS_EVERY: Duration = Duration::from_millis(50);
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Toy;

impl MigratorTrait for Toy {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let notes = schema::Change {
            name: "m20261122_000002_toy",
            tables: || vec![schema::document_table("thing")],
            sql: &[
                "create table note (source text not null, lane text not null, place bigint not null, seq bigint not null, kind text not null, told boolean not null)",
                "create index note_place on note (lane, place)",
            ],
        };
        vec![schema::platform(), Box::new(notes), schema::follows(), schema::by_lane(), schema::epochs()]
    }
}

/// A service's database, and processes that come and go over it.
pub struct Home {
    pub service: &'static str,
    pub database: Database,
}

impl Home {
    pub async fn new(service: &'static str, backend: Backend) -> Self {
        let database = Database::prepared(backend, "toy", async |url| {
            let db = open(&url).await;
            schema::up::<Toy>(&db).await.expect("schema");
            db.close().await.expect("closed");
        })
        .await;
        Self { service, database }
    }

    /// A process of this service with the system's clock.
    pub async fn core(&self) -> Core {
        Core::new(self.service, open(self.database.url()).await, Clock::System)
    }

    pub async fn core_at(&self, clock: Clock) -> Core {
        Core::new(self.service, open(self.database.url()).await, clock)
    }
}

pub async fn open(url: &str) -> Db {
    match url.strip_prefix("sqlite://") {
        Some(rest) => {
            let file = PathBuf::from(rest.split('?').next().expect("split yields one part"));
            Db::sqlite(&file).await.expect("SQLite opens")
        }
        None => Db::postgres(url, 4).expect("a PostgreSQL URL"),
    }
}

/// Writes down each event, once per application; `poison` cannot be decoded, `future` is not known.
pub struct Keeper {
    pub knows_future: bool,
    pub cures_poison: bool,
}

impl Keeper {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { knows_future: false, cures_poison: false })
    }
}

#[async_trait]
impl OnEvent for Keeper {
    fn sources(&self) -> &'static [&'static str] {
        &["maker"]
    }

    async fn apply(&self, unit: &mut platform::unit::Unit, event: &Message) -> Result<(), ApplyError> {
        execute(
            unit.db(),
            "insert into note (source, lane, place, seq, kind, told) \
             select $1, $2, coalesce(max(place), 0) + 1, $3, $4, $5 from note where lane = $2",
            vec![
                event.source.as_str().into(),
                event.lane.to_string().into(),
                event.seq.into(),
                event.kind.as_str().into(),
                (!unit.is_backfill()).into(),
            ],
        )
        .await
        .map_err(platform::Error::from)?;
        match event.kind.as_str() {
            "poison" if !self.cures_poison => Err(ApplyError::Undecodable("poison".into())),
            "future" if !self.knows_future => Err(ApplyError::UnknownType),
            _ => Ok(()),
        }
    }
}

/// Hears `maker`, and says something of its own of each event.
pub struct Relay;

#[async_trait]
impl OnEvent for Relay {
    fn sources(&self) -> &'static [&'static str] {
        &["maker"]
    }

    async fn apply(&self, unit: &mut platform::unit::Unit, _: &Message) -> Result<(), ApplyError> {
        unit.emit(event("note"));
        Ok(())
    }
}

/// As the keeper, of what both others say.
pub struct KeeperOfBoth(pub Arc<Keeper>);

#[async_trait]
impl OnEvent for KeeperOfBoth {
    fn sources(&self) -> &'static [&'static str] {
        &["maker", "relay"]
    }

    fn ignores(&self, _: &str, kind: &str) -> bool {
        kind == "dull"
    }

    async fn apply(&self, unit: &mut platform::unit::Unit, event: &Message) -> Result<(), ApplyError> {
        self.0.apply(unit, event).await
    }
}

/// Hears nothing: the producing side.
pub struct Deaf;

#[async_trait]
impl OnEvent for Deaf {
    fn sources(&self) -> &'static [&'static str] {
        &[]
    }

    async fn apply(&self, _: &mut platform::unit::Unit, _: &Message) -> Result<(), ApplyError> {
        Err(ApplyError::UnknownType)
    }
}

/// A running process of a toy service; dropping it is like killing it: nothing is finished or undone.
pub struct Process {
    pub core: Core,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Process {
    pub fn start(core: Core, bus: Bus, on_event: Arc<dyn OnEvent>) -> Self {
        Self::with_heads(core, bus, on_event, HEADS_EVERY)
    }

    /// One that says how far its lanes are so often only.
    pub fn with_heads(core: Core, bus: Bus, on_event: Arc<dyn OnEvent>, heads_every: Duration) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        Loops { core: core.clone(), on_event, on_timer: None, files: None, figures: None }.spawn(
            &tasks,
            bus,
            heads_every,
            stop.clone(),
        );
        Self { core, stop, tasks }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// NATS as the toys see it, with the rights of `operator`: they are no real services.
pub async fn bus(nats: &Nats) -> Bus {
    connect(JetStreamConfig {
        user: Some("operator".to_owned()),
        password: Some("operator".to_owned().into()),
        ..config(nats, nats.url.clone())
    })
    .await
}

pub fn config(nats: &Nats, url: String) -> JetStreamConfig {
    JetStreamConfig {
        url,
        user: None,
        password: None,
        tls: None,
        stream: nats.stream.clone(),
        prefix: nats.prefix.clone(),
        replicas: 1,
        max_age: Duration::from_secs(3600),
        max_bytes: 16 << 20,
    }
}

pub async fn connect(config: JetStreamConfig) -> Bus {
    Bus::JetStream(JetStream::connect(config, "operator").await.expect("an address"))
}

/// Where a producer and a consumer run: the database of each, and what is between them.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Sqlite,
    Postgres,
    Nats,
}

impl Place {
    /// Both homes, and the bus.
    pub async fn open(self) -> (Home, Home, Between) {
        let backend = if matches!(self, Self::Sqlite) { Backend::Sqlite } else { Backend::Postgres };
        let between = if matches!(self, Self::Nats) {
            Between::Nats(Nats::unique())
        } else {
            Between::Process(embedded())
        };
        (Home::new("maker", backend).await, Home::new("keeper", backend).await, between)
    }
}

pub enum Between {
    /// Embedded: both are in one process.
    Process(Bus),
    Nats(Nats),
}

impl Between {
    /// The bus as one more process has it.
    pub async fn bus(&self) -> Bus {
        match self {
            Self::Process(bus) => bus.clone(),
            Self::Nats(nats) => bus(nats).await,
        }
    }
}

/// A process that never says how far its lanes are: what the bus loses stays lost.
pub fn with_heads_never(core: Core, bus: Bus, on_event: Arc<dyn OnEvent>) -> Process {
    Process::with_heads(core, bus, on_event, Duration::from_secs(3600))
}

pub fn embedded() -> Bus {
    Bus::Embedded(Embedded::default())
}

pub fn company(n: u128) -> CompanyId {
    CompanyId(uuid::Uuid::from_u128(n))
}

pub fn ticket(key: &str, payload: &str) -> Ticket {
    Ticket {
        key: key.into(),
        request_id: key.into(),
        payload_hash: payload.into(),
        validate_only: false,
        trace: None,
        position: Arc::default(),
    }
}

/// Has the event of `maker` with this number tried again.
pub async fn replay(core: &Core, company: CompanyId, seq: i64) -> Result<(), Error> {
    let request = uuid::Uuid::now_v7().to_string();
    core.replay_parked(&Principal::local_operator(1000), ticket(&request, "p"), &place(company, seq)).await
}

/// Where an event of `maker` is parked.
pub fn place(company: CompanyId, seq: i64) -> parked::Place {
    parked::Place { source: "maker".to_owned(), lane: company.into(), seq }
}

/// One command that emits events of these kinds.
pub async fn make(core: &Core, company: CompanyId, kinds: &[&'static str]) {
    let request = uuid::Uuid::now_v7().to_string();
    let Begun::Fresh(mut unit) =
        core.begin_command(company.into(), ticket(&request, "p")).await.expect("begun")
    else {
        panic!("a new request id");
    };
    for kind in kinds {
        unit.emit(event(kind));
    }
    unit.commit("thing").await.expect("committed");
}

pub fn event(kind: &'static str) -> NewEvent {
    NewEvent { event_id: uuid::Uuid::now_v7(), kind, project: Some("p".into()), payload: kind.into() }
}

/// The numbers that were written down for a lane, in the order of writing.
pub async fn notes(core: &Core, company: CompanyId) -> Vec<i64> {
    try_notes(core, company).await.expect("notes")
}

/// The numbers of which people would have been told.
pub async fn told(core: &Core, company: CompanyId) -> Vec<i64> {
    let sql = "select seq from note where lane = $1 and told order by place";
    let lane = Lane::Company(company).to_string().into();
    let rows = query_all(core.db.read(), sql, vec![lane]).await.expect("notes");
    rows.iter().map(|r| r.try_get("", "seq").expect("a number")).collect()
}

/// Makes an event of every lane look as if it had been sequenced so long ago.
pub async fn age(core: &Core, seq: i64, hours: i64) {
    let then = clock::to_db(clock::machine_now() - jiff::SignedDuration::from_hours(hours));
    let tx = core.db.begin().await.expect("begun");
    let sql = "update outbox set sequenced_at = $1 where seq = $2";
    execute(&tx, sql, vec![then.into(), seq.into()]).await.expect("aged");
    tx.commit().await.expect("committed");
}

async fn try_notes(core: &Core, company: CompanyId) -> Result<Vec<i64>, sea_orm::DbErr> {
    let sql = "select seq from note where lane = $1 order by place";
    let rows = query_all(core.db.read(), sql, vec![Lane::Company(company).to_string().into()]).await?;
    rows.iter().map(|r| r.try_get("", "seq")).collect()
}

/// Waits until exactly the numbers 1 to `n` are written down, in order.
pub async fn expect_notes(core: &Core, company: CompanyId, n: i64) {
    let all: Vec<i64> = (1..=n).collect();
    let written = testkit::eventually(PATIENCE, "the notes are written down", async || {
        // A test that cuts connections may cut this one too: then it looks again.
        try_notes(core, company).await.ok().filter(|notes| notes.len() as i64 >= n)
    })
    .await;
    assert_eq!(written, all);
}

/// Waits until the bus has taken all that is committed.
pub async fn expect_published(core: &Core) {
    testkit::eventually(PATIENCE, "the outbox is empty", async || {
        (core.outbox_depth().await.expect("depth") == 0).then_some(())
    })
    .await;
}

/// What the bus would bring: the committed events of a lane, read from the outbox.
pub async fn delivered(maker: &Core, company: CompanyId) -> Vec<Message> {
    use platform::bus::{Inlet, LaneHead};
    let reader = Consumer::new(maker.clone(), Arc::new(Deaf));
    reader.republish(LaneHead { lane: company.into(), number: Number::first(1) }).await.expect("the outbox")
}
