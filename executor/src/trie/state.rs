//! The state: the trie of accounts, and the trie of each account's storage.

use std::collections::BTreeSet;

use alloy_primitives::map::{AddressMap, B256Map, HashMap};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};
use rayon::prelude::*;

use super::hash::PARALLEL_LEAVES;
use super::prove::{AccountProof, StorageProof};
use super::record::{Recorder, Visit, Walk};
use super::sparse::Trie;
use super::{NodeSource, TouchedNode, TrieUpdates};
use crate::state::{Accessed, Account, AccountChange, StateChanges, StateError};

/// The Merkle state of the chain, of which only the walked part is in memory.
///
/// The sequencer keeps one over many blocks, with nodes from its store; a stateless run starts one
/// from the parent's state root, with nodes from the witness. Per block:
///
/// ```text
/// start_recording -> touch(accessed, changes) -> apply(changes) = state root -> take_touched, take_updates
/// ```
///
/// A node is asked for once, when a walk first reaches it, and then kept until [`Self::prune`].
/// Which nodes a block touches depends on the state and on what the block asks for, never on what
/// is in memory: so what is recorded here is exactly what a stateless run will ask for.
///
/// After an error the state is between two blocks: drop it, and start again from a known root.
#[derive(Debug)]
pub struct StateTrie {
    accounts: Trie<TrieAccount>,
    /// Storage tries by hashed address. One that is here agrees with its account's storage root.
    storages: B256Map<StorageTrie>,
    /// Hashed addresses whose storage in the store is void, since the updates were last taken.
    wiped: BTreeSet<B256>,
    recorder: Recorder,
    keys: HashedKeys,
}

#[derive(Debug)]
struct StorageTrie {
    trie: Trie<U256>,
    /// The last tick in which the walk to the account was made.
    account_seen: u32,
}

/// An account to be written once its storage is hashed.
struct PendingAccount {
    owner: B256,
    before: Option<TrieAccount>,
    account: Account,
    storage_root: B256,
}

impl StateTrie {
    /// The state with this root. Use [`alloy_trie::EMPTY_ROOT_HASH`] for the state without accounts.
    pub fn new(root: B256) -> Self {
        Self {
            accounts: Trie::new(root),
            storages: B256Map::default(),
            wiped: BTreeSet::new(),
            recorder: Recorder::new(),
            keys: HashedKeys::default(),
        }
    }

    /// The state root.
    pub fn root(&mut self) -> B256 {
        self.accounts.hash()
    }

