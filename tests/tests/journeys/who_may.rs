//! Every RPC, over both adapters, by everybody, for a company of theirs, for another one and for all of them: who may is
//! what the table says that the contract's comments make.

mod callers;
mod open;

use std::collections::BTreeMap;

use journeys::{Adapter, Answer, Installation, Layout, Wire};
use platform::auth::{RoleSet, who_may};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        AskQuestionRequest, CreateWebhookEndpointRequest, ListMessagesRequest, WebhookEndpoint,
    },
    scheduling::v1::{Contact, ContactRole, CreateContactRequest, RemoveContactRequest},
};
use serde_json::{Value, json};
use story::{Dealership, Facts, Through};
use uuid::Uuid;

use self::callers::{Caller, callers};
use crate::{
    common::NOW,
    everything::{Everything, everything},
};

/// Nothing was restored.
const DIFFERENCE: &str = "services/audit/differences/019aab00-0000-7000-8000-000000000001";
/// No event is parked.
const PARKED: &str = "services/audit/parkedEvents/scheduling._global.1";

/// Things of one company, by resource name: one of each kind.
struct Things {
    company: String,
    project: String,
    /// Takes part and calls nobody.
    contact: String,
    /// Takes part no longer.
    gone: String,
    audit: String,
    finding: String,
    message: String,
    question: String,
    file: String,
    licence_file: String,
    endpoint: String,
}

/// A project in audit 1, which has failed once.
async fn things(d: &Dealership<'_>, wire: &Wire) -> Things {
    d.go_through(Through::Readiness).await.expect("ready");
    let audit = d.begin_audit(1).await.expect("begun");
    d.measure(&audit).await.expect("measured");
    d.record_too_little_memory(&audit).await.expect("recorded");
    d.conclude(&audit).await.expect("failed");
    let finding = d.answer_findings("8 GB more").await.expect("answered").swap_remove(0).name;
    let crm = &d.world.crm;
    let company = d.company.clone();
    let contact = add_contact(d, "Jan Trzeci", "jan.trzeci@auto-dom.example").await;
    let gone = add_contact(d, "Jan Czwarty", "jan.czwarty@auto-dom.example").await;
    let removed = RemoveContactRequest { name: gone.clone(), ..Default::default() };
    crm.call(removed).await.expect("removed");
    let question = AskQuestionRequest {
        parent: company.clone(),
        subject: "Kiedy?".to_owned(),
        text: "Kiedy?".to_owned(),
        ..Default::default()
    };
    let question = d.technical.portal.call(question).await.expect("asked").name;
    d.world.settled().await.expect("at rest");
    let request = ListMessagesRequest {
        parent: company.clone(),
        contact: d.decision.contact.clone(),
        ..Default::default()
    };
    let message = crm.call(request).await.expect("messages").messages.swap_remove(0).name;
    let file = json!({ "parent": company, "displayName": "a.txt", "data": "dGFr", "requestId": "file-1" });
    let token = Some(d.technical.token.as_str());
    let sent = async |method| {
        let file = wire.send(Adapter::Rest, method, token, &file).await;
        file.json["name"].as_str().expect("a file's name").to_owned()
    };
    let (file, licence_file) = (sent("audit.UploadFile").await, sent("licensing.UploadFile").await);
    // Nobody is there, and nothing happens any more.
    let endpoint = WebhookEndpoint { url: "http://127.0.0.1:9/".to_owned(), ..Default::default() };
    let endpoint = CreateWebhookEndpointRequest { webhook_endpoint: Some(endpoint), ..Default::default() };
    let endpoint = crm.call(endpoint).await.expect("made").name;
    Things {
        company,
        project: d.project.clone(),
        contact,
        gone,
        audit,
        finding,
        message,
        question,
        file,
        licence_file,
        endpoint,
    }
}

async fn add_contact(d: &Dealership<'_>, display_name: &str, email: &str) -> String {
    let contact = Contact {
        display_name: display_name.to_owned(),
        email: email.to_owned(),
        language: "pl".to_owned(),
        roles: vec![ContactRole::Technical.into()],
        ..Default::default()
    };
    let request =
        CreateContactRequest { parent: d.company.clone(), contact: Some(contact), ..Default::default() };
    d.world.crm.call(request).await.expect("added").name
}

