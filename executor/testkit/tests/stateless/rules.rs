//! Blocks that break a rule.

use alloy_consensus::{Signed, Transaction as _, TxEip1559};
use alloy_primitives::{Address, Signature, TxKind, U256};
use executor::{
    Transaction,
    batch::Batch,
    block::{BlockError, PushError},
    chain::DataMode::Auditable,
    derive::DeriveError,
    stateless::{self, Refusal},
};
use executor_testkit::{CHAIN_ID, GENESIS_TIME, ORIGIN_NUMBER, TestChain, Wallet};

use crate::workload::{Case, alloc, rich};

/// Runs other data than the sequencer's, in blobs of its own.
fn run(case: &Case, change: impl FnOnce(&mut Batch)) -> Refusal {
    let mut batch = case.chain.batch(case.first);
    change(&mut batch);
    let input = case.chain.input(case.first, &batch);
    stateless::run(&case.chain.config, &input, &case.witness).unwrap_err()
}

/// Three transfers by three wallets in one block.
fn transfers() -> Case {
    let mut chain = TestChain::new(Auditable, alloc());
    let transfers = [0, 1, 2].map(|index| Wallet::new(index).transfer(Address::repeat_byte(0xf0), 1));
    assert!(chain.build(ORIGIN_NUMBER, transfers).is_empty());
    Case::new(chain, 1)
}

#[test]
fn time_rises() {
    let case = rich(Auditable);
    let refusal = run(&case, |batch| batch.blocks[0].timestamp = GENESIS_TIME + 3);
    assert!(
        matches!(refusal, Refusal::Block { number: 4, source: BlockError::TimeNotRising { .. } }),
        "{refusal}"
    );
    let refusal = run(&case, |batch| batch.blocks[3].timestamp = batch.blocks[2].timestamp);
    assert!(
        matches!(refusal, Refusal::Block { number: 7, source: BlockError::TimeNotRising { .. } }),
        "{refusal}"
    );
}

#[test]
fn time_is_not_before_the_origins() {
    let case = rich(Auditable);
    let refusal = run(&case, |batch| batch.blocks[1].timestamp -= 1);
    assert!(
        matches!(refusal, Refusal::Block { number: 5, source: BlockError::TimeBeforeOrigin { .. } }),
        "{refusal}"
    );
}

#[test]
fn the_origin_does_not_go_back_or_beyond_what_is_known() {
    let case = rich(Auditable);
    let refusal = run(&case, |batch| batch.blocks[0].origin_number -= 1);
    assert!(
        matches!(refusal, Refusal::Derive(DeriveError::OriginWentBack { wanted: 99, parent: 100 })),
        "{refusal}"
    );
    let refusal = run(&case, |batch| batch.blocks[6].origin_number += 1);
    assert!(
        matches!(refusal, Refusal::Derive(DeriveError::UnknownOrigin { wanted: 105, newest: 104 })),
        "{refusal}"
    );
    // Whoever leaves the origin where it is leaves deposits out, and the headers lead further.
    assert!(matches!(
        run(&case, |batch| batch.blocks[6].origin_number -= 1),
        Refusal::Derive(DeriveError::UnusedHeaders { origin: 103, newest: 104 }) | Refusal::Witness(_)
    ));
}

/// Deposits cannot be put off to a later block of the batch either: that is another history.
#[test]
fn deposits_come_with_their_origin() {
    let case = rich(Auditable);
    let refusal = run(&case, |batch| batch.blocks[1].origin_number = 102);
    assert!(matches!(refusal, Refusal::Claim { .. } | Refusal::Witness(_) | Refusal::State(_)), "{refusal}");
}

#[test]
fn gas_fits_the_block() {
    let case = transfers();
    let mut config = case.chain.config.clone();
    config.gas_limit = 50_000;
    let refusal = stateless::run(&config, &case.input, &case.witness).unwrap_err();
    assert!(
        matches!(
            refusal,
            Refusal::Transaction {
                number: 1,
                index: 2,
                source: PushError::GasLimit { wanted: 21_000, left: 8_000 }
            }
        ),
        "{refusal}"
    );
}

