//! Bringing a store up to the last batch on L1.

use std::{pin::pin, sync::Arc, time::Duration};

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag},
};
use alloy_consensus::{Header, TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, B256, Sealed, U256};
use contracts_bindings::IRollup::{self, IRollupEvents};
use executor::{
    batch::{self, Batch},
    chain::{ChainConfig, DataMode},
    transition::{da_hash, output_root},
};
use tokio::{sync::mpsc, time::sleep};
use tracing::{info, warn};

use super::{BatchEnd, BlobSource, ReplicaError};
use crate::{
    batcher::BatchQueue,
    builder::{Builder, BuilderConfig, FixedOrigin, ReplayedBlock, Unwind, UnwindTarget},
    heads::Heads,
    l1::{L1Client, L1Config, L1Error, L1View, RollupStatus, Tracker, Unwinder, Watcher},
    pool::Pool,
    store::{BatchRecord, BatchStatus, Store, StoreError},
};

/// What a replica needs.
#[derive(Debug)]
pub struct ReplicaSetup {
    /// How L1 is followed.
    pub l1: L1Config,
    /// Where the blobs are.
    pub blobs: BlobSource,
    /// The rules of the chain.
    pub chain: Arc<ChainConfig>,
    /// The store to bring up to L1. Nothing else may write to it meanwhile.
    pub store: Store,
    /// Where the transactions of dropped blocks go.
    pub pool: Pool,
}

/// A store that follows what is on L1, and makes nothing itself.
#[derive(Debug)]
pub struct Replica {
    client: L1Client,
    config: L1Config,
    blobs: BlobSource,
    chain: Arc<ChainConfig>,
    store: Store,
    view: L1View,
    watcher: Watcher,
    tracker: Tracker,
    batches: BatchQueue,
    builder: Builder,
    /// What the watcher wants dropped.
    unwinds: mpsc::Receiver<Unwind>,
}

impl Replica {
    /// A replica of the chain in `store`.
    pub fn new(setup: ReplicaSetup) -> Result<Self, ReplicaError> {
        let ReplicaSetup { l1: config, blobs, chain, store, pool } = setup;
        if chain.data_mode != DataMode::Auditable {
            return Err(ReplicaError::Mode(chain.data_mode));
        }
        let heads = Heads::of(&store.snapshot()?)?;
        let head = heads.latest().number;
        let client = L1Client::new(&config.rpc, config.request_timeout, config.attempts)?;
        let batches = BatchQueue::open(store.clone(), head)?;
        let (sender, unwinds) = mpsc::channel(1);
        let unwinder = Unwinder::new(sender, batches.clone());
        let view = L1View::new(store.clone(), Arc::clone(&chain));
        let watcher = Watcher::new(
            client.clone(),
            config.clone(),
            Arc::clone(&chain),
            store.clone(),
            view.clone(),
            unwinder.clone(),
            heads.clone(),
        );
        let tracker = Tracker::new(
            client.clone(),
            config.clone(),
            Arc::clone(&chain),
            store.clone(),
            batches.clone(),
            unwinder,
            heads.clone(),
        );
        let builder = Builder::new(
            Arc::clone(&chain),
            BuilderConfig::default(),
            store.clone(),
            pool,
            heads,
            Box::new(FixedOrigin),
        )?;
        Ok(Self { client, config, blobs, chain, store, view, watcher, tracker, batches, builder, unwinds })
    }

    /// Takes over every batch that L1 has now. Returns the number of the last block.
    pub async fn catch_up(&mut self) -> Result<u64, ReplicaError> {
        let status = self.follow_l1().await?;
        self.take_over_some(&status, u64::MAX).await?;
        Ok(self.builder.parent().number)
    }

    /// Stores what L1 has, and drops what stood on blocks that it has no more. Takes over no batches. Returns what
    /// the `Rollup` contract says.
    pub async fn follow_l1(&mut self) -> Result<RollupStatus, ReplicaError> {
        self.watcher.check_chain().await?;
        self.follow_headers().await?;
        Ok(self.tracker.read().await?)
    }

    /// Takes over at most `most` of the batches that `status` tells of. Returns the index of the last batch that the
    /// store and L1 have in common.
    pub async fn take_over_some(&mut self, status: &RollupStatus, most: u64) -> Result<u64, ReplicaError> {
        let at = BlockId::hash(status.l1_hash);
        let mut agreed = self.last_agreed(status.batch_count, at).await?;
        let (base, _) = self.batches.base();
        if agreed < base {
            // Final batches never go: the node shows another L1, or has not caught up.
            let batch_count = status.batch_count;
            return Err(L1Error::FinalBatchGone { index: base, batch_count }.into());
        }
        let last = status.batch_count.min(agreed.saturating_add(most));
        while agreed < last {
            if !self.take_over(agreed + 1, status).await? {
                break;
            }
            agreed += 1;
        }
        self.batches.finalize(status.finalized_index.min(agreed))?;
        self.tracker.write_tags()?;
        Ok(agreed)
    }

