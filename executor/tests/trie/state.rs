//! Roots, reads, and what is written to the store.

use alloy_primitives::{Address, B256, U256};
use alloy_trie::EMPTY_ROOT_HASH;
use executor::state::{AccountChange, StateChanges, StateError};
use executor::trie::StateTrie;
use proptest::prelude::*;

use crate::blocks::{self, Op, TestBlock};
use crate::model::Model;
use crate::source::{NoSource, PathStore};

/// The nodes of a state, built at once.
fn store_of(model: &Model) -> PathStore {
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    trie.apply(&NoSource, &model.as_changes()).unwrap();
    let mut store = PathStore::default();
    store.update(trie.take_updates());
    store
}

fn assert_reads(trie: &mut StateTrie, store: &PathStore, model: &Model, accounts: u8, slots: u8) {
    for a in 0..accounts {
        let address = blocks::address(a);
        let expected = model.accounts.get(&address).map(|account| account.trie_account());
        assert_eq!(trie.account(store, address).unwrap(), expected);
        for s in 0..slots {
            let slot = blocks::slot(s);
            assert_eq!(trie.storage(store, address, slot).unwrap(), model.storage(&address, &slot));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Block after block: the root is `HashBuilder`'s, the store holds exactly the nodes of the
    /// state, reads are right both cached and from the store alone, and forgetting changes nothing.
    #[test]
    fn every_block_agrees_with_the_model(
        rounds in prop::collection::vec(
            (prop::collection::vec(blocks::op(14, 16), 0..30), prop::option::of(0usize..60), any::<bool>()),
            1..8,
        ),
    ) {
        let mut model = Model::default();
        let mut store = PathStore::default();
        let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
        for (ops, prune, take) in rounds {
            let block = TestBlock::run(&mut model, &ops);
            let root = trie.apply(&store, &block.changes).unwrap();
            prop_assert_eq!(root, model.root());
            if let Some(max_nodes) = prune {
                trie.prune(max_nodes);
            }
            if take {
                store.update(trie.take_updates());
                prop_assert_eq!(&store, &store_of(&model));
                prop_assert!(trie.take_updates().nodes.is_empty());
                if let Some(max_nodes) = prune {
                    trie.prune(max_nodes);
                    prop_assert!(trie.cached_nodes() <= max_nodes);
                }
                assert_reads(&mut StateTrie::new(root), &store, &model, 14, 16);
            }
            assert_reads(&mut trie, &store, &model, 14, 16);
            prop_assert_eq!(trie.root(), root);
        }
    }
}

#[test]
fn the_state_without_accounts_has_the_empty_root() {
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    assert_eq!(trie.root(), EMPTY_ROOT_HASH);
    assert_eq!(trie.apply(&NoSource, &StateChanges::default()).unwrap(), EMPTY_ROOT_HASH);
    assert_eq!(trie.account(&NoSource, Address::ZERO).unwrap(), None);
    assert_eq!(trie.storage(&NoSource, Address::ZERO, U256::ZERO).unwrap(), U256::ZERO);
    assert_eq!(trie.storage_root(&NoSource, Address::ZERO).unwrap(), EMPTY_ROOT_HASH);
    assert!(trie.take_updates().nodes.is_empty());
}

/// Enough leaves to be hashed in parallel, in the account trie and across storage tries.
#[test]
fn a_large_block_is_hashed_like_many_small_ones() {
    let mut model = Model::default();
    let ops: Vec<Op> = (0..=255)
        .flat_map(|a| (0..20).map(move |s| Op::Store(a, s, U256::from(u32::from(a) * 7 + u32::from(s) + 1))))
        .collect();
    let whole = TestBlock::run(&mut model, &ops);
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    assert_eq!(trie.apply(&NoSource, &whole.changes).unwrap(), model.root());

    let mut steps = StateTrie::new(EMPTY_ROOT_HASH);
    for (address, change) in whole.changes.accounts {
        let accounts = [(address, change)].into();
        steps.apply(&NoSource, &StateChanges { accounts, ..StateChanges::default() }).unwrap();
    }
    assert_eq!(steps.root(), model.root());
    assert_eq!(steps.take_updates(), trie.take_updates());
}

#[test]
fn storage_wiped_and_written_again_is_listed_whole() {
    let mut model = Model::default();
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    let mut store = PathStore::default();
    let write = [Op::Store(0, 0, U256::from(1)), Op::Store(0, 1, U256::from(2))];
    trie.apply(&store, &TestBlock::run(&mut model, &write).changes).unwrap();
    store.update(trie.take_updates());
    let before = store.clone();

    let again = TestBlock::run(&mut model, &[&[Op::Wipe(0)], &write[..]].concat());
    let mut trie = StateTrie::new(model.root());
    assert_eq!(trie.apply(&store, &again.changes).unwrap(), model.root());
    let updates = trie.take_updates();
    assert_eq!(updates.wiped_storages.len(), 1);
    let written = updates.nodes.keys().filter(|key| key.owner.is_some()).count();
    assert_eq!(written, before.nodes.keys().filter(|key| key.owner.is_some()).count());
    assert!(updates.nodes.keys().all(|key| key.owner.is_some()), "the account is as before");
    store.nodes.retain(|key, _| key.owner.is_none());
    store.update(updates);
    assert_eq!(store, before);
}

#[test]
fn a_place_made_and_left_between_two_takes_is_not_listed() {
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    let mut change = AccountChange { account: Some(blocks::account(1)), ..AccountChange::default() };
    change.storage.insert(U256::ZERO, U256::from(5));
    let address = blocks::address(0);
    let make = StateChanges { accounts: [(address, change)].into(), ..StateChanges::default() };
    let drop = StateChanges { accounts: [(address, AccountChange::default())].into(), ..make.clone() };
    trie.apply(&NoSource, &make).unwrap();
    assert_eq!(trie.apply(&NoSource, &drop).unwrap(), EMPTY_ROOT_HASH);
    let updates = trie.take_updates();
    assert!(updates.nodes.is_empty() && updates.wiped_storages.is_empty());
}

#[test]
fn a_missing_root_is_named() {
    let hash = B256::repeat_byte(7);
    let mut trie = StateTrie::new(hash);
    let error = trie.account(&PathStore::default(), Address::ZERO).unwrap_err();
    let StateError::MissingNode { owner: None, path, hash: missing } = error else {
        panic!("{error}");
    };
    assert!(path.is_empty());
    assert_eq!(missing, hash);
}
