//! Forgetting the past: replaced values and witnesses that nobody will ask for.

use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::Store;
use super::changes::BlockChanges;
use super::codec::{number, number_key};
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::nodes;
use super::snapshot::head_number;
use super::tables::{Table, Tables};

/// Blocks per write transaction: a block that is sealed meanwhile waits no longer than these take.
const STEP: u64 = 64;

/// How much of the past a node keeps. Blocks, receipts, batches, and what proves withdrawals against
/// final outputs are kept for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// State can be read as of this many blocks before the head; `None` keeps all (an archive).
    pub history_blocks: Option<u64>,
}

impl Default for Retention {
    /// 65,536 blocks: 18 hours of one block a second.
    fn default() -> Self {
        Self { history_blocks: Some(65_536) }
    }
}

impl Store {
    /// Forgets what `retention` does not ask for, but nothing of blocks after `finalized`, which may
    /// still be unwound or proved. Cheap when there is nothing to do: call it now and then.
    pub fn prune(&self, retention: Retention, finalized: u64) -> Result<(), StoreError> {
        let head = self.snapshot()?.head();
        let finalized = finalized.min(head);
        let oldest = retention.history_blocks.map_or(0, |blocks| head.saturating_sub(blocks));
        self.prune_history_below(oldest.min(finalized))?;
        self.prune_witnesses_below(finalized + 1)
    }

    /// Forgets the state as of blocks below `block`, which becomes the oldest block whose state can
    /// be read and to which the store can be unwound. Fails if it lies above the head.
    pub fn prune_history_below(&self, block: u64) -> Result<(), StoreError> {
        loop {
            let tx = self.write()?;
            let head = head_number(tx.reader(), &tx.tables)?;
            if block > head {
                return Err(StoreError::UnknownBlock { number: block, head });
            }
            let oldest = oldest_state(tx.reader(), &tx.tables)?;
            if block <= oldest {
                return Ok(());
            }
            // The state as of `block` needs what later blocks replaced, not what it replaced itself.
            for number in oldest + 1..=block.min(oldest + STEP) {
                forget_replaced(&tx, number)?;
            }
            tx.commit()?;
        }
    }

    /// Forgets the witnesses of blocks below `block`: their batches are proved.
    pub fn prune_witnesses_below(&self, block: u64) -> Result<(), StoreError> {
        loop {
            let tx = self.write()?;
            let Some(oldest) = first_number(tx.reader(), tx.tables.witnesses)?.filter(|n| *n < block) else {
                return Ok(());
            };
            let last = (block - 1).min(oldest + STEP - 1);
            tx.delete_range(tx.tables.witnesses, &number_key(oldest), &number_key(last))?;
            tx.commit()?;
        }
    }
}

/// The oldest block whose state can be read, and to which the store can be unwound: the one before
/// the first block whose changes are kept.
pub(super) fn oldest_state<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<u64, StoreError> {
    match first_number(tx, tables.block_changes)? {
        Some(first) => Ok(first.saturating_sub(1)),
        None => head_number(tx, tables),
    }
}

fn first_number<K: TransactionKind>(tx: &Tx<K>, table: Table) -> Result<Option<u64>, StoreError> {
    let first = engine::first_from(tx, table, &number_key(0))?;
    first.map(|(key, _)| number(table.name, &key)).transpose()
}

/// Removes what block `number` replaced.
fn forget_replaced(tx: &WriteTx, number: u64) -> Result<(), StoreError> {
    let tables = &tx.tables;
    let changes = BlockChanges::read(tx, number)?;
    for (table, keys) in
        [(tables.versioned_accounts(), &changes.accounts), (tables.versioned_slots(), &changes.slots)]
    {
        let mut writer = table.writer(tx, number)?;
        for key in keys.iter() {
            writer.forget(key?)?;
        }
    }
    nodes::forget(tx, number)?;
    tx.delete(tables.block_changes, &number_key(number))
}
