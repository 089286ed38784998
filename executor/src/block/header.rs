//! What a header inherits from its parent.

use super::BlockError;
use crate::{ChainConfig, Header};

/// The base fee of the child of `parent`, in wei per gas: EIP-1559 with the parameters of
/// `config`, and never below `config.min_base_fee`.
pub fn next_base_fee(config: &ChainConfig, parent: &Header) -> Result<u64, BlockError> {
    let base_fee = parent.base_fee_per_gas.ok_or(BlockError::ParentHeader { field: "baseFeePerGas" })?;
    // Both are at least 1 in a valid configuration. A configuration that says otherwise must not
    // stop the chain, so they count as 1.
    let target = (parent.gas_limit / config.elasticity.max(1)).max(1);
    let denominator = u128::from(target) * u128::from(config.base_fee_change_denominator.max(1));
    let change = |gas: u64| saturate(u128::from(base_fee) * u128::from(gas) / denominator);
    let next = if parent.gas_used > target {
        base_fee.saturating_add(change(parent.gas_used - target).max(1))
    } else {
        base_fee.saturating_sub(change(target - parent.gas_used))
    };
    Ok(next.max(config.min_base_fee))
}

fn saturate(fee: u128) -> u64 {
    u64::try_from(fee).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
    use proptest::prelude::*;

    use super::*;
    use crate::chain::DataMode;

    fn config(elasticity: u64, denominator: u64, min_base_fee: u64) -> ChainConfig {
        ChainConfig {
            chain_id: 1,
            l1_chain_id: 2,
            portal: Default::default(),
            genesis_hash: Default::default(),
            gas_limit: 60_000_000,
            elasticity,
            base_fee_change_denominator: denominator,
            min_base_fee,
            data_mode: DataMode::Auditable,
            l1_blob_schedule: Vec::new(),
        }
    }

    fn parent(gas_used: u64, gas_limit: u64, base_fee: u64) -> Header {
        Header { gas_used, gas_limit, base_fee_per_gas: Some(base_fee), ..Default::default() }
    }

    proptest! {
        /// Without a floor, the rule is Ethereum's.
        #[test]
        fn follows_eip_1559(
            gas_limit in 30_000u64..u64::MAX / 2,
            used in 0u64..=100,
            base_fee in 0u64..u64::MAX / 2,
            elasticity in 1u64..10,
            denominator in 1u64..1000,
        ) {
            let gas_used = u64::try_from(u128::from(gas_limit) * u128::from(used) / 100).unwrap();
            // alloy's version overflows where the fee would more than double.
            prop_assume!(denominator >= elasticity);
            let ours = next_base_fee(&config(elasticity, denominator, 0), &parent(gas_used, gas_limit, base_fee));
            let params = BaseFeeParams::new(denominator.into(), elasticity.into());
            prop_assert_eq!(ours.unwrap(), calc_next_block_base_fee(gas_used, gas_limit, base_fee, params));
        }

        #[test]
        fn never_below_the_floor_and_never_panics(
            gas_used: u64, gas_limit: u64, base_fee: u64, elasticity: u64, denominator: u64, floor: u64,
        ) {
            let fee = next_base_fee(&config(elasticity, denominator, floor), &parent(gas_used, gas_limit, base_fee));
            prop_assert!(fee.unwrap() >= floor);
        }
    }
}
