//! The first block.

use std::collections::BTreeMap;

use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH,
    constants::{EMPTY_RECEIPTS, EMPTY_ROOT_HASH, EMPTY_TRANSACTIONS},
};
use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip4895::Withdrawals,
    eip7685::EMPTY_REQUESTS_HASH,
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    Block, Header,
    block::L1Origin,
    chain::{L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT},
    state::{Account, AccountChange, StateChanges},
};

/// What a chain starts with. As a file it is JSON with camelCase names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// Time of the block, in Unix seconds.
    pub timestamp: u64,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Base fee of the block, in wei per gas.
    pub base_fee: u64,
    /// The L1 block after which deposits count.
    pub origin: L1Origin,
    /// The accounts, besides the system contracts of EIP-2935 and EIP-4788. The storage that
    /// `L1Block` gets from `origin` is added to what is listed for it.
    pub alloc: BTreeMap<Address, GenesisAccount>,
}

/// An account that is there from the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GenesisAccount {
    /// Balance in wei.
    pub balance: U256,
    /// Nonce. A contract normally has 1.
    pub nonce: u64,
    /// Code.
    #[serde(skip_serializing_if = "no_code")]
    pub code: Bytes,
    /// Storage; zero values are ignored.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<U256, U256>,
}

/// The first block and the state it starts with.
#[derive(Clone, Debug)]
pub struct GenesisBlock {
    /// The block.
    pub block: Block,
    /// Hash of its header.
    pub hash: B256,
    /// The state, as the difference from nothing.
    pub changes: StateChanges,
}

/// Why no chain can start like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// An account without balance, nonce and code does not exist (EIP-161).
    #[error("account {0} is empty")]
    EmptyAccount(Address),
    /// Only contracts have storage (EIP-7610).
    #[error("account {0} has storage, but neither code nor a nonce")]
    StorageWithoutCode(Address),
    /// The L1 origin would have no place.
    #[error("there is no code for L1Block at {L1_BLOCK}")]
    MissingL1Block,
    /// The address belongs to a contract of the protocol.
    #[error("account {0} is not the system contract of that address")]
    SystemContract(Address),
    /// A block cannot be older than the L1 block it refers to.
    #[error("genesis time {timestamp} is before that of its L1 origin, {origin}")]
    TimeBeforeOrigin {
        /// Time of the block, in Unix seconds.
        timestamp: u64,
        /// Time of the origin, in Unix seconds.
        origin: u64,
    },
}

impl Genesis {
    /// The block, and the state after it.
    pub fn block(&self) -> Result<GenesisBlock, GenesisError> {
        if self.timestamp < self.origin.timestamp {
            return Err(GenesisError::TimeBeforeOrigin {
                timestamp: self.timestamp,
                origin: self.origin.timestamp,
            });
        }
        let changes = self.changes()?;
        let header = Header {
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: SEQUENCER_FEE_VAULT,
            state_root: state_root(&changes),
            transactions_root: EMPTY_TRANSACTIONS,
            receipts_root: EMPTY_RECEIPTS,
            gas_limit: self.gas_limit,
            timestamp: self.timestamp,
            mix_hash: self.origin.mix_hash,
            base_fee_per_gas: Some(self.base_fee),
            withdrawals_root: Some(
                changes.accounts.get(&MESSAGE_PASSER).map_or(EMPTY_ROOT_HASH, storage_root),
            ),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(self.origin.parent_beacon_block_root),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Default::default()
        };
        let hash = header.hash_slow();
        let body = BlockBody { withdrawals: Some(Withdrawals::default()), ..Default::default() };
        Ok(GenesisBlock { block: Block { header, body }, hash, changes })
    }

    /// The state, as the difference from nothing.
    fn changes(&self) -> Result<StateChanges, GenesisError> {
        let mut alloc = self.alloc.clone();
        for (address, code) in
            [(BEACON_ROOTS_ADDRESS, &BEACON_ROOTS_CODE), (HISTORY_STORAGE_ADDRESS, &HISTORY_STORAGE_CODE)]
        {
            let account = alloc.entry(address).or_insert_with(|| GenesisAccount {
                nonce: 1,
                code: code.clone(),
                ..Default::default()
            });
            if account.code != *code {
                return Err(GenesisError::SystemContract(address));
            }
        }
        let l1_block = alloc.get_mut(&L1_BLOCK).ok_or(GenesisError::MissingL1Block)?;
        if l1_block.code.is_empty() {
            return Err(GenesisError::MissingL1Block);
        }
        l1_block.storage.extend(self.origin.storage());

        let mut changes = StateChanges::default();
        for (address, account) in alloc {
            let GenesisAccount { balance, nonce, code, mut storage } = account;
            storage.retain(|_, value| !value.is_zero());
            if nonce == 0 && code.is_empty() {
                if !storage.is_empty() {
                    return Err(GenesisError::StorageWithoutCode(address));
                }
                if balance.is_zero() {
                    return Err(GenesisError::EmptyAccount(address));
                }
            }
            let code_hash = if code.is_empty() { KECCAK256_EMPTY } else { keccak256(&code) };
            if !code.is_empty() {
                changes.codes.insert(code_hash, code);
            }
            let account = Some(Account { nonce, balance, code_hash });
            changes.accounts.insert(address, AccountChange { account, storage_wiped: false, storage });
        }
        Ok(changes)
    }
}

fn no_code(code: &Bytes) -> bool {
    code.is_empty()
}

fn state_root(changes: &StateChanges) -> B256 {
    let accounts = changes.accounts.iter().filter_map(|(address, change)| {
        let account = change.account?;
        let leaf = alloy_trie::TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root: storage_root(change),
            code_hash: account.code_hash,
        };
        Some((*address, leaf))
    });
    alloy_trie::root::state_root_unhashed(accounts)
}

fn storage_root(change: &AccountChange) -> B256 {
    alloy_trie::root::storage_root_unhashed(
        change.storage.iter().map(|(slot, value)| (B256::from(*slot), *value)),
    )
}
