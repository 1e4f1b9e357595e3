//! Drives one service in tests: its functions as the adapters call them, the events of others as the
//! bus brings them, and what it put into its outbox and history. No ports, no loops, no sleeping.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;
use proto::{request::Request, snapshot};
use uuid::Uuid;

use crate::{
    auth::{DevelopmentIssuer, Principal, Role, TokenFor, Verifier},
    bus::{Inlet as _, Message},
    call::{Function, Service},
    clock::{self, Clock},
    consumer::{Consumer, OnEvent},
    db::query_all,
    edge::{self, Caller, Edge, Limits},
    error::Error,
    files::{Content, Files, FilesConfig},
    id::{CompanyId, ContactId},
    lane::Lane,
    page::PageRequest,
    timers::OnTimer,
};

/// A simulated clock of this test's own.
pub struct TestClock {
    file: PathBuf,
    pub clock: Clock,
}

impl TestClock {
    /// Stands at `now`, an RFC 3339 instant.
    pub fn at(now: &str) -> Self {
        let file = std::env::temp_dir().join(format!("przesiadka-clock-{}", Uuid::now_v7()));
        clock::set_simulated(&file, instant(now)).expect("a clock file");
        let clock = Clock::simulated(&file).expect("a clock");
        Self { file, clock }
    }

    /// Moves forward.
    pub fn set(&self, now: &str) {
        clock::set_simulated(&self.file, instant(now)).expect("a clock file");
    }
}

impl Drop for TestClock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// An RFC 3339 instant.
pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 instant")
}

/// A new request id.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A contact's token with these roles; what it is worth is up to the contacts' projection.
pub fn contact(company: CompanyId, contact: ContactId, roles: &[Role]) -> Principal {
    Principal {
        issuer: "portal".to_owned(),
        subject: contact.to_string(),
        roles: roles.iter().copied().collect(),
        company: Some(company),
        contact: Some(contact),
    }
}

/// SOFTVIG's token with this role.
pub fn softvig(role: Role) -> Principal {
    Principal {
        issuer: "softvig".to_owned(),
        subject: role.name().to_owned(),
        roles: [role].into(),
        company: None,
        contact: None,
    }
}

/// An edge that takes the tokens it signs itself, for tests through the adapters.
pub struct TestEdge {
    folder: PathBuf,
    issuer: DevelopmentIssuer,
    pub edge: Edge,
}

impl TestEdge {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        crate::init();
        let folder = std::env::temp_dir().join(format!("przesiadka-issuer-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let issuer = DevelopmentIssuer::open(&folder).expect("a key");
        let verifier = Verifier::new(vec![issuer.issuer().expect("an issuer")]);
        Self { folder, issuer, edge: Edge::new(Arc::new(verifier), Limits::default()) }
    }

    /// The value of the authorization header for a caller.
    pub fn bearer(&self, caller: &Principal) -> String {
        let token = self.issuer.mint(&TokenFor {
            subject: caller.subject.clone(),
            roles: caller.roles.clone(),
            company: caller.company,
            contact: caller.contact,
            valid_for: Duration::from_secs(600),
        });
        format!("Bearer {}", token.expect("signs"))
    }
}

impl Drop for TestEdge {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A service's files: in a folder, or at a place of the S3 server, `(server, place)`.
pub fn files(folder: &Path, s3: Option<(String, String)>, service: &str) -> Files {
    crate::init();
    let config = match s3 {
        None => FilesConfig::default(),
        Some((server, place)) => FilesConfig {
            url: Some(place),
            endpoint: Some(server),
            region: Some("us-east-1".to_owned()),
            access_key_id: Some("test".to_owned()),
            secret_access_key: Some("test".into()),
        },
    };
    Files::open(&config, folder, service).expect("files")
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    pub kind: String,
    pub actor: String,
}

/// One service under test.
pub struct Harness<S> {
    pub service: Arc<S>,
    consumer: Consumer,
    /// What each lane of the services that this one hears has told.
    lanes: Mutex<HashMap<(String, Lane), Told>>,
}

#[derive(Debug, Default)]
struct Told {
    epoch: i64,
    /// Of the last event.
    seq: i64,
    payloads: Vec<Vec<u8>>,
}

impl<S: Service + OnEvent> Harness<S> {
    pub fn new(service: S) -> Self {
        let service = Arc::new(service);
        let consumer = Consumer::new(service.core().clone(), Arc::clone(&service) as Arc<dyn OnEvent>);
        Self { service, consumer, lanes: Mutex::default() }
    }

    /// Calls a service function as the adapters do: request id, etag and repeats after a lost race included.
    pub async fn call<Req, Resp, F>(
        &self,
        caller: &Principal,
        function: F,
        request: Req,
    ) -> Result<Resp, Error>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        self.call_with(caller, function, request, None).await
    }

    /// The same with a file, which comes in pieces of so many bytes.
    pub async fn upload<Req, Resp, F>(
        &self,
        caller: &Principal,
        function: F,
        request: Req,
        file: &[u8],
        pieces_of: usize,
    ) -> Result<Resp, Error>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let pieces: Vec<_> = file.chunks(pieces_of).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let content = Content::new(stream::iter(pieces), Limits::default().upload_time);
        self.call_with(caller, function, request, Some(content)).await
    }

