use platform::files::{FileId, FileInfo};
use proto::{
    audit::v1::{AuditReport, AuditState, FindingState as State, ReportItem, Verdict as Judged},
    common::v1::LocalizedText,
};

use super::*;
use crate::audit::report::report;

fn told(dossier: &Dossier, n: u128, now: Timestamp) -> AuditReport {
    report(dossier, attempt(n), "Auto Łęcki".into(), now).expect("an attempt")
}

fn item<'a>(report: &'a AuditReport, key: &str) -> &'a ReportItem {
    let mut items = report.sections.iter().flat_map(|section| &section.items);
    items.find(|item| item.key == key).unwrap_or_else(|| panic!("{key} is in the report"))
}

fn both(text: Option<&LocalizedText>) -> (&str, &str) {
    text.map(|text| (text.pl.as_str(), text.en.as_str())).unwrap_or_default()
}

fn text(item: &ReportItem) -> (&str, &str) {
    both(item.value.as_ref().and_then(|value| value.text.as_ref()))
}

/// Audit 1 that failed: too little memory, a minor item failed, one waived, one by another limit, one collected.
fn failed() -> Dossier {
    let mut dossier = audit_1();
    dossier.assign(attempt(1), "auditor-1", "od 8:00".into(), auditor(), at(0, 8)).expect("open");
    let note = Measurement { note: "2 × 4 GB".into(), ..value("ram.gb", (7.5, "GB")) };
    let values = but(but(good_audit_1(), note), value("power.plan", "balanced"));
    let values = but(but(values, value("host.domain_controller", true)), value("cpu.ghz", (1.3, "GHz")));
    record(&mut dossier, 1, values, at(0, 10));
    let origin = Origin { collector: "collect".into(), version: "1.4".into(), host: "SRV-DMS".into() };
    let collected =
        Collected { origin, at: Some(at(0, 11)), values: vec![value("disk.free_pct", (35.0, "%"))] };
    dossier.import(attempt(1), collected, contact(), at(0, 11)).expect("imported");
    dossier
        .waive(attempt(1), "host.domain_controller", waiver(), vec![], auditor(), at(0, 12))
        .expect("it says so");
    dossier
        .override_limit(attempt(1), "cpu.ghz", vec![1.2], waiver(), auditor(), at(0, 12))
        .expect("a number");
    conclude(&mut dossier, 1, at(0, 15)).expect("complete");
    dossier
}

#[test]
fn a_report_holds_result_sections_and_judgements() {
    let report = told(&failed(), 1, at(1, 9));
    assert_eq!((report.company.as_str(), report.audit, report.number), ("Auto Łęcki", 1, 1));
    assert_eq!((report.state(), report.passed, report.provisional), (AuditState::Failed, Some(false), false));
    assert!(report.missing.is_empty());
    let sections: Vec<_> = report.sections.iter().map(|section| section.key.as_str()).collect();
    assert_eq!(sections, ["facts", "host", "disk", "source", "backup", "link"]);
    assert_eq!(report.sections[0].facts.len(), 9, "the tenth is about the host");

    let ram = item(&report, "ram.gb");
    assert_eq!((text(ram), both(ram.limit.as_ref())), (("7,5 GB", "7.5 GB"), ("≥ 16 GB", "≥ 16 GB")));
    assert_eq!((ram.verdict(), ram.finding), (Judged::FailedBlocking, 1));
    assert_eq!(ram.value.as_ref().map(|value| value.note.as_str()), Some("2 × 4 GB"));
    let x64 = item(&report, "cpu.x64");
    assert_eq!((text(x64), both(x64.limit.as_ref())), (("tak", "yes"), ("tak", "yes")));
    let os = item(&report, "os.version");
    assert_eq!(both(os.limit.as_ref()), ("2019, 2022 lub 2025", "2019, 2022 or 2025"));
    let read = item(&report, "disk.read_ms");
    assert_eq!(both(read.limit.as_ref()).0, "< 20 ms, blokujące od 50 ms");
    let newer = item(&report, "sql.source_not_newer").value.as_ref().expect("worked out");
    assert!(newer.computed && newer.recorded_by.is_none());
}

#[test]
fn a_report_says_who_audited_and_who_answers_for_exceptions() {
    let report = told(&failed(), 1, at(1, 9));
    assert_eq!(report.assignments[0].auditor, "auditor-1");
    assert_eq!(report.concluded_by.as_ref().map(|by| by.subject.as_str()), Some("auditor-1"));
    let recorded_by = report.recorded_by.iter().map(|by| (by.subject.as_str(), !by.contact.is_empty()));
    assert_eq!(recorded_by.collect::<Vec<_>>(), [("auditor-1", false), ("", true)]);
    assert_eq!(report.collectors.len(), 1);
    let disk = item(&report, "disk.free_pct").value.as_ref().expect("collected");
    assert_eq!(disk.origin.as_ref().map(|origin| origin.host.as_str()), Some("SRV-DMS"));

    let waived = item(&report, "host.domain_controller");
    assert_eq!((waived.verdict(), text(waived)), (Judged::Waived, ("tak", "yes")));
    let waiver = waived.waiver.as_ref().expect("waived");
    assert_eq!((waiver.approver.as_str(), waiver.until.as_str()), ("Anna Nowak", "2027-01-31"));
    let cpu = item(&report, "cpu.ghz");
    assert_eq!(cpu.verdict(), Judged::Passed);
    assert_eq!(both(cpu.limit.as_ref()), ("≥ 1,2 GHz", "≥ 1.2 GHz"));
    assert_eq!(both(cpu.checklist_limit.as_ref()), ("≥ 1,4 GHz", "≥ 1.4 GHz"));
    let set = cpu.limit_override.as_ref().expect("overridden");
    assert_eq!((set.approver.as_str(), set.reason.is_empty()), ("Anna Nowak", false));
}

