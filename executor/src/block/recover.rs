//! The sender of a transaction.

use alloy_consensus::{
    crypto::RecoveryError,
    transaction::{Recovered, SignerRecoverable},
};

use crate::Transaction;

/// Recovers the sender of a user transaction from its signature (low `s` only, EIP-2); the sender of
/// a deposit is part of it.
///
/// An error for the type `0x7D`, which has no sender.
pub fn recover(transaction: Transaction) -> Result<Recovered<Transaction>, RecoveryError> {
    let sender = match &transaction {
        Transaction::Legacy(tx) => tx.recover_signer()?,
        Transaction::Eip2930(tx) => tx.recover_signer()?,
        Transaction::Eip1559(tx) => tx.recover_signer()?,
        Transaction::Eip7702(tx) => tx.recover_signer()?,
        Transaction::Deposit(tx) => tx.from,
        Transaction::PostExec(_) => return Err(RecoveryError::new()),
    };
    Ok(Recovered::new_unchecked(transaction, sender))
}
