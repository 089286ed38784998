//! Dropping blocks that L1 no longer supports.

use alloy_consensus::Typed2718 as _;
use alloy_primitives::Address;
use executor::trie::StateTrie;
use op_alloy_consensus::DEPOSIT_TX_TYPE_ID;
use tokio::sync::oneshot;

use super::{Builder, BuilderError, load_parent};
use crate::{
    heads::Head,
    pool::{PoolError, SenderState},
    store::Snapshot,
};

/// Up to where L2 blocks stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnwindTarget {
    /// Up to this block.
    Block(u64),
    /// Up to the last block whose origin is at most this L1 block.
    Origin(u64),
}

/// A request to the builder to drop blocks.
#[derive(Debug)]
pub struct Unwind {
    /// What stays.
    pub target: UnwindTarget,
    /// Why, for the log.
    pub reason: &'static str,
    /// Answered with the number of the new head, once it is durable.
    pub done: oneshot::Sender<u64>,
}

impl UnwindTarget {
    /// The number of the last block that stays, given the newest block and the origin number of
    /// each. Never below the genesis, and `head` if nothing needs to go.
    pub fn last_kept<E>(self, head: u64, mut origin_of: impl FnMut(u64) -> Result<u64, E>) -> Result<u64, E> {
        let limit = match self {
            Self::Block(block) => return Ok(block.min(head)),
            Self::Origin(limit) => limit,
        };
        if origin_of(head)? <= limit {
            return Ok(head);
        }
        // Origins never go back, so the blocks that stay are a prefix: halve it.
        let (mut kept, mut dropped) = (0, head);
        while dropped - kept > 1 {
            let middle = kept + (dropped - kept) / 2;
            if origin_of(middle)? <= limit { kept = middle } else { dropped = middle }
        }
        Ok(kept)
    }
}

impl Builder {
    /// Drops every block above `target`. User transactions of the dropped blocks go back to the pool;
    /// deposits come again with the L1 blocks that hold them now. Returns the number of the new head.
    pub fn unwind(&mut self, target: UnwindTarget) -> Result<u64, BuilderError> {
        let snapshot = self.store.snapshot()?;
        let head = self.parent.header.number;
        let kept = target.last_kept(head, |number| {
            let origin = snapshot.origin(number)?.ok_or(BuilderError::MissingBlock(number))?;
            Ok::<_, BuilderError>(origin.number)
        })?;
        if kept == head {
            return Ok(head);
        }
        let mut orphans = Vec::new();
        for number in kept + 1..=head {
            let block = snapshot.block(number)?.ok_or(BuilderError::MissingBlock(number))?;
            orphans.extend(block.block.body.transactions);
        }
        drop(snapshot);

        self.store.unwind_to(kept)?;
        let snapshot = self.store.snapshot()?;
        self.parent = load_parent(&snapshot)?;
        self.trie = StateTrie::new(self.parent.header.state_root);
        let senders = self.pool.senders();
        let states: Result<Vec<_>, BuilderError> =
            senders.into_iter().map(|sender| Ok((sender, sender_state(&snapshot, kept, sender)?))).collect();
        self.pool.follow(kept, states?);
        self.heads.latest.send_replace(Head { number: kept, hash: self.parent.hash });

        let mut returned = 0;
        for transaction in orphans {
            if transaction.ty() == DEPOSIT_TX_TYPE_ID {
                continue;
            }
            let added = self.pool.add(transaction, |sender| {
                Ok::<_, ReturnError>((kept, sender_state(&snapshot, kept, sender)?))
            });
            match added {
                Ok(_) => returned += 1,
                Err(ReturnError::Pool(reason)) => tracing::debug!(%reason, "transaction not taken back"),
                Err(ReturnError::Builder(error)) => return Err(error),
            }
        }
        tracing::warn!(dropped = head - kept, head = kept, returned, "blocks dropped");
        Ok(kept)
    }
}

/// The sender as of block `number`.
fn sender_state(snapshot: &Snapshot, number: u64, sender: Address) -> Result<SenderState, BuilderError> {
    crate::pool::read_sender(&snapshot.state_at(number)?, sender)
        .map_err(|source| BuilderError::State { number, source })
}

/// Why a transaction of a dropped block is not back in the pool.
#[derive(Debug, thiserror::Error)]
enum ReturnError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Builder(#[from] BuilderError),
}

#[cfg(test)]
mod tests {
    use super::UnwindTarget;

    fn last_kept(target: UnwindTarget, origins: &[u64]) -> u64 {
        let head = origins.len() as u64 - 1;
        target.last_kept(head, |n| Ok::<_, ()>(origins[usize::try_from(n).unwrap()])).unwrap()
    }

    #[test]
    fn keeps_the_blocks_whose_origin_still_stands() {
        let origins = [5, 5, 6, 6, 6, 9, 9, 12];
        for limit in 5..14 {
            let expected = origins.iter().rposition(|origin| *origin <= limit).unwrap() as u64;
            assert_eq!(last_kept(UnwindTarget::Origin(limit), &origins), expected, "limit {limit}");
        }
        assert_eq!(last_kept(UnwindTarget::Origin(1), &origins), 0, "the genesis always stays");
        assert_eq!(last_kept(UnwindTarget::Block(3), &origins), 3);
        assert_eq!(last_kept(UnwindTarget::Block(99), &origins), 7);
    }
}
