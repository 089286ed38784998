//! What contracts refuse with, in plain words.

mod bridge;
mod staking;
mod token;

use std::fmt;

use alloy::sol_types::{Panic, Revert, SolError};
use alloy_primitives::{Bytes, hex};

use crate::words;

/// Most characters of a contract's own words that are shown.
const MAX_WORDS: usize = 300;

/// The data that a call reverted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Bytes);

impl Refusal {
    /// From the data.
    pub fn new(data: Bytes) -> Self {
        Self(data)
    }

    /// The data.
    pub fn data(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = &self.0;
        if data.is_empty() {
            return f.write_str("no reason given");
        }
        let known = bridge::explain(data)
            .or_else(|| staking::explain(data))
            .or_else(|| token::explain(data))
            .or_else(|| Revert::abi_decode_validate(data).ok().map(|revert| revert.reason))
            .or_else(|| Panic::abi_decode_validate(data).ok().map(|panic| panic.to_string()));
        match known {
            Some(text) => f.write_str(&words::printable(&text, MAX_WORDS)),
            None => {
                let shown = data.get(..68).unwrap_or(data);
                write!(
                    f,
                    "0x{} ({} bytes that no known contract reverts with)",
                    hex::encode(shown),
                    data.len()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, U256};
    use contracts_bindings::{IL1StandardBridge, IPortal};

    use super::*;

    fn told(error: impl SolError) -> String {
        Refusal::new(error.abi_encode().into()).to_string()
    }

    #[test]
    fn errors_are_told_in_plain_words() {
        assert_eq!(
            told(IPortal::TooEarly { readyAt: U256::from(1_700_000_000) }),
            "the withdrawal can be finalised from 2023-11-14T22:13:20Z on"
        );
        assert!(told(IPortal::Paused { until: U256::from(1) }).contains("paused"));
        assert!(told(IPortal::AlreadyProven { withdrawalHash: B256::ZERO }).contains("proved already"));
        let fee = IL1StandardBridge::InexactTransfer { received: U256::from(99), expected: U256::from(100) };
        assert_eq!(
            told(fee),
            "the token moved 99 units instead of 100: tokens that take a fee cannot be bridged"
        );
        let poor = token::TokenRefusals::ERC20InsufficientBalance {
            sender: Address::ZERO,
            balance: U256::from(1),
            needed: U256::from(2),
        };
        assert!(told(poor).ends_with("has 1 units of the token, 2 are needed"));
        assert_eq!(told(Revert::from("some words")), "some words");
        assert_eq!(Refusal::new(Bytes::new()).to_string(), "no reason given");
        assert!(Refusal::new(vec![1, 2, 3, 4, 5].into()).to_string().starts_with("0x0102030405 (5 bytes"));
    }

    #[test]
    fn a_hostile_contract_cannot_write_to_the_terminal() {
        let told = told(Revert::from(format!("\u{1b}[2Jgone{}", "x".repeat(1000)).as_str()));
        assert!(!told.contains('\u{1b}'));
        assert!(told.chars().count() <= MAX_WORDS + 1);
    }
}
