use std::sync::LazyLock;

use rstest::rstest;

use super::*;
use crate::project::{
    stops::{StopHow, StopItem, StopList, Stopped},
    testing::{CRM, TECHNICAL, allowed, at, reasons, stored},
};

/// Saturday evening to Sunday morning: 12 hours, for 6 planned and 4 in reserve.
const WINDOW: (&str, &str) = ("2027-01-23T20:00:00+01:00", "2027-01-24T08:00:00+01:00");
const NOW: &str = "2027-01-23T20:30:00+01:00";
const TERMS: MigrationTerms = MigrationTerms { buffer_days: 7, planned_hours: 6, reserve_hours: 4 };

fn window() -> Interval {
    Interval::new(at(WINDOW.0), at(WINDOW.1))
}

static LISTS: LazyLock<SystemLists> = LazyLock::new(|| {
    let erp = StopItem { key: "erp".into(), name: "ERP".into(), owner: String::new() };
    SystemLists { systems: vec![erp], applications: Vec::new() }
});

fn gate() -> RunGate<'static> {
    RunGate {
        unlocked_at: Some(at("2027-01-15T12:00:00+01:00")),
        buffers: &[],
        window: Some(window()),
        lists: Some(&LISTS),
        terms: TERMS,
        stale: &[],
        licences_missing: &[],
    }
}

/// All that is listed is confirmed as the window opens.
fn stopped() -> Stops {
    let erp = Stopped { list: StopList::Systems, key: "erp".into(), how: StopHow::Stopped };
    let mut stops = Stops::default();
    let confirmed = stops.confirm(&[erp], Some(&LISTS), Some(window()), None, &TECHNICAL, at(WINDOW.0));
    confirmed.expect("confirmed");
    stops
}

fn started() -> Migration {
    let mut migration = Migration::default();
    migration.start(&gate(), &mut stopped(), None, &CRM, at(NOW)).expect("started");
    migration
}

fn restored() -> Migration {
    let mut migration = started();
    let restored = migration.databases_restored(None, &CRM, at("2027-01-23T23:30:00+01:00"));
    restored.expect("restored");
    migration
}

fn finished() -> Migration {
    let mut migration = restored();
    migration.finish(None, &CRM, at("2027-01-24T01:00:00+01:00")).expect("finished");
    migration
}

#[rstest]
#[case::as_the_window_opens("2027-01-23T20:00:00+01:00", true)]
#[case::the_latest_start("2027-01-23T22:00:00+01:00", true)]
#[case::a_second_later("2027-01-23T22:00:01+01:00", false)]
#[case::before_the_window("2027-01-23T19:59:59+01:00", false)]
#[case::after_it("2027-01-24T09:00:00+01:00", false)]
fn run_outside_window_names_the_latest_start(#[case] now: &str, #[case] fine: bool) {
    let none = SystemLists::default();
    let gate = RunGate { lists: Some(&none), ..gate() };
    let start = Migration::default().start(&gate, &mut Stops::default(), None, &CRM, at(now));
    assert_eq!(start.is_ok(), fine, "{start:?}");
    if !fine {
        assert_eq!(allowed(start.clone()), "2027-01-23T20:00:00+01:00/2027-01-23T22:00:00+01:00");
        assert_eq!(reasons(start), [ErrorReason::RunOutsideWindow]);
    }
}

/// 22:00 to 09:00 lasts 10 hours in the night of March, and 12 in that of October; the run needs 10.
#[rstest]
#[case::spring("2027-03-27T22:00:00+01:00", "2027-03-28T09:00:00+02:00", "2027-03-27T22:00:00+01:00")]
#[case::autumn("2027-10-30T22:00:00+02:00", "2027-10-31T09:00:00+01:00", "2027-10-31T00:00:00+02:00")]
fn run_outside_window_counts_elapsed_hours(#[case] start: &str, #[case] end: &str, #[case] latest: &str) {
    let gate = RunGate { window: Some(Interval::new(at(start), at(end))), ..gate() };
    assert_eq!(fits(&gate, at(latest)).expect("fits").end, at(end));
    let late = at(latest) + SignedDuration::from_secs(1);
    assert_eq!(fits(&gate, late).expect_err("refused").allowed, format!("{start}/{latest}"));
}

