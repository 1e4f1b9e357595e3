//! The whole service over one test's database; the other services' events are handed to its consumer.

use std::{
    collections::HashMap,
    env, fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use audit::{Audits, grpc::Grpc, schema::Migrator};
use jiff::Timestamp;
use platform::{
    Edge,
    auth::{DevelopmentIssuer, Role, RoleSet, TokenFor, Verifier},
    bus::{Inlet as _, Message},
    clock::{self, Clock},
    consumer::Consumer,
    core::Core,
    db::{Db, query_all},
    edge::Limits,
    files::Files,
    grpc::Server,
    harness::files,
    id::{CompanyId, ContactId, ProjectId},
    lane::Lane,
    name::ProjectName,
    schema,
};
use prost::Message as _;
use proto::{
    audit::v1::{
        self as pb, audit_event::Event as Told, audit_service_client::AuditServiceClient,
        audit_service_server::AuditServiceServer,
    },
    licensing::v1::{self as licensing, licensing_event::Event as Licensing},
    scheduling::v1::{self as scheduling, scheduling_event::Event as Scheduling},
};
use testkit::{Backend, Database};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub type Client = AuditServiceClient<AuditServiceServer<Grpc>>;

pub const VARIANT: &str = "new_server";

pub struct Bench {
    pub core: Core,
    pub project: ProjectName,
    /// A technical contact of the company.
    pub contact: ContactId,
    pub edge: Edge,
    pub service: Arc<Audits>,
    /// In a folder beside SQLite, on S3 beside PostgreSQL.
    pub files: Files,
    consumer: Consumer,
    issuer: DevelopmentIssuer,
    folder: PathBuf,
    sequences: Mutex<HashMap<(&'static str, CompanyId), i64>>,
    requests: Mutex<u32>,
    _database: Database,
}

impl Bench {
    /// A company with a technical contact and an open project of a chosen variant, on 14 January 2027, 09:00.
    pub async fn new(backend: Backend) -> Self {
        platform::init();
        let database = Database::prepared(backend, "audit", async |url| {
            let db = open(&url).await;
            schema::up::<Migrator>(&db).await.expect("the schema");
            db.close().await.expect("closed");
        })
        .await;
        let folder = env::temp_dir().join(format!("przesiadka-{}", Uuid::now_v7()));
        fs::create_dir(&folder).expect("a folder");
        let now = folder.join("now");
        clock::set_simulated(&now, at(0, 9)).expect("written");
        let clock = Clock::simulated(now).expect("a clock");

        let core = Core::new(audit::NAME, open(database.url()).await, clock);
        let s3 = (backend == Backend::Postgres).then(testkit::s3);
        let files = files(&folder, s3, audit::NAME);
        let service =
            Audits::new(core.clone(), files.clone(), None).expect("the built-in checklists are valid");
        let service = Arc::new(service);
        let issuer = DevelopmentIssuer::open(&folder).expect("a key");
        let verifier = Verifier::new(vec![issuer.issuer().expect("an issuer")]);
        let bench = Self {
            consumer: Consumer::new(core.clone(), service.clone()),
            core,
            project: ProjectName { company: CompanyId::new(), project: ProjectId::new() },
            contact: ContactId::new(),
            edge: Edge::new(Arc::new(verifier), Limits::default()),
            service,
            files,
            issuer,
            folder,
            sequences: Mutex::default(),
            requests: Mutex::default(),
            _database: database,
        };
        bench.contact_card(bench.contact, scheduling::ContactState::Active).await;
        bench.hear(Scheduling::ProjectOpened(scheduling::ProjectOpened {})).await;
        let chosen = scheduling::VariantChosen { variant: VARIANT.into(), ..Default::default() };
        bench.hear(Scheduling::VariantChosen(chosen)).await;
        bench
    }

    /// Where this test's files lie.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The same with its files elsewhere.
    pub fn with_files(mut self, files: Files) -> Self {
        let service =
            Audits::new(self.core.clone(), files.clone(), None).expect("the built-in checklists are valid");
        self.service = Arc::new(service);
        self.files = files;
        self
    }

    pub fn set_now(&self, now: Timestamp) {
        clock::set_simulated(&self.folder.join("now"), now).expect("written");
    }

    /// Hands an event of scheduling over, as of now.
    pub async fn hear(&self, event: Scheduling) {
        let project = match &event {
            Scheduling::ContactCard(_) | Scheduling::CompanyChanged(_) => String::new(),
            _ => self.project.to_string(),
        };
        let envelope = scheduling::SchedulingEvent {
            event_id: Uuid::now_v7().to_string(),
            company: format!("companies/{}", self.project.company),
            project,
            occurred_at: Some(clock::to_wire(self.core.clock.now())),
            event: Some(event),
            ..Default::default()
        };
        self.receive("scheduling", envelope.encode_to_vec()).await;
    }

    pub async fn hear_licensing(&self, event: Licensing) {
        let envelope = licensing::LicensingEvent {
            event_id: Uuid::now_v7().to_string(),
            company: format!("companies/{}", self.project.company),
            project: self.project.to_string(),
            event: Some(event),
            ..Default::default()
        };
        self.receive("licensing", envelope.encode_to_vec()).await;
    }

    /// Puts any bytes on the company's lane, as the next message of that service.
    pub async fn receive(&self, source: &'static str, payload: Vec<u8>) {
        let seq = {
            let mut sequences = self.sequences.lock().expect("not poisoned");
            let seq = sequences.entry((source, self.project.company)).or_default();
            *seq += 1;
            *seq
        };
        self.consumer.receive(&[self.message(source, seq, payload)]).await.expect("taken over");
    }

    /// Hands the message with this number over again.
    pub async fn receive_again(&self, source: &'static str, seq: i64, payload: Vec<u8>) {
        self.consumer.receive(&[self.message(source, seq, payload)]).await.expect("taken over");
    }

    fn message(&self, source: &str, seq: i64, payload: Vec<u8>) -> Message {
        Message {
            source: source.to_owned(),
            lane: Lane::Company(self.project.company),
            epoch: 0,
            seq,
            event_id: Uuid::now_v7().to_string(),
            kind: String::new(),
            recorded_at: self.core.clock.now(),
            sequenced_at: platform::clock::machine_now(),
            trace: None,
            follows: None,
            payload: payload.into(),
        }
    }

    pub async fn contact_card(&self, contact: ContactId, state: scheduling::ContactState) {
        self.hear(Scheduling::ContactCard(scheduling::ContactCard {
            contact: format!("companies/{}/contacts/{contact}", self.project.company),
            roles: vec![scheduling::ContactRole::Technical.into()],
            state: state.into(),
            ..Default::default()
        }))
        .await;
    }

    /// Opens an attempt as scheduling does; answers the audit's resource name.
    pub async fn open(&self, audit: i32, number: i32) -> String {
        let attempt = Uuid::now_v7();
        self.hear(Scheduling::AuditAttemptOpened(scheduling::AuditAttemptOpened {
            attempt: attempt.to_string(),
            audit,
            number,
            variant: VARIANT.into(),
            checklist: "2026-11".into(),
            data_crosses_link: false,
            window_minutes: 600,
        }))
        .await;
        format!("{}/audits/{attempt}", self.project)
    }

    pub fn client(&self) -> Client {
        AuditServiceClient::new(AuditServiceServer::new(Grpc(Server::new(&self.edge, &self.service))))
    }

    pub fn rest(&self) -> axum::Router {
        platform::rest::with_fallbacks(platform::rest::router(
            &self.edge,
            &self.service,
            audit::rest::routes(),
        ))
    }

    /// A token of SOFTVIG's, or of the company's contact.
    pub fn token(&self, role: Role) -> String {
        let contact = (!role.is_softvig()).then_some((self.project.company, self.contact));
        self.token_of(role, contact)
    }

    pub fn token_of(&self, role: Role, contact: Option<(CompanyId, ContactId)>) -> String {
        let token = TokenFor {
            subject: format!("{role}-1"),
            roles: RoleSet::from([role]),
            company: contact.map(|(company, _)| company),
            contact: contact.map(|(_, contact)| contact),
            valid_for: Duration::from_secs(600),
        };
        self.issuer.mint(&token).expect("signs")
    }

    pub fn request_id(&self) -> String {
        let mut requests = self.requests.lock().expect("not poisoned");
        *requests += 1;
        format!("request-{requests}")
    }

    /// The public events of this service, in order.
    pub async fn told(&self) -> Vec<pb::AuditEvent> {
        let rows =
            query_all(self.core.db.read(), "select payload from outbox order by lane, seq", vec![]).await;
        let payload = |row: &sea_orm::QueryResult| row.try_get::<Vec<u8>>("", "payload").expect("a payload");
        let decode = |row| pb::AuditEvent::decode(payload(row).as_slice()).expect("an event");
        rows.expect("the outbox").iter().map(decode).collect()
    }

    pub async fn told_names(&self) -> Vec<&'static str> {
        let events = self.told().await.into_iter().filter_map(|told| told.event);
        events
            .map(|event| match event {
                Told::AuditConcluded(_) => "audit_concluded",
                Told::ValuesRecorded(_) => "values_recorded",
                Told::ItemWaived(_) => "item_waived",
                Told::FindingOpened(_) => "finding_opened",
                Told::FindingAnswered(_) => "finding_answered",
                Told::FindingVerified(_) => "finding_verified",
                Told::FindingRejected(_) => "finding_rejected",
                Told::EvidenceRefreshed(_) => "evidence_refreshed",
                Told::LimitOverridden(_) => "limit_overridden",
                Told::FilesAttached(_) => "files_attached",
                Told::FileDetached(_) => "file_detached",
                Told::AuditAssigned(_) => "audit_assigned",
                Told::AuditPaused(_) => "audit_paused",
                Told::AuditResumed(_) => "audit_resumed",
                Told::Snapshot(_) => "snapshot",
            })
            .collect()
    }

    pub async fn history(&self) -> Vec<(String, String)> {
        let rows =
            query_all(self.core.db.read(), "select kind, actor from history order by id", vec![]).await;
        let text = |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).expect("a text");
        rows.expect("the history").iter().map(|row| (text(row, "kind"), text(row, "actor"))).collect()
    }

    // Commands as an auditor sends them.

    pub async fn record(&self, name: &str, values: Vec<pb::MeasuredValue>) -> Result<pb::Audit, Status> {
        let request = pb::RecordValuesRequest {
            name: name.into(),
            values,
            request_id: self.request_id(),
            ..Default::default()
        };
        let request = authorised(request, &self.token(Role::Auditor));
        self.client().record_values(request).await.map(|answer| answer.into_inner())
    }

    pub async fn conclude(&self, name: &str) -> Result<pb::Audit, Status> {
        let request = pb::ConcludeAuditRequest {
            name: name.into(),
            request_id: self.request_id(),
            ..Default::default()
        };
        let request = authorised(request, &self.token(Role::Auditor));
        self.client().conclude_audit(request).await.map(|answer| answer.into_inner())
    }

    pub async fn get(&self, name: &str) -> pb::Audit {
        let request = authorised(pb::GetAuditRequest { name: name.into() }, &self.token(Role::Auditor));
        self.client().get_audit(request).await.expect("it is there").into_inner()
    }

    pub async fn findings(&self) -> Vec<pb::Finding> {
        let request = pb::ListFindingsRequest { parent: self.project.to_string(), ..Default::default() };
        let request = authorised(request, &self.token(Role::Auditor));
        self.client().list_findings(request).await.expect("listed").into_inner().findings
    }

    /// Audit 1, concluded with these values; answers its name.
    pub async fn audit_1(&self, values: Vec<pb::MeasuredValue>) -> String {
        let name = self.open(1, 1).await;
        self.record(&name, values).await.expect("recorded");
        self.conclude(&name).await.expect("concluded");
        name
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
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

pub fn authorised<T>(message: T, token: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ascii"));
    request
}

/// Code and reason of a refusal.
pub fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// A time of 2027-01-14 in UTC, `days` days later.
pub fn at(days: i64, hour: i64) -> Timestamp {
    let start: Timestamp = "2027-01-14T00:00:00Z".parse().expect("a fixed instant");
    start + jiff::SignedDuration::from_hours(24 * days + hour)
}

pub fn good_audit_1() -> Vec<pb::MeasuredValue> {
    serde_json::from_str(include_str!("../data/good-audit-1.json")).expect("values in the contract's JSON")
}

pub fn good_audit_2() -> Vec<pb::MeasuredValue> {
    serde_json::from_str(include_str!("../data/good-audit-2.json")).expect("values in the contract's JSON")
}

/// One value in the contract's JSON.
pub fn value(json: serde_json::Value) -> pb::MeasuredValue {
    serde_json::from_value(json).expect("a value in the contract's JSON")
}

/// The values with one replaced.
pub fn but(mut values: Vec<pb::MeasuredValue>, json: serde_json::Value) -> Vec<pb::MeasuredValue> {
    let other = value(json);
    values.retain(|v| v.key != other.key);
    values.push(other);
    values
}
