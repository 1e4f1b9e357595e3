//! Bad input, over both adapters against real processes: the reason, its codes, the field, what would be
//! allowed; and afterwards everything is as it was.

use journeys::{
    Adapter, Answer, Installation,
    Layout::{self, Embedded, Spread},
    Wire,
};
use proto::{
    common::v1::ErrorReason::{self, *},
    licensing::v1::LicenceKind,
};
use rstest::rstest;
use serde_json::{Value, json};
use story::{Dealership, Facts, Through, World};
use uuid::Uuid;

use crate::{common::NOW, everything::everything};

/// What is wrong, who sends it, where to, the request; the reason, the field in the contract's
/// snake_case, and part of what would be allowed.
type Case = (&'static str, By, &'static str, Value, ErrorReason, &'static str, &'static str);

#[derive(Clone, Copy, Debug)]
enum By {
    Crm,
    Operator,
    Auditor,
    Technical,
    Decision,
}

impl By {
    fn token(self, d: &Dealership<'_>) -> String {
        use platform::auth::Role;
        let softvig = |role| d.world.token(role, None).expect("signed");
        match self {
            Self::Crm => softvig(Role::Crm),
            Self::Operator => softvig(Role::Operator),
            Self::Auditor => softvig(Role::Auditor),
            Self::Technical => d.technical.token.clone(),
            Self::Decision => d.decision.token.clone(),
        }
    }
}

/// The request with a request id of its own where it is a command's.
fn fresh(wire: &Wire, method: &str, mut request: Value) -> Value {
    if wire.rpcs[method].is_command && request.get("requestId").is_none() {
        request["requestId"] = json!(Uuid::now_v7());
    }
    request
}

/// `dates[0].window_start` → `dates[0].windowStart`.
fn lower_camel(path: &str) -> String {
    let mut words = path.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |path, word| path + &word[..1].to_uppercase() + &word[1..])
}

/// What of the answer is not as expected.
fn differs(adapter: Adapter, answer: &Answer, reason: ErrorReason, field: &str, allowed: &str) -> bool {
    let field = match (adapter, field) {
        // Two fields are headers there.
        (Adapter::Rest, "request_id") => "idempotency-key".to_owned(),
        (Adapter::Rest, "etag") => "if-match".to_owned(),
        (Adapter::Rest, field) => lower_camel(field),
        (Adapter::Grpc, field) => field.to_owned(),
    };
    answer.reason != Some(reason) || answer.field != field || !answer.allowed.contains(allowed)
}