#[test]
fn run_outside_window_without_an_agreed_window() {
    let gate = RunGate { window: None, ..gate() };
    let start = Migration::default().start(&gate, &mut stopped(), None, &CRM, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::SystemsNotStopped, ErrorReason::RunOutsideWindow]);
}

#[test]
fn run_start_names_every_broken_rule_at_once() {
    let (stale, missing) = (["backup.full_age_d".to_owned()], ["windows_server".to_owned()]);
    let buffers = [Violation::new(ErrorReason::MigrationBuffer).allowed("2027-01-25")];
    let gate = RunGate {
        unlocked_at: None,
        lists: None,
        buffers: &buffers,
        stale: &stale,
        licences_missing: &missing,
        ..gate()
    };
    let mut stops = Stops::default();
    let start = Migration::default().start(&gate, &mut stops, None, &CRM, at("2027-01-24T12:00:00+01:00"));
    let expected = [
        ErrorReason::LicenceRequired,
        ErrorReason::MigrationBuffer,
        ErrorReason::EvidenceStale,
        ErrorReason::SystemsNotStopped,
        ErrorReason::RunOutsideWindow,
        ErrorReason::StageLocked,
    ];
    assert_eq!(reasons(start), expected);
}

#[test]
fn evidence_stale_names_what_to_measure_again() {
    let stale = ["backup.full_age_d".to_owned(), "link.mbps".to_owned()];
    let gate = RunGate { stale: &stale, ..gate() };
    let refusal =
        Migration::default().start(&gate, &mut stopped(), None, &CRM, at(NOW)).expect_err("refused");
    assert_eq!(refusal.reason(), ErrorReason::EvidenceStale);
    assert_eq!(refusal.violations()[0].asked, "expired: backup.full_age_d, link.mbps");
}

#[test]
fn licence_required_at_the_start_of_a_run() {
    let missing = ["windows_server".to_owned()];
    let gate = RunGate { licences_missing: &missing, ..gate() };
    let start = Migration::default().start(&gate, &mut stopped(), None, &CRM, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::LicenceRequired]);
}

/// The start may be told late; it is judged by when it happened, and not before its systems stood still.
#[rstest]
#[case::in_time("2027-01-23T21:00:00+01:00", None)]
#[case::after_the_latest_start("2027-01-23T22:30:00+01:00", Some(ErrorReason::RunOutsideWindow))]
#[case::before_the_last_confirmation("2027-01-23T19:59:59+01:00", Some(ErrorReason::OccurredAtInvalid))]
#[case::in_the_future("2027-01-23T23:00:01+01:00", Some(ErrorReason::OccurredAtInvalid))]
fn occurred_at_of_a_start_is_judged_by_every_rule(#[case] when: &str, #[case] refused: Option<ErrorReason>) {
    let now = at("2027-01-23T23:00:00+01:00");
    let start = Migration::default().start(&gate(), &mut stopped(), Some(at(when)), &CRM, now);
    match refused {
        Some(reason) => assert_eq!(start.expect_err("refused").reason(), reason),
        None => assert!(start.is_ok(), "{start:?}"),
    }
}

#[test]
fn systems_not_stopped_leaves_the_confirmations_when_refused() {
    let mut stops = stopped();
    let gate = RunGate { unlocked_at: None, ..gate() };
    let start = Migration::default().start(&gate, &mut stops, None, &CRM, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::StageLocked]);
    assert_eq!(stops, stopped());
}

#[test]
fn run_starts_once_and_takes_its_confirmations() {
    let mut migration = started();
    let run = migration.in_progress().expect("in progress");
    assert_eq!((run.number, run.stopped.len()), (1, 1));
    assert_eq!(run.reserve_at, at("2027-01-24T04:00:00+01:00"));
    let again = migration.start(&gate(), &mut stopped(), None, &CRM, at(NOW));
    assert_eq!(reasons(again), [ErrorReason::StageLocked]);
    let long = Interval::new(at(WINDOW.0), at("2027-01-25T08:00:00+01:00"));
    let gate = RunGate { window: Some(long), ..gate() };
    let again = finished().start(&gate, &mut stopped(), None, &CRM, at("2027-01-24T02:00:00+01:00"));
    assert_eq!(reasons(again), [ErrorReason::StageLocked]);
}

