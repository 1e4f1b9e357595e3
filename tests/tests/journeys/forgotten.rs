//! Personal data leaves every database when a contact is anonymised.

use std::{fs, path::Path, time::Duration};

use journeys::{Installation, Layout};
use proto::{
    notification::v1::{AnswerQuestionRequest, AskQuestionRequest},
    scheduling::v1::{
        AnonymiseContactRequest, Contact, ContactRole, CreateContactRequest, ExportContactRequest,
        GetContactRequest, UpdateContactRequest,
    },
};
use story::{Dealership, Facts, Through};

use crate::common::NOW;

const PHONE: &str = "+48 600 700 800";

/// Which of the traces some database holds; its journal counts.
fn found(data_dir: &Path, traces: &[&str]) -> Vec<String> {
    let files = fs::read_dir(data_dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    let databases =
        files.filter(|file| file.file_name().is_some_and(|n| n.to_string_lossy().contains(".db")));
    let holds =
        |bytes: &[u8], trace: &str| bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
    databases
        .flat_map(|file| {
            let bytes = fs::read(&file).expect("readable");
            let held = traces.iter().filter(|trace| holds(&bytes, trace));
            held.map(|trace| format!("{trace} in {}", file.display())).collect::<Vec<_>>()
        })
        .collect()
}

/// Paweł, with a phone and a question, is anonymised while he still takes part.
#[tokio::test]
async fn an_anonymised_contact_is_in_no_database_and_no_export() {
    let mut installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
    d.go_through(Through::Contracting).await.expect("dates are agreed");
    let (pawel, name) = (&d.technical, d.technical.contact.clone());

    let contact = world.crm.call(GetContactRequest { name: name.clone() }).await.expect("there");
    let contact = Some(Contact { phone: PHONE.into(), ..contact });
    world.crm.call(UpdateContactRequest { contact, ..Default::default() }).await.expect("a phone");
    let question = AskQuestionRequest {
        parent: d.company.clone(),
        subject: "Kopie zapasowe".into(),
        text: format!("Proszę o telefon: {PHONE}. {}", pawel.display_name),
        ..Default::default()
    };
    let asked = pawel.portal.call(question).await.expect("asked");
    let answer = format!("{}, zadzwonimy.", pawel.display_name);
    let answer = AnswerQuestionRequest { name: asked.name, text: answer, ..Default::default() };
    world.crm.call(answer).await.expect("answered");
    let ewa = Contact {
        display_name: "Ewa Testowa".into(),
        email: "ewa@auto-dom.example".into(),
        language: "pl".into(),
        roles: vec![ContactRole::Technical.into()],
        ..Default::default()
    };
    let ewa = CreateContactRequest { parent: d.company.clone(), contact: Some(ewa), ..Default::default() };
    world.crm.call(ewa).await.expect("another technical contact");
    installation.settled().await;
    let (_, email) = Facts::AUTODOM.technical;
    let traces = [pawel.display_name.as_str(), email, PHONE];
    let before = found(&installation.data_dir(), &traces);
    for trace in traces {
        for service in ["scheduling.db", "notification.db"] {
            assert!(
                before.iter().any(|f| f.starts_with(trace) && f.contains(service)),
                "{trace}: {before:?}"
            );
        }
    }

    let request = AnonymiseContactRequest { name: name.clone(), ..Default::default() };
    world.crm.call(request).await.expect("anonymised");
    installation.settled().await;
    let export = world.crm.call(ExportContactRequest { name }).await.expect("the history keeps its shape");
    assert!(traces.iter().all(|trace| !format!("{export:?}").contains(trace)), "{export:?}");
    let cancelled = |mail: &str| mail.contains("method=CANCEL") && mail.contains(email);
    let mails =
        fs::read_dir(installation.mail()).expect("a folder").map(|mail| mail.expect("an entry").path());
    let taken_out = mails.filter(|mail| cancelled(&fs::read_to_string(mail).expect("ASCII"))).count();
    assert_eq!(taken_out, 4, "each agreed date left his calendar");

    // A start, and an end, empty SQLite's journals; so does every hour.
    assert_eq!(installation.processes[0].process.stop(Duration::from_secs(20)).await, 0);
    assert_eq!(found(&installation.data_dir(), &traces), Vec::<String>::new());
}
