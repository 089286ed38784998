//! What can go wrong between the node and L1.

use std::time::Duration;

use alloy::{
    eips::BlockNumberOrTag,
    transports::{RpcError, TransportError},
};
use alloy_primitives::{B256, Bytes};

use super::UnwindError;
use crate::store::StoreError;

/// Why the L1 could not be followed.
///
/// Nothing here stops the L2: whoever follows L1 logs the error and tries again, except where
/// [`is_fatal`](Self::is_fatal).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum L1Error {
    /// The URL of the node cannot be read.
    #[error("L1 node URL {url:?}: {reason}")]
    Url {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The request failed, or the node answered an error.
    #[error("{method}: {source}")]
    Request {
        /// JSON-RPC method.
        method: &'static str,
        /// What happened.
        source: Box<TransportError>,
    },
    /// The node did not answer in time.
    #[error("{method}: no answer within {after:?}")]
    Timeout {
        /// JSON-RPC method.
        method: &'static str,
        /// How long it was given.
        after: Duration,
    },
    /// The node is on another chain.
    #[error("the L1 node is on chain {got}, expected {expected}")]
    WrongChain {
        /// By our configuration.
        expected: u64,
        /// By the node.
        got: u64,
    },
    /// The origin of the L2 genesis is not on the node's chain.
    #[error("L1 block {number} has hash {got}, but the L2 genesis has origin {expected}")]
    WrongGenesisOrigin {
        /// Number of the origin of the genesis.
        number: u64,
        /// Its hash by our genesis.
        expected: B256,
        /// Its hash by the node.
        got: B256,
    },
    /// A block that must exist does not.
    #[error("the L1 node has no block {0}")]
    NoBlock(BlockNumberOrTag),
    /// The node answered with another block than the one asked for.
    #[error("asked for L1 block {wanted}, got block {got}")]
    WrongNumber {
        /// Number asked for.
        wanted: u64,
        /// Number in the answer.
        got: u64,
    },
    /// The header does not hash to what the node claims.
    #[error("header of L1 block {number} hashes to {computed}, the node claims {claimed}")]
    WrongHeaderHash {
        /// Block number.
        number: u64,
        /// By the node.
        claimed: B256,
        /// By keccak256.
        computed: B256,
    },
    /// The receipts of a block that exists are not there.
    #[error("the L1 node has no receipts of block {number} ({hash})")]
    NoReceipts {
        /// Block number.
        number: u64,
        /// Block hash.
        hash: B256,
    },
    /// The receipts are not those of the block.
    #[error("receipts of L1 block {number} have root {computed}, its header says {expected}")]
    WrongReceiptsRoot {
        /// Block number.
        number: u64,
        /// By the header.
        expected: B256,
        /// Of the receipts in the answer.
        computed: B256,
    },
    /// The transactions of a block that exists are not there.
    #[error("the L1 node has no transactions of block {number} ({hash})")]
    NoTransactions {
        /// Block number.
        number: u64,
        /// Block hash.
        hash: B256,
    },
    /// The transactions are not those of the block.
    #[error("transactions of L1 block {number} have root {computed}, its header says {expected}")]
    WrongTransactionsRoot {
        /// Block number.
        number: u64,
        /// By the header.
        expected: B256,
        /// Of the transactions in the answer.
        computed: B256,
    },
    /// A block that was stored is not there.
    #[error("L1 block {0} is not stored")]
    NotStored(u64),
    /// The chain changed while it was read; the next look will see it settled.
    #[error("L1 block {number} has parent {got}, expected {expected}")]
    NotLinked {
        /// Block number.
        number: u64,
        /// Hash of the block before.
        expected: B256,
        /// Parent hash in the header.
        got: B256,
    },
    /// Stored and present chain have nothing in common within the allowed depth.
    #[error("no common ancestor with the stored L1 chain within {depth} blocks below {from}")]
    TooDeep {
        /// Where the search began.
        from: u64,
        /// How far it went.
        depth: u64,
    },
    /// L1 reorganised below what was final: `finality_depth` is too small, or the node lies.
    #[error("L1 reorganised down to block {ancestor}, but final L2 block {block} has origin {origin}")]
    FinalOriginGone {
        /// The newest L1 block that both chains share.
        ancestor: u64,
        /// The newest final L2 block.
        block: u64,
        /// Its origin.
        origin: u64,
    },
    /// The node shows an older L1 than it did before.
    #[error("the L1 node is at block {head}, batch {index} was seen in block {seen}")]
    Behind {
        /// The node's newest block.
        head: u64,
        /// The batch.
        index: u64,
        /// The L1 block that holds it.
        seen: u64,
    },
    /// The answer to a contract call cannot be decoded.
    #[error("answer to {call} cannot be decoded: {source}")]
    Undecodable {
        /// Signature of the function.
        call: &'static str,
        /// What is wrong.
        source: alloy::sol_types::Error,
    },
    /// L1 holds a batch of which we do not have the blocks, or not these.
    #[error("batch {index} on L1 ends at block {block} with output {on_l1}, ours is {ours:?}")]
    Diverged {
        /// Batch number.
        index: u64,
        /// Its last L2 block.
        block: u64,
        /// Output root by L1.
        on_l1: B256,
        /// Output root of our block of that number, if we have one.
        ours: Option<B256>,
    },
    /// A node says that a batch is on L1, but shows no event of it.
    #[error("batch {index} is on L1, but its event was not found from L1 block {from} on")]
    NoBatchEvent {
        /// Batch number.
        index: u64,
        /// Where the search began.
        from: u64,
    },
    /// A batch that was final is not on L1: the node shows another L1, or an old one.
    #[error("batch {index} was final, but the Rollup contract has only {batch_count} batches")]
    FinalBatchGone {
        /// The last final batch that this node has seen.
        index: u64,
        /// By the contract.
        batch_count: u64,
    },
    /// An L2 block that a batch needs is not there.
    #[error("L2 block {0} is not known")]
    NoL2Block(u64),
    /// Deposits or origin of an L1 block could not be derived.
    #[error("L1 block {number}: {reason}")]
    Derive {
        /// Block number.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// L2 blocks could not be dropped.
    #[error(transparent)]
    Unwind(#[from] UnwindError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl L1Error {
    /// What the contract said, if it was a contract that refused a call.
    pub fn revert_data(&self) -> Option<Bytes> {
        let Self::Request { source, .. } = self else { return None };
        let RpcError::ErrorResp(payload) = source.as_ref() else { return None };
        payload.as_revert_data()
    }

    /// Whether the same request may succeed at once: the network failed, not the node's reasoning.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Request { source, .. } => source.is_transport_error(),
            _ => false,
        }
    }

    /// Whether trying again cannot help: the node was configured for another chain.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Url { .. } | Self::WrongChain { .. } | Self::WrongGenesisOrigin { .. })
    }
}
