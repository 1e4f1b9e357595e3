//! Samples of what is told of the manufacturer integrations.

use jiff::civil::{Date, date};

use super::{Sample, dealership, group, usual, with_and_without_note};
use crate::kind::Kind;
use crate::message::{Fact, Notice};

/// Friday.
const RESTORED: Date = date(2027, 4, 30);
/// Monday, a holiday.
const HOLIDAY: Date = date(2027, 5, 3);
/// Tuesday.
const NEXT: Date = date(2027, 5, 4);

/// The day, on the next day and after days off.
pub fn announced(notice: Notice) -> Vec<Sample> {
    let announced = |day: Date, restored: Fact, days_off: Vec<Fact>| {
        let notice = notice.clone().fact("day", Fact::Day(day)).fact("brands", brands());
        notice.fact("restored", restored).fact("days_off", Fact::List(days_off))
    };
    let off = |day: Date, holiday: Fact| group([("day", Fact::Day(day)), ("holiday", holiday)]);
    let saturday = date(2027, 5, 1);
    let holiday = Fact::Both {
        pl: "Święto Narodowe Trzeciego Maja".to_owned(),
        en: "3 May National Holiday".to_owned(),
    };
    let days_off = vec![off(saturday, Fact::text("")), off(HOLIDAY, holiday)];
    vec![
        usual(announced(NEXT, Fact::Day(RESTORED), days_off)),
        Sample { name: "bare", notice: announced(dealership::INTEGRATIONS, Fact::text(""), Vec::new()) },
    ]
}

/// After a rollback, and otherwise.
pub fn cancelled(notice: Notice) -> Vec<Sample> {
    let cancelled =
        |rolled_back| notice.clone().fact("brands", brands()).fact("rolled_back", Fact::Flag(rolled_back));
    vec![usual(cancelled(true)), Sample { name: "otherwise", notice: cancelled(false) }]
}

/// In the morning.
pub fn today(notice: Notice) -> Vec<Sample> {
    vec![usual(notice.fact("day", Fact::Day(dealership::INTEGRATIONS)).fact("brands", brands()))]
}

/// At the end.
pub fn summary(notice: Notice) -> Vec<Sample> {
    let brand = |key: &str, day: Fact, reason: &str| {
        group([("name", Fact::word("brand", key)), ("day", day), ("reason", Fact::text(reason))])
    };
    let brands = vec![
        brand("vw", Fact::Day(dealership::INTEGRATIONS), ""),
        brand("skoda", Fact::text(""), "Importer wyłącza ten sprzęg."),
        brand("seat", Fact::text(""), ""),
    ];
    vec![usual(notice.fact("brands", Fact::List(brands)))]
}

/// What is told of one brand.
pub fn of_a_brand(notice: Notice) -> Vec<Sample> {
    let kind = notice.kind;
    let notice = notice.word("brand", "brand", "skoda");
    match kind {
        Kind::IntegrationDropAsked | Kind::IntegrationDropped => {
            vec![usual(notice.text("note", "Importer wyłącza ten sprzęg z końcem lutego."))]
        }
        Kind::IntegrationReopened => with_and_without_note(notice, "Zamówienia nie wychodzą do importera."),
        _ => vec![usual(notice)],
    }
}

fn brands() -> Fact {
    Fact::List(["vw", "skoda"].map(|key| Fact::word("brand", key)).into())
}
