//! The state as a plain map, and its root by `HashBuilder`.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles, TrieAccount};
use executor::state::{Account, AccountChange, StateChanges};

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) accounts: BTreeMap<Address, ModelAccount>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelAccount {
    pub(crate) account: Account,
    pub(crate) storage: BTreeMap<U256, U256>,
}

impl ModelAccount {
    pub(crate) fn trie_account(&self) -> TrieAccount {
        TrieAccount::new(
            self.account.nonce,
            self.account.balance,
            storage_root(&self.storage),
            self.account.code_hash,
        )
    }
}

impl Model {
    pub(crate) fn apply(&mut self, changes: &StateChanges) {
        for (address, change) in &changes.accounts {
            let Some(account) = change.account else {
                self.accounts.remove(address);
                continue;
            };
            let entry = self.accounts.entry(*address).or_default();
            entry.account = account;
            if change.storage_wiped {
                entry.storage.clear();
            }
            for (slot, value) in &change.storage {
                if value.is_zero() {
                    entry.storage.remove(slot);
                } else {
                    entry.storage.insert(*slot, *value);
                }
            }
        }
    }

    pub(crate) fn storage(&self, address: &Address, slot: &U256) -> U256 {
        self.accounts.get(address).and_then(|account| account.storage.get(slot)).copied().unwrap_or_default()
    }

    pub(crate) fn root(&self) -> B256 {
        hash_builder_root(
            self.accounts
                .iter()
                .map(|(address, account)| (keccak256(address), alloy_rlp::encode(account.trie_account()))),
        )
    }

    /// What makes this state out of the empty one.
    pub(crate) fn as_changes(&self) -> StateChanges {
        let change = |account: &ModelAccount| AccountChange {
            account: Some(account.account),
            storage_wiped: false,
            storage: account.storage.clone(),
        };
        StateChanges {
            accounts: self.accounts.iter().map(|(address, account)| (*address, change(account))).collect(),
            ..StateChanges::default()
        }
    }
}

pub(crate) fn storage_root(storage: &BTreeMap<U256, U256>) -> B256 {
    hash_builder_root(
        storage.iter().map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), alloy_rlp::encode(value))),
    )
}

fn hash_builder_root(leaves: impl Iterator<Item = (B256, Vec<u8>)>) -> B256 {
    let leaves: BTreeMap<_, _> = leaves.collect();
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &value);
    }
    builder.root()
}