impl Things {
    /// A request that is well formed, whether or not it could be carried out.
    #[rustfmt::skip]
    fn request(&self, method: &str) -> Value {
        let Self { company, project, contact, audit, finding, message, question, file, licence_file, endpoint, .. } = self;
        let licensing = format!("{project}/licensing");
        let unknown = Uuid::nil();
        match method {
            "audit.GetChecklist" => json!({ "name": "checklists/audit-1" }),
            "audit.ListAudits" | "audit.ListFindings" => json!({ "parent": project }),
            "licensing.UploadFile" => json!({ "parent": company, "displayName": "b.txt", "data": "dGFr" }),
            "licensing.DownloadFile" => json!({ "name": licence_file }),
            "audit.GetAudit" | "audit.GetAuditReport" | "audit.RecordValues" | "audit.ImportValues" | "audit.ConcludeAudit" | "audit.AssignAudit" | "audit.PauseAudit" | "audit.ResumeAudit" => json!({ "name": audit }),
            "audit.RenderAuditReport" => json!({ "name": audit, "language": "pl" }),
            "audit.UploadFile" => json!({ "parent": company, "displayName": "b.txt", "data": "dGFr" }),
            "audit.DownloadFile" => json!({ "name": file }),
            "audit.AttachFiles" => json!({ "name": audit, "item": "cpu.ghz", "files": [file] }),
            "audit.DetachFile" => json!({ "name": audit, "item": "cpu.ghz", "file": file }),
            "audit.CompareAudits" => json!({ "name": audit, "base": audit }),
            "audit.OverrideLimit" | "audit.WaiveItem" => json!({ "name": audit, "until": "2027-06-01" }),
            "audit.GetFinding" | "audit.AnswerFinding" | "audit.VerifyFinding" | "audit.RejectFinding" => json!({ "name": finding }),

            "licensing.ListLicensings" => json!({ "parent": company }),
            "licensing.ListOffers" => json!({ "parent": licensing }),
            "licensing.SetNeeds" => json!({ "name": licensing, "needs": {} }),
            "licensing.ChooseLicence" | "licensing.RecommendLicence" => json!({ "name": licensing, "kind": "LICENCE_KIND_STANDARD" }),
            "licensing.AcceptOffer" | "licensing.ReserveOffer" => json!({ "name": licensing, "offer": "offers/runtime-start" }),
            "licensing.GetLicensing" | "licensing.GetQuestionnaire" | "licensing.ReleaseOffer" | "licensing.OrderLicence" | "licensing.CancelOrder" | "licensing.WithdrawProof" => json!({ "name": licensing }),
            "licensing.RecordLicence" => json!({ "name": licensing, "document": { "kind": "LICENCE_DOCUMENT_KIND_INVOICE" } }),

            "notification.ListMessages" | "notification.ListQuestions" | "notification.AskQuestion" => json!({ "parent": company }),
            "notification.GetMessage" | "notification.ResendMessage" => json!({ "name": message }),
            "notification.ListTemplates" => json!({}),
            "notification.PreviewMessage" => json!({ "topic": "date_agreed" }),
            "notification.ReportDeliveryStatus" => json!({ "mail": "dGFr" }),
            "notification.GetQuestion" | "notification.AnswerQuestion" => json!({ "name": question }),
            "notification.CreateCalendarLink" | "notification.ListCalendarLinks" => json!({ "parent": company }),
            "notification.RevokeCalendarLink" => json!({ "name": format!("{company}/calendarLinks/{unknown}") }),
            "notification.ClearUndeliverable" => json!({ "contact": contact }),
            "notification.GetContactPreferences" => json!({ "name": format!("{contact}/preferences") }),
            "notification.UpdateContactPreferences" => json!({ "preferences": { "name": format!("{contact}/preferences") } }),
            "notification.ExportContact" => json!({ "name": contact }),
            "notification.CreateWebhookEndpoint" => json!({ "webhookEndpoint": { "url": "http://127.0.0.1:9/" } }),
            "notification.UpdateWebhookEndpoint" => json!({ "webhookEndpoint": { "name": endpoint, "url": "http://127.0.0.1:9/" } }),
            "notification.ListWebhookEndpoints" => json!({}),
            "notification.ListWebhookDeliveries" => json!({ "parent": endpoint }),
            "notification.ReplayWebhookEndpoint" => json!({ "name": endpoint, "since": NOW }),
            "notification.GetWebhookEndpoint" | "notification.DeleteWebhookEndpoint" | "notification.RotateWebhookSecret" | "notification.EnableWebhookEndpoint" => json!({ "name": endpoint }),

            "scheduling.ListVariants" | "scheduling.ListCompanies" => json!({}),
            "scheduling.CreateCompany" => json!({ "company": { "displayName": "Auto", "taxId": "5260250274" } }),
            "scheduling.UpdateCompany" => json!({ "company": { "name": company, "displayName": "Auto", "taxId": "5260250274" } }),
            "scheduling.GetCompany" | "scheduling.SetWorkingHours" | "scheduling.SetSystems" => json!({ "name": company }),
            "scheduling.EnterClosure" | "scheduling.WithdrawClosure" => json!({ "name": company, "firstDay": "2027-03-01", "lastDay": "2027-03-02" }),
            "scheduling.ListContacts" | "scheduling.ListCompanyHistory" | "scheduling.ListProjects" | "scheduling.OpenProject" => json!({ "parent": company }),
            "scheduling.CreateContact" => json!({ "parent": company, "contact": card() }),
            "scheduling.UpdateContact" => { let mut card = card(); card["name"] = json!(contact); json!({ "contact": card }) }
            "scheduling.ReplaceContact" => json!({ "name": contact, "successor": format!("{company}/contacts/{unknown}") }),
            "scheduling.GetContact" | "scheduling.RemoveContact" | "scheduling.ClearAddress" | "scheduling.ExportContact" | "scheduling.AnonymiseContact" => json!({ "name": contact }),
            "scheduling.ListHistory" => json!({ "parent": project }),
            "scheduling.RecordContract" => json!({ "name": project, "contractDay": "2026-11-09" }),
            "scheduling.RecommendVariant" | "scheduling.ChooseVariant" => json!({ "name": project, "variant": "hosted" }),
            "scheduling.AcceptProposal" | "scheduling.DeclineProposal" => json!({ "name": project, "proposal": unknown }),
            "scheduling.WithdrawDate" => json!({ "name": project, "kind": "DATE_KIND_MIGRATION" }),
            "scheduling.RecordOverride" => json!({ "name": project, "kind": "DATE_KIND_MIGRATION", "rule": "MIGRATION_BUFFER", "day": "2027-03-01" }),
            "scheduling.ConfirmReadinessCondition" | "scheduling.RetractReadinessCondition" => json!({ "name": project, "condition": "it_environment" }),
            "scheduling.StartAudit" | "scheduling.VoidAudit" => json!({ "name": project, "audit": 1 }),
            "scheduling.CorrectReadiness" => json!({ "name": project, "occurredAt": NOW }),
            "scheduling.CorrectRun" => json!({ "name": project, "step": "RUN_STEP_FINISHED", "occurredAt": NOW }),
            "scheduling.AnswerProblem" => json!({ "name": project, "problem": unknown }),
            "scheduling.SignProtocol" | "scheduling.DeclineProtocol" => json!({ "name": project, "number": 1 }),
            "operations.ListServices" => json!({}),
            "operations.GetOutboxStatus" => json!({ "name": "services/audit/outboxStatus" }),
            "operations.GetWatchToken" => json!({ "name": "services/audit/watchToken" }),
            "operations.GetEvent" => json!({ "name": format!("services/audit/events/{unknown}") }),
            "operations.GetParkedEvent" | "operations.ReplayParkedEvent" => json!({ "name": PARKED }),
            "operations.DropParkedEvent" => json!({ "name": PARKED, "reason": "a test" }),
            "operations.CloseDifference" => json!({ "name": DIFFERENCE, "reason": "a test" }),
            "operations.ListDifferences"
            | "operations.ListParkedEvents"
            | "operations.ListStrays"
            | "operations.ListTimers" => json!({ "parent": "services/audit" }),

            watch if watch.ends_with(".WatchEvents") => json!({ "company": company }),
            of_project if of_project.starts_with("scheduling.") => json!({ "name": project }),
            other => panic!("{other}: what would a request for it say?"),
        }
    }
}

