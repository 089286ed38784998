//! What a transaction offers for gas and blob gas.

use crate::batcher::SubmitConfig;

/// The three offers of a blob transaction, in wei per gas and per blob gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fees {
    /// `maxFeePerGas`.
    pub(super) gas: u128,
    /// `maxPriorityFeePerGas`.
    pub(super) priority: u128,
    /// `maxFeePerBlobGas`.
    pub(super) blob_gas: u128,
}

/// The smallest priority fee that is offered: some builders leave out what pays them nothing.
const MIN_PRIORITY: u128 = 1_000_000;

impl Fees {
    /// An offer that stays good while both base fees double.
    pub(super) fn for_market(base_fee: u128, priority: u128, blob_base_fee: u128) -> Self {
        let priority = priority.max(MIN_PRIORITY);
        Self {
            gas: base_fee.saturating_mul(2).saturating_add(priority),
            priority,
            blob_gas: blob_base_fee.max(1).saturating_mul(2),
        }
    }

    /// An offer that pools accept in place of `self`, and that suits `market`: blob pools ask for
    /// twice the fees, in all three.
    pub(super) fn replacement(self, market: Self) -> Self {
        Self {
            gas: self.gas.saturating_mul(2).max(market.gas),
            priority: self.priority.saturating_mul(2).max(market.priority),
            blob_gas: self.blob_gas.saturating_mul(2).max(market.blob_gas),
        }
    }

    /// Whether the account's owner is willing to pay this.
    pub(super) const fn within(self, config: &SubmitConfig) -> bool {
        self.gas <= config.max_fee_per_gas && self.blob_gas <= config.max_fee_per_blob_gas
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use proptest::prelude::*;

    use super::Fees;
    use crate::batcher::BatcherConfig;

    fn fees() -> impl Strategy<Value = Fees> {
        (any::<u64>(), any::<u64>(), any::<u64>())
            .prop_map(|(base, priority, blob)| Fees::for_market(base.into(), priority.into(), blob.into()))
    }

    proptest! {
        #[test]
        fn offers_cover_a_doubling(base: u64, priority: u64, blob: u64) {
            let fees = Fees::for_market(base.into(), priority.into(), blob.into());
            prop_assert!(fees.gas >= 2 * u128::from(base) + fees.priority);
            prop_assert!(fees.priority >= 1 && fees.priority >= priority.into());
            prop_assert!(fees.blob_gas >= 1 && fees.blob_gas >= 2 * u128::from(blob));
        }

        #[test]
        fn replacements_double_all_three(old in fees(), market in fees()) {
            let new = old.replacement(market);
            prop_assert!(new.gas >= 2 * old.gas && new.gas >= market.gas);
            prop_assert!(new.priority >= 2 * old.priority && new.priority >= market.priority);
            prop_assert!(new.blob_gas >= 2 * old.blob_gas && new.blob_gas >= market.blob_gas);
            prop_assert!(new.priority <= new.gas);
        }
    }

    #[test]
    fn the_owner_sets_the_limit() {
        let mut config = BatcherConfig::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).submit;
        let fees = Fees::for_market(100, 2_000_000, 7);
        assert!(fees.within(&config));
        config.max_fee_per_blob_gas = 13;
        assert!(!fees.within(&config));
        config.max_fee_per_blob_gas = 14;
        config.max_fee_per_gas = 2_000_199;
        assert!(!fees.within(&config));
        config.max_fee_per_gas = 2_000_200;
        assert!(fees.within(&config));
    }
}
