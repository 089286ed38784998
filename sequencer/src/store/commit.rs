//! Adding a block to the head.

use std::collections::BTreeMap;

use alloy_eips::{BlockNumHash, eip2718::Encodable2718};
use alloy_primitives::{Address, B256, FixedBytesSliceExt, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::block::SealedBlock;
use executor::state::{AccountChange, StateChanges};
use executor::trie::{NodeKey, TrieUpdates};
use executor::witness::BlockWitness;
use executor::{Block, Receipt};

use super::Store;
use super::changes::{BlockChanges, KeyList};
use super::codec::{
    SlotKey, encode_account, encode_header, encode_list, encode_place, encode_slot, number_key, slot_key,
};
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::history::VersionedWriter;
use super::nodes;
use super::snapshot::head_row;
use super::withdrawals;

/// A block with everything that comes with it.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// The block, its receipts, and the difference it made to the state.
    pub sealed: SealedBlock,
    /// The trie nodes that differ after it.
    pub trie: TrieUpdates,
    /// What it contributes to the witness of its batch.
    pub witness: BlockWitness,
    /// Its L1 origin.
    pub origin: BlockNumHash,
}

impl Store {
    /// Makes a block the new head. When this returns, the block survives a loss of power; if it
    /// fails, the store is as it was.
    ///
    /// Refuses a block that is not a child of the head, and one whose trie updates do not end in its
    /// state root.
    pub fn commit_block(&self, block: &NewBlock) -> Result<(), StoreError> {
        let tx = self.write()?;
        let NewBlock { sealed, trie, witness, origin } = block;
        let header = &sealed.block.header;
        let number = header.number;

        let (head, head_state_root) = {
            let row = head_row(tx.reader(), &tx.tables)?;
            (BlockNumHash::new(row.header.number, row.header.seal()), row.header.state_root)
        };
        if number != head.number + 1 || header.parent_hash != head.hash {
            return Err(StoreError::NotNext { number, parent: header.parent_hash, head });
        }
        check_state_root(trie, head_state_root, header.state_root, number)?;

        put_block(&tx, &sealed.block, sealed.hash, *origin)?;
        put_transactions(&tx, &sealed.block, &sealed.senders, &sealed.receipts)?;
        let changes = BlockChanges {
            accounts: put_accounts(&tx, number, &sealed.changes)?,
            slots: put_slots(&tx, number, &sealed.changes)?,
            codes: put_codes(&tx, &sealed.changes)?,
        };
        nodes::put(&tx, number, &sealed.changes, trie)?;
        tx.append(tx.tables.block_changes, &number_key(number), &changes.encode()?)?;
        tx.append(tx.tables.witnesses, &number_key(number), &witness.encode())?;
        tx.commit()
    }
}

/// The updates write the root node of the new state, or none if the root stays.
fn check_state_root(trie: &TrieUpdates, before: B256, header: B256, number: u64) -> Result<(), StoreError> {
    let trie = match trie.nodes.get(&NodeKey { owner: None, path: Nibbles::new() }) {
        Some(Some(root)) => keccak256(root),
        Some(None) => EMPTY_ROOT_HASH,
        None => before,
    };
    if trie != header {
        return Err(StoreError::StateRoot { number, header, trie });
    }
    Ok(())
}

/// Writes the header, and the way to it from the hash.
pub(super) fn put_block(
    tx: &WriteTx,
    block: &Block,
    hash: B256,
    origin: BlockNumHash,
) -> Result<(), StoreError> {
    let number = number_key(block.header.number);
    tx.append(tx.tables.headers, &number, &encode_header(&block.header, hash, origin))?;
    tx.put(tx.tables.block_numbers, hash.as_slice(), &number)
}

