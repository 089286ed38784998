//! What the L2 genesis holds at the predeploy addresses.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::IFeeVault::WithdrawalNetwork;

/// Runtime code by address, as `contracts/tools/predeploys.mjs` wrote it. A test of the contracts compares it with what
/// their sources compile to.
const PREDEPLOYS: &str = include_str!("../predeploys.json");

/// Runtime code of every predeploy by its address.
///
/// Errors only if the committed file is damaged.
pub fn predeploys() -> Result<BTreeMap<Address, Bytes>, serde_json::Error> {
    serde_json::from_str(PREDEPLOYS)
}

/// Genesis storage of a fee vault that pays `recipient` on `network` once it holds `least` wei.
///
/// The layout is that of `IFeeVault.sol`. Slots that stay zero are left out, as in any genesis.
pub fn fee_vault_storage(
    recipient: Address,
    network: WithdrawalNetwork,
    least: U256,
) -> BTreeMap<B256, B256> {
    let packed = (U256::from(network as u8) << 160) | U256::from_be_slice(recipient.as_slice());
    [(U256::ZERO, packed), (U256::ONE, least)]
        .into_iter()
        .filter(|(_, value)| !value.is_zero())
        .map(|(slot, value)| (slot.into(), value.into()))
        .collect()
}

/// Genesis storage of a predeploy that answers to one contract on L1: `L2CrossDomainMessenger` to `L1CrossDomainMessenger`,
/// `L2StandardBridge` to `L1StandardBridge`, `L2PHA` to PHA.
///
/// The layout is that of `L1Counterpart.sol`.
pub fn counterpart_storage(on_l1: Address) -> BTreeMap<B256, B256> {
    [(B256::ZERO, on_l1.into_word())].into()
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};

    use super::*;

    #[test]
    fn every_predeploy_has_code() {
        let predeploys = predeploys().unwrap();
        for account in [
            address!("4200000000000000000000000000000000000006"),
            address!("4200000000000000000000000000000000000007"),
            address!("420000000000000000000000000000000000000f"),
            address!("4200000000000000000000000000000000000010"),
            address!("4200000000000000000000000000000000000011"),
            address!("4200000000000000000000000000000000000012"),
            address!("4200000000000000000000000000000000000015"),
            address!("4200000000000000000000000000000000000016"),
            address!("4200000000000000000000000000000000000019"),
            address!("4200000000000000000000000000000000000042"),
            address!("ca11bde05977b3631167028862be2a173976ca11"),
        ] {
            assert!(!predeploys[&account].is_empty(), "{account}");
        }
    }

    #[test]
    fn a_counterpart_is_in_the_first_slot() {
        let storage = counterpart_storage(address!("00000000000000000000000000000000000000aa"));
        assert_eq!(storage, [(B256::ZERO, B256::with_last_byte(0xaa))].into());
    }

    #[test]
    fn a_fee_vault_packs_its_recipient_with_the_network() {
        let recipient = address!("00000000000000000000000000000000000000aa");
        let storage = fee_vault_storage(recipient, WithdrawalNetwork::L2, U256::ZERO);
        assert_eq!(
            storage,
            [(B256::ZERO, b256!("00000000000000000000000100000000000000000000000000000000000000aa"))].into()
        );
        let storage = fee_vault_storage(recipient, WithdrawalNetwork::L1, U256::from(7));
        assert_eq!(storage[&B256::with_last_byte(1)], B256::with_last_byte(7));
    }
}
