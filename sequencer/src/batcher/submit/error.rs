//! Why a step of the submitter failed.

use alloy::eips::eip4844::c_kzg;
use tokio::task::JoinError;

use super::fees::Fees;
use crate::{l1::L1Error, store::StoreError};

/// Why a step of the submitter failed. Nothing is lost: the next step goes on from what is stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// L1 could not be asked.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key could not sign.
    #[error("signing: {0}")]
    Signer(#[from] alloy::signers::Error),
    /// A stored transaction cannot be read back.
    #[error("stored transaction: {0}")]
    StoredTransaction(String),
    /// The blobs of a batch cannot be read back.
    #[error("blobs of batch {index}: {reason}")]
    Blobs {
        /// The batch.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// Cell proofs could not be computed.
    #[error("KZG: {0}")]
    Kzg(#[from] c_kzg::Error),
    /// L1 asks for more than the owner is willing to pay.
    #[error(
        "L1 asks for {} wei per gas and {} per blob gas, the limits are {gas_limit} and {blob_gas_limit}",
        wanted.gas, wanted.blob_gas
    )]
    TooExpensive {
        /// What a transaction would have to offer.
        wanted: Offer,
        /// Configured limit for gas, in wei.
        gas_limit: u128,
        /// Configured limit for blob gas, in wei.
        blob_gas_limit: u128,
    },
    /// A thread died.
    #[error("computing cell proofs failed: {0}")]
    Thread(#[from] JoinError),
}

/// What a transaction would have to offer, in wei per gas and per blob gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `maxFeePerGas`.
    pub gas: u128,
    /// `maxFeePerBlobGas`.
    pub blob_gas: u128,
}

impl From<Fees> for Offer {
    fn from(fees: Fees) -> Self {
        Self { gas: fees.gas, blob_gas: fees.blob_gas }
    }
}
