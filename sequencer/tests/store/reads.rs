//! What a snapshot says of blocks.

use alloy_primitives::B256;
use alloy_trie::Nibbles;
use executor::state::{StateError, StateSource};
use executor::trie::NodeSource;
use sequencer::store::{Retention, StoreError};

use crate::chain::{Chain, Change};

fn chain_of(store_blocks: u64) -> Chain {
    let mut chain = Chain::new(0);
    for number in 0..store_blocks {
        chain.push(&[Change::Write { who: (number % 5) as u8, slot: 1, value: (number % 250) as u8 }]);
    }
    chain
}

#[test]
fn a_block_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(9);
    let store = chain.open(folder.path());
    (1..=9).for_each(|number| chain.commit(&store, number));
    let snapshot = store.snapshot().unwrap();

    for number in 0..=9 {
        let expected = chain.block(number);
        let (sealed, hash) = (&expected.sealed, expected.sealed.hash);
        let stored = snapshot.block(number).unwrap().unwrap();
        assert_eq!(stored.block, sealed.block);
        assert_eq!((stored.hash, &stored.senders, stored.origin), (hash, &sealed.senders, expected.origin));
        assert_eq!(snapshot.header(number).unwrap().unwrap().hash(), hash);
        assert_eq!(snapshot.header_by_hash(hash).unwrap().unwrap().inner(), &sealed.block.header);
        assert_eq!(snapshot.block_number(hash).unwrap(), Some(number));
        assert_eq!(snapshot.block_hash(number).unwrap(), Some(hash));
        assert_eq!(snapshot.origin(number).unwrap(), Some(expected.origin));
        assert_eq!(snapshot.receipts(number).unwrap().unwrap(), sealed.receipts);
        assert_eq!(snapshot.block_witness(number).unwrap().is_some(), number > 0);
        for (index, transaction) in (0u32..).zip(&sealed.block.body.transactions) {
            assert_eq!(snapshot.transaction(transaction.tx_hash()).unwrap(), Some((number, index)));
            let (stored, sender) = snapshot.transaction_at(number, index).unwrap().unwrap();
            assert_eq!((&stored, sender), (transaction, sealed.senders[index as usize]));
            let receipt = snapshot.receipt_at(number, index).unwrap().unwrap();
            assert_eq!(receipt, sealed.receipts[index as usize]);
        }
        let behind = sealed.senders.len() as u32;
        assert_eq!(snapshot.transaction_at(number, behind).unwrap(), None);
        assert_eq!(snapshot.receipt_at(number, behind).unwrap(), None);
    }

    assert!(snapshot.block(10).unwrap().is_none());
    assert!(snapshot.header(u64::MAX).unwrap().is_none());
    assert!(snapshot.receipts(10).unwrap().is_none());
    assert_eq!(snapshot.block_number(B256::ZERO).unwrap(), None);
    assert_eq!(snapshot.transaction(B256::ZERO).unwrap(), None);
    let state = snapshot.state_at(10);
    assert!(matches!(state, Err(StoreError::UnknownBlock { number: 10, head: 9 })));
}

#[test]
fn headers_come_in_order_and_end_at_the_head() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(5);
    let store = chain.open(folder.path());
    (1..=5).for_each(|number| chain.commit(&store, number));
    let snapshot = store.snapshot().unwrap();
    for (first, last) in [(0, 5), (2, 3), (4, u64::MAX), (6, 9), (3, 2)] {
        let headers = snapshot.headers(first..=last).unwrap().map(|header| header.unwrap().hash());
        let expected = (first..=last.min(5)).map(|number| chain.block(number).sealed.hash);
        assert_eq!(headers.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{first} to {last}");
    }
}

