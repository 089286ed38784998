//! Why there is no answer, or no good one.

use alloy::transports::TransportError;
use alloy_primitives::{Address, Bytes};

use super::{LIMIT, Layer};
use crate::refusal::Refusal;

/// Why there is no answer, or no good one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a URL.
    #[error("{layer} URL {url:?}: {reason}")]
    Url {
        /// Which chain.
        layer: Layer,
        /// What was given.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The node cannot be reached, or refuses the request. Try again.
    #[error("{layer} {method}: {error}")]
    Request {
        /// Which chain.
        layer: Layer,
        /// JSON-RPC method.
        method: &'static str,
        /// What went wrong.
        error: TransportError,
    },
    /// No answer in time. Try again.
    #[error("{layer} {method}: no answer within {LIMIT:?}")]
    Timeout {
        /// Which chain.
        layer: Layer,
        /// JSON-RPC method.
        method: &'static str,
    },
    /// A contract refuses.
    #[error("{layer} refuses: {refusal}")]
    Refused {
        /// Which chain.
        layer: Layer,
        /// Why.
        refusal: Refusal,
    },
    /// The node belongs to another chain.
    #[error(
        "{layer} node has chain id {actual}, the network's is {expected}: nothing is signed for another chain"
    )]
    WrongChain {
        /// Which chain.
        layer: Layer,
        /// What the network says.
        expected: u64,
        /// What the node says.
        actual: u64,
    },
    /// The contract's answer is not what its interface says: there is another contract, or none.
    #[error("{layer}: {call} at {contract} answered {answer}: there is another contract, or none")]
    Undecodable {
        /// Which chain.
        layer: Layer,
        /// Called function.
        call: &'static str,
        /// Called contract.
        contract: Address,
        /// The answer.
        answer: Bytes,
    },
    /// The node answered something that cannot be.
    #[error("{layer} {method}: the node answered nonsense: {reason}")]
    Nonsense {
        /// Which chain.
        layer: Layer,
        /// JSON-RPC method.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether it may be gone at the next attempt.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Request { .. } | Self::Timeout { .. })
    }

    /// Whether the node answered that it does not do this: it may not know the method. Another node may.
    pub fn is_declined(&self) -> bool {
        matches!(self, Self::Request { error, .. } if error.as_error_resp().is_some())
    }

    /// Why a contract refused, if one did.
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refused { refusal, .. } = self { Some(refusal) } else { None }
    }
}
