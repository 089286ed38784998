//! Following the `Rollup` contract: which batches are on L1, and which of them are final.
//!
//! The contract is the truth. Each [`step`](Tracker::step) reads it as of one L1 block and brings
//! the batch queue in line:
//!
//! | L1 says | then |
//! |---|---|
//! | our batch is there | it is on L1; its last block is `safe` |
//! | another batch over the same blocks is there | it replaces ours (anyone may submit after a silence) |
//! | a batch that was there is gone | it is submitted again (L1 reorganised) |
//! | a batch that was there was discarded | the L2 is unwound to the last batch that was kept |
//! | an output that our blocks do not have | nothing can be right: stop submitting and say so |

use std::sync::Arc;

use alloy::{
    consensus::BlockHeader,
    eips::{BlockId, BlockNumberOrTag},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use alloy_primitives::{B256, U256};
use contracts_bindings::IRollup;
use executor::{
    chain::ChainConfig,
    transition::{Transition, output_root},
};
use metrics::{counter, gauge};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tracing::{error, info, warn};

use super::{L1Client, L1Config, L1Error, Unwinder};
use crate::{
    batcher::BatchQueue,
    builder::UnwindTarget,
    heads::{Head, Heads},
    store::{BatchRecord, BatchStatus, Store, StoreError},
};

/// L1 blocks in one query for logs.
const LOG_WINDOW: u64 = 1000;

/// The `Rollup` contract as of one L1 block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupStatus {
    /// Number of the L1 block.
    pub l1_block: u64,
    /// Its hash.
    pub l1_hash: B256,
    /// Its time, Unix seconds.
    pub l1_timestamp: u64,
    /// Number of batches that stand.
    pub batch_count: u64,
    /// The last batch that is final, as seen `finality_depth` blocks below.
    pub finalized_index: u64,
    /// When an unresolved conflict was reported, Unix seconds; zero if there is none.
    pub conflict_since: u64,
}

/// Follows the `Rollup` contract.
#[derive(Debug)]
pub struct Tracker {
    client: L1Client,
    config: L1Config,
    chain: Arc<ChainConfig>,
    store: Store,
    batches: BatchQueue,
    unwinder: Unwinder,
    heads: Heads,
    status: watch::Sender<Option<RollupStatus>>,
}

impl Tracker {
    /// A tracker that writes the `safe` and `finalized` tags of `heads`.
    pub fn new(
        client: L1Client,
        config: L1Config,
        chain: Arc<ChainConfig>,
        store: Store,
        batches: BatchQueue,
        unwinder: Unwinder,
        heads: Heads,
    ) -> Self {
        Self { client, config, chain, store, batches, unwinder, heads, status: watch::Sender::new(None) }
    }

    /// The newest status whose batches the queue agrees with. `None` until the first one.
    pub fn status(&self) -> watch::Receiver<Option<RollupStatus>> {
        self.status.subscribe()
    }

    /// Follows the contract forever.
    pub async fn run(self) {
        let mut ticks = interval(self.config.poll_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.step().await {
                Ok(_) => gauge!("sequencer_rollup_diverged").set(0.0),
                Err(problem @ L1Error::Diverged { .. }) => {
                    gauge!("sequencer_rollup_diverged").set(1.0);
                    self.status.send_replace(None);
                    error!(error = %problem, "L1 holds another chain than this node: nothing is submitted");
                }
                Err(problem) => {
                    counter!("sequencer_l1_errors").increment(1);
                    warn!(error = %problem, "the Rollup contract could not be read; trying again");
                }
            }
        }
    }

    /// Reads the contract once and brings everything in line.
    pub async fn step(&self) -> Result<RollupStatus, L1Error> {
        let status = self.read().await?;
        self.agree(&status).await?;
        self.batches.finalize(status.finalized_index)?;
        self.write_tags()?;
        gauge!("sequencer_rollup_batches").set(status.batch_count as f64);
        gauge!("sequencer_rollup_finalized").set(status.finalized_index as f64);
        gauge!("sequencer_rollup_conflict").set(f64::from(u8::from(status.conflict_since != 0)));
        if status.conflict_since != 0 {
            error!(
                since = status.conflict_since,
                "provers disagree: nothing is submitted until the timelock resolves it"
            );
        }
        self.status.send_if_modified(|place| {
            let changed = place.as_ref() != Some(&status);
            *place = Some(status.clone());
            changed
        });
        Ok(status)
    }

