//! A project on its way from the contract to the signed protocol, one point after the other.

use futures::future::LocalBoxFuture;
use platform::{
    Error, Service as _, auth::Principal, call::Function, clock, harness::request_id, name::ProjectName,
};
use proto::{
    audit::v1 as audit,
    licensing::v1 as licensing,
    request::Request,
    scheduling::v1::{self as pb, scheduling_event::Event},
};
use scheduling::Scheduling;
use serde_json::{Value, json};
use testkit::Backend;

use super::command::Command;
use crate::world::{World, auditor, crm, operator};

/// How far a project is, in order. The dates are those of [`dates`]; the brands are vw and skoda.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    Opened,
    /// Contract day, variant and licences are there.
    Contracted,
    /// SOFTVIG's proposal of all four dates waits for its answer.
    Proposed,
    Agreed,
    /// Every condition is confirmed.
    Ready,
    Declared,
    /// The day of audit 1.
    Audit1Due,
    Audit1Open,
    Audit1Passed,
    Audit2Passed,
    /// The window has begun; one system and one application are to be stopped.
    WindowOpen,
    Stopped,
    Running,
    Restored,
    Finished,
    /// SOFTVIG asks to drop vw.
    DropAsked,
    /// It was not dropped, and the day of the integrations has come.
    IntegrationsDue,
    Integrated,
    /// A problem waits for its answer.
    Problem,
    Verified,
    Completed,
}

use Point::*;

const ORDER: [Point; 21] = [
    Opened,
    Contracted,
    Proposed,
    Agreed,
    Ready,
    Declared,
    Audit1Due,
    Audit1Open,
    Audit1Passed,
    Audit2Passed,
    WindowOpen,
    Stopped,
    Running,
    Restored,
    Finished,
    DropAsked,
    IntegrationsDue,
    Integrated,
    Problem,
    Verified,
    Completed,
];

pub struct Journey {
    pub world: World,
    /// `companies/{company}/projects/{project}`.
    pub name: String,
}

impl Journey {
    /// A project that has come to a point.
    pub async fn at(backend: Backend, point: Point) -> Self {
        let world = World::new(backend).await;
        let request = open(&world.dealer.name);
        let project = world.harness.call(&crm(), Scheduling::open_project, request).await.expect("opened");
        let journey = Self { world, name: project.name };
        for next in &ORDER[1..] {
            if *next > point {
                break;
            }
            journey.go_to(*next).await;
        }
        journey
    }

    /// From the point before.
    pub async fn go_to(&self, point: Point) {
        let (crm, operator, auditor) = (crm(), operator(), auditor());
        let (technical, decision) = (self.world.dealer.technical.clone(), self.world.dealer.decision.clone());
        match point {
            Opened => {}
            Contracted => {
                self.done(Command::RecordContract, &crm).await;
                self.done(Command::ChooseVariant, &decision).await;
                self.licences(&[]).await;
            }
            Proposed => drop(self.done(Command::ProposeDates, &crm).await),
            Agreed => drop(self.done(Command::AcceptProposal, &decision).await),
            Ready => {
                let conditions = self.project().await.readiness.expect("readiness").conditions;
                for condition in conditions {
                    let which = json!({ "condition": condition.condition });
                    let confirmed = Command::ConfirmCondition.send(self, &technical, which).await;
                    confirmed.expect("confirmed");
                }
            }
            Declared => drop(self.done(Command::DeclareReadiness, &decision).await),
            Audit1Due => self.at_time("2026-12-16T09:00:00Z").await,
            Audit1Open => drop(self.done(Command::StartAudit, &auditor).await),
            Audit1Passed => self.conclude(true).await,
            Audit2Passed => {
                self.at_time("2026-12-21T09:00:00Z").await;
                Command::StartAudit.send(self, &auditor, json!({ "audit": 2 })).await.expect("started");
                self.conclude(true).await;
            }
            WindowOpen => {
                self.state_systems().await;
                self.at_time("2027-01-08T17:00:00Z").await;
            }
            Stopped => drop(self.done(Command::ConfirmStopped, &technical).await),
            Running => drop(self.done(Command::StartRun, &operator).await),
            Restored => {
                self.at_time("2027-01-08T21:00:00Z").await;
                self.done(Command::RecordRestored, &operator).await;
            }
            Finished => {
                self.at_time("2027-01-08T22:00:00Z").await;
                self.done(Command::FinishRun, &operator).await;
            }
            DropAsked => drop(self.done(Command::DropIntegration, &crm).await),
            IntegrationsDue => {
                Command::AnswerDrop.send(self, &decision, json!({ "consent": false })).await.expect("kept");
                self.at_time("2027-01-11T08:00:00Z").await;
            }
            Integrated => {
                for brand in ["vw", "skoda"] {
                    let restored =
                        Command::RestoreIntegration.send(self, &operator, json!({ "brand": brand }));
                    restored.await.expect("restored");
                }
            }
            Problem => drop(self.done(Command::ReportProblem, &technical).await),
            Verified => {
                self.done(Command::AnswerProblem, &operator).await;
                self.done(Command::ConfirmWorks, &decision).await;
            }
            Completed => {
                self.done(Command::SignProtocol, &crm).await;
                self.done(Command::SignProtocol, &decision).await;
            }
        }
    }

    /// A command as [`Command::body`] has it, which must be allowed.
    pub async fn done(&self, command: Command, by: &Principal) -> pb::Project {
        command.send(self, by, json!({})).await.unwrap_or_else(|e| panic!("{command:?}: {e:?}"))
    }

