use rstest::rstest;

use super::{Value, parse};

const HEAD: &str = r#"
audit = 1
version = "2026-11"
title = { pl = "a", en = "a" }
[[section]]
key = "host"
title = { pl = "a", en = "a" }
[[section]]
key = "link"
title = { pl = "a", en = "a" }
"#;

fn item(lines: &str) -> String {
    let rest = [
        ("key", r#"key = "a.b""#),
        ("section", r#"section = "host""#),
        ("question", r#"question = { pl = "a", en = "a" }"#),
        ("kind", r#"kind = "bool""#),
        ("expect", "expect = { is = true }"),
        ("severity", r#"severity = "blocking""#),
        ("source", r#"source = "EJ""#),
    ];
    let mut text = format!("{HEAD}\n[[item]]\n{lines}\n");
    for (field, line) in rest {
        if !lines.lines().any(|l| l.starts_with(&format!("{field} ="))) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[test]
fn a_plain_item_is_read() {
    let list = parse("f.toml", &item("")).expect("it is valid").list;
    assert_eq!(list.items.len(), 1);
    assert!(!list.items[0].waivable, "a blocking item is not waivable by default");
}

#[rstest]
#[case::unknown_field("colour = 1", "unknown field `colour`")]
#[case::bad_key(r#"key = "A""#, "lower-case")]
#[case::reserved_key(r#"key = "fix.a""#, "made by the service")]
#[case::no_section(r#"section = "x""#, "no section x")]
#[case::help_in_one_language(r#"help = { pl = " ", en = "a" }"#, "help is needed in both languages")]
#[case::function_as_key(r#"key = "min.a""#, "made by the service")]
#[case::question_in_one_language(r#"question = { pl = "a", en = " " }"#, "both languages")]
#[case::unknown_kind(r#"kind = "colour""#, "none of bool")]
#[case::unit_of_a_bool(r#"unit = "GB""#, "belong to numbers")]
#[case::choice_without_values("kind = \"choice\"\nexpect = { one_of = [\"a\"] }", "needs values")]
#[case::values_of_a_bool(r#"values = ["a"]"#, "belong to choices")]
#[case::expect_of_another_kind("expect = { at_least = 1 }", "does not go with this kind")]
#[case::unknown_expectation("expect = { about = 1 }", "unknown variant `about`")]
#[case::expected_word_missing(
    "kind = \"choice\"\nvalues = [\"a\"]\nexpect = { one_of = [\"b\"] }",
    "not among the values"
)]
#[case::tiers_upside_down(
    "kind = \"number\"\nexpect = { tiers = { good_below = 9, blocking_from = 5 } }",
    "lies below"
)]
#[case::range_upside_down("kind = \"number\"\nrange = [2, 1]\nexpect = { at_least = 1 }", "ends before")]
#[case::limit_that_is_no_number(
    "kind = \"number\"\nexpect = { at_most = nan }",
    "a limit is a finite number"
)]
#[case::endless_range("kind = \"number\"\nrange = [0, inf]\nexpect = { at_least = 1 }", "finite ends")]
#[case::expires_at_once("expires_after_days = 0", "at least 1")]
#[case::no_source(r#"source = "" "#, "source is empty")]
#[case::between_upside_down("kind = \"number\"\nexpect = { between = [10, 1] }", "ends before it starts")]
#[case::made_by_scheduling(r#"key = "variant.x""#, "made by the service")]
#[case::wrong_type(r#"waivable = "yes""#, "waivable: invalid type: string \"yes\", expected a boolean")]
#[case::link_waivable("key = \"link.x\"\nwaivable = true", "never waivable")]
#[case::link_section_waivable("section = \"link\"\nwaivable = true", "never waivable")]
#[case::installed_waivable("key = \"inst.installed\"\nwaivable = true", "never waivable")]
#[case::licence_waivable("key = \"lic.assigned\"\nwaivable = true", "never waivable")]
fn a_broken_item_is_named_with_its_file(#[case] lines: &str, #[case] problem: &str) {
    let key = lines.lines().find_map(|l| l.strip_prefix("key = ")).unwrap_or("a.b").trim_matches('"');
    let text = item(lines);
    let error = parse("f.toml", &text).err().expect("it is broken");
    assert!(error.problem.contains(problem), "{error}");
    let line = 1 + text.lines().position(|line| line == "[[item]]").expect("it has an item");
    assert!(error.to_string().starts_with(&format!("f.toml:{line}: {key}: ")), "{error}");
}

#[test]
fn a_key_twice_is_refused() {
    let one = item("");
    let twice = format!(
        "{one}\n{}",
        one.split("[[item]]").last().map(|i| format!("[[item]]{i}")).expect("has an item")
    );
    assert_eq!(parse("f.toml", &twice).err().expect("it is there twice").problem, "the key is there twice");
}

#[test]
fn a_default_of_another_form_is_refused() {
    let fact = format!(
        "{}\n[[fact]]\nkey = \"f.x\"\nsection = \"host\"\nquestion = {{ pl = \"a\", en = \"a\" }}\nkind = \"number\"\nrange = [1, 2]\ndefault = 3\n",
        item("")
    );
    let error = parse("f.toml", &fact).err().expect("3 is out of range");
    assert_eq!(
        (error.key.as_str(), error.problem.as_str()),
        ("f.x", "default 3 is not a number from 1 to 2 without a unit")
    );
}

#[test]
fn minor_items_are_waivable_but_for_link_acceptance() {
    let minor = parse("f.toml", &item("severity = \"minor\"")).expect("valid").list;
    assert!(minor.items[0].waivable);
    let link = parse("f.toml", &item("severity = \"minor\"\nkey = \"link.x\"")).expect("valid").list;
    assert!(!link.items[0].waivable);
    let tiers =
        "severity = \"minor\"\nkind = \"number\"\nexpect = { tiers = { good_below = 1, blocking_from = 2 } }";
    assert!(!parse("f.toml", &item(tiers)).expect("valid").list.items[0].waivable, "it can become blocking");
}

#[test]
fn a_key_that_is_the_beginning_of_another_is_refused() {
    let text = format!("{}\n{}", item(""), item("key = \"a.b.c\"").split_off(HEAD.len()));
    let error = parse("f.toml", &text).err().expect("a.b and a.b.c");
    assert_eq!(error.problem, "one of a.b and a.b.c begins with the other");
}

#[rstest]
#[case::no_such_audit("audit = 1", "audit = 3", "f.toml:2: audit: there is no audit 3")]
#[case::no_number("audit = 1", "audit = 300", "f.toml:2: audit: invalid value: integer `300`")]
#[case::no_month(
    r#"version = "2026-11""#,
    r#"version = "2026-9""#,
    "f.toml:3: version: a version is a month"
)]
#[case::no_such_month(r#"version = "2026-11""#, r#"version = "2026-13""#, "f.toml:3: version: ")]
#[case::slash(r#"version = "2026-11""#, r#"version = "2026-11/""#, "f.toml:3: version: ")]
#[case::section_twice(
    r#"key = "link""#,
    r#"key = "host""#,
    "f.toml: section: the section host is there twice"
)]
#[case::section_without_title(
    "key = \"link\"\ntitle = { pl = \"a\", en = \"a\" }",
    "key = \"link\"",
    "f.toml:8: section[1]: missing field `title`"
)]
#[case::title_in_one_language(
    r#"title = { pl = "a", en = "a" }"#,
    r#"title = { pl = "a", en = "" }"#,
    "f.toml: title: the title is needed in both languages"
)]
#[case::corrections_in_audit_1(
    r#"title = { pl = "a", en = "a" }"#,
    "title = { pl = \"a\", en = \"a\" }\n[fix]\nsection = \"host\"\nquestion = { pl = \"a\", en = \"a\" }\nsource = \"EJ\"",
    "f.toml:5: fix: audit 2 has the template of corrections"
)]
fn a_broken_list_is_named_with_line_and_key(#[case] good: &str, #[case] bad: &str, #[case] told: &str) {
    let text = item("").replacen(good, bad, 1);
    let error = parse("f.toml", &text).err().expect("it is broken").to_string();
    assert!(error.starts_with(told), "{error}");
}

#[rstest]
#[case::text(r#"default = "2027-01-01""#)]
#[case::tomls_own("default = 2027-01-01")]
fn a_day_can_be_a_default(#[case] default: &str) {
    let fact = format!(
        "{}\n[[fact]]\nkey = \"f.x\"\nsection = \"host\"\nquestion = {{ pl = \"a\", en = \"a\" }}\nkind = \"date\"\n{default}\n",
        item("")
    );
    let list = parse("f.toml", &fact).expect("valid").list;
    assert_eq!(list.facts[0].default, Some(Value::Date(jiff::civil::date(2027, 1, 1))));
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    let error = parse("f.toml", "audit = 1\nversion = \n").err().expect("a value is missing");
    assert!(error.to_string().starts_with("f.toml:2: "), "{error}");
}
