use platform::actor::{Actor, Roles};
use platform::id::ContactId;
use proto::common::v1::ErrorReason::{ContactsRequired, InvalidArgument, NotFound, PermissionDenied};
use rstest::rstest;

use super::*;
use crate::company::ContactState;
use crate::project::ContactFact::{self, Missing, Reachable, Undeliverable};

fn facts(company: &Company) -> (ContactFact, ContactFact) {
    let facts = company.facts();
    (facts.technical, facts.decision)
}

#[rstest]
#[case::nobody(&[], (Missing, Missing))]
#[case::only_technical(&[TECHNICAL], (Reachable, Missing))]
#[case::only_decision(&[DECISION], (Missing, Reachable))]
#[case::one_person_with_both_roles(&[BOTH], (Reachable, Reachable))]
#[case::one_of_each(&[TECHNICAL, DECISION], (Reachable, Reachable))]
fn contacts_required_both_roles_are_held(
    #[case] roles: &[Roles],
    #[case] expected: (ContactFact, ContactFact),
) {
    let mut company = registered(Vec::new());
    for (n, roles) in roles.iter().enumerate() {
        company
            .add_contact(id(n as u128), card("Anna"), *roles, noon("2026-11-16"), &crm())
            .expect("allowed");
    }
    assert_eq!(facts(&company), expected);
}

#[test]
fn contacts_required_an_undeliverable_address_counts_only_while_nobody_else_holds_the_role() {
    let mut company = with_contacts();
    let events = company.address_undeliverable(id(1), noon("2026-11-23"));
    assert_eq!(events, [CompanyEvent::AddressUndeliverable { contact: id(1) }]);
    assert_eq!(facts(&company), (Undeliverable, Reachable));

    company.add_contact(id(3), card("Ewa"), TECHNICAL, noon("2026-11-16"), &crm()).expect("allowed");
    assert_eq!(facts(&company), (Reachable, Reachable));
}

#[test]
fn contacts_required_an_undeliverable_address_is_cleared_by_a_correction() {
    let mut company = with_contacts();
    company.address_undeliverable(id(1), noon("2026-11-23"));
    let renamed = Card { name: "Anna Kowalska".into(), ..card("Anna") };
    company.update_contact(id(1), renamed.clone(), TECHNICAL, noon("2026-11-25"), &crm()).expect("allowed");
    assert_eq!(facts(&company).0, Undeliverable, "another name is no other address");

    let corrected = Card { email: "a.kowalska@auto-nowak.pl".into(), ..renamed };
    let events = company
        .update_contact(id(1), corrected, TECHNICAL, noon("2026-11-25"), &acting(id(1), TECHNICAL))
        .expect("allowed");
    assert_eq!(
        events,
        [CompanyEvent::ContactChanged { contact: id(1) }, CompanyEvent::AddressCleared { contact: id(1) }]
    );
    assert_eq!(facts(&company), (Reachable, Reachable));

    let late = company.address_undeliverable(id(1), noon("2026-11-24"));
    assert_eq!(late, [], "an answer about the old address says nothing of the new one");
}

#[test]
fn contacts_required_an_undeliverable_address_is_cleared_by_softvig_only() {
    let mut company = with_contacts();
    company.address_undeliverable(id(1), noon("2026-11-23"));
    for actor in [auditor(), acting(id(1), TECHNICAL), acting(id(2), DECISION), Actor::System] {
        refused(&mut company, PermissionDenied, |c| c.clear_address(id(1), &actor));
    }
    let cleared = [CompanyEvent::AddressCleared { contact: id(1) }];
    assert_eq!(company.clear_address(id(1), &operator()).expect("allowed"), cleared);
    assert_eq!(facts(&company), (Reachable, Reachable));
    assert_eq!(company.clear_address(id(1), &crm()).expect("allowed"), [], "nothing is left to clear");
}

