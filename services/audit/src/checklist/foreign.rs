//! Checklists that somebody writes: a mistake is said with its file, and nothing panics.

use proptest::prelude::*;
use testkit::foreign;

use super::load::parse;

const SHIPPED: [&str; 2] = [include_str!("../../data/audit-1.toml"), include_str!("../../data/audit-2.toml")];

proptest! {
    // They are long.
    #![proptest_config(ProptestConfig { cases: foreign::cases().cases / 8, ..foreign::cases() })]

    #[test]
    fn a_checklist_is_read_or_refused_with_its_file(text in foreign::text(SHIPPED)) {
        if let Err(error) = parse("audit-3.toml", &text) {
            prop_assert!(error.to_string().starts_with("audit-3.toml"), "{error}");
        }
    }
}
