//! What is recorded is exactly what a stateless run asks for.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::state::{AccountChange, StateChanges, StateError};
use executor::trie::{NodeKey, NodeSource, ReplacedNode, StateTrie, TouchedNode};
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
    replaced: Vec<ReplacedNode>,
    wiped: BTreeSet<B256>,
}

impl Sequencer {
    fn new() -> Self {
        Self { trie: StateTrie::new(EMPTY_ROOT_HASH), store: PathStore::default(), model: Model::default() }
    }

    /// Runs a block; nodes are forgotten in its middle, down to `prune`.
    fn run(&mut self, ops: &[Op], prune: Option<usize>) -> (TestBlock, Recorded) {
        let parent = self.store.clone();
        let block = TestBlock::run(&mut self.model, ops);
        self.trie.start_recording();
        self.trie.touch(&self.store, &block.accessed, &block.changes).unwrap();
        if let Some(max_nodes) = prune {
            self.trie.prune(max_nodes);
        }
        let root = self.trie.apply(&self.store, &block.changes).unwrap();
        assert_eq!(root, self.model.root());
        self.trie.storage_root(&self.store, blocks::address(READ_AFTER)).unwrap();
        let touched = self.trie.take_touched();
        let updates = self.trie.take_updates();
        let wiped = updates.wiped_storages.clone();
        let replaced = self.store.update(updates);

        let places: BTreeSet<_> = touched.iter().map(|node| node.key).collect();
        assert_eq!(places.len(), touched.len(), "a place is listed twice");
        for node in &touched {
            assert_eq!(parent.nodes.get(&node.key), Some(&node.rlp), "not a node of the parent state");
        }
        (block, Recorded { touched, replaced, wiped })
    }
}

/// The nodes of a batch's parent state that the batch needs: those that were touched or replaced, but
/// not where an earlier block wrote, nor where storage was dropped unseen.
fn witness_of(blocks: &[(TestBlock, Recorded)]) -> BTreeMap<B256, Bytes> {
    let mut rewritten = BTreeSet::new();
    let mut nodes = BTreeMap::new();
    for (_, recorded) in blocks {
        let wiped = |key: &NodeKey| key.owner.is_some_and(|owner| recorded.wiped.contains(&owner));
        let replaced = recorded.replaced.iter().filter(|node| !wiped(&node.key));
        let replaced = replaced.filter_map(|node| Some((node.key, node.before.clone()?)));
        let touched = recorded.touched.iter().map(|node| (node.key, node.rlp.clone())).chain(replaced);
        let of_parent = touched.filter(|(key, _)| !rewritten.contains(key));
        nodes.extend(of_parent.map(|(_, rlp)| (keccak256(&rlp), rlp)));
        rewritten.extend(recorded.replaced.iter().map(|node| node.key));
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
            let prune = prunes.next().copied().flatten();
            ran.push(sequencer.run(ops, prune));
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
    let (_, recorded) = sequencer.run(&[Op::Balance(0, 1)], None);
    assert!(recorded.touched.is_empty() && recorded.wiped.is_empty(), "the parent state was empty");
    assert_eq!(sequencer.trie.account(&sequencer.store, Address::ZERO).unwrap(), None);
    assert!(sequencer.trie.take_touched().is_empty());
}

/// A slot is proved only together with its account, even if nobody asks for the account.
#[test]
fn a_slot_is_recorded_with_its_account() {
    let mut sequencer = Sequencer::new();
    sequencer.run(&[Op::Store(0, 0, U256::ONE), Op::Balance(1, 1)], None);
    let read = |trie: &mut StateTrie, source: &dyn NodeSource| {
        trie.storage(source, blocks::address(0), blocks::slot(0)).unwrap();
    };
    let source = HashSource::new(sequencer.store.by_hash());
    read(&mut StateTrie::new(sequencer.model.root()), &source);

    // Twice, so that the second time everything is cached.
    for _ in 0..2 {
        sequencer.trie.start_recording();
        read(&mut sequencer.trie, &sequencer.store);
        let touched = sequencer.trie.take_touched();
        let hashes: BTreeSet<_> = touched.iter().map(|node| keccak256(&node.rlp)).collect();
        assert_eq!(hashes, *source.asked.borrow());
        assert!(touched.iter().any(|node| node.key.owner.is_none()));
    }
}

/// The first three numbers whose hashed keys share the first nibble and part at the second, and
/// one that parts at the first.
fn near_keys<K>(key: impl Fn(u64) -> K, hash: impl Fn(&K) -> B256) -> [K; 4] {
    let nibbles = |number| (hash(&key(number))[0] >> 4, hash(&key(number))[0] & 0x0f);
    let (first, second) = nibbles(0);
    let next = (1..).find(|n| nibbles(*n).0 == first && nibbles(*n).1 != second).unwrap();
    let last = (1..).find(|n| nibbles(*n).0 == first && ![second, nibbles(next).1].contains(&nibbles(*n).1));
    let far = (1..).find(|n| nibbles(*n).0 != first);
    [key(0), key(next), key(last.unwrap()), key(far.unwrap())]
}

/// A removal beside a write does not collapse the branch that both are in: the other child stays
/// unknown, whichever key comes first.
#[test]
fn writes_come_before_removals() {
    let [a, b, c, far] = near_keys(U256::from, |slot| keccak256(slot.to_be_bytes::<32>()));
    let [x, y, z, away] =
        near_keys(|number| Address::left_padding_from(&number.to_be_bytes()), |address| keccak256(address));
    let account = |storage: &[(U256, u64)]| AccountChange {
        account: Some(blocks::account(1)),
        storage: storage.iter().map(|(slot, value)| (*slot, U256::from(*value))).collect(),
        ..AccountChange::default()
    };
    // Whether the siblings, slot `b` of `away` and account `y`, are touched when one slot beside
    // `b` and the account `x` go, and others are written.
    let siblings_touched = |removed, written, made: Option<Address>| {
        let genesis =
            [(x, account(&[])), (y, account(&[])), (away, account(&[(b, 900), (removed, 900), (far, 900)]))];
        let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
        let genesis = StateChanges { accounts: genesis.into(), ..StateChanges::default() };
        trie.apply(&PathStore::default(), &genesis).unwrap();
        trie.take_updates();
        let mut accounts =
            BTreeMap::from([(x, AccountChange::default()), (away, account(&[(removed, 0), (written, 7)]))]);
        accounts.extend(made.map(|address| (address, account(&[]))));
        trie.start_recording();
        trie.apply(&PathStore::default(), &StateChanges { accounts, ..StateChanges::default() }).unwrap();
        let mut touched: BTreeSet<NodeKey> = trie.take_touched().into_iter().map(|node| node.key).collect();
        touched.extend(trie.take_updates().nodes.into_keys());
        let place = |owner, key: B256| NodeKey { owner, path: Nibbles::unpack(key).slice(..2) };
        (
            touched.contains(&place(Some(keccak256(away)), keccak256(b.to_be_bytes::<32>()))),
            touched.contains(&place(None, keccak256(y))),
        )
    };
    assert_eq!(siblings_touched(a, c, Some(z)), (false, false));
    assert_eq!(siblings_touched(c, a, Some(z)), (false, false));
    // Without a write beside it, a removal needs the sibling.
    assert_eq!(siblings_touched(a, far, None), (true, true));
}