    async fn call_with<Req, Resp, F>(
        &self,
        caller: &Principal,
        function: F,
        request: Req,
        content: Option<Content>,
    ) -> Result<Resp, Error>
    where
        Req: Request,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let caller = Caller {
            principal: caller.clone(),
            after: Vec::new(),
            traceparent: None,
            content,
            places: Arc::default(),
        };
        // Boxed: a test that calls many functions would not fit onto its stack.
        let result = Box::pin(edge::run(&*self.service, &function, caller, request)).await;
        for violation in result.as_ref().err().map(Error::violations).unwrap_or_default() {
            assert_eq!(violation.untranslated(), None, "without Polish: {violation:?}");
        }
        Ok(result?.response)
    }

    /// Brings the next event of a lane. Whether it was applied or parked is in [`Core::parked`](crate::core::Core::parked).
    pub async fn hear(&self, source: &str, lane: impl Into<Lane>, kind: &str, event: &impl prost::Message) {
        let message = self.message(source, lane.into(), kind, event.encode_to_vec());
        self.consumer.receive(&[message]).await.expect("taken over");
    }

    /// The next message of a lane, to be brought out of order, twice, or with another payload.
    pub fn message(&self, source: &str, lane: Lane, kind: &str, payload: Vec<u8>) -> Message {
        let mut lanes = self.lanes.lock().expect("no code panics while it holds this lock");
        let told = lanes.entry((source.to_owned(), lane)).or_default();
        told.seq += 1;
        told.payloads.push(payload.clone());
        Message {
            source: source.to_owned(),
            lane,
            epoch: told.epoch,
            seq: told.seq,
            event_id: Uuid::now_v7().to_string(),
            kind: kind.to_owned(),
            recorded_at: self.service.core().clock.now(),
            sequenced_at: clock::machine_now(),
            trace: None,
            follows: None,
            payload: payload.into(),
        }
    }

    /// The database of `source` was restored from a backup in which the lane has so many events: its snapshot comes.
    /// What differs, in the order in which it was found: what, here, there.
    pub async fn set_back(
        &self,
        source: &str,
        lane: impl Into<Lane>,
        to: usize,
    ) -> Vec<(String, String, String)> {
        let lane = lane.into();
        let core = self.service.core();
        let company = match lane {
            Lane::Company(company) => format!("companies/{company}"),
            Lane::Global => String::new(),
        };
        let payloads = {
            let mut lanes = self.lanes.lock().expect("no code panics while it holds this lock");
            let told = lanes.entry((source.to_owned(), lane)).or_default();
            (told.epoch, told.seq) = (told.epoch + 1, to as i64);
            told.payloads.truncate(to);
            told.payloads.clone()
        };
        let head = snapshot::Head {
            event_id: Uuid::now_v7().to_string(),
            company,
            at: clock::to_wire(core.clock.now()),
        };
        let payload = snapshot::encode(source, head, &payloads).expect("readable").expect("a service");
        let message = self.message(source, lane, snapshot::NAME, payload);
        self.receive(Message { follows: Some(format!("{source}/{to}")), ..message }).await;
        let page = PageRequest { size: 0, token: "" };
        let found = core.differences_page(page).await.expect("differences").items.into_iter();
        found.map(|kept| (kept.difference.what, kept.difference.here, kept.difference.there)).collect()
    }

    /// Brings this message, however often it came before.
    pub async fn receive(&self, message: Message) {
        self.consumer.receive(&[message]).await.expect("taken over");
    }

    /// The public events so far, by lane and number, with their names.
    pub async fn outbox<E: prost::Message + Default>(&self) -> Vec<(String, E)> {
        let sql = "select kind, payload from outbox order by lane, seq";
        let rows = query_all(self.service.core().db.read(), sql, vec![]).await.expect("the outbox");
        rows.iter()
            .map(|row| {
                let payload: Vec<u8> = row.try_get("", "payload").expect("a payload");
                (row.try_get("", "kind").expect("a kind"), E::decode(payload.as_slice()).expect("this event"))
            })
            .collect()
    }

    /// The names of the public events so far.
    pub async fn outbox_kinds(&self) -> Vec<String> {
        self.outbox::<()>().await.into_iter().map(|(kind, ())| kind).collect()
    }

    /// The history so far, in the order of recording.
    pub async fn history(&self) -> Vec<HistoryLine> {
        let sql = "select kind, actor from history order by id";
        let rows = query_all(self.service.core().db.read(), sql, vec![]).await.expect("the history");
        let line = |row: &sea_orm::QueryResult| HistoryLine {
            kind: row.try_get("", "kind").expect("a kind"),
            actor: row.try_get("", "actor").expect("an actor"),
        };
        rows.iter().map(line).collect()
    }
}

impl<S: Service + OnTimer> Harness<S> {
    /// Fires what is due at the clock's time, and what that makes due.
    pub async fn fire_timers(&self) {
        let core = self.service.core();
        core.fire_due(&*self.service, &tokio_util::sync::CancellationToken::new()).await.expect("fired");
        assert_eq!(core.timers_due().await.expect("the timers"), 0, "a timer failed");
    }
}
