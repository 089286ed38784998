//! Every outcome of a deposit.
//!
//! The expected values are those of the OP specification
//! (<https://specs.optimism.io/protocol/deposits.html>), as op-revm 20.0.0 computes them under Karst
//! (its Osaka) for the same transaction on the same state. op-revm is bound to another revm, so it
//! cannot run beside this test; the cases were run through it once and written down.

use std::collections::BTreeMap;

use alloy_consensus::TxReceipt;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256};
use executor::{Receipt, block::StateRoots, state::AccountChange};
use op_alloy_consensus::{OpDepositReceipt, TxDeposit};

use crate::chain::{Chain, Memory, account, system_accounts};

/// Contracts, by the byte that their address repeats: it is their balance, too. Their nonce is 1 and
/// their slot 7 holds 9.
const CONTRACTS: [(u8, &str); 11] = [
    // Stores the first word of the calldata in slot 0 and logs it.
    (0x10, "0x5f355f555f355f52602a60205fa100"),
    // Writes a slot and reverts with a word.
    (0x11, "0x60015f5561dead5f5260205ffd"),
    // Writes a slot and runs into INVALID.
    (0x12, "0x60015f55fe"),
    // Clears slot 7.
    (0x13, "0x5f60075500"),
    // Loops for ever.
    (0x14, "0x5b5f56"),
    // Calls 99.. with more wei than it has, and stores the outcome in slot 0.
    (0x15, "0x5f5f5f5f61ffff7399999999999999999999999999999999999999995af15f5500"),
    // SELFDESTRUCT to 77...
    (0x16, "0x737777777777777777777777777777777777777777ff"),
    // Logs and reverts.
    (0x17, "0x602a60205fa15f5ffd"),
    // Stores ORIGIN, GASPRICE and BASEFEE in the slots 0 to 2.
    (0x18, "0x325f553a6001554860025500"),
    // Delegated to 10.. (EIP-7702).
    (0x19, "0xef01001010101010101010101010101010101010101010"),
    // Creates an empty contract and stores its address in slot 0.
    (0x1a, "0x5f5f5ff05f5500"),
];

/// What the account `a2` with nonce 5 would create; there is a contract already.
const OCCUPIED: Address = address!("4Ba619Cf8069d5D5F00Eb63DDeC399923BD18D0c");
/// What the account `a1` with nonce 5 creates.
const CREATED: Address = address!("813EFF013Aec419c94B1c337Db7317683F446D5A");
/// What the contract `1a` with nonce 1 creates.
const INNER_CREATED: Address = address!("34B428C4C4004C5Cb14A1dF6b26901bDd96bF065");
const WORD: &str = "0x0000000000000000000000000000000000000000000000000000000000001234";

/// A deposit and everything that should come of it.
struct Case {
    name: &'static str,
    from: u8,
    to: Option<u8>,
    mint: u128,
    value: u64,
    gas_limit: u64,
    data: Bytes,
    expected: Expected,
}

struct Expected {
    success: bool,
    gas_used: u64,
    logs: usize,
    /// Changed accounts: address, nonce and balance after.
    accounts: Vec<(Address, u64, u64)>,
    /// Changed slots.
    storage: Vec<(Address, u64, U256)>,
}

fn state(chain: &Chain) -> Memory {
    let mut state = chain.state.clone();
    for (byte, code) in CONTRACTS {
        state.insert(account(byte), 1, byte.into(), code);
        state.storage.insert((account(byte), U256::from(7)), U256::from(9));
    }
    state.insert(OCCUPIED, 1, 0, "0x00");
    state.insert(account(0xa1), 5, 1000, "0x");
    state.insert(account(0xa2), 5, 1000, "0x");
    state
}

