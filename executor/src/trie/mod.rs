//! The sparse Merkle-Patricia trie.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use crate::state::StateError;

/// Where the nodes of a trie come from.
///
/// The store looks a node up by `owner` and `path`, the witness by `hash`. Whoever calls checks
/// nothing: an implementation returns bytes whose keccak256 is `hash`, or an error.
pub trait NodeSource {
    /// The RLP encoding of the node at `path` in the trie of `owner`.
    ///
    /// Asked only for nodes that their parent refers to by hash (encodings of at least 32 bytes,
    /// and roots).
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        (**self).node(owner, path, hash)
    }
}

/// The place of a node: which trie, and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey {
    /// keccak256 of the address whose storage trie this is; `None` for the account trie.
    pub owner: Option<B256>,
    /// Nibbles from the root of that trie to the node.
    pub path: Nibbles,
}

/// A node of the parent state that a block read, rewrote, or needed to collapse a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedNode {
    /// Its place.
    pub key: NodeKey,
    /// Its encoding.
    pub rlp: Bytes,
}

/// The nodes that differ after a change of the trie.
///
/// Only nodes that are stored on their own are listed: a node whose encoding is shorter than 32
/// bytes is part of its parent, unless it is a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrieUpdates {
    /// New encodings by place; `None` where no node stands any more.
    pub nodes: BTreeMap<NodeKey, Option<Bytes>>,
}
