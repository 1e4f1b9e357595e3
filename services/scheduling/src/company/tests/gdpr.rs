use platform::actor::Actor;
use proto::common::v1::ErrorReason::{ContactsRequired, NotFound, PermissionDenied};
use rstest::rstest;

use super::*;

#[rstest]
#[case::crm(crm(), true)]
#[case::the_contact_itself(acting(id(1), TECHNICAL), true)]
#[case::another_contact(acting(id(2), DECISION), false)]
#[case::operator(operator(), false)]
fn gdpr_a_contact_is_exported_to_itself_and_the_crm(#[case] actor: Actor, #[case] may: bool) {
    let company = with_contacts();
    let export = company.export_contact(id(1), &actor);
    match export {
        Ok(contact) => assert_eq!((may, contact.card()), (true, Some(&card("Anna")))),
        Err(refusal) => assert_eq!((may, refusal.reason()), (false, PermissionDenied)),
    }
    assert_eq!(company.export_contact(id(9), &crm()).expect_err("nobody").reason(), NotFound);
}

#[test]
fn gdpr_the_last_holder_is_anonymised_only_once_replaced() {
    let mut company = with_contacts();
    let at = noon("2026-11-24");
    refused(&mut company, ContactsRequired, |c| c.anonymise_contact(id(1), true, at, &crm()));
    company.replace_contact(id(1), id(2), noon("2026-11-23"), &crm()).expect("allowed");
    let events = company.anonymise_contact(id(1), true, at, &crm()).expect("allowed");
    assert_eq!(events, [CompanyEvent::ContactAnonymised { contact: id(1) }]);
    let anna = company.contact(id(1)).expect("the id stays");
    assert_eq!((anna.card(), anna.successor()), (None, Some(id(2))));
    let json = serde_json::to_string(&company).expect("serialisable");
    assert!(!json.contains("Anna") && !json.contains("anna@"), "{json}");
    assert_eq!(company.anonymise_contact(id(1), true, at, &crm()).expect("allowed"), [], "once is enough");
}

#[test]
fn gdpr_the_last_holder_is_anonymised_when_the_project_has_ended() {
    let mut company = with_contacts();
    let events = company.anonymise_contact(id(1), false, noon("2026-11-24"), &crm()).expect("allowed");
    assert_eq!(
        events,
        [
            CompanyEvent::ContactLeft { contact: id(1), successor: None },
            CompanyEvent::ContactAnonymised { contact: id(1) },
        ]
    );
}

#[test]
fn gdpr_one_of_two_holders_is_anonymised_and_leaves_with_that() {
    let mut company = with_contacts();
    company.add_contact(id(3), card("Ewa"), TECHNICAL, noon("2026-11-16"), &crm()).expect("allowed");
    company.anonymise_contact(id(3), true, noon("2026-11-24"), &crm()).expect("allowed");
    assert_eq!(company.contact(id(3)).and_then(|c| c.card()), None);
}

#[rstest]
#[case::decision(acting(id(2), DECISION))]
#[case::operator(operator())]
#[case::the_contact_itself(acting(id(1), TECHNICAL))]
fn gdpr_only_the_crm_anonymises(#[case] actor: Actor) {
    let mut company = with_contacts();
    refused(&mut company, PermissionDenied, |c| {
        c.anonymise_contact(id(1), false, noon("2026-11-24"), &actor)
    });
}
