//! Where the nodes of one trie live.
//!
//! Nodes lie in one vector per kind and name each other by index: no node is allocated on its own,
//! and a walk touches one link per level.

use super::node::{Branch, Extension, Leaf, Link, NodeId, Reference};

/// The loaded nodes of a trie.
#[derive(Debug)]
pub(super) struct Arena<V> {
    /// The link to the node at the empty path. Its reference is a hash, however short the node.
    root: Link,
    pub(super) branches: Slab<Branch>,
    pub(super) extensions: Slab<Extension>,
    pub(super) leaves: Slab<Leaf<V>>,
}

/// A decoded or new node, on its way into the arena.
#[expect(clippy::large_enum_variant, reason = "moved once, from the decoder into the arena")]
pub(super) enum Node<V> {
    Branch(Branch),
    Extension(Extension),
    Leaf(Leaf<V>),
}

/// Where a link is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// The root of the trie.
    Root,
    /// The child of a branch (by index) at a nibble.
    Branch(u32, u8),
    /// The child of an extension (by index).
    Extension(u32),
}

impl<V> Arena<V> {
    /// An arena without nodes.
    pub(super) const fn new(root: Link) -> Self {
        Self { root, branches: Slab::new(), extensions: Slab::new(), leaves: Slab::new() }
    }

    /// Number of loaded nodes.
    pub(super) const fn len(&self) -> usize {
        self.branches.len() + self.extensions.len() + self.leaves.len()
    }

    pub(super) fn link(&self, slot: Slot) -> &Link {
        match slot {
            Slot::Root => &self.root,
            Slot::Branch(index, nibble) => self.branches.get(index).link(nibble),
            Slot::Extension(index) => &self.extensions.get(index).child,
        }
    }

    pub(super) fn link_mut(&mut self, slot: Slot) -> &mut Link {
        match slot {
            Slot::Root => &mut self.root,
            Slot::Branch(index, nibble) => self.branches.get_mut(index).link_mut(nibble),
            Slot::Extension(index) => &mut self.extensions.get_mut(index).child,
        }
    }

    /// Remembers how the parent of a changed node refers to it.
    pub(super) fn set_reference(&mut self, slot: Slot, fresh: Reference) {
        if let Link::Loaded { reference, .. } = self.link_mut(slot) {
            *reference = Some(fresh);
        }
    }

    pub(super) fn insert(&mut self, node: Node<V>) -> NodeId {
        match node {
            Node::Branch(branch) => NodeId::Branch(self.branches.insert(branch)),
            Node::Extension(extension) => NodeId::Extension(self.extensions.insert(extension)),
            Node::Leaf(leaf) => NodeId::Leaf(self.leaves.insert(leaf)),
        }
    }

    pub(super) fn stamp(&self, node: NodeId) -> u32 {
        match node {
            NodeId::Branch(index) => self.branches.get(index).stamp,
            NodeId::Extension(index) => self.extensions.get(index).stamp,
            NodeId::Leaf(index) => self.leaves.get(index).stamp,
        }
    }

    pub(super) fn stamp_mut(&mut self, node: NodeId) -> &mut u32 {
        match node {
            NodeId::Branch(index) => &mut self.branches.get_mut(index).stamp,
            NodeId::Extension(index) => &mut self.extensions.get_mut(index).stamp,
            NodeId::Leaf(index) => &mut self.leaves.get_mut(index).stamp,
        }
    }

    /// Forgets `node` and every loaded node below it.
    pub(super) fn remove_subtree(&mut self, node: NodeId) {
        for slot in Self::slots_below(node) {
            if let Link::Loaded { node, .. } = *self.link(slot) {
                self.remove_subtree(node);
            }
        }
        match node {
            NodeId::Branch(index) => self.branches.remove(index),
            NodeId::Extension(index) => self.extensions.remove(index),
            NodeId::Leaf(index) => self.leaves.remove(index),
        }
    }

    /// The slots of a node's children, in the order of their paths.
    pub(super) fn slots_below(node: NodeId) -> impl Iterator<Item = Slot> {
        let (branch, extension) = match node {
            NodeId::Branch(index) => (Some(index), None),
            NodeId::Extension(index) => (None, Some(index)),
            NodeId::Leaf(_) => (None, None),
        };
        let children =
            branch.into_iter().flat_map(|index| (0..16).map(move |nibble| Slot::Branch(index, nibble)));
        children.chain(extension.map(Slot::Extension))
    }
}

/// A vector whose holes are used again.
#[derive(Debug)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    /// Indices of `items` that hold nothing any more.
    free: Vec<u32>,
}

impl<T> Slab<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    const fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    #[expect(clippy::expect_used, reason = "2^32 nodes would take over 300 GB")]
    pub(super) fn insert(&mut self, item: T) -> u32 {
        if let Some(index) = self.free.pop() {
            *self.get_mut(index) = item;
            return index;
        }
        let index = u32::try_from(self.items.len()).expect("fewer than 2^32 nodes");
        self.items.push(item);
        index
    }

    #[expect(clippy::indexing_slicing, reason = "indices come from insert, and items never shrink")]
    pub(super) fn get(&self, index: u32) -> &T {
        &self.items[index as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "indices come from insert, and items never shrink")]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut T {
        &mut self.items[index as usize]
    }

    /// The caller holds the only link to the item, and drops it.
    pub(super) fn remove(&mut self, index: u32) {
        self.free.push(index);
    }
}
