use rstest::rstest;

use super::*;

const GOOD: &str = r#"
[[override]]
audit = 1
variant = "same_server"
item = "ram.gb"
limits = [12]
approver = "Anna Nowak"
reason = "The server is replaced in summer."
until = "2027-06-30"
"#;

fn read(text: &str) -> Result<Vec<VariantOverride>, String> {
    let registry = Registry::load(None, &[]).expect("valid");
    parse("overrides.toml", text, &registry).map_err(|e| e.to_string())
}

#[test]
fn an_override_is_read() {
    let read = read(GOOD).expect("valid");
    assert_eq!((read[0].limits.as_slice(), read[0].until), (&[12.0][..], jiff::civil::date(2027, 6, 30)));
}

#[rstest]
#[case("ram.gb", "ram.mb", "overrides.toml:2: ram.mb: audit 1 has no such item")]
#[case("ram.gb", "link.mbps", "overrides.toml:2: link.mbps: link acceptance")]
#[case("ram.gb", "power.plan", "overrides.toml:2: power.plan: limits are not 0")]
#[case(
    "[12]",
    "[12, 14]",
    "overrides.toml:2: ram.gb: limits are not 1 finite numbers from low to high, as in ≥"
)]
#[case("[12]", "[nan]", "overrides.toml:2: ram.gb: limits are not")]
#[case("Anna Nowak", " ", "overrides.toml:2: ram.gb: approver is empty")]
#[case("2027-06-30", "2027-06-31", "overrides.toml:")]
#[case("audit = 1", "audit = 3", "overrides.toml:3: override[0]: there is no audit 3")]
#[case(
    "2027-06-30\"\n",
    "2027-06-30\"\n\n[[override]]\naudit = 1\nvariant = \"same_server\"\nitem = \"ram.gb\"\nlimits = [14]\napprover = \"A\"\nreason = \"B\"\nuntil = \"2027-07-30\"\n",
    "overrides.toml:11: ram.gb: same_server has another limit already"
)]
#[case("[[override]]", "[[overrides]]", "overrides.toml:2: overrides: unknown field `overrides`")]
fn a_mistake_is_named_with_file_line_and_key(#[case] good: &str, #[case] bad: &str, #[case] told: &str) {
    let error = read(&GOOD.replacen(good, bad, 1)).expect_err("it is broken");
    assert!(error.starts_with(told), "{error}");
}
