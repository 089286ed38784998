//! Trie nodes: as of the head by place, and per block the nodes it replaced.
//!
//! A block under load changes tens of thousands of nodes all over the trie. What it replaced is
//! therefore written as one run of rows under its number, at the end of the table, and not beside the
//! history of each place: half as many pages go to the disk with a commit. A read of the past pays:
//! it tries the blocks one by one until it finds the first that replaced the node. That is spared for
//! every node that has not changed since, because the reader knows the hash of the one it wants.

use std::borrow::Cow;
use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use executor::state::StateChanges;
use executor::trie::TrieUpdates;
use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::codec::{decode_previous, encode_previous, node_change_key, node_key, node_key_range, number_key};
use super::commit::wipes_storage;
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::tables::Tables;

/// Writes the nodes that differ after block `number`, and keeps those that it replaced.
pub(super) fn put(
    tx: &WriteTx,
    number: u64,
    changes: &StateChanges,
    trie: &TrieUpdates,
) -> Result<(), StoreError> {
    let mut updates = BTreeMap::new();
    // Every node of a wiped trie goes, those included that the updates do not list because nobody
    // walked there.
    for (address, _) in changes.accounts.iter().filter(|(_, change)| wipes_storage(change)) {
        let (first, last) = node_key_range(keccak256(address));
        for row in engine::rows(tx.reader(), tx.tables.nodes, &first, &last)? {
            updates.insert(row?.0.into_owned(), None);
        }
    }
    updates.extend(trie.nodes.iter().map(|(key, rlp)| (node_key(key), rlp.as_ref().map(|rlp| &rlp[..]))));

    let mut nodes = tx.cursor(tx.tables.nodes)?;
    let mut replaced = tx.cursor(tx.tables.node_changes)?;
    for (key, rlp) in updates {
        let previous = nodes.find(&key)?;
        if previous.as_deref() == rlp {
            continue;
        }
        replaced.append(&node_change_key(number, &key), &encode_previous(previous.as_deref()))?;
        match (rlp, previous) {
            (Some(rlp), Some(_)) => nodes.replace(&key, rlp)?,
            (Some(rlp), None) => nodes.put(&key, rlp)?,
            (None, _) => nodes.delete()?,
        }
    }
    Ok(())
}

/// Puts the nodes back that block `number`, the head, replaced.
pub(super) fn restore(tx: &WriteTx, number: u64) -> Result<(), StoreError> {
    let mut nodes = tx.cursor(tx.tables.nodes)?;
    for row in replaced(tx.reader(), &tx.tables, number)? {
        let (key, previous) = row?;
        match previous {
            Some(rlp) => nodes.put(&key, &rlp)?,
            None => {
                let corrupt = StoreError::Corrupt { table: "TrieNodes", reason: "a new node is not there" };
                nodes.find(&key)?.ok_or(corrupt)?;
                nodes.delete()?;
            }
        }
    }
    forget(tx, number)
}

/// A place in the form of a key, and what stood there before.
type Replaced<'tx> = (Cow<'tx, [u8]>, Option<Cow<'tx, [u8]>>);

/// The places where block `number` put or removed a node, in order, and the nodes that stood there.
pub(super) fn replaced<'tx, K: TransactionKind>(
    tx: &'tx Tx<K>,
    tables: &Tables,
    number: u64,
) -> Result<impl Iterator<Item = Result<Replaced<'tx>, StoreError>>, StoreError> {
    let (first, last) = changes_range(number);
    let table = tables.node_changes;
    Ok(engine::rows(tx, table, &first, &last)?.map(move |row| {
        let (key, previous) = row?;
        let key = match key {
            Cow::Borrowed(key) => Cow::Borrowed(key.get(8..).unwrap_or_default()),
            Cow::Owned(key) => Cow::Owned(key.get(8..).unwrap_or_default().to_vec()),
        };
        Ok((key, decode_previous(table.name, previous)?))
    }))
}

/// Forgets the nodes that block `number` replaced.
pub(super) fn forget(tx: &WriteTx, number: u64) -> Result<(), StoreError> {
    let (first, last) = changes_range(number);
    tx.delete_range(tx.tables.node_changes, &first, &last)
}

/// The node at `key` as of the end of `block`, in a store whose head is `head`. Its hash is `hash`, or
/// the table is damaged; `None` if no node stands there.
///
/// Costs one look-up if the node has not changed since, and otherwise one for each block up to the
/// change: about a microsecond each.
pub(super) fn at<'tx, K: TransactionKind>(
    tx: &'tx Tx<K>,
    tables: &Tables,
    key: &[u8],
    hash: B256,
    block: u64,
    head: u64,
) -> Result<Option<Cow<'tx, [u8]>>, StoreError> {
    let current = engine::get(tx, tables.nodes, key)?;
    if current.as_ref().is_some_and(|rlp| keccak256(rlp) == hash) {
        return Ok(current);
    }
    let mut node = current;
    for number in block + 1..=head {
        if let Some(previous) = engine::get(tx, tables.node_changes, &node_change_key(number, key))? {
            node = decode_previous(tables.node_changes.name, previous)?;
            break;
        }
    }
    match node {
        Some(rlp) if keccak256(&rlp) != hash => Err(StoreError::Corrupt {
            table: tables.nodes.name,
            reason: "a node has not the hash by which its parent refers to it",
        }),
        node => Ok(node),
    }
}

fn changes_range(number: u64) -> ([u8; 8], Vec<u8>) {
    // No node key begins with 0xff.
    (number_key(number), node_change_key(number, &[u8::MAX]))
}