#[rstest]
#[case::technical(1, "technical")]
#[case::decision(2, "decision")]
fn contacts_required_the_last_holder_of_a_role_is_not_removed(#[case] n: u128, #[case] role: &str) {
    let mut company = with_contacts();
    let refusal =
        refused(&mut company, ContactsRequired, |c| c.remove_contact(id(n), noon("2026-11-23"), &crm()));
    assert!(refusal.to_string().contains(&format!("the last {role} contact")), "{refusal}");

    company.add_contact(id(3), card("Ewa"), BOTH, noon("2026-11-16"), &crm()).expect("allowed");
    let left = company.remove_contact(id(n), noon("2026-11-23"), &crm()).expect("one of two may leave");
    assert_eq!(left, [CompanyEvent::ContactLeft { contact: id(n), successor: None }]);
    assert_eq!(company.contact(id(n)).map(|c| c.roles()), Some(Roles::default()), "at once");
    refused(&mut company, ContactsRequired, |c| c.remove_contact(id(3), noon("2026-11-24"), &crm()));
}

#[test]
fn contacts_required_the_last_holder_of_a_role_does_not_lose_it() {
    let mut company = with_contacts();
    let refusal = refused(&mut company, ContactsRequired, |c| {
        c.update_contact(id(1), card("Anna"), DECISION, noon("2026-11-25"), &crm())
    });
    assert!(refusal.to_string().contains("the last technical contact"), "{refusal}");
    company
        .update_contact(id(2), card("Jan"), BOTH, noon("2026-11-25"), &crm())
        .expect("more roles are no loss");
    company
        .update_contact(id(1), card("Anna"), DECISION, noon("2026-11-25"), &crm())
        .expect("somebody else is technical now");
}

#[test]
fn contacts_required_the_last_holder_is_replaced_and_the_successor_takes_the_roles() {
    let mut company = with_contacts();
    company.add_contact(id(3), card("Ewa"), TECHNICAL, noon("2026-11-16"), &crm()).expect("allowed");
    let events = company.replace_contact(id(2), id(3), noon("2026-11-23"), &crm()).expect("allowed");
    assert_eq!(
        events,
        [
            CompanyEvent::ContactChanged { contact: id(3) },
            CompanyEvent::ContactLeft { contact: id(2), successor: Some(id(3)) },
        ]
    );
    assert_eq!(company.contact(id(3)).map(|c| c.roles()), Some(BOTH));
    assert_eq!(facts(&company), (Reachable, Reachable));
    refused(&mut company, NotFound, |c| c.replace_contact(id(2), id(1), noon("2026-11-24"), &crm()));
}

#[test]
fn contacts_required_what_is_open_passes_along_the_successors() {
    let mut company = with_contacts();
    company.add_contact(id(3), card("Ewa"), DECISION, noon("2026-11-16"), &crm()).expect("allowed");
    company.add_contact(id(4), card("Olga"), DECISION, noon("2026-11-16"), &crm()).expect("allowed");
    let in_charge = |company: &Company| company.in_charge(id(2)).map(|c| c.id);
    assert_eq!(in_charge(&company), Some(id(2)));
    company.replace_contact(id(2), id(3), noon("2026-11-23"), &crm()).expect("allowed");
    assert_eq!(in_charge(&company), Some(id(3)));
    company.replace_contact(id(3), id(4), noon("2026-11-24"), &crm()).expect("allowed");
    assert_eq!(in_charge(&company), Some(id(4)));

    company.add_contact(id(5), card("Piotr"), DECISION, noon("2026-11-16"), &crm()).expect("allowed");
    company.remove_contact(id(4), noon("2026-11-25"), &crm()).expect("allowed");
    assert_eq!(in_charge(&company), None, "who left without a successor passes nothing on");
}

#[rstest]
#[case::oneself(2)]
#[case::nobody(9)]
fn contacts_required_the_successor_is_another_contact_that_takes_part(#[case] successor: u128) {
    let mut company = with_contacts();
    let at = noon("2026-11-23");
    refused(&mut company, InvalidArgument, |c| c.replace_contact(id(2), id(successor), at, &crm()));
    company.add_contact(id(3), card("Ewa"), DECISION, noon("2026-11-16"), &crm()).expect("allowed");
    company.remove_contact(id(3), at, &crm()).expect("allowed");
    refused(&mut company, InvalidArgument, |c| c.replace_contact(id(2), id(3), at, &crm()));
}

