//! What is recorded is exactly what a stateless run asks for.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::EMPTY_ROOT_HASH;
use executor::state::StateError;
use executor::trie::{NodeKey, NodeSource, StateTrie, TouchedNode};
use proptest::prelude::*;

use crate::blocks::{self, Op, TestBlock};
use crate::model::Model;
use crate::source::{HashSource, PathStore};

/// Asked for after each block, as the header does for the message passer.
const READ_AFTER: u8 = 9;

/// The sequencer: a trie that lives on, over a store.
struct Sequencer {
    trie: StateTrie,
    store: PathStore,
    model: Model,
}

struct Recorded {
    touched: Vec<TouchedNode>,
    rewritten: BTreeSet<NodeKey>,
    wiped: BTreeSet<B256>,
}

impl Sequencer {
    fn new() -> Self {
        Self { trie: StateTrie::new(EMPTY_ROOT_HASH), store: PathStore::default(), model: Model::default() }
    }

    fn run(&mut self, ops: &[Op]) -> (TestBlock, Recorded) {
        let parent = self.store.clone();
        let block = TestBlock::run(&mut self.model, ops);
        self.trie.start_recording();
        self.trie.touch(&self.store, &block.accessed).unwrap();
        let root = self.trie.apply(&self.store, &block.changes).unwrap();
        assert_eq!(root, self.model.root());
        self.trie.storage_root(&self.store, blocks::address(READ_AFTER)).unwrap();
        let touched = self.trie.take_touched();
        let updates = self.trie.take_updates();
        let rewritten = updates.nodes.keys().copied().collect();
        let wiped = updates.wiped_storages.clone();
        self.store.update(updates);

        let places: BTreeSet<_> = touched.iter().map(|node| node.key).collect();
        assert_eq!(places.len(), touched.len(), "a place is listed twice");
        for node in &touched {
            assert_eq!(parent.nodes.get(&node.key), Some(&node.rlp), "not a node of the parent state");
        }
        (block, Recorded { touched, rewritten, wiped })
    }
}

/// The nodes of a batch's parent state that the batch needs (decision: first touch wins, places
/// that an earlier block rewrote are left out).
fn witness_of(blocks: &[(TestBlock, Recorded)]) -> BTreeMap<B256, Bytes> {
    let mut rewritten = BTreeSet::new();
    let mut nodes = BTreeMap::new();
    for (_, recorded) in blocks {
        let of_parent = recorded.touched.iter().filter(|node| !rewritten.contains(&node.key));
        nodes.extend(of_parent.map(|node| (keccak256(&node.rlp), node.rlp.clone())));
        rewritten.extend(recorded.rewritten.iter().copied());
    }
    nodes
}

/// What the enclave does: reads and applies, block by block, from the parent's root.
fn stateless<S: NodeSource>(
    source: &S,
    root: B256,
    blocks: &[(TestBlock, Recorded)],
) -> Result<Vec<B256>, StateError> {
    let mut trie = StateTrie::new(root);
    let mut roots = Vec::new();
    for (block, _) in blocks {
        for (address, slots) in block.accessed.accounts.iter().rev() {
            trie.account(source, *address)?;
            for slot in slots {
                trie.storage(source, *address, *slot)?;
            }
        }
        roots.push(trie.apply(source, &block.changes)?);
        trie.storage_root(source, blocks::address(READ_AFTER))?;
    }
    Ok(roots)
}

