//! The batches that are not final, in order.
//!
//! Every change of a batch goes through here: into the store first, then into memory, then whoever
//! waits is told. Assembling, proving, submitting and following L1 are separate tasks that share
//! this queue and nothing else.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use alloy_primitives::{Address, Bytes};
use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::info;

use crate::store::{
    BatchPayload, BatchRecord, BatchSignature, BatchStatus, Contradiction, Store, StoreError,
};

/// The batches that are not final. Cheap to clone; every clone is the same queue.
#[derive(Clone, Debug)]
pub struct BatchQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    state: Mutex<State>,
    /// Counts the changes.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// Index and last block of the newest batch that is not in `records`: the last final one, or
    /// zero and the genesis.
    base: (u64, u64),
    /// All after it, without gaps. The first ones are on L1, the others are not.
    records: VecDeque<Arc<BatchRecord>>,
    /// Holders of a [`Freeze`]. No batch is added while there is one.
    freezes: u32,
    /// Signers that L1 does not accept any more: their signatures do not count.
    dead: HashSet<Address>,
    /// Rises when batches are dropped: what was assembled before must not be added after.
    generation: u64,
}

/// Where the next batch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextBatch {
    /// Its index.
    pub index: u64,
    /// The block before its first one.
    pub parent: u64,
    /// To be handed back to [`BatchQueue::push`].
    pub generation: u64,
}

