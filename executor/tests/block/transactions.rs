//! User transactions.

use alloy_consensus::{Signed, TxEip1559, TxEip7702, TxLegacy, TxReceipt};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{B256, Bytes, KECCAK256_EMPTY, Signature, TxKind, U256, address, b256};
use executor::{
    Receipt, Transaction,
    block::{PushError, TxError},
    chain::{BASE_FEE_VAULT, SEQUENCER_FEE_VAULT},
    state::{Account, AccountChange},
};
use op_alloy_consensus::{TxDeposit, TxPostExec};
use revm::context_interface::result::InvalidTransaction;

use crate::chain::{
    BASE_FEE, CHAIN_ID, Chain, ETHER, account, call, create, legacy, recovered, transaction, transfer,
};

const RICH: u8 = 0xa0;

#[test]
fn fees_go_to_the_two_vaults() {
    let chain = Chain::new();
    let block = chain.run(&[
        transfer(account(RICH), 0, account(0x55), 5),
        // No tip at all.
        transaction(
            account(RICH),
            TxEip1559 { nonce: 1, gas_limit: 21_000, to: TxKind::Call(account(0x55)), ..Default::default() },
        ),
    ]);
    let balance = |address| block.changes.accounts[&address].account.unwrap().balance;
    let gas = U256::from(42_000);
    assert_eq!(balance(BASE_FEE_VAULT), gas * U256::from(BASE_FEE));
    assert_eq!(balance(SEQUENCER_FEE_VAULT), gas * U256::from(BASE_FEE));
    assert_eq!(balance(account(0x55)), U256::from(5));
    let spent = gas * U256::from(2 * BASE_FEE) + U256::from(5);
    assert_eq!(balance(account(RICH)), U256::from(1000 * ETHER) - spent);
    assert_eq!(block.gas_used(), 42_000);
    assert_eq!(block.receipts[1].cumulative_gas_used(), 42_000);
}

#[test]
fn what_is_invalid_changes_nothing() {
    let mut chain = Chain::new();
    chain.state.insert(account(0xa1), 3, u128::from(BASE_FEE) * 21_000, "0x");
    chain.state.insert(account(0xa2), 0, ETHER, "0x00");
    let expected = chain.run(&[transfer(account(RICH), 0, account(0x55), 5)]);

    let mut block = chain.begin(chain.input()).unwrap();
    block.push(transfer(account(RICH), 0, account(0x55), 5)).unwrap();
    let mut refused = |transaction, check: fn(&InvalidTransaction) -> bool| match block.push(transaction) {
        Err(PushError::Invalid(reason)) => assert!(check(&reason), "{reason}"),
        other => panic!("{other:?}"),
    };
    use InvalidTransaction::*;
    refused(transfer(account(RICH), 0, account(0x55), 5), |e| matches!(e, NonceTooLow { tx: 0, state: 1 }));
    refused(transfer(account(RICH), 2, account(0x55), 5), |e| matches!(e, NonceTooHigh { tx: 2, state: 1 }));
    refused(transfer(account(0xa1), 3, account(0x55), 5), |e| matches!(e, LackOfFundForMaxFee { .. }));
    refused(transfer(account(0xa2), 0, account(0x55), 5), |e| matches!(e, RejectCallerWithCode));
    refused(call(account(RICH), 1, account(0x55), 20_999), |e| {
        matches!(e, CallGasCostMoreThanGasLimit { .. })
    });
    refused(call(account(RICH), 1, account(0x55), (1 << 24) + 1), |e| {
        matches!(e, TxGasLimitGreaterThanCap { .. })
    });
    let data = Bytes::from(vec![0x11; 1000]);
    let to = TxKind::Call(account(0x55));
    refused(
        transaction(
            account(RICH),
            TxEip1559 { nonce: 1, gas_limit: 50_000, to, input: data, ..Default::default() },
        ),
        |e| matches!(e, GasFloorMoreThanGasLimit { gas_floor: 61_000, .. }),
    );
    let tx = TxLegacy { chain_id: Some(CHAIN_ID), nonce: 1, gas_limit: 21_000, to, ..Default::default() };
    refused(legacy(account(RICH), tx.clone()), |e| matches!(e, GasPriceLessThanBasefee));
    let foreign = TxLegacy { chain_id: Some(1), gas_price: BASE_FEE.into(), ..tx };
    refused(legacy(account(RICH), foreign), |e| matches!(e, InvalidChainId));
    refused(create(account(RICH), 1, vec![0; 49_153].into()), |e| {
        matches!(e, CreateInitCodeSizeLimit | CallGasCostMoreThanGasLimit { .. })
    });

    let block = block.finish().unwrap();
    assert_eq!(block.changes, expected.changes);
    assert_eq!(block.receipts, expected.receipts);
}

