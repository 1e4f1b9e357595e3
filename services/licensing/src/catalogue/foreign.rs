//! Data files that somebody writes: a mistake is said with its file, and nothing panics.

use platform::data::Source;
use proptest::prelude::*;
use testkit::foreign;

use super::load::{Draft, SHIPPED};

const OFFER: &str = "[[offer]]\nkey = \"migration-2026\"\nkinds = [\"standard\"]\nvalid_from = \"2027-01-01\"\n\
    valid_until = \"2027-12-31\"\nname = { pl = \"a\", en = \"a\" }\n";
const PRICE: &str = "version = \"2027\"\n[[price]]\nproduct = \"sql-2022-standard-core\"\nnet = \"12345.67\"\n\
    from = \"2027-01-01\"\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: foreign::cases().cases / 4, ..foreign::cases() })]

    #[test]
    fn a_data_file_is_read_or_refused_with_its_file(
        text in foreign::text(SHIPPED.map(|(_, text)| text).into_iter().chain([OFFER, PRICE])),
        (file, _) in prop::sample::select(SHIPPED.to_vec()),
    ) {
        let mut draft = Draft::default();
        for (file, text) in SHIPPED {
            draft.read(file, Source { file, text }).expect("shipped");
        }
        let read = draft.read(file, Source { file, text: &text }).and_then(|()| draft.check());
        if let Err(error) = read {
            prop_assert!(SHIPPED.iter().any(|(file, _)| error.to_string().starts_with(file)), "{error}");
        } else {
            drop(draft.into_catalogue());
        }
    }
}