    /// The contract as of L1's newest block.
    pub(crate) async fn read(&self) -> Result<RollupStatus, L1Error> {
        let head = self.client.existing_header(BlockNumberOrTag::Latest).await?;
        let at = BlockId::hash(head.hash());
        let rollup = self.config.rollup;
        let batch_count = self.client.view(rollup, IRollup::batchCountCall {}, at).await?;
        let conflict_since = self.client.view(rollup, IRollup::conflictSinceCall {}, at).await?;
        let finalized = if self.config.finality_depth == 0 {
            self.client.view(rollup, IRollup::finalizedIndexCall {}, at).await?
        } else {
            let below = head.number().saturating_sub(self.config.finality_depth);
            let at = BlockId::number(below.max(self.config.genesis_origin.0));
            match self.client.view(rollup, IRollup::finalizedIndexCall {}, at).await {
                // There is no answer from before the contract was deployed; nothing was final then.
                Err(L1Error::Undecodable { .. }) => U256::ZERO,
                // Not every node has the state of so old a block, right after its start: no news of finality.
                Err(L1Error::Request { source, .. }) if source.as_error_resp().is_some() => {
                    warn!(error = %source, "L1 does not tell what was final a while ago");
                    U256::ZERO
                }
                answer => answer?,
            }
        };
        Ok(RollupStatus {
            l1_block: head.number(),
            l1_hash: head.hash(),
            l1_timestamp: head.timestamp(),
            batch_count: batch_count.saturating_to(),
            finalized_index: finalized.min(batch_count).saturating_to(),
            conflict_since: conflict_since.saturating_to(),
        })
    }

    /// Brings the queue in line with the contract.
    async fn agree(&self, status: &RollupStatus) -> Result<(), L1Error> {
        let at = BlockId::hash(status.l1_hash);
        let known = self.batches.last_on_l1();
        let (base, _) = self.batches.base();
        // The last batch of which we and L1 agree that it is there.
        let mut agreed = known.min(status.batch_count);
        while agreed > base {
            let record = self.batches.get(agreed).ok_or(StoreError::UnknownBatch(agreed))?;
            if self.output(agreed, at).await?.outputRoot == record.transition.outputRoot {
                break;
            }
            agreed -= 1;
        }
        if agreed < base {
            // Final batches never go; whoever says so shows another L1, or has not caught up.
            return Err(L1Error::FinalBatchGone { index: base, batch_count: status.batch_count });
        }
        if agreed < known {
            self.lost(agreed, known, status.l1_block).await?;
        }
        for index in agreed + 1..=status.batch_count {
            let output = self.output(index, at).await?;
            self.found(index, output, status.l1_block).await?;
        }
        Ok(())
    }

    /// Batches `agreed + 1 ..= known` were on L1 and are not any more.
    async fn lost(&self, agreed: u64, known: u64, head: u64) -> Result<(), L1Error> {
        let first = agreed + 1;
        let record = self.batches.get(first).ok_or(StoreError::UnknownBatch(first))?;
        let BatchStatus::OnL1 { l1_block, .. } = record.status else { return Ok(()) };
        if l1_block > head {
            // Another node behind the same URL, most likely: its chain has not come so far.
            return Err(L1Error::Behind { head, index: first, seen: l1_block });
        }
        let filter = Filter::new()
            .address(self.config.rollup)
            .event_signature(IRollup::ConflictResolved::SIGNATURE_HASH);
        let discarded = self.newest_log(&filter, l1_block, head, |log| {
            let event = IRollup::ConflictResolved::decode_log(&log.inner).ok()?;
            let index = U256::from(first);
            (event.keptThrough < index && index <= event.discardedThrough).then_some(())
        });
        let discarded = discarded.await?.is_some();
        if discarded {
            warn!(kept = agreed, discarded = known, "batches were discarded on L1");
            counter!("sequencer_batches_discarded").increment(known - agreed);
            let target = UnwindTarget::Block(record.first_block - 1);
            self.unwinder.unwind(target, "batches were discarded on L1").await?;
            return Ok(());
        }
        warn!(from = first, through = known, "L1 reorganised batches away: they are submitted again");
        counter!("sequencer_batches_lost").increment(known - agreed);
        for index in (first..=known).rev() {
            self.batches.set_status(index, BatchStatus::Proving)?;
        }
        Ok(())
    }

    /// Batch `index` is on L1 with `output`.
    async fn found(&self, index: u64, output: IRollup::Output, head: u64) -> Result<(), L1Error> {
        let ours = self.batches.get(index).filter(|record| record.transition.outputRoot == output.outputRoot);
        if ours.is_none() {
            self.check_own_block(index, &output)?;
        }
        let submitted = self.submission(index, output.outputRoot, head).await?;
        let status = BatchStatus::OnL1 { l1_block: submitted.l1_block, tx: submitted.transaction };
        if ours.is_some() {
            self.batches.set_status(index, status)?;
            info!(index, l1_block = submitted.l1_block, last_block = output.lastL2Block, "batch is on L1");
        } else {
            warn!(index, tx = %submitted.transaction, "batch on L1 is not the one we made: taking it over");
            self.batches.adopt(self.foreign(index, &output, submitted.da_hash, status)?)?;
        }
        Ok(())
    }