/// The CRM may do everything; the rest of who may is one row per actor.
#[rstest]
#[case::decision(acting(id(2), DECISION), true, true, true, true)]
#[case::technical_of_another(acting(id(3), TECHNICAL), false, false, false, false)]
#[case::the_contact_itself(acting(id(1), TECHNICAL), false, true, false, false)]
#[case::operator(operator(), false, false, false, false)]
#[case::auditor(auditor(), false, false, false, false)]
#[case::time(Actor::System, false, false, false, false)]
fn who_may_change_contacts(
    #[case] actor: Actor,
    #[case] add: bool,
    #[case] card_change: bool,
    #[case] role_change: bool,
    #[case] replace: bool,
) {
    let mut company = with_contacts();
    company.add_contact(id(3), card("Ewa"), TECHNICAL, noon("2026-11-16"), &crm()).expect("allowed");
    let at = noon("2026-11-23");
    let mut judge = |may: bool, command: &dyn Fn(&mut Company) -> Result<Vec<CompanyEvent>, Refusal>| {
        if may {
            command(&mut company.clone()).expect("allowed");
        } else {
            refused(&mut company, PermissionDenied, command);
        }
    };
    judge(add, &|c| c.add_contact(id(4), card("Olga"), TECHNICAL, noon("2026-11-16"), &actor));
    judge(card_change, &|c| c.update_contact(id(1), card("Hanna"), TECHNICAL, noon("2026-11-25"), &actor));
    judge(role_change, &|c| c.update_contact(id(1), card("Anna"), BOTH, noon("2026-11-25"), &actor));
    judge(replace, &|c| c.replace_contact(id(1), id(3), at, &actor));
    judge(replace, &|c| c.remove_contact(id(1), at, &actor));
}

#[test]
fn a_decision_contact_replaces_others_not_itself() {
    let mut company = with_contacts();
    let jan = acting(id(2), DECISION);
    refused(&mut company, PermissionDenied, |c| c.replace_contact(id(2), id(1), noon("2026-11-23"), &jan));
    company.replace_contact(id(1), id(2), noon("2026-11-23"), &jan).expect("allowed");
}

#[test]
fn a_bad_card_is_refused_with_all_its_fields() {
    let mut company = with_contacts();
    let bad = Card { name: " ".into(), email: "anna".into(), phone: "x".into(), language: Language::En };
    let refusal = refused(&mut company, InvalidArgument, |c| {
        c.add_contact(id(3), bad, Roles::default(), noon("2026-11-16"), &crm())
    });
    let fields: Vec<_> = refusal.violations().iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["display_name", "email", "phone", "roles"]);
}

#[test]
fn the_same_card_again_changes_nothing() {
    let mut company = with_contacts();
    assert_eq!(
        company.update_contact(id(1), card("Anna"), TECHNICAL, noon("2026-11-25"), &crm()).expect("allowed"),
        []
    );
}

#[test]
fn events_carry_ids_and_no_personal_data() {
    let mut company = with_contacts();
    let events: Vec<CompanyEvent> = [
        company.update_contact(id(1), card("Hanna"), TECHNICAL, noon("2026-11-25"), &crm()),
        company.replace_contact(id(1), id(2), noon("2026-11-23"), &crm()),
    ]
    .into_iter()
    .flat_map(|events| events.expect("allowed"))
    .collect();
    let json = serde_json::to_string(&events).expect("serialisable");
    assert!(!json.contains("anna") && !json.contains("Nowak"), "{json}");
    let shown: Vec<Option<ContactId>> = events.iter().map(CompanyEvent::card_of).collect();
    assert_eq!(shown, [Some(id(1)), Some(id(2)), Some(id(1))], "whose card the public event shows");
}

#[test]
fn a_company_is_read_back_as_it_was_kept() {
    let mut company = with_contacts();
    company.add_contact(id(3), card("Ewa"), BOTH, noon("2026-11-16"), &crm()).expect("allowed");
    company.address_undeliverable(id(3), noon("2026-11-23"));
    company.replace_contact(id(1), id(3), noon("2026-11-23"), &crm()).expect("allowed");
    company.anonymise_contact(id(1), true, noon("2026-11-24"), &crm()).expect("allowed");
    let json = serde_json::to_string(&company).expect("serialisable");
    let read: Company = serde_json::from_str(&json).expect("readable");
    assert_eq!(read, company);
    assert!(matches!(read.contacts[0].state, ContactState::Anonymised { .. }));
}
