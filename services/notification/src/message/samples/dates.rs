//! Samples of what is told of dates.

use platform::actor::Party;
use proto::scheduling::v1::{DateKind, Stage};

use super::{Sample, dealership, usual};
use crate::consume::gate_fact;
use crate::kind::Kind;
use crate::message::{Calendar, Fact, Notice};
use crate::project::{Planned, date_key};

/// Proposed or countered.
pub fn proposals(notice: Notice) -> Vec<Sample> {
    let proposal = |by: Party, withdraws: &[DateKind]| {
        let withdraws = withdraws.iter().map(|kind| Fact::word("date", date_key(*kind))).collect();
        let notice = notice.clone().about_dates(&dealership::dates());
        let notice = notice.word("by", "party", by.to_string()).fact("withdraws", Fact::List(withdraws));
        Notice { asked: Some(by.other()), ..notice }
    };
    vec![
        usual(proposal(Party::Softvig, &[])),
        Sample {
            name: "withdrawing",
            notice: proposal(Party::Softvig, &[DateKind::Audit2, DateKind::Migration]),
        },
        Sample { name: "by_company", notice: proposal(Party::Company, &[]) },
    ]
}

/// Nobody answers.
pub fn unanswered(notice: Notice) -> Vec<Sample> {
    let asking = |asked: Party| {
        let notice = notice
            .clone()
            .word("by", "party", asked.other().to_string())
            .word("owes", "owes", asked.to_string())
            .fact("company", Fact::Flag(asked == Party::Company))
            .fact("since", Fact::Day(calendar::local_day(dealership::now())))
            .about_dates(&dealership::dates());
        Notice { asked: Some(asked), ..notice }
    };
    vec![usual(asking(Party::Company)), Sample { name: "by_company", notice: asking(Party::Softvig) }]
}

/// Agreed or moved, with an entry for calendars.
pub fn agreed(notice: Notice) -> Vec<Sample> {
    let dated = |date: Planned, gate| {
        let calendar = Calendar::Request(dealership::entry(date.clone()));
        of_date(notice.clone(), date).fact("provided_that", gate_fact(gate)).calendar(calendar)
    };
    let [readiness, audit_1, audit_2, migration] = dealership::dates();
    vec![
        Sample { name: "migration", notice: dated(migration, Some(Stage::Audit1)) },
        Sample { name: "audit_2", notice: dated(audit_2, Some(Stage::Audit1)) },
        Sample { name: "audit_1", notice: dated(audit_1, Some(Stage::Readiness)) },
        Sample { name: "readiness", notice: dated(readiness, None) },
    ]
}

/// Withdrawn or missed.
pub fn ended(notice: Notice) -> Vec<Sample> {
    let missed = notice.kind == Kind::DateMissed;
    let ended = |rule: &str, note: &str, earliest: Fact| {
        let date = dealership::migration();
        let calendar = Calendar::Cancel(dealership::entry(date.clone()));
        of_date(notice.clone(), date)
            .fact("rule", if rule.is_empty() { Fact::text("") } else { Fact::Rule(rule.to_owned()) })
            .text("note", note)
            .fact("earliest", earliest)
            .calendar(calendar)
    };
    let rule = if missed { "DATE_MISSED" } else { "MIGRATION_BUFFER" };
    let by_rule = ended(rule, "", Fact::Day(dealership::INTEGRATIONS));
    if missed {
        return vec![usual(by_rule), Sample { name: "bare", notice: ended(rule, "", Fact::text("")) }];
    }
    let by_person = ended("", "Główny informatyk jest na zwolnieniu.", Fact::text(""));
    vec![Sample { name: "by_rule", notice: by_rule }, Sample { name: "by_person", notice: by_person }]
}

/// On its morning, the day before, a week before.
pub fn reminders(notice: Notice) -> Vec<Sample> {
    let reminder = |days: i64, date: Planned, gate| {
        of_date(notice.clone(), date)
            .fact("today", Fact::Flag(days == 0))
            .fact("tomorrow", Fact::Flag(days == 1))
            .fact("days", Fact::Number(days))
            .fact("provided_that", gate_fact(gate))
    };
    let [_, audit_1, audit_2, migration] = dealership::dates();
    vec![
        Sample { name: "in_a_week", notice: reminder(7, migration, Some(Stage::Audit2)) },
        Sample { name: "tomorrow", notice: reminder(1, audit_2, None) },
        Sample { name: "today", notice: reminder(0, audit_1, None) },
    ]
}

/// For somebody who becomes a contact, or is one no more, or has another address.
pub fn entries(notice: Notice) -> Vec<Sample> {
    let date = dealership::migration();
    let entry = dealership::entry(date.clone());
    let notice = of_date(notice, date);
    if notice.kind == Kind::EntryAdded {
        return vec![usual(notice.calendar(Calendar::Request(entry)))];
    }
    let removed = |moved| {
        let notice = notice.clone().calendar(Calendar::Remove(entry.clone()));
        notice.fact("moved", Fact::Flag(moved))
    };
    vec![usual(removed(false)), Sample { name: "moved", notice: removed(true) }]
}

/// SOFTVIG sets one rule aside for one day.
pub fn override_of_a_buffer(notice: Notice) -> Notice {
    notice
        .word("what", "date", date_key(DateKind::Audit1))
        .fact("day", Fact::Day(dealership::AUDIT_1))
        .fact("rule", Fact::Rule("AUDIT1_BUFFER".to_owned()))
        .text("person", "Piotr Zając")
        .text("note", "Serwer jest gotowy od grudnia.")
}

fn of_date(notice: Notice, date: Planned) -> Notice {
    notice.about_date(&date).fact("migration", Fact::Flag(date.kind == DateKind::Migration))
}
