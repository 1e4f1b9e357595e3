use rstest::rstest;

use super::super::{AuditKind, Form, Registry};
use super::*;

fn known(key: &str) -> Option<Value> {
    Some(match key {
        "source.version" => Value::Text("2008 R2".into()),
        "target.version" => Value::Text("2022".into()),
        "target.edition" => Value::Text("standard".into()),
        "target.auth_mode" => Value::Text("mixed".into()),
        "target.port" => Value::Number(1433.0),
        "source.collation" => Value::Text("Polish_CI_AS".into()),
        "source.filestream_level" => Value::Number(2.0),
        "source.database_gb" => Value::Number(120.0),
        "ram.gb" => Value::Number(32.0),
        "cpu.usable_cores" => Value::Number(6.0),
        "cpu.logical" => Value::Number(12.0),
        "link.mbps" => Value::Number(100.0),
        "plan.window_min" => Value::Number(600.0),
        "variant" => Value::Text("hosted".into()),
        _ => return None,
    })
}

fn item(key: &str) -> Item {
    let registry = Registry::load(None, &[]).expect("the built-in checklists are valid");
    [AuditKind::One, AuditKind::Two]
        .iter()
        .find_map(|audit| registry.get(*audit, "").and_then(|list| list.item(key).cloned()))
        .expect("the item is in a built-in checklist")
}

const B: Option<Severity> = Some(Severity::Blocking);
const M: Option<Severity> = Some(Severity::Minor);

#[rstest]
#[case("cpu.ghz", 1.4, None)]
#[case("cpu.ghz", 1.39, B)]
#[case("cpu.usable_cores", 24.0, None)]
#[case("cpu.usable_cores", 25.0, M)]
#[case("ram.gb", 15.9, B)]
#[case("disk.alloc_unit_kb", 64.0, None)]
#[case("disk.alloc_unit_kb", 4.0, M)]
#[case("disk.read_ms", 19.9, None)]
#[case("disk.read_ms", 20.0, M)]
#[case("disk.read_ms", 49.9, M)]
#[case("disk.read_ms", 50.0, B)]
#[case("backup.free_gb", 240.0, None)]
#[case("backup.free_gb", 239.0, B)]
#[case("link.ping_ms", 30.0, None)]
#[case("link.ping_ms", 31.0, M)]
#[case("inst.filestream_level", 2.0, None)]
#[case("inst.filestream_level", 1.0, B)]
#[case("inst.port", 1434.0, B)]
#[case("sql.max_memory_mb", 28672.0, None)]
#[case("sql.max_memory_mb", 28673.0, M)]
#[case("sql.maxdop", 0.0, M)]
#[case("sql.maxdop", 1.0, None)]
#[case("sql.maxdop", 8.0, None)]
#[case("sql.maxdop", 9.0, M)]
#[case("tempdb.files", 6.0, None)]
#[case("tempdb.files", 8.0, M)]
#[case("inst.trial_restore_min", 240.0, None)]
#[case("inst.trial_restore_min", 241.0, B)]
fn a_number_is_judged_by_the_checklist(
    #[case] key: &str,
    #[case] value: f64,
    #[case] failed: Option<Severity>,
) {
    assert_eq!(item(key).judge(&Value::Number(value), &known).expect("all is known").failed, failed);
}

#[rstest]
#[case("os.version", "2019", None)]
#[case("os.version", "2016", B)]
#[case("power.plan", "balanced", M)]
#[case("inst.edition_version", "standard 2022", None)]
#[case("inst.edition_version", "enterprise 2022", B)]
#[case("inst.collation", "Polish_CI_AS", None)]
#[case("inst.collation", "SQL_Latin1_General_CP1_CI_AS", B)]
#[case("inst.auth_mode", "windows", B)]
fn a_word_is_judged_by_the_checklist(
    #[case] key: &str,
    #[case] value: &str,
    #[case] failed: Option<Severity>,
) {
    assert_eq!(item(key).judge(&Value::Text(value.into()), &known).expect("all is known").failed, failed);
}

#[rstest]
#[case("os.pending_restart", false, None)]
#[case("os.pending_restart", true, B)]
#[case("inst.build", false, M)]
fn a_yes_or_no_is_judged_by_the_checklist(
    #[case] key: &str,
    #[case] value: bool,
    #[case] failed: Option<Severity>,
) {
    assert_eq!(item(key).judge(&Value::Bool(value), &known).expect("all is known").failed, failed);
}

fn number(expect: Expect) -> Item {
    let form = Form::Number { unit: String::new(), range: None };
    Item { key: "a.b".into(), form, expect, severity: Severity::Minor, ..item("cpu.usable_cores") }
}

