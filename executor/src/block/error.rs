//! Why a block or a transaction was refused.

use alloy_primitives::Address;
use revm::context_interface::result::{EVMError, HaltReason, InvalidTransaction};

use super::TxError;
use crate::state::StateError;

/// Why the EVM could not run a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvmError {
    /// The transaction breaks a rule of the protocol; the state is as it was before.
    #[error("invalid transaction: {0}")]
    Invalid(InvalidTransaction),
    /// State could not be read; whatever was being built must be dropped.
    #[error(transparent)]
    State(#[from] StateError),
    /// A failure that no transaction can cause by itself; whatever was being built must be dropped.
    #[error("the EVM failed: {0}")]
    Fatal(String),
}

impl From<EVMError<StateError, InvalidTransaction>> for EvmError {
    fn from(error: EVMError<StateError, InvalidTransaction>) -> Self {
        match error {
            EVMError::Transaction(reason) => Self::Invalid(reason),
            EVMError::Database(error) => Self::State(error),
            EVMError::Header(error) => Self::Fatal(error.to_string()),
            EVMError::Custom(error) => Self::Fatal(error),
            EVMError::CustomAny(error) => Self::Fatal(error.to_string()),
        }
    }
}

/// Why a transaction was not added to a block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The transaction can be in no block of this chain, whatever the state. Drop it.
    #[error(transparent)]
    Refused(#[from] TxError),
    /// The transaction is invalid on the state it met. It may be valid on another; the block is as
    /// it was before.
    #[error("invalid transaction: {0}")]
    Invalid(InvalidTransaction),
    /// The block has not enough gas left. The transaction may fit the next block.
    #[error("the transaction may use {wanted} gas, the block has {left} left")]
    GasLimit {
        /// Gas limit of the transaction.
        wanted: u64,
        /// Gas that the block has left.
        left: u64,
    },
    /// State could not be read. Drop the block.
    #[error(transparent)]
    State(#[from] StateError),
    /// The EVM failed for a reason that no transaction can cause by itself. Drop the block.
    #[error("the EVM failed: {0}")]
    Fatal(String),
}

impl From<EvmError> for PushError {
    fn from(error: EvmError) -> Self {
        match error {
            EvmError::Invalid(reason) => Self::Invalid(reason),
            EvmError::State(error) => Self::State(error),
            EvmError::Fatal(error) => Self::Fatal(error),
        }
    }
}

/// Why a block could not be begun or finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// Block time must rise.
    #[error("block time {timestamp} is not after the parent's, {parent}")]
    TimeNotRising {
        /// Time of the block, in Unix seconds.
        timestamp: u64,
        /// Time of the parent, in Unix seconds.
        parent: u64,
    },
    /// A block cannot be older than the L1 block it refers to.
    #[error("block time {timestamp} is before that of its L1 origin, {origin}")]
    TimeBeforeOrigin {
        /// Time of the block, in Unix seconds.
        timestamp: u64,
        /// Time of the origin, in Unix seconds.
        origin: u64,
    },
    /// The L1 origin never goes back.
    #[error("L1 origin {origin} is before the parent's, {parent}")]
    OriginWentBack {
        /// Number of the origin.
        origin: u64,
        /// Number of the parent's origin.
        parent: u64,
    },
    /// Deposits come only with the L1 blocks that hold them.
    #[error("{deposits} deposits, but the L1 origin stays at {origin}")]
    DepositsWithoutOrigin {
        /// Number of the origin.
        origin: u64,
        /// How many deposits there were.
        deposits: usize,
    },
    /// The deposits alone may use more gas than a block has.
    #[error("the deposits may use {deposits} gas, a block has {limit}")]
    DepositsExceedGasLimit {
        /// Sum of the gas limits of the deposits.
        deposits: u128,
        /// Gas limit of the block.
        limit: u64,
    },
    /// `isSystemTransaction` deposits went out of use with Regolith.
    #[error("deposit {index} is marked as a system transaction")]
    SystemDeposit {
        /// Index of the deposit in the block.
        index: usize,
    },
    /// The parent header lacks a field that every header of this chain has.
    #[error("the parent header lacks {field}")]
    ParentHeader {
        /// Name of the field.
        field: &'static str,
    },
    /// The parent is the last block that can be numbered.
    #[error("no block can follow block {0}")]
    NumberOverflow(u64),
    /// A contract that every block calls is not there.
    #[error("the system contract {0} has no code")]
    MissingSystemContract(Address),
    /// A system call reverted.
    #[error("the system call to {contract} reverted")]
    SystemCallReverted {
        /// The contract called.
        contract: Address,
    },
    /// A system call halted.
    #[error("the system call to {contract} halted: {reason:?}")]
    SystemCallHalted {
        /// The contract called.
        contract: Address,
        /// Why it halted.
        reason: HaltReason,
    },
    /// State could not be read. Drop the block.
    #[error(transparent)]
    State(#[from] StateError),
    /// The EVM failed. Drop the block.
    #[error("the EVM failed: {0}")]
    Fatal(String),
}

impl From<EvmError> for BlockError {
    fn from(error: EvmError) -> Self {
        match error {
            EvmError::State(error) => Self::State(error),
            EvmError::Invalid(reason) => Self::Fatal(reason.to_string()),
            EvmError::Fatal(error) => Self::Fatal(error),
        }
    }
}
