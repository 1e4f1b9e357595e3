//! Samples of what is told of licences, audits and runs, and of what SOFTVIG is asked.

use super::{Sample, dealership, group, usual};
use crate::kind::Kind;
use crate::message::{Fact, Notice};

/// Recommended, chosen, ended, outdated.
pub fn licences(notice: Notice) -> Vec<Sample> {
    let kind = notice.kind;
    let notice = notice.word("licence", "licence", "runtime");
    match kind {
        Kind::LicenceChosen => {
            let chosen = |previous: Fact, renewed: bool| {
                notice.clone().fact("previous", previous).fact("renewed", Fact::Flag(renewed))
            };
            vec![
                usual(chosen(Fact::text(""), false)),
                Sample { name: "changed", notice: chosen(Fact::word("licence", "standard"), false) },
                Sample { name: "renewed", notice: chosen(Fact::text(""), true) },
            ]
        }
        Kind::LicenceChoiceEnded => vec![
            usual(notice.clone().fact("rule", Fact::Rule("RUNTIME_ONLY_AUTOSTACJA".to_owned()))),
            Sample { name: "bare", notice: notice.fact("rule", Fact::Rule(String::new())) },
        ],
        Kind::LicenceChoiceOutdated => {
            let misfit = Fact::Both {
                pl: "CAL na użytkownika: wybrano do kupienia 24, potrzeba 30.".to_owned(),
                en: "User CAL: chosen to buy 24, needed 30.".to_owned(),
            };
            vec![usual(notice.fact("misfits", Fact::List(vec![misfit])))]
        }
        _ => super::with_and_without_note(notice, "Z tej instancji będzie korzystać tylko DMS AutoStacja."),
    }
}

/// Passed or failed, with findings and without.
pub fn audits(notice: Notice) -> Vec<Sample> {
    let notice = notice.word("audit", "date", "audit_1");
    let finding = |title: Fact, measured: Fact, limit: Fact| {
        group([("title", title), ("measured", measured), ("limit", limit)])
    };
    let findings = vec![
        finding(memory(), Fact::text("8 GB"), Fact::text("≥ 16 GB")),
        finding(
            Fact::Both { pl: "Odbiór łącza".to_owned(), en: "Link acceptance".to_owned() },
            Fact::word("answer", "false"),
            Fact::word("answer", "true"),
        ),
        finding(
            Fact::Both { pl: "Wersja systemu Windows".to_owned(), en: "Version of Windows".to_owned() },
            Fact::text("Windows Server 2012 R2"),
            Fact::text(""),
        ),
        finding(
            Fact::Both { pl: "Kopie zapasowe".to_owned(), en: "Backups".to_owned() },
            Fact::text(""),
            Fact::text(""),
        ),
    ];
    vec![
        usual(notice.clone().fact("findings", Fact::List(findings))),
        Sample { name: "bare", notice: notice.fact("findings", Fact::List(Vec::new())) },
    ]
}

/// The finding that somebody answers.
pub fn finding(notice: Notice) -> Notice {
    notice.fact("finding", memory())
}

fn memory() -> Fact {
    Fact::Both { pl: "Pamięć RAM serwera".to_owned(), en: "Memory of the server".to_owned() }
}

/// What is to be stopped, or nothing.
pub fn prepared(notice: Notice) -> Vec<Sample> {
    let system = |name: &str, owner: &str| group([("name", Fact::text(name)), ("owner", Fact::text(owner))]);
    let notice = notice.fact("stop_at", Fact::Instant(dealership::migration().starts_at));
    let with = |systems: Vec<Fact>, applications: Vec<Fact>| {
        notice.clone().fact("systems", Fact::List(systems)).fact("applications", Fact::List(applications))
    };
    let systems = vec![system("DMS AutoStacja", ""), system("Magazyn opon", "Jan Wiśniewski")];
    let applications =
        vec![system("Sklep internetowy", "Agencja Nova"), system("Elektroniczny obieg faktur", "")];
    vec![usual(with(systems, applications)), Sample { name: "bare", notice: with(Vec::new(), Vec::new()) }]
}

/// The first attempt of a run, and one after a rollback.
pub fn attempts(notice: Notice) -> Vec<Sample> {
    vec![
        usual(notice.clone().fact("attempt", Fact::Number(1))),
        Sample { name: "second", notice: notice.fact("attempt", Fact::Number(2)) },
    ]
}

/// What a contact wants to know.
pub fn question(notice: Notice) -> Notice {
    notice.text("subject", "Praca w sobotę po migracji").text(
        "question",
        "Czy w sobotę rano serwis może już przyjmować auta?\nI czy sprzęgi VW będą wtedy działać?",
    )
}

/// An endpoint that is gone, and one that fails for days.
pub fn webhooks(notice: Notice) -> Vec<Sample> {
    let off = |gone: bool| {
        notice
            .clone()
            .text("endpoint", "CRM (crm.softvig.example)")
            .text("name", "webhookEndpoints/01a2b3c4-0000-7000-8000-000000000001")
            .fact("gone", Fact::Flag(gone))
            .fact("since", Fact::Instant(dealership::now()))
            .text("outcome", if gone { "410" } else { "503" })
    };
    vec![usual(off(false)), Sample { name: "gone", notice: off(true) }]
}
