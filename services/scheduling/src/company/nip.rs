//! NIP, the Polish tax id.

use std::fmt;
use std::str::FromStr;

use proto::refusal::{Words, words};
use serde::{Deserialize, Serialize};

/// Ten digits, the last of which checks the others (Ordinance of the Minister of Finance on NIP:
/// weights 6 5 7 2 3 4 5 6 7, modulo 11).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nip(String);

/// A text that is no NIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NipError {
    #[error("10 digits, with or without hyphens and the prefix PL")]
    Form,
    #[error("10 digits with the right check digit")]
    CheckDigit,
}

impl NipError {
    /// What a NIP looks like.
    pub fn words(self) -> Words {
        let pl = match self {
            Self::Form => "10 cyfr, z łącznikami lub bez, także z przedrostkiem PL",
            Self::CheckDigit => "10 cyfr z poprawną cyfrą kontrolną",
        };
        words(self.to_string(), pl)
    }
}

impl FromStr for Nip {
    type Err = NipError;

    fn from_str(s: &str) -> Result<Self, NipError> {
        const WEIGHTS: [u32; 9] = [6, 5, 7, 2, 3, 4, 5, 6, 7];
        let text: String = s.trim().chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let text = text.strip_prefix("PL").unwrap_or(&text);
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
        let digits = digits.filter(|digits| digits.len() == 10).ok_or(NipError::Form)?;
        let sum: u32 = WEIGHTS.iter().zip(&digits).map(|(weight, digit)| weight * digit).sum();
        // A remainder of 10 is no digit: such a number is never given out. Nor is 0000000000.
        if sum == 0 || sum % 11 != digits[9] {
            return Err(NipError::CheckDigit);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Nip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Nip {
    type Error = NipError;

    fn try_from(text: String) -> Result<Self, NipError> {
        text.parse()
    }
}

impl From<Nip> for String {
    fn from(nip: Nip) -> Self {
        nip.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("5260250274", Ok("5260250274"))]
    #[case::hyphens("526-025-02-74", Ok("5260250274"))]
    #[case::country("PL 526 025 02 74", Ok("5260250274"))]
    #[case::wrong_check_digit("5260250275", Err(NipError::CheckDigit))]
    #[case::two_digits_swapped("5620250274", Err(NipError::CheckDigit))]
    #[case::zeros("0000000000", Err(NipError::CheckDigit))]
    #[case::short("526025027", Err(NipError::Form))]
    #[case::letters("52602502AB", Err(NipError::Form))]
    #[case::empty("", Err(NipError::Form))]
    fn a_nip_is_checked_by_its_last_digit(#[case] text: &str, #[case] expected: Result<&str, NipError>) {
        assert_eq!(text.parse::<Nip>().map(|nip| nip.to_string()), expected.map(str::to_owned));
    }
}
