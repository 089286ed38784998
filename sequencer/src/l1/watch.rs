//! Following L1 block by block.
//!
//! Each [`step`](Watcher::step) looks at the newest block, makes sure that the stored chain is still
//! part of L1's, and stores what is new: every header, and the receipts of blocks that may hold a
//! deposit. If the stored chain is not L1's any more, the builder first drops the L2 blocks whose
//! origin is gone, and only then the stored L1 blocks go: a crash in between repeats the work.

use std::sync::Arc;

use alloy::{consensus::BlockHeader, eips::BlockNumberOrTag};
use alloy_consensus::Header;
use alloy_primitives::{B256, Sealed};
use executor::{chain::ChainConfig, derive};
use metrics::{counter, gauge};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::{L1Client, L1Config, L1Error, L1View, Unwinder};
use crate::{
    builder::UnwindTarget,
    heads::{Heads, L1Block},
    store::{Store, StoredL1Block},
};

/// Blocks stored between two looks at the newest block.
const MAX_BLOCKS_PER_STEP: u64 = 256;

/// Follows L1 and stores its blocks.
#[derive(Debug)]
pub struct Watcher {
    client: L1Client,
    config: L1Config,
    chain: Arc<ChainConfig>,
    store: Store,
    view: L1View,
    unwinder: Unwinder,
    heads: Heads,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The newest stored L1 block.
    pub stored: u64,
    /// The newest L1 block that may be stored: the node's head less the confirmations.
    pub target: u64,
    /// L1 blocks that were dropped because they are not on L1's chain any more.
    pub dropped: u64,
}

impl Watcher {
    /// A watcher that feeds `view`.
    pub const fn new(
        client: L1Client,
        config: L1Config,
        chain: Arc<ChainConfig>,
        store: Store,
        view: L1View,
        unwinder: Unwinder,
        heads: Heads,
    ) -> Self {
        Self { client, config, chain, store, view, unwinder, heads }
    }

