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

/// `INVALID_ARGUMENT` where a text of one line has too few or too many characters, or one that nobody
/// sees: a number that is copied from a document brings them along, and finds nothing afterwards.
pub fn line(field: &str, text: &str, allowed: RangeInclusive<usize>) -> Option<Violation> {
    let Some(unseen) = text.trim().chars().find(|c| is_unseen(*c)) else {
        return length(field, text, allowed);
    };
    let code = u32::from(unseen);
    let (least, most) = (allowed.start(), allowed.end());
    Some(
        Violation::new(ErrorReason::InvalidArgument)
            .field(field)
            .asked(words(
                format!("an invisible character, U+{code:04X}"),
                format!("niewidoczny znak, U+{code:04X}"),
            ))
            .allowed(words(
                format!("one line of {least} to {most} visible characters"),
                format!("jeden wiersz, liczba widocznych znaków od {least} do {most}"),
            )),
    )
}

/// Line breaks, control characters, and those of Unicode that have no width or turn the direction: with these
/// "gpj.exe" can be made to look like "exe.jpg".
pub(crate) fn is_unseen(c: char) -> bool {
    let formats = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || formats || matches!(c, '\u{61c}' | '\u{2028}'..='\u{202e}')
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

    #[rstest]
    #[case::a_number("FV/2026/11/187", None)]
    #[case::blanks_inside("ż 1", None)]
    #[case::a_line_break_at_its_end("FV 1\n", None)]
    #[case::the_longest(&"7".repeat(100), None)]
    #[case::nothing("", Some("1 to 100 characters"))]
    #[case::blank(" \u{a0}", Some("1 to 100 characters"))]
    #[case::one_too_many(&"7".repeat(101), Some("1 to 100 characters"))]
    #[case::a_line_break("FV 1\nFV 2", Some("one line of 1 to 100 visible characters"))]
    #[case::a_line_separator("FV 1\u{2028}FV 2", Some("one line of 1 to 100 visible characters"))]
    #[case::a_tab("FV\t1", Some("one line of 1 to 100 visible characters"))]
    #[case::a_bell("FV\u{7}1", Some("one line of 1 to 100 visible characters"))]
    #[case::no_width("\u{200b}", Some("one line of 1 to 100 visible characters"))]
    #[case::turned_around("FV \u{202e}1", Some("one line of 1 to 100 visible characters"))]
    fn invalid_argument_names_what_nobody_sees_in_a_line(#[case] text: &str, #[case] allowed: Option<&str>) {
        let violation = line("number", text, 1..=100);
        let got = violation.map(|violation| violation.allowed.to_string());
        assert_eq!(got.as_deref(), allowed);
    }
}
