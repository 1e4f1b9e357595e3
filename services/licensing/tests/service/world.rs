//! A company whose project is opened and whose variant is chosen.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use licensing::{Licensing, schema::Migrator};
use platform::{
    Error, Service as _,
    auth::{Principal, Role},
    clock,
    core::Core,
    db::Db,
    harness::{self, Harness, TestClock, request_id},
    id::{CompanyId, ContactId, ProjectId},
    name::ProjectName,
    schema,
};
use proto::{
    common::v1::ErrorReason,
    licensing::v1 as pb,
    scheduling::v1::{self as scheduling, scheduling_event::Event},
};
use testkit::{Backend, Database};

/// Monday, 11:00 in Poland; the shipped offers run.
pub const NOW: &str = "2026-11-16T10:00:00Z";

pub struct World {
    pub harness: Harness<Licensing>,
    pub clock: TestClock,
    /// The company that most tests are about.
    pub dealer: Dealer,
    folder: PathBuf,
    _database: Database,
}

/// A company, its project and its two contacts.
#[derive(Clone)]
pub struct Dealer {
    pub company: CompanyId,
    pub project: ProjectName,
    pub technical: Principal,
    pub decision: Principal,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with_catalogue(backend, None).await
    }

    /// With entries of operations' own.
    pub async fn with_catalogue(backend: Backend, catalogue: Option<&Path>) -> Self {
        let database = Database::prepared(backend, "licensing", async |url| {
            let db = Db::open(&url, 1).await.expect("opens");
            schema::up::<Migrator>(&db).await.expect("schema");
            db.close().await.expect("closes");
        })
        .await;
        let clock = TestClock::at(NOW);
        let db = Db::open(database.url(), 4).await.expect("opens");
        let core = Core::new(licensing::NAME, db, clock.clock.clone());
        let folder = std::env::temp_dir().join(format!("licensing-files-{}", request_id()));
        let files = harness::files(&folder, None, licensing::NAME);
        let harness = Harness::new(Licensing::new(core, files, catalogue).expect("a sound catalogue"));
        let dealer = Dealer::new();
        let world = Self { harness, clock, dealer, folder, _database: database };
        world.open(&world.dealer, "2019-05-01").await;
        world
    }

    /// Everything up to the chosen variant, for one more company. Empty: no client.
    pub async fn open(&self, dealer: &Dealer, client_since: &str) {
        self.client_since(dealer, client_since).await;
        self.contact_card(dealer, &dealer.technical, &[scheduling::ContactRole::Technical]).await;
        self.contact_card(dealer, &dealer.decision, &[scheduling::ContactRole::Decision]).await;
        self.hear(dealer, "project_opened", Event::ProjectOpened(scheduling::ProjectOpened {})).await;
        self.variant(dealer, "new_server", true, &["windows_server", "sql_server"]).await;
    }

    pub async fn client_since(&self, dealer: &Dealer, day: &str) {
        let changed = scheduling::CompanyChanged { client_since: day.to_owned(), ..Default::default() };
        self.hear(dealer, "company_changed", Event::CompanyChanged(changed)).await;
    }

    pub async fn contact_card(
        &self,
        dealer: &Dealer,
        contact: &Principal,
        roles: &[scheduling::ContactRole],
    ) {
        let id = contact.contact.expect("a contact");
        let card = scheduling::ContactCard {
            contact: format!("companies/{}/contacts/{id}", dealer.company),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            state: scheduling::ContactState::Active.into(),
            ..Default::default()
        };
        self.hear(dealer, "contact_card", Event::ContactCard(card)).await;
    }

    pub async fn variant(&self, dealer: &Dealer, key: &str, kind_required: bool, licences: &[&str]) {
        let chosen = scheduling::VariantChosen {
            variant: key.to_owned(),
            licence_kind_required: kind_required,
            licences: licences.iter().map(|&key| key.to_owned()).collect(),
            ..Default::default()
        };
        self.hear(dealer, "variant_chosen", Event::VariantChosen(chosen)).await;
    }

    pub async fn cancel(&self, dealer: &Dealer) {
        let cancelled = scheduling::ProjectCancelled { reason: "sold".to_owned() };
        self.hear(dealer, "project_cancelled", Event::ProjectCancelled(cancelled)).await;
    }

    pub async fn hear(&self, dealer: &Dealer, kind: &str, event: Event) {
        self.harness.hear("scheduling", dealer.company, kind, &self.envelope(dealer, Some(event))).await;
    }

    /// Scheduling's message around an event.
    pub fn envelope(&self, dealer: &Dealer, event: Option<Event>) -> scheduling::SchedulingEvent {
        let of_project = !matches!(event, Some(Event::CompanyChanged(_) | Event::ContactCard(_)));
        scheduling::SchedulingEvent {
            company: format!("companies/{}", dealer.company),
            project: if of_project { dealer.project.to_string() } else { String::new() },
            occurred_at: Some(clock::to_wire(self.now())),
            recorded_at: Some(clock::to_wire(self.now())),
            event,
            ..Default::default()
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.clock.now()
    }

    pub async fn get(&self, dealer: &Dealer) -> pb::Licensing {
        let request = pb::GetLicensingRequest { name: dealer.name() };
        self.harness.call(&crm(), Licensing::get_licensing, request).await.expect("is there")
    }

    pub async fn questionnaire(
        &self,
        caller: &Principal,
        dealer: &Dealer,
    ) -> Result<pb::Questionnaire, Error> {
        let request = pb::GetQuestionnaireRequest { name: dealer.name() };
        self.harness.call(caller, Licensing::get_questionnaire, request).await
    }

    pub async fn set_needs(&self, dealer: &Dealer, needs: pb::Needs) -> Result<pb::Licensing, Error> {
        let request = pb::SetNeedsRequest {
            name: dealer.name(),
            needs: Some(needs),
            request_id: request_id(),
            ..Default::default()
        };
        self.harness.call(&dealer.technical, Licensing::set_needs, request).await
    }

    pub async fn choose(&self, dealer: &Dealer, kind: pb::LicenceKind) -> Result<pb::Licensing, Error> {
        self.harness.call(&dealer.decision, Licensing::choose_licence, dealer.choose(kind)).await
    }

    pub async fn record(&self, dealer: &Dealer, demand: &str) -> Result<pb::Licensing, Error> {
        self.harness.call(&dealer.technical, Licensing::record_licence, dealer.record(demand)).await
    }

    pub async fn accept(&self, dealer: &Dealer, offer: &str) -> Result<pb::Licensing, Error> {
        self.harness.call(&dealer.decision, Licensing::accept_offer, dealer.accept(offer)).await
    }

    /// Gives the committed events their positions, as the outbox's loop does.
    pub async fn sequence(&self) {
        self.harness.service.core().sequence().await.expect("sequenced");
    }

    /// The last status told, as `complete` and what is missing.
    pub async fn told_status(&self) -> Option<(bool, Vec<String>)> {
        let events = self.harness.outbox::<pb::LicensingEvent>().await;
        events.into_iter().rev().find_map(|(_, event)| match event.event {
            Some(pb::licensing_event::Event::LicenceStatusChanged(status)) => {
                Some((status.complete, status.missing))
            }
            _ => None,
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Dealer {
    pub fn new() -> Self {
        let company = CompanyId::new();
        Self {
            company,
            project: ProjectName { company, project: ProjectId::new() },
            technical: harness::contact(company, ContactId::new(), &[Role::Technical]),
            decision: harness::contact(company, ContactId::new(), &[Role::Decision]),
        }
    }

    pub fn name(&self) -> String {
        format!("{}/licensing", self.project)
    }

    pub fn choose(&self, kind: pb::LicenceKind) -> pb::ChooseLicenceRequest {
        pb::ChooseLicenceRequest {
            name: self.name(),
            kind: kind.into(),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn record(&self, demand: &str) -> pb::RecordLicenceRequest {
        pb::RecordLicenceRequest {
            name: self.name(),
            demand: demand.to_owned(),
            document: Some(invoice("FV 2026/11/7")),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn order(&self, demand: &str) -> pb::OrderLicenceRequest {
        pb::OrderLicenceRequest {
            name: self.name(),
            demand: demand.to_owned(),
            number: "ZAM 2026/11/3".to_owned(),
            supplier: "SOFTVIG".to_owned(),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn cancel_order(&self, demand: &str) -> pb::CancelOrderRequest {
        pb::CancelOrderRequest {
            name: self.name(),
            demand: demand.to_owned(),
            reason: "out of stock".to_owned(),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn withdraw(&self, demand: &str) -> pb::WithdrawProofRequest {
        pb::WithdrawProofRequest {
            name: self.name(),
            demand: demand.to_owned(),
            reason: "the order was cancelled".to_owned(),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn accept(&self, offer: &str) -> pb::AcceptOfferRequest {
        pb::AcceptOfferRequest {
            name: self.name(),
            offer: format!("offers/{offer}"),
            request_id: request_id(),
            ..Default::default()
        }
    }

    pub fn needs(&self, other_applications: pb::OtherApplications) -> pb::SetNeedsRequest {
        let needs = pb::Needs { other_applications: other_applications.into(), ..complete_needs() };
        pb::SetNeedsRequest {
            name: self.name(),
            needs: Some(needs),
            request_id: request_id(),
            ..Default::default()
        }
    }
}

/// An invoice with this number.
pub fn invoice(number: &str) -> pb::LicenceDocument {
    pb::LicenceDocument { kind: pb::LicenceDocumentKind::Invoice.into(), number: number.to_owned() }
}

/// A physical server with everything known and nothing owned; only AutoStacja uses it.
pub fn complete_needs() -> pb::Needs {
    let nothing = pb::ExistingLicences {
        sql_version: "none".to_owned(),
        windows_version: "none".to_owned(),
        ..Default::default()
    };
    pb::Needs {
        other_applications: pb::OtherApplications::No.into(),
        target_version: "2025".to_owned(),
        virtual_machine: Some(false),
        cores: Some(8),
        processors: Some(1),
        memory_gb: Some(64),
        users: Some(25),
        indirect_users: Some(0),
        devices: Some(30),
        indirect_devices: Some(0),
        mixed_cals: Some(false),
        windows_version: "2025".to_owned(),
        existing: Some(nothing),
        ..Default::default()
    }
}

/// Operations' folder with the prices of the example.
pub fn example_catalogue() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/example-catalogue"))
}

pub fn crm() -> Principal {
    harness::softvig(Role::Crm)
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorReason {
    outcome.expect_err("should be refused").reason()
}
