//! Taking blocks back, after an L1 reorganisation or a discarded batch.

use alloy_primitives::keccak256;

use super::Store;
use super::changes::BlockChanges;
use super::codec::{List, number_key, split_header};
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::nodes;
use super::prune::oldest_state;
use super::snapshot::head_number;
use super::withdrawals;

impl Store {
    /// Takes back every block after `block`: the store is then, byte for byte, as if it had never
    /// seen them. Batches that reach beyond `block` go as well. All in one transaction.
    ///
    /// Fails if `block` lies above the head, or below the oldest block whose state is kept. Rows of
    /// the L1 are left alone.
    pub fn unwind_to(&self, block: u64) -> Result<(), StoreError> {
        let tx = self.write()?;
        let head = head_number(tx.reader(), &tx.tables)?;
        if block > head {
            return Err(StoreError::UnknownBlock { number: block, head });
        }
        let oldest = oldest_state(tx.reader(), &tx.tables)?;
        if block < oldest {
            return Err(StoreError::HistoryPruned { number: block, oldest });
        }
        for number in (block + 1..=head).rev() {
            restore_state(&tx, number)?;
            remove_block(&tx, number)?;
        }
        super::batch::remove_beyond(&tx, block)?;
        tx.commit()
    }
}

fn restore_state(tx: &WriteTx, number: u64) -> Result<(), StoreError> {
    let tables = &tx.tables;
    let changes = BlockChanges::read(tx, number)?;
    for (table, keys) in
        [(tables.versioned_accounts(), &changes.accounts), (tables.versioned_slots(), &changes.slots)]
    {
        let mut writer = table.writer(tx, number)?;
        for key in keys.iter() {
            writer.restore(key?)?;
        }
    }
    nodes::restore(tx, number)?;
    for hash in changes.codes.iter() {
        tx.delete(tables.codes, hash?)?;
    }
    tx.delete(tables.block_changes, &number_key(number))
}

fn remove_block(tx: &WriteTx, number: u64) -> Result<(), StoreError> {
    let tables = &tx.tables;
    let key = number_key(number);
    let missing = |table| StoreError::Corrupt { table, reason: "a block has no row" };

    let header = engine::get(tx.reader(), tables.headers, &key)?.ok_or(missing("Headers"))?;
    let (hash, _, _) = split_header(&header)?;
    tx.delete(tables.block_numbers, hash.as_slice())?;

    let body = engine::get(tx.reader(), tables.bodies, &key)?.ok_or(missing("Bodies"))?;
    for transaction in List::new("Bodies", &body)?.iter() {
        // The hash of a transaction is that of its EIP-2718 form, for every type.
        tx.delete(tables.transactions, keccak256(transaction?).as_slice())?;
    }
    let receipts = engine::get(tx.reader(), tables.receipts, &key)?.ok_or(missing("Receipts"))?;
    withdrawals::remove(tx, &receipts)?;
    for table in [tables.headers, tables.bodies, tables.senders, tables.receipts, tables.witnesses] {
        tx.delete(table, &key)?;
    }
    Ok(())
}
