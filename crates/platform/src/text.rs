//! Texts for people: those of data files, in both languages, and the checks of what people write.

use std::ops::RangeInclusive;

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use serde::{Deserialize, Serialize};

/// Polish and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub pl: String,
    pub en: String,
}

impl From<Text> for proto::common::v1::LocalizedText {
    fn from(Text { pl, en }: Text) -> Self {
        Self { pl, en }
    }
}

/// Longest note, reason or description, in characters.
const LONGEST_NOTE: usize = 2000;

/// `INVALID_ARGUMENT` unless a note or reason says something and is not too long.
pub fn note(field: &str, text: &str) -> Option<Violation> {
    length(field, text, 1..=LONGEST_NOTE)
}

/// `INVALID_ARGUMENT` where a note that may be left out is too long.
pub fn optional_note(field: &str, text: &str) -> Option<Violation> {
    length(field, text, 0..=LONGEST_NOTE)
}

/// `INVALID_ARGUMENT` where a text has too few or too many characters; blanks around it do not count.
pub fn length(field: &str, text: &str, allowed: RangeInclusive<usize>) -> Option<Violation> {
    let length = text.trim().chars().count();
    let (least, most) = (allowed.start(), allowed.end());
    (!allowed.contains(&length)).then(|| {
        Violation::new(ErrorReason::InvalidArgument)
            .field(field)
            .asked(words(format!("{length} characters"), format!("liczba znaków: {length}")))
            .allowed(words(
                format!("{least} to {most} characters"),
                format!("liczba znaków od {least} do {most}"),
            ))
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_word("tak", true)]
    #[case::blank(" \t\n", false)]
    #[case::nothing("", false)]
    #[case::blanks_around_do_not_count(&format!("  {}  ", "ż".repeat(LONGEST_NOTE)), true)]
    #[case::one_too_many(&"ż".repeat(LONGEST_NOTE + 1), false)]
    fn invalid_argument_names_the_length_of_a_note(#[case] text: &str, #[case] fine: bool) {
        let violation = note("reason", text);
        assert_eq!(violation.is_none(), fine, "{violation:?}");
        if let Some(violation) = violation {
            assert_eq!(violation.reason, ErrorReason::InvalidArgument);
            assert_eq!(violation.field, "reason");
            assert_eq!(violation.allowed, "1 to 2000 characters");
        }
    }
}
