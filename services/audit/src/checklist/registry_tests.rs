use rstest::rstest;

use super::*;

fn built_in(file: usize) -> (String, String) {
    (BUILT_IN[file].0.to_owned(), BUILT_IN[file].1.to_owned())
}

#[test]
fn the_built_in_checklists_hold_every_item() {
    let registry = Registry::load(None, &[]).expect("the built-in checklists are valid");
    let one = registry.get(AuditKind::One, "").expect("audit 1");
    let two = registry.get(AuditKind::Two, "2026-11").expect("audit 2");
    assert_eq!((one.facts.len(), one.items.len(), two.items.len()), (10, 34, 23));
    let expiring: Vec<_> =
        one.items.iter().filter(|i| i.expires_after_days.is_some()).map(|i| i.key.as_str()).collect();
    assert!(expiring.contains(&"disk.free_pct") && expiring.contains(&"db.suspect_pages"));
    assert_eq!(expiring.iter().filter(|k| k.starts_with("backup.") || k.starts_with("link.")).count(), 11);
}

#[test]
fn items_of_the_link_apply_where_data_crosses_it() {
    let registry = Registry::load(None, &[]).expect("valid");
    let one = registry.get(AuditKind::One, "").expect("audit 1");
    let crossing = ["link.transfer_fits", "link.vpn"];
    let list = |crosses| one.applying(&move |key| (key == DATA_CROSSES_LINK).then_some(Value::Bool(crosses)));
    assert!(crossing.iter().all(|key| list(true).item(key).is_some()));
    assert!(crossing.iter().all(|key| list(false).item(key).is_none()));
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
        "again.toml:25: version: audit 1 has version 2026-11 already"
    );
}

/// What is wrong with audit 2 if `new` stands where `old` does.
fn broken(old: &str, new: &str) -> String {
    let (file, text) = built_in(1);
    assert!(text.contains(old), "{old} is in the file");
    let error = Registry::from_files(&[built_in(0), (file, text.replacen(old, new, 1))]);
    error.expect_err("it is broken").to_string()
}

#[rstest]
#[case::nothing("1024 * ram.mb - 4096", "ram.mb is neither a fact nor an item")]
#[case::no_number(
    "source.collation",
    "gives Polish_CI_AS with source.collation = Polish_CI_AS, and not a number"
)]
#[case::true_or_false("ram.gb > 4", "gives false with ram.gb = 0, and not a number")]
#[case::no_expression("1024 *", "unexpected end of input")]
#[case::a_filter("ram.gb | round", "filter round is unknown")]
#[case::a_division_by_zero("1024 / ram.gb", "with ram.gb = 0")]
#[case::no_finite_number("ram.gb ** 99", "no finite number with ram.gb = 1000000")]
fn a_limit_that_can_go_wrong_is_refused_when_it_is_loaded(#[case] limit: &str, #[case] problem: &str) {
    let error = broken("1024 * ram.gb - 4096", limit);
    assert!(error.starts_with("audit-2.toml:"), "{error}");
    assert!(error.contains(&format!(": sql.max_memory_mb: {limit}: ")) && error.contains(problem), "{error}");
}

/// What is wrong with audit 1 if this is the limit of its cores.
fn cores(limit: &str) -> String {
    let shipped = "1000000 if target.edition == 'enterprise' else 32 if target.version == '2025' else 24";
    let (file, text) = built_in(0);
    assert!(text.contains(shipped));
    let error = Registry::from_files(&[(file, text.replacen(shipped, limit, 1)), built_in(1)]);
    error.map(|_| String::new()).unwrap_or_else(|e| e.to_string())
}

#[rstest]
#[case::a_branch("1 / source.database_gb if variant == 'hosted' else 10", "variant = hosted")]
#[case::a_variant_of_operations(
    "10 if variant in ['hosted', 'same_server', 'new_server'] else 'x'",
    "variant = another"
)]
#[case::two_at_once("1 / ram.gb if target.version == '2019' else 10", "ram.gb = 0, target.version = 2019")]
#[case::a_text_as_number("32 if target.version == 2025 else 24", "gives 24 whatever its keys are")]
#[case::not_always_asked("10 if link.vpn else 20", "link.vpn is asked only where data_crosses_link")]
#[case::good("10 if variant == 'hosted' else 20", "")]
fn every_branch_of_an_expression_is_tried(#[case] limit: &str, #[case] problem: &str) {
    let error = cores(limit);
    assert!(error.contains(problem) && error.is_empty() == problem.is_empty(), "{error}");
}

#[test]
fn audit_2_refers_only_to_what_the_newest_audit_1_gives_it() {
    let refused = |from: &str, to: &str| {
        let newer = built_in(0).1.replace("\"2026-11\"", "\"2027-03\"").replacen(from, to, 1);
        let files = [built_in(0), built_in(1), ("new.toml".into(), newer)];
        Registry::from_files(&files).expect_err("audit 2 would wait for ever").to_string()
    };
    let gone = refused("key = \"cpu.logical\"", "key = \"cpu.threads\"");
    let told = "cpu.logical is neither a fact nor an item of audit 1 (2027-03)";
    assert!(gone.contains("sql.maxdop") && gone.contains(told), "{gone}");
    let waivable = refused("waivable = false", "waivable = true");
    assert!(waivable.contains("cpu.usable_cores of audit 1 can be waived"), "{waivable}");
    let word = refused(r#"["2019", "2022", "2025"]"#, r#"["2019", "2022", "2025", "2028"]"#);
    assert!(word.contains("inst.edition_version") && word.contains("gives standard 2028"), "{word}");
}

#[test]
fn an_older_audit_2_goes_on_with_the_audit_1_that_it_was_written_for() {
    let renamed = |n: usize| {
        let (_, text) = built_in(n);
        let text = text.replace("\"2026-11\"", "\"2027-03\"").replace("cpu.logical", "cpu.threads");
        (format!("new-{n}.toml"), text)
    };
    Registry::from_files(&[built_in(0), built_in(1), renamed(0), renamed(1)]).expect("each has its keys");
}

#[test]
fn a_measurement_that_nothing_makes_old_cannot_expire() {
    let (file, text) = built_in(0);
    let computed = "computed = \"source.version <= target.version\"\n";
    assert!(text.contains(computed));
    let text = text.replacen(computed, &format!("{computed}expires_after_days = 14\n"), 1);
    let error = Registry::from_files(&[(file, text), built_in(1)]).expect_err("facts do not expire");
    assert_eq!(error.problem, "expires_after_days: nothing that it is worked out from expires");
}

#[test]
fn what_is_worked_out_from_itself_is_refused() {
    let computed = |from: &str| format!("kind = \"bool\"\ncomputed = \"{from}\"\nexpect");
    let (file, text) = built_in(0);
    let text = text.replacen("kind = \"bool\"\nexpect", &computed("host.domain_controller"), 1);
    let text = text.replacen("kind = \"bool\"\nexpect", &computed("not os.pending_restart"), 1);
    let error = Registry::from_files(&[(file, text)]).expect_err("round and round");
    let round = "os.pending_restart → host.domain_controller → os.pending_restart";
    assert_eq!(error.key, "os.pending_restart");
    assert_eq!(error.problem, format!("is worked out from itself: {round}"));
}
