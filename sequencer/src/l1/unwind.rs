//! Dropping L2 blocks that L1 no longer supports.
//!
//! The builder alone writes L2 blocks, so it alone drops them; whoever finds a reason asks it. While
//! it works no batch is made, and afterwards no batch holds a dropped block:
//!
//! 1. No batch is added any more.
//! 2. The builder drops the blocks, and in the same transaction the batches over them, and answers.
//! 3. The queue forgets these batches, and batches are added again.
//!
//! After a crash at any point the reason is still there, and whoever found it finds it again.

use tokio::sync::{mpsc, oneshot};

use crate::{
    batcher::BatchQueue,
    builder::{Unwind, UnwindTarget},
    store::StoreError,
};

/// Why L2 blocks were not dropped. The caller tries again when it next finds the reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnwindError {
    /// The builder is gone, or gave up on the request.
    #[error("the builder did not unwind the L2 to {0:?}")]
    NoBuilder(UnwindTarget),
    /// Batches could not be dropped.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks the builder to drop blocks, and keeps the batches in step.
#[derive(Clone, Debug)]
pub struct Unwinder {
    builder: mpsc::Sender<Unwind>,
    batches: BatchQueue,
}

impl Unwinder {
    /// `builder` is where the builder listens.
    pub const fn new(builder: mpsc::Sender<Unwind>, batches: BatchQueue) -> Self {
        Self { builder, batches }
    }

    /// Drops L2 blocks above `target`, and the batches that hold one. Returns the new head.
    pub async fn unwind(&self, target: UnwindTarget, reason: &'static str) -> Result<u64, UnwindError> {
        let freeze = self.batches.freeze();
        let (done, answer) = oneshot::channel();
        let request = Unwind { target, reason, done };
        self.builder.send(request).await.map_err(|_| UnwindError::NoBuilder(target))?;
        let head = answer.await.map_err(|_| UnwindError::NoBuilder(target))?;
        freeze.drop_above(head)?;
        Ok(head)
    }
}