#[test]
fn types_of_the_protocol_cannot_be_pushed() {
    let chain = Chain::new();
    let mut block = chain.begin(chain.input()).unwrap();
    let deposit = Transaction::from(TxDeposit { gas_limit: 21_000, ..Default::default() });
    let result = block.push(recovered(account(RICH), deposit));
    assert!(matches!(result, Err(PushError::Refused(TxError::NotAllowed(0x7e)))), "{result:?}");
    let result = block.push(recovered(account(RICH), Transaction::from(TxPostExec::default())));
    assert!(matches!(result, Err(PushError::Refused(TxError::NotAllowed(0x7d)))), "{result:?}");
    assert_eq!(block.transaction_count(), 0);
}

/// Deterministic deployment proxies come to a chain by transactions without a chain id.
#[test]
fn a_transaction_from_before_eip_155_is_accepted() {
    let chain = Chain::new();
    let to = TxKind::Call(account(0x55));
    let tx =
        TxLegacy { chain_id: None, gas_price: BASE_FEE.into(), gas_limit: 21_000, to, ..Default::default() };
    let block = chain.run(&[legacy(account(RICH), tx)]);
    assert!(matches!(&block.receipts[0], Receipt::Legacy(receipt) if receipt.status()));
}

#[test]
fn a_block_takes_a_transaction_only_if_its_whole_gas_fits() {
    let mut chain = Chain::new();
    chain.config.gas_limit = 100_000;
    let mut block = chain.begin(chain.input()).unwrap();
    block.push(call(account(RICH), 0, account(0x55), 100_000)).unwrap();
    assert_eq!((block.gas_used(), block.gas_left()), (21_000, 79_000));
    let result = block.push(call(account(RICH), 1, account(0x55), 79_001));
    assert!(matches!(result, Err(PushError::GasLimit { wanted: 79_001, left: 79_000 })), "{result:?}");
    block.push(call(account(RICH), 1, account(0x55), 79_000)).unwrap();
}

#[test]
fn a_failed_transaction_pays_and_steps_the_nonce() {
    let mut chain = Chain::new();
    chain.state.insert(account(0x10), 1, 0, "0x60015f55fe");
    let mut block = chain.begin(chain.input()).unwrap();
    let pushed = block.push(call(account(RICH), 0, account(0x10), 60_000)).unwrap();
    assert!(!pushed.success);
    assert_eq!(pushed.gas_used, 60_000);
    let block = block.finish().unwrap();
    assert!(!block.changes.accounts.contains_key(&account(0x10)));
    assert_eq!(block.changes.accounts[&account(RICH)].account.unwrap().nonce, 1);
}

/// Value that goes there and back within a block is no difference.
#[test]
fn only_real_differences_are_listed() {
    let mut chain = Chain::new();
    // Stores the first word of the calldata in slot 0.
    chain.state.insert(account(0x10), 1, 0, "0x5f355f5500");
    chain.state.storage.insert((account(0x10), U256::ZERO), U256::from(1));
    let store = |nonce, word: u8| {
        let input = B256::with_last_byte(word).into();
        let to = TxKind::Call(account(0x10));
        transaction(account(RICH), TxEip1559 { nonce, gas_limit: 60_000, to, input, ..Default::default() })
    };
    let block = chain.run(&[store(0, 2), store(1, 0), store(2, 1)]);
    assert!(!block.changes.accounts.contains_key(&account(0x10)));
    let block = chain.run(&[store(0, 2), store(1, 3)]);
    let AccountChange { storage, .. } = &block.changes.accounts[&account(0x10)];
    assert_eq!(*storage, [(U256::ZERO, U256::from(3))].into());
    // The second write is measured against the value that the first left (EIP-2200).
    assert_eq!(block.receipts[0].cumulative_gas_used(), block.receipts[1].cumulative_gas_used() / 2);
}

/// EIP-161: a call without value does not bring its target to be.
#[test]
fn touched_accounts_that_are_empty_do_not_exist() {
    let chain = Chain::new();
    let block = chain.run(&[call(account(RICH), 0, account(0x55), 21_000)]);
    assert!(!block.changes.accounts.contains_key(&account(0x55)));
    assert!(block.accessed.accounts.contains_key(&account(0x55)));
}

