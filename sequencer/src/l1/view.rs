//! Which L1 block the next L2 block may have as its origin.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use executor::{block::L1Origin, chain::ChainConfig, derive};
use op_alloy_consensus::TxDeposit;

use super::L1Error;
use crate::{
    builder::{NextOrigin, OriginSource},
    store::{Store, StoredL1Block},
};

/// L1 blocks that one L2 block takes in at most: a node that was away for long catches up over
/// several L2 blocks, none of which takes long to build.
const MAX_STEP: u64 = 64;

/// The L1 as the builder sees it: what the watcher stored and still stands by. Cheap to clone.
#[derive(Clone, Debug)]
pub struct L1View {
    store: Store,
    config: Arc<ChainConfig>,
    /// The newest L1 block that may become an origin. Zero, so none, until the watcher has seen
    /// that the stored chain still is L1's.
    limit: Arc<AtomicU64>,
}

impl L1View {
    /// A view of the L1 blocks in `store` that offers nothing until the first [`allow`](Self::allow).
    pub fn new(store: Store, config: Arc<ChainConfig>) -> Self {
        Self { store, config, limit: Arc::new(AtomicU64::new(0)) }
    }

    /// From now on no block above `number` becomes an origin. For the watcher alone.
    pub(super) fn allow(&self, number: u64) {
        self.limit.store(number, Ordering::SeqCst);
    }

    /// The origin of a block at `timestamp` whose parent has origin `parent_origin`: the newest that
    /// is not younger than the block, whose deposits fit, and that is at most [`MAX_STEP`] on.
    /// `None` if it stays.
    pub fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Result<Option<NextOrigin>, L1Error> {
        let limit = self.limit.load(Ordering::SeqCst).min(parent_origin.saturating_add(MAX_STEP));
        if limit <= parent_origin {
            return Ok(None);
        }
        let snapshot = self.store.snapshot()?;
        let mut next: Option<(u64, StoredL1Block)> = None;
        let (mut deposits, mut gas) = (Vec::new(), 0u64);
        for number in parent_origin.saturating_add(1)..=limit {
            let Some(row) = snapshot.l1_block(number)? else { break };
            if row.header.timestamp > timestamp {
                break;
            }
            let brought = self.deposits(number, &row)?;
            gas = brought.iter().fold(gas, |gas, deposit| gas.saturating_add(deposit.gas_limit));
            // The portal keeps the deposits of a single L1 block below the limit, so the first
            // block always fits and the origin cannot get stuck.
            if gas > self.config.gas_limit && next.is_some() {
                break;
            }
            deposits.extend(brought);
            next = Some((number, row));
        }
        let Some((number, row)) = next else { return Ok(None) };
        Ok(Some(NextOrigin { origin: self.origin(number, &row)?, deposits }))
    }

    /// The move of the origin to L1 block `number`, by a block whose parent has origin `parent_origin`.
    /// `None` if it stays.
    pub fn origin_at(&self, parent_origin: u64, number: u64) -> Result<Option<NextOrigin>, L1Error> {
        if number == parent_origin {
            return Ok(None);
        }
        if number < parent_origin {
            let reason = format!("the origin before it is {parent_origin}");
            return Err(L1Error::Derive { number, reason });
        }
        let snapshot = self.store.snapshot()?;
        let row = |number| snapshot.l1_block(number)?.ok_or(L1Error::NotStored(number));
        let mut deposits = Vec::new();
        for between in parent_origin.saturating_add(1)..=number {
            deposits.extend(self.deposits(between, &row(between)?)?);
        }
        Ok(Some(NextOrigin { origin: self.origin(number, &row(number)?)?, deposits }))
    }

    fn origin(&self, number: u64, row: &StoredL1Block) -> Result<L1Origin, L1Error> {
        L1Origin::from_header(&self.config, &row.header, row.header.hash())
            .map_err(|error| L1Error::Derive { number, reason: error.to_string() })
    }

    fn deposits(&self, number: u64, row: &StoredL1Block) -> Result<Vec<TxDeposit>, L1Error> {
        let Some(receipts) = &row.receipts else { return Ok(Vec::new()) };
        derive::deposits_of_block(self.config.portal, &row.header, row.header.hash(), receipts)
            .map_err(|error| L1Error::Derive { number, reason: error.to_string() })
    }
}

impl OriginSource for L1View {
    fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Option<NextOrigin> {
        Self::next_origin(self, parent_origin, timestamp).unwrap_or_else(|error| {
            tracing::error!(%error, parent_origin, "no next origin: the L2 goes on with the last one");
            None
        })
    }
}
