//! Columns of 256-bit numbers.
//!
//! A column is one kind byte per number, all kinds first, then the bytes of all numbers. Amounts
//! that people type are short in decimal, so a number that ends in zeros may be given as mantissa
//! and power of ten: 0.25 ether is the byte 25 and an exponent of 16.
//!
//! | kind | number | bytes |
//! |---|---|---|
//! | 0..=32 | as it is | this many, little-endian, the last not zero |
//! | 33..=252 | mantissa * 10^(3 + (kind - 33) / 10) | mantissa, (kind - 33) % 10 + 1 bytes |
//!
//! The decimal form is used exactly when it exists: with the largest exponent up to 24, if that is
//! at least 3 and the mantissa has at most 10 bytes.

use alloy_primitives::U256;

use crate::codec::{DecodeError, Reader};

/// The first kind that stands for no number.
pub(super) const FIRST_FREE_KIND: u8 = 253;

const FIRST_DECIMAL: u8 = 33;
const MANTISSA_BYTES: u8 = 10;
const EXPONENTS: std::ops::RangeInclusive<u8> = 3..=24;

/// A column that is being written.
#[derive(Default)]
pub(super) struct NumberWriter {
    kinds: Vec<u8>,
    bytes: Vec<u8>,
}

impl NumberWriter {
    pub(super) fn push(&mut self, number: U256) {
        let (kind, mantissa) = match decimal(number) {
            Some((exponent, mantissa)) => {
                let class = (exponent - EXPONENTS.start()) * MANTISSA_BYTES;
                (FIRST_DECIMAL + class + byte_len(mantissa) - 1, mantissa)
            }
            None => (byte_len(number), number),
        };
        self.kinds.push(kind);
        self.bytes.extend(mantissa.to_le_bytes::<32>().iter().take(byte_len(mantissa).into()));
    }

    /// Notes that the next number stands elsewhere.
    pub(super) fn push_kind(&mut self, kind: u8) {
        self.kinds.push(kind);
    }

    pub(super) fn finish(self, out: &mut Vec<u8>) {
        out.extend(self.kinds);
        out.extend(self.bytes);
    }
}

/// Reads a column without free kinds.
pub(super) fn read_numbers(
    reader: &mut Reader,
    what: &'static str,
    count: usize,
) -> Result<Vec<U256>, DecodeError> {
    let kinds = reader.take(what, count)?;
    kinds.iter().map(|kind| read_number(reader, what, *kind)).collect()
}

/// Reads the number of a kind that is not free.
pub(super) fn read_number(reader: &mut Reader, what: &'static str, kind: u8) -> Result<U256, DecodeError> {
    let not_canonical = DecodeError::NotCanonical(what);
    let Some(class) = kind.checked_sub(FIRST_DECIMAL) else {
        let number = read_mantissa(reader, what, kind)?;
        return if decimal(number).is_none() { Ok(number) } else { Err(not_canonical) };
    };
    let exponent = class / MANTISSA_BYTES + EXPONENTS.start();
    if !EXPONENTS.contains(&exponent) {
        return Err(DecodeError::Unknown { what, got: kind.into() });
    }
    let mantissa = read_mantissa(reader, what, class % MANTISSA_BYTES + 1)?;
    // At most 10 bytes times 10^24: below 2^160.
    let number = mantissa.wrapping_mul(power_of_ten(exponent));
    match decimal(number) {
        Some(form) if form == (exponent, mantissa) => Ok(number),
        _ => Err(not_canonical),
    }
}

fn read_mantissa(reader: &mut Reader, what: &'static str, len: u8) -> Result<U256, DecodeError> {
    let bytes = reader.take(what, len.into())?;
    match U256::try_from_le_slice(&bytes) {
        Some(number) if byte_len(number) == len => Ok(number),
        _ => Err(DecodeError::NotCanonical(what)),
    }
}

/// Exponent and mantissa of the decimal form, if the number has one.
fn decimal(number: U256) -> Option<(u8, U256)> {
    // 1000 divides what it divides only if 8 does: most numbers end here.
    if number.is_zero() || number.byte(0) & 7 != 0 {
        return None;
    }
    let (mut mantissa, rest) = number.div_rem(power_of_ten(*EXPONENTS.start()));
    if !rest.is_zero() {
        return None;
    }
    let mut exponent = *EXPONENTS.start();
    while exponent < *EXPONENTS.end() {
        let (quotient, rest) = mantissa.div_rem(U256::from(10));
        if !rest.is_zero() {
            break;
        }
        mantissa = quotient;
        exponent += 1;
    }
    (byte_len(mantissa) <= MANTISSA_BYTES).then_some((exponent, mantissa))
}

fn power_of_ten(exponent: u8) -> U256 {
    U256::from(10).wrapping_pow(U256::from(exponent))
}

/// Bytes without leading zeros, at most 32.
#[expect(clippy::cast_possible_truncation, reason = "at most 32")]
pub(super) fn byte_len(number: U256) -> u8 {
    number.byte_len() as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(numbers: &[U256]) -> Vec<u8> {
        let mut column = NumberWriter::default();
        numbers.iter().for_each(|number| column.push(*number));
        let mut out = Vec::new();
        column.finish(&mut out);
        out
    }

    fn number() -> impl Strategy<Value = U256> {
        let any = any::<[u8; 32]>().prop_map(U256::from_be_bytes::<32>);
        prop_oneof![
            (any.clone(), 0..256usize).prop_map(|(number, shift)| number >> shift),
            (any, 150..256usize, 0..77u8)
                .prop_map(|(number, shift, zeros)| (number >> shift).wrapping_mul(power_of_ten(zeros))),
        ]
    }

    proptest! {
        #[test]
        fn round_trip(numbers in proptest::collection::vec(number(), 0..20)) {
            let mut reader = Reader::new(written(&numbers).into());
            prop_assert_eq!(read_numbers(&mut reader, "numbers", numbers.len()), Ok(numbers));
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn a_number_has_one_encoding(kind: u8, bytes: [u8; 32], short in 0..33usize) {
            let mut encoded = vec![kind];
            encoded.extend(bytes.iter().take(short));
            let mut reader = Reader::new(encoded.clone().into());
            if let Ok(numbers) = read_numbers(&mut reader, "numbers", 1) {
                let left = reader.rest().len();
                prop_assert_eq!(&written(&numbers)[..], &encoded[..encoded.len() - left]);
            }
        }
    }

    #[test]
    fn amounts_are_short() {
        let quarter_ether = U256::from(250_000_000_000_000_000u64);
        assert_eq!(written(&[quarter_ether]), [33 + 13 * 10, 25]);
        assert_eq!(written(&[U256::ZERO]), [0]);
        assert_eq!(written(&[U256::from(21_001)]).len(), 3);
    }
}
