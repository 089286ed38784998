//! Amounts of PHA and vPHA, exact to the wei: both have 18 decimals, which their contracts fix.

use std::{fmt, str::FromStr};

use alloy_primitives::{U256, U512};
use contracts_client::amount::{self, AmountError, Decimal};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Digits after the point.
pub const DECIMALS: u8 = 18;

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// PHA.
    Pha,
    /// Shares of staked PHA.
    Vpha,
    /// Votes: delegated vPHA.
    Votes,
    /// Things that are counted.
    Count,
}

/// So much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// In wei; or a number.
    pub units: U256,
    /// Of what.
    pub unit: Unit,
}

/// An amount as it is written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Everything there is.
    All,
    /// So much, of what is usual there or of the unit that is written behind it.
    Some(Decimal, Option<Unit>),
}

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The number.
    #[error(transparent)]
    Number(#[from] AmountError),
    /// The unit.
    #[error("{0:?} is no unit: write PHA or vPHA")]
    Unit(String),
    /// The unit does not fit.
    #[error("this takes an amount of {0}")]
    OtherUnit(Unit),
    /// Not a part of anything.
    #[error("`all` has no meaning here: write an amount")]
    All,
}

impl FromStr for Amount {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let (number, unit) = amount::split(text)?;
        let unit = match unit.to_ascii_lowercase().as_str() {
            "" => None,
            "pha" => Some(Unit::Pha),
            "vpha" => Some(Unit::Vpha),
            _ => return Err(ParseError::Unit(unit.to_owned())),
        };
        Ok(Self::Some(number, unit))
    }
}

impl Amount {
    /// In wei of `unit`, which is the only one that fits. Not zero.
    pub fn of(&self, unit: Unit) -> Result<U256, ParseError> {
        match self {
            Self::All => Err(ParseError::All),
            Self::Some(number, given) if given.is_none_or(|given| given == unit) => {
                Ok(number.positive_units(DECIMALS)?)
            }
            Self::Some(..) => Err(ParseError::OtherUnit(unit)),
        }
    }

    /// One text for one meaning, where `usual` is the unit that need not be written.
    pub fn name(&self, usual: Unit) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Some(number, unit) => format!("{number} {}", unit.unwrap_or(usual)),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pha => "PHA",
            Self::Vpha => "vPHA",
            Self::Votes => "votes",
            Self::Count => "",
        })
    }
}

impl Quantity {
    /// So many wei of PHA.
    pub fn pha(units: U256) -> Self {
        Self { units, unit: Unit::Pha }
    }

    /// So many wei of vPHA.
    pub fn vpha(units: U256) -> Self {
        Self { units, unit: Unit::Vpha }
    }

    /// So many votes.
    pub fn votes(units: U256) -> Self {
        Self { units, unit: Unit::Votes }
    }

    /// In human units, without the unit.
    pub fn number(&self) -> String {
        if self.unit == Unit::Count { self.units.to_string() } else { amount::format(self.units, DECIMALS) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number())?;
        if self.unit == Unit::Count { Ok(()) } else { write!(f, " {}", self.unit) }
    }
}

/// As an object of decimal strings, in wei and in human units: `{"wei": "1500000000000000000", "amount": "1.5", "unit": "PHA"}`.
impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.unit == Unit::Count {
            return serializer.collect_str(&self.units);
        }
        let mut object = serializer.serialize_struct("Quantity", 3)?;
        object.serialize_field("wei", &self.units.to_string())?;
        object.serialize_field("amount", &self.number())?;
        object.serialize_field("unit", &self.unit.to_string())?;
        object.end()
    }
}

/// floor(a * b / c), or the greatest number if that does not fit. Zero if `c` is zero.
pub fn mul_div(a: U256, b: U256, c: U256) -> U256 {
    let product: U512 = a.widening_mul(b);
    if c.is_zero() {
        return U256::ZERO;
    }
    let quotient = product / U512::from(c);
    if quotient > U512::from(U256::MAX) { U256::MAX } else { quotient.to() }
}

/// ceil(a * b / c), or the greatest number if that does not fit. Zero if `c` is zero.
pub fn mul_div_up(a: U256, b: U256, c: U256) -> U256 {
    let floor = mul_div(a, b, c);
    let exact = mul_div_is_exact(a, b, c);
    if exact { floor } else { floor.saturating_add(U256::ONE) }
}

fn mul_div_is_exact(a: U256, b: U256, c: U256) -> bool {
    let product: U512 = a.widening_mul(b);
    c.is_zero() || (product % U512::from(c)).is_zero()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let one = U256::from(10).pow(U256::from(18));
        for text in ["1", "1 PHA", "1pha", "1.0 PHA", " 01 "] {
            assert_eq!(text.parse::<Amount>().unwrap().of(Unit::Pha), Ok(one), "{text}");
        }
        for text in ["1", "1 PHA", "01.00pha"] {
            assert_eq!(text.parse::<Amount>().unwrap().name(Unit::Pha), "1 PHA");
        }
        assert_eq!("ALL".parse(), Ok(Amount::All));
        assert_eq!("1 vPHA".parse::<Amount>().unwrap().of(Unit::Pha), Err(ParseError::OtherUnit(Unit::Pha)));
        assert_eq!("0".parse::<Amount>().unwrap().of(Unit::Pha), Err(AmountError::Zero.into()));
        assert_eq!(Amount::All.of(Unit::Pha), Err(ParseError::All));
        for text in ["", "-1", "1 eth", "1e3", "1,5", "all PHA"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn documents_have_wei_and_human_units() {
        let half = Quantity::pha(U256::from(10).pow(U256::from(18)) / U256::from(2));
        assert_eq!(half.to_string(), "0.5 PHA");
        let json = serde_json::to_string(&half).unwrap();
        assert_eq!(json, r#"{"wei":"500000000000000000","amount":"0.5","unit":"PHA"}"#);
        let three = Quantity { units: U256::from(3), unit: Unit::Count };
        assert_eq!((three.to_string(), serde_json::to_string(&three).unwrap()), ("3".into(), "\"3\"".into()));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(units: [u8; 32], is_pha: bool) {
            let units = U256::from_be_bytes(units);
            prop_assume!(!units.is_zero());
            let unit = if is_pha { Unit::Pha } else { Unit::Vpha };
            let shown = Quantity { units, unit }.to_string();
            prop_assert_eq!(shown.parse::<Amount>().unwrap().of(unit), Ok(units));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Amount>();
        }

        #[test]
        fn fractions_round_as_they_say(a: u128, b: u128, c in 1u128..) {
            let (a, b, c) = (U256::from(a), U256::from(b), U256::from(c));
            let (down, up) = (mul_div(a, b, c), mul_div_up(a, b, c));
            let product = a * b;
            prop_assert!(down * c <= product && product < (down + U256::ONE) * c);
            prop_assert!(up == down || (up == down + U256::ONE && down * c != product));
        }
    }

    #[test]
    fn fractions_of_hostile_numbers_do_not_wrap() {
        assert_eq!(mul_div(U256::MAX, U256::MAX, U256::ONE), U256::MAX);
        assert_eq!(mul_div(U256::MAX, U256::MAX, U256::MAX), U256::MAX);
        assert_eq!(mul_div(U256::ONE, U256::ONE, U256::ZERO), U256::ZERO);
        assert_eq!(mul_div_up(U256::MAX, U256::MAX, U256::ONE), U256::MAX);
    }
}
