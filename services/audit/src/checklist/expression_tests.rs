use rstest::rstest;

use super::*;

fn known(key: &str) -> Option<Value> {
    Some(match key {
        "source.database_gb" => Value::Number(120.0),
        "cpu.usable_cores" => Value::Number(6.0),
        "link.mbps" => Value::Number(0.0),
        "target.version" => Value::Text("2025".into()),
        "target.edition" => Value::Text("standard".into()),
        "backup.taken_on" => Value::Date(jiff::civil::date(2026, 12, 1)),
        "backup.restore_tested" => Value::Bool(true),
        "variant" => Value::Text("hosted".into()),
        _ => return None,
    })
}

fn evaluate(text: &str) -> Result<Value, Unknown> {
    Expression(text.to_owned()).evaluate(&known)
}

#[rstest]
#[case("2 * source.database_gb", Value::Number(240.0))]
#[case("source.database_gb - 20.5", Value::Number(99.5))]
#[case("min(8, cpu.usable_cores)", Value::Number(6.0))]
#[case("max(8, cpu.usable_cores)", Value::Number(8.0))]
#[case("ceil(cpu.usable_cores / 4)", Value::Number(2.0))]
#[case("32 if target.version == '2025' else 24", Value::Number(32.0))]
#[case("variant in ['hosted', 'new_server']", Value::Bool(true))]
#[case("backup.taken_on >= '2026-11-30' and backup.restore_tested", Value::Bool(true))]
#[case("target.edition ~ ' ' ~ target.version", Value::Text("standard 2025".into()))]
fn an_expression_has_a_value(#[case] text: &str, #[case] value: Value) {
    assert_eq!(evaluate(text), Ok(value));
}

#[test]
fn keys_without_a_value_are_named_also_where_they_would_not_be_looked_at() {
    let unknown = evaluate("backup.restore_tested or ram.gb > 4 or ram.free_gb > 1").expect_err("no memory");
    assert_eq!(
        (unknown.needs, unknown.problem),
        (vec!["ram.free_gb".into(), "ram.gb".into()], String::new())
    );
}

#[rstest]
#[case::division_by_zero("source.database_gb / link.mbps", &["link.mbps", "source.database_gb"])]
#[case::infinite("source.database_gb ** 999", &["source.database_gb"])]
#[case::text_as_number("2 * variant - 1", &["variant"])]
#[case::a_list("[variant]", &["variant"])]
#[case::a_branch("2 * (cpu.usable_cores if false)", &["cpu.usable_cores"])]
fn values_with_which_it_cannot_be_worked_out_are_named(#[case] text: &str, #[case] needs: &[&str]) {
    let unknown = evaluate(text).expect_err("it has no value");
    assert_eq!(unknown.needs, needs);
    assert!(!unknown.problem.is_empty());
}

#[rstest]
#[case("2 *")]
#[case("source.database_gb | round")]
#[case("range(1000000000)")]
fn what_is_no_expression_is_refused_or_has_no_value(#[case] text: &str) {
    assert!(evaluate(text).is_err());
}
