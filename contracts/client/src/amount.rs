//! Amounts in human units, to the last digit: no floating point, and nothing is rounded.

use std::fmt;

use alloy_primitives::U256;

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("{0:?} is not an amount: write digits with at most one point, as in 1.5")]
    Malformed(String),
    /// More digits after the point than the token has.
    #[error("{text} has {given} digits after the point, the token has {decimals}")]
    TooPrecise {
        /// What was given.
        text: String,
        /// Digits after the point, without trailing zeros.
        given: usize,
        /// What the token has.
        decimals: u8,
    },
    /// More than 256 bits.
    #[error("{0} is more than any token can hold")]
    TooLarge(String),
    /// Nothing.
    #[error("the amount is zero")]
    Zero,
}

/// A decimal number as it was written, not yet in the units of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Digits before the point, without leading zeros.
    whole: String,
    /// Digits after the point, without trailing zeros.
    fraction: String,
}

impl std::str::FromStr for Decimal {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let malformed = || AmountError::Malformed(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
            return Err(malformed());
        }
        Ok(Self {
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: fraction.trim_end_matches('0').to_owned(),
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.whole.is_empty() { "0" } else { &self.whole })?;
        if self.fraction.is_empty() { Ok(()) } else { write!(f, ".{}", self.fraction) }
    }
}

impl Decimal {
    /// The number in the smallest unit of a token with so many decimals.
    pub fn units(&self, decimals: u8) -> Result<U256, AmountError> {
        let missing = usize::from(decimals).checked_sub(self.fraction.len()).ok_or_else(|| {
            AmountError::TooPrecise { text: self.to_string(), given: self.fraction.len(), decimals }
        })?;
        let digits = format!("0{}{}{}", self.whole, self.fraction, "0".repeat(missing));
        U256::from_str_radix(&digits, 10).map_err(|_| AmountError::TooLarge(self.to_string()))
    }

    /// The same, and more than nothing.
    pub fn positive_units(&self, decimals: u8) -> Result<U256, AmountError> {
        let units = self.units(decimals)?;
        if units.is_zero() { Err(AmountError::Zero) } else { Ok(units) }
    }
}

/// A number and what follows it, without the space between: `1.5eth` and `1.5 eth` are 1.5 and `eth`.
pub fn split(text: &str) -> Result<(Decimal, &str), AmountError> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Ok((number.parse()?, unit.trim()))
}

/// `units` of a token with so many decimals, as people write it: exact, without trailing zeros.
pub fn format(units: U256, decimals: u8) -> String {
    let digits = format!("{units:0>width$}", units = units.to_string(), width = usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, decimals: u8) -> Result<U256, AmountError> {
        text.parse::<Decimal>()?.units(decimals)
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(units: [u8; 32], decimals in 0u8..=80) {
            let units = U256::from_be_bytes(units);
            prop_assert_eq!(parse(&format(units, decimals), decimals), Ok(units));
        }

        #[test]
        fn places_are_where_they_belong(whole: u64, fraction in 0u64..1_000_000) {
            let text = format!("{whole}.{fraction:06}");
            let expected = U256::from(whole) * U256::from(1_000_000) + U256::from(fraction);
            prop_assert_eq!(parse(&text, 6), Ok(expected));
        }

        #[test]
        fn zeros_at_the_ends_change_nothing(units: u64, decimals in 0u8..=30, zeros in 0usize..5) {
            let printed = format(U256::from(units), decimals);
            let point = if printed.contains('.') { "" } else { "." };
            let padded = format!("{0}{printed}{point}{0}", "0".repeat(zeros));
            prop_assert_eq!(parse(&padded, decimals), Ok(U256::from(units)));
        }

        #[test]
        fn no_text_panics(text: String, decimals: u8) {
            let _ = parse(&text, decimals);
        }
    }

    #[test]
    fn mistakes_have_names() {
        for text in ["", ".", "1,5", "1e18", "-1", "+1", "1.2.3", " 1", "0x10", "1_000", "١"] {
            assert_eq!(parse(text, 18), Err(AmountError::Malformed(text.to_owned())), "{text:?}");
        }
        assert!(matches!(parse("1.0000001", 6), Err(AmountError::TooPrecise { given: 7, decimals: 6, .. })));
        assert_eq!(parse("1.50000000", 6), Ok(U256::from(1_500_000)));
        assert_eq!(parse(".5", 1), Ok(U256::from(5)));
        assert_eq!(parse("5.", 1), Ok(U256::from(50)));
        assert_eq!(parse(&U256::MAX.to_string(), 0), Ok(U256::MAX));
        assert!(matches!(parse(&U256::MAX.to_string(), 1), Err(AmountError::TooLarge(_))));
        assert_eq!("0.0".parse::<Decimal>().unwrap().positive_units(18), Err(AmountError::Zero));
    }
}
