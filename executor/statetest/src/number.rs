//! Numbers as the test files write them.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, de::Error};

/// A number that may exceed what a transaction can hold: some tests are about that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Fits(U256),
    TooLarge,
}

impl Number {
    /// The number, if it is in the range of `T`.
    pub(crate) fn get<T: TryFrom<U256>>(self) -> Option<T> {
        match self {
            Self::Fits(number) => T::try_from(number).ok(),
            Self::TooLarge => None,
        }
    }

    /// Reads `0x` and hexadecimal digits, leading zeros allowed; decimal digits; or either of them
    /// after `0x:bigint `, the mark of a number that may exceed 256 bits.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("0x:bigint ").unwrap_or(text);
        let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None if text.is_empty() => return None,
            None => (text, 10),
        };
        if !digits.chars().all(|digit| digit.is_digit(radix)) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self::Fits(U256::ZERO));
        }
        Some(U256::from_str_radix(digits, radix.into()).map_or(Self::TooLarge, Self::Fits))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Integer(u64),
        }
        match Form::deserialize(deserializer)? {
            Form::Integer(number) => Ok(Self::Fits(U256::from(number))),
            Form::Text(text) => {
                Self::parse(&text).ok_or_else(|| Error::custom(format!("{text:?} is not a number")))
            }
        }
    }
}

/// A number that has to fit 256 bits.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    match Number::deserialize(deserializer)? {
        Number::Fits(number) => Ok(number),
        Number::TooLarge => Err(Error::custom("a number exceeds 256 bits")),
    }
}

/// The same, where it may be absent.
pub(crate) fn optional_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<U256>, D::Error> {
    match Option::<Number>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Fits(number)) => Ok(Some(number)),
        Some(Number::TooLarge) => Err(Error::custom("a number exceeds 256 bits")),
    }
}

/// A number that has to fit 64 bits.
pub(crate) fn small<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Number::deserialize(deserializer)?.get().ok_or_else(|| Error::custom("a number exceeds 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_notation() {
        let max = format!("0x{}", "f".repeat(64));
        let above = format!("0x1{}", "0".repeat(64));
        let marked = format!("0x:bigint {above}");
        for (text, number) in [
            ("0x", Some(Number::Fits(U256::ZERO))),
            ("0x00", Some(Number::Fits(U256::ZERO))),
            ("0x0a", Some(Number::Fits(U256::from(10)))),
            ("10", Some(Number::Fits(U256::from(10)))),
            (max.as_str(), Some(Number::Fits(U256::MAX))),
            (above.as_str(), Some(Number::TooLarge)),
            (marked.as_str(), Some(Number::TooLarge)),
            ("0x:bigint 0x10", Some(Number::Fits(U256::from(16)))),
            ("", None),
            ("ten", None),
            ("0xg", None),
            ("-1", None),
        ] {
            assert_eq!(Number::parse(text), number, "{text}");
        }
    }
}
