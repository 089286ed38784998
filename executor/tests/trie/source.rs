//! Node sources: a store addressed by place, nodes addressed by hash, and none.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_trie::Nibbles;
use executor::state::StateError;
use executor::trie::{NodeKey, NodeSource, ReplacedNode, TrieUpdates};

/// What the sequencer's store does: the current node of each place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PathStore {
    pub(crate) nodes: BTreeMap<NodeKey, Bytes>,
}

impl PathStore {
    /// Fails on an update that a store would not need. Returns what was replaced.
    pub(crate) fn update(&mut self, updates: TrieUpdates) -> Vec<ReplacedNode> {
        let mut replaced = Vec::new();
        self.nodes.retain(|key, _| key.owner.is_none_or(|owner| !updates.wiped_storages.contains(&owner)));
        for (key, rlp) in updates.nodes {
            let before = match &rlp {
                Some(rlp) => self.nodes.insert(key, rlp.clone()),
                None => self.nodes.remove(&key),
            };
            assert_ne!(before, rlp, "{key:?} was written without a change, or removed and not there");
            replaced.push(ReplacedNode { key, before });
        }
        replaced
    }

    pub(crate) fn by_hash(&self) -> BTreeMap<B256, Bytes> {
        self.nodes.values().map(|rlp| (keccak256(rlp), rlp.clone())).collect()
    }
}

impl NodeSource for PathStore {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let key = NodeKey { owner, path: *path };
        match self.nodes.get(&key) {
            Some(rlp) if keccak256(rlp) == hash => Ok(rlp.clone()),
            _ => Err(StateError::MissingNode { owner, path: *path, hash }),
        }
    }
}

/// What a witness does: nodes by hash. Remembers which were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct HashSource {
    pub(crate) nodes: BTreeMap<B256, Bytes>,
    pub(crate) asked: RefCell<BTreeSet<B256>>,
}

impl HashSource {
    pub(crate) fn new(nodes: BTreeMap<B256, Bytes>) -> Self {
        Self { nodes, asked: RefCell::default() }
    }
}

impl NodeSource for HashSource {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.asked.borrow_mut().insert(hash);
        self.nodes.get(&hash).cloned().ok_or(StateError::MissingNode { owner, path: *path, hash })
    }
}

/// Is never asked.
pub(crate) struct NoSource;

impl NodeSource for NoSource {
    fn node(&self, owner: Option<B256>, path: &Nibbles, _hash: B256) -> Result<Bytes, StateError> {
        panic!("asked for the node at {path:?} of {owner:?}");
    }
}