/// Why a batch was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// Batches were dropped since it was begun: begin again.
    #[error("batch {index} was assembled on blocks or batches that were dropped since")]
    Outdated {
        /// Its index.
        index: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureOutcome {
    /// Kept.
    Added,
    /// The operator's signature is there already.
    Known,
    /// There is no such batch any more, or it is another one by now.
    NoSuchBatch,
}

impl BatchQueue {
    /// Reads the batches that are not final. Batches over blocks above `head`, the newest L2
    /// block, are left over from an unwinding that a crash interrupted, and are dropped.
    pub fn open(store: Store, head: u64) -> Result<Self, StoreError> {
        let snapshot = store.snapshot()?;
        let mut base = (0, 0);
        let mut records = VecDeque::new();
        let mut next = snapshot.last_batch()?;
        while let Some(record) = next {
            if record.status == BatchStatus::Final {
                base = (record.index, record.last_block);
                break;
            }
            next = if record.index > 1 { snapshot.batch(record.index - 1)? } else { None };
            records.push_front(Arc::new(record));
        }
        let queue = Self {
            shared: Arc::new(Shared {
                store,
                state: Mutex::new(State { base, records, freezes: 0, dead: HashSet::new(), generation: 0 }),
                changes: watch::Sender::new(0),
            }),
        };
        queue.drop_above(head)?;
        Ok(queue)
    }

    /// Tells of every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Where the next batch begins; `None` while none may be made: blocks are being dropped, or
    /// `max_pending` batches are waiting for L1.
    pub fn next(&self, max_pending: usize) -> Option<NextBatch> {
        let state = self.shared.state.lock();
        if state.freezes > 0 || state.pending().count() >= max_pending {
            return None;
        }
        let (index, parent) = state.last();
        Some(NextBatch { index: index + 1, parent, generation: state.generation })
    }

    /// Adds the batch that was begun at `next`.
    pub fn push(
        &self,
        next: NextBatch,
        record: BatchRecord,
        payload: &BatchPayload,
    ) -> Result<(), PushError> {
        let mut state = self.shared.state.lock();
        let (last, parent) = state.last();
        let is_next = last + 1 == next.index && parent == next.parent && record.index == next.index;
        if state.freezes > 0 || state.generation != next.generation || !is_next {
            return Err(PushError::Outdated { index: record.index });
        }
        self.shared.store.put_batch(&record, payload)?;
        state.records.push_back(Arc::new(record));
        self.changed();
        Ok(())
    }

    /// Takes over batch `record.index` as L1 has it, and drops what we had at this index and after.
    pub fn adopt(&self, record: BatchRecord) -> Result<(), StoreError> {
        let mut state = self.shared.state.lock();
        self.drop_from_locked(&mut state, record.index)?;
        let nothing_to_prove = BatchPayload { input: Bytes::new(), witness: Bytes::new() };
        self.shared.store.put_batch(&record, &nothing_to_prove)?;
        state.records.push_back(Arc::new(record));
        self.changed();
        Ok(())
    }

    /// No batch is added until the guard is gone.
    pub fn freeze(&self) -> Freeze {
        self.shared.state.lock().freezes += 1;
        Freeze { queue: self.clone() }
    }

    /// Drops batch `index` and all after it.
    pub fn drop_from(&self, index: u64) -> Result<(), StoreError> {
        let mut state = self.shared.state.lock();
        self.drop_from_locked(&mut state, index)
    }

    /// Drops the batches that hold an L2 block above `block`.
    fn drop_above(&self, block: u64) -> Result<(), StoreError> {
        let mut state = self.shared.state.lock();
        // Blocks above went, so what was assembled meanwhile may hold one.
        state.generation += 1;
        let first = state.records.iter().find(|record| record.last_block > block).map(|record| record.index);
        match first {
            Some(index) => self.drop_from_locked(&mut state, index),
            None => Ok(()),
        }
    }

    fn drop_from_locked(&self, state: &mut State, index: u64) -> Result<(), StoreError> {
        if state.last().0 < index {
            return Ok(());
        }
        info!(from = index, through = state.last().0, "batches dropped");
        self.shared.store.remove_batches_from(index)?;
        state.records.retain(|record| record.index < index);
        state.generation += 1;
        self.changed();
        Ok(())
    }

    /// Batch `index`, if it is neither final nor unknown.
    pub fn get(&self, index: u64) -> Option<Arc<BatchRecord>> {
        let state = self.shared.state.lock();
        state.records.iter().find(|record| record.index == index).cloned()
    }

    /// Index of the last final batch that this node knows, and its last block.
    pub fn base(&self) -> (u64, u64) {
        self.shared.state.lock().base
    }

    /// The last block of batch `index`, which is the last final one or after it.
    pub fn last_block(&self, index: u64) -> Result<u64, StoreError> {
        let state = self.shared.state.lock();
        let records = state.records.iter().map(|record| (record.index, record.last_block));
        let place = std::iter::once(state.base).chain(records).find(|(known, _)| *known == index);
        place.map(|(_, block)| block).ok_or(StoreError::UnknownBatch(index))
    }

    /// All batches that are not final, in order.
    pub fn records(&self) -> Vec<Arc<BatchRecord>> {
        self.shared.state.lock().records.iter().cloned().collect()
    }

    /// The first batch that is not on L1.
    pub fn first_pending(&self) -> Option<Arc<BatchRecord>> {
        self.shared.state.lock().pending().next().cloned()
    }

    /// Index of the last batch on L1, by what this node has seen so far.
    pub fn last_on_l1(&self) -> u64 {
        let state = self.shared.state.lock();
        let on_l1 = state.records.iter().rev().find(|record| is_on_l1(record));
        on_l1.map_or(state.base.0, |record| record.index)
    }

    /// What a prover of batch `index` is given; `None` for a batch that somebody else made.
    pub fn payload(&self, index: u64) -> Result<Option<BatchPayload>, StoreError> {
        let payload = self.shared.store.snapshot()?.batch_payload(index)?;
        Ok(payload.filter(|payload| !payload.input.is_empty()))
    }

    /// Keeps a signature that was checked against the digest of `record`.
    pub fn add_signature(
        &self,
        record: &BatchRecord,
        signature: BatchSignature,
    ) -> Result<SignatureOutcome, StoreError> {
        let mut state = self.shared.state.lock();
        state.dead.remove(&signature.signer);
        let place = state.records.iter_mut().find(|known| known.index == record.index);
        let Some(place) = place.filter(|known| known.transition == record.transition) else {
            return Ok(SignatureOutcome::NoSuchBatch);
        };
        if place.signatures.iter().any(|known| known.signer == signature.signer) {
            return Ok(SignatureOutcome::Known);
        }
        *place = Arc::new(self.shared.store.add_signature(record.index, signature)?);
        self.changed();
        Ok(SignatureOutcome::Added)
    }

    /// Keeps a signature that was checked, and that contradicts what we expected. Returns whether there was room.
    pub fn add_contradiction(&self, contradiction: &Contradiction) -> Result<bool, StoreError> {
        self.shared.store.add_contradiction(contradiction)
    }

    /// The signatures of `record` that may count.
    pub fn signatures(&self, record: &BatchRecord) -> Vec<BatchSignature> {
        let state = self.shared.state.lock();
        record.signatures.iter().filter(|known| !state.dead.contains(&known.signer)).cloned().collect()
    }

    /// The first batch for which `wanted` says yes and that has no signature of `operator` that may
    /// count.
    pub fn first_unsigned(
        &self,
        operator: Address,
        mut wanted: impl FnMut(&BatchRecord) -> bool,
    ) -> Option<Arc<BatchRecord>> {
        let state = self.shared.state.lock();
        let signed = |record: &BatchRecord| {
            record
                .signatures
                .iter()
                .any(|known| known.operator == operator && !state.dead.contains(&known.signer))
        };
        state.records.iter().find(|record| !signed(record) && wanted(record)).cloned()
    }

    /// L1 does not accept `signer` any more: its signatures are waited for from another key.
    pub fn bury(&self, signer: Address) {
        if self.shared.state.lock().dead.insert(signer) {
            self.changed();
        }
    }

    /// Writes down what happens to batch `index` next.
    pub fn set_status(&self, index: u64, status: BatchStatus) -> Result<(), StoreError> {
        let mut state = self.shared.state.lock();
        let place = state.records.iter_mut().find(|record| record.index == index);
        let Some(place) = place.filter(|record| record.status != status) else { return Ok(()) };
        *place = Arc::new(self.shared.store.set_batch_status(index, status)?);
        self.changed();
        Ok(())
    }

    /// Batches up to `index` are final: they are done with.
    pub fn finalize(&self, index: u64) -> Result<(), StoreError> {
        loop {
            let first = self.shared.state.lock().records.front().cloned();
            match first {
                Some(first) if first.index <= index && is_on_l1(&first) => {
                    self.set_status(first.index, BatchStatus::Final)?;
                    let mut state = self.shared.state.lock();
                    state.records.retain(|record| record.index > first.index);
                    state.base = (first.index, first.last_block);
                }
                _ => return Ok(()),
            }
        }
    }

    fn changed(&self) {
        self.shared.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl State {
    /// Index and last block of the newest batch.
    fn last(&self) -> (u64, u64) {
        self.records.back().map_or(self.base, |record| (record.index, record.last_block))
    }

    /// The batches that are not on L1.
    fn pending(&self) -> impl Iterator<Item = &Arc<BatchRecord>> {
        self.records.iter().skip_while(|record| is_on_l1(record))
    }
}

/// While this lives, no batch is added.
#[derive(Debug)]
pub struct Freeze {
    queue: BatchQueue,
}

impl Freeze {
    /// Drops the batches that hold an L2 block above `block`, and ends the freeze.
    pub fn drop_above(self, block: u64) -> Result<(), StoreError> {
        self.queue.drop_above(block)
    }
}

impl Drop for Freeze {
    fn drop(&mut self) {
        let mut state = self.queue.shared.state.lock();
        state.freezes = state.freezes.saturating_sub(1);
        drop(state);
        self.queue.changed();
    }
}

/// Whether L1 holds the batch.
pub fn is_on_l1(record: &BatchRecord) -> bool {
    matches!(record.status, BatchStatus::OnL1 { .. } | BatchStatus::Final)
}
