//! The state before a transaction.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256, map::AddressSet};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::{
    state::{Account, AccountChange, StateChanges, StateError, StateSource},
    trie::{NodeSource, StateTrie},
};

use crate::suite::PreAccount;

/// The accounts of a test before the transaction.
#[derive(Debug)]
pub(crate) struct PreState {
    /// As the difference from nothing.
    changes: StateChanges,
}

impl PreState {
    pub(crate) fn new(pre: &BTreeMap<Address, PreAccount>) -> Self {
        let mut changes = StateChanges::default();
        for (address, account) in pre {
            let code_hash = if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) };
            if !account.code.is_empty() {
                changes.codes.insert(code_hash, account.code.clone());
            }
            let mut storage = account.storage.clone();
            storage.retain(|_, value| !value.is_zero());
            let account = Some(Account { nonce: account.nonce, balance: account.balance, code_hash });
            changes.accounts.insert(*address, AccountChange { account, storage_wiped: false, storage });
        }
        Self { changes }
    }

    /// Accounts that have storage, but neither code nor a nonce.
    pub(crate) fn storage_only(&self) -> AddressSet {
        let lone = |account: Account| account.code_hash == KECCAK256_EMPTY && account.nonce == 0;
        let accounts = self.changes.accounts.iter();
        accounts
            .filter(|(_, change)| !change.storage.is_empty() && change.account.is_some_and(lone))
            .map(|(address, _)| *address)
            .collect()
    }

    /// The state root after `changes`.
    pub(crate) fn root_after(&self, changes: &StateChanges) -> Result<B256, StateError> {
        let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
        trie.apply(&NoNodes, &self.changes)?;
        trie.apply(&NoNodes, changes)
    }
}

impl StateSource for &PreState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.changes.accounts.get(&address).and_then(|change| change.account))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        let value = self.changes.accounts.get(&address).and_then(|account| account.storage.get(&slot));
        Ok(value.copied().unwrap_or_default())
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        self.changes.codes.get(&code_hash).cloned().ok_or(StateError::MissingCode(code_hash))
    }

    /// By the convention of the tests, the hash of a block is that of its number in decimal.
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(keccak256(number.to_string()))
    }
}

/// Everything was written since the trie was empty, so there is nothing to load.
struct NoNodes;

impl NodeSource for NoNodes {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        Err(StateError::MissingNode { owner, path: *path, hash })
    }
}
