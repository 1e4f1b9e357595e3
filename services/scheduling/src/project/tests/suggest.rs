use DateKind::*;
use ErrorReason as R;

use super::*;
use crate::project::{
    suggest::{Suggestion, Suggestions},
    testing::reasons,
};

fn suggest(world: &mut World, from: Option<&str>, alternatives: usize) -> Suggestions {
    let from = from.map(day);
    world.run(&DECISION, |p, ctx| p.suggest_dates(from, alternatives, ctx)).expect("suggested")
}

fn chosen(set: &[Suggestion]) -> Vec<(DateKind, String)> {
    set.iter().map(|s| (s.kind, s.chosen.date.to_string())).collect()
}

fn expected(dates: [(DateKind, &str); 4]) -> Vec<(DateKind, String)> {
    dates.map(|(kind, text)| (kind, text.to_owned())).into()
}

#[test]
fn the_earliest_set_is_as_tight_as_the_rules_allow() {
    let suggested = suggest(&mut World::contracted(), None, 0);
    let tight = [TIGHT[0], TIGHT[1], TIGHT[2], (Migration, "2026-12-30T17:00:00/2026-12-31T06:00:00")];
    assert_eq!(chosen(&suggested.earliest), expected(tight));
}

#[test]
fn slack_leaves_two_business_days_at_each_date() {
    let suggested = suggest(&mut World::contracted(), None, 0);
    let slack = [
        (Readiness, "2026-11-18"),
        (Audit1, "2026-12-18"),
        (Audit2, "2026-12-23"),
        (Migration, "2027-01-11T17:00:00/2027-01-12T06:00:00"),
    ];
    assert_eq!(chosen(&suggested.with_slack), expected(slack));
}

/// Whatever is suggested is taken, and nothing earlier is.
#[test]
fn both_sets_and_all_alternatives_can_be_agreed() {
    let suggestions = suggest(&mut World::contracted(), Some("2026-12-01"), 4);
    for set in [suggestions.earliest, suggestions.with_slack] {
        let base = chosen(&set);
        for suggestion in &set {
            for candidate in std::iter::once(&suggestion.chosen).chain(&suggestion.alternatives) {
                let mut dates: Vec<_> =
                    base.iter().filter(|(kind, _)| *kind < suggestion.kind).cloned().collect();
                dates.push((suggestion.kind, candidate.date.to_string()));
                let dates: Vec<_> = dates.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
                World::contracted().propose(&CRM, &dates).1.expect("taken");
            }
        }
    }
}

#[test]
fn audit_1_days_that_leave_no_day_for_audit_2_are_never_offered() {
    let mut world = World::contracted();
    world.run(&CRM, |p, ctx| p.record_contract(day("2026-11-03"), "misread", ctx)).expect("corrected");
    let suggested = suggest(&mut world, Some("2026-11-20"), 10);
    let audit_1 = &suggested.earliest[1];
    let offered: Vec<_> =
        std::iter::once(&audit_1.chosen).chain(&audit_1.alternatives).map(|c| c.date.to_string()).collect();
    assert_eq!(offered[..4], ["2026-12-18", "2026-12-21", "2026-12-23", "2026-12-28"], "not the 22nd");
}

/// A run that had to start in its window's very first instant would always start outside it.
#[test]
fn run_outside_window_leaves_a_margin_in_suggested_windows_where_there_is_room() {
    let mut world = World::audit_2_passed();
    world.run(&CRM, |p, ctx| p.withdraw_date(Migration, "ill", ctx)).expect("withdrawn");
    world.hours = WorkingHours::parse(&[(Weekday::Friday, "06:30-17:00")], &[]).expect("hours");
    let mut offered = |from| suggest(&mut world, Some(from), 0).earliest[0].chosen.date.to_string();
    assert_eq!(offered("2027-01-08"), "2027-01-08T17:00:00/2027-01-09T06:00:00", "an hour more than needed");
    assert_eq!(offered("2027-01-14"), "2027-01-14T00:00:00/2027-01-14T13:00:00");
    world.hours = WorkingHours::parse(&[(Weekday::Tuesday, "12:00-13:00")], &[]).expect("hours");
    let mut offered = |from| suggest(&mut world, Some(from), 0).earliest[0].chosen.date.to_string();
    assert_eq!(
        offered("2027-01-12"),
        "2027-01-12T00:00:00/2027-01-12T12:00:00",
        "just enough is still offered"
    );
}

#[test]
fn windows_say_when_the_integrations_come_back_and_the_earlier_one_comes_first() {
    let mut world = World::audit_2_passed();
    world.run(&CRM, |p, ctx| p.withdraw_date(Migration, "ill", ctx)).expect("withdrawn");
    let suggested = suggest(&mut world, Some("2027-01-08"), 3);
    let migration = &suggested.earliest[0];
    let offered: Vec<_> = std::iter::once(&migration.chosen)
        .chain(&migration.alternatives)
        .map(|c| (c.date.to_string(), c.integrations_day.expect("a day").to_string()))
        .collect();
    let expected = [
        ("2027-01-08T17:00:00/2027-01-09T06:00:00", "2027-01-11"),
        ("2027-01-09T13:00:00/2027-01-10T02:00:00", "2027-01-11"),
        ("2027-01-10T00:00:00/2027-01-10T13:00:00", "2027-01-11"),
        ("2027-01-11T17:00:00/2027-01-12T06:00:00", "2027-01-13"),
    ];
    assert_eq!(offered, expected.map(|(window, back)| (window.to_owned(), back.to_owned())));
}

/// Two windows on one day: from midnight, back the next day; in the evening, a day later.
#[test]
fn of_two_windows_on_one_day_the_one_that_brings_them_back_earlier_comes_first() {
    let mut world = World::audit_2_passed();
    world.run(&CRM, |p, ctx| p.withdraw_date(Migration, "ill", ctx)).expect("withdrawn");
    world.hours = WorkingHours::parse(&[(Weekday::Tuesday, "12:30-13:00")], &[]).expect("hours");
    let suggested = suggest(&mut world, Some("2027-01-12"), 1);
    let back: Vec<_> = std::iter::once(&suggested.earliest[0].chosen)
        .chain(&suggested.earliest[0].alternatives)
        .map(|c| (c.date.to_string(), c.integrations_day.expect("a day").to_string()))
        .collect();
    assert_eq!(back[0], ("2027-01-12T00:00:00/2027-01-12T12:30:00".to_owned(), "2027-01-13".to_owned()));
    assert_eq!(back[1].0, "2027-01-12T13:00:00/2027-01-13T02:00:00");
}

#[test]
fn stages_that_are_over_are_left_out_and_real_days_count() {
    let suggested = suggest(&mut World::audit_1_passed(), None, 1);
    let kinds: Vec<_> = suggested.earliest.iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [Audit2, Migration]);
    assert_eq!(suggested.earliest[0].chosen.date.to_string(), "2026-12-18");
    assert_eq!(suggested.with_slack[0].chosen.date.to_string(), "2026-12-21", "the last day that is left");
}

#[test]
fn no_free_window_and_what_is_missing_are_refused() {
    let mut world = World::opened("2026-11-03T10:00");
    let refused = world.run(&CRM, |p, ctx| p.suggest_dates(None, 1, ctx));
    assert_eq!(reasons(refused), [R::ContractRequired, R::VariantRequired]);
    let mut world = World::contracted();
    world.hours = WorkingHours::around_the_clock();
    let refused = world.run(&CRM, |p, ctx| p.suggest_dates(None, 1, ctx));
    assert_eq!(reasons(refused), [R::NoFreeWindow]);
}
