use super::*;

#[test]
fn a_variant_that_demands_nothing_is_complete_at_once() {
    let events = Licences::open(at(OPENED)).variant_chosen(&catalogue(), hosted());
    let status = Status { variant: "hosted".to_owned(), kind: None, missing: vec![] };
    assert_eq!(events, [Event::StatusChanged(status)]);
}

#[test]
fn a_changed_variant_changes_the_demands_and_keeps_the_proofs_that_apply() {
    let mut licensing = everything_possible();
    let same_server = Variant {
        key: "same_server".to_owned(),
        kind_required: true,
        licences: vec!["sql_server".to_owned(), "sql_server_cal".to_owned()],
    };
    let events = licensing.variant_chosen(&catalogue(), same_server);
    assert_eq!(missing(&events), Some(vec!["sql_server_cal".to_owned()]));

    licensing.variant_chosen(&catalogue(), hosted());
    let events = licensing.variant_chosen(&catalogue(), new_server());
    assert_eq!(
        missing(&events),
        Some(vec!["windows_server".to_owned()]),
        "the proof came back with its demand"
    );
}

#[test]
fn a_changed_variant_tells_its_status_even_where_nothing_else_changed() {
    let mut licensing = opened();
    let renamed = Variant { key: "new_server_2".to_owned(), ..new_server() };
    assert_eq!(licensing.variant_chosen(&catalogue(), renamed).len(), 1);
    assert_eq!(licensing.variant_chosen(&catalogue(), new_server()).len(), 1);
    assert!(
        licensing.variant_chosen(&catalogue(), new_server()).is_empty(),
        "the same variant again is no news"
    );
}

#[test]
fn a_closed_project_follows_no_variant() {
    for close in [Licences::project_cancelled, Licences::project_completed] {
        let mut licensing = opened();
        close(&mut licensing);
        let before = licensing.clone();
        assert!(licensing.variant_chosen(&catalogue(), hosted()).is_empty());
        assert!(licensing.project_cancelled().is_empty());
        assert!(licensing.project_completed().is_empty());
        assert_eq!(licensing, before, "the first end stays");
    }
}

#[test]
fn the_state_survives_being_kept_as_json() {
    let licensing = everything_possible();
    let json = serde_json::to_string(&licensing).unwrap();
    assert_eq!(serde_json::from_str::<Licences>(&json).unwrap(), licensing);
}
