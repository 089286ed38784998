//! Who signed what.

use std::collections::HashMap;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_primitives::Address;
use rayon::prelude::*;

use crate::Transaction;

/// A signature that nobody made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature of transaction {index} is invalid")]
pub struct RecoveryError {
    /// Position among the transactions given.
    pub index: usize,
}

/// The senders of user transactions, recovered from their signatures on all cores.
///
/// A signature with a high `s` is invalid (EIP-2). Of several invalid signatures the first is
/// reported.
pub fn recover_senders<'a>(
    transactions: impl IntoIterator<Item = &'a Transaction>,
) -> Result<Vec<Address>, RecoveryError> {
    let transactions: Vec<&Transaction> = transactions.into_iter().collect();
    let senders: Vec<Option<Address>> =
        transactions.par_iter().with_min_len(16).map(|transaction| signer(transaction)).collect();
    senders.into_iter().enumerate().map(|(index, sender)| sender.ok_or(RecoveryError { index })).collect()
}

fn signer(transaction: &Transaction) -> Option<Address> {
    match transaction {
        Transaction::Legacy(tx) => tx.recover_signer().ok(),
        Transaction::Eip2930(tx) => tx.recover_signer().ok(),
        Transaction::Eip1559(tx) => tx.recover_signer().ok(),
        Transaction::Eip7702(tx) => tx.recover_signer().ok(),
        Transaction::Deposit(_) | Transaction::PostExec(_) => None,
    }
}

/// Expects that a sender goes on with the nonce after the last one, so that compact batches need
/// not say it.
#[derive(Default)]
pub(super) struct NoncePredictor(HashMap<Address, u64>);

impl NoncePredictor {
    /// The nonce as it is written: as it is for an unknown sender, else the zigzag difference
    /// to the one expected.
    pub(super) fn difference(&mut self, sender: Option<&Address>, nonce: u64) -> u64 {
        let Some(sender) = sender else { return nonce };
        match self.0.insert(*sender, nonce.wrapping_add(1)) {
            None => nonce,
            Some(expected) => {
                let difference = nonce.wrapping_sub(expected).cast_signed();
                (difference << 1 ^ difference >> 63).cast_unsigned()
            }
        }
    }

    /// The nonce that was written as `difference`.
    pub(super) fn nonce(&mut self, sender: Option<&Address>, difference: u64) -> u64 {
        let Some(sender) = sender else { return difference };
        let nonce = match self.0.get(sender) {
            None => difference,
            Some(expected) => {
                let magnitude = (difference >> 1).cast_signed();
                expected.wrapping_add_signed(magnitude ^ -(difference & 1).cast_signed())
            }
        };
        self.0.insert(*sender, nonce.wrapping_add(1));
        nonce
    }
}