    /// The account at `address`; `None` if it is proved absent.
    ///
    /// # Errors
    ///
    /// [`StateError`] if a node on the way is missing or malformed.
    pub fn account<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        address: Address,
    ) -> Result<Option<TrieAccount>, StateError> {
        let owner = self.keys.address(address);
        self.accounts.get(&mut Walk::accounts(source, &mut self.recorder), &owner)
    }

    /// The root of the storage of `address`; that of the empty trie if there is no such account.
    ///
    /// # Errors
    ///
    /// As [`Self::account`].
    pub fn storage_root<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        address: Address,
    ) -> Result<B256, StateError> {
        Ok(self.account(source, address)?.map_or(EMPTY_ROOT_HASH, |account| account.storage_root))
    }

    /// The value of a storage slot; zero if it is proved absent.
    ///
    /// # Errors
    ///
    /// As [`Self::account`].
    pub fn storage<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        address: Address,
        slot: U256,
    ) -> Result<U256, StateError> {
        let owner = self.keys.address(address);
        let tick = self.recorder.tick;
        let known = self.storages.get(&owner).is_some_and(|storage| storage.account_seen == tick);
        if !known {
            let account = self.accounts.get(&mut Walk::accounts(source, &mut self.recorder), &owner)?;
            let root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
            if root == EMPTY_ROOT_HASH {
                return Ok(U256::ZERO);
            }
            self.open_storage(owner, root);
        }
        let Some(storage) = self.storages.get_mut(&owner) else {
            return Ok(U256::ZERO);
        };
        let key = self.keys.slot(slot);
        let value = storage.trie.get(&mut Walk::storage(source, owner, &mut self.recorder), &key)?;
        // Zero is what a slot holds that was never written (Yellow Paper, 4.1).
        Ok(value.unwrap_or_default())
    }

    /// Starts to record which nodes are touched. What was recorded before and not taken is dropped.
    ///
    /// The state as it is now is the parent state of the recording: the nodes reported are its
    /// nodes, whatever is written meanwhile.
    pub fn start_recording(&mut self) {
        self.recorder.start();
    }

    /// Ends the recording and returns the nodes of the parent state that were visited since
    /// [`Self::start_recording`], each place once.
    ///
    /// Nodes that were visited only to be replaced may be left out: [`Self::take_updates`] lists
    /// their places. Nodes that are embedded in their parent are not listed, the parent is.
    pub fn take_touched(&mut self) -> Vec<TouchedNode> {
        self.recorder.take()
    }

    /// Walks to what a block read and [`Self::apply`] with its changes will not walk to anyway. Call
    /// it before that, on the parent state: together the two walk to everything that the block asked
    /// for.
    ///
    /// # Errors
    ///
    /// As [`Self::account`].
    pub fn touch<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        accessed: &Accessed,
        changes: &StateChanges,
    ) -> Result<(), StateError> {
        for (address, slots) in &accessed.accounts {
            let Some(change) = changes.accounts.get(address) else {
                self.account(source, *address)?;
                for slot in slots {
                    self.storage(source, *address, *slot)?;
                }
                continue;
            };
            // Storage that goes as a whole is not walked to.
            let walked =
                if change.storage_wiped || change.account.is_none() { None } else { Some(&change.storage) };
            for slot in slots.iter().filter(|slot| walked.is_none_or(|walked| !walked.contains_key(*slot))) {
                self.storage(source, *address, *slot)?;
            }
        }
        Ok(())
    }

    /// Writes the changes of a block and returns the new state root.
    ///
    /// Everything is written before anything is removed, so that a branch collapses only if it
    /// must; changes that change nothing are walked to and otherwise ignored.
    ///
    /// # Errors
    ///
    /// As [`Self::account`]; the state must then be dropped.
    pub fn apply<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        changes: &StateChanges,
    ) -> Result<B256, StateError> {
        let mut ordered: Vec<(B256, &AccountChange)> =
            changes.accounts.iter().map(|(address, change)| (self.keys.address(*address), change)).collect();
        ordered.sort_unstable_by_key(|(owner, _)| *owner);

        let mut pending = Vec::with_capacity(ordered.len());
        let mut removed = Vec::new();
        let mut storages = Vec::new();
        for (owner, change) in ordered {
            let mut walk = Walk::accounts(source, &mut self.recorder).to(Visit::Peek);
            let before = self.accounts.get(&mut walk, &owner)?;
            let mut storage_root = before.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
            if change.storage_wiped || change.account.is_none() {
                self.drop_storage(owner, storage_root);
                storage_root = EMPTY_ROOT_HASH;
            }
            let Some(account) = change.account else {
                removed.push(owner);
                continue;
            };
            if !change.storage.is_empty() {
                self.open_storage(owner, storage_root);
                if self.apply_storage(source, owner, change)?
                    && let Some(storage) = self.storages.remove(&owner)
                {
                    storages.push((pending.len(), owner, storage));
                }
            }
            pending.push(PendingAccount { owner, before, account, storage_root });
        }
        self.hash_storages(storages, &mut pending);

        for PendingAccount { owner, before, account, storage_root } in pending {
            let account = TrieAccount::new(account.nonce, account.balance, storage_root, account.code_hash);
            self.accounts.update(&mut Walk::accounts(source, &mut self.recorder), &owner, before, account)?;
        }
        for owner in removed {
            self.accounts.remove(&mut Walk::accounts(source, &mut self.recorder), &owner)?;
        }
        Ok(self.accounts.hash())
    }

    /// Writes the changed slots of an account, and returns whether any differs.
    fn apply_storage<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        owner: B256,
        change: &AccountChange,
    ) -> Result<bool, StateError> {
        let mut slots: Vec<(B256, U256)> =
            change.storage.iter().map(|(slot, value)| (self.keys.slot(*slot), *value)).collect();
        slots.sort_unstable_by_key(|(key, _)| *key);
        let Some(storage) = self.storages.get_mut(&owner) else {
            return Ok(false);
        };
        let walk = &mut Walk::storage(source, owner, &mut self.recorder);
        for (key, value) in slots.iter().filter(|(_, value)| !value.is_zero()) {
            walk.visit = Visit::Peek;
            let before = storage.trie.get(walk, key)?;
            storage.trie.update(walk, key, before, *value)?;
        }
        for (key, _) in slots.iter().filter(|(_, value)| value.is_zero()) {
            storage.trie.remove(walk, key)?;
        }
        Ok(storage.trie.changed_leaves() > 0)
    }

    /// Hashes storage tries, beside each other if they are many, and puts them back; their roots
    /// go to the pending accounts that they are numbered by.
    fn hash_storages(
        &mut self,
        mut storages: Vec<(usize, B256, StorageTrie)>,
        pending: &mut [PendingAccount],
    ) {
        let changed: usize = storages.iter().map(|(_, _, storage)| storage.trie.changed_leaves()).sum();
        let roots: Vec<B256> = if changed < PARALLEL_LEAVES {
            storages.iter_mut().map(|(_, _, storage)| storage.trie.hash()).collect()
        } else {
            storages.par_iter_mut().map(|(_, _, storage)| storage.trie.hash()).collect()
        };
        for ((index, owner, storage), root) in storages.into_iter().zip(roots) {
            if let Some(account) = pending.get_mut(index) {
                account.storage_root = root;
            }
            self.storages.insert(owner, storage);
        }
    }

    /// Makes the storage trie of an account available, once its account was walked to.
    fn open_storage(&mut self, owner: B256, root: B256) {
        let tick = self.recorder.tick;
        self.storages
            .entry(owner)
            .and_modify(|storage| storage.account_seen = tick)
            .or_insert_with(|| StorageTrie { trie: Trie::new(root), account_seen: tick });
    }

    /// Forgets all storage of an account, whose root is `root`.
    fn drop_storage(&mut self, owner: B256, root: B256) {
        let saved_root = self.storages.remove(&owner).map_or(root, |storage| storage.trie.saved_root);
        if saved_root != EMPTY_ROOT_HASH {
            self.wiped.insert(owner);
        }
    }

    /// What to write to the store: the places whose node differs from the one that stood there at
    /// the last call, or in the state this trie was made from.
    pub fn take_updates(&mut self) -> TrieUpdates {
        let mut nodes = Vec::new();
        self.accounts.take_updates(None, &mut nodes);
        let mut changed: Vec<_> =
            self.storages.iter_mut().filter(|(_, storage)| !storage.trie.is_saved()).collect();
        changed.sort_unstable_by_key(|(owner, _)| **owner);
        for (owner, storage) in changed {
            storage.trie.take_updates(Some(*owner), &mut nodes);
        }
        TrieUpdates { nodes: nodes.into_iter().collect(), wiped_storages: std::mem::take(&mut self.wiped) }
    }

    /// Number of nodes in memory. A branch takes about 700 bytes, other nodes 80 to 160.
    pub fn cached_nodes(&self) -> usize {
        self.accounts.arena.len()
            + self.storages.values().map(|storage| storage.trie.arena.len()).sum::<usize>()
    }

    /// If more than `max_nodes` nodes are in memory, forgets those that were not used for longest
    /// until three quarters of `max_nodes` are left, so that this is rarely work.
    ///
    /// Nodes with updates to take, and nodes touched in a recording that goes on, are kept.
    pub fn prune(&mut self, max_nodes: usize) {
        self.keys.bound();
        let cached = self.cached_nodes();
        if cached <= max_nodes {
            return;
        }
        let mut stamps = Vec::with_capacity(cached);
        self.accounts.stamps(&mut stamps);
        for storage in self.storages.values() {
            storage.trie.stamps(&mut stamps);
        }
        // Whatever is as old as the youngest node that has to go, goes.
        let surplus = cached - max_nodes / 4 * 3;
        let Some((_, youngest, _)) = surplus
            .checked_sub(1)
            .filter(|last| *last < stamps.len())
            .map(|last| stamps.select_nth_unstable(last))
        else {
            return;
        };
        let limit = if self.recorder.is_recording() { self.recorder.tick } else { u32::MAX };
        let oldest_kept = youngest.saturating_add(1).min(limit);
        self.accounts.forget_before(oldest_kept);
        self.storages.retain(|_, storage| {
            storage.trie.forget_before(oldest_kept);
            storage.trie.arena.len() > 0 || !storage.trie.is_saved()
        });
    }

    /// Proves an account and some of its slots, present or absent, as `eth_getProof` answers them
    /// (EIP-1186). Nothing is recorded.
    ///
    /// # Errors
    ///
    /// As [`Self::account`].
    pub fn prove<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        address: Address,
        slots: &[U256],
    ) -> Result<AccountProof, StateError> {
        let owner = self.keys.address(address);
        let (account, account_proof) =
            self.accounts.prove(&mut Walk::accounts(source, &mut self.recorder).to(Visit::Peek), &owner)?;
        let root = account.map_or(EMPTY_ROOT_HASH, |account| account.storage_root);
        let mut storage = Vec::with_capacity(slots.len());
        if root != EMPTY_ROOT_HASH && !slots.is_empty() {
            self.storages
                .entry(owner)
                .or_insert_with(|| StorageTrie { trie: Trie::new(root), account_seen: 0 });
        }
        for slot in slots {
            let (value, proof) = match self.storages.get_mut(&owner) {
                Some(storage) => {
                    let key = self.keys.slot(*slot);
                    let walk = Walk::storage(source, owner, &mut self.recorder);
                    storage.trie.prove(&mut walk.to(Visit::Peek), &key)?
                }
                None => (None, Vec::new()),
            };
            storage.push(StorageProof { slot: *slot, value: value.unwrap_or_default(), proof });
        }
        Ok(AccountProof { account, account_proof, storage })
    }
}

/// Hashes of addresses and slots, each computed once.
#[derive(Debug, Default)]
struct HashedKeys {
    addresses: AddressMap<B256>,
    slots: HashMap<U256, B256>,
}

impl HashedKeys {
    /// Entries of a kind after which all are forgotten: about 15 MB.
    const MAX: usize = 1 << 17;

    fn address(&mut self, address: Address) -> B256 {
        *self.addresses.entry(address).or_insert_with(|| keccak256(address))
    }

    fn slot(&mut self, slot: U256) -> B256 {
        *self.slots.entry(slot).or_insert_with(|| keccak256(slot.to_be_bytes::<32>()))
    }

    fn bound(&mut self) {
        if self.addresses.len() > Self::MAX {
            self.addresses.clear();
        }
        if self.slots.len() > Self::MAX {
            self.slots.clear();
        }
    }
}
