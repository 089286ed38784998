//! Bytes in, transition or refusal out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use executor::{
    block::{BlockError, PushError},
    chain::ChainConfig,
    derive::DeriveError,
    stateless::{self, BatchInput, Refusal},
    transition::Transition,
    witness::Witness,
};
use prover_core::enclave::{Prove, RefusalCode, Refused};

/// Runs a batch over its witness. [`execute`], or something else in tests.
pub type Execute = fn(&ChainConfig, &Prove) -> Result<Transition, Refused>;

/// Longest reason that is sent, in bytes.
const MAX_REASON: usize = 1000;

/// Decodes and re-executes a batch.
pub fn execute(config: &ChainConfig, request: &Prove) -> Result<Transition, Refused> {
    let malformed = |error: &dyn std::fmt::Display| refused(RefusalCode::Malformed, error);
    let input = BatchInput::decode(request.input.clone()).map_err(|error| malformed(&error))?;
    let witness = Witness::decode(request.witness.clone()).map_err(|error| malformed(&error))?;
    stateless::run(config, &input, &witness).map_err(|refusal| refused(code(&refusal), &refusal))
}

/// Runs `execute` so that a defect in it stops this request and nothing else.
///
/// Execution shares no state with the rest of the enclave, so after a panic there is nothing to
/// repair; and without a return value there is nothing to sign.
pub fn contained(execute: Execute, config: &ChainConfig, request: &Prove) -> Result<Transition, Refused> {
    catch_unwind(AssertUnwindSafe(|| execute(config, request)))
        .unwrap_or_else(|_| Err(refused(RefusalCode::Internal, &"execution panicked")))
}

/// A refusal whose reason fits into a frame.
pub fn refused(code: RefusalCode, reason: &dyn std::fmt::Display) -> Refused {
    let mut reason = reason.to_string();
    if reason.len() > MAX_REASON {
        let end = (0..=MAX_REASON).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
        reason.truncate(end);
    }
    Refused { code, reason }
}

/// What kind of thing to look at.
fn code(refusal: &Refusal) -> RefusalCode {
    match refusal {
        Refusal::ParentHeader | Refusal::Parent { .. } => RefusalCode::Parent,
        Refusal::Witness(_) | Refusal::State(_) => RefusalCode::Witness,
        // A block that cannot read its state lacks witness, whichever rule asked for it.
        Refusal::Block { source: BlockError::State(_), .. }
        | Refusal::Transaction { source: PushError::State(_), .. } => RefusalCode::Witness,
        Refusal::Derive(error) => derive_code(error),
        Refusal::Blob(_)
        | Refusal::Batch(_)
        | Refusal::Signature(_)
        | Refusal::Sender { .. }
        | Refusal::TransactionsRoot { .. } => RefusalCode::Data,
        Refusal::Block { .. } | Refusal::Transaction { .. } => RefusalCode::Block,
        Refusal::Claim { .. } => RefusalCode::Claim,
        // A kind that this crate does not know yet.
        _ => RefusalCode::Internal,
    }
}

/// Receipts are about deposits, everything else about the chain of L1 headers.
fn derive_code(error: &DeriveError) -> RefusalCode {
    match error {
        DeriveError::MissingReceipts(_)
        | DeriveError::UnexpectedReceipts(_)
        | DeriveError::ReceiptsRoot { .. }
        | DeriveError::Deposit { .. } => RefusalCode::Deposits,
        _ => RefusalCode::L1Origin,
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;
    use executor::state::StateError;

    use super::*;

    #[test]
    fn every_kind_of_refusal_has_its_code() {
        let hash = B256::ZERO;
        let parent = Refusal::Parent { first: 2, claimed: hash, number: 0, parent: hash };
        assert_eq!(code(&parent), RefusalCode::Parent);
        assert_eq!(code(&Refusal::ParentHeader), RefusalCode::Parent);
        assert_eq!(code(&StateError::MissingCode(hash).into()), RefusalCode::Witness);
        let in_block = Refusal::Block { number: 1, source: BlockError::State(StateError::MissingCode(hash)) };
        assert_eq!(code(&in_block), RefusalCode::Witness, "whoever asked, the witness lacks it");
        assert_eq!(code(&DeriveError::MissingReceipts(1).into()), RefusalCode::Deposits);
        assert_eq!(code(&DeriveError::HeaderNumber { expected: 1, got: 2 }.into()), RefusalCode::L1Origin);
        let root = Refusal::TransactionsRoot { number: 1, computed: hash, claimed: hash };
        assert_eq!(code(&root), RefusalCode::Data);
        let claim = Refusal::Claim { field: "outputRoot", computed: "a".into(), claimed: "b".into() };
        assert_eq!(code(&claim), RefusalCode::Claim);
    }
}