/// Init code that writes slot 0, then SELFDESTRUCTs to 77..: the account is made and destroyed in one
/// transaction (EIP-6780).
#[test]
fn a_contract_destroyed_in_its_own_transaction_leaves_nothing() {
    let mut chain = Chain::new();
    let init_code: Bytes = "0x60015f55737777777777777777777777777777777777777777ff".parse().unwrap();
    let created = account(RICH).create(0);
    let block =
        chain.run(&[create(account(RICH), 0, init_code.clone()), call(account(RICH), 1, created, 60_000)]);
    assert!(!block.changes.accounts.contains_key(&created));

    // There was a balance before: now it is 77..'s, and the account is gone.
    chain.state.insert(created, 0, 5, "0x");
    let block = chain.run(&[create(account(RICH), 0, init_code)]);
    let change = &block.changes.accounts[&created];
    assert_eq!((change.account, change.storage.len()), (None, 0));
    assert_eq!(block.changes.accounts[&account(0x77)].account.unwrap().balance, U256::from(5));
}

/// A contract of which the storage survives from one transaction to the next.
#[test]
fn a_new_contract_keeps_its_storage_within_the_block() {
    let chain = Chain::new();
    // Writes 5 to slot 1; returns code that copies slot 1 to slot 2: 600154600255 00.
    let init_code: Bytes = "0x600560015566600154600255005f526007601 9f3".replace(' ', "").parse().unwrap();
    let created = account(RICH).create(0);
    let block = chain.run(&[create(account(RICH), 0, init_code), call(account(RICH), 1, created, 60_000)]);
    let change = &block.changes.accounts[&created];
    let five = U256::from(5);
    assert_eq!(change.storage, [(U256::from(1), five), (U256::from(2), five)].into());
    assert!(!change.storage_wiped, "there was nothing to wipe");
    assert!(block.accessed.accounts[&created].is_empty(), "its storage was known to be empty");
}

/// From the execution specification's tests: `6389..` delegates itself to `a94f..`.
fn authorization() -> SignedAuthorization {
    SignedAuthorization::new_unchecked(
        Authorization {
            chain_id: U256::ZERO,
            address: address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b"),
            nonce: 0,
        },
        1,
        U256::from_be_bytes(b256!("5a8cac98fd240d8ef83c22db4a061ffa0facb1801245283cc05fc809d8b92837").0),
        U256::from_be_bytes(b256!("1c3162fe11d91bc24d4fa00fb19ca34531e0eacdf8142c804be44058d5b8244f").0),
    )
}

#[test]
fn an_account_delegates_itself() {
    let mut chain = Chain::new();
    // Stores the caller in slot 0.
    chain.state.insert(address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b"), 1, 0, "0x335f5500");
    let authority = address!("6389e7f33ce3b1e94e4325ef02829cd12297ef71");
    let set_code = |nonce, authorization_list| {
        let tx = TxEip7702 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: BASE_FEE.into(),
            to: authority,
            authorization_list,
            ..Default::default()
        };
        recovered(account(RICH), Transaction::Eip7702(Signed::new_unhashed(tx, Signature::test_signature())))
    };
    let block = chain.run(&[set_code(0, vec![authorization()])]);
    let change = &block.changes.accounts[&authority];
    let Account { nonce, code_hash, .. } = change.account.unwrap();
    assert_eq!(nonce, 1);
    assert_ne!(code_hash, KECCAK256_EMPTY);
    assert_eq!(block.changes.codes[&code_hash][..3], [0xef, 0x01, 0x00]);
    assert_eq!(change.storage, [(U256::ZERO, U256::from_be_slice(account(RICH).as_slice()))].into());

    let mut block = chain.begin(chain.input()).unwrap();
    let result = block.push(set_code(0, Vec::new()));
    assert!(matches!(result, Err(PushError::Invalid(InvalidTransaction::EmptyAuthorizationList))));
}

/// The gas of an authorization is refunded in part if its account exists. One that a transaction of
/// the same block touched, and left empty, does not.
#[test]
fn an_account_touched_before_is_still_new() {
    let mut chain = Chain::new();
    chain.state.insert(address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b"), 1, 0, "0x00");
    let authority = address!("6389e7f33ce3b1e94e4325ef02829cd12297ef71");
    let set_code = |nonce| {
        let tx = TxEip7702 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 200_000,
            max_fee_per_gas: BASE_FEE.into(),
            to: account(0x55),
            authorization_list: vec![authorization()],
            ..Default::default()
        };
        recovered(account(RICH), Transaction::Eip7702(Signed::new_unhashed(tx, Signature::test_signature())))
    };
    let alone = chain.run(&[set_code(0)]);
    let touched = chain.run(&[call(account(RICH), 0, authority, 21_000), set_code(1)]);
    assert_eq!(touched.gas_used(), alone.gas_used() + 21_000);
    let funded = chain.run(&[transfer(account(RICH), 0, authority, 1), set_code(1)]);
    assert!(funded.gas_used() < touched.gas_used());
}
