//! One trie, below the hashing of addresses and slots: keys are chosen so that they collide for
//! long, which hashed keys cannot be made to.

mod keyed;
mod malformed;

use std::cell::RefCell;
use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, Nibbles};
use proptest::prelude::*;

use super::record::{Recorder, Visit, Walk};
use super::sparse::Trie;
use super::{NodeKey, NodeSource, key};
use crate::state::StateError;

/// The current node of each place, and which places were asked for.
#[derive(Default)]
struct Store {
    nodes: BTreeMap<Nibbles, Bytes>,
    asked: RefCell<Vec<Nibbles>>,
}

impl Store {
    fn update(&mut self, trie: &mut Trie<U256>) {
        let mut updates = Vec::new();
        trie.take_updates(None, &mut updates);
        assert!(updates.is_sorted_by(|(a, _), (b, _)| a < b), "each place once, in order");
        for (NodeKey { path, .. }, rlp) in updates {
            match rlp {
                Some(rlp) => assert_ne!(self.nodes.insert(path, rlp.clone()), Some(rlp)),
                None => assert!(self.nodes.remove(&path).is_some()),
            }
        }
    }
}

impl NodeSource for Store {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.asked.borrow_mut().push(*path);
        let rlp = self.nodes.get(path).filter(|rlp| keccak256(rlp) == hash);
        rlp.cloned().ok_or(StateError::MissingNode { owner, path: *path, hash })
    }
}

/// Keys that differ in few nibbles only: early, late and in the middle.
fn close_keys() -> impl Strategy<Value = B256> {
    let nibble = || prop_oneof![3 => Just(0u8), 1 => 1u8..4];
    [nibble(), nibble(), nibble(), nibble(), nibble(), nibble()].prop_map(|nibbles| {
        [0, 1, 30, 61, 62, 63]
            .into_iter()
            .zip(nibbles)
            .fold(B256::repeat_byte(0x77), |key, (index, nibble)| key::with_nibble(&key, index, nibble))
    })
}

/// Values whose leaves are embedded in their parent near the end of a key, and larger ones.
fn values() -> impl Strategy<Value = U256> {
    prop_oneof![
        3 => (1u64..4).prop_map(U256::from),
        1 => (128u64..70_000).prop_map(U256::from),
        1 => (1u64..4).prop_map(|value| U256::MAX - U256::from(value)),
    ]
}

fn hash_builder_root(leaves: &BTreeMap<B256, U256>) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), &alloy_rlp::encode(value));
    }
    builder.root()
}

fn walk<'a>(source: &'a Store, recorder: &'a mut Recorder) -> Walk<'a, Store> {
    Walk::accounts(source, recorder)
}