#[test]
fn a_report_holds_findings_and_their_steps_in_both_languages() {
    let mut dossier = failed();
    let ram = dossier.findings.iter().find(|f| f.item == "ram.gb").expect("opened").id;
    dossier.answer(ram, "dołożono 24 GB", &contact(), at(1, 8)).expect("open");
    let first = told(&dossier, 1, at(1, 9));
    let found = &first.findings[0];
    assert_eq!(both(found.measured.as_ref()), ("7,5 GB", "7.5 GB"));
    assert_eq!(both(found.limit.as_ref()).0, "≥ 16 GB");
    let finding = found.finding.as_ref().expect("a finding");
    assert_eq!((finding.state(), finding.steps.len()), (State::Answered, 2));
    assert_eq!(both(found.step_texts.last()).0, "dołożono 24 GB");

    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    record(&mut dossier, 2, vec![value("ram.gb", (31.5, "GB")), value("power.plan", "balanced")], at(3, 9));
    conclude(&mut dossier, 2, at(3, 10)).expect("complete");
    let second = told(&dossier, 2, at(3, 11));
    let ram = second.findings.iter().find(|f| f.finding.as_ref().is_some_and(|f| f.item == "ram.gb"));
    let verified = ram.expect("it was open when the attempt began");
    assert_eq!((verified.audit, verified.number), (1, 1));
    let told_by_conclusion = ("audyt 1, podejście 2: 31,5 GB", "audit 1, attempt 2: 31.5 GB");
    assert_eq!(both(verified.step_texts.last()), told_by_conclusion);

    let carried = item(&second, "cpu.x64").value.as_ref().expect("carried over");
    assert_eq!(carried.carried_from_number, 1);
    assert!(carried.carried_from.ends_with(&attempt(1).to_string()));
    assert_eq!(second.recorded_by.len(), 1, "who recorded what was carried over is in the first report");
    let third = told(&dossier, 1, at(3, 11));
    assert_eq!(
        third.findings.len(),
        first.findings.len(),
        "a later attempt adds nothing to an earlier report"
    );
}

#[test]
fn findings_that_were_verified_before_an_attempt_are_not_in_its_report() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    let finding = dossier.findings[0].id;
    dossier.verify(finding, "widziane", &auditor(), at(2, 8)).expect("open");
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    assert!(told(&dossier, 2, at(4, 9)).findings.is_empty());
    assert_eq!(told(&dossier, 1, at(4, 9)).findings.len(), 1);
}

#[test]
fn without_a_result_a_report_is_provisional_and_names_what_is_missing() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (32.0, "GB"))], at(0, 9));
    let open = told(&dossier, 1, at(0, 10));
    assert_eq!((open.state(), open.passed, open.provisional), (AuditState::Open, None, true));
    let missing: Vec<_> = open.missing.iter().map(|value| value.key.as_str()).collect();
    assert!(
        missing.contains(&"source.version")
            && missing.contains(&"power.plan")
            && !missing.contains(&"ram.gb")
    );
    let newer = open.missing.iter().find(|value| value.key == "sql.source_not_newer").expect("it waits");
    assert!(newer.waits_for.contains(&"source.version".to_owned()));
    let port = &open.sections[0].facts[7];
    assert_eq!((port.key.as_str(), port.value.as_ref().map(|v| v.by_default)), ("target.port", Some(true)));

    dossier.void(attempt(1), "zmiana wariantu", at(0, 12));
    let void = told(&dossier, 1, at(0, 13));
    assert_eq!((void.state(), void.void_reason.as_str()), (AuditState::Voided, "zmiana wariantu"));
    assert!(!void.provisional && void.missing.is_empty() && void.voided_at.is_some());
}

#[test]
fn a_voided_attempt_keeps_its_result_and_its_findings_count_no_more() {
    let mut dossier = failed();
    dossier.void(attempt(1), "zmiana wariantu", at(2, 8));
    let report = told(&dossier, 1, at(2, 9));
    assert_eq!((report.state(), report.passed, report.provisional), (AuditState::Voided, Some(false), false));
    assert!(report.findings.iter().all(|f| f.finding.as_ref().is_some_and(|f| f.voided)));
    open(&mut dossier, opening(AuditKind::One, 2, 1, at(4, 8)));
    assert!(told(&dossier, 2, at(4, 9)).findings.is_empty());
}

#[test]
fn what_was_measured_again_stands_beside_the_result() {
    let mut dossier = audit_1_with(good_audit_1());
    record(&mut dossier, 1, vec![value("link.ping_ms", (99.5, "ms"))], at(5, 9));
    let report = told(&dossier, 1, at(5, 10));
    let rtt = item(&report, "link.ping_ms");
    assert_eq!(rtt.verdict(), Judged::Passed);
    let again = rtt.refreshed.as_ref().expect("measured again");
    assert_eq!(both(again.text.as_ref()).0, "99,5 ms");
}

#[test]
fn attached_files_are_named() {
    let mut dossier = audit_1();
    let file = FileInfo {
        id: FileId(Uuid::from_u128(5)),
        display_name: "zdjęcie.png".into(),
        media_type: "image/png".into(),
        size_bytes: 3,
        sha256: String::new(),
        recorded_at: at(0, 9),
    };
    let attached = dossier.attach(attempt(1), "cpu.x64", vec![file], String::new(), &auditor(), at(0, 9));
    attached.expect("open");
    let report = told(&dossier, 1, at(0, 10));
    let attachments = &item(&report, "cpu.x64").attachments;
    let names = attachments.iter().filter_map(|a| a.file.as_ref()).map(|file| file.display_name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["zdjęcie.png"]);
}
