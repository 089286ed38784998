//! From sealed blocks to a batch that can be proved.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, Sealed, Signature};
use executor::{
    Header,
    batch::{self, Batch, BatchBlock, BatchError, BlobWithProof},
    chain::{ChainConfig, DataMode},
    stateless::BatchInput,
    transition::{Transition, da_hash, output_root},
    witness::WitnessBuilder,
};
use metrics::{counter, gauge, histogram};
use tokio::{task, time::interval};
use tracing::{debug, error, info};

use super::{BatchQueue, CutConfig, NextBatch, PushError};
use crate::{
    heads::Heads,
    store::{BatchPayload, BatchRecord, BatchStatus, Snapshot, Store, StoreError},
};

/// Time between two looks when nothing happens: the age limits are counted in seconds.
const IDLE_INTERVAL: Duration = Duration::from_millis(500);

/// Makes batches of sealed blocks.
#[derive(Clone, Debug)]
pub struct Assembler {
    store: Store,
    chain: Arc<ChainConfig>,
    queue: BatchQueue,
    heads: Heads,
    config: CutConfig,
}

/// Why a batch could not be made. The blocks stay where they are; the next attempt may succeed if
/// blocks were dropped meanwhile, and otherwise a person has to look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// A block, or something recorded with it, is not in the store.
    #[error("{what} of block {number} is not stored")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// L2 block number, or L1 block number where `what` says so.
        number: u64,
    },
    /// The blocks cannot be encoded.
    #[error("blocks {first} to {last} cannot be encoded: {reason}")]
    Encoding {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// What is wrong.
        reason: String,
    },
    /// The blocks need more blobs than allowed, or exceed a limit of the format.
    #[error("blocks {first} to {last} are too much for one batch: {reason}")]
    TooLarge {
        /// First block.
        first: u64,
        /// Last block.
        last: u64,
        /// Which limit they exceed.
        reason: String,
    },
    /// The queue did not take the batch.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that made the batch died.
    #[error("assembling a batch failed: {0}")]
    Thread(#[from] task::JoinError),
}

impl Assembler {
    /// An assembler that adds to `queue`.
    pub const fn new(
        store: Store,
        chain: Arc<ChainConfig>,
        queue: BatchQueue,
        heads: Heads,
        config: CutConfig,
    ) -> Self {
        Self { store, chain, queue, heads, config }
    }

