//! The sequencer's store, in memory.

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map, HashMap},
};
use alloy_trie::Nibbles;
use executor::{
    state::{Account, StateChanges, StateError, StateSource},
    trie::{NodeKey, NodeSource, ReplacedNode, TrieUpdates},
};

/// Flat state and trie nodes of the newest block.
#[derive(Clone, Debug, Default)]
pub struct MemoryState {
    accounts: AddressMap<Account>,
    storage: HashMap<(Address, U256), U256>,
    codes: B256Map<Bytes>,
    nodes: HashMap<NodeKey, Bytes>,
    block_hashes: Vec<B256>,
}

impl MemoryState {
    /// Moves the state over the next block, the first one being genesis. Returns the nodes that were
    /// replaced.
    pub fn commit(&mut self, hash: B256, changes: &StateChanges, updates: TrieUpdates) -> Vec<ReplacedNode> {
        for (address, change) in &changes.accounts {
            if change.storage_wiped || change.account.is_none() {
                self.storage.retain(|(owner, _), _| owner != address);
            }
            match change.account {
                Some(account) => self.accounts.insert(*address, account),
                None => self.accounts.remove(address),
            };
            for (slot, value) in &change.storage {
                if value.is_zero() {
                    self.storage.remove(&(*address, *slot));
                } else {
                    self.storage.insert((*address, *slot), *value);
                }
            }
        }
        self.codes.extend(changes.codes.iter().map(|(hash, code)| (*hash, code.clone())));
        if !updates.wiped_storages.is_empty() {
            self.nodes
                .retain(|key, _| key.owner.is_none_or(|owner| !updates.wiped_storages.contains(&owner)));
        }
        let replaced = updates.nodes.into_iter().map(|(key, rlp)| {
            let before = match rlp {
                Some(rlp) => self.nodes.insert(key, rlp),
                None => self.nodes.remove(&key),
            };
            ReplacedNode { key, before }
        });
        let replaced = replaced.collect();
        self.block_hashes.push(hash);
        replaced
    }

    /// The code with this hash.
    pub fn code_by_hash(&self, hash: B256) -> Option<Bytes> {
        self.codes.get(&hash).cloned()
    }
}

impl StateSource for MemoryState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.accounts.get(&address).copied())
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        Ok(self.storage.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        self.code_by_hash(code_hash).ok_or(StateError::MissingCode(code_hash))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let index = usize::try_from(number).map_err(|_| StateError::MissingBlockHash(number))?;
        self.block_hashes.get(index).copied().ok_or(StateError::MissingBlockHash(number))
    }
}

impl NodeSource for MemoryState {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let missing = || StateError::MissingNode { owner, path: *path, hash };
        let rlp = self.nodes.get(&NodeKey { owner, path: *path }).ok_or_else(missing)?;
        debug_assert_eq!(keccak256(rlp), hash);
        Ok(rlp.clone())
    }
}