#[test]
fn every_outcome_is_that_of_the_op_specification() {
    for case in cases() {
        let mut chain = Chain::new();
        chain.state = state(&chain);
        let deposit = TxDeposit {
            source_hash: B256::repeat_byte(1),
            from: account(case.from),
            to: case.to.map_or(TxKind::Create, |to| TxKind::Call(account(to))),
            mint: case.mint,
            value: U256::from(case.value),
            gas_limit: case.gas_limit,
            is_system_transaction: false,
            input: case.data.clone(),
        };
        let nonce = chain.state.accounts.get(&deposit.from).map_or(0, |account| account.nonce);
        let block = chain.begin(chain.input_with(vec![deposit])).unwrap().finish().unwrap();
        check(&case, nonce, &block.receipts, &block.changes.accounts);
    }
}

fn check(case: &Case, nonce: u64, receipts: &[Receipt], changes: &BTreeMap<Address, AccountChange>) {
    let Case { name, expected, .. } = case;
    let [Receipt::Deposit(receipt)] = receipts else { panic!("{name}: {receipts:?}") };
    let OpDepositReceipt { inner, deposit_nonce, deposit_receipt_version } = &receipt.receipt;
    assert_eq!(inner.status(), expected.success, "{name}: status");
    assert_eq!(inner.cumulative_gas_used, expected.gas_used, "{name}: gas");
    assert_eq!(inner.logs.len(), expected.logs, "{name}: logs");
    assert_eq!(*deposit_nonce, Some(nonce), "{name}: deposit nonce");
    assert_eq!(*deposit_receipt_version, Some(1), "{name}: receipt version");

    let system = system_accounts();
    let changed = changes.iter().filter(|(address, _)| !system.contains(*address));
    let accounts: BTreeMap<_, _> = changed
        .clone()
        .map(|(address, change)| {
            let account = change.account.unwrap_or_else(|| panic!("{name}: {address} is gone"));
            (*address, (account.nonce, account.balance))
        })
        .collect();
    let wanted = expected.accounts.iter();
    let wanted = wanted.map(|(address, nonce, balance)| (*address, (*nonce, U256::from(*balance))));
    assert_eq!(accounts, wanted.collect(), "{name}: accounts");

    let storage: BTreeMap<_, _> = changed
        .flat_map(|(address, change)| {
            change.storage.iter().map(move |(slot, value)| ((*address, *slot), *value))
        })
        .collect();
    let wanted = expected.storage.iter();
    let wanted = wanted.map(|(address, slot, value)| ((*address, U256::from(*slot)), *value));
    assert_eq!(storage, wanted.collect(), "{name}: storage");
}

