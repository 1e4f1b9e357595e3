//! A dealership with its working hours, a technical and a decision contact.

use std::{
    any::Any,
    path::{Path, PathBuf},
};

use platform::{
    Error, Service as _,
    auth::{Principal, Role},
    core::Core,
    db::{Db, query_all},
    harness::{self, Harness, TestClock, request_id},
    id::{CompanyId, ContactId},
    name, schema,
};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use scheduling::{Scheduling, data::Data, schema::Migrator};
use testkit::{Backend, Database};

/// Monday, 11:00 in Poland.
pub const NOW: &str = "2026-11-16T10:00:00Z";

/// Every table that this service writes.
const TABLES: [&str; 11] = [
    "head", "lane", "outbox", "history", "request", "cursor", "inbox", "stray", "contact", "timer", "company",
];

pub struct World {
    pub harness: Harness<Scheduling>,
    pub clock: TestClock,
    /// The company that most tests are about.
    pub dealer: Dealer,
    /// SQLite's file; none on PostgreSQL.
    pub file: Option<PathBuf>,
    /// Removed with it.
    _database: Box<dyn Any>,
}

/// A company and the tokens of its two contacts.
#[derive(Clone)]
pub struct Dealer {
    /// `companies/{company}`.
    pub name: String,
    pub company: CompanyId,
    pub technical: Principal,
    pub decision: Principal,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        let database = Database::prepared(backend, "scheduling", async |url| {
            let db = Db::open(&url, 1).await.expect("opens");
            schema::up::<Migrator>(&db).await.expect("schema");
            db.close().await.expect("closes");
        })
        .await;
        let db = Db::open(database.url(), 4).await.expect("opens");
        let (harness, clock) = over(db, NOW, Data::shipped());
        let dealer = add_dealer(&harness).await;
        Self { harness, clock, dealer, file: database.file(), _database: Box::new(database) }
    }

    /// Over a SQLite file that another one left, with its dealership. `kept`: what removes the file.
    pub async fn resumed(file: &Path, now: &str, data: Data, dealer: Dealer, kept: impl Any) -> Self {
        let (harness, clock) = over(Db::sqlite(file).await.expect("opens"), now, data);
        Self { harness, clock, dealer, file: Some(file.to_owned()), _database: Box::new(kept) }
    }

    /// One more company with its contacts.
    pub async fn another_dealer(&self) -> Dealer {
        add_dealer(&self.harness).await
    }

    pub async fn get(&self, dealer: &Dealer) -> pb::Company {
        let request = pb::GetCompanyRequest { name: dealer.name.clone() };
        self.harness.call(&crm(), Scheduling::get_company, request).await.expect("is there")
    }

    pub async fn get_contact(&self, name: &str) -> pb::Contact {
        let request = pb::GetContactRequest { name: name.to_owned() };
        self.harness.call(&crm(), Scheduling::get_contact, request).await.expect("is there")
    }

    pub async fn add_contact(&self, dealer: &Dealer, first: &str, roles: &[pb::ContactRole]) -> pb::Contact {
        let request = create_contact(&dealer.name, contact(first, roles));
        self.harness.call(&crm(), Scheduling::create_contact, request).await.expect("added")
    }

    /// The public events so far, without their envelopes.
    pub async fn told(&self) -> Vec<pb::scheduling_event::Event> {
        let events = self.harness.outbox::<pb::SchedulingEvent>().await;
        events.into_iter().map(|(_, message)| message.event.expect("an event")).collect()
    }

    /// All that the database holds, as text; bytes as far as they are text.
    pub async fn database_text(&self) -> String {
        let mut text = String::new();
        for table in TABLES {
            text.push_str(&self.table_text(table).await);
        }
        text
    }

    /// All that a table holds.
    pub async fn table_text(&self, table: &str) -> String {
        let sql = format!("select * from {table}");
        let rows = query_all(self.harness.service.core().db.read(), &sql, vec![]).await.expect("a table");
        let cells = rows.iter().flat_map(|row| row.column_names().into_iter().map(move |name| (row, name)));
        cells.map(|(row, name)| column_text(row, &name) + "\n").collect()
    }
}

