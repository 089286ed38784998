//! Why a batch is not signed.

use alloy_primitives::{Address, B256};

use crate::{
    batch::{BatchError, BlobError, RecoveryError},
    block::{BlockError, PushError},
    derive::DeriveError,
    state::StateError,
    witness::WitnessError,
};

/// Why a stateless run yields no transition.
///
/// None of these can be mended by trying again: the input is not what an honest sequencer sends,
/// or the two run different code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The parent header has no `withdrawalsRoot`, so it is no header of this chain.
    #[error("the parent header has no withdrawals root")]
    ParentHeader,
    /// The witness is not in order, or not used up.
    #[error("witness: {0}")]
    Witness(#[from] WitnessError),
    /// The witness lacks something, or holds malformed nodes.
    #[error("state: {0}")]
    State(#[from] StateError),
    /// L1 headers and receipts do not fit the origins of the blocks.
    #[error("L1 origin: {0}")]
    Derive(#[from] DeriveError),
    /// The blobs are malformed or not proved.
    #[error("blobs: {0}")]
    Blob(#[from] BlobError),
    /// The data of the batch is malformed.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A transaction is not signed.
    #[error(transparent)]
    Signature(#[from] RecoveryError),
    /// A compact batch names another sender than the signature.
    #[error("transaction {index} of the batch is signed by {signer}, the data says {claimed}")]
    Sender {
        /// Position among the transactions of the batch.
        index: usize,
        /// Who signed.
        signer: Address,
        /// Who should have, according to the data.
        claimed: Address,
    },
    /// The batch continues another block than the parent.
    #[error("the batch begins with block {first} after {claimed}, the parent is block {number}, {parent}")]
    Parent {
        /// Number of the batch's first block.
        first: u64,
        /// Parent hash in the batch.
        claimed: B256,
        /// Number of the parent given.
        number: u64,
        /// Hash of the parent given.
        parent: B256,
    },
    /// A block breaks a rule.
    #[error("block {number}: {source}")]
    Block {
        /// Number of the block.
        number: u64,
        /// The rule.
        #[source]
        source: BlockError,
    },
    /// A transaction cannot be part of its block.
    #[error("block {number}, user transaction {index}: {source}")]
    Transaction {
        /// Number of the block.
        number: u64,
        /// Position among the user transactions of the block.
        index: usize,
        /// The reason.
        #[source]
        source: PushError,
    },
    /// A compact batch names another transactions root than that of the block.
    #[error("block {number} has the transactions root {computed}, the data says {claimed}")]
    TransactionsRoot {
        /// Number of the block.
        number: u64,
        /// Root of the block.
        computed: B256,
        /// Root in the data.
        claimed: B256,
    },
    /// The outcome is not the one claimed.
    #[error("{field} is {computed}, {claimed} is claimed")]
    Claim {
        /// Field of the transition.
        field: &'static str,
        /// What the run computed.
        computed: String,
        /// What the input claims.
        claimed: String,
    },
}
