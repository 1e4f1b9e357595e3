//! Rules by name; what each refusal says, and that it changes nothing.

mod advice;
mod choice;
mod misfits;
mod needs;
mod offer;
mod orders;
mod proofs;
mod properties;
mod questionnaire;
mod status;

use std::{path::Path, sync::LazyLock};

use jiff::{Timestamp, civil::Date};
use platform::{
    actor::{Actor, Roles, SoftvigRole},
    id::ContactId,
};
use proto::{common::v1::ErrorReason, refusal::Refusal};

use super::*;
use crate::catalogue::{Catalogue, LicenceKind, Metric, Offer};

const OPENED: &str = "2026-11-02T08:00:00Z";
const NOW: &str = "2026-11-16T10:00:00Z";

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn now() -> Timestamp {
    at(NOW)
}

fn catalogue() -> Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(None).unwrap());
    CATALOGUE.clone()
}

/// With the prices of the example.
fn priced() -> Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/example-catalogue");
        Catalogue::load(Some(Path::new(example))).unwrap()
    });
    CATALOGUE.clone()
}

fn contact(technical: bool, decision: bool) -> Actor {
    Actor::Contact { id: ContactId(uuid::Uuid::from_u128(7)), roles: Roles { technical, decision } }
}

fn decision() -> Actor {
    contact(false, true)
}

fn technical() -> Actor {
    contact(true, false)
}

/// A contact who has left, or whose token says more than is true.
fn nobody() -> Actor {
    contact(false, false)
}

fn softvig(role: SoftvigRole) -> Actor {
    Actor::Softvig { subject: "crm".to_owned(), role }
}

fn asked(offer: &Offer, client_since: Option<Date>, left: u32) -> AskedOffer<'_> {
    AskedOffer { key: &offer.key, known: Some(offer), client_since, left }
}

fn crm() -> Actor {
    softvig(SoftvigRole::Crm)
}

fn new_server() -> Variant {
    Variant {
        key: "new_server".to_owned(),
        kind_required: true,
        licences: vec!["sql_server".to_owned(), "windows_server".to_owned()],
    }
}

fn hosted() -> Variant {
    Variant { key: "hosted".to_owned(), kind_required: false, licences: Vec::new() }
}

/// A project with its variant, nothing chosen.
fn opened() -> Licences {
    let mut licensing = Licences::open(at(OPENED));
    licensing.variant_chosen(&catalogue(), new_server());
    licensing
}

/// The same with this kind chosen.
fn with_kind(kind: LicenceKind) -> Licences {
    let mut licensing = opened();
    licensing.choose(&catalogue(), &decision(), kind, None, now()).unwrap();
    licensing
}

/// A physical server with everything known and nothing owned.
fn server() -> Needs {
    Needs {
        other_applications: OtherApplications::No,
        target_version: Some("2025".to_owned()),
        virtual_machine: Some(false),
        cores: Some(8),
        processors: Some(1),
        memory_gb: Some(64),
        users: Some(20),
        indirect_users: Some(4),
        devices: Some(28),
        indirect_devices: Some(2),
        mixed_cals: Some(false),
        windows_version: Some("2025".to_owned()),
        existing: Existing {
            sql_version: Some(Owned::None),
            windows_version: Some(Owned::None),
            ..Existing::default()
        },
        ..Needs::default()
    }
}

/// A virtual machine, the rest being the same.
fn machine() -> Needs {
    Needs {
        virtual_machine: Some(true),
        cores: None,
        processors: None,
        virtual_cores: Some(6),
        host_cores: Some(32),
        host_processors: Some(2),
        ..server()
    }
}

fn owning(existing: Existing) -> Needs {
    Needs { existing, ..server() }
}

fn version(version: &str) -> Option<Owned> {
    Some(Owned::Version(version.to_owned()))
}

/// Proof by an invoice with this number.
fn invoice(number: &str) -> NewProof {
    let document = LicenceDocument { kind: DocumentKind::Invoice, number: number.to_owned() };
    NewProof { document, note: String::new(), occurred_at: None, files: Vec::new() }
}

/// An order with this number.
fn ordered(number: &str) -> NewOrder {
    NewOrder {
        number: number.to_owned(),
        supplier: "SOFTVIG".to_owned(),
        expected_on: None,
        occurred_at: None,
        files: Vec::new(),
    }
}

fn others(other_applications: OtherApplications) -> Needs {
    Needs { other_applications, ..Needs::default() }
}

