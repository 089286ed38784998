//! What ends up in blocks, and what becomes of the rest.

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use executor::{chain::L1_BLOCK, derive::origin_of, state::StateSource, trie::StateTrie};
use op_alloy_consensus::TxDeposit;
use sequencer::builder::{BuilderConfig, Interrupt, NextOrigin, Outcome, Pace, Unwind, UnwindTarget, Wake};

use crate::{
    chain::{FUNDS, START, TestChain, WRITER, genesis, origin, words},
    wallet::{Wallet, plain},
};
use alloy::consensus::TxEip1559;

#[test]
fn pays_more_comes_first_and_a_sender_keeps_its_order() {
    let mut chain = TestChain::new();
    let [a, b, c] = [1, 2, 3].map(Wallet::new);
    let first = chain.add(a.transfer(0, 10)).unwrap();
    let second = chain.add(a.transfer(1, 1_000)).unwrap();
    let third = chain.add(b.transfer(0, 500)).unwrap();
    let fourth = chain.add(c.transfer(0, 10)).unwrap();
    let header = chain.seal();
    assert_eq!(chain.hashes(1), [third, first, second, fourth]);
    assert_eq!((header.number, header.timestamp, header.gas_used), (1, START + 1, 84_000));
    assert_eq!(chain.pool.status(), Default::default());
    assert_eq!(chain.heads.latest().number, 1);
}

#[test]
fn empty_blocks_are_left_out_until_the_interval_is_over() {
    let mut chain = TestChain::new();
    for _ in 1..BuilderConfig::default().max_empty_interval {
        assert!(matches!(chain.build(), Outcome::Empty));
    }
    let header = chain.seal();
    assert_eq!((header.number, header.timestamp), (1, START + 10));
    assert!(matches!(chain.build(), Outcome::Empty));
}

#[test]
fn a_transaction_that_turned_invalid_leaves_and_a_block_of_none_is_left_out() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    // Together they cost what the sender has, but not what it has after the first block.
    let half = FUNDS / U256::from(2);
    let rich = |nonce, value| wallet.sign(TxEip1559 { nonce, value, ..plain() });
    chain.add(rich(0, half)).unwrap();
    chain.seal();
    let snapshot = chain.snapshot();
    drop(snapshot);
    // The pool believes what it was told: an old state lets in what cannot be paid any more.
    let state = sequencer::pool::SenderState { nonce: 1, balance: FUNDS, code: Default::default() };
    let transaction = rich(1, half);
    chain.pool.add::<sequencer::pool::PoolError>(transaction, |_| Ok((u64::MAX, state))).unwrap();
    assert!(matches!(chain.build(), Outcome::Empty));
    assert_eq!(chain.pool.status(), Default::default());
}

#[test]
fn what_does_not_fit_waits_for_the_next_block() {
    let mut genesis = genesis();
    genesis.gas_limit = 100_000;
    let mut chain = TestChain::with(genesis, |_| {});
    let wallet = Wallet::new(1);
    let hashes: Vec<_> = (0..6).map(|nonce| chain.add(wallet.transfer(nonce, 10)).unwrap()).collect();
    assert_eq!(chain.seal().gas_used, 84_000);
    assert_eq!(chain.hashes(1), hashes[..4]);
    chain.seal();
    assert_eq!(chain.hashes(2), hashes[4..]);
}

#[test]
fn a_deposit_is_in_the_next_block_with_its_origin() {
    let mut chain = TestChain::new();
    let to = Address::repeat_byte(0xdd);
    let deposit = TxDeposit {
        source_hash: B256::repeat_byte(9),
        from: Address::repeat_byte(0xee),
        to: TxKind::Call(to),
        mint: 1_000,
        value: U256::from(600),
        gas_limit: 50_000,
        is_system_transaction: false,
        input: Bytes::new(),
    };
    chain.l1.push(NextOrigin { origin: origin(103), deposits: vec![deposit.clone()] });
    for _ in 0..5 {
        // L1 block 103 is of the sixth second.
        assert!(matches!(chain.build(), Outcome::Empty));
    }
    let user = chain.add(Wallet::new(1).transfer(0, 1)).unwrap();
    let header = chain.seal();
    assert_eq!(header.timestamp, START + 6);
    let snapshot = chain.snapshot();
    let block = snapshot.block(1).unwrap().unwrap();
    assert_eq!(chain.hashes(1), [deposit.tx_hash(), user], "deposits come first");
    assert_eq!(block.origin.number, 103);
    let state = snapshot.state();
    assert_eq!(origin_of(&header, &state).unwrap(), origin(103));
    assert_eq!(state.account(to).unwrap().unwrap().balance, U256::from(600));
    assert_eq!(state.account(deposit.from).unwrap().unwrap().balance, U256::from(400));
    assert!(state.account(L1_BLOCK).unwrap().is_some());

    // Without deposits an origin alone makes no block, but the next block has it.
    chain.l1.push(NextOrigin { origin: origin(104), deposits: Vec::new() });
    assert!(matches!(chain.build(), Outcome::Empty));
    chain.add(Wallet::new(1).transfer(1, 1)).unwrap();
    chain.seal();
    assert_eq!(chain.snapshot().origin(2).unwrap().unwrap().number, 104);
}

