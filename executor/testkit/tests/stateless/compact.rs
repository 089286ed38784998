//! Compact batches: the data names senders, and the run still checks signatures.

use alloy_primitives::{Address, B256, U256};
use executor::{batch::BatchError, chain::DataMode::Compact, stateless::Refusal};

use crate::workload::{rich, small};

#[test]
fn the_data_names_the_signers() {
    let case = rich(Compact);
    let mut batch = case.chain.batch(case.first);
    batch.blocks[0].compact.as_mut().unwrap().senders[1] = Address::repeat_byte(1);
    let input = case.chain.input(case.first, &batch);
    let refusal = case.run_with(|honest| *honest = input).unwrap_err();
    assert!(
        matches!(refusal, Refusal::Sender { index: 1, claimed, .. } if claimed == Address::repeat_byte(1)),
        "{refusal}"
    );
}

#[test]
fn the_data_holds_the_transactions_roots() {
    let case = rich(Compact);
    let mut batch = case.chain.batch(case.first);
    batch.blocks[2].compact.as_mut().unwrap().transactions_root = B256::ZERO;
    let input = case.chain.input(case.first, &batch);
    let refusal = case.run_with(|honest| *honest = input).unwrap_err();
    assert!(matches!(refusal, Refusal::TransactionsRoot { number: 6, claimed: B256::ZERO, .. }), "{refusal}");
}

#[test]
fn signatures_come_with_the_input() {
    let case = small(Compact);
    let refusal = case.run_with(|input| input.signatures.clear()).unwrap_err();
    assert!(matches!(refusal, Refusal::Batch(BatchError::Signatures { expected: 1, got: 0 })), "{refusal}");
    let refusal = case
        .run_with(|input| {
            let good = input.signatures[0];
            input.signatures[0] =
                alloy_primitives::Signature::new(good.r(), good.s() ^ U256::from(1), good.v());
        })
        .unwrap_err();
    assert!(matches!(refusal, Refusal::Sender { .. } | Refusal::Signature(_)), "{refusal}");
}
