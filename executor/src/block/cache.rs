//! The state as one block sees it: what it read from its source, and what it wrote since.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use alloy_primitives::{
    Address, B256, KECCAK256_EMPTY, U256,
    map::{AddressMap, B256Map, Entry, HashMap},
};
use revm::{
    Database,
    bytecode::Bytecode,
    database_interface::DBErrorMarker,
    state::{AccountInfo, EvmState},
};

use crate::state::{Accessed, Account, AccountChange, StateChanges, StateError, StateSource};

impl DBErrorMarker for StateError {}

/// A write-back cache over a [`StateSource`] that records what was asked of the source.
///
/// Whatever was read stays cached, but counts as read only if the transaction that was the first to
/// ask for it is kept: [`Cache::commit`] keeps, [`Cache::discard`] forgets.
#[derive(Debug)]
pub(super) struct Cache<S> {
    source: S,
    accounts: AddressMap<CachedAccount>,
    codes: B256Map<CachedCode>,
    block_hashes: BTreeMap<u64, CachedHash>,
    /// What the running transaction was the first to read.
    pending: Vec<Read>,
    /// Looks as if it had code, as long as a creation over it is refused (EIP-7610).
    pub(super) occupied: Option<Address>,
}

/// One question to the source.
#[derive(Clone, Copy, Debug)]
enum Read {
    Account(Address),
    Slot(Address, U256),
    Code(B256),
    BlockHash(u64),
}

#[derive(Debug, Default)]
struct CachedAccount {
    before: Option<Account>,
    now: Option<Account>,
    slots: HashMap<U256, CachedSlot>,
    /// The account was destroyed or made anew: slots that are not listed are zero.
    wiped: bool,
    read: bool,
}

#[derive(Debug, Default)]
struct CachedSlot {
    before: U256,
    now: U256,
    read: bool,
}

#[derive(Debug)]
struct CachedCode {
    code: Bytecode,
    /// The block deployed it, so it never has to be read.
    created: bool,
    read: bool,
}

#[derive(Debug)]
struct CachedHash {
    hash: B256,
    read: bool,
}

impl<S: StateSource> Cache<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            accounts: AddressMap::default(),
            codes: B256Map::default(),
            block_hashes: BTreeMap::new(),
            pending: Vec::new(),
            occupied: None,
        }
    }

    /// The account as it is now.
    pub(super) fn account(&mut self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.load(address)?.now)
    }

    fn load(&mut self, address: Address) -> Result<&mut CachedAccount, StateError> {
        let account = match self.accounts.entry(address) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let before = self.source.account(address)?;
                entry.insert(CachedAccount { before, now: before, ..Default::default() })
            }
        };
        if !account.read {
            account.read = true;
            self.pending.push(Read::Account(address));
        }
        Ok(account)
    }

    /// Keeps the reads of the transaction that just ran, and its writes, `state`.
    pub(super) fn commit(&mut self, state: EvmState) {
        self.pending.clear();
        for (address, account) in state {
            if !account.is_touched() {
                continue;
            }
            // It is here: the journal loads what it touches.
            let cached = self.accounts.entry(address).or_default();
            if account.is_selfdestructed() {
                cached.wipe();
                cached.now = None;
                continue;
            }
            // The journal of a specification before EIP-161 has already cleared the mark of empty
            // accounts that were there, and calls those that were not "created": whatever is
            // empty here goes.
            if account.is_created() {
                cached.wipe();
            } else if account.is_empty() {
                cached.wipe();
                cached.now = None;
                continue;
            }
            if let Some(code) = account.info.code
                && !code.is_empty()
            {
                let created = || CachedCode { code, created: true, read: false };
                self.codes.entry(account.info.code_hash).or_insert_with(created);
            }
            cached.now = Some(Account {
                nonce: account.info.nonce,
                balance: account.info.balance,
                code_hash: account.info.code_hash,
            });
            for (slot, value) in account.storage {
                if value.is_changed() {
                    cached.slots.entry(slot).or_default().now = value.present_value;
                }
            }
        }
    }

    /// Forgets that the transaction that just ran read anything.
    pub(super) fn discard(&mut self) {
        for read in self.pending.drain(..) {
            match read {
                Read::Account(address) => {
                    if let Some(account) = self.accounts.get_mut(&address) {
                        account.read = false;
                    }
                }
                Read::Slot(address, slot) => {
                    let account = self.accounts.get_mut(&address);
                    if let Some(slot) = account.and_then(|account| account.slots.get_mut(&slot)) {
                        slot.read = false;
                    }
                }
                Read::Code(hash) => {
                    if let Some(code) = self.codes.get_mut(&hash) {
                        code.read = false;
                    }
                }
                Read::BlockHash(number) => {
                    if let Some(hash) = self.block_hashes.get_mut(&number) {
                        hash.read = false;
                    }
                }
            }
        }
    }

    /// What was written and what was read since the cache was made.
    pub(super) fn into_changes(self) -> (StateChanges, Accessed) {
        let mut changes = StateChanges::default();
        let mut accessed = Accessed::default();
        for (address, account) in self.accounts {
            if account.read {
                let slots = account.slots.iter().filter(|(_, slot)| slot.read).map(|(key, _)| *key);
                accessed.accounts.insert(address, slots.collect::<BTreeSet<_>>());
            }
            let Some(change) = account.into_change() else { continue };
            if let Some(hash) = change.account.map(|account| account.code_hash)
                && let btree_map::Entry::Vacant(entry) = changes.codes.entry(hash)
                && let Some(code) = self.codes.get(&hash)
                && code.created
            {
                entry.insert(code.code.original_bytes());
            }
            changes.accounts.insert(address, change);
        }
        accessed.codes = self.codes.into_iter().filter(|(_, code)| code.read).map(|(hash, _)| hash).collect();
        accessed.oldest_block_hash =
            self.block_hashes.iter().find(|(_, hash)| hash.read).map(|(number, _)| *number);
        (changes, accessed)
    }
}

