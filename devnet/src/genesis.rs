//! The L2 as it begins.

use std::collections::BTreeMap;

use alloy::consensus::{Header, Sealed};
use alloy_primitives::{Address, B256, Bytes, U256, address, bytes};
use contracts_bindings::{IFeeVault::WithdrawalNetwork, counterpart_storage, fee_vault_storage, predeploys};
use executor::{
    block::L1Origin,
    chain::{BASE_FEE_VAULT, BlobFraction, ChainConfig, DataMode, SEQUENCER_FEE_VAULT},
    genesis::{Genesis, GenesisAccount},
};
use eyre::Result;

use crate::{
    accounts::{Role, START_BALANCE, users},
    settings::{L1_CHAIN_ID, L2_CHAIN_ID},
};

/// Gas limit of every L2 block.
const GAS_LIMIT: u64 = 60_000_000;
/// The base fee that the chain begins with and never falls below, in wei per gas.
const MIN_BASE_FEE: u64 = 1_000_000;
/// `BLOB_BASE_FEE_UPDATE_FRACTION` of Osaka, which the devnet's L1 follows from its first block.
const OSAKA_BLOB_FRACTION: u64 = 5_007_716;

/// `WETH9` on L2.
pub const WETH: Address = address!("4200000000000000000000000000000000000006");
/// `L2CrossDomainMessenger`.
pub const L2_CROSS_DOMAIN_MESSENGER: Address = address!("4200000000000000000000000000000000000007");
/// `GasPriceOracle` on L2.
pub const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000f");
/// `L2StandardBridge`.
pub const L2_STANDARD_BRIDGE: Address = address!("4200000000000000000000000000000000000010");
/// `OptimismMintableERC20Factory` on L2.
pub const TOKEN_FACTORY: Address = address!("4200000000000000000000000000000000000012");
/// PHA on L2.
pub const L2_PHA: Address = address!("4200000000000000000000000000000000000042");

/// The contracts on L1 that predeploys on L2 answer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counterparts {
    /// `L1CrossDomainMessenger`.
    pub messenger: Address,
    /// `L1StandardBridge`.
    pub bridge: Address,
    /// PHA.
    pub pha: Address,
}

/// The proxy through which tools deploy contracts at addresses that are the same on every chain.
const DETERMINISTIC_DEPLOYER: (Address, Bytes) = (
    address!("4e59b44847b379578588920ca78fbf26c0b4956c"),
    bytes!(
        "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
    ),
);

/// The genesis of a chain whose first origin is `origin`, an L1 block before the first deposit.
///
/// `config.genesis_hash` is not read: it is the hash of what this returns.
pub fn genesis(
    config: &ChainConfig,
    counterparts: &Counterparts,
    origin: &Sealed<Header>,
) -> Result<Genesis> {
    let fees_to = Role::Governor.signer()?.address();
    let mut alloc: BTreeMap<Address, GenesisAccount> = predeploys()?
        .into_iter()
        .map(|(address, code)| (address, GenesisAccount { nonce: 1, code, ..Default::default() }))
        .collect();
    for vault in [SEQUENCER_FEE_VAULT, BASE_FEE_VAULT] {
        alloc.entry(vault).or_default().storage =
            slots(fee_vault_storage(fees_to, WithdrawalNetwork::L2, U256::ZERO));
    }
    for (predeploy, on_l1) in [
        (L2_CROSS_DOMAIN_MESSENGER, counterparts.messenger),
        (L2_STANDARD_BRIDGE, counterparts.bridge),
        (L2_PHA, counterparts.pha),
    ] {
        alloc.entry(predeploy).or_default().storage = slots(counterpart_storage(on_l1));
    }
    let (deployer, code) = DETERMINISTIC_DEPLOYER;
    alloc.insert(deployer, GenesisAccount { nonce: 1, code, ..Default::default() });
    for user in users()? {
        alloc.insert(user.address(), GenesisAccount { balance: START_BALANCE, ..Default::default() });
    }
    Ok(Genesis {
        timestamp: origin.timestamp,
        gas_limit: GAS_LIMIT,
        base_fee: MIN_BASE_FEE,
        origin: L1Origin::from_header(config, origin, origin.hash())?,
        alloc,
    })
}

fn slots(storage: BTreeMap<B256, B256>) -> BTreeMap<U256, U256> {
    storage.into_iter().map(|(slot, value)| (slot.into(), value.into())).collect()
}

/// The rules of the devnet's L2.
pub fn chain_config(portal: Address) -> ChainConfig {
    ChainConfig {
        chain_id: L2_CHAIN_ID,
        l1_chain_id: L1_CHAIN_ID,
        portal,
        genesis_hash: Default::default(),
        gas_limit: GAS_LIMIT,
        elasticity: 2,
        // A block each second: prices move per minute about as fast as Ethereum's.
        base_fee_change_denominator: 96,
        min_base_fee: MIN_BASE_FEE,
        data_mode: DataMode::Auditable,
        l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: OSAKA_BLOB_FRACTION }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predeploys_know_their_counterparts_and_nothing_else_is_written() {
        let header = Header {
            number: 1,
            base_fee_per_gas: Some(7),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            ..Default::default()
        };
        let counterparts = Counterparts {
            messenger: Address::repeat_byte(1),
            bridge: Address::repeat_byte(2),
            pha: Address::repeat_byte(3),
        };
        let genesis =
            genesis(&chain_config(Address::repeat_byte(4)), &counterparts, &Sealed::new(header)).unwrap();
        for (predeploy, on_l1) in [
            (L2_CROSS_DOMAIN_MESSENGER, counterparts.messenger),
            (L2_STANDARD_BRIDGE, counterparts.bridge),
            (L2_PHA, counterparts.pha),
        ] {
            let account = &genesis.alloc[&predeploy];
            assert!(!account.code.is_empty(), "{predeploy}");
            assert_eq!(account.storage, [(U256::ZERO, on_l1.into_word().into())].into(), "{predeploy}");
        }
        for predeploy in [WETH, GAS_PRICE_ORACLE, TOKEN_FACTORY] {
            let account = &genesis.alloc[&predeploy];
            assert!(!account.code.is_empty() && account.storage.is_empty(), "{predeploy}");
        }
        // Only users have ether: all of it is backed on L1.
        let users = users().unwrap();
        let rich = genesis.alloc.iter().filter(|(_, account)| !account.balance.is_zero());
        assert_eq!(rich.map(|(address, _)| *address).collect::<Vec<_>>(), {
            let mut users: Vec<_> = users.iter().map(|user| user.address()).collect();
            users.sort_unstable();
            users
        });
        assert_eq!(crate::bridge::backing(&genesis), START_BALANCE * U256::from(users.len()));
    }
}
