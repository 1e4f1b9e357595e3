//! A contact's card: the personal data, all in one place.

use proto::common::v1::ErrorReason;
use proto::refusal::{Violation, Words, words};
use serde::{Deserialize, Serialize};

use super::email;
use crate::project::checks::is_short_line;

/// The language in which a person is written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    Pl,
    En,
}

impl Language {
    /// As the contract writes it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Pl => "pl",
            Self::En => "en",
        }
    }
}

/// Who a contact is and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    pub email: String,
    /// Empty where none was given.
    pub phone: String,
    pub language: Language,
}

impl Card {
    /// What of the card cannot be used, each with its field's name.
    pub fn violations(&self) -> Vec<Violation> {
        let wrong = |field: &str, asked: &str, allowed: Words| {
            Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed)
        };
        let mut violations = Vec::new();
        if self.name.trim().is_empty() || !is_short_line(&self.name) {
            violations.push(wrong(
                "display_name",
                &self.name,
                words("a name in one line, up to 200 characters", "nazwa w jednym wierszu, do 200 znaków"),
            ));
        }
        if email::read(&self.email).is_none() {
            violations.push(wrong("email", &self.email, email::allowed()));
        }
        if !self.phone.is_empty() && !is_phone(&self.phone) {
            violations.push(wrong(
                "phone",
                &self.phone,
                words("a telephone number like +48 22 123 45 67", "numer telefonu, np. +48 22 123 45 67"),
            ));
        }
        violations
    }
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let number = text.strip_prefix('+').unwrap_or(text);
    (7..=15).contains(&digits) && number.chars().all(|c| c.is_ascii_digit() || " -()".contains(c))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+48 22 123 45 67", true)]
    #[case("(22) 123-45-67", true)]
    #[case("123", false)]
    #[case("call me", false)]
    #[case("1+234567890", false)]
    fn a_phone_number_has_7_to_15_digits(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_phone(text), expected, "{text:?}");
    }
}
