//! NATS.

use journeys::{Answer, Installation, RestCall, Service, Wire, on, servers::NatsCluster};
use proto::{
    audit::v1::{ListAuditsRequest, audit_service_client::AuditServiceClient},
    common::v1::ErrorReason,
    scheduling::v1::{Contact, ContactRole, CreateContactRequest, UpdateContactRequest, WatchEventsRequest},
};
use serde_json::{Value, json};
use story::{Dealership, Facts};
use testkit::{Backend, Database, eventually};
use tokio::time::timeout;

use super::{LONG, gauge, live_and_ready, works};
use crate::common::NOW;

/// How many events a service has committed and the bus has not taken.
fn depth(installation: &Installation, service: Service) -> u64 {
    let arguments = ["outbox", "status", "--only", service.name(), "--output", "json"];
    let status: Value = installation.command(service, &arguments).parse().expect("JSON");
    // proto3's JSON has such numbers as texts, and leaves 0 out.
    status[0]["depth"].as_str().map_or(0, |depth| depth.parse().expect("a number"))
}

#[tokio::test]
async fn without_nats_everything_but_the_way_between_services_goes_on() {
    let mut installation = Installation::empty(NOW);
    let mut nats = NatsCluster::start(installation.folder(), 1).await;
    let mut databases = Vec::new();
    for service in Service::ALL {
        let database = Database::empty(Backend::Postgres).await;
        let mut settings = on(service, database.url(), &nats.url(0));
        settings.push(("PRZESIADKA__BUS__REPLICAS", "1".to_owned()));
        settings.push(("PRZESIADKA__BUS__MAX_BYTES", "104857600".to_owned()));
        installation.add(service.name(), &["serve", "--only", service.name()], settings);
        databases.push(database);
    }
    installation.ready().await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    world.settled().await.expect("at rest");
    let wire = Wire::of(&installation).await;
    let token = d.technical.token.as_str();
    let watch = WatchEventsRequest { company: d.company.clone(), ..Default::default() };
    let mut watched = world.crm.watch(watch).await.expect("a stream");

    nats.kill(0);
    for service in Service::ALL {
        eventually(LONG, "the process to notice", async || {
            (gauge(&installation, service, "przesiadka_bus_connected").await == Some(0.0)).then_some(())
        })
        .await;
        assert_eq!(live_and_ready(&installation, service).await, (200, 200), "{service:?}");
    }
    // Commands and reads of each service.
    let contact = Contact {
        display_name: "Jan Wiśniewski".to_owned(),
        email: "jan@auto-dom.example".to_owned(),
        language: "pl".to_owned(),
        roles: vec![ContactRole::Technical.into()],
        ..Default::default()
    };
    let request =
        CreateContactRequest { parent: d.company.clone(), contact: Some(contact), ..Default::default() };
    let made = world.crm.call(request).await.expect("created");
    let rename = Contact { display_name: "Jan Nowak".to_owned(), ..made };
    let request = UpdateContactRequest { contact: Some(rename), ..Default::default() };
    let renamed = world.crm.call(request).await.expect("changed");
    let ask = json!({ "parent": d.company, "subject": "away", "text": "?" });
    works(&wire, "notification.AskQuestion", token, &ask).await;
    let needs = json!({ "name": format!("{}/licensing", d.project), "needs": {} });
    works(&wire, "licensing.SetNeeds", token, &needs).await;
    let file = json!({ "parent": d.company, "displayName": "a.txt", "data": "dGFr" });
    works(&wire, "audit.UploadFile", token, &file).await;
    works(&wire, "scheduling.GetProject", token, &json!({ "name": d.project })).await;
    works(&wire, "audit.ListAudits", token, &json!({ "parent": d.project })).await;
    // Who asks for what has to come from another service is told to come again.
    let company = d.company.trim_start_matches("companies/");
    let after = format!("scheduling/{company}/1000000");
    let path = format!("/audit/v1/{}/audits", d.project);
    let headers = vec![("authorization", format!("Bearer {token}")), ("x-przesiadka-after", after.clone())];
    let call = RestCall { verb: "GET".parse().expect("a verb"), path, headers, body: Vec::new() };
    assert_eq!(wire.rest(Service::Audit, call).await.reason, Some(ErrorReason::Unavailable));
    let mut request =
        tonic::Request::new(ListAuditsRequest { parent: d.project.clone(), ..Default::default() });
    for (name, value) in [("authorization", format!("Bearer {token}")), ("x-przesiadka-after", after)] {
        request.metadata_mut().insert(name, value.parse().expect("ASCII"));
    }
    let refused = AuditServiceClient::new(installation.grpc(Service::Audit).await).list_audits(request).await;
    let refused = Answer::from_status(&refused.expect_err("it waits for what cannot come"));
    assert_eq!(refused.reason, Some(ErrorReason::Unavailable));
    // Who follows a service sees what it does.
    let seen = async {
        loop {
            let told = watched.next().await.expect("the stream goes on");
            if told.event.is_some_and(|event| format!("{event:?}").contains(&renamed.display_name)) {
                return;
            }
        }
    };
    timeout(LONG, seen).await.expect("WatchEvents does without NATS");
    assert!(depth(&installation, Service::Scheduling) > 0, "the outbox keeps what cannot go");

    // A start does not need it.
    installation.process(Service::Scheduling).restart();
    installation.ready().await;
    works(&wire, "scheduling.GetProject", token, &json!({ "name": d.project })).await;
    let kept = depth(&installation, Service::Scheduling);
    assert!(kept > 0, "nothing is lost by a start");

    nats.resume(0);
    nats.ready(0).await;
    world.settled().await.expect("all of it arrives");
    assert_eq!(depth(&installation, Service::Scheduling), 0);
    // Before the servers, which it would miss.
    drop(installation);
}