    /// Whether a batch that we did not make ends in a block that we have.
    fn check_own_block(&self, index: u64, output: &IRollup::Output) -> Result<(), L1Error> {
        let header = self.store.snapshot()?.header(output.lastL2Block)?;
        let ours = header.and_then(|header| output_root(&header, header.hash()));
        if ours == Some(output.outputRoot) {
            return Ok(());
        }
        Err(L1Error::Diverged { index, block: output.lastL2Block, on_l1: output.outputRoot, ours })
    }

    /// The record of a batch that somebody else made of our blocks.
    pub(crate) fn foreign(
        &self,
        index: u64,
        output: &IRollup::Output,
        da_hash: B256,
        status: BatchStatus,
    ) -> Result<BatchRecord, L1Error> {
        let parent = self.batches.last_block(index - 1)?;
        let snapshot = self.store.snapshot()?;
        let root = |number| -> Result<B256, L1Error> {
            let header = snapshot.header(number)?.ok_or(L1Error::NoL2Block(number))?;
            output_root(&header, header.hash()).ok_or(L1Error::NoL2Block(number))
        };
        Ok(BatchRecord {
            index,
            first_block: parent + 1,
            last_block: output.lastL2Block,
            transition: Transition {
                configHash: self.chain.hash(),
                parentOutputRoot: root(parent)?,
                outputRoot: output.outputRoot,
                lastL2Block: output.lastL2Block,
                lastL2Timestamp: output.lastL2Timestamp,
                l1OriginNumber: output.l1OriginNumber,
                l1OriginHash: snapshot
                    .origin(output.lastL2Block)?
                    .ok_or(L1Error::NoL2Block(output.lastL2Block))?
                    .hash,
                daHash: da_hash,
            },
            signatures: Vec::new(),
            status,
        })
    }

    /// Output `index`.
    pub(crate) async fn output(&self, index: u64, at: BlockId) -> Result<IRollup::Output, L1Error> {
        self.client.view(self.config.rollup, IRollup::outputCall { index: U256::from(index) }, at).await
    }

    /// Where batch `index` was submitted.
    pub(crate) async fn submission(&self, index: u64, root: B256, head: u64) -> Result<Submission, L1Error> {
        let from = match self.batches.get(index - 1).map(|record| record.status.clone()) {
            Some(BatchStatus::OnL1 { l1_block, .. }) => l1_block,
            _ => self.config.genesis_origin.0,
        };
        let filter = Filter::new()
            .address(self.config.rollup)
            .event_signature(IRollup::BatchSubmitted::SIGNATURE_HASH)
            .topic1(U256::from(index))
            .topic2(root);
        let found = self.newest_log(&filter, from, head, |log| {
            let event = IRollup::BatchSubmitted::decode_log(&log.inner).ok()?;
            Some(Submission {
                l1_block: log.block_number?,
                transaction: log.transaction_hash?,
                da_hash: event.daHash,
            })
        });
        found.await?.ok_or(L1Error::NoBatchEvent { index, from })
    }

    /// The newest log in L1 blocks `from ..= to` of which `pick` makes something. Looks backwards in
    /// windows, since nodes limit the range of a query and what is looked for is mostly near.
    async fn newest_log<T>(
        &self,
        filter: &Filter,
        from: u64,
        to: u64,
        pick: impl Fn(&Log) -> Option<T>,
    ) -> Result<Option<T>, L1Error> {
        let mut end = to;
        loop {
            let start = end.saturating_sub(LOG_WINDOW - 1).max(from);
            let logs = self.client.logs(&filter.clone().from_block(start).to_block(end)).await?;
            let found = logs.iter().rev().find_map(&pick);
            if found.is_some() || start <= from {
                return Ok(found);
            }
            end = start - 1;
        }
    }

    /// Moves the tags to where the queue is. Also right after the start, when L1 may be away.
    pub(crate) fn write_tags(&self) -> Result<(), L1Error> {
        let (_, finalized) = self.batches.base();
        let on_l1 = self.batches.last_on_l1();
        let safe = self.batches.get(on_l1).map_or(finalized, |record| record.last_block);
        let snapshot = self.store.snapshot()?;
        for (tag, number) in [(&self.heads.safe, safe), (&self.heads.finalized, finalized)] {
            let Some(header) = snapshot.header(number)? else { continue };
            let head = Head { number, hash: header.hash() };
            tag.send_if_modified(|place| std::mem::replace(place, head) != head);
        }
        gauge!("sequencer_safe_block").set(safe as f64);
        gauge!("sequencer_finalized_block").set(finalized as f64);
        Ok(())
    }
}

/// The transaction that brought a batch to L1.
pub(crate) struct Submission {
    pub(crate) l1_block: u64,
    pub(crate) transaction: B256,
    pub(crate) da_hash: B256,
}