#[test]
fn run_goes_from_started_to_restored_to_finished() {
    let unrestored = started().finish(None, &CRM, at("2027-01-24T01:00:00+01:00"));
    assert_eq!(allowed(unrestored), "once the databases are restored");
    let migration = stored(&finished());
    let (run, restored, finished) = migration.finished().expect("finished");
    assert_eq!((run.number, restored.local_day().to_string().as_str()), (1, "2027-01-23"));
    assert_eq!(finished.occurred_at, at("2027-01-24T01:00:00+01:00"));
    assert!(migration.in_progress().is_none());
}

#[test]
fn run_facts_are_softvigs() {
    let now = at("2027-01-24T01:00:00+01:00");
    let denied = [ErrorReason::PermissionDenied];
    assert_eq!(reasons(started().databases_restored(None, &TECHNICAL, now)), denied);
    assert_eq!(reasons(restored().finish(None, &TECHNICAL, now)), denied);
    assert_eq!(reasons(started().roll_back("no", None, &TECHNICAL, now)), denied);
}

#[test]
fn run_facts_are_accepted_however_late() {
    let (mut migration, late) = (started(), at("2027-02-03T10:00:00+01:00"));
    let restored = Some(at("2027-01-24T09:30:00+01:00"));
    migration.databases_restored(restored, &CRM, late).expect("after the window, told days later");
    migration.finish(Some(at("2027-01-24T11:00:00+01:00")), &CRM, late).expect("accepted");
    assert_eq!(migration.finished().expect("finished").1.local_day().to_string(), "2027-01-24");
}

#[rstest]
#[case::before_the_start("2027-01-23T20:29:59+01:00")]
#[case::in_the_future("2027-01-24T01:00:01+01:00")]
fn occurred_at_invalid_for_the_steps_of_a_run(#[case] when: &str) {
    let now = at("2027-01-24T01:00:00+01:00");
    let result = started().databases_restored(Some(at(when)), &CRM, now);
    assert_eq!(allowed(result), "2027-01-23T20:30:00+01:00/2027-01-24T01:00:00+01:00");
}

#[test]
fn run_restored_again_counts_by_the_last_time() {
    let mut migration = restored();
    let again = migration.databases_restored(None, &CRM, at("2027-01-24T00:40:00+01:00")).expect("restored");
    let occurred_at = at("2027-01-24T00:40:00+01:00");
    assert_eq!(again, [RunEvent::DatabasesRestored { attempt: 1, occurred_at }]);
    migration.finish(None, &CRM, at("2027-01-24T01:00:00+01:00")).expect("finished");
    assert_eq!(migration.finished().expect("finished").1.occurred_at, occurred_at);
}

#[rstest]
#[case::before_the_databases(started(), false)]
#[case::after_them(restored(), true)]
fn rollback_is_open_until_finished_and_the_next_attempt_is_numbered(
    #[case] mut migration: Migration,
    #[case] had_restored: bool,
) {
    let now = at("2027-01-24T03:00:00+01:00");
    assert_eq!(reasons(migration.roll_back("", None, &CRM, now)), [ErrorReason::InvalidArgument]);
    migration.roll_back("power cut", None, &CRM, now).expect("rolled back");
    let RunState::RolledBack { restored, .. } = &migration.runs()[0].state else {
        panic!("rolled back");
    };
    assert_eq!(restored.is_some(), had_restored, "nothing recorded is lost");
    assert_eq!(reasons(migration.roll_back("again", None, &CRM, now)), [ErrorReason::StageLocked]);
    assert!(!migration.freezes_variant());

    let early = Some(at("2027-01-24T02:59:59+01:00"));
    let gate =
        RunGate { window: Some(Interval::new(at(WINDOW.0), at("2027-01-24T18:00:00+01:00"))), ..gate() };
    let before = migration.start(&gate, &mut stopped(), early, &CRM, now);
    assert_eq!(reasons(before), [ErrorReason::OccurredAtInvalid]);
    let events = migration.start(&gate, &mut stopped(), None, &CRM, now).expect("second attempt");
    assert!(matches!(events[..], [RunEvent::Started { attempt: 2, .. }]));
    assert_eq!(migration.runs().len(), 2);
}

#[test]
fn rollback_closed_after_finished() {
    let result = finished().roll_back("too late", None, &CRM, at("2027-01-24T02:00:00+01:00"));
    assert_eq!(reasons(result), [ErrorReason::RollbackClosed]);
}

