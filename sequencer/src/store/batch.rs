//! Batches: which blocks, who proved them, and how far they are on their way to L1.
//!
//! What a prover is given is large and never changes, so it has a table of its own: a signature or a
//! new status rewrites the small row only.
//!
//! ```text
//! batch             RLP of [index, first block, last block, transition (8 fields),
//!                   [[operator, signer, signature], ...], status tag, [fields of the status]]
//! payload           RLP of [input, witness]
//! ```

use std::ops::RangeInclusive;

use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{Decodable, RlpDecodable, RlpEncodable};
use executor::transition::Transition;
use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::Store;
use super::codec::{number, number_key};
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::outputs;
use super::snapshot::{Snapshot, head_number};
use super::tables::{Table, Tables};

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRecord {
    /// Its number on L1.
    pub index: u64,
    /// Its first L2 block.
    pub first_block: u64,
    /// Its last L2 block.
    pub last_block: u64,
    /// What its provers sign.
    pub transition: Transition,
    /// The signatures it has, at most one of each operator.
    pub signatures: Vec<BatchSignature>,
    /// How far it is.
    pub status: BatchStatus,
}

/// A prover's signature of a batch.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct BatchSignature {
    /// Who runs the prover.
    pub operator: Address,
    /// The key inside the enclave.
    pub signer: Address,
    /// r ‖ s ‖ v, 65 bytes.
    pub signature: Bytes,
}

/// How far a batch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchStatus {
    /// It waits for signatures.
    Proving,
    /// A transaction with it was signed and may have been sent. Written before it is sent, so that
    /// after a crash the same transaction is sent again, not another one.
    Submitting {
        /// The signed transaction with its blobs, in its EIP-2718 network form.
        raw_tx: Bytes,
        /// Its hash.
        hash: B256,
        /// Its nonce.
        nonce: u64,
    },
    /// It is on L1.
    OnL1 {
        /// The L1 block.
        l1_block: u64,
        /// The L1 transaction.
        tx: B256,
    },
    /// It is final on L1. The last status there is.
    Final,
}

/// What a prover is given.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct BatchPayload {
    /// The encoded batch input.
    pub input: Bytes,
    /// The encoded witness.
    pub witness: Bytes,
}

impl Store {
    /// Adds a batch after the last one, or replaces the last one.
    ///
    /// The first may have any index; every other follows the one before it without a gap, in index
    /// and in blocks. Its blocks must be there.
    pub fn put_batch(&self, batch: &BatchRecord, payload: &BatchPayload) -> Result<(), StoreError> {
        let tx = self.write()?;
        check_order(&tx, batch)?;
        let key = number_key(batch.index);
        tx.put(tx.tables.batches, &key, &encode_batch(batch))?;
        tx.put(tx.tables.batch_payloads, &key, &alloy_rlp::encode(payload))?;
        tx.commit()
    }

    /// Adds a signature to a batch, in place of the operator's earlier one. Returns the batch.
    pub fn add_signature(&self, index: u64, signature: BatchSignature) -> Result<BatchRecord, StoreError> {
        self.update_batch(index, |batch| {
            batch.signatures.retain(|other| other.operator != signature.operator);
            batch.signatures.push(signature);
        })
    }

    /// Sets how far a batch is. Returns the batch. A final batch stays final, and withdrawals can be
    /// proved against its last block for ever: the state after that block must be there.
    pub fn set_batch_status(&self, index: u64, status: BatchStatus) -> Result<BatchRecord, StoreError> {
        self.update_batch(index, |batch| batch.status = status)
    }

    /// Forgets the batches from `index` on: their blocks will be batched again. Refuses if one of
    /// them is final.
    pub fn remove_batches_from(&self, index: u64) -> Result<(), StoreError> {
        let tx = self.write()?;
        remove_from(&tx, index)?;
        tx.commit()
    }

    /// Forgets the payloads of the batches below `index`, which nobody will prove again.
    pub fn prune_batch_payloads_below(&self, index: u64) -> Result<(), StoreError> {
        let tx = self.write()?;
        if let Some(last) = index.checked_sub(1) {
            tx.delete_range(tx.tables.batch_payloads, &number_key(0), &number_key(last))?;
        }
        tx.commit()
    }

    fn update_batch(
        &self,
        index: u64,
        change: impl FnOnce(&mut BatchRecord),
    ) -> Result<BatchRecord, StoreError> {
        let snapshot = self.snapshot()?;
        let tx = self.write()?;
        let mut batch = read(tx.reader(), &tx.tables, index)?.ok_or(StoreError::UnknownBatch(index))?;
        if batch.status == BatchStatus::Final {
            return Err(StoreError::BatchFinal(index));
        }
        change(&mut batch);
        if batch.status == BatchStatus::Final {
            keep_output(&tx, &snapshot, &batch)?;
        }
        tx.put(tx.tables.batches, &number_key(index), &encode_batch(&batch))?;
        tx.commit()?;
        Ok(batch)
    }
}

