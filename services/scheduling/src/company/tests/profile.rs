use platform::actor::Actor;
use proto::common::v1::ErrorReason::{InvalidArgument, PermissionDenied};
use rstest::rstest;

use super::*;
use crate::company::SystemLists;
use crate::project::stops::StopItem;

fn brands(keys: &[&str]) -> Profile {
    Profile { brands: keys.iter().map(|key| (*key).into()).collect(), ..profile() }
}

#[test]
fn a_change_of_brands_says_which_came_and_which_went() {
    let mut company = registered(Vec::new());
    let changed =
        company.update(brands(&["skoda", "audi", "vw"]), &Brands::shipped(), &crm()).expect("allowed");
    let difference =
        CompanyEvent::BrandsChanged { added: vec!["audi".into()], dropped: vec!["volvo".into()] };
    assert_eq!(changed, [CompanyEvent::ProfileChanged, difference]);
    assert_eq!(company.facts().brands, ["skoda", "audi", "vw"]);

    let reordered =
        company.update(brands(&["vw", "skoda", "audi"]), &Brands::shipped(), &crm()).expect("allowed");
    assert_eq!(reordered, [CompanyEvent::ProfileChanged], "another order is no other brand");
    let same = company.update(brands(&["vw", "skoda", "audi"]), &Brands::shipped(), &crm()).expect("allowed");
    assert_eq!(same, []);
}

#[rstest]
#[case::unknown_brand(brands(&["vw", "trabant"]), "brands")]
#[case::brand_twice(brands(&["vw", "vw"]), "brands")]
#[case::no_name(Profile { name: " ".into(), ..profile() }, "display_name")]
#[case::name_of_two_lines(Profile { name: "Auto\nNowak".into(), ..profile() }, "display_name")]
fn bad_facts_are_refused(#[case] profile: Profile, #[case] field: &str) {
    let mut company = registered(Vec::new());
    let refusal = refused(&mut company, InvalidArgument, |c| c.update(profile, &Brands::shipped(), &crm()));
    assert_eq!(refusal.violations()[0].field, field);
}

#[test]
fn no_brand_at_all_is_a_company_too() {
    let mut company = registered(Vec::new());
    company.update(brands(&[]), &Brands::shipped(), &crm()).expect("allowed");
}

#[rstest]
#[case::decision(acting(id(2), DECISION))]
#[case::operator(operator())]
#[case::auditor(auditor())]
#[case::time(Actor::System)]
fn only_the_crm_registers_and_updates_companies(#[case] actor: Actor) {
    let known = Brands::shipped();
    let registered = Company::register(CompanyId::new(), profile(), Vec::new(), &known, &actor);
    assert_eq!(registered.expect_err("refused").reason(), PermissionDenied);
    refused(&mut with_contacts(), PermissionDenied, |c| c.update(brands(&["vw"]), &known, &actor));
}

fn item(key: &str) -> StopItem {
    StopItem { key: key.into(), name: key.to_uppercase(), owner: "IT".into() }
}

#[test]
fn systems_not_stopped_both_lists_are_unknown_until_stated_none_included() {
    let mut company = with_contacts();
    assert_eq!(company.system_lists, None);
    let anna = acting(id(1), TECHNICAL);
    let none = company.set_systems(SystemLists::default(), &anna).expect("allowed");
    assert_eq!(none, [CompanyEvent::SystemsStated]);
    assert_eq!(company.system_lists, Some(SystemLists::default()), "stated as none");

    let lists = SystemLists { systems: vec![item("dms"), item("erp")], applications: vec![item("dms")] };
    company.set_systems(lists.clone(), &operator()).expect("a key may be in both lists");
    assert_eq!(company.set_systems(lists, &crm()).expect("allowed"), [], "the same again");
}

#[rstest]
#[case::key_twice(vec![item("dms"), item("dms")], "systems[1]")]
#[case::no_key(vec![item("")], "systems[0]")]
#[case::two_lines(vec![StopItem { owner: "a\nb".into(), ..item("dms") }], "systems[0]")]
fn systems_not_stopped_a_list_that_cannot_be_used_is_refused(
    #[case] systems: Vec<StopItem>,
    #[case] field: &str,
) {
    let lists = SystemLists { systems, applications: Vec::new() };
    let refusal = refused(&mut with_contacts(), InvalidArgument, |c| c.set_systems(lists, &crm()));
    assert_eq!(refusal.violations()[0].field, field);
}

#[test]
fn systems_not_stopped_the_lists_are_stated_by_a_technical_contact_or_softvig() {
    for actor in [acting(id(2), DECISION), auditor(), Actor::System] {
        refused(&mut with_contacts(), PermissionDenied, |c| c.set_systems(SystemLists::default(), &actor));
    }
}
