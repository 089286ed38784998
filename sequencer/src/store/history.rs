//! Versioned tables: a table of current values, and a table of what every block replaced.
//!
//! A block that changes a key leaves the value from before under (key, block number). The value as
//! of the end of block `n` is therefore what the first block after `n` that changed the key
//! replaced, or the current value if none did. Reading the past costs one seek more than reading the
//! head; unwinding puts the replaced values back.

use std::borrow::Cow;

use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::codec::{decode_previous, encode_previous, history_key};
use super::engine::{self, WriteCursor, WriteTx};
use super::error::StoreError;
use super::tables::{Table, Tables};

/// A table of current values and its history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Versioned {
    /// Key → value as of the head.
    pub(super) current: Table,
    /// Key ‖ block number → what the block replaced.
    pub(super) history: Table,
}

impl Tables {
    /// Accounts and their history.
    pub(super) const fn versioned_accounts(&self) -> Versioned {
        Versioned { current: self.accounts, history: self.account_history }
    }

    /// Storage slots and their history.
    pub(super) const fn versioned_slots(&self) -> Versioned {
        Versioned { current: self.slots, history: self.slot_history }
    }
}

impl Versioned {
    /// The value at `key` as of the end of `block`, in a store whose head is `head`.
    pub(super) fn at<'tx, K: TransactionKind>(
        self,
        tx: &'tx Tx<K>,
        key: &[u8],
        block: u64,
        head: u64,
    ) -> Result<Option<Cow<'tx, [u8]>>, StoreError> {
        if block < head
            && let Some((row, previous)) = engine::first_from(tx, self.history, &history_key(key, block + 1))?
            && row.len() == key.len() + 8
            && row.starts_with(key)
        {
            return decode_previous(self.history.name, previous);
        }
        engine::get(tx, self.current, key)
    }

    /// For the writes of `block`.
    pub(super) fn writer(self, tx: &WriteTx, block: u64) -> Result<VersionedWriter<'_>, StoreError> {
        Ok(VersionedWriter {
            current: tx.cursor(self.current)?,
            history: tx.cursor(self.history)?,
            name: self.history.name,
            block,
        })
    }
}

/// Writes what one block changes, or takes it back. Fastest in the order of keys.
#[derive(Debug)]
pub(super) struct VersionedWriter<'tx> {
    current: WriteCursor<'tx>,
    history: WriteCursor<'tx>,
    name: &'static str,
    block: u64,
}

impl VersionedWriter<'_> {
    /// Sets or removes a value and keeps the one from before. Returns whether they differ; if not,
    /// nothing is written.
    pub(super) fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<bool, StoreError> {
        let previous = self.current.find(key)?;
        if previous.as_deref() == value {
            return Ok(false);
        }
        self.history.insert(&history_key(key, self.block), &encode_previous(previous.as_deref()))?;
        match (value, previous) {
            (Some(value), Some(_)) => self.current.replace(key, value)?,
            (Some(value), None) => self.current.put(key, value)?,
            (None, _) => self.current.delete()?,
        }
        Ok(true)
    }

    /// Takes back what [`set`](Self::set) did to this key.
    pub(super) fn restore(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let row = self.history.find(&history_key(key, self.block))?.ok_or(self.missing())?;
        match decode_previous(self.name, row)? {
            Some(value) => self.current.put(key, &value)?,
            None => {
                self.current.find(key)?.ok_or(self.missing())?;
                self.current.delete()?;
            }
        }
        self.history.delete()
    }

    /// Forgets what the block replaced at this key.
    pub(super) fn forget(&mut self, key: &[u8]) -> Result<(), StoreError> {
        self.history.find(&history_key(key, self.block))?.ok_or(self.missing())?;
        self.history.delete()
    }

    const fn missing(&self) -> StoreError {
        StoreError::Corrupt { table: self.name, reason: "a key that a block changed has no row" }
    }
}