/// An interrupt before anything else.
struct Stopped;

impl Pace for Stopped {
    fn is_due(&self) -> bool {
        false
    }
    fn wait(&mut self) -> Wake {
        Wake::Interrupt(Interrupt::Stop)
    }
}

#[test]
fn an_interrupted_block_gives_its_transactions_back() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let hashes = [0, 1].map(|nonce| chain.add(wallet.transfer(nonce, 10)).unwrap());
    let outcome = chain.builder.build(START + 1, &mut Stopped).unwrap();
    assert!(matches!(outcome, Outcome::Interrupted(Interrupt::Stop)));
    assert_eq!(chain.snapshot().head(), 0);
    chain.seal();
    assert_eq!(chain.hashes(1), hashes);
}

/// A run of blocks that read, write, and empty storage.
fn busy(chain: &mut TestChain) {
    let wallet = Wallet::new(1);
    let mut nonce = 0;
    for round in 0u64..6 {
        for slot in 0..8 {
            let value = if (round + slot) % 3 == 0 { 0 } else { round * 100 + slot };
            chain.add(wallet.call(nonce, WRITER, words([slot, value]))).unwrap();
            nonce += 1;
        }
        chain.add(Wallet::new(2).transfer(round, 7)).unwrap();
        chain.seal();
    }
}

#[test]
fn forgetting_trie_nodes_and_starting_again_changes_nothing() {
    let mut one = TestChain::new();
    busy(&mut one);

    let mut other = TestChain::new();
    other.restart_builder(BuilderConfig { max_trie_nodes: 0, ..BuilderConfig::default() });
    busy(&mut other);
    assert_eq!(one.heads.latest(), other.heads.latest());

    let wallet = Wallet::new(1);
    let call = wallet.call(48, WRITER, words([1, 1]));
    one.restart_builder(BuilderConfig::default());
    one.add(call.clone()).unwrap();
    other.add(call).unwrap();
    assert_eq!(one.seal(), other.seal());

    // The roots are those of the whole state, proved from the store alone.
    let snapshot = one.snapshot();
    for number in 0..=snapshot.head() {
        let header = snapshot.header(number).unwrap().unwrap();
        let state = snapshot.state_at(number).unwrap();
        let mut trie = StateTrie::new(header.state_root);
        for slot in 0..8 {
            let slot = U256::from(slot);
            assert_eq!(trie.storage(&state, WRITER, slot).unwrap(), state.storage(WRITER, slot).unwrap());
        }
    }
}

#[test]
fn unwinding_returns_transactions_and_building_again_yields_the_same_state() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    chain.add(wallet.call(0, WRITER, words([1, 1]))).unwrap();
    chain.seal();
    chain.l1.push(NextOrigin { origin: origin(101), deposits: Vec::new() });
    chain.time += 1;
    let later = [1, 2].map(|nonce| {
        let hash = chain.add(wallet.call(nonce, WRITER, words([nonce, 7]))).unwrap();
        chain.seal();
        hash
    });
    let before = chain.snapshot().header(3).unwrap().unwrap();

    assert_eq!(chain.builder.unwind(UnwindTarget::Origin(101)).unwrap(), 3, "nothing to drop");
    assert_eq!(chain.builder.unwind(UnwindTarget::Origin(100)).unwrap(), 1);
    assert_eq!(chain.heads.latest().number, 1);
    assert_eq!(chain.snapshot().head(), 1);
    assert_eq!(chain.pool.status().pending, 2);
    assert_eq!(chain.pool.next_nonce(wallet.address()), Some(3));

    chain.seal();
    assert_eq!(chain.hashes(2), later);
    let after = chain.snapshot().header(2).unwrap().unwrap();
    assert_ne!(before.hash(), after.hash());
    let state = chain.snapshot().state();
    assert_eq!(state.storage(WRITER, U256::from(2)).unwrap(), U256::from(7));
}

#[test]
fn an_unwinding_is_answered_by_the_thread() {
    let chain = TestChain::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    let (requests, unwinds) = tokio::sync::mpsc::channel(1);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let inputs = sequencer::builder::BuilderInputs { ready: Default::default(), unwinds, stop: stopping };
    let TestChain { builder, .. } = chain;
    let thread = sequencer::builder::spawn(builder, inputs).unwrap();
    let (done, answer) = tokio::sync::oneshot::channel();
    let request = Unwind { target: UnwindTarget::Block(0), reason: "test", done };
    requests.blocking_send(request).unwrap();
    assert_eq!(answer.blocking_recv().unwrap(), 0);
    stop.send_replace(true);
    thread.join().unwrap().unwrap();
}