impl CachedAccount {
    /// Nothing of the storage is left.
    fn wipe(&mut self) {
        self.wiped = true;
        for slot in self.slots.values_mut() {
            slot.now = U256::ZERO;
        }
    }

    /// `None` if the account is as it was.
    fn into_change(self) -> Option<AccountChange> {
        // There was nothing to wipe in an account that did not exist.
        let storage_wiped = self.wiped && self.before.is_some();
        let differs = |slot: &CachedSlot| {
            if storage_wiped { !slot.now.is_zero() } else { slot.now != slot.before }
        };
        let storage: BTreeMap<_, _> = if self.now.is_some() {
            self.slots.iter().filter(|(_, slot)| differs(slot)).map(|(key, slot)| (*key, slot.now)).collect()
        } else {
            BTreeMap::new()
        };
        if self.before == self.now && !storage_wiped && storage.is_empty() {
            return None;
        }
        Some(AccountChange { account: self.now, storage_wiped, storage })
    }
}

impl<S: StateSource> Database for Cache<S> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        let Some(account) = self.account(address)? else { return Ok(None) };
        let has_code = account.code_hash != KECCAK256_EMPTY;
        let occupied = self.occupied == Some(address) && !has_code;
        Ok(Some(AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: if occupied { B256::ZERO } else { account.code_hash },
            code: (!has_code).then(Bytecode::default),
            ..Default::default()
        }))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, StateError> {
        let cached = match self.codes.entry(code_hash) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let bytes = self.source.code(code_hash)?;
                // Only a delegation designator can be malformed, and those are made by the EVM itself.
                let code =
                    Bytecode::new_raw_checked(bytes.clone()).unwrap_or_else(|_| Bytecode::new_legacy(bytes));
                entry.insert(CachedCode { code, created: false, read: false })
            }
        };
        if !cached.created && !cached.read {
            cached.read = true;
            self.pending.push(Read::Code(code_hash));
        }
        Ok(cached.code.clone())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.load(address)?;
        let Some(account) = self.accounts.get_mut(&address) else { return Ok(U256::ZERO) };
        let cached = match account.slots.entry(slot) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) if account.wiped => return Ok(U256::ZERO),
            Entry::Vacant(entry) => {
                let before = self.source.storage(address, slot)?;
                entry.insert(CachedSlot { before, now: before, read: false })
            }
        };
        // A slot of an account made anew in this block was never asked for.
        if !cached.read && !account.wiped {
            cached.read = true;
            self.pending.push(Read::Slot(address, slot));
        }
        Ok(cached.now)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        let cached = match self.block_hashes.entry(number) {
            btree_map::Entry::Occupied(entry) => entry.into_mut(),
            btree_map::Entry::Vacant(entry) => {
                let hash = self.source.block_hash(number)?;
                entry.insert(CachedHash { hash, read: false })
            }
        };
        if !cached.read {
            cached.read = true;
            self.pending.push(Read::BlockHash(number));
        }
        Ok(cached.hash)
    }
}
