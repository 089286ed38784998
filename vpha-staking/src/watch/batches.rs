//! Executing L1's batches again.
//!
//! A false batch ends the replica's way: nothing can be built on it. It is remembered, not executed again and again, until L1 holds
//! something else in its place: the timelock discarded it, or a reorganisation took it away. L1 is followed meanwhile.

use alloy::eips::BlockId;
use alloy_primitives::{B256, U256};
use contracts_bindings::IRollup;
use executor::transition::{Transition, output_root};
use metrics::gauge;
use sequencer::{
    l1::{L1Client, L1Config, RollupStatus},
    replica::{Replica, ReplicaError},
    store::{Store, StoreError},
};
use tracing::info;

/// Batches executed between two looks at everything else.
const MAX_BATCHES: u64 = 16;

/// Executes batches, one after another.
#[derive(Debug)]
pub struct Batches {
    replica: Replica,
    client: L1Client,
    config: L1Config,
    store: Store,
    false_batch: Option<FalseBatch>,
    /// How far the last look came.
    agreed: u64,
}

/// A batch on L1 that is not what its data give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalseBatch {
    /// Its index.
    pub index: u64,
    /// Output root that L1 holds.
    pub on_l1: B256,
    /// Unix time at which it was submitted, in seconds.
    pub submitted_at: u64,
    /// What execution gives, as far as it came; `None` if the data cannot be executed.
    pub computed: Option<Computed>,
    /// What is wrong.
    pub reason: String,
}

/// What execution of a batch gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Computed {
    /// Its first block.
    pub first_block: u64,
    /// Its last block.
    pub last_block: u64,
    /// Unix time of that, in seconds.
    pub timestamp: u64,
    /// Number and hash of the L1 block that is its origin.
    pub origin: (u64, B256),
    /// The output.
    pub output_root: B256,
}

impl Computed {
    /// What should have been signed in the place of `given`, which is of the same input.
    pub fn instead_of(&self, given: &Transition) -> Transition {
        Transition {
            outputRoot: self.output_root,
            lastL2Block: self.last_block,
            lastL2Timestamp: self.timestamp,
            l1OriginNumber: self.origin.0,
            l1OriginHash: self.origin.1,
            ..given.clone()
        }
    }
}

/// How far execution has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last batch that is what its data give.
    pub agreed: u64,
    /// Whether L1 has more, and there is no reason to wait.
    pub lags: bool,
    /// Whether L1 has more, in blocks that are too young.
    pub waits: bool,
}

impl Progress {
    const fn stopped(at: &FalseBatch) -> Self {
        Self { agreed: at.index - 1, lags: false, waits: false }
    }
}

impl Batches {
    /// `replica` keeps its blocks in `store`.
    pub const fn new(replica: Replica, client: L1Client, config: L1Config, store: Store) -> Self {
        Self { replica, client, config, store, false_batch: None, agreed: 0 }
    }

    /// The batch at which execution stopped, if it did.
    pub const fn false_batch(&self) -> Option<&FalseBatch> {
        self.false_batch.as_ref()
    }

    /// Stores what L1 has, and reads the contract.
    pub async fn follow_l1(&mut self) -> Result<RollupStatus, ReplicaError> {
        self.replica.follow_l1().await
    }

    /// Executes what L1 has, at most a few batches.
    pub async fn advance(&mut self, status: &RollupStatus) -> Result<Progress, ReplicaError> {
        if let Some(stopped) = &self.false_batch {
            if self.stands(stopped, status).await? {
                return Ok(Progress::stopped(stopped));
            }
            info!(batch = stopped.index, "the false batch is gone from L1");
            self.false_batch = None;
        }
        match self.replica.take_over_some(status, MAX_BATCHES).await {
            Ok(agreed) => {
                gauge!("watch_batch").set(agreed as f64);
                let (is_behind, has_moved) = (agreed < status.batch_count, agreed != self.agreed);
                self.agreed = agreed;
                Ok(Progress { agreed, lags: is_behind && has_moved, waits: is_behind && !has_moved })
            }
            Err(error) if error.is_fault() => {
                let stopped = self.examine(status, &error).await?;
                Ok(Progress::stopped(self.false_batch.insert(stopped)))
            }
            Err(error) => Err(error),
        }
    }

    /// Batch `index` was submitted. What was executed as that batch is executed again if it was something else: the same
    /// output may have come from other data, which nobody may have. Returns whether it is what was executed, if anything was.
    pub fn compare(&self, index: u64, submitted: &IRollup::BatchSubmitted) -> Result<bool, StoreError> {
        let Some(record) = self.store.snapshot()?.batch(index)? else { return Ok(true) };
        let ours = &record.transition;
        let is_same = ours.daHash == submitted.daHash
            && ours.outputRoot == submitted.outputRoot
            && ours.lastL2Block == submitted.lastL2Block
            && ours.lastL2Timestamp == submitted.lastL2Timestamp
            && ours.l1OriginNumber == submitted.l1OriginNumber;
        if !is_same {
            self.replica.forget_from(index)?;
        }
        Ok(is_same)
    }

    /// Whether L1 still holds the false batch. Another may have the same output, from data that give it.
    async fn stands(&self, stopped: &FalseBatch, status: &RollupStatus) -> Result<bool, ReplicaError> {
        if stopped.index > status.batch_count {
            return Ok(false);
        }
        let output = self.output(stopped.index, status).await?;
        Ok((output.outputRoot, output.submittedAt) == (stopped.on_l1, stopped.submitted_at))
    }

    async fn output(&self, index: u64, status: &RollupStatus) -> Result<IRollup::Output, ReplicaError> {
        let call = IRollup::outputCall { index: U256::from(index) };
        Ok(self.client.view(self.config.rollup, call, BlockId::hash(status.l1_hash)).await?)
    }

    /// What is known of the batch at which the replica stopped.
    async fn examine(
        &mut self,
        status: &RollupStatus,
        error: &ReplicaError,
    ) -> Result<FalseBatch, ReplicaError> {
        let agreed = self.replica.take_over_some(status, 0).await?;
        let index = agreed + 1;
        let parent = self.store.snapshot()?.batch(agreed)?.map_or(0, |batch| batch.last_block);
        let output = self.output(index, status).await?;
        let computed = match error {
            // Every block was executed and stored.
            ReplicaError::End { .. } => Some(self.computed(parent + 1)?),
            _ => None,
        };
        let (on_l1, submitted_at) = (output.outputRoot, output.submittedAt);
        Ok(FalseBatch { index, on_l1, submitted_at, computed, reason: error.to_string() })
    }

    /// What the newest blocks, from `first_block` on, give.
    fn computed(&self, first_block: u64) -> Result<Computed, StoreError> {
        let snapshot = self.store.snapshot()?;
        let head = snapshot.head();
        let unknown = StoreError::UnknownBlock { number: head, head };
        let (header, origin) = match (snapshot.header(head)?, snapshot.origin(head)?) {
            (Some(header), Some(origin)) => (header, origin),
            _ => return Err(unknown),
        };
        Ok(Computed {
            first_block,
            last_block: head,
            timestamp: header.timestamp,
            origin: (origin.number, origin.hash),
            output_root: output_root(&header, header.hash()).ok_or(unknown)?,
        })
    }
}