    /// Batch `index` and all after it are taken over anew, unless it is final.
    pub fn forget_from(&self, index: u64) -> Result<(), StoreError> {
        if index > self.batches.base().0 { self.batches.drop_from(index) } else { Ok(()) }
    }

    /// Takes over what comes until the sequencer has been silent for so long that L1 accepts batches
    /// from anyone, or the sequencer is `own`.
    pub async fn stand_by(&mut self, own: Address) -> Result<(), ReplicaError> {
        let mut told = None;
        loop {
            match self.catch_up().await {
                Ok(_) => {
                    let wait = self.silence_left(own).await?;
                    if wait == 0 {
                        return Ok(());
                    }
                    let head = self.builder.parent().number;
                    if told != Some(head) {
                        told = Some(head);
                        info!(
                            block = head,
                            seconds = wait,
                            "following L1; the sequencer's silence is not over"
                        );
                    }
                }
                Err(error) if error.is_transient() => warn!(%error, "L1 could not be followed; trying again"),
                Err(error) => return Err(error),
            }
            sleep(self.config.poll_interval.max(Duration::from_millis(500))).await;
        }
    }

    /// Seconds until L1 takes a batch from `own`.
    async fn silence_left(&self, own: Address) -> Result<u64, ReplicaError> {
        let head = self.client.existing_header(BlockNumberOrTag::Latest).await?;
        let at = BlockId::hash(head.hash());
        let rollup = self.config.rollup;
        if self.client.view(rollup, IRollup::sequencerCall {}, at).await? == own {
            return Ok(0);
        }
        let timeout = self.client.view(rollup, IRollup::sequencerTimeoutCall {}, at).await?;
        let last = self.client.view(rollup, IRollup::lastOutputCall {}, at).await?._1;
        let open = last.submittedAt.saturating_add(timeout.saturating_to());
        Ok(open.saturating_sub(head.timestamp))
    }

    /// Stores L1's blocks. The watcher may find that L1 reorganised, and ask for blocks to be dropped.
    async fn follow_headers(&mut self) -> Result<(), ReplicaError> {
        loop {
            let mut step = pin!(self.watcher.step());
            let step = loop {
                tokio::select! {
                    step = &mut step => break step?,
                    Some(request) = self.unwinds.recv() => {
                        let head = self.builder.unwind(request.target)?;
                        // Whoever asked may have given up; the blocks are dropped all the same.
                        let _ = request.done.send(head);
                    }
                }
            };
            if !step.lags() {
                return Ok(());
            }
        }
    }

    /// The last batch that L1 and we have in common. Agreement on one is agreement on all before. A batch counts only if
    /// we have its record, even if we have its blocks: a crash may have left them, or a reorganisation of L1 may have
    /// cut the batches elsewhere.
    async fn last_agreed(&self, count: u64, at: BlockId) -> Result<u64, ReplicaError> {
        let (base, _) = self.batches.base();
        // We agree on `agreed`, and do not on `open`.
        let (mut agreed, mut open) = (base.saturating_sub(1), count.saturating_add(1));
        // Mostly it is the last one.
        let mut next = count;
        while open > agreed + 1 {
            let agree = match self.own_batch_output(next)? {
                Some(own) => self.tracker.output(next, at).await?.outputRoot == own,
                None => false,
            };
            if agree {
                agreed = next
            } else {
                open = next
            }
            next = agreed + (open - agreed) / 2;
        }
        Ok(agreed)
    }

    /// The output of batch `index`, if we have it and it is not older than the last final one.
    fn own_batch_output(&self, index: u64) -> Result<Option<B256>, ReplicaError> {
        match (self.batches.get(index), self.batches.base()) {
            (Some(record), _) => Ok(Some(record.transition.outputRoot)),
            (None, (base, block)) if index == base => self.own_output(block),
            _ => Ok(None),
        }
    }

    /// Our newest block.
    fn own_end(&self) -> Result<BatchEnd, ReplicaError> {
        let header = self.builder.parent();
        Ok(BatchEnd {
            block: header.number,
            timestamp: header.timestamp,
            origin: self.builder.origin_number(),
            output_root: self.own_output(header.number)?.unwrap_or_default(),
        })
    }

    fn own_output(&self, block: u64) -> Result<Option<B256>, ReplicaError> {
        let header = self.store.snapshot()?.header(block)?;
        Ok(header.and_then(|header| output_root(&header, header.hash())))
    }