fn column_text(row: &sea_orm::QueryResult, column: &str) -> String {
    if let Ok(bytes) = row.try_get::<Vec<u8>>("", column) {
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    if let Ok(json) = row.try_get::<serde_json::Value>("", column) {
        return json.to_string();
    }
    row.try_get::<Option<String>>("", column).ok().flatten().unwrap_or_default()
}

fn over(db: Db, now: &str, data: Data) -> (Harness<Scheduling>, TestClock) {
    let clock = TestClock::at(now);
    let core = Core::new(Scheduling::NAME, db, clock.clock.clone());
    (Harness::new(Scheduling::new(core, data)), clock)
}

async fn add_dealer(harness: &Harness<Scheduling>) -> Dealer {
    let company =
        harness.call(&crm(), Scheduling::create_company, create_company()).await.expect("a company").name;
    let add = async |first: &str, role: pb::ContactRole| {
        let request = create_contact(&company, contact(first, &[role]));
        harness.call(&crm(), Scheduling::create_contact, request).await.expect("a contact").name
    };
    let technical = add("Anna", pb::ContactRole::Technical).await;
    let decision = add("Jan", pb::ContactRole::Decision).await;
    Dealer {
        company: name::company("name", &company).expect("its name"),
        technical: token(&technical, &[Role::Technical]),
        decision: token(&decision, &[Role::Decision]),
        name: company,
    }
}

/// The token of a contact, by resource name.
pub fn token(contact: &str, roles: &[Role]) -> Principal {
    let [company, contact] =
        name::ids("contact", "companies/{company}/contacts/{contact}", contact).expect("its name");
    harness::contact(CompanyId(company), ContactId(contact), roles)
}

impl Dealer {
    /// The resource name of one of its contacts.
    pub fn contact(&self, principal: &Principal) -> String {
        format!("{}/contacts/{}", self.name, principal.contact.expect("a contact"))
    }
}

/// A company without its name.
pub fn company() -> pb::Company {
    let weekdays = (1..=5).map(|weekday| open(weekday, "08:00", "17:00"));
    pb::Company {
        display_name: "Auto Nowak".to_owned(),
        tax_id: "526-025-02-74".to_owned(),
        client_since: "2019-05-01".to_owned(),
        brands: vec!["vw".to_owned(), "skoda".to_owned()],
        sites: vec![pb::Site {
            display_name: "Salon".to_owned(),
            hours: weekdays.collect(),
            exceptions: vec![pb::HoursException { day: "2026-12-24".to_owned(), hours: Vec::new() }],
        }],
        ..Default::default()
    }
}

pub fn open(weekday: i32, opens: &str, closes: &str) -> pb::OpenHours {
    pb::OpenHours { weekday, opens: opens.to_owned(), closes: closes.to_owned() }
}

pub fn create_company() -> pb::CreateCompanyRequest {
    pb::CreateCompanyRequest { company: Some(company()), request_id: request_id(), ..Default::default() }
}

/// A contact without its name.
pub fn contact(first: &str, roles: &[pb::ContactRole]) -> pb::Contact {
    pb::Contact {
        display_name: format!("{first} Testowa"),
        email: format!("{}@auto-nowak.pl", first.to_lowercase()),
        phone: "+48 22 123 45 67".to_owned(),
        language: "pl".to_owned(),
        roles: roles.iter().map(|role| i32::from(*role)).collect(),
        ..Default::default()
    }
}

pub fn create_contact(company: &str, contact: pb::Contact) -> pb::CreateContactRequest {
    pb::CreateContactRequest {
        parent: company.to_owned(),
        contact: Some(contact),
        request_id: request_id(),
        ..Default::default()
    }
}

pub fn crm() -> Principal {
    harness::softvig(Role::Crm)
}

pub fn operator() -> Principal {
    harness::softvig(Role::Operator)
}

pub fn auditor() -> Principal {
    harness::softvig(Role::Auditor)
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorReason {
    outcome.expect_err("should be refused").reason()
}

/// The fields that a refusal names.
pub fn fields<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<String> {
    let error = outcome.expect_err("should be refused");
    error.violations().iter().map(|violation| violation.field.clone()).collect()
}