/// Runs batches on a sequencer and checks each one's witness.
fn check(batches: &[Vec<Vec<Op>>], prunes: &[Option<usize>]) -> usize {
    let mut sequencer = Sequencer::new();
    let mut prunes = prunes.iter().cycle();
    let mut deleted = 0;
    for batch in batches {
        let parent_root = sequencer.model.root();
        let parent_store = sequencer.store.clone();
        let mut roots = Vec::new();
        let mut ran = Vec::new();
        for ops in batch {
            ran.push(sequencer.run(ops));
            roots.push(sequencer.model.root());
            if let Some(Some(max_nodes)) = prunes.next() {
                sequencer.trie.prune(*max_nodes);
            }
        }
        let witness = witness_of(&ran);

        let everything = HashSource::new(parent_store.by_hash());
        assert_eq!(stateless(&everything, parent_root, &ran).unwrap(), roots);
        assert_eq!(*everything.asked.borrow(), witness.keys().copied().collect::<BTreeSet<_>>());

        let exact = HashSource::new(witness.clone());
        assert_eq!(stateless(&exact, parent_root, &ran).unwrap(), roots);
        for hash in witness.keys() {
            let mut lacking = exact.clone();
            lacking.nodes.remove(hash);
            let error = stateless(&lacking, parent_root, &ran).unwrap_err();
            assert!(
                matches!(error, StateError::MissingNode { hash: missing, .. } if missing == *hash),
                "{error}"
            );
            deleted += 1;
        }
    }
    deleted
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_needs_what_was_recorded(
        batches in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(blocks::op(14, 14), 0..12), 1..5), 1..6),
        prunes in prop::collection::vec(prop::option::of(0usize..40), 1..7),
    ) {
        check(&batches, &prunes);
    }

    /// Two accounts and few slots: much wiping, embedding and collapsing in one place.
    #[test]
    fn a_batch_on_few_places_needs_what_was_recorded(
        batches in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(blocks::op(2, 10), 0..6), 1..8), 1..8),
        prunes in prop::collection::vec(prop::option::of(0usize..20), 1..7),
    ) {
        check(&batches, &prunes);
    }
}

#[test]
fn a_collapse_needs_the_sibling() {
    let write = |s, v| Op::Store(0, s, U256::from(v));
    let batches = [
        vec![(0..14).map(|s| write(s, 300)).collect()],
        // Down to one slot, one at a time, in one batch each.
        vec![vec![write(0, 0)]],
        vec![vec![write(2, 0)], vec![write(3, 0)]],
        vec![(4..13).map(|s| write(s, 0)).collect()],
        vec![vec![write(1, 0)], vec![write(1, 1)]],
    ];
    assert!(check(&batches, &[None]) > 20);
    assert!(check(&batches, &[Some(0)]) > 20);
}

#[test]
fn two_accounts_may_share_a_storage_trie() {
    let fill = |a| (0..6).map(move |s| Op::Store(a, s, U256::from(400)));
    let batches = [
        vec![fill(0).chain(fill(1)).collect()],
        // The same nodes, reached from two places; one of which changes first.
        vec![vec![Op::Slot(0, 2)], vec![Op::Store(0, 2, U256::from(1))], vec![Op::Slot(1, 2)]],
        vec![vec![Op::Store(1, 2, U256::from(1))], vec![Op::Slot(0, 2), Op::Slot(1, 3)]],
        vec![
            vec![Op::Wipe(0)],
            vec![Op::Slot(0, 1), Op::Slot(1, 1)],
            fill(0).collect(),
            vec![Op::Slot(0, 3)],
        ],
    ];
    check(&batches, &[None]);
    check(&batches, &[Some(0)]);
}

/// A root shorter than 32 bytes is stored and asked for like any other node.
#[test]
fn an_account_destroyed_and_made_again_starts_blank() {
    let batches = [
        vec![vec![Op::Store(3, 0, U256::from(1)), Op::Store(3, 1, U256::from(1))]],
        vec![vec![Op::Destroy(3), Op::Store(3, 0, U256::from(1))], vec![Op::Slot(3, 0), Op::Slot(3, 1)]],
        vec![vec![Op::Slot(3, 1)], vec![Op::Destroy(3)], vec![Op::Store(3, 1, U256::from(1))]],
    ];
    check(&batches, &[None]);
    check(&batches, &[Some(0)]);
}

#[test]
fn nothing_is_recorded_outside_a_recording() {
    let mut sequencer = Sequencer::new();
    let (_, recorded) = sequencer.run(&[Op::Balance(0, 1)]);
    assert!(recorded.touched.is_empty() && recorded.wiped.is_empty(), "the parent state was empty");
    assert_eq!(sequencer.trie.account(&sequencer.store, Address::ZERO).unwrap(), None);
    assert!(sequencer.trie.take_touched().is_empty());
}
