use super::*;

fn built_in(file: usize) -> (String, String) {
    (BUILT_IN[file].0.to_owned(), BUILT_IN[file].1.to_owned())
}

#[test]
fn the_built_in_checklists_hold_every_item() {
    let registry = Registry::load(None).expect("the built-in checklists are valid");
    let one = registry.get(AuditKind::One, "").expect("audit 1");
    let two = registry.get(AuditKind::Two, "2026-11").expect("audit 2");
    assert_eq!((one.facts.len(), one.items.len(), two.items.len()), (9, 34, 23));
    let expiring: Vec<_> =
        one.items.iter().filter(|i| i.expires_after_days.is_some()).map(|i| i.key.as_str()).collect();
    assert!(expiring.contains(&"disk.free_pct") && expiring.contains(&"db.suspect_pages"));
    assert_eq!(expiring.iter().filter(|k| k.starts_with("backup.") || k.starts_with("link.")).count(), 11);
}

#[test]
fn items_of_the_link_apply_where_data_crosses_it() {
    let registry = Registry::load(None).expect("valid");
    let one = registry.get(AuditKind::One, "").expect("audit 1");
    let crossing = ["link.transfer_fits", "link.vpn"];
    assert!(crossing.iter().all(|key| one.for_variant("hosted", true).item(key).is_some()));
    assert!(crossing.iter().all(|key| one.for_variant("same_server", false).item(key).is_none()));
}

#[test]
fn a_version_is_added_and_never_replaced() {
    let newer = built_in(0).1.replace("\"2026-11\"", "\"2027-03\"");
    let registry =
        Registry::from_files(&[built_in(0), built_in(1), ("new.toml".into(), newer)]).expect("valid");
    assert_eq!(registry.get(AuditKind::One, "").map(|l| l.version.as_str()), Some("2027-03"));
    assert_eq!(registry.get(AuditKind::One, "2026-11").map(|l| l.version.as_str()), Some("2026-11"));
    assert!(registry.get(AuditKind::One, "1999").is_none());

    let again = Registry::from_files(&[built_in(0), built_in(1), ("again.toml".into(), built_in(0).1)]);
    assert_eq!(
        again.expect_err("it is there").to_string(),
        "again.toml: version: audit 1 has version 2026-11 already"
    );
}

#[test]
fn a_reference_to_nothing_is_named() {
    let (file, text) = built_in(1);
    let broken = text.replace("{ of = \"ram.gb\"", "{ of = \"ram.mb\"");
    let error = Registry::from_files(&[built_in(0), (file, broken)]).expect_err("ram.mb does not exist");
    assert_eq!(
        error.to_string(),
        "audit-2.toml: sql.max_memory_mb: refers to ram.mb, which is neither a fact nor an item"
    );
}

#[test]
fn a_limit_is_a_number() {
    let (file, text) = built_in(1);
    let broken = text.replace("{ of = \"ram.gb\"", "{ of = \"source.collation\"");
    let error = Registry::from_files(&[built_in(0), (file, broken)]).expect_err("a collation is no number");
    assert_eq!(error.problem, "needs a number, and source.collation is none");
}
