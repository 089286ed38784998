//! Integers without a width that matters.

use alloy_primitives::{U256, U512};

use crate::Refusal;

/// floor(`amount` * `numerator` / `denominator`), in full width. A part of nothing is nothing: zero if `denominator` is zero.
pub fn part(amount: U256, numerator: U256, denominator: U256) -> U256 {
    let product = U512::from(amount).saturating_mul(U512::from(numerator));
    let quotient = product.checked_div(U512::from(denominator)).unwrap_or_default();
    quotient.saturating_to()
}

/// ceil(`amount` * `numerator` / `denominator`), for a `denominator` that is not zero.
pub(crate) fn part_rounded_up(amount: U256, numerator: U256, denominator: U256) -> U256 {
    let product = U512::from(amount).saturating_mul(U512::from(numerator));
    let (denominator, one) = (U512::from(denominator), U512::ONE);
    let raised = product.saturating_add(denominator.saturating_sub(one));
    raised.checked_div(denominator).unwrap_or_default().saturating_to()
}

/// `left` - `right`, which must not be below zero.
pub(crate) fn minus(left: U256, right: U256) -> Result<U256, Refusal> {
    left.checked_sub(right).ok_or(Refusal::Arithmetic)
}

/// `amount`, if it is below 2^`bits`. All of PHA is below 2^90 wei: what is wider is no amount of anything.
pub(crate) fn fits(amount: U256, bits: usize) -> Result<U256, Refusal> {
    if amount.bit_len() <= bits { Ok(amount) } else { Err(Refusal::TooWide) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_rounded_as_named() {
        let number = U256::from::<u64>;
        assert_eq!(part(number(7), number(2), number(3)), number(4));
        assert_eq!(part_rounded_up(number(7), number(2), number(3)), number(5));
        assert_eq!(part_rounded_up(number(6), number(2), number(3)), number(4));
        assert_eq!(part(U256::MAX, U256::MAX, U256::MAX), U256::MAX);
        assert_eq!(part(number(7), number(2), U256::ZERO), U256::ZERO);
    }

    #[test]
    fn too_little_and_too_wide_are_refused() {
        let number = U256::from::<u64>;
        assert_eq!(minus(number(1), number(2)), Err(Refusal::Arithmetic));
        assert_eq!(fits(number(255), 8), Ok(number(255)));
        assert_eq!(fits(number(256), 8), Err(Refusal::TooWide));
    }
}
