//! `eth_call` and `eth_estimateGas`.

use alloy_primitives::{Bytes, TxKind, U256};
use executor::block::{CallError, CallRequest, call};
use revm::context_interface::result::{ExecutionResult, InvalidTransaction};

use crate::chain::{BASE_FEE, Chain, ETHER, account};

fn run(chain: &Chain, request: CallRequest) -> Result<ExecutionResult, CallError> {
    call(&chain.config, chain.parent(), &chain.state, CallRequest { gas_limit: 30_000_000, ..request })
}

fn to(byte: u8) -> TxKind {
    TxKind::Call(account(byte))
}

#[test]
fn a_call_without_a_price_is_free_for_anyone() {
    let mut chain = Chain::new();
    // Returns BASEFEE and GASPRICE.
    chain.state.insert(account(0x10), 1, 0, "0x485f523a60205260405ff3");
    chain.state.insert(account(0x11), 9, 0, "0x00");
    for from in [account(0xb0), account(0x11), account(0xa0)] {
        let result = run(&chain, CallRequest { from, to: to(0x10), ..Default::default() }).unwrap();
        assert_eq!(result.output().unwrap(), &Bytes::from(vec![0; 64]));
    }
    assert!(chain.state.accounts[&account(0xa0)].nonce == 0, "nothing is written");
}

#[test]
fn a_call_with_a_price_has_to_pay_it() {
    let mut chain = Chain::new();
    chain.state.insert(account(0x10), 1, 0, "0x485f523a60205260405ff3");
    let request = |from: u8, gas_price| CallRequest {
        from: account(from),
        to: to(0x10),
        gas_price,
        ..Default::default()
    };
    let price = 2 * u128::from(BASE_FEE);
    let result = run(&chain, request(0xa0, price)).unwrap();
    let words = result.output().unwrap();
    assert_eq!(U256::from_be_slice(&words[..32]), U256::from(BASE_FEE));
    assert_eq!(U256::from_be_slice(&words[32..]), U256::from(price));
    let invalid = |result| match result {
        Err(CallError::Invalid(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let reason = invalid(run(&chain, request(0xb0, price)));
    assert!(matches!(reason, InvalidTransaction::LackOfFundForMaxFee { .. }), "{reason}");
    let reason = invalid(run(&chain, request(0xa0, 1)));
    assert!(matches!(reason, InvalidTransaction::GasPriceLessThanBasefee), "{reason}");
    let reason = invalid(run(&chain, request(0xa0, u128::MAX)));
    assert!(matches!(reason, InvalidTransaction::OverflowPaymentInTransaction), "{reason}");
    let tip = CallRequest { gas_priority_fee: Some(price + 1), ..request(0xa0, price) };
    let reason = invalid(run(&chain, tip));
    assert!(matches!(reason, InvalidTransaction::PriorityFeeGreaterThanMaxFee), "{reason}");
}

#[test]
fn a_call_cannot_send_what_its_sender_has_not() {
    let chain = Chain::new();
    let request = |value| CallRequest { from: account(0xa0), to: to(0x55), value, ..Default::default() };
    assert!(run(&chain, request(U256::from(1000 * ETHER))).unwrap().is_success());
    let result = run(&chain, request(U256::from(1000 * ETHER + 1)));
    assert!(matches!(result, Err(CallError::Invalid(InvalidTransaction::LackOfFundForMaxFee { .. }))));
}

#[test]
fn reverts_and_halts_are_results() {
    let mut chain = Chain::new();
    chain.state.insert(account(0x10), 1, 0, "0x61dead5f5260205ffd");
    chain.state.insert(account(0x11), 1, 0, "0x5b5f56");
    let result = run(&chain, CallRequest { to: to(0x10), ..Default::default() }).unwrap();
    let ExecutionResult::Revert { output, .. } = result else { panic!("{result:?}") };
    assert_eq!(output[30..], [0xde, 0xad]);
    // Above the cap of EIP-7825: how much gas a call may have is the caller's business.
    let result = run(&chain, CallRequest { to: to(0x11), ..Default::default() }).unwrap();
    assert!(result.is_halt());
    assert_eq!(result.tx_gas_used(), 30_000_000);
}

#[test]
fn a_deployment_returns_its_code() {
    let chain = Chain::new();
    let request =
        |data: Bytes| CallRequest { from: account(0xa0), to: TxKind::Create, data, ..Default::default() };
    let result = run(&chain, request("0x60015ff3".parse().unwrap())).unwrap();
    assert_eq!(result.output().unwrap(), &Bytes::from_static(&[0]));
    assert_eq!(result.created_address(), Some(account(0xa0).create(0)));
    let result = run(&chain, request(vec![0; 49_153].into()));
    assert!(matches!(result, Err(CallError::Invalid(InvalidTransaction::CreateInitCodeSizeLimit))));
}

#[test]
fn a_state_that_cannot_be_read_is_an_error() {
    let mut chain = Chain::new();
    chain.state.broken = Some(account(0x55));
    let result = run(&chain, CallRequest { from: account(0xa0), to: to(0x55), ..Default::default() });
    assert!(matches!(result, Err(CallError::State(_))));
}