/// Writes transactions, senders, receipts, and the ways to transactions and withdrawals from their hashes.
pub(super) fn put_transactions(
    tx: &WriteTx,
    block: &Block,
    senders: &[Address],
    receipts: &[Receipt],
) -> Result<(), StoreError> {
    let number = block.header.number;
    let malformed = |reason| StoreError::Malformed { number, reason };
    let transactions = &block.body.transactions;
    if transactions.len() != senders.len() || transactions.len() != receipts.len() {
        return Err(malformed("it has not one sender and one receipt for each transaction"));
    }
    // Bodies hold transactions only; what has no place there must have nothing to say.
    if !block.body.ommers.is_empty() || block.body.withdrawals.as_ref().is_none_or(|list| !list.is_empty()) {
        return Err(malformed("its body holds something other than transactions"));
    }

    let too_large = |_| malformed("its body or receipts exceed 4 GiB");
    let key = number_key(number);
    let bodies = encode_list(transactions.iter().map(Encodable2718::encoded_2718)).map_err(too_large)?;
    tx.append(tx.tables.bodies, &key, &bodies)?;
    tx.append(tx.tables.senders, &key, senders.as_flattened())?;
    let encoded = encode_list(receipts.iter().map(Encodable2718::encoded_2718)).map_err(too_large)?;
    tx.append(tx.tables.receipts, &key, &encoded)?;
    withdrawals::put(tx, number, receipts)?;

    let mut by_hash =
        transactions.iter().zip(0u32..).map(|(tx, index)| (*tx.tx_hash(), index)).collect::<Vec<_>>();
    by_hash.sort_unstable();
    let mut cursor = tx.cursor(tx.tables.transactions)?;
    for (hash, index) in by_hash {
        cursor.put(hash.as_slice(), &encode_place(number, index))?;
    }
    Ok(())
}

fn put_accounts(tx: &WriteTx, number: u64, changes: &StateChanges) -> Result<KeyList, StoreError> {
    let mut changed = KeyList::default();
    let mut accounts = tx.tables.versioned_accounts().writer(tx, number)?;
    for (address, change) in &changes.accounts {
        let value = change.account.as_ref().map(encode_account);
        set(&mut accounts, &mut changed, address.as_slice(), value.as_deref())?;
    }
    Ok(changed)
}

fn put_slots(tx: &WriteTx, number: u64, changes: &StateChanges) -> Result<KeyList, StoreError> {
    let mut changed = KeyList::default();
    let mut slots = tx.tables.versioned_slots().writer(tx, number)?;
    for (address, change) in &changes.accounts {
        for (key, value) in slot_changes(tx, *address, change)? {
            set(&mut slots, &mut changed, &key, value.as_deref())?;
        }
    }
    Ok(changed)
}

/// Every slot of an account that has another value now, in order. A wipe removes each slot that
/// stands and was not written again.
fn slot_changes(
    tx: &WriteTx,
    address: Address,
    change: &AccountChange,
) -> Result<BTreeMap<SlotKey, Option<Vec<u8>>>, StoreError> {
    let mut slots = BTreeMap::new();
    if wipes_storage(change) {
        let (first, last) = (slot_key(address, U256::ZERO), slot_key(address, U256::MAX));
        for row in engine::rows(tx.reader(), tx.tables.slots, &first, &last)? {
            let key = SlotKey::try_from(&*row?.0)
                .map_err(|_| StoreError::Corrupt { table: "Slots", reason: "a key is not 52 bytes" })?;
            slots.insert(key, None);
        }
    }
    slots.extend(change.storage.iter().map(|(slot, value)| (slot_key(address, *slot), encode_slot(*value))));
    Ok(slots)
}

/// Whether no slot from before survives: an account that is gone has no storage.
pub(super) const fn wipes_storage(change: &AccountChange) -> bool {
    change.storage_wiped || change.account.is_none()
}

/// Writes code that is not there yet.
fn put_codes(tx: &WriteTx, changes: &StateChanges) -> Result<KeyList, StoreError> {
    let mut created = KeyList::default();
    for (hash, code) in changes.codes.iter().filter(|(hash, _)| **hash != KECCAK256_EMPTY) {
        if engine::get(tx.reader(), tx.tables.codes, hash.as_slice())?.is_none() {
            tx.put(tx.tables.codes, hash.as_slice(), code)?;
            created.push(hash.as_slice());
        }
    }
    Ok(created)
}

fn set(
    table: &mut VersionedWriter<'_>,
    changed: &mut KeyList,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), StoreError> {
    if table.set(key, value)? {
        changed.push(key);
    }
    Ok(())
}
