//! Nodes of a trie, and how one refers to another.
//!
//! Leaves and extensions hold whole keys instead of their own piece of path. The piece follows from
//! the depth at which they hang, so that a node moves up or down without being rewritten.

use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::TrieAccount;

/// A link between a parent, or the root, and a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Link {
    /// Nothing hangs here.
    #[default]
    Empty,
    /// A node that was not loaded yet, or that was forgotten.
    Unloaded(Reference),
    /// A node in the arena.
    Loaded {
        /// Where it is.
        node: NodeId,
        /// What its parent's encoding holds for it; `None` if it, or something below it, changed
        /// since it was last hashed.
        reference: Option<Reference>,
        /// Since the updates were last taken, neither the node nor anything below it changed.
        saved: bool,
    },
}

impl Link {
    /// A link to a node that is new, changed, or was moved.
    pub(super) const fn changed(node: NodeId) -> Self {
        Self::Loaded { node, reference: None, saved: false }
    }

    /// Whether no node hangs here.
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The reference, if it is known.
    pub(super) const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Unloaded(reference) | Self::Loaded { reference: Some(reference), .. } => Some(reference),
            Self::Empty | Self::Loaded { reference: None, .. } => None,
        }
    }
}

/// What the encoding of a parent holds for a child (Yellow Paper, appendix D).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// keccak256 of the child's encoding. Roots are always referred to so.
    Hash(B256),
    /// The child's encoding itself, shorter than 32 bytes.
    Embedded(Embedded),
}

impl Reference {
    /// How a parent refers to a node with this encoding.
    pub(super) fn of(encoding: &[u8]) -> Self {
        Embedded::new(encoding).map_or_else(|| Self::Hash(keccak256(encoding)), Self::Embedded)
    }
}

/// An encoding shorter than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    length: u8,
    bytes: [u8; 31],
}

impl Embedded {
    /// `None` if `encoding` has 32 bytes or more.
    pub(super) fn new(encoding: &[u8]) -> Option<Self> {
        let mut bytes = [0; 31];
        bytes.get_mut(..encoding.len())?.copy_from_slice(encoding);
        Some(Self { length: u8::try_from(encoding.len()).ok()?, bytes })
    }

    /// The encoding.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.split_at(usize::from(self.length)).0
    }
}

/// Names a node in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeId {
    Branch(u32),
    Extension(u32),
    Leaf(u32),
}

/// A fork: at least two of its links are not empty.
///
/// Keys have one length, so a branch never holds a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Branch {
    /// When it was last visited; see [`super::record::Recorder`].
    pub(super) stamp: u32,
    links: [Link; 16],
}

impl Branch {
    pub(super) const fn new(stamp: u32) -> Self {
        Self { stamp, links: [Link::Empty; 16] }
    }

    #[expect(clippy::indexing_slicing, reason = "masked to 0..16")]
    pub(super) const fn link(&self, nibble: u8) -> &Link {
        &self.links[(nibble & 0x0f) as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "masked to 0..16")]
    pub(super) const fn link_mut(&mut self, nibble: u8) -> &mut Link {
        &mut self.links[(nibble & 0x0f) as usize]
    }

    /// All sixteen links, by nibble.
    pub(super) fn links(&self) -> impl Iterator<Item = (u8, &Link)> {
        (0..).zip(&self.links)
    }

    /// The nibble of the only child; `None` if there are more.
    pub(super) fn only_child(&self) -> Option<u8> {
        let mut children = self.links().filter(|(_, link)| !link.is_empty());
        let (nibble, _) = children.next()?;
        children.next().is_none().then_some(nibble)
    }
}

/// A path without a fork, down to a branch.
#[derive(Clone, Debug)]
pub(super) struct Extension {
    /// When it was last visited.
    pub(super) stamp: u32,
    /// Any key below it: only the first `end` nibbles count.
    pub(super) key: B256,
    /// Depth of the branch.
    pub(super) end: u8,
    /// The branch.
    pub(super) child: Link,
}

/// A value at the end of its key.
#[derive(Clone, Debug)]
pub(super) struct Leaf<V> {
    /// When it was last visited.
    pub(super) stamp: u32,
    /// The whole key.
    pub(super) key: B256,
    /// What is stored under it.
    pub(super) value: V,
}

/// What the leaves of a trie hold.
pub(super) trait Value: Copy + Eq + Encodable + Send + Sync {
    /// Reads the one encoding that [`Encodable`] would write.
    ///
    /// # Errors
    ///
    /// Says what is wrong with any other encoding.
    fn decode_exact(rlp: &[u8]) -> Result<Self, &'static str>;
}

impl Value for TrieAccount {
    fn decode_exact(mut rlp: &[u8]) -> Result<Self, &'static str> {
        let account = Self::decode(&mut rlp).map_err(|_| "leaf value is not an account")?;
        if rlp.is_empty() { Ok(account) } else { Err("bytes after the account") }
    }
}

/// A storage slot. Zero is never stored: writing it removes the leaf.
impl Value for U256 {
    fn decode_exact(mut rlp: &[u8]) -> Result<Self, &'static str> {
        let value = Self::decode(&mut rlp).map_err(|_| "leaf value is not an integer")?;
        match (value.is_zero(), rlp.is_empty()) {
            (false, true) => Ok(value),
            (true, _) => Err("leaf value is zero"),
            (_, false) => Err("bytes after the integer"),
        }
    }
}
