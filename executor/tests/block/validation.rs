//! Checks that do not need the state agree with what the EVM would say.

use alloy_consensus::{TxEip1559, TxLegacy};
use alloy_primitives::{Bytes, TxKind};
use executor::{
    Transaction,
    block::{PushError, TxError, validate_stateless},
};
use op_alloy_consensus::TxDeposit;

use crate::chain::{
    BASE_FEE, CHAIN_ID, Chain, account, call, create, legacy, recovered, transaction, transfer,
};

const RICH: u8 = 0xa0;

#[test]
fn each_refusal_has_its_reason_and_the_block_refuses_too() {
    let chain = Chain::new();
    let to = TxKind::Call(account(0x55));
    let tx = TxLegacy { gas_price: BASE_FEE.into(), gas_limit: 21_000, to, ..Default::default() };
    let tip_above_cap = {
        let tx = TxEip1559 {
            chain_id: CHAIN_ID,
            gas_limit: 21_000,
            max_fee_per_gas: 10 * u128::from(BASE_FEE),
            max_priority_fee_per_gas: 10 * u128::from(BASE_FEE) + 1,
            to,
            ..Default::default()
        };
        let signed = alloy_consensus::Signed::new_unhashed(tx, alloy_primitives::Signature::test_signature());
        recovered(account(RICH), Transaction::Eip1559(signed))
    };
    let floor =
        TxEip1559 { gas_limit: 50_000, to, input: Bytes::from(vec![0x11; 1000]), ..Default::default() };
    let long_init_code = TxEip1559 {
        gas_limit: 10_000_000,
        to: TxKind::Create,
        input: vec![0; 49_153].into(),
        ..Default::default()
    };
    let fee_cap = 10 * u128::from(BASE_FEE);
    for (transaction, reason) in [
        (recovered(account(RICH), TxDeposit::default().into()), TxError::NotAllowed(0x7e)),
        (
            legacy(account(RICH), TxLegacy { chain_id: Some(1), ..tx }),
            TxError::ChainId { expected: CHAIN_ID, actual: 1 },
        ),
        (
            call(account(RICH), 0, account(0x55), (1 << 24) + 1),
            TxError::GasLimitAboveCap { gas_limit: (1 << 24) + 1, cap: 1 << 24 },
        ),
        (
            call(account(RICH), 0, account(0x55), 20_999),
            TxError::IntrinsicGas { gas_limit: 20_999, needed: 21_000 },
        ),
        (transaction(account(RICH), floor), TxError::FloorGas { gas_limit: 50_000, needed: 61_000 }),
        (transaction(account(RICH), long_init_code), TxError::InitCodeSize { size: 49_153, limit: 49_152 }),
        (tip_above_cap, TxError::TipAboveFeeCap { tip: fee_cap + 1, fee_cap }),
        (transfer(account(RICH), u64::MAX, account(0x55), 0), TxError::NonceOverflow),
    ] {
        assert_eq!(validate_stateless(&chain.config, &transaction), Err(reason.clone()));
        let mut block = chain.begin(chain.input()).unwrap();
        let result = block.push(transaction);
        assert!(matches!(result, Err(PushError::Refused(_) | PushError::Invalid(_))), "{reason}: {result:?}");
    }
}

#[test]
fn what_a_block_takes_passes() {
    let chain = Chain::new();
    let to = TxKind::Call(account(0x55));
    let old =
        TxLegacy { chain_id: None, gas_price: BASE_FEE.into(), gas_limit: 21_000, to, ..Default::default() };
    for transaction in [
        transfer(account(RICH), 0, account(0x55), 1),
        call(account(RICH), 0, account(0x55), 1 << 24),
        create(account(RICH), 0, "0x60015ff3".parse().unwrap()),
        legacy(account(RICH), old),
    ] {
        assert_eq!(validate_stateless(&chain.config, &transaction), Ok(()));
        chain.run(&[transaction]);
    }
}

#[test]
fn the_block_gas_limit_caps_a_transaction_too() {
    let mut chain = Chain::new();
    chain.config.gas_limit = 1_000_000;
    let transaction = call(account(RICH), 0, account(0x55), 1_000_001);
    let expected = TxError::GasLimitAboveCap { gas_limit: 1_000_001, cap: 1_000_000 };
    assert_eq!(validate_stateless(&chain.config, &transaction), Err(expected));
}