/// Sends every case over each adapter that has it, and sees that nothing was done.
async fn refuses(wire: &Wire, d: &Dealership<'_>, cases: Vec<Case>) {
    let before = everything(d).await;
    let mut wrong = Vec::new();
    for (what, by, method, request, reason, field, allowed) in cases {
        for &adapter in wire.adapters(method) {
            let request = fresh(wire, method, request.clone());
            let answer = wire.send(adapter, method, Some(&by.token(d)), &request).await;
            if differs(adapter, &answer, reason, field, allowed) {
                wrong.push(format!(
                    "{what}, {adapter:?}: {:?} {:?} {:?}",
                    answer.reason, answer.field, answer.allowed
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(everything(d).await, before, "nothing was done");
}

/// A contract of 9 November 2026, a variant and a licence kind; no date yet.
async fn contracted(world: &World) -> Dealership<'_> {
    let d = Dealership::open(world, &Facts::AUTODOM).await.expect("a company with a project");
    d.contract("2026-11-09").await.expect("contracted");
    d.choose_variant("new_server").await.expect("chosen");
    d.choose_licence(LicenceKind::Standard).await.expect("chosen");
    world.settled().await.expect("at rest");
    d
}

fn webhook(url: &str) -> Value {
    json!({ "webhookEndpoint": { "url": url } })
}

fn day(kind: &str, day: &str) -> Value {
    json!({ "kind": format!("DATE_KIND_{kind}"), "date": { "day": day } })
}

fn migration(start: &str, end: &str) -> Value {
    let window = json!({ "start": { "local": start }, "end": { "local": end } });
    json!({ "kind": "DATE_KIND_MIGRATION", "date": { "window": window } })
}

/// Dates that cannot be, are too early or too late, or lie in hours in which nothing may stand still.
#[rustfmt::skip]
fn bad_dates(project: &str) -> Vec<Case> {
    const PROPOSE: &str = "scheduling.ProposeDates";
    let set = |dates: &[Value]| json!({ "name": project, "dates": dates });
    let in_utc = json!({ "kind": "DATE_KIND_MIGRATION", "date": { "window": {
        "start": { "local": "2027-02-08T18:00", "zone": "UTC" }, "end": { "local": "2027-02-09T06:00" },
    } } });
    [
        ("in the past", set(&[day("READINESS", "2026-11-06")]), DateInPast, "dates[0].date", "2026-11-23"),
        ("30 February", set(&[day("AUDIT_1", "2027-02-30")]), DateInvalid, "dates[0].date", "exists"),
        ("written as people do", set(&[day("READINESS", "23.11.2026")]), DateInvalid, "dates[0].date", "like 2027-01-15"),
        ("02:30 on the March night", set(&[migration("2027-03-28T02:30", "2027-03-28T20:00")]), DateInvalid, "dates[0].date", "2027-03-28T03:00"),
        ("02:30 on the October night", set(&[migration("2027-10-31T02:30", "2027-10-31T20:00")]), DateInvalid, "dates[0].date", "+02:00"),
        ("another zone", set(&[in_utc]), DateInvalid, "dates[0].date", "Europe/Warsaw"),
        ("an instant for a local time", set(&[migration("2027-02-08T18:00Z", "2027-02-09T06:00")]), DateInvalid, "dates[0].date", "without offset"),
        ("ends before it starts", set(&[migration("2027-02-09T06:00", "2027-02-08T18:00")]), DateInvalid, "dates[0].date", "an end after"),
        ("a day for a window", set(&[day("MIGRATION", "2027-02-08")]), DateInvalid, "dates[0].date", "a window"),
        ("a day too early", set(&[day("READINESS", "2026-11-22")]), ReadinessBuffer, "dates[0].date", "2026-11-23"),
        ("a day too early", set(&[day("READINESS", "2026-12-01"), day("AUDIT_1", "2026-12-28")]), Audit1Buffer, "dates[1].date", "2026-12-29"),
        ("a day too early", set(&[day("AUDIT_1", "2027-01-11"), day("AUDIT_2", "2027-01-12")]), Audit2Buffer, "dates[1].date", "2027-01-13"),
        ("5 days late", set(&[day("AUDIT_1", "2027-01-11"), day("AUDIT_2", "2027-01-21")]), Audit2Buffer, "dates[1].date", "2027-01-13"),
        ("a day too early", set(&[day("AUDIT_1", "2027-01-11"), day("AUDIT_2", "2027-01-13"), migration("2027-01-26T18:00", "2027-01-27T06:00")]), MigrationBuffer, "dates[2].date", "2027-01-27T18:00"),
        ("on a holiday", set(&[day("AUDIT_1", "2027-01-06")]), AuditOnBusinessDay, "dates[0].date", "2026-12-21"),
        ("on a holiday", set(&[migration("2027-05-02T18:00", "2027-05-03T06:00")]), OutsideWorkingHours, "dates[0].date", "2027-01"),
        ("in opening hours", set(&[migration("2027-02-08T17:00", "2027-02-09T06:00")]), OutsideWorkingHours, "dates[0].date", "2027-01"),
        ("too short", set(&[migration("2027-02-08T18:00", "2027-02-09T05:59")]), OutsideWorkingHours, "dates[0].date", "2027-01"),
        ("the reserve in opening hours", set(&[migration("2027-02-08T20:00", "2027-02-09T08:01")]), OutsideWorkingHours, "dates[0].date", "2027-01"),
        ("one date twice", set(&[day("AUDIT_1", "2027-01-11"), day("AUDIT_1", "2027-01-12")]), InvalidArgument, "dates[1].kind", "each date once"),
        ("no date at all", set(&[json!({ "kind": "DATE_KIND_AUDIT_1" })]), DateInvalid, "dates[0].date", "a day, or a window"),
    ]
    .map(|(what, request, reason, field, allowed)| (what, By::Decision, PROPOSE, request, reason, field, allowed))
    .into()
}

/// Texts, names, numbers and choices that the contract does not have.
#[rustfmt::skip]
fn bad_values(d: &Dealership<'_>) -> Vec<Case> {
    use By::{Crm, Decision, Technical};
    let (company, project) = (&d.company, &d.project);
    let licensing = format!("{project}/licensing");
    let cancel = |reason: &str| json!({ "name": project, "reason": reason });
    let ask = |subject: &str, text: &str| json!({ "parent": company, "subject": subject, "text": text });
    let contact = |email: &str, role: &str| json!({ "parent": company, "contact": {
        "displayName": "Jan", "email": email, "language": "pl", "roles": [role],
    } });
    let technical = "CONTACT_ROLE_TECHNICAL";
    let wants = |language: &str, topic: &str| json!({ "preferences": {
        "name": format!("{}/preferences", d.technical.contact), "language": language, "mutedTopics": [topic],
    } });
    let registered = |nip: &str| json!({ "company": { "displayName": "Auto", "taxId": nip } });
    let order = |number: &str| json!({ "name": licensing, "demand": "sql_server", "number": number, "supplier": "SOFTVIG" });
    let (long, huge) = ("ż".repeat(5000), "x".repeat(300 << 10));
    vec![
        ("an empty text", Crm, "scheduling.CancelProject", cancel(" \n"), InvalidArgument, "reason", "1 to 2000 characters"),
        ("an overlong text", Crm, "scheduling.CancelProject", cancel(&long), InvalidArgument, "reason", "4000 characters"),
        ("a NUL in a text", Crm, "scheduling.CancelProject", cancel("bez\0słowa"), InvalidArgument, "reason", "line breaks"),
        ("an escape in a text", Technical, "notification.AskQuestion", ask("Kiedy?", "\u{1b}[31m"), InvalidArgument, "text", "line breaks"),
        ("an overlong text", Technical, "notification.AskQuestion", ask("Kiedy?", &long), InvalidArgument, "text", "4000 characters"),
        ("two lines in one", Technical, "notification.AskQuestion", ask("Kiedy?\nBcc: x", "Kiedy?"), InvalidArgument, "subject", "one line"),
        ("an oversized body", Technical, "notification.AskQuestion", ask("Kiedy?", &huge), TooLarge, "", "262144 bytes"),
        ("a wrong check digit", Crm, "scheduling.CreateCompany", registered("5260250275"), InvalidArgument, "company.tax_id", "check digit"),
        ("no tax id", Crm, "scheduling.CreateCompany", registered("52602502"), InvalidArgument, "company.tax_id", "10 digits"),
        ("no e-mail address", Crm, "scheduling.CreateContact", contact("jan@localhost", technical), InvalidArgument, "contact.email", "an e-mail address"),
        ("a header in an address", Crm, "scheduling.CreateContact", contact("jan@auto.example\nBcc: x@y.example", technical), InvalidArgument, "contact.email", "an e-mail address"),
        ("an address in quotes", Crm, "scheduling.CreateContact", contact("\"jan k\"@auto.example", technical), InvalidArgument, "contact.email", "an e-mail address"),
        ("an accent before the @", Crm, "scheduling.CreateContact", contact("józef@auto.example", technical), InvalidArgument, "contact.email", "an e-mail address"),
        ("an address of 320 characters", Crm, "scheduling.CreateContact", contact(&format!("{}@{}.example", "j".repeat(64), ["a"; 3].map(|a| a.repeat(63)).join(".") + &".a".repeat(28)), technical), InvalidArgument, "contact.email", "an e-mail address"),
        ("a language that nobody writes", Crm, "scheduling.CreateContact", { let mut r = contact("jan@auto.example", technical); r["contact"]["language"] = json!("de"); r }, InvalidArgument, "contact.language", "pl or en"),
        ("a language that nobody writes", Technical, "notification.UpdateContactPreferences", wants("de", "reminder"), InvalidArgument, "preferences.language", "pl, en"),
        ("a topic that must be told", Technical, "notification.UpdateContactPreferences", wants("pl", "date_agreed"), InvalidArgument, "preferences.muted_topics[0]", "reminder"),
        ("a topic that there is not", Technical, "notification.UpdateContactPreferences", wants("pl", "pogoda"), InvalidArgument, "preferences.muted_topics[0]", "reminder"),
        ("an unspecified role", Crm, "scheduling.CreateContact", contact("jan@auto.example", "CONTACT_ROLE_UNSPECIFIED"), InvalidArgument, "contact.roles", technical),
        ("an unspecified kind", Decision, "licensing.ChooseLicence", json!({ "name": licensing }), InvalidArgument, "kind", "LICENCE_KIND_STANDARD"),
        ("an unspecified date", Crm, "scheduling.WithdrawDate", json!({ "name": project, "reason": "x" }), InvalidArgument, "kind", "DATE_KIND_AUDIT_1"),
        ("a negative number", Technical, "licensing.SetNeeds", json!({ "name": licensing, "needs": { "cores": -1 } }), InvalidArgument, "needs.cores", "1 to 1024"),
        ("more processors than cores", Technical, "licensing.SetNeeds", json!({ "name": licensing, "needs": { "cores": 2, "processors": 4 } }), InvalidArgument, "needs.processors", "at most 2"),
        ("a metric that is not sold", Decision, "licensing.ChooseLicence", json!({ "name": licensing, "kind": "LICENCE_KIND_RUNTIME", "metric": "LICENCE_METRIC_PER_CORE" }), InvalidArgument, "metric", "server_and_cal"),
        ("an order without a number", Technical, "licensing.OrderLicence", order(""), InvalidArgument, "number", "1 to 100 characters"),
        ("an order in two lines", Technical, "licensing.OrderLicence", order("ZAM 1\nZAM 2"), InvalidArgument, "number", "one line of 1 to 100 visible characters"),
        ("an order of nothing demanded", Technical, "licensing.OrderLicence", { let mut r = order("ZAM 1"); r["demand"] = json!("oracle"); r }, InvalidArgument, "demand", "sql_server"),
        ("a licence without a document", Technical, "licensing.RecordLicence", json!({ "name": licensing, "demand": "sql_server" }), InvalidArgument, "document", "an invoice or a certificate"),
        ("an overlong number of an invoice", Technical, "licensing.RecordLicence", json!({ "name": licensing, "demand": "sql_server", "document": { "kind": "LICENCE_DOCUMENT_KIND_INVOICE", "number": "7".repeat(101) } }), InvalidArgument, "document.number", "1 to 100 characters"),
        ("an overlong variant", Decision, "scheduling.ChooseVariant", json!({ "name": project, "variant": "ż".repeat(4000) }), InvalidArgument, "variant", "new_server"),
        ("an unknown variant", Decision, "scheduling.ChooseVariant", json!({ "name": project, "variant": "magic" }), InvalidArgument, "variant", "new_server"),
        ("an unknown offer", Decision, "licensing.AcceptOffer", json!({ "name": licensing, "offer": "offers/free-beer" }), NotFound, "offer", ""),
        ("a day that is none", Crm, "scheduling.RecordContract", json!({ "name": project, "contractDay": "2026-02-30" }), DateInvalid, "contract_day", "exists"),
        ("a fact of the future", Crm, "scheduling.RecordContract", json!({ "name": project, "contractDay": "2026-11-10" }), OccurredAtInvalid, "contract_day", "2026-11-09"),
        ("too many alternatives", Decision, "scheduling.SuggestDates", json!({ "name": project, "alternatives": 21 }), InvalidArgument, "alternatives", "0 to 20"),
        ("no name of a project", Crm, "scheduling.GetProject", json!({ "name": "companies/1/projects/2" }), InvalidArgument, "name", "companies/{company}/projects/{project}"),
        ("a project of another company", Crm, "scheduling.GetProject", json!({ "name": format!("companies/{}/{}", Uuid::now_v7(), &project[project.find("projects/").expect("a name")..]) }), NotFound, "", ""),
        ("no name of a proposal", Decision, "scheduling.AcceptProposal", json!({ "name": project, "proposal": "the last" }), InvalidArgument, "proposal", "a UUID"),
        ("a negative page", Technical, "notification.ListMessages", json!({ "parent": company, "pageSize": -1 }), InvalidArgument, "page_size", "0 to 200"),
        ("a forged page token", Technical, "notification.ListMessages", json!({ "parent": company, "pageToken": "Zm9yZ2VkZm9yZ2VkZm9yZ2Vk" }), PageTokenInvalid, "page_token", "the token of this query's last page"),
        ("no page token", Crm, "scheduling.ListProjects", json!({ "parent": company, "pageToken": "2" }), PageTokenInvalid, "page_token", "last page"),
        ("an unreadable request id", Technical, "notification.AskQuestion", { let mut r = ask("Kiedy?", "?"); r["requestId"] = json!("a b"); r }, InvalidArgument, "request_id", "1 to 128 visible"),
        ("a preview of no kind of message", Crm, "notification.PreviewMessage", json!({ "topic": "date_agred" }), InvalidArgument, "topic", "date_agreed"),
        ("a preview in another language", Crm, "notification.PreviewMessage", json!({ "topic": "date_agreed", "language": "de" }), InvalidArgument, "language", "pl, en"),
        ("a webhook to the clouds' metadata", Crm, "notification.CreateWebhookEndpoint", webhook("https://169.254.169.254/latest"), InvalidArgument, "webhook_endpoint.url", "of the public internet"),
        ("a webhook to a decimal address", Crm, "notification.CreateWebhookEndpoint", webhook("https://167772161/"), InvalidArgument, "webhook_endpoint.url", "in its usual form"),
        ("a webhook with a password", Crm, "notification.CreateWebhookEndpoint", webhook("https://crm:secret@1.1.1.1/"), InvalidArgument, "webhook_endpoint.url", "every request is signed"),
        ("a webhook without TLS", Crm, "notification.CreateWebhookEndpoint", webhook("http://1.1.1.1/"), InvalidArgument, "webhook_endpoint.url", "https"),
        ("a webhook for contact cards", Crm, "notification.CreateWebhookEndpoint", json!({ "webhookEndpoint": { "url": "https://1.1.1.1/", "eventTypes": ["scheduling.contact_card"] } }), InvalidArgument, "webhook_endpoint.event_types[0]", "scheduling.date_agreed"),
        ("an overlong request id", Technical, "notification.AskQuestion", { let mut r = ask("Kiedy?", "?"); r["requestId"] = json!("a".repeat(129)); r }, InvalidArgument, "request_id", "1 to 128 visible"),
    ]
}

/// What fits neither the caller nor the state, or was overtaken.
#[rustfmt::skip]
fn out_of_place(d: &Dealership<'_>) -> Vec<Case> {
    use By::{Crm, Decision, Operator, Technical};
    let (company, project) = (&d.company, &d.project);
    let licensing = format!("{project}/licensing");
    let of_project = json!({ "name": project });
    let stale = |mut request: Value| { request["etag"] = json!("stale"); request };
    let mut stale_date = day("READINESS", "2026-11-23");
    stale_date["etag"] = json!("stale");
    vec![
        ("a contact who may not decide", Technical, "scheduling.ChooseVariant", json!({ "name": project, "variant": "hosted" }), PermissionDenied, "", "decision"),
        ("a contact who may not decide", Technical, "licensing.ChooseLicence", json!({ "name": licensing, "kind": "LICENCE_KIND_STANDARD" }), PermissionDenied, "", "decision"),
        ("a second project", Crm, "scheduling.OpenProject", json!({ "parent": company }), OneOpenProject, "parent", "completed or cancelled"),
        ("a stage that is locked", Decision, "scheduling.ConfirmWorks", of_project.clone(), StageLocked, "", ""),
        ("a stage that is locked", Operator, "scheduling.FinishRun", of_project.clone(), StageLocked, "", ""),
        ("a stale etag", Technical, "licensing.SetNeeds", stale(json!({ "name": licensing, "needs": {} })), EtagMismatch, "etag", ""),
        ("a stale etag", Crm, "scheduling.SetWorkingHours", stale(json!({ "name": company })), EtagMismatch, "etag", ""),
        ("a stale etag", Decision, "scheduling.WithdrawDate", stale(json!({ "name": project, "kind": "DATE_KIND_AUDIT_1", "reason": "x" })), EtagMismatch, "etag", ""),
        ("a stale etag of one date", Decision, "scheduling.ProposeDates", json!({ "name": project, "dates": [stale_date] }), EtagMismatch, "dates[0].etag", ""),
    ]
}

#[rstest]
#[tokio::test]
async fn bad_input_is_refused_by_its_reason_and_nothing_is_half_done(
    #[values(Embedded, Spread)] layout: Layout,
) {
    let installation = Installation::start(layout, NOW).await;
    let world = installation.world();
    let d = contracted(&world).await;
    let wire = Wire::of(&installation).await;
    let cases = [bad_dates(&d.project), bad_values(&d), out_of_place(&d)].concat();
    refuses(&wire, &d, cases).await;
}

#[tokio::test]
async fn bad_measurements_are_refused_by_key_kind_and_unit() {
    let installation = Installation::start(Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Readiness).await.expect("ready");
    let audit = d.begin_audit(1).await.expect("begun");
    let wire = Wire::of(&installation).await;
    let record = |value: Value| json!({ "name": audit, "values": [value] });
    let memory = |value: Value| {
        let mut sent = json!({ "key": "ram.gb", "unit": "GB" });
        sent.as_object_mut().expect("an object").extend(value.as_object().expect("an object").clone());
        record(sent)
    };
    let waive = |item: &str, until: &str| json!({ "name": audit, "item": item, "approver": "Maria Kowalska", "reason": "Nowy sprzęt w styczniu", "until": until });
    let record_values = "audit.RecordValues";
    let mut stale = memory(json!({ "numberValue": 32 }));
    stale["etag"] = json!("stale");
    let twice = {
        let one = json!({ "key": "ram.gb", "numberValue": 32, "unit": "GB" });
        json!({ "name": audit, "values": [one, one] })
    };
    let by = By::Auditor;
    #[rustfmt::skip]
    let cases = vec![
        ("an unknown key", by, record_values, record(json!({ "key": "warp.drive", "boolValue": true })), InvalidArgument, "values[0].key", "a key of this audit's items"),
        ("a wrong kind", by, record_values, memory(json!({ "textValue": "32" })), InvalidArgument, "values[0].value", "GB"),
        ("a wrong unit", by, record_values, memory(json!({ "numberValue": 32768, "unit": "MHz" })), InvalidArgument, "values[0].value", "GB"),
        ("no unit", by, record_values, memory(json!({ "numberValue": 32, "unit": "" })), InvalidArgument, "values[0].value", "GB"),
        ("no value", by, record_values, memory(json!({})), InvalidArgument, "values[0].value", "kind"),
        ("one key twice", by, record_values, twice, InvalidArgument, "values[1].key", "each key once"),
        ("nothing", by, record_values, json!({ "name": audit }), InvalidArgument, "values", "at least one"),
        ("measured in the future", by, record_values, memory(json!({ "numberValue": 32, "measuredAt": "2030-01-01T00:00:00Z" })), OccurredAtInvalid, "values[0].measured_at", "2026-12-29"),
        ("a stale etag", by, record_values, stale, EtagMismatch, "etag", ""),
        ("an unknown item", by, "audit.WaiveItem", waive("warp.drive", "2027-06-01"), InvalidArgument, "item", "a key of this audit's items"),
        ("an item that is not to be waived", by, "audit.WaiveItem", waive("ram.gb", "2027-06-01"), NotWaivable, "item", "power.plan"),
        ("a waiver that is over", by, "audit.WaiveItem", waive("power.plan", "2026-11-01"), InvalidArgument, "until", "or later"),
        ("a waiver until no day", by, "audit.WaiveItem", waive("power.plan", "2027-02-30"), InvalidArgument, "until", "a day that exists"),
        ("nothing measured", by, "audit.ConcludeAudit", json!({ "name": audit }), AuditIncomplete, "source.version", "one of 2005"),
    ];
    refuses(&wire, &d, cases).await;
}
