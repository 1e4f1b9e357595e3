//! Where a line may end: inside a long word such as a path, and not between a number and its unit.

/// Longest word that fits into the narrowest column.
const FITS: usize = 14;
/// Characters after which a longer word may be divided.
const PIECE: usize = 4;

/// The text with zero-width spaces in words that may be too long for a line. It reads as before.
pub fn divided(text: &str) -> String {
    let mut divided = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_whitespace() {
            push(&mut divided, &word);
            word.clear();
            divided.push(c);
        } else {
            word.push(c);
        }
    }
    push(&mut divided, &word);
    divided
}

/// A value or a limit, whose numbers stay with their signs and units.
pub fn measure(text: &str) -> String {
    let mut glued = String::with_capacity(text.len());
    let mut last = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // Of several numbers each may begin a line.
        let before_unit = last.is_ascii_digit() && chars.peek().is_some_and(|next| !next.is_ascii_digit());
        let glue = before_unit || "=≠≥≤<>".contains(last);
        glued.push(if c == ' ' && glue { '\u{a0}' } else { c });
        last = c;
    }
    divided(&glued)
}

fn push(to: &mut String, word: &str) {
    if word.chars().count() <= FITS {
        to.push_str(word);
        return;
    }
    let mut since = 0;
    for c in word.chars() {
        // A mark above a letter stays with it.
        if since >= PIECE && c.is_alphanumeric() {
            to.push('\u{200b}');
            since = 0;
        }
        to.push(c);
        since = if c.is_alphanumeric() { since + 1 } else { PIECE };
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{divided, measure};

    #[rstest]
    #[case::short("dysk C: pełny", "dysk C: pełny")]
    #[case::path(
        "\\\\srv-01\\backup\\2027",
        "\\\\\u{200b}srv-\u{200b}01\\\u{200b}back\u{200b}up\\\u{200b}2027"
    )]
    #[case::no_space("aaaaaaaaaaaaaaaa", "aaaa\u{200b}aaaa\u{200b}aaaa\u{200b}aaaa")]
    fn only_long_words_are_divided(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(divided(text), expected);
    }

    #[test]
    fn numbers_stay_with_signs_and_units() {
        let text = "≥ 1,2 GHz zamiast ≥ 1,4 GHz";
        assert_eq!(measure(text), "≥\u{a0}1,2\u{a0}GHz zamiast ≥\u{a0}1,4\u{a0}GHz");
        assert_eq!(measure("1433 1434 1435 TCP"), "1433 1434 1435\u{a0}TCP");
    }
}
