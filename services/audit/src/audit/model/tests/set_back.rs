//! Scheduling's or licensing's database was restored from a backup.

use proto::{
    licensing::v1::{LicenceStatusChanged, LicensingEvent, licensing_event::Event as Licensing},
    scheduling::v1::{self as scheduling, SchedulingEvent, scheduling_event::Event as Scheduling},
};

use super::*;
use crate::audit::model::AttemptState;

const PROJECT: &str = "companies/c/projects/p";

fn told(events: impl IntoIterator<Item = Scheduling>) -> Vec<SchedulingEvent> {
    let event = |event| SchedulingEvent { event: Some(event), ..Default::default() };
    events.into_iter().map(event).collect()
}

fn opened() -> Scheduling {
    Scheduling::ProjectOpened(scheduling::ProjectOpened {})
}

fn chosen(variant: &str) -> Scheduling {
    Scheduling::VariantChosen(scheduling::VariantChosen { variant: variant.into(), ..Default::default() })
}

fn attempt_opened(n: u128) -> Scheduling {
    let attempt = attempt(n).to_string();
    Scheduling::AuditAttemptOpened(scheduling::AuditAttemptOpened { attempt, ..Default::default() })
}

fn set_back(dossier: &mut Dossier, events: &[SchedulingEvent]) -> Vec<(String, String, String)> {
    let (differences, _) = dossier.set_back(PROJECT, &events.iter().collect::<Vec<_>>(), at(9, 0));
    assert!(differences.iter().all(|d| d.project.as_deref() == Some(PROJECT)));
    differences.into_iter().map(|d| (d.what, d.here, d.there)).collect()
}

#[test]
fn a_dossier_that_is_as_scheduling_tells_stays_as_it_is() {
    let mut dossier = audit_1_with(good_audit_1());
    let before = dossier.clone();
    let events = told([opened(), chosen(VARIANT), attempt_opened(1)]);
    assert_eq!(set_back(&mut dossier, &events), []);
    assert_eq!(dossier, before);
}

#[test]
fn an_attempt_that_scheduling_does_not_know_is_voided_and_its_result_kept() {
    let mut dossier = audit_1_with(good_audit_1());
    let found = set_back(&mut dossier, &told([opened(), chosen("existing_server")]));
    let attempt = format!("attempt {} counts", attempt(1));
    let expected = [
        ("variant".to_owned(), VARIANT.to_owned(), "existing_server".to_owned()),
        ("attempt".to_owned(), attempt, String::new()),
    ];
    assert_eq!(found, expected);
    assert_eq!(dossier.variant.as_deref(), Some("existing_server"));
    assert!(dossier.attempts[0].is_voided() && dossier.attempts[0].conclusion().is_some());
    open(&mut dossier, opening(AuditKind::One, 2, 1, at(10, 8)));
    assert!(dossier.attempts[1].is_open(), "another one takes its place");
}

#[test]
fn an_attempt_that_scheduling_does_not_hold_to_be_voided_counts_again() {
    for (mut dossier, concluded) in [(audit_1_with(good_audit_1()), true), (audit_1(), false)] {
        dossier.close("cancelled: sold", at(3, 0));
        dossier.void(attempt(1), "the variant was changed", at(3, 0));
        let found = set_back(&mut dossier, &told([opened(), chosen(VARIANT), attempt_opened(1)]));
        assert_eq!(found[0], ("closed".to_owned(), "cancelled: sold".to_owned(), String::new()));
        assert_eq!(found[1].0, "attempt");
        assert_eq!(dossier.closed, None);
        assert_eq!(matches!(dossier.attempts[0].state, AttemptState::Concluded(_)), concluded);
    }
}

#[test]
fn a_project_that_scheduling_does_not_know_is_over() {
    let mut dossier = audit_1();
    assert_eq!(set_back(&mut dossier, &[]), [("project".to_owned(), "opened".to_owned(), String::new())]);
    assert!(dossier.closed.is_some() && dossier.attempts[0].is_voided());
}

#[test]
fn the_licences_are_as_licensing_tells() {
    let mut dossier = dossier();
    let status = |missing: &[&str]| {
        let missing = missing.iter().map(|&key| key.to_owned()).collect();
        let event = LicenceStatusChanged { variant: VARIANT.into(), missing, ..Default::default() };
        LicensingEvent { event: Some(Licensing::LicenceStatusChanged(event)), ..Default::default() }
    };
    let events = [status(&["windows_server"]), status(&[])];
    let found = dossier.set_back_licence(PROJECT, events.iter());
    assert_eq!((found[0].here.as_str(), found[0].there.as_str()), ("", "new_server: complete"));
    assert!(dossier.set_back_licence(PROJECT, events.iter()).is_empty());
    let found = dossier.set_back_licence(PROJECT, events[..1].iter());
    assert_eq!(found[0].there, "new_server: missing windows_server");
    dossier.close("completed", at(3, 0));
    assert_eq!(dossier.set_back_licence(PROJECT, events.iter()), [], "it is over");
}
