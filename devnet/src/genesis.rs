//! The L2 as it begins.

use std::collections::BTreeMap;

use alloy::consensus::{Header, Sealed};
use alloy_primitives::{Address, Bytes, U256, address, bytes};
use contracts_bindings::{IFeeVault::WithdrawalNetwork, fee_vault_storage, predeploys};
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

/// The proxy through which tools deploy contracts at addresses that are the same on every chain.
const DETERMINISTIC_DEPLOYER: (Address, Bytes) = (
    address!("4e59b44847b379578588920ca78fbf26c0b4956c"),
    bytes!(
        "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
    ),
);

/// The genesis of a chain whose first origin is `origin`, an L1 block in which the portal exists.
///
/// `config.genesis_hash` is not read: it is the hash of what this returns.
pub fn genesis(config: &ChainConfig, origin: &Sealed<Header>) -> Result<Genesis> {
    let fees_to = Role::Governor.signer()?.address();
    let mut alloc: BTreeMap<Address, GenesisAccount> = predeploys()?
        .into_iter()
        .map(|(address, code)| (address, GenesisAccount { nonce: 1, code, ..Default::default() }))
        .collect();
    for vault in [SEQUENCER_FEE_VAULT, BASE_FEE_VAULT] {
        alloc.entry(vault).or_default().storage =
            fee_vault_storage(fees_to, WithdrawalNetwork::L2, U256::ZERO)
                .into_iter()
                .map(|(slot, value)| (slot.into(), value.into()))
                .collect();
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
