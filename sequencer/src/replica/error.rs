//! Why L1's batches could not be taken over.

use std::fmt;

use alloy_primitives::B256;
use executor::{
    batch::{BatchError, BlobError, RecoveryError},
    block::{BlockError, PushError},
    chain::DataMode,
};

use super::BeaconError;
use crate::{builder::BuilderError, l1::L1Error, store::StoreError};

/// Why L1's batches could not be taken over. What was taken over before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// L1 could not be read. Try again, unless it [is fatal](L1Error::is_fatal).
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The blobs of a batch are not to be had. Try again, or ask another beacon node.
    #[error(transparent)]
    Beacon(#[from] BeaconError),
    /// The data of this chain's batches leave out signatures, without which blocks cannot be rebuilt.
    #[error("the chain's batches are {0:?}: L1 does not hold all that its blocks are made of")]
    Mode(DataMode),
    /// The blobs of the transaction are not those that the provers signed for, which the contract does not allow.
    #[error("transaction {transaction} of batch {index} carries other blobs than its event says")]
    OtherBlobs {
        /// The batch.
        index: u64,
        /// The transaction.
        transaction: B256,
    },
    /// A blob holds no data of ours.
    #[error("blobs of batch {index}: {source}")]
    Blob {
        /// The batch.
        index: u64,
        /// What is wrong.
        #[source]
        source: BlobError,
    },
    /// The data are no batch.
    #[error("batch {index}: {source}")]
    Batch {
        /// The batch.
        index: u64,
        /// What is wrong.
        #[source]
        source: BatchError,
    },
    /// A transaction in a batch is not signed.
    #[error("batch {index}: {source}")]
    Signature {
        /// The batch.
        index: u64,
        /// What is wrong.
        #[source]
        source: RecoveryError,
    },
    /// The batch continues another block than the one that L1 has before it.
    #[error(
        "batch {index} begins with block {first} after {given}, expected block {expected} after {parent}"
    )]
    Parent {
        /// The batch.
        index: u64,
        /// Its first block.
        first: u64,
        /// What it says of the block before.
        given: B256,
        /// The next block.
        expected: u64,
        /// The block before it.
        parent: B256,
    },
    /// A block of the batch has an origin that no block in its place can have.
    #[error("batch {index}: a block has origin {given}, expected one from {before} to {last}")]
    Origin {
        /// The batch.
        index: u64,
        /// Number of the L1 block.
        given: u64,
        /// Origin of the block before.
        before: u64,
        /// Origin of the batch's last block, by L1.
        last: u64,
    },
    /// Execution arrived at something else than the provers signed: an enclave is broken, or this
    /// program is. Do not go on.
    #[error("batch {index} ends with {computed}, L1 holds {on_l1}")]
    End {
        /// The batch.
        index: u64,
        /// By execution.
        computed: BatchEnd,
        /// By the provers.
        on_l1: BatchEnd,
    },
    /// Blocks could not be executed or stored.
    #[error(transparent)]
    Builder(#[from] BuilderError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What provers sign of a batch's last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchEnd {
    /// Its number.
    pub block: u64,
    /// Its Unix time, in seconds.
    pub timestamp: u64,
    /// Number of the L1 block that is its origin.
    pub origin: u64,
    /// The output root after it.
    pub output_root: B256,
}

impl fmt::Display for BatchEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, timestamp, origin, output_root } = self;
        write!(f, "block {block} at {timestamp} with origin {origin} and output {output_root}")
    }
}

impl ReplicaError {
    /// Whether trying again may help: L1 or the beacon node was away, or moved on while it was read.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::L1(error) => !error.is_fatal(),
            Self::Beacon(_) => true,
            _ => false,
        }
    }

    /// Whether the batch itself is at fault: L1 holds, signed by provers, what execution does not give.
    pub const fn is_fault(&self) -> bool {
        match self {
            Self::Blob { .. }
            | Self::Batch { .. }
            | Self::Signature { .. }
            | Self::Parent { .. }
            | Self::Origin { .. }
            | Self::End { .. } => true,
            Self::Builder(BuilderError::Block { source, .. }) => !matches!(source, BlockError::State(_)),
            Self::Builder(BuilderError::Push { source, .. }) => !matches!(source, PushError::State(_)),
            _ => false,
        }
    }
}
