//! Where the origins of the next blocks come from.

use std::fmt;

use executor::block::L1Origin;
use op_alloy_consensus::TxDeposit;

/// An L1 origin that follows the one of the parent, and the deposits that a move to it brings in.
#[derive(Clone, Debug)]
pub struct NextOrigin {
    /// The new origin.
    pub origin: L1Origin,
    /// The deposits of every L1 block after the parent's origin up to this one, in order.
    pub deposits: Vec<TxDeposit>,
}

/// Knows the L1 well enough to say how far the origin may move.
pub trait OriginSource: fmt::Debug + Send + Sync {
    /// The origin for a block at `timestamp` (Unix seconds) whose parent has the origin number
    /// `parent_origin`, or `None` if the origin stays: nothing newer is known, or it is too new.
    ///
    /// Never blocks on the network: an L1 that is away must not stop the L2.
    fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Option<NextOrigin>;
}

/// A chain whose origin never moves: no deposits, no L1.
#[derive(Clone, Copy, Debug)]
pub struct FixedOrigin;

impl OriginSource for FixedOrigin {
    fn next_origin(&self, _parent_origin: u64, _timestamp: u64) -> Option<NextOrigin> {
        None
    }
}
