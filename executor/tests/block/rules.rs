//! The rules that tie a block to its parent and its L1 origin, and what a header holds.

use alloy_consensus::proofs::{calculate_receipt_root, calculate_transaction_root};
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS, eip7685::EMPTY_REQUESTS_HASH,
};
use alloy_primitives::{B64, B256, U256};
use executor::{
    Header,
    block::{BlockError, BlockInput, StateRoots},
    chain::{L1_BLOCK, SEQUENCER_FEE_VAULT},
};
use op_alloy_consensus::TxDeposit;

use crate::chain::{BASE_FEE, Chain, account, transfer};

fn refused(chain: &Chain, input: BlockInput) -> BlockError {
    chain.begin(input).err().expect("the block should have been refused")
}

#[test]
fn time_rises_and_is_not_before_the_origin() {
    let chain = Chain::new();
    let parent = chain.parent().timestamp;
    for timestamp in [0, parent - 1, parent] {
        let error = refused(&chain, BlockInput { timestamp, ..chain.input() });
        assert!(matches!(error, BlockError::TimeNotRising { .. }), "{error}");
    }
    let mut input = chain.input_with(Vec::new());
    input.origin.timestamp = input.timestamp + 1;
    assert!(matches!(refused(&chain, input), BlockError::TimeBeforeOrigin { .. }));
}

#[test]
fn the_origin_never_goes_back() {
    let chain = Chain::new();
    let mut input = chain.input();
    input.origin.number -= 1;
    assert!(matches!(refused(&chain, input), BlockError::OriginWentBack { origin: 99, parent: 100 }));
}

#[test]
fn deposits_come_with_an_origin_that_moves() {
    let chain = Chain::new();
    let input = BlockInput { deposits: vec![TxDeposit::default()], ..chain.input() };
    assert!(matches!(refused(&chain, input), BlockError::DepositsWithoutOrigin { deposits: 1, .. }));
}

#[test]
fn deposits_fit_the_gas_limit_together() {
    let chain = Chain::new();
    let deposit = |gas_limit| TxDeposit { gas_limit, ..Default::default() };
    let input = chain.input_with(vec![deposit(30_000_000), deposit(30_000_001)]);
    assert!(matches!(refused(&chain, input), BlockError::DepositsExceedGasLimit { .. }));
    let input = chain.input_with(vec![deposit(u64::MAX), deposit(u64::MAX)]);
    assert!(matches!(refused(&chain, input), BlockError::DepositsExceedGasLimit { .. }));
    assert!(chain.begin(chain.input_with(vec![deposit(30_000_000), deposit(30_000_000)])).is_ok());
}

#[test]
fn system_deposits_are_refused() {
    let chain = Chain::new();
    let deposit = TxDeposit { is_system_transaction: true, ..Default::default() };
    let input = chain.input_with(vec![TxDeposit::default(), deposit]);
    assert!(matches!(refused(&chain, input), BlockError::SystemDeposit { index: 1 }));
}

#[test]
fn a_system_contract_without_code_stops_the_chain() {
    for contract in [L1_BLOCK, BEACON_ROOTS_ADDRESS, HISTORY_STORAGE_ADDRESS] {
        let mut chain = Chain::new();
        chain.state.insert(contract, 1, 0, "0x");
        let error = refused(&chain, chain.input_with(Vec::new()));
        assert!(matches!(error, BlockError::MissingSystemContract(missing) if missing == contract));
        chain.state.insert(contract, 1, 0, "0x5f5ffd");
        let error = refused(&chain, chain.input_with(Vec::new()));
        assert!(matches!(error, BlockError::SystemCallReverted { contract: failed } if failed == contract));
        chain.state.insert(contract, 1, 0, "0xfe");
        let error = refused(&chain, chain.input_with(Vec::new()));
        assert!(matches!(error, BlockError::SystemCallHalted { contract: failed, .. } if failed == contract));
    }
}

#[test]
fn the_origin_is_written_only_when_it_moves() {
    let chain = Chain::new();
    let still = chain.begin(chain.input()).unwrap().finish().unwrap();
    assert!(!still.changes.accounts.contains_key(&L1_BLOCK));

    let input = chain.input_with(Vec::new());
    let origin = input.origin.clone();
    let moved = chain.begin(input).unwrap().finish().unwrap();
    let written = &moved.changes.accounts[&L1_BLOCK].storage;
    for (slot, value) in origin.storage() {
        assert_eq!(written[&slot], value, "slot {slot}");
    }
}

#[test]
fn the_ring_buffers_get_the_parent_hash_and_the_beacon_root() {
    let chain = Chain::new();
    let block = chain.run(&[]);
    let history = &block.changes.accounts[&HISTORY_STORAGE_ADDRESS].storage;
    assert_eq!(history[&U256::ZERO], U256::from_be_bytes(chain.genesis.hash.0));
    let time = chain.input().timestamp;
    let (slot, root) = (U256::from(time % 8191), U256::from(time % 8191 + 8191));
    let beacon = &block.changes.accounts[&BEACON_ROOTS_ADDRESS].storage;
    assert_eq!(beacon[&slot], U256::from(time));
    assert_eq!(beacon[&root], U256::from_be_bytes(chain.origin.parent_beacon_block_root.0));
}

#[test]
fn a_header_has_every_field_of_the_design() {
    let chain = Chain::new();
    let input =
        chain.input_with(vec![TxDeposit { from: account(1), gas_limit: 21_000, ..Default::default() }]);
    let mut block = chain.begin(input.clone()).unwrap();
    block.push(transfer(account(0xa0), 0, account(0x55), 1)).unwrap();
    let roots = StateRoots { state_root: B256::repeat_byte(1), message_passer_root: B256::repeat_byte(2) };
    let sealed = block.finish().unwrap().seal(roots);
    let body = &sealed.block.body;
    assert_eq!(body.transactions.len(), 2);
    assert!(body.withdrawals.as_ref().unwrap().is_empty() && body.ommers.is_empty());
    let expected = Header {
        parent_hash: chain.genesis.hash,
        beneficiary: SEQUENCER_FEE_VAULT,
        state_root: roots.state_root,
        transactions_root: calculate_transaction_root(&body.transactions),
        receipts_root: calculate_receipt_root(&sealed.receipts),
        number: 1,
        gas_limit: chain.config.gas_limit,
        gas_used: 42_000,
        timestamp: input.timestamp,
        mix_hash: input.origin.mix_hash,
        nonce: B64::ZERO,
        base_fee_per_gas: Some(BASE_FEE),
        withdrawals_root: Some(roots.message_passer_root),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(input.origin.parent_beacon_block_root),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    };
    assert_eq!(sealed.block.header, expected);
    assert_eq!(sealed.hash, expected.hash_slow());
}

#[test]
fn no_block_follows_the_last_number() {
    let chain = Chain::new();
    let parent = Header { number: u64::MAX, ..chain.parent().clone() };
    let hash = parent.hash_slow();
    let block = executor::block::BlockExecutor::begin(
        &chain.config,
        &parent,
        hash,
        chain.origin.number,
        chain.input(),
        &chain.state,
    );
    assert!(matches!(block.err(), Some(BlockError::NumberOverflow(u64::MAX))));
}