#[test]
fn transactions_are_valid() {
    let case = transfers();
    let replaced =
        |transaction: Transaction| run(&case, |batch| batch.blocks[0].transactions[1] = transaction);
    let invalid = |refusal: Refusal| match refusal {
        Refusal::Transaction { number: 1, index: 1, source: PushError::Invalid(reason) } => {
            reason.to_string()
        }
        refusal => panic!("{refusal}"),
    };

    let mut wallet = Wallet::new(1);
    wallet.nonce = 1;
    let reason = invalid(replaced(wallet.transfer(Address::repeat_byte(0xf0), 1)));
    assert!(reason.contains("nonce"), "{reason}");

    let mut wallet = Wallet::new(1);
    let value = U256::from(10).pow(U256::from(22));
    let poor = wallet.send(TxKind::Call(Address::repeat_byte(0xf0)), value, Default::default(), 21_000);
    let reason = invalid(replaced(poor));
    assert!(reason.contains("funds") || reason.contains("balance"), "{reason}");

    let mut wallet = Wallet::new(1);
    let little =
        wallet.send(TxKind::Call(Address::repeat_byte(0xf0)), U256::from(1), Default::default(), 20_999);
    let reason = invalid(replaced(little));
    assert!(reason.contains("gas"), "{reason}");

    let cheap = TxEip1559 {
        chain_id: CHAIN_ID,
        gas_limit: 21_000,
        max_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(0xf0)),
        ..Default::default()
    };
    let reason = invalid(replaced(Wallet::new(1).sign(cheap)));
    assert!(reason.contains("gas price") || reason.contains("fee"), "{reason}");
}

/// The data does not say for which chain a transaction was signed: signed for another one, it is
/// somebody else's.
#[test]
fn a_signature_for_another_chain_is_another_sender() {
    let case = transfers();
    let Transaction::Eip1559(good) = &case.chain.batch(1).blocks[0].transactions[1] else { panic!() };
    let foreign = Wallet::new(1).sign(TxEip1559 { chain_id: 1, ..good.tx().clone() });
    let Transaction::Eip1559(foreign) = foreign else { panic!() };
    let transaction: Transaction = Signed::new_unhashed(good.tx().clone(), *foreign.signature()).into();
    assert_eq!(transaction.chain_id(), Some(CHAIN_ID));
    let refusal = run(&case, |batch| batch.blocks[0].transactions[1] = transaction);
    assert!(
        matches!(
            refusal,
            Refusal::Transaction { index: 1, source: PushError::State(_) | PushError::Invalid(_), .. }
        ),
        "{refusal}"
    );
}

#[test]
fn signatures_are_valid() {
    let case = transfers();
    let Transaction::Eip1559(good) = &case.chain.batch(1).blocks[0].transactions[2] else { panic!() };
    let order =
        U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    let signature = good.signature();
    for bad in [
        // The same signature with a high s, which EIP-2 forbids.
        Signature::new(signature.r(), order - signature.s(), !signature.v()),
        Signature::new(U256::ZERO, signature.s(), signature.v()),
        Signature::new(signature.r(), U256::ZERO, signature.v()),
        Signature::new(U256::MAX, signature.s(), signature.v()),
    ] {
        let transaction = Signed::new_unhashed(good.tx().clone(), bad).into();
        let refusal = run(&case, |batch| batch.blocks[0].transactions[2] = transaction);
        assert!(matches!(&refusal, Refusal::Signature(error) if error.index == 2), "{refusal}");
    }
}

#[test]
fn transactions_left_out_added_or_moved_are_another_block() {
    let case = transfers();
    let refusal = run(&case, |batch| drop(batch.blocks[0].transactions.remove(1)));
    assert!(matches!(refusal, Refusal::Witness(_) | Refusal::Claim { .. }), "{refusal}");
    let refusal = run(&case, |batch| batch.blocks[0].transactions.swap(0, 1));
    assert!(matches!(refusal, Refusal::Claim { field: "outputRoot", .. }), "{refusal}");
    let refusal = run(&case, |batch| {
        let twice = batch.blocks[0].transactions[0].clone();
        batch.blocks[0].transactions.push(twice);
    });
    assert!(
        matches!(refusal, Refusal::Transaction { index: 3, source: PushError::Invalid(_), .. }),
        "{refusal}"
    );
}
