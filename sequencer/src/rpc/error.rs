//! What clients are told when a request cannot be answered: codes and words are go-ethereum's.

use alloy_primitives::{B256, Bytes, U64, hex};
use executor::state::StateError;
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::{Value, json};

use crate::{pool::PoolError, store::StoreError};

/// JSON-RPC: the request object is not one.
pub(super) const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC: no such method.
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC: the parameters do not fit the method.
pub(super) const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC: our fault.
pub(super) const INTERNAL: i32 = -32603;
/// go-ethereum: everything that has no code of its own.
pub(super) const DEFAULT: i32 = -32000;
/// EIP-1474: a limit was exceeded.
pub(super) const LIMIT_EXCEEDED: i32 = -32005;
/// go-ethereum: the EVM reverted.
pub(super) const REVERTED: i32 = 3;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The parameters are not an array.
    #[error("non-array args")]
    NonArray,
    /// A parameter is not there.
    #[error("missing value for required argument {0}")]
    Missing(usize),
    /// A parameter is of another type.
    #[error("invalid argument {index}: {reason}")]
    Argument {
        /// Which one, from zero.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There are more parameters than the method takes.
    #[error("too many arguments, want at most {0}")]
    TooMany(usize),
    /// The parameters are of the right type and make no sense.
    #[error("{0}")]
    Params(String),
    /// The block that was named is not there.
    #[error("header not found")]
    NoBlock,
    /// The block with this hash is not there.
    #[error("header for hash not found")]
    NoHash,
    /// The state of that block is no longer kept.
    #[error("historical state of block {number} is not available: the oldest kept is that of block {oldest}")]
    Pruned {
        /// The block asked for.
        number: u64,
        /// The oldest block whose state is there.
        oldest: u64,
    },
    /// Neither a withdrawal nor a transaction has this hash.
    #[error("no withdrawal and no transaction has the hash {0}")]
    NoWithdrawal(B256),
    /// No final output covers the block of a withdrawal yet. In JSON, `data` is
    /// `{ state, awaiting, l2BlockNumber, finalizedL2BlockNumber, batchIndex }`: `state` is the tag that
    /// the block has come to (`latest` or `safe`), `awaiting` is as in [`Awaited`], `batchIndex` may be null.
    #[error(
        "no final output covers L2 block {block} yet, the latest ends with block {finalized}. The block is {}: {}",
        .awaited.tag(),
        .awaited.words(*.batch)
    )]
    NotFinal {
        /// The block of the withdrawal.
        block: u64,
        /// The last block that a final output covers.
        finalized: u64,
        /// The batch that holds the block.
        batch: Option<u64>,
        /// What has to happen next.
        awaited: Awaited,
    },
    /// A transaction was refused.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The call reverted, with this output.
    #[error("{}", revert_message(.0))]
    Reverted(Bytes),
    /// The call cannot be made, or ended exceptionally.
    #[error("{0}")]
    Call(String),
    /// More was asked for than one request may get.
    #[error("{0}")]
    Limit(String),
    /// Only connections that stay open can be notified.
    #[error("notifications not supported")]
    NoNotifications,
    /// The store failed.
    #[error("internal error: {0}")]
    Store(#[from] StoreError),
    /// State could not be read.
    #[error("internal error: {0}")]
    State(#[from] Box<StateError>),
    /// Something that cannot happen did.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What has to happen next until a withdrawal can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Its block has to come into a batch: `batch`.
    Batch,
    /// Its batch has to be proved: `proofs`.
    Proofs,
    /// Its batch has to be included by L1: `submission`.
    Submission,
    /// Its batch, which is on L1, has to become final: `finality`.
    Finality,
}

impl Awaited {
    /// In the data of an error.
    const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Proofs => "proofs",
            Self::Submission => "submission",
            Self::Finality => "finality",
        }
    }

    /// The tag that a block has come to which waits for this.
    const fn tag(self) -> &'static str {
        match self {
            Self::Batch | Self::Proofs | Self::Submission => "latest",
            Self::Finality => "safe",
        }
    }

    /// In the message of an error.
    fn words(self, batch: Option<u64>) -> String {
        let batch = batch.map_or_else(String::new, |index| format!(" {index}"));
        match self {
            Self::Batch => "no batch holds it yet".to_owned(),
            Self::Proofs => format!("its batch{batch} is being proved"),
            Self::Submission => format!("its batch{batch} is on the way to L1"),
            Self::Finality => format!("its batch{batch} is on L1 and not final yet"),
        }
    }
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        Self::State(Box::new(error))
    }
}