/// The same for all companies, where that can be asked for.
fn of_all(method: &str) -> Option<Value> {
    match method {
        "audit.ListAudits" | "audit.ListFindings" => Some(json!({ "parent": "companies/-/projects/-" })),
        "licensing.ListLicensings"
        | "notification.ListQuestions"
        | "notification.CreateCalendarLink"
        | "notification.ListCalendarLinks"
        | "scheduling.ListProjects" => Some(json!({ "parent": "companies/-" })),
        watch if watch.ends_with(".WatchEvents") => Some(json!({})),
        _ => None,
    }
}

fn card() -> Value {
    let roles = ["CONTACT_ROLE_TECHNICAL"];
    json!({ "displayName": "Ewa", "email": "ewa@auto-dom.example", "language": "pl", "roles": roles })
}

/// What is wrong with an answer; nothing if it is as the contract says.
fn judge(
    method: &str,
    caller: &Caller,
    may: &RoleSet,
    request: &Value,
    is_command: bool,
    answer: &Answer,
) -> Option<String> {
    use ErrorReason::{NotFound, NotInThisBuild, PermissionDenied, Unauthenticated};
    let all = of_all(method).is_some_and(|all| all.get("parent") == request.get("parent"))
        && request.get("company").is_none();
    let one = request.to_string().contains("companies/") && !all;
    let expected = match caller.role {
        None => Some(Unauthenticated),
        Some(_) if one && !caller.own => Some(NotFound),
        Some(role) if !may.contains(&role) => Some(PermissionDenied),
        Some(role) if all && !role.is_softvig() || one && !caller.holds => Some(PermissionDenied),
        Some(_) => None,
    };
    let good = match (expected, answer.reason) {
        (Some(PermissionDenied), Some(PermissionDenied)) => !answer.allowed.is_empty(),
        (Some(expected), found) => found == Some(expected),
        // A read is answered; a command may be refused by a rule.
        (None, None) => true,
        (None, Some(NotInThisBuild)) => method == "audit.RenderAuditReport",
        // There are none.
        (None, Some(NotFound)) if ["operations.GetParkedEvent", "operations.GetEvent"].contains(&method) => {
            true
        }
        (None, Some(found)) => is_command && ![Unauthenticated, PermissionDenied].contains(&found),
    };
    (!good).then(|| format!("{expected:?} expected, {:?}, allowed {:?}", answer.reason, answer.allowed))
}