    /// Takes over batch `index`, on the one before it of which L1 and we agree. Returns whether it
    /// could: L1's newest blocks may not be stored yet.
    async fn take_over(&mut self, index: u64, status: &RollupStatus) -> Result<bool, ReplicaError> {
        let at = BlockId::hash(status.l1_hash);
        let mut output = self.tracker.output(index, at).await?;
        let parent = self.batches.last_block(index - 1)?;
        let mut submission = self.tracker.submission(index, output.outputRoot, status.l1_block).await?;
        let Some(header) = self.store.snapshot()?.l1_block(submission.l1_block)?.map(|row| row.header) else {
            return Ok(false);
        };
        // What the node told so far could be anything; what is in the block is what the contract accepted.
        let (transaction, submitted) = self.submitted(index, output.outputRoot, &header).await?;
        output.lastL2Block = submitted.lastL2Block;
        output.lastL2Timestamp = submitted.lastL2Timestamp;
        output.l1OriginNumber = submitted.l1OriginNumber;
        submission.transaction = *transaction.tx_hash();
        submission.da_hash = submitted.daHash;
        let data = self.data(index, &header, &transaction, submission.da_hash).await?;

        // Blocks of ours that are in no batch on L1, as far as we know, make way for those of this one.
        self.batches.drop_from(index)?;
        let dropped = self.builder.parent().number.saturating_sub(parent);
        if dropped > 0 {
            warn!(index, dropped, "blocks that are in no batch on L1 make way for one that is");
            self.builder.unwind(UnwindTarget::Block(parent))?;
        }
        self.replay(index, data, output.l1OriginNumber)?;
        let (computed, on_l1) = (self.own_end()?, end_of(&output));
        if computed != on_l1 {
            return Err(ReplicaError::End { index, computed, on_l1 });
        }
        let on_l1 = BatchStatus::OnL1 { l1_block: submission.l1_block, tx: submission.transaction };
        let record: BatchRecord = self.tracker.foreign(index, &output, submission.da_hash, on_l1)?;
        info!(index, first = record.first_block, last = record.last_block, "batch taken over from L1");
        self.batches.adopt(record)?;
        Ok(true)
    }

    /// The submission of batch `index` in an L1 block, and its transaction.
    async fn submitted(
        &self,
        index: u64,
        root: B256,
        header: &Sealed<Header>,
    ) -> Result<(TxEnvelope, IRollup::BatchSubmitted), ReplicaError> {
        let events = self.client.rollup_events(self.config.rollup, header).await?;
        let found = events.into_iter().find_map(|event| match event.event {
            IRollupEvents::BatchSubmitted(submitted)
                if submitted.index == U256::from(index) && submitted.outputRoot == root =>
            {
                Some((event.transaction, submitted))
            }
            _ => None,
        });
        Ok(found.ok_or(L1Error::NoBatchEvent { index, from: header.number })?)
    }

    /// The data of batch `index`, which `transaction` brought to L1 in block `header`.
    async fn data(
        &self,
        index: u64,
        header: &Header,
        transaction: &TxEnvelope,
        expected: B256,
    ) -> Result<Batch, ReplicaError> {
        let hashes = transaction.blob_versioned_hashes().unwrap_or_default();
        if da_hash(hashes) != expected {
            return Err(ReplicaError::OtherBlobs { index, transaction: *transaction.tx_hash() });
        }
        let blobs = self.blobs.blobs(header, hashes).await?;
        let bytes = batch::from_blobs(blobs.iter().map(|blob| &*blob.blob))
            .map_err(|source| ReplicaError::Blob { index, source })?;
        batch::decode(self.chain.data_mode, self.chain.chain_id, bytes.into(), &[])
            .map_err(|source| ReplicaError::Batch { index, source })
    }

    /// Executes and stores the blocks of batch `index`, whose last origin is L1 block `last_origin`.
    fn replay(&mut self, index: u64, batch: Batch, last_origin: u64) -> Result<(), ReplicaError> {
        let parent = self.builder.parent();
        let (expected, hash) = (parent.number + 1, parent.hash_slow());
        if batch.parent_hash != hash || batch.first_number != expected {
            let (first, given) = (batch.first_number, batch.parent_hash);
            return Err(ReplicaError::Parent { index, first, given, expected, parent: hash });
        }
        let senders = batch::recover_senders(batch.transactions())
            .map_err(|source| ReplicaError::Signature { index, source })?;
        let mut senders = senders.into_iter();
        for block in batch.blocks {
            let (before, given) = (self.builder.origin_number(), block.origin_number);
            if given < before || given > last_origin {
                return Err(ReplicaError::Origin { index, given, before, last: last_origin });
            }
            let next = self.view.origin_at(self.builder.origin_number(), block.origin_number)?;
            let transactions = block
                .transactions
                .into_iter()
                .zip(senders.by_ref())
                .map(|(transaction, sender)| Recovered::new_unchecked(transaction, sender))
                .collect();
            self.builder.replay(ReplayedBlock { timestamp: block.timestamp, next, transactions })?;
        }
        Ok(())
    }
}

/// What the provers of a batch signed of its last block.
const fn end_of(output: &IRollup::Output) -> BatchEnd {
    BatchEnd {
        block: output.lastL2Block,
        timestamp: output.lastL2Timestamp,
        origin: output.l1OriginNumber,
        output_root: output.outputRoot,
    }
}