#[test]
fn a_snapshot_does_not_see_later_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(4);
    let store = chain.open(folder.path());
    chain.commit(&store, 1);
    let before = store.snapshot().unwrap();
    (2..=4).for_each(|number| chain.commit(&store, number));
    assert_eq!((before.head(), store.snapshot().unwrap().head()), (1, 4));
    assert!(before.header(2).unwrap().is_none());
    // Used from another thread, as RPC handlers do.
    let state = before.state();
    std::thread::scope(|scope| scope.spawn(|| chain.check_state(&state)).join()).unwrap();
    store.unwind_to(0).unwrap();
    chain.check_state(&state);
}

#[test]
fn block_hashes_reach_back_256_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(300);
    let store = chain.open(folder.path());
    (1..=300).for_each(|number| chain.commit(&store, number));
    let state = store.snapshot().unwrap().state_at(299).unwrap();
    for number in 0..=300 {
        match state.block_hash(number) {
            Ok(hash) => {
                assert!((43..=299).contains(&number), "block {number}");
                assert_eq!(hash, chain.block(number).sealed.hash);
            }
            Err(StateError::MissingBlockHash(missing)) => {
                assert_eq!(missing, number);
                assert!(!(43..=299).contains(&number), "block {number}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(matches!(state.code(B256::ZERO), Err(StateError::MissingCode(B256::ZERO))));
}

#[test]
fn pruning_keeps_what_is_not_final() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = chain_of(20);
    let store = chain.open(folder.path());
    (1..=20).for_each(|number| chain.commit(&store, number));

    store.prune(Retention::default(), 20).unwrap();
    assert_eq!(store.snapshot().unwrap().oldest_state().unwrap(), 0);
    store.prune(Retention { history_blocks: None }, 20).unwrap();
    assert_eq!(store.snapshot().unwrap().oldest_state().unwrap(), 0);
    store.prune(Retention { history_blocks: Some(4) }, 12).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.oldest_state().unwrap(), 12);
    let pruned = snapshot.state_at(11);
    assert!(matches!(pruned, Err(StoreError::HistoryPruned { number: 11, oldest: 12 })));
    assert!(matches!(store.unwind_to(11), Err(StoreError::HistoryPruned { number: 11, oldest: 12 })));
    assert!(matches!(store.prune_history_below(21), Err(StoreError::UnknownBlock { number: 21, head: 20 })));
    chain.check(&store);

    store.prune(Retention { history_blocks: Some(4) }, 20).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.oldest_state().unwrap(), 16);
    assert!(snapshot.block_witness(20).unwrap().is_none());
    chain.check(&store);

    store.unwind_to(16).unwrap();
    chain.blocks.truncate(17);
    chain.check(&store);
    store.prune_history_below(16).unwrap();
    chain.push(&[Change::Destroy { who: 1 }]);
    chain.commit(&store, 17);
    chain.check(&store);
    store.prune_history_below(17).unwrap();
    chain.check(&store);
    for (name, rows) in store.snapshot().unwrap().dump().unwrap() {
        assert!(rows.is_empty() || !(name.ends_with("History") || name.ends_with("Changes")), "{name}");
    }
}

#[test]
fn a_node_has_the_hash_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(2);
    let store = chain.open(folder.path());
    (1..=2).for_each(|number| chain.commit(&store, number));
    let snapshot = store.snapshot().unwrap();
    for number in 0..=2 {
        let (state, root) = (snapshot.state_at(number).unwrap(), Nibbles::new());
        let hash = chain.block(number).sealed.block.header.state_root;
        assert!(state.node(None, &root, hash).is_ok());
        let other = state.node(None, &root, B256::ZERO);
        assert!(matches!(other, Err(StateError::Store(_))), "{other:?}");
        let nowhere = state.node(Some(B256::ZERO), &root, hash);
        let missing = |path: &Nibbles, of| path.is_empty() && of == hash;
        assert!(matches!(
            nowhere,
            Err(StateError::MissingNode { owner: Some(B256::ZERO), path, hash }) if missing(&path, hash)
        ));
    }
}