    /// Makes batches forever.
    pub async fn run(self) {
        let mut latest = self.heads.latest.subscribe();
        let mut changes = self.queue.changes();
        let mut ticks = interval(IDLE_INTERVAL);
        loop {
            tokio::select! {
                _ = latest.changed() => {}
                _ = changes.changed() => {}
                _ = ticks.tick() => {}
            }
            loop {
                match self.step().await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(AssembleError::Push(PushError::Outdated { index })) => {
                        debug!(index, "blocks were dropped while a batch of them was made");
                    }
                    Err(problem) => {
                        counter!("sequencer_batch_errors").increment(1);
                        error!(error = %problem, "no batch could be made");
                    }
                }
                break;
            }
        }
    }

    /// Makes one batch if one is due. Compression and commitments take a while: not on this thread.
    pub async fn step(&self) -> Result<bool, AssembleError> {
        let Some(next) = self.queue.next(self.config.max_pending) else { return Ok(false) };
        let this = self.clone();
        let made = task::spawn_blocking(move || this.assemble(next)).await??;
        let Some((record, payload)) = made else { return Ok(false) };
        info!(
            index = record.index,
            first = record.first_block,
            last = record.last_block,
            input_bytes = payload.input.len(),
            witness_bytes = payload.witness.len(),
            "batch made"
        );
        counter!("sequencer_batches_made").increment(1);
        gauge!("sequencer_batch_last_block").set(record.last_block as f64);
        histogram!("sequencer_batch_witness_bytes").record(payload.witness.len() as f64);
        self.queue.push(next, record, &payload)?;
        Ok(true)
    }

    fn assemble(&self, next: NextBatch) -> Result<Option<(BatchRecord, BatchPayload)>, AssembleError> {
        let snapshot = self.store.snapshot()?;
        let Some(mut blocks) = self.cut(&snapshot, next.parent)? else { return Ok(None) };
        let parent_hash = snapshot.block_hash(next.parent)?.ok_or(missing("hash", next.parent))?;
        let data = loop {
            match self.encode(parent_hash, next.parent, &blocks) {
                Ok(data) => break data,
                Err(AssembleError::TooLarge { .. }) if blocks.len() > 1 => blocks.truncate(blocks.len() / 2),
                Err(error) => return Err(error),
            }
        };
        let last = next.parent + blocks.len() as u64;
        let input = self.input(&snapshot, next.parent, last, data)?;
        let witness = self.witness(&snapshot, next.parent, last)?;
        let payload = BatchPayload { input: Bytes::from(input.encode()), witness: Bytes::from(witness) };
        let record = BatchRecord {
            index: next.index,
            first_block: next.parent + 1,
            last_block: last,
            transition: input.expected,
            signatures: Vec::new(),
            status: BatchStatus::Proving,
        };
        Ok(Some((record, payload)))
    }

    /// The blocks of the batch after `parent`, or `None` if it is not due.
    fn cut(&self, snapshot: &Snapshot, parent: u64) -> Result<Option<Vec<BatchBlock>>, AssembleError> {
        let (mut gas, mut bytes) = (0u64, 0usize);
        let mut blocks = Vec::new();
        let (mut oldest, mut oldest_busy) = (None, None);
        // Data shrinks when it is compressed; a batch that does not is cut in half later.
        let max_bytes = self.config.max_blobs.saturating_mul(batch::blob::BLOB_CAPACITY).saturating_mul(2);
        let mut full = false;
        for number in parent + 1..=snapshot.head() {
            let block = snapshot.block(number)?.ok_or(missing("body", number))?;
            let header = &block.block.header;
            gas = gas.saturating_add(header.gas_used);
            bytes += block.block.body.transactions.iter().map(Encodable2718::encode_2718_len).sum::<usize>();
            let length = blocks.len() as u64;
            if length > 0
                && (gas > self.config.max_gas || bytes > max_bytes || length >= self.config.max_blocks)
            {
                full = true;
                break;
            }
            oldest.get_or_insert(header.timestamp);
            if !block.block.body.transactions.is_empty() {
                oldest_busy.get_or_insert(header.timestamp);
            }
            blocks.push(BatchBlock::new(
                self.chain.data_mode,
                &block.block,
                &block.senders,
                block.origin.number,
            ));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let age =
            |since: Option<u64>| since.map_or(Duration::ZERO, |s| now.saturating_sub(Duration::from_secs(s)));
        let due = full || age(oldest_busy) >= self.config.max_age || age(oldest) >= self.config.max_idle_age;
        Ok((due && !blocks.is_empty()).then_some(blocks))
    }
    /// The data of `blocks`, the first of which follows block `parent`.
    fn encode(&self, parent_hash: B256, parent: u64, blocks: &[BatchBlock]) -> Result<Data, AssembleError> {
        let (first, last) = (parent + 1, parent + blocks.len() as u64);
        let too_large = |reason: String| AssembleError::TooLarge { first, last, reason };
        let batch = Batch { parent_hash, first_number: first, blocks: blocks.to_vec() };
        let data =
            batch::encode(self.chain.data_mode, self.chain.chain_id, &batch).map_err(
                |error| match error {
                    BatchError::TooLarge { .. } => too_large(error.to_string()),
                    _ => encoding(first, last, error),
                },
            )?;
        let blobs = batch::to_blobs(&data).map_err(|error| too_large(error.to_string()))?;
        if blobs.len() > self.config.max_blobs {
            return Err(too_large(format!(
                "{} blobs, at most {} are allowed",
                blobs.len(),
                self.config.max_blobs
            )));
        }
        let signatures = match self.chain.data_mode {
            DataMode::Auditable => Vec::new(),
            DataMode::Compact => batch.signatures().map_err(|error| encoding(first, last, error))?,
        };
        let blobs = blobs.into_iter().map(BlobWithProof::new).collect::<Result<_, _>>();
        Ok(Data { blobs: blobs.map_err(|error| encoding(first, last, error))?, signatures })
    }

    /// Everything an enclave needs to know besides the state.
    fn input(
        &self,
        snapshot: &Snapshot,
        parent: u64,
        last: u64,
        data: Data,
    ) -> Result<BatchInput, AssembleError> {
        let parent_header = snapshot.header(parent)?.ok_or(missing("header", parent))?;
        let last_header = snapshot.header(last)?.ok_or(missing("header", last))?;
        let from = snapshot.origin(parent)?.ok_or(missing("origin", parent))?;
        let to = snapshot.origin(last)?.ok_or(missing("origin", last))?;
        let (mut l1_headers, mut receipts) = (Vec::new(), Vec::new());
        for number in from.number + 1..=to.number {
            let row = snapshot.l1_block(number)?.ok_or(missing("L1 header", number))?;
            if let Some(of_block) = row.receipts {
                receipts.push((number, of_block));
            }
            l1_headers.push(row.header.into_inner());
        }
        let Data { blobs, signatures } = data;
        let hashes: Vec<B256> = blobs.iter().map(BlobWithProof::versioned_hash).collect();
        let root =
            |header: &Header, hash| output_root(header, hash).ok_or(missing("output root", header.number));
        let expected = Transition {
            configHash: self.chain.hash(),
            parentOutputRoot: root(&parent_header, parent_header.hash())?,
            outputRoot: root(&last_header, last_header.hash())?,
            lastL2Block: last,
            lastL2Timestamp: last_header.timestamp,
            l1OriginNumber: to.number,
            l1OriginHash: to.hash,
            daHash: da_hash(&hashes),
        };
        Ok(BatchInput {
            parent: parent_header.into_inner(),
            l1_headers,
            receipts,
            blobs,
            signatures,
            expected,
        })
    }

    /// The part of the state that the blocks need, put together from what was recorded while they were executed.
    fn witness(&self, snapshot: &Snapshot, parent: u64, last: u64) -> Result<Vec<u8>, AssembleError> {
        let mut builder = WitnessBuilder::new(parent);
        for number in parent + 1..=last {
            let witness = snapshot.block_witness(number)?.ok_or(missing("witness", number))?;
            builder.push_block(&witness, snapshot.replaced_nodes(number)?);
        }
        let witness = builder.finish(
            |hash| snapshot.code(hash).ok().flatten(),
            |number| snapshot.header(number).ok().flatten().map(Sealed::into_inner),
        );
        witness.map(|witness| witness.encode()).map_err(|reason| encoding(parent + 1, last, reason))
    }
}

/// What a batch says about its blocks, as L1 and the provers get it.
struct Data {
    blobs: Vec<BlobWithProof>,
    /// What compact data leaves out.
    signatures: Vec<Signature>,
}

const fn missing(what: &'static str, number: u64) -> AssembleError {
    AssembleError::Missing { what, number }
}

fn encoding(first: u64, last: u64, reason: impl std::fmt::Display) -> AssembleError {
    AssembleError::Encoding { first, last, reason: reason.to_string() }
}