    /// Calls a function; the fields are those of the REST body, the project's name and a request id
    /// are added.
    ///
    /// Boxed, because many of these in one function are more than an unoptimised stack holds.
    pub fn send<'a, Req: Request, F>(
        &'a self,
        by: &'a Principal,
        function: F,
        fields: Value,
    ) -> LocalBoxFuture<'a, Result<pb::Project, Error>>
    where
        F: for<'f> Function<'f, Scheduling, Req, pb::Project>,
    {
        let mut body = json!({ "name": self.name, "requestId": request_id() });
        merge(&mut body, fields);
        let request: Req = serde_json::from_value(body).expect("a request of the contract");
        Box::pin(async move { self.world.harness.call(by, function, request).await })
    }

    pub async fn project(&self) -> pb::Project {
        let request = pb::GetProjectRequest { name: self.name.clone() };
        self.world.harness.call(&crm(), Scheduling::get_project, request).await.expect("is there")
    }

    /// Moves the clock and fires the timers that are due then.
    pub async fn at_time(&self, now: &str) {
        self.world.clock.set(now);
        self.world.harness.fire_timers().await;
    }

    /// The company says what must stand still during a run.
    pub async fn state_systems(&self) {
        let system = |key: &str| {
            vec![pb::System { key: key.to_owned(), name: key.to_owned(), owner: "Anna".to_owned() }]
        };
        let request = pb::SetSystemsRequest {
            name: self.world.dealer.name.clone(),
            systems: system("erp"),
            applications: system("crm-link"),
            request_id: request_id(),
            ..Default::default()
        };
        self.world.harness.call(&operator(), Scheduling::set_systems, request).await.expect("stated");
    }

    /// Licensing says what is missing for `new_server`.
    pub async fn licences(&self, missing: &[&str]) {
        let changed = licensing::LicenceStatusChanged {
            variant: "new_server".to_owned(),
            kind: licensing::LicenceKind::Standard.into(),
            complete: missing.is_empty(),
            missing: missing.iter().map(|&key| key.to_owned()).collect(),
        };
        let event = licensing::licensing_event::Event::LicenceStatusChanged(changed);
        self.hear_licensing(event).await;
    }

    pub async fn hear_licensing(&self, event: licensing::licensing_event::Event) {
        let envelope = licensing::LicensingEvent {
            company: self.world.dealer.name.clone(),
            project: self.name.clone(),
            occurred_at: Some(self.now()),
            event: Some(event),
            ..Default::default()
        };
        self.world.harness.hear("licensing", self.world.dealer.company, "licensing", &envelope).await;
    }

    /// The audit service concludes the last attempt.
    pub async fn conclude(&self, passed: bool) {
        let attempts = self.project().await.audit_attempts;
        let last = attempts.last().expect("an attempt");
        self.hear_audit(concluded(&last.attempt, last.audit, passed)).await;
    }

    pub async fn hear_audit(&self, event: audit::audit_event::Event) {
        self.world
            .harness
            .hear("audit", self.world.dealer.company, "audit", &self.told_by_audit(event))
            .await;
    }

    /// Audit's message around an event.
    pub fn told_by_audit(&self, event: audit::audit_event::Event) -> audit::AuditEvent {
        audit::AuditEvent {
            company: self.world.dealer.name.clone(),
            project: self.name.clone(),
            occurred_at: Some(self.now()),
            event: Some(event),
            ..Default::default()
        }
    }

    fn now(&self) -> pbjson_types::Timestamp {
        clock::to_wire(self.world.clock.clock.now())
    }

    /// The public events of projects so far: name and content.
    pub async fn told(&self) -> Vec<(String, Event)> {
        let events = self.world.harness.outbox::<pb::SchedulingEvent>().await;
        let events = events.into_iter().filter(|(_, event)| !event.project.is_empty());
        events.map(|(kind, event)| (kind, event.event.expect("an event"))).collect()
    }

    pub async fn told_kinds(&self) -> Vec<String> {
        self.told().await.into_iter().map(|(kind, _)| kind).collect()
    }

    /// When the project's timer is due, RFC 3339; none where it has none.
    pub async fn timer(&self) -> Option<String> {
        let name = ProjectName::parse("name", &self.name).expect("its name");
        let sql = "select due_at from timer where kind = 'project' and key = $1";
        let values = vec![name.project.to_string().into()];
        let db = &self.world.harness.service.core().db;
        let rows = platform::db::query_all(db.read(), sql, values).await.expect("the timers");
        rows.first().map(|row| clock::from_db(row.try_get("", "due_at").expect("an instant")).to_string())
    }
}

/// The request that opens a company's project.
pub fn open(company: &str) -> pb::OpenProjectRequest {
    pb::OpenProjectRequest { parent: company.to_owned(), request_id: request_id(), ..Default::default() }
}

pub fn concluded(attempt: &str, audit: i32, passed: bool) -> audit::audit_event::Event {
    audit::audit_event::Event::AuditConcluded(audit::AuditConcluded {
        attempt: attempt.to_owned(),
        audit,
        number: 1,
        passed,
        findings: Vec::new(),
    })
}

/// A window in local time.
pub fn window(start: &str, end: &str) -> Value {
    json!({ "window": { "start": { "local": start }, "end": { "local": end } } })
}

/// Four dates that leave some days between each other.
pub fn dates() -> Value {
    json!([
        { "kind": "DATE_KIND_READINESS", "date": { "day": "2026-11-16" } },
        { "kind": "DATE_KIND_AUDIT_1", "date": { "day": "2026-12-16" } },
        { "kind": "DATE_KIND_AUDIT_2", "date": { "day": "2026-12-21" } },
        { "kind": "DATE_KIND_MIGRATION", "date": window("2027-01-08T18:00", "2027-01-09T06:00") },
    ])
}

/// Lays the fields of one object over another.
pub fn merge(body: &mut Value, over: Value) {
    let (Value::Object(body), Value::Object(over)) = (body, over) else { panic!("two objects") };
    body.extend(over);
}