impl RpcError {
    /// The error of a store that lacks what it says it has.
    pub fn missing(what: &str, hash: B256) -> Self {
        Self::Internal(format!("the store lacks {what} {hash}"))
    }

    const fn code(&self) -> i32 {
        match self {
            Self::NonArray
            | Self::Missing(_)
            | Self::Argument { .. }
            | Self::TooMany(_)
            | Self::Params(_) => INVALID_PARAMS,
            Self::NoBlock
            | Self::NoHash
            | Self::Pruned { .. }
            | Self::NoWithdrawal(_)
            | Self::NotFinal { .. }
            | Self::Pool(_)
            | Self::Call(_) => DEFAULT,
            Self::Reverted(_) => REVERTED,
            Self::Limit(_) => LIMIT_EXCEEDED,
            Self::NoNotifications => METHOD_NOT_FOUND,
            Self::Store(_) | Self::State(_) | Self::Internal(_) => INTERNAL,
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let message = match &error {
            // The disk's troubles are for the log, not for strangers.
            RpcError::Store(_) | RpcError::State(_) | RpcError::Internal(_) => {
                tracing::error!(%error, "request failed");
                "internal error".to_owned()
            }
            other => other.to_string(),
        };
        let data = match &error {
            RpcError::Reverted(output) => Some(Value::String(hex::encode_prefixed(output))),
            RpcError::NotFinal { block, finalized, batch, awaited } => Some(json!({
                "state": awaited.tag(),
                "awaiting": awaited.name(),
                "l2BlockNumber": U64::from(*block),
                "finalizedL2BlockNumber": U64::from(*finalized),
                "batchIndex": batch.map(U64::from),
            })),
            _ => None,
        };
        Self::owned(error.code(), message, data)
    }
}

/// `execution reverted`, with the reason if the output is an `Error(string)` or a `Panic(uint256)`.
fn revert_message(output: &Bytes) -> String {
    use alloy::sol_types::{Panic, Revert, SolError};
    if let Ok(revert) = Revert::abi_decode(output) {
        return format!("execution reverted: {}", revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(output) {
        let words = panic_words(panic.code.saturating_to());
        return format!("execution reverted: {words}");
    }
    "execution reverted".to_owned()
}

/// What a Solidity panic code says, in go-ethereum's words (`accounts/abi`).
fn panic_words(code: u64) -> String {
    let words = match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        other => return format!("unknown panic code: {other:#x}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revert_carries_its_reason_and_its_data() {
        let data = hex!(
            "08c379a0"
            "0000000000000000000000000000000000000000000000000000000000000020"
            "0000000000000000000000000000000000000000000000000000000000000004"
            "6e6f706500000000000000000000000000000000000000000000000000000000"
        );
        let error = ErrorObjectOwned::from(RpcError::Reverted(Bytes::from(data)));
        assert_eq!((error.code(), error.message()), (3, "execution reverted: nope"));
        assert_eq!(error.data().unwrap().get(), format!("\"{}\"", hex::encode_prefixed(data)));
    }

    #[test]
    fn panics_and_custom_errors_revert_too() {
        let panic = hex!("4e487b710000000000000000000000000000000000000000000000000000000000000011");
        assert_eq!(
            RpcError::Reverted(Bytes::from(panic)).to_string(),
            "execution reverted: arithmetic underflow or overflow"
        );
        assert_eq!(RpcError::Reverted(Bytes::from(hex!("deadbeef"))).to_string(), "execution reverted");
        assert_eq!(RpcError::Reverted(Bytes::new()).to_string(), "execution reverted");
    }
}
