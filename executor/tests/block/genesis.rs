//! The first block.

use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
use alloy_primitives::{Address, Bytes, U256};
use executor::{
    chain::{L1_BLOCK, MESSAGE_PASSER},
    genesis::{GenesisAccount, GenesisError},
};

use crate::chain::{Chain, account};

#[test]
fn json_goes_there_and_back() {
    let genesis = Chain::genesis();
    let json = serde_json::to_string_pretty(&genesis).unwrap();
    let again: executor::genesis::Genesis = serde_json::from_str(&json).unwrap();
    assert_eq!(genesis, again);
    assert_eq!(genesis.block().unwrap().hash, again.block().unwrap().hash);
}

#[test]
fn a_field_nobody_knows_is_refused() {
    let json = serde_json::to_string(&Chain::genesis()).unwrap();
    let misspelt = json.replacen("\"gasLimit\"", "\"gaslimit\"", 1);
    assert!(serde_json::from_str::<executor::genesis::Genesis>(&misspelt).is_err());
}

#[test]
fn the_state_has_the_system_contracts_and_the_origin() {
    let genesis = Chain::genesis();
    let block = genesis.block().unwrap();
    for contract in [HISTORY_STORAGE_ADDRESS, BEACON_ROOTS_ADDRESS, L1_BLOCK, MESSAGE_PASSER] {
        let account = block.changes.accounts[&contract].account.unwrap();
        assert!(block.changes.codes.contains_key(&account.code_hash), "{contract}");
    }
    let storage = &block.changes.accounts[&L1_BLOCK].storage;
    for (slot, value) in genesis.origin.storage() {
        assert_eq!(storage[&slot], value);
    }
    assert_eq!(storage[&U256::ZERO], U256::from(100) | (U256::from(1_799_999_998u64) << 64));
    assert_eq!(block.block.header.mix_hash, genesis.origin.mix_hash);
    assert_eq!(block.hash, block.block.header.hash_slow());
}

#[test]
fn zero_slots_are_left_out() {
    let mut genesis = Chain::genesis();
    let hash = genesis.block().unwrap().hash;
    genesis.alloc.get_mut(&MESSAGE_PASSER).unwrap().storage.insert(U256::from(3), U256::ZERO);
    assert_eq!(genesis.block().unwrap().hash, hash);
}

#[test]
fn impossible_accounts_are_refused() {
    let with = |address: Address, account: GenesisAccount| {
        let mut genesis = Chain::genesis();
        genesis.alloc.insert(address, account);
        genesis.block().err()
    };
    let address = account(0x55);
    assert_eq!(with(address, GenesisAccount::default()), Some(GenesisError::EmptyAccount(address)));
    let storage = [(U256::ONE, U256::ONE)].into();
    let account = GenesisAccount { balance: U256::ONE, storage, ..Default::default() };
    assert_eq!(with(address, account), Some(GenesisError::StorageWithoutCode(address)));
    let account = GenesisAccount { nonce: 1, code: Bytes::from_static(&[0]), ..Default::default() };
    let other_code = Some(GenesisError::SystemContract(BEACON_ROOTS_ADDRESS));
    assert_eq!(with(BEACON_ROOTS_ADDRESS, account), other_code);
    let account = GenesisAccount { nonce: 1, ..Default::default() };
    assert_eq!(with(L1_BLOCK, account), Some(GenesisError::MissingL1Block));
}

#[test]
fn genesis_is_not_older_than_its_origin() {
    let mut genesis = Chain::genesis();
    genesis.timestamp = genesis.origin.timestamp - 1;
    assert!(matches!(genesis.block(), Err(GenesisError::TimeBeforeOrigin { .. })));
}