#[tokio::test]
async fn who_may_call_what_is_what_the_contract_says_of_each_rpc() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let other = Dealership::open(&world, &Facts::NO_BRANDS).await.expect("another one");
    let wire = Wire::of(&installation).await;
    let things = things(&d, &wire).await;
    let before: Everything = everything(&d).await;
    let mut wrong = BTreeMap::new();
    let callers = callers(&d, &other, &things.gone);
    for (method, rpc) in &wire.rpcs {
        let asked = [Some(things.request(method)), of_all(method)].into_iter().flatten();
        for (request, caller) in
            asked.flat_map(|request| callers.iter().map(move |caller| (request.clone(), caller)))
        {
            for adapter in wire.adapters(method) {
                let request = judged_only(request.clone(), rpc.is_command);
                let token = caller.token.as_deref();
                let answer = wire.send(*adapter, method, token, &request).await;
                if let Some(why) = judge(method, caller, who_may(method), &request, rpc.is_command, &answer) {
                    wrong.insert(format!("{method} {adapter:?} {} {request}", caller.who), why);
                }
                // What exists and is another's looks like what does not exist at all.
                if caller.role.is_some() && !caller.own && answer.reason == Some(ErrorReason::NotFound) {
                    let nowhere = elsewhere(&request, &d);
                    let there = wire.send(*adapter, method, token, &nowhere).await;
                    if there.reason != answer.reason || there.rules != answer.rules {
                        wrong.insert(
                            format!("{method} {adapter:?} {} of nothing", caller.who),
                            format!("{there:?}"),
                        );
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(everything(&d).await, before, "nothing was done");
}

/// With a request id of its own, and nothing kept.
fn judged_only(mut request: Value, is_command: bool) -> Value {
    if is_command {
        request["requestId"] = json!(Uuid::now_v7());
        request["validateOnly"] = json!(true);
    }
    request
}

/// The same request for a company that there is not.
fn elsewhere(request: &Value, d: &Dealership<'_>) -> Value {
    let company = format!("companies/{}", Uuid::now_v7());
    request.to_string().replace(&d.company, &company).parse().expect("JSON")
}

#[tokio::test]
async fn a_contact_reads_and_changes_what_is_its_own_whatever_its_role() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    world.settled().await.expect("all services know the contacts");
    let preferences = |contact: &str| format!("{contact}/preferences");
    let token = Some(d.technical.token.as_str());
    let mut card = card();
    card["name"] = json!(d.technical.contact);
    for (method, own, of_another) in [
        ("scheduling.UpdateContact", json!({ "contact": card.clone() }), {
            card["name"] = json!(d.decision.contact);
            json!({ "contact": card })
        }),
        (
            "scheduling.ExportContact",
            json!({ "name": d.technical.contact }),
            json!({ "name": d.decision.contact }),
        ),
        (
            "notification.GetContactPreferences",
            json!({ "name": preferences(&d.technical.contact) }),
            json!({ "name": preferences(&d.decision.contact) }),
        ),
        (
            "notification.UpdateContactPreferences",
            json!({ "preferences": { "name": preferences(&d.technical.contact) } }),
            json!({ "preferences": { "name": preferences(&d.decision.contact) } }),
        ),
        (
            "notification.ExportContact",
            json!({ "name": d.technical.contact }),
            json!({ "name": d.decision.contact }),
        ),
    ] {
        for adapter in [Adapter::Rest, Adapter::Grpc] {
            let is_command = wire.rpcs[method].is_command;
            let answer = wire.send(adapter, method, token, &judged_only(own.clone(), is_command)).await;
            assert_eq!(answer.reason, None, "{method}: {answer:?}");
            let answer =
                wire.send(adapter, method, token, &judged_only(of_another.clone(), is_command)).await;
            assert_eq!(answer.reason, Some(ErrorReason::PermissionDenied), "{method}");
        }
    }
}