#[rstest]
#[case::not_equals(Expect::NotEquals(Bound::Fixed(0.0)), &[1.0, -1.0], &[0.0])]
#[case::above(Expect::Above(Bound::Fixed(4.0)), &[4.1], &[4.0, 3.0])]
#[case::below(Expect::Below(Bound::Fixed(4.0)), &[3.9], &[4.0, 5.0])]
#[case::between(Expect::Between(Bound::Fixed(1.0), Bound::Fixed(4.0)), &[1.0, 4.0], &[0.9, 4.1])]
#[case::holds(Expect::Holds("a.b >= 2 * source.database_gb".into()), &[240.0], &[239.0])]
fn each_comparison_has_its_sides(#[case] expect: Expect, #[case] good: &[f64], #[case] bad: &[f64]) {
    let item = number(expect);
    let failed = |value: &f64| item.judge(&Value::Number(*value), &known).expect("all is known").failed;
    assert!(good.iter().all(|value| failed(value).is_none()));
    assert!(bad.iter().all(|value| failed(value) == M));
}

#[test]
fn a_value_of_another_kind_never_passes() {
    for expect in [Expect::NotEquals(Bound::Fixed(0.0)), Expect::Above(Bound::Fixed(0.0))] {
        let judged = number(expect).judge(&Value::Text("7".into()), &known).expect("all is known");
        assert_eq!(judged.failed, M);
    }
}

#[test]
fn a_limit_that_cannot_be_worked_out_names_what_it_was_worked_out_from() {
    let nothing_free = |_: &str| Some(Value::Number(0.0));
    let judged = number(Expect::AtMost(Bound::Worked("1 / source.database_gb".into())))
        .judge(&Value::Number(1.0), &nothing_free)
        .expect_err("it divides by zero");
    assert_eq!(judged.needs, ["source.database_gb"]);
    assert!(judged.problem.contains('/'), "{}", judged.problem);
}

#[test]
fn the_cap_of_cores_follows_the_ordered_version_and_edition() {
    let with = |what: &'static str, word: &'static str| {
        move |key: &str| if key == what { Some(Value::Text(word.into())) } else { known(key) }
    };
    let judge = |cores, known: Known| item("cpu.usable_cores").judge(&Value::Number(cores), known);
    let newest = judge(32.0, &with("target.version", "2025"));
    assert_eq!(newest, Ok(Judgement { failed: None, limit: "≤ 32".into() }));
    let enterprise = judge(64.0, &with("target.edition", "enterprise")).expect("all is known");
    assert_eq!(enterprise.failed, None, "the cap is Standard's");
}

#[test]
fn a_limit_without_its_fact_is_not_guessed() {
    let nothing = |_: &str| None;
    let judged = item("inst.edition_version").judge(&Value::Text("standard 2022".into()), &nothing);
    assert_eq!(judged.expect_err("nothing is known").needs, ["target.edition", "target.version"]);
}

// 120 GB at 100 Mbit/s are 9600 s; 40 % of 400 min are 9600 s.
#[rstest]
#[case(400.0, true)]
#[case(399.0, false)]
fn the_transfer_fits_into_its_share_of_the_window(#[case] window_min: f64, #[case] fits: bool) {
    let with_window =
        |key: &str| if key == "plan.window_min" { Some(Value::Number(window_min)) } else { known(key) };
    let computed = item("link.transfer_fits").computed.expect("it is computed");
    assert_eq!(computed.evaluate(&with_window), Ok(Value::Bool(fits)));
}

#[rstest]
#[case("2008 R2", "2019", true)]
#[case("2022", "2022", true)]
#[case("2025", "2022", false)]
fn the_source_is_no_newer_than_what_is_ordered(#[case] source: &str, #[case] target: &str, #[case] ok: bool) {
    let versions = |key: &str| match key {
        "source.version" => Some(Value::Text(source.into())),
        _ => Some(Value::Text(target.into())),
    };
    let computed = item("sql.source_not_newer").computed.expect("it is computed");
    assert_eq!(computed.evaluate(&versions), Ok(Value::Bool(ok)));
}

#[rstest]
#[case("backup.free_gb", "≥ 2 * source.database_gb")]
#[case("sql.max_memory_mb", "≤ 1024 * ram.gb - 4096")]
#[case("sql.maxdop", "1–min(8, cpu.logical)")]
#[case(
    "cpu.usable_cores",
    "≤ 1000000 if target.edition == 'enterprise' else 32 if target.version == '2025' else 24"
)]
#[case("disk.read_ms", "< 20, blocking from 50")]
#[case("inst.edition_version", "= target.edition ~ ' ' ~ target.version")]
#[case("os.version", "2019 | 2022 | 2025")]
fn an_expectation_reads_as_the_checklist_states_it(#[case] key: &str, #[case] text: &str) {
    assert_eq!(item(key).expect.to_string(), text);
}
