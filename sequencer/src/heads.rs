//! How far the chain has come, as every part of the node sees it.

use alloy_primitives::B256;
use tokio::sync::watch;

use crate::{
    batcher::is_on_l1,
    store::{BatchStatus, Snapshot, StoreError},
};

/// A block of the L2, by what identifies it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
}

/// A block of the L1, as `optimism_syncStatus` shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L1Block {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Hash of its parent.
    pub parent_hash: B256,
    /// Unix time in seconds.
    pub timestamp: u64,
}

/// What the node knows of the L1. All zero until the L1 has answered once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct L1Heads {
    /// The newest block whose contents are in the store.
    pub current: L1Block,
    /// The newest block that the L1 node reported.
    pub head: L1Block,
    /// The `safe` block of the L1.
    pub safe: L1Block,
    /// The `finalized` block of the L1.
    pub finalized: L1Block,
}

/// The tags of the chain. Cheap to clone; every clone shows the same values.
///
/// Each value has one writer: the builder writes [`latest`](Self::latest), the part that follows
/// the L1 writes the others. `finalized <= safe <= latest` holds between writes of one part, and
/// readers that need it across parts clamp.
#[derive(Clone, Debug)]
pub struct Heads {
    /// The newest sealed block.
    pub latest: watch::Sender<Head>,
    /// The newest block in a batch that is on L1.
    pub safe: watch::Sender<Head>,
    /// The newest block in a batch that is final on L1.
    pub finalized: watch::Sender<Head>,
    /// The L1, as far as it was seen.
    pub l1: watch::Sender<L1Heads>,
}

impl Heads {
    /// All tags at known blocks, and nothing known of the L1.
    pub fn new(latest: Head, safe: Head, finalized: Head) -> Self {
        Self {
            latest: watch::Sender::new(latest),
            safe: watch::Sender::new(safe),
            finalized: watch::Sender::new(finalized),
            l1: watch::Sender::new(L1Heads::default()),
        }
    }

    /// All tags as the store knows them. L1 has the last word, once it answers.
    pub fn of(snapshot: &Snapshot) -> Result<Self, StoreError> {
        let head = snapshot.head();
        let at = |number| {
            let hash = snapshot.block_hash(number)?.ok_or(StoreError::UnknownBlock { number, head })?;
            Ok::<_, StoreError>(Head { number, hash })
        };
        let (mut safe, mut finalized) = (0, 0);
        let mut batch = snapshot.last_batch()?;
        while let Some(record) = batch {
            if is_on_l1(&record) {
                safe = safe.max(record.last_block);
            }
            if record.status == BatchStatus::Final {
                finalized = record.last_block;
                break;
            }
            batch = match record.index.checked_sub(1) {
                Some(index) if index > 0 => snapshot.batch(index)?,
                _ => None,
            };
        }
        Ok(Self::new(at(head)?, at(safe)?, at(finalized)?))
    }

    /// The newest sealed block.
    pub fn latest(&self) -> Head {
        *self.latest.borrow()
    }

    /// The newest block in a batch on L1; never above [`latest`](Self::latest).
    pub fn safe(&self) -> Head {
        let (latest, safe) = (self.latest(), *self.safe.borrow());
        if safe.number > latest.number { latest } else { safe }
    }

    /// The newest block that is final on L1; never above [`safe`](Self::safe).
    pub fn finalized(&self) -> Head {
        let (safe, finalized) = (self.safe(), *self.finalized.borrow());
        if finalized.number > safe.number { safe } else { finalized }
    }
}