/// Carries a command out on a copy and expects the refusal, the copy being unchanged.
fn refused<T: std::fmt::Debug>(
    licensing: &Licences,
    command: impl FnOnce(&mut Licences) -> Result<T, Refusal>,
) -> Refusal {
    let mut copy = licensing.clone();
    let refusal = command(&mut copy).expect_err("the command should be refused");
    assert_eq!(&copy, licensing, "a refusal changes nothing");
    refusal
}

fn reasons(refusal: &Refusal) -> Vec<ErrorReason> {
    refusal.violations().iter().map(|v| v.reason).collect()
}

/// What is missing by the last status among the events.
fn missing(events: &[Event]) -> Option<Vec<String>> {
    events.iter().rev().find_map(|event| match event {
        Event::StatusChanged(status) => Some(status.missing.clone()),
        _ => None,
    })
}

/// Every command, for the rules that hold for all of them.
type Command = fn(&mut Licences, &Actor) -> Result<Vec<Event>, Refusal>;

const COMMANDS: [(&str, Command); 9] = [
    ("set_needs", |l, actor| l.set_needs(&catalogue(), actor, others(OtherApplications::No))),
    ("choose", |l, actor| l.choose(&catalogue(), actor, LicenceKind::Runtime, None, now())),
    ("recommend", |l, actor| {
        l.recommend(&catalogue(), actor, LicenceKind::Runtime, "fits".to_owned(), now())
    }),
    ("accept_offer", |l, actor| {
        let catalogue = catalogue();
        let offer = catalogue.offer("migration-2026").unwrap();
        l.accept_offer(actor, &asked(offer, Some("2019-01-01".parse().unwrap()), 1), now())
    }),
    ("release_offer", |l, actor| l.release_offer(actor)),
    ("order_licence", |l, actor| {
        l.order_licence(&catalogue(), actor, "windows_server", ordered("ZAM 7"), now())
    }),
    ("cancel_order", |l, actor| {
        l.cancel_order(&catalogue(), actor, "windows_server", "too late".to_owned(), None, now())
    }),
    ("record", |l, actor| l.record(&catalogue(), actor, "windows_server", invoice("FV 7"), now())),
    ("withdraw_proof", |l, actor| {
        l.withdraw_proof(&catalogue(), actor, "sql_server", "returned".to_owned(), None, now())
    }),
];

/// A project on which each of [`COMMANDS`] is possible.
fn everything_possible() -> Licences {
    let mut licensing = with_kind(LicenceKind::Standard);
    licensing.record(&catalogue(), &technical(), "sql_server", invoice("FV 1"), now()).unwrap();
    licensing.order_licence(&catalogue(), &technical(), "windows_server", ordered("ZAM 1"), now()).unwrap();
    let offer = catalogue().offer("migration-2026").unwrap().clone();
    licensing
        .accept_offer(&decision(), &asked(&offer, Some("2019-01-01".parse().unwrap()), 1), now())
        .unwrap();
    licensing
}

#[test]
fn permission_denied_to_all_but_the_named_roles() {
    let may = |name: &str, technical_too: bool, decision_too: bool, softvig_too: bool| {
        let (_, command) = COMMANDS.iter().find(|(n, _)| *n == name).unwrap();
        let cases = [
            (technical(), technical_too),
            (decision(), decision_too),
            (crm(), softvig_too),
            (softvig(SoftvigRole::Operator), softvig_too),
            (softvig(SoftvigRole::Auditor), false),
            (nobody(), false),
            (Actor::System, false),
        ];
        for (actor, allowed) in cases {
            if allowed {
                command(&mut everything_possible(), &actor)
                    .unwrap_or_else(|e| panic!("{name} by {actor:?}: {e}"));
            } else {
                let refusal = refused(&everything_possible(), |l| command(l, &actor));
                assert_eq!(refusal.reason(), ErrorReason::PermissionDenied, "{name} by {actor:?}");
            }
        }
    };
    may("set_needs", true, true, true);
    may("choose", false, true, false);
    may("recommend", false, false, true);
    may("accept_offer", false, true, false);
    may("release_offer", false, true, true);
    may("order_licence", true, true, true);
    may("cancel_order", true, true, true);
    may("record", true, true, true);
    may("withdraw_proof", true, true, true);
}

#[test]
fn project_closed_refuses_every_command() {
    let mut cancelled = everything_possible();
    cancelled.project_cancelled();
    let mut completed = everything_possible();
    completed.project_completed();
    for licensing in [cancelled, completed] {
        for (name, command) in COMMANDS {
            let actor = if name == "recommend" { crm() } else { decision() };
            let refusal = refused(&licensing, |l| command(l, &actor));
            assert_eq!(refusal.reason(), ErrorReason::ProjectClosed, "{name}");
        }
    }
}
