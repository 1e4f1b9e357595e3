use platform::files::FileInfo;

use super::*;

fn file(n: u128) -> FileInfo {
    FileInfo {
        id: Uuid::from_u128(n).into(),
        display_name: format!("{n}.pdf"),
        media_type: "application/pdf".to_owned(),
        size_bytes: 100,
        sha256: "00".repeat(32),
        recorded_at: at(0, 9),
    }
}

fn attach(dossier: &mut Dossier, item: &str, files: Vec<FileInfo>) -> Result<Vec<Event>, Refusal> {
    dossier.attach(attempt(1), item, files, "seen".into(), &auditor(), at(0, 10))
}

fn attached(dossier: &Dossier, n: u128, item: &str) -> Vec<String> {
    let attempt = dossier.attempt(attempt(n)).expect("it was opened");
    dossier.attachments(attempt, item).map(|a| a.file.display_name.clone()).collect()
}

#[test]
fn files_are_attached_to_items_of_an_open_audit() {
    let mut dossier = audit_1();
    let events = attach(&mut dossier, "cpu.ghz", vec![file(1), file(2)]).expect("it is open");
    let [Event::FilesAttached { key, files, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((key.as_str(), files.len()), ("cpu.ghz", 2));
    assert_eq!(attached(&dossier, 1, "cpu.ghz"), ["1.pdf", "2.pdf"]);

    let invalid = |field: &str| vec![(ErrorReason::InvalidArgument, field.to_owned())];
    assert_eq!(refused(&mut dossier, |d| attach(d, "cpu.ghz", vec![])), invalid("files"));
    assert_eq!(refused(&mut dossier, |d| attach(d, "cpu.ghz", vec![file(3), file(2)])), invalid("files[1]"));
    assert_eq!(refused(&mut dossier, |d| attach(d, "no.such", vec![file(3)])), invalid("item"));
    let many = (3..22).map(file).collect();
    assert_eq!(refused(&mut dossier, |d| attach(d, "cpu.ghz", many)), invalid("files"));
    attach(&mut dossier, "cpu.ghz", (3..21).map(file).collect()).expect("twenty");

    record(&mut dossier, 1, good_audit_1(), at(0, 11));
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");
    let locked = vec![(ErrorReason::AuditLocked, "name".to_owned())];
    assert_eq!(refused(&mut dossier, |d| attach(d, "ram.gb", vec![file(30)])), locked);
    let detach = |d: &mut Dossier| d.detach(attempt(1), "cpu.ghz", file(1).id, "wrong".into(), &auditor());
    assert_eq!(refused(&mut dossier, detach), locked);
}

#[test]
fn the_company_takes_off_only_what_it_attached() {
    let mut dossier = audit_1();
    attach(&mut dossier, "cpu.ghz", vec![file(1)]).expect("attached");
    let by_company =
        dossier.attach(attempt(1), "cpu.ghz", vec![file(2)], String::new(), &contact(), at(0, 10));
    by_company.expect("attached");
    let detach =
        |d: &mut Dossier, n, by: &Actor| d.detach(attempt(1), "cpu.ghz", file(n).id, "wrong".into(), by);
    let denied = vec![(ErrorReason::PermissionDenied, "file".to_owned())];
    assert_eq!(refused(&mut dossier, |d| detach(d, 1, &contact())), denied);
    detach(&mut dossier, 2, &contact()).expect("its own");
    let invalid = vec![(ErrorReason::InvalidArgument, "file".to_owned())];
    assert_eq!(refused(&mut dossier, |d| detach(d, 2, &auditor())), invalid);
    let no_reason = |d: &mut Dossier| d.detach(attempt(1), "cpu.ghz", file(1).id, " ".into(), &auditor());
    assert_eq!(refused(&mut dossier, no_reason), [(ErrorReason::InvalidArgument, "reason".to_owned())]);
    detach(&mut dossier, 1, &auditor()).expect("SOFTVIG's");
    assert_eq!(attached(&dossier, 1, "cpu.ghz"), Vec::<String>::new());
}

#[test]
fn what_is_carried_over_brings_its_files() {
    let mut dossier = audit_1();
    attach(&mut dossier, "cpu.ghz", vec![file(1)]).expect("attached");
    attach(&mut dossier, "ram.gb", vec![file(2)]).expect("attached");
    record(&mut dossier, 1, but(good_audit_1(), value("ram.gb", (8.0, "GB"))), at(0, 11));
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");
    assert!(!passed(&dossier, 1), "too little memory");
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(5, 8)));
    assert_eq!(attached(&dossier, 2, "cpu.ghz"), ["1.pdf"]);
    assert_eq!(attached(&dossier, 2, "ram.gb"), Vec::<String>::new(), "it is measured again");
    let more = dossier.attach(attempt(2), "cpu.ghz", vec![file(3)], String::new(), &auditor(), at(5, 9));
    more.expect("attached");
    assert_eq!(attached(&dossier, 2, "cpu.ghz"), ["1.pdf", "3.pdf"]);
}

#[test]
fn nothing_is_attached_while_an_audit_rests() {
    let mut dossier = audit_1();
    dossier.pause(attempt(1), "waits for the host".into(), auditor(), at(0, 9)).expect("it is open");
    let fields = refused(&mut dossier, |d| attach(d, "cpu.ghz", vec![file(1)]));
    assert_eq!(fields[0].0, ErrorReason::AuditLocked);
}
