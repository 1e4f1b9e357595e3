use platform::actor::Party;
use proto::scheduling::v1::{DateKind, Stage};

use super::{Entry, Planned, Project, Proposal, Reminder, ReminderPolicy, Step, Unanswered, Verdict};
use crate::fixtures::{COMPANY, PROJECT, at, audit_2, day, migration, window};

fn project() -> Project {
    let mut project = Project::new(COMPANY, PROJECT);
    project.unlock(Stage::Audit1);
    project.agree("m", "", Planned::read(&migration()).expect("well-formed"));
    project
}

fn reminders(entry: &Entry, now: &str) -> Vec<(i32, String)> {
    let ahead = ReminderPolicy::shipped().ahead(PROJECT, entry, at(now));
    ahead.into_iter().map(|(r, due_at)| (r.days_before, due_at.to_string())).collect()
}

#[test]
fn reminders_come_7_days_and_1_day_before_and_on_the_morning_in_local_time() {
    let mut project = project();
    let entry = project.agree("m", "", Planned::read(&migration()).expect("well-formed")).clone();
    assert_eq!(
        reminders(&entry, "2026-12-01T09:00:00Z"),
        [
            (7, "2027-01-08T06:00:00Z".into()),
            (1, "2027-01-14T06:00:00Z".into()),
            (0, "2027-01-15T06:00:00Z".into())
        ]
    );
    // Easter Sunday 2027 is the day of the clock change: 07:00 is an hour earlier in UTC after it.
    let entry =
        project.agree("s", "", Planned::read(&day(DateKind::Readiness, "2027-03-29")).expect("well-formed"));
    assert_eq!(
        reminders(entry, "2026-12-01T09:00:00Z"),
        [
            (7, "2027-03-22T06:00:00Z".into()),
            (1, "2027-03-28T05:00:00Z".into()),
            (0, "2027-03-29T05:00:00Z".into())
        ]
    );
}

#[test]
fn reminders_that_are_past_when_the_date_is_agreed_are_not_made_up_for() {
    let mut project = project();
    let entry = project.agree("a", "", Planned::read(&audit_2()).expect("well-formed"));
    let (eve, morning) = ((1, "2027-01-10T06:00:00Z".to_owned()), (0, "2027-01-11T06:00:00Z".to_owned()));
    assert_eq!(reminders(entry, "2027-01-04T06:00:00Z"), [eve, morning.clone()]);
    assert_eq!(reminders(entry, "2027-01-10T06:00:00Z"), [morning]);
    assert_eq!(reminders(entry, "2027-01-11T06:00:00Z"), []);
}

#[test]
fn what_begins_before_the_hour_has_no_reminder_that_morning() {
    let days = |from: &str, to: &str| {
        let mut project = project();
        let date = Planned::read(&window(DateKind::Migration, from, to)).expect("well-formed");
        let entry = project.agree("w", "", date);
        reminders(entry, "2026-12-01T09:00:00Z").into_iter().map(|(days, _)| days).collect::<Vec<_>>()
    };
    let end = "2027-01-16T15:00:00Z";
    assert_eq!(days("2027-01-15T23:00:00Z", end), [7, 1], "at midnight in Poland");
    assert_eq!(days("2027-01-16T06:00:00Z", end), [7, 1], "at 07:00");
    assert_eq!(days("2027-01-16T07:00:00Z", end), [7, 1, 0], "an audit at 08:00");
}

#[test]
fn a_reminder_of_the_morning_is_of_use_until_the_date_begins() {
    let mut project = Project::new(COMPANY, PROJECT);
    project.agree("m", "", Planned::read(&migration()).expect("well-formed"));
    project.agree("a", "", Planned::read(&audit_2()).expect("well-formed"));
    for (agreement, now, sent) in [
        ("m", "2027-01-15T20:59:59Z", true),
        ("m", "2027-01-15T21:00:00Z", false),
        // A whole day has no hour at which it begins.
        ("a", "2027-01-11T06:00:00Z", true),
        ("a", "2027-01-11T22:59:59Z", true),
        ("a", "2027-01-11T23:00:00Z", false),
    ] {
        let due = Reminder { project: PROJECT, agreement: agreement.into(), days_before: 0 };
        let verdict = due.judge(&project, &ReminderPolicy::shipped(), at(now));
        assert_eq!(matches!(verdict, Verdict::Send { .. }), sent, "{agreement} at {now}: {verdict:?}");
    }
}