/// The logged word, the deployed code and the returned receipts, which the table does not hold.
#[test]
fn a_deposit_logs_and_deploys() {
    let mut chain = Chain::new();
    chain.state = state(&chain);
    let call = TxDeposit {
        from: account(0xa1),
        to: TxKind::Call(account(0x10)),
        gas_limit: 100_000,
        input: WORD.parse().unwrap(),
        ..Default::default()
    };
    let deploy = TxDeposit {
        from: account(0xa2),
        to: TxKind::Create,
        gas_limit: 100_000,
        input: "0x60015ff3".parse().unwrap(),
        ..Default::default()
    };
    // The nonce of the deposits' sender rises with each of them.
    let again = TxDeposit { from: account(0xa1), to: TxKind::Create, ..deploy.clone() };
    let input = chain.input_with(vec![call, deploy, again]);
    let block = chain.begin(input).unwrap().finish().unwrap();
    let log = &block.receipts[0].logs()[0];
    assert_eq!(log.address, account(0x10));
    assert_eq!(log.topics(), [B256::with_last_byte(0x2a)]);
    assert_eq!(log.data.data, WORD.parse::<Bytes>().unwrap());
    assert!(!block.receipts[1].status(), "a2 meets the contract that is there");
    let created = block.changes.accounts[&account(0xa1).create(6)].account.unwrap();
    assert_eq!(created.code_hash, b256!("bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a"));
    assert_eq!(block.changes.codes[&created.code_hash], Bytes::from_static(&[0]));
    assert_eq!(block.senders, [account(0xa1), account(0xa2), account(0xa1)]);

    let gas_used = block.gas_used();
    let roots = StateRoots { state_root: B256::ZERO, message_passer_root: B256::ZERO };
    let sealed = block.seal(roots);
    assert_eq!(sealed.block.header.gas_used, gas_used);
    assert!(!sealed.block.header.logs_bloom.is_zero());
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    let a1 = account(0xa1);
    let call = |name, to, mint, value, gas_limit, data: &str, expected| Case {
        name, from: 0xa1, to: Some(to), mint, value, gas_limit, data: data.parse().unwrap(), expected,
    };
    let create = |name, mint, value, gas_limit, data: &str, expected| Case {
        name, from: 0xa1, to: None, mint, value, gas_limit, data: data.parse().unwrap(), expected,
    };
    let from = |from, case: Case| Case { from, ..case };
    // Success with `logs` logs.
    let ok = |gas_used, logs, accounts: &[_], storage: &[_]| Expected {
        success: true, gas_used, logs, accounts: accounts.to_vec(), storage: storage.to_vec(),
    };
    // Failure: the sender keeps the mint and its nonce steps on.
    let fails = |gas_used, sender: (Address, u64, u64)| Expected {
        success: false, gas_used, logs: 0, accounts: vec![sender], storage: vec![],
    };
    let thousand_bytes = format!("0x{}", "11".repeat(1000));
    let long_init_code = format!("0x{}", "00".repeat(60_000));
    let word = U256::from(0x1234);
    let a1_word = U256::from_be_slice(a1.as_slice());
    let inner_word = U256::from_be_slice(INNER_CREATED.as_slice());
    vec![
        call("transfer", 0x55, 0, 300, 21_000, "0x", ok(21_000, 0, &[(a1, 6, 700), (account(0x55), 0, 300)], &[])),
        // The recipient is touched and stays empty: it does not come to be (EIP-161).
        call("mint to the sender", 0x55, 500, 0, 21_000, "0x", ok(21_000, 0, &[(a1, 6, 1500)], &[])),
        call("the mint pays the value", 0x55, 500, 1200, 21_000, "0x", ok(21_000, 0, &[(a1, 6, 300), (account(0x55), 0, 1200)], &[])),
        call("self transfer", 0xa1, 1, 1000, 21_000, "0x", ok(21_000, 0, &[(a1, 6, 1001)], &[])),
        call("value above the balance", 0x55, 100, 5000, 50_000, "0x", fails(50_000, (a1, 6, 1100))),
        call("gas below the intrinsic gas", 0x55, 100, 1, 20_999, "0x", fails(20_999, (a1, 6, 1100))),
        call("no gas", 0x55, 100, 0, 0, "0x", fails(0, (a1, 6, 1100))),
        call("gas below the calldata floor", 0x55, 1, 0, 50_000, &thousand_bytes, fails(50_000, (a1, 6, 1001))),
        call("the calldata floor is charged", 0x55, 0, 0, 100_000, &thousand_bytes, ok(61_000, 0, &[(a1, 6, 1000)], &[])),
        call("store and log", 0x10, 0, 3, 100_000, WORD, ok(44_286, 1, &[(a1, 6, 997), (account(0x10), 1, 19)], &[(account(0x10), 0, word)])),
        call("revert", 0x11, 50, 20, 100_000, "0x", fails(43_121, (a1, 6, 1050))),
        call("invalid opcode", 0x12, 50, 20, 100_000, "0x", fails(100_000, (a1, 6, 1050))),
        call("out of gas", 0x14, 50, 20, 100_000, "0x", fails(100_000, (a1, 6, 1050))),
        call("refund", 0x13, 0, 0, 100_000, "0x", ok(21_205, 0, &[(a1, 6, 1000), (account(0x13), 1, 0x13)], &[(account(0x13), 7, U256::ZERO)])),
        call("inner call without funds", 0x15, 0, 0, 100_000, "0x", ok(57_518, 0, &[(a1, 6, 1000)], &[])),
        call("self-destruct", 0x16, 0, 2, 100_000, "0x", ok(53_603, 0, &[(a1, 6, 998), (account(0x16), 1, 0), (account(0x77), 0, 24)], &[])),
        call("log, then revert", 0x17, 0, 0, 100_000, "0x", fails(22_021, (a1, 6, 1000))),
        call("environment", 0x18, 0, 0, 100_000, "0x", ok(67_414, 0, &[(a1, 6, 1000), (account(0x18), 1, 0x18)],
            &[(account(0x18), 0, a1_word), (account(0x18), 2, U256::from(1_000_000_000))])),
        from(0x10, call("sender with code", 0x55, 0, 5, 100_000, "0x", ok(21_000, 0, &[(account(0x10), 2, 11), (account(0x55), 0, 5)], &[]))),
        from(0x19, call("delegated sender", 0x55, 0, 5, 100_000, "0x", ok(21_000, 0, &[(account(0x19), 2, 20), (account(0x55), 0, 5)], &[]))),
        call("delegated recipient", 0x19, 0, 5, 100_000, WORD, ok(44_286, 1, &[(a1, 6, 995), (account(0x19), 1, 30)], &[(account(0x19), 0, word)])),
        call("inner create", 0x1a, 0, 0, 100_000, "0x", ok(75_108, 0, &[(a1, 6, 1000), (account(0x1a), 2, 0x1a), (INNER_CREATED, 1, 0)], &[(account(0x1a), 0, inner_word)])),
        create("create", 9, 10, 100_000, "0x60015ff3", ok(53_274, 0, &[(a1, 6, 999), (CREATED, 1, 10)], &[])),
        create("create reverts", 9, 10, 100_000, "0x5f5ffd", fails(53_054, (a1, 6, 1009))),
        create("create of code that starts with EF", 9, 10, 100_000, "0x60ef5f5360015ff3", fails(100_000, (a1, 6, 1009))),
        create("create runs out of gas for its code", 9, 0, 100_000, "0x6160005ff3", fails(100_000, (a1, 6, 1009))),
        create("create of too much code", 9, 0, 10_000_000, "0x6160015ff3", fails(10_000_000, (a1, 6, 1009))),
        from(0xa2, create("create where a contract is", 9, 0, 100_000, "0x60015ff3", fails(100_000, (account(0xa2), 6, 1009)))),
        // EIP-3860 does not bind deposits.
        create("create from long init code", 0, 0, 2_000_000, &long_init_code, ok(621_000, 0, &[(a1, 6, 1000), (CREATED, 1, 0)], &[])),
        create("create below the intrinsic gas", 9, 0, 53_000, "0x60015ff3", fails(53_000, (a1, 6, 1009))),
        create("create with a value above the balance", 9, 2000, 100_000, "0x60015ff3", fails(100_000, (a1, 6, 1009))),
        from(0xb1, call("unknown sender", 0x55, 0, 0, 21_000, "0x", ok(21_000, 0, &[(account(0xb1), 1, 0)], &[]))),
        from(0xb1, call("unknown sender mints and sends", 0x55, 7, 7, 21_000, "0x", ok(21_000, 0, &[(account(0xb1), 1, 0), (account(0x55), 0, 7)], &[]))),
        from(0xb1, call("unknown sender fails", 0x55, 0, 0, 1, "0x", fails(1, (account(0xb1), 1, 0)))),
        call("gas above the cap of EIP-7825", 0x10, 0, 0, 20_000_000, WORD, ok(44_286, 1, &[(a1, 6, 1000), (account(0x10), 1, 16)], &[(account(0x10), 0, word)])),
        call("halt above the cap of EIP-7825", 0x14, 0, 0, 20_000_000, "0x", fails(20_000_000, (a1, 6, 1000))),
    ]
}
