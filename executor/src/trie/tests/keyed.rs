//! Random writes and removals against `HashBuilder`.

use std::collections::BTreeSet;

use alloy_trie::proof::verify_proof;

use super::*;

/// The trie built at once from its leaves.
fn built(leaves: &BTreeMap<B256, U256>) -> (Trie<U256>, Store) {
    let mut trie = Trie::new(EMPTY_ROOT_HASH);
    let mut recorder = Recorder::new();
    let mut store = Store::default();
    for (key, value) in leaves {
        trie.set(&mut walk(&store, &mut recorder), key, *value).unwrap();
    }
    trie.hash();
    store.update(&mut trie);
    (trie, store)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_round_agrees_with_hash_builder(
        rounds in prop::collection::vec(
            (
                prop::collection::vec((close_keys(), prop::option::weighted(0.6, values())), 0..20),
                any::<bool>(),
                prop::option::of(0u32..8),
            ),
            1..8,
        ),
        absent in prop::collection::vec(close_keys(), 5),
    ) {
        let mut leaves = BTreeMap::new();
        let mut trie = Trie::<U256>::new(EMPTY_ROOT_HASH);
        let mut store = Store::default();
        let mut recorder = Recorder::new();
        for (changes, take, forget_before) in rounds {
            recorder.start();
            for (key, value) in changes {
                let walk = &mut walk(&store, &mut recorder);
                match value {
                    Some(value) => {
                        trie.set(walk, &key, value).unwrap();
                        leaves.insert(key, value);
                    }
                    None => {
                        let removed = trie.remove(walk, &key).unwrap();
                        prop_assert_eq!(removed, leaves.remove(&key).is_some());
                    }
                }
            }
            let root = trie.hash();
            prop_assert_eq!(root, hash_builder_root(&leaves));
            if take {
                store.update(&mut trie);
                prop_assert!(trie.is_saved());
                prop_assert_eq!(&store.nodes, &built(&leaves).1.nodes);
            }
            if let Some(tick) = forget_before {
                let before = trie.arena.len();
                trie.forget_before(tick);
                prop_assert!(trie.arena.len() <= before);
                let mut stamps = Vec::new();
                trie.stamps(&mut stamps);
                prop_assert_eq!(stamps.len(), trie.arena.len(), "every node in memory hangs somewhere");
                prop_assert!(!trie.is_saved() || stamps.iter().all(|stamp| *stamp >= tick));
            }
            for key in leaves.keys().chain(&absent) {
                let expected = leaves.get(key).copied();
                prop_assert_eq!(trie.get(&mut walk(&store, &mut recorder), key).unwrap(), expected);
                let (value, proof) = trie.prove(&mut walk(&store, &mut recorder).to(Visit::Peek), key).unwrap();
                prop_assert_eq!(value, expected);
                verify_proof(root, Nibbles::unpack(key), value.map(alloy_rlp::encode), &proof).unwrap();
            }
        }
    }

    /// A walk loads a node once, and a removal loads no more than the way and what collapses.
    #[test]
    fn a_recording_equals_what_a_blank_trie_asks_for(
        leaves in prop::collection::btree_map(close_keys(), values(), 1..40),
        changes in prop::collection::vec((close_keys(), prop::option::of(values())), 1..12),
    ) {
        let (mut cached, store) = built(&leaves);
        let root = cached.hash();
        store.asked.borrow_mut().clear();
        let mut blank = Trie::<U256>::new(root);
        let run = |trie: &mut Trie<U256>, recorder: &mut Recorder| {
            for (key, value) in &changes {
                let walk = &mut walk(&store, recorder);
                match value {
                    Some(value) => trie.set(walk, key, *value).unwrap(),
                    None => drop(trie.remove(walk, key).unwrap()),
                }
            }
            trie.hash()
        };
        let blank_root = run(&mut blank, &mut Recorder::new());
        let mut asked = store.asked.take();
        let mut recorder = Recorder::new();
        recorder.start();
        prop_assert_eq!(run(&mut cached, &mut recorder), blank_root);
        prop_assert!(store.asked.borrow().is_empty(), "everything was cached");

        let touched = recorder.take();
        let replaced = cached.replaced.iter().map(|replaced| replaced.path);
        let recorded: BTreeSet<Nibbles> = touched.iter().map(|node| node.key.path).chain(replaced).collect();
        asked.sort_unstable();
        prop_assert_eq!(Vec::from_iter(recorded), asked);
        for node in touched {
            prop_assert_eq!(store.nodes.get(&node.key.path), Some(&node.rlp));
        }
    }
}

/// A subtree of embedded nodes, three levels deep, grows out of its parent and shrinks back.
#[test]
fn embedded_branches_grow_and_shrink() {
    let base = B256::repeat_byte(0x55);
    let at = |a, b| key::with_nibble(&key::with_nibble(&base, 62, a), 63, b);
    let mut leaves = BTreeMap::from([(B256::ZERO, U256::MAX), (at(1, 1), U256::ONE), (at(1, 2), U256::ONE)]);
    let (mut trie, mut store) = built(&leaves);
    assert_eq!(trie.hash(), hash_builder_root(&leaves));
    assert_eq!(store.nodes.len(), 3, "the root, a leaf, and an extension with the branch inside");
    let mut recorder = Recorder::new();
    for (key, value) in [
        (at(2, 1), Some(U256::ONE)),
        (at(1, 3), Some(U256::MAX)),
        (at(2, 2), Some(U256::from(7))),
        (at(1, 3), None),
        (at(1, 1), None),
        (at(2, 1), None),
        (at(1, 2), None),
    ] {
        match value {
            Some(value) => {
                trie.set(&mut walk(&store, &mut recorder), &key, value).unwrap();
                leaves.insert(key, value);
            }
            None => {
                trie.remove(&mut walk(&store, &mut recorder), &key).unwrap();
                leaves.remove(&key);
            }
        }
        assert_eq!(trie.hash(), hash_builder_root(&leaves));
        store.update(&mut trie);
        trie.forget_before(u32::MAX);
        assert_eq!(trie.arena.len(), 0);
    }
}