impl Snapshot {
    /// Batch `index`.
    pub fn batch(&self, index: u64) -> Result<Option<BatchRecord>, StoreError> {
        read(self.tx(), self.tables(), index)
    }

    /// What a prover of batch `index` is given; `None` once pruned.
    pub fn batch_payload(&self, index: u64) -> Result<Option<BatchPayload>, StoreError> {
        let table = self.tables().batch_payloads;
        let row = engine::get(self.tx(), table, &number_key(index))?;
        row.map(|row| decode(table, &row)).transpose()
    }

    /// The newest batch that is final.
    pub fn last_final_batch(&self) -> Result<Option<BatchRecord>, StoreError> {
        match self.first_batch(|batch| batch.status != BatchStatus::Final)? {
            Some(BatchRecord { index, .. }) => {
                index.checked_sub(1).map_or(Ok(None), |index| self.batch(index))
            }
            None => self.last_batch(),
        }
    }

    /// The batch that holds block `number`, if any does yet.
    pub fn batch_of_block(&self, number: u64) -> Result<Option<BatchRecord>, StoreError> {
        let batch = self.first_batch(|batch| batch.last_block >= number)?;
        Ok(batch.filter(|batch| batch.first_block <= number))
    }

    /// The first batch for which `holds` is true, which it then is for all after it as well.
    fn first_batch(&self, holds: impl Fn(&BatchRecord) -> bool) -> Result<Option<BatchRecord>, StoreError> {
        let table = self.tables().batches;
        let Some((first, _)) = engine::first_from(self.tx(), table, &number_key(0))? else { return Ok(None) };
        let mut found = None;
        let mut low = number(table.name, &first)?;
        let mut high = self.last_batch()?.map_or(low, |last| last.index + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let batch = self
                .batch(middle)?
                .ok_or(StoreError::Corrupt { table: table.name, reason: "a batch is missing" })?;
            if holds(&batch) {
                high = middle;
                found = Some(batch);
            } else {
                low = middle + 1;
            }
        }
        Ok(found)
    }

    /// The newest batch.
    pub fn last_batch(&self) -> Result<Option<BatchRecord>, StoreError> {
        last(self.tx(), self.tables())
    }

    /// The batches of a range that are there, in order.
    pub fn batches(
        &self,
        indices: RangeInclusive<u64>,
    ) -> Result<impl Iterator<Item = Result<BatchRecord, StoreError>>, StoreError> {
        let table = self.tables().batches;
        let (first, last) = (number_key(*indices.start()), number_key(*indices.end()));
        Ok(engine::rows(self.tx(), table, &first, &last)?.map(|row| decode_batch(&row?.1)))
    }
}

/// Forgets the batches that hold a block after `block`.
pub(super) fn remove_beyond(tx: &WriteTx, block: u64) -> Result<(), StoreError> {
    let mut first_gone = None;
    let mut index = last(tx.reader(), &tx.tables)?.map(|batch| batch.index);
    while let Some(batch) = index.map_or(Ok(None), |index| read(tx.reader(), &tx.tables, index))?
        && batch.last_block > block
    {
        first_gone = Some(batch.index);
        index = batch.index.checked_sub(1);
    }
    first_gone.map_or(Ok(()), |index| remove_from(tx, index))
}

/// Keeps what proves withdrawals against the output of `batch`, which becomes final.
fn keep_output(tx: &WriteTx, snapshot: &Snapshot, batch: &BatchRecord) -> Result<(), StoreError> {
    let state = snapshot.state_at(batch.last_block)?;
    let unknown = StoreError::UnknownBlock { number: batch.last_block, head: snapshot.head() };
    let header = snapshot.header(batch.last_block)?.ok_or(unknown)?;
    outputs::keep(tx, &state, header.state_root)
        .map_err(|source| StoreError::OutputState { index: batch.index, source: Box::new(source) })
}

fn remove_from(tx: &WriteTx, index: u64) -> Result<(), StoreError> {
    let (first, last) = (number_key(index), number_key(u64::MAX));
    for row in engine::rows(tx.reader(), tx.tables.batches, &first, &last)? {
        let batch = decode_batch(&row?.1)?;
        if batch.status == BatchStatus::Final {
            return Err(StoreError::BatchFinal(batch.index));
        }
    }
    tx.delete_range(tx.tables.batches, &first, &last)?;
    tx.delete_range(tx.tables.batch_payloads, &first, &last)
}

