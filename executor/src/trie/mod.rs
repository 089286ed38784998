//! The sparse Merkle-Patricia trie.
//!
//! [`StateTrie`] is the state as a root, of which only the walked part is in memory; the rest
//! comes from a [`NodeSource`] when a walk reaches it. The sequencer and the enclave run the same
//! code: what one records as touched is what the other asks its source for.
//!
//! | file | holds |
//! |---|---|
//! | `state` | accounts and their storage: reads, blocks of changes, what to write, what to forget |
//! | `sparse` | one trie: walk, set, remove |
//! | `arena`, `node` | where nodes live, and what they are |
//! | `decode`, `hash` | node from bytes, strictly; nodes to bytes and hashes, in parallel |
//! | `record` | which nodes a block touched |
//! | `updates` | which places changed |
//! | `prove` | proofs for `eth_getProof` |

mod arena;
mod decode;
mod hash;
mod key;
mod node;
mod prove;
mod record;
mod sparse;
mod state;
#[cfg(test)]
mod tests;
mod updates;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

pub use self::prove::{AccountProof, StorageProof};
pub use self::state::StateTrie;
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

/// A node of the parent state that a block read, or needed to collapse a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedNode {
    /// Its place.
    pub key: NodeKey,
    /// Its encoding.
    pub rlp: Bytes,
}

/// A place where a block wrote or removed a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedNode {
    /// The place.
    pub key: NodeKey,
    /// Encoding of the node that stood there in the parent state, if one did.
    pub before: Option<Bytes>,
}

/// The nodes that differ after a change of the trie.
///
/// Only nodes that are stored on their own are listed: a node whose encoding is shorter than 32
/// bytes is part of its parent, unless it is a root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrieUpdates {
    /// New encodings by place; `None` where no node stands any more.
    pub nodes: BTreeMap<NodeKey, Option<Bytes>>,
    /// Hashed addresses whose storage was dropped as a whole: every node of such an owner is gone,
    /// but for those that `nodes` lists. Since EIP-6780 no transaction does this to storage that a
    /// block before it left.
    pub wiped_storages: BTreeSet<B256>,
}