#[test]
fn a_due_reminder_is_judged_by_what_is_known_then() {
    let reminder = Reminder { project: PROJECT, agreement: "m".into(), days_before: 7 };
    assert_eq!(reminder.to_string().parse::<Reminder>().expect("reads back"), reminder);
    type Case = (&'static str, fn(&mut Project), &'static str, Result<Option<Stage>, &'static str>);
    let cases: [Case; 9] = [
        ("gate open", |_| {}, "2027-01-08T07:00:00Z", Ok(Some(Stage::Audit1))),
        ("next gate", |p| p.unlock(Stage::Audit2), "2027-01-08T07:00:00Z", Ok(Some(Stage::Audit2))),
        ("no gate", |p| p.unlock(Stage::Migration), "2027-01-08T07:00:00Z", Ok(None)),
        ("a little late", |_| {}, "2027-01-08T22:59:59Z", Ok(Some(Stage::Audit1))),
        ("a day late", |_| {}, "2027-01-08T23:00:00Z", Err("too late to be of use")),
        (
            "withdrawn",
            |p| {
                p.withdraw("m");
            },
            "2027-01-08T07:00:00Z",
            Err("the date was moved or withdrawn"),
        ),
        (
            "moved",
            |p| {
                p.agree("m2", "m", Planned::read(&migration()).expect("well-formed"));
            },
            "2027-01-08T07:00:00Z",
            Err("the date was moved or withdrawn"),
        ),
        ("stage done", |p| p.unlock(Stage::Integrations), "2027-01-08T07:00:00Z", Err("the stage is done")),
        (
            "cancelled",
            |p| {
                p.close();
            },
            "2027-01-08T07:00:00Z",
            Err("the date was moved or withdrawn"),
        ),
    ];
    for (case, change, now, expected) in cases {
        let mut project = project();
        change(&mut project);
        let got = match reminder.judge(&project, &ReminderPolicy::shipped(), at(now)) {
            Verdict::Send { provided_that, .. } => Ok(provided_that),
            Verdict::Drop(why) => Err(why),
        };
        assert_eq!(got, expected, "{case}");
    }
}

#[test]
fn sequences_rise_with_every_change_of_an_entry() {
    let mut project = project();
    project.raise_sequences();
    let moved = project.agree("m2", "m", Planned::read(&migration()).expect("well-formed"));
    assert_eq!((moved.uid.as_str(), moved.sequence), ("m", 2));
    let ended = project.close();
    assert_eq!(ended.iter().map(|e| (e.uid.as_str(), e.sequence)).collect::<Vec<_>>(), [("m", 3)]);
    assert_eq!(project.close(), [], "nothing ends twice");
}

fn proposal(proposed_at: &str) -> Proposal {
    let dates = vec![Planned::read(&audit_2()).expect("well-formed")];
    Proposal { id: "p".into(), asked: Party::Company, dates, proposed_at: at(proposed_at) }
}

#[test]
fn answers_are_awaited_for_business_days() {
    let policy = ReminderPolicy::shipped().unanswered;
    let cases = [
        ("Tuesday", "2026-12-01T09:00:00Z", ["2026-12-03T14:00:00Z", "2026-12-07T14:00:00Z"]),
        (
            "Thursday, over a weekend",
            "2026-12-03T09:00:00Z",
            ["2026-12-07T14:00:00Z", "2026-12-09T14:00:00Z"],
        ),
        ("Saturday", "2026-12-05T09:00:00Z", ["2026-12-08T14:00:00Z", "2026-12-10T14:00:00Z"]),
        // Christmas Eve, Christmas and a weekend.
        ("Wednesday", "2026-12-23T09:00:00Z", ["2026-12-29T14:00:00Z", "2026-12-31T14:00:00Z"]),
        (
            "Friday before the clock change",
            "2027-03-26T09:00:00Z",
            ["2027-03-31T13:00:00Z", "2027-04-02T13:00:00Z"],
        ),
        (
            "half past midnight in Poland",
            "2026-12-01T23:30:00Z",
            ["2026-12-04T14:00:00Z", "2026-12-08T14:00:00Z"],
        ),
    ];
    for (case, proposed_at, expected) in cases {
        let ahead = policy.ahead(PROJECT, &proposal(proposed_at), at(proposed_at));
        let due: Vec<_> = ahead.iter().map(|(step, due_at)| (step.step, due_at.to_string())).collect();
        let [remind, escalate] = expected.map(str::to_owned);
        assert_eq!(due, [(Step::Remind, remind), (Step::Escalate, escalate)], "{case}");
    }
    let late = policy.ahead(PROJECT, &proposal("2026-12-01T09:00:00Z"), at("2026-12-03T14:00:00Z"));
    assert_eq!(late.len(), 1, "what is past is not made up for");
}

#[test]
fn an_answer_is_asked_for_only_while_it_is_owed() {
    let policy = ReminderPolicy::shipped().unanswered;
    let step = |step| Unanswered { project: PROJECT, step, proposal: "p".into() };
    for due in [step(Step::Remind), step(Step::Escalate)] {
        assert_eq!(due.to_string().parse::<Unanswered>().expect("reads back"), due);
    }
    let mut project = project();
    project.propose(proposal("2026-12-01T09:00:00Z"));
    for (due, now, asks) in [
        (step(Step::Remind), "2026-12-03T14:00:00Z", true),
        (step(Step::Remind), "2026-12-07T13:59:59Z", true),
        (step(Step::Remind), "2026-12-07T14:00:00Z", false),
        (step(Step::Escalate), "2026-12-07T14:00:00Z", true),
        (step(Step::Escalate), "2026-12-24T14:00:00Z", true),
    ] {
        assert_eq!(due.judge(&project, &policy, at(now)).is_ok(), asks, "{due} at {now}");
    }
    let now = at("2026-12-03T14:00:00Z");
    let mut closed = project.clone();
    closed.close();
    project.close_proposal("p");
    for ended in [&closed, &project] {
        let judged = step(Step::Remind).judge(ended, &policy, now);
        assert_eq!(judged, Err("the proposal is no longer open"));
    }
}