fn check_order(tx: &WriteTx, batch: &BatchRecord) -> Result<(), StoreError> {
    let BatchRecord { index, first_block, last_block, .. } = *batch;
    let refuse = |reason| Err(StoreError::BatchOrder { index, first_block, reason });
    if last_block < first_block || last_block > head_number(tx.reader(), &tx.tables)? {
        return refuse("its last block lies before its first or above the head");
    }
    let mut below = None;
    if let Some(last) = last(tx.reader(), &tx.tables)? {
        if index == last.index {
            if last.status == BatchStatus::Final {
                return Err(StoreError::BatchFinal(index));
            }
            below = index.checked_sub(1).map_or(Ok(None), |index| read(tx.reader(), &tx.tables, index))?;
        } else if index == last.index + 1 {
            below = Some(last);
        } else {
            return refuse("its index neither is nor follows that of the last batch");
        }
    }
    match below {
        Some(below) if first_block != below.last_block + 1 => {
            refuse("its first block does not follow the batch before it")
        }
        _ => Ok(()),
    }
}

fn read<K: TransactionKind>(
    tx: &Tx<K>,
    tables: &Tables,
    index: u64,
) -> Result<Option<BatchRecord>, StoreError> {
    engine::get(tx, tables.batches, &number_key(index))?.map(|row| decode_batch(&row)).transpose()
}

fn last<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<Option<BatchRecord>, StoreError> {
    engine::last(tx, tables.batches)?.map(|(_, row)| decode_batch(&row)).transpose()
}

/// A batch as a row.
#[derive(RlpEncodable, RlpDecodable)]
struct BatchRow {
    index: u64,
    first_block: u64,
    last_block: u64,
    config_hash: B256,
    parent_output_root: B256,
    output_root: B256,
    last_l2_block: u64,
    last_l2_timestamp: u64,
    l1_origin_number: u64,
    l1_origin_hash: B256,
    da_hash: B256,
    signatures: Vec<BatchSignature>,
    status: StatusRow,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StatusRow {
    tag: u8,
    /// Number of the L1 block, or nonce.
    number: u64,
    /// Of the L1 transaction.
    hash: B256,
    raw_tx: Bytes,
}

fn encode_batch(batch: &BatchRecord) -> Vec<u8> {
    let (tag, number, hash, raw_tx) = match &batch.status {
        BatchStatus::Proving => (0, 0, B256::ZERO, Bytes::new()),
        BatchStatus::Submitting { raw_tx, hash, nonce } => (1, *nonce, *hash, raw_tx.clone()),
        BatchStatus::OnL1 { l1_block, tx } => (2, *l1_block, *tx, Bytes::new()),
        BatchStatus::Final => (3, 0, B256::ZERO, Bytes::new()),
    };
    let transition = &batch.transition;
    alloy_rlp::encode(BatchRow {
        index: batch.index,
        first_block: batch.first_block,
        last_block: batch.last_block,
        config_hash: transition.configHash,
        parent_output_root: transition.parentOutputRoot,
        output_root: transition.outputRoot,
        last_l2_block: transition.lastL2Block,
        last_l2_timestamp: transition.lastL2Timestamp,
        l1_origin_number: transition.l1OriginNumber,
        l1_origin_hash: transition.l1OriginHash,
        da_hash: transition.daHash,
        signatures: batch.signatures.clone(),
        status: StatusRow { tag, number, hash, raw_tx },
    })
}

fn decode_batch(row: &[u8]) -> Result<BatchRecord, StoreError> {
    let corrupt = StoreError::Corrupt { table: "Batches", reason: "a row does not decode" };
    let Ok(row) = BatchRow::decode(&mut &*row) else { return Err(corrupt) };
    let StatusRow { tag, number, hash, raw_tx } = row.status;
    Ok(BatchRecord {
        index: row.index,
        first_block: row.first_block,
        last_block: row.last_block,
        transition: Transition {
            configHash: row.config_hash,
            parentOutputRoot: row.parent_output_root,
            outputRoot: row.output_root,
            lastL2Block: row.last_l2_block,
            lastL2Timestamp: row.last_l2_timestamp,
            l1OriginNumber: row.l1_origin_number,
            l1OriginHash: row.l1_origin_hash,
            daHash: row.da_hash,
        },
        signatures: row.signatures,
        status: match tag {
            0 => BatchStatus::Proving,
            1 => BatchStatus::Submitting { raw_tx, hash, nonce: number },
            2 => BatchStatus::OnL1 { l1_block: number, tx: hash },
            3 => BatchStatus::Final,
            _ => return Err(corrupt),
        },
    })
}

fn decode<T: Decodable>(table: Table, mut row: &[u8]) -> Result<T, StoreError> {
    T::decode(&mut row)
        .map_err(|_| StoreError::Corrupt { table: table.name, reason: "a row does not decode" })
}
