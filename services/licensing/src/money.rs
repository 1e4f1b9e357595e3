//! Money: whole grosze, never floating point.

use std::{fmt, str::FromStr};

use proto::common::v1 as pb;
use serde::{Deserialize, Serialize};

/// An amount of PLN in grosze.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// Dearest price of one piece: 10 million PLN. With it no advice comes near to what an i64 holds.
pub const DEAREST: Money = Money(1_000_000_000);

const CURRENCY: &str = "PLN";
const NANOS_PER_GROSZ: i64 = 10_000_000;

/// What is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount: whole złoty, or with two digits of grosze after a dot, like \"1234.50\"")]
pub struct NoAmount(String);

impl Money {
    pub const ZERO: Self = Self(0);

    pub const fn grosze(grosze: i64) -> Self {
        Self(grosze)
    }

    /// As Polish texts write it: "1234,50 zł".
    pub fn in_polish(self) -> String {
        format!("{} zł", self.to_string().replace('.', ","))
    }

    /// So many times this; none where that is more than can be said.
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(quantity)).map(Self)
    }

    /// None where that is more than can be said.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl FromStr for Money {
    type Err = NoAmount;

    /// "1234.50" or "1234": digits only, at most twelve before the dot.
    fn from_str(text: &str) -> Result<Self, NoAmount> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || whole.len() > 12 || !digits(rest) || rest.len() != 2 {
            return Err(NoAmount(text.to_owned()));
        }
        let number = |part: &str| part.parse::<i64>().map_err(|_| NoAmount(text.to_owned()));
        Ok(Self(number(whole)? * 100 + number(rest)?))
    }
}

/// "1234.50", as a price list writes it.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let grosze = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", grosze / 100, grosze % 100)
    }
}

impl From<Money> for pb::Money {
    fn from(Money(grosze): Money) -> Self {
        let nanos = i32::try_from(grosze % 100 * NANOS_PER_GROSZ).expect("less than a billion");
        Self { currency_code: CURRENCY.to_owned(), units: grosze / 100, nanos }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1234.50", 123_450)]
    #[case("1234", 123_400)]
    #[case("0.01", 1)]
    #[case("999999999999.99", 99_999_999_999_999)]
    fn an_amount_is_read_without_losing_a_grosz(#[case] text: &str, #[case] grosze: i64) {
        assert_eq!(text.parse(), Ok(Money(grosze)));
    }

    #[rstest]
    #[case("")]
    #[case(".50")]
    #[case("1.5")]
    #[case("1.505")]
    #[case("1,50")]
    #[case("-1.00")]
    #[case("+1.00")]
    #[case("1e3")]
    #[case("1 000.00")]
    #[case("1000000000000")]
    #[case("١٢")]
    fn what_is_no_amount_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Money>(), Err(NoAmount(text.to_owned())));
    }

    #[test]
    fn an_amount_on_the_wire_has_units_and_nanos_of_one_sign() {
        let wire = |grosze| pb::Money::from(Money(grosze));
        assert_eq!((wire(123_450).units, wire(123_450).nanos), (1234, 500_000_000));
        assert_eq!((wire(-150).units, wire(-150).nanos), (-1, -500_000_000));
        assert_eq!(wire(0).currency_code, "PLN");
        assert_eq!(Money(-150).to_string(), "-1.50");
        assert_eq!(Money(123_450).in_polish(), "1234,50 zł");
    }

    #[test]
    fn too_much_money_is_none_and_no_panic() {
        assert_eq!(Money(i64::MAX).times(2), None);
        assert_eq!(Money(i64::MAX).plus(Money(1)), None);
        assert_eq!(DEAREST.times(u32::MAX), Some(Money(1_000_000_000 * i64::from(u32::MAX))));
    }
}
