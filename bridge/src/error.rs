//! Why an operation did not reach its end. It can be run again, and picks up where it stands.

use alloy_primitives::{Address, B256};
use executor::deposit::DepositError;

use crate::{
    amount::AmountError,
    chain::{Error as ChainError, Layer},
    journal::JournalError,
    proof::ProofError,
    sender::SendError,
    token::TokenError,
    withdrawal::WithdrawalError,
};

/// Why an operation did not reach its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node did not answer, or a contract refuses.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction did not get into a block, or not well.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The L2 node shows a withdrawal that cannot be.
    #[error(transparent)]
    Withdrawal(#[from] WithdrawalError),
    /// The L1 node shows a deposit that cannot be.
    #[error("the L1 node shows a deposit that is not well-formed: {0}")]
    Deposit(#[from] DepositError),
    /// The L2 node's proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The token is not known, or not well.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Not an amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// A transaction does something else than what was asked for: the node lies, or the contract is another one.
    #[error("{layer} transaction {transaction} is not what was asked for: {reason}")]
    Unexpected {
        /// Which chain.
        layer: Layer,
        /// Its hash.
        transaction: B256,
        /// What is wrong.
        reason: String,
    },
    /// Neither chain knows the hash.
    #[error("neither chain knows {0} as a deposit, a withdrawal or their transaction")]
    NotFound(B256),
    /// The transaction was rolled back.
    #[error(
        "{layer} transaction {transaction} is in no block any more: the chain was reorganised. Run again"
    )]
    RolledBack {
        /// Which chain.
        layer: Layer,
        /// Its hash.
        transaction: B256,
    },
    /// The output does not cover the withdrawal.
    #[error("the L1 node names output {index} of block {covered} for a withdrawal in block {block}")]
    WrongOutput {
        /// Its number.
        index: u64,
        /// What it covers.
        covered: u64,
        /// What it should.
        block: u64,
    },
    /// There is nothing to replay.
    #[error("there is nothing to replay: {0}")]
    NothingToReplay(String),
    /// The account has less than it wants to move.
    #[error("{layer}: {account} has {balance} {symbol}, {needed} are needed")]
    Balance {
        /// Which chain.
        layer: Layer,
        /// The account.
        account: Address,
        /// What it has, in human units.
        balance: String,
        /// What it needs.
        needed: String,
        /// Of what.
        symbol: String,
    },
}

impl Error {
    /// Whether it may be gone at the next attempt.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Chain(error) => error.is_temporary(),
            Self::Send(error) => error.is_temporary(),
            Self::RolledBack { .. } => true,
            _ => false,
        }
    }

    /// Whether the contracts say that somebody else has done it.
    pub fn is_done_already(&self) -> bool {
        let (Self::Chain(error) | Self::Send(SendError::Chain(error))) = self else { return false };
        error.refusal().is_some_and(|refusal| refusal.is_done_already())
    }
}