    /// Follows L1 until the node proves to be on another chain.
    pub async fn run(self) -> L1Error {
        let mut ticks = interval(self.config.poll_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut checked_chain = false;
        loop {
            ticks.tick().await;
            let outcome = async {
                if !checked_chain {
                    self.check_chain().await?;
                    checked_chain = true;
                }
                while self.step().await?.lags() {}
                self.read_tags().await
            };
            match outcome.await {
                Ok(()) => gauge!("sequencer_l1_reachable").set(1.0),
                Err(error) if L1Error::is_fatal(&error) => return error,
                Err(error) => {
                    counter!("sequencer_l1_errors").increment(1);
                    gauge!("sequencer_l1_reachable").set(0.0);
                    warn!(%error, "L1 could not be followed; trying again");
                }
            }
        }
    }

    /// Makes sure that the node is on our L1, and that the first L1 block is stored.
    pub async fn check_chain(&self) -> Result<(), L1Error> {
        let got = self.client.chain_id().await?;
        if got != self.chain.l1_chain_id {
            return Err(L1Error::WrongChain { expected: self.chain.l1_chain_id, got });
        }
        let (number, expected) = self.config.genesis_origin;
        let genesis = self.client.existing_header(BlockNumberOrTag::Number(number)).await?;
        if genesis.hash() != expected {
            return Err(L1Error::WrongGenesisOrigin { number, expected, got: genesis.hash() });
        }
        if self.store.snapshot()?.last_l1_block()?.is_none() {
            self.store.put_l1_block(&StoredL1Block { header: genesis, receipts: None })?;
        }
        Ok(())
    }

    /// Looks at L1 once and takes in what is new.
    pub async fn step(&self) -> Result<Step, L1Error> {
        let head = self.client.existing_header(BlockNumberOrTag::Latest).await?;
        self.heads.l1.send_if_modified(|l1| replace(&mut l1.head, block_id(&head)));
        gauge!("sequencer_l1_head").set(head.number() as f64);

        let first = self.config.genesis_origin.0;
        let target = head.number().saturating_sub(self.config.confirmations).max(first);
        let mut tip = self.stored_tip()?;
        let mut dropped = 0;
        let ancestor = self.ancestor(&head, tip.number.min(target)).await?;
        if let Some(ancestor) = ancestor {
            dropped = tip.number.saturating_sub(ancestor);
            self.reorganise(ancestor, tip.number).await?;
            tip = self.stored_tip()?;
        }
        self.view.allow(tip.number);

        let last = target.min(tip.number.saturating_add(MAX_BLOCKS_PER_STEP));
        for number in tip.number.saturating_add(1)..=last {
            let header = if number == head.number() {
                head.clone()
            } else {
                self.client.existing_header(BlockNumberOrTag::Number(number)).await?
            };
            if header.parent_hash() != tip.hash {
                return Err(L1Error::NotLinked { number, expected: tip.hash, got: header.parent_hash() });
            }
            tip = Tip { number, hash: header.hash() };
            self.take_in(header).await?;
        }
        Ok(Step { stored: tip.number, target, dropped })
    }

    /// Reads L1's `safe` and `finalized` blocks, which only `optimism_syncStatus` shows.
    async fn read_tags(&self) -> Result<(), L1Error> {
        for tag in [BlockNumberOrTag::Safe, BlockNumberOrTag::Finalized] {
            let Some(header) = self.client.header(tag).await? else { continue };
            self.heads.l1.send_if_modified(|l1| match tag {
                BlockNumberOrTag::Safe => replace(&mut l1.safe, block_id(&header)),
                _ => replace(&mut l1.finalized, block_id(&header)),
            });
        }
        Ok(())
    }

    /// Stores a block that continues the stored chain, and offers it to the builder.
    async fn take_in(&self, header: Sealed<Header>) -> Result<(), L1Error> {
        let receipts = if derive::may_have_deposits(self.chain.portal, &header) {
            Some(self.client.receipts(&header).await?)
        } else {
            None
        };
        let current = block_id(&header);
        self.store.put_l1_block(&StoredL1Block { header, receipts })?;
        self.view.allow(current.number);
        self.heads.l1.send_if_modified(|l1| replace(&mut l1.current, current));
        gauge!("sequencer_l1_stored").set(current.number as f64);
        Ok(())
    }

    /// `None` if stored block `from` is on L1's chain, else the newest stored block before it that is.
    async fn ancestor(&self, head: &Sealed<Header>, from: u64) -> Result<Option<u64>, L1Error> {
        let first = self.config.genesis_origin.0;
        let deepest = from.saturating_sub(self.config.max_reorg_depth).max(first);
        for number in (deepest..=from).rev() {
            let canonical = if number == head.number() {
                head.hash()
            } else {
                self.client.existing_header(BlockNumberOrTag::Number(number)).await?.hash()
            };
            if self.stored_hash(number)? == canonical {
                return Ok((number < from).then_some(number));
            }
        }
        Err(L1Error::TooDeep { from, depth: self.config.max_reorg_depth })
    }

    /// Drops what stood on L1 blocks above `ancestor`.
    async fn reorganise(&self, ancestor: u64, tip: u64) -> Result<(), L1Error> {
        let final_block = self.heads.finalized().number;
        let final_origin = self.store.snapshot()?.origin(final_block)?.map_or(0, |origin| origin.number);
        if ancestor < final_origin {
            return Err(L1Error::FinalOriginGone { ancestor, block: final_block, origin: final_origin });
        }
        warn!(ancestor, tip, "L1 reorganised");
        counter!("sequencer_l1_reorgs").increment(1);
        // First no new L2 block may build on what is gone, then those that did go.
        self.view.allow(ancestor);
        let head = self.unwinder.unwind(UnwindTarget::Origin(ancestor), "L1 reorganised").await?;
        self.store.unwind_l1_to(ancestor)?;
        info!(ancestor, head, "L2 follows the new L1 chain");
        Ok(())
    }

    /// The newest stored block. [`check_chain`](Self::check_chain) stored the first one.
    fn stored_tip(&self) -> Result<Tip, L1Error> {
        let last = self.store.snapshot()?.last_l1_block()?;
        let last = last.ok_or(L1Error::NotStored(self.config.genesis_origin.0))?;
        Ok(Tip { number: last.header.number(), hash: last.header.hash() })
    }

    fn stored_hash(&self, number: u64) -> Result<B256, L1Error> {
        let row = self.store.snapshot()?.l1_block(number)?;
        row.map(|row| row.header.hash()).ok_or(L1Error::NotStored(number))
    }
}

/// The newest stored block.
#[derive(Clone, Copy)]
struct Tip {
    number: u64,
    hash: B256,
}

impl Step {
    /// Whether there is more to take in right now.
    pub const fn lags(self) -> bool {
        self.stored < self.target
    }
}

fn block_id(header: &Sealed<Header>) -> L1Block {
    L1Block {
        number: header.number(),
        hash: header.hash(),
        parent_hash: header.parent_hash(),
        timestamp: header.timestamp(),
    }
}

/// Writes `new`, and says whether that changed anything.
fn replace<T: PartialEq>(place: &mut T, new: T) -> bool {
    let changed = *place != new;
    *place = new;
    changed
}