#[rstest]
#[case::none(Migration::default(), false)]
#[case::started(started(), true)]
#[case::finished(finished(), true)]
fn variant_frozen_from_the_start_of_a_run(#[case] migration: Migration, #[case] frozen: bool) {
    assert_eq!(migration.freezes_variant(), frozen);
}

#[test]
fn run_reopened_counts_no_more_and_still_freezes_the_variant() {
    let mut migration = finished();
    let now = at("2027-01-26T10:00:00+01:00");
    assert_eq!(reasons(started().reopen("data missing", &CRM, now)), [ErrorReason::StageLocked]);
    let events = migration.reopen("data missing", &CRM, now).expect("reopened");
    assert_eq!(events, [RunEvent::Reopened { attempt: 1, reason: "data missing".into() }]);
    assert!(migration.finished().is_none() && migration.freezes_variant());
    assert_eq!(migration.next_number(), 2);
    assert_eq!(reasons(migration.roll_back("old", None, &CRM, now)), [ErrorReason::StageLocked]);
}

/// Each instant, and what time alone brings at it to a run that is neither finished nor rolled back.
#[test]
fn run_reserve_reached_and_window_overrun_are_told_once() {
    let mut migration = restored();
    assert_eq!(migration.next_tick(), Some(at("2027-01-24T04:00:00+01:00")));
    assert_eq!(migration.tick(at("2027-01-24T03:59:59+01:00")), []);
    assert_eq!(migration.tick(at("2027-01-24T04:00:00+01:00")), [RunEvent::ReserveReached { attempt: 1 }]);
    assert_eq!(migration.tick(at("2027-01-24T04:00:00+01:00")), []);
    assert_eq!(migration.next_tick(), Some(at(WINDOW.1)));
    assert_eq!(migration.tick(at(WINDOW.1)), [RunEvent::WindowOverrun { attempt: 1 }]);
    assert_eq!((migration.next_tick(), migration.tick(at("2027-01-25T00:00:00Z"))), (None, Vec::new()));
    assert!(migration.in_progress().is_some(), "the software never rolls back by itself");
}

#[test]
fn run_overrun_after_a_standstill_tells_both() {
    let events = started().tick(at("2027-01-25T00:00:00+01:00"));
    assert_eq!(events, [RunEvent::ReserveReached { attempt: 1 }, RunEvent::WindowOverrun { attempt: 1 }]);
}

#[test]
fn run_that_is_over_is_alerted_no_more() {
    let mut migration = finished();
    assert_eq!((migration.next_tick(), migration.tick(at(WINDOW.1))), (None, Vec::new()));
}

#[rstest]
#[case::moves_the_day(RunStep::Restored, "2027-01-24T00:30:00+01:00", None)]
#[case::before_the_start(
    RunStep::Restored,
    "2027-01-23T20:00:00+01:00",
    Some(ErrorReason::OccurredAtInvalid)
)]
#[case::after_the_end(RunStep::Restored, "2027-01-24T01:00:01+01:00", Some(ErrorReason::OccurredAtInvalid))]
#[case::the_start(RunStep::Started, "2027-01-23T20:00:00+01:00", None)]
#[case::the_start_before_its_window(
    RunStep::Started,
    "2027-01-23T19:59:59+01:00",
    Some(ErrorReason::OccurredAtInvalid)
)]
#[case::the_start_after_the_restoration(
    RunStep::Started,
    "2027-01-23T23:30:01+01:00",
    Some(ErrorReason::OccurredAtInvalid)
)]
#[case::the_end(RunStep::Finished, "2027-01-24T02:00:00+01:00", None)]
#[case::what_never_was(RunStep::RolledBack, "2027-01-24T02:00:00+01:00", Some(ErrorReason::StageLocked))]
fn occurred_at_of_a_step_is_corrected_between_its_neighbours(
    #[case] step: RunStep,
    #[case] when: &str,
    #[case] refused: Option<ErrorReason>,
) {
    let mut migration = finished();
    let result = migration.correct(step, at(when), "a wrong clock", &CRM, at("2027-01-25T09:00:00+01:00"));
    match refused {
        Some(reason) => {
            assert_eq!(reasons(result), [reason]);
            assert_eq!(migration, finished());
        }
        None => assert!(matches!(result.expect("corrected")[..], [RunEvent::Corrected { attempt: 1, .. }])),
    }
}
