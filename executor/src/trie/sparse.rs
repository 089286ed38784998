//! A trie of which only the walked part is loaded.

use alloy_primitives::{B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};

use super::NodeSource;
use super::arena::{Arena, Node, Slot};
use super::decode::{self, Expected};
use super::key;
use super::node::{Branch, Extension, Leaf, Link, NodeId, Reference, Value};
use super::record::{Visit, Walk};
use crate::state::StateError;

/// A Merkle-Patricia trie whose keys have 64 nibbles.
///
/// Changes are kept in the arena until [`Self::hash`] computes the root; nodes are loaded as walks
/// reach them. After an error the trie is between two states and must be dropped.
#[derive(Debug)]
pub(super) struct Trie<V> {
    pub(super) arena: Arena<V>,
    /// Nodes that stood on their own when the updates were last taken, and were changed or removed
    /// since. A place is listed once: what stands there afterwards is not saved until the next take.
    pub(super) replaced: Vec<Replaced>,
    /// The root when the updates were last taken.
    pub(super) saved_root: B256,
    /// Leaves set or removed since the last hashing.
    changed_leaves: usize,
    /// Where nodes are encoded.
    pub(super) scratch: Vec<u8>,
}

/// A node that the store still has and the trie has no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Replaced {
    pub(super) path: Nibbles,
    pub(super) hash: B256,
}

/// A branch on the way to a key, and the extension above it.
struct Fork {
    index: u32,
    depth: u8,
    slot: Slot,
    extension: Option<(u32, Slot)>,
}

impl<V: Value> Trie<V> {
    /// The trie with this root; nothing of it is loaded.
    pub(super) fn new(root: B256) -> Self {
        let link = if root == EMPTY_ROOT_HASH { Link::Empty } else { Link::Unloaded(Reference::Hash(root)) };
        Self {
            arena: Arena::new(link),
            replaced: Vec::new(),
            saved_root: root,
            changed_leaves: 0,
            scratch: Vec::new(),
        }
    }

    /// Leaves set or removed since the last hashing.
    pub(super) const fn changed_leaves(&self) -> usize {
        self.changed_leaves
    }

    /// Hashes what changed and returns the root.
    pub(super) fn hash(&mut self) -> B256 {
        self.arena.hash(std::mem::take(&mut self.changed_leaves))
    }

    /// The value under `key`.
    pub(super) fn get<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        key: &B256,
    ) -> Result<Option<V>, StateError> {
        let (mut slot, mut depth) = (Slot::Root, 0);
        while let Some(node) = self.resolve(walk, slot, key, depth)? {
            match node {
                NodeId::Leaf(index) => {
                    let leaf = self.arena.leaves.get(index);
                    return Ok((leaf.key == *key).then_some(leaf.value));
                }
                NodeId::Extension(index) => {
                    let extension = self.arena.extensions.get(index);
                    if key::first_difference(&extension.key, key, depth) < extension.end {
                        return Ok(None);
                    }
                    (slot, depth) = (Slot::Extension(index), extension.end);
                }
                NodeId::Branch(index) => {
                    (slot, depth) = (Slot::Branch(index, key::nibble(key, depth)), depth + 1);
                }
            }
        }
        Ok(None)
    }

    /// The nodes from the root towards `key`, as a proof lists them: what is embedded in its parent
    /// is left out.
    pub(super) fn prove<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        key: &B256,
    ) -> Result<(Option<V>, Vec<Bytes>), StateError> {
        let mut proof = Vec::new();
        let (mut slot, mut depth) = (Slot::Root, 0);
        while let Some(node) = self.resolve(walk, slot, key, depth)? {
            if let Some(Reference::Hash(_)) = self.arena.link(slot).reference() {
                let rlp = self.arena.encoding(node, depth, &mut self.scratch);
                proof.push(Bytes::copy_from_slice(rlp));
            }
            match node {
                NodeId::Leaf(index) => {
                    let leaf = self.arena.leaves.get(index);
                    return Ok(((leaf.key == *key).then_some(leaf.value), proof));
                }
                NodeId::Extension(index) => {
                    let extension = self.arena.extensions.get(index);
                    if key::first_difference(&extension.key, key, depth) < extension.end {
                        break;
                    }
                    (slot, depth) = (Slot::Extension(index), extension.end);
                }
                NodeId::Branch(index) => {
                    (slot, depth) = (Slot::Branch(index, key::nibble(key, depth)), depth + 1);
                }
            }
        }
        Ok((None, proof))
    }

    /// Writes `value` under `key`. The caller knows that it differs from what stands there.
    pub(super) fn set<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        key: &B256,
        value: V,
    ) -> Result<(), StateError> {
        walk.visit = Visit::Replace;
        let stamp = walk.recorder.tick;
        self.changed_leaves += 1;
        let (mut slot, mut depth) = (Slot::Root, 0);
        loop {
            let node = self.resolve(walk, slot, key, depth)?;
            self.mark_changed(slot, key, depth);
            match node {
                None => {
                    let leaf = self.arena.insert(Node::Leaf(Leaf { stamp, key: *key, value }));
                    *self.arena.link_mut(slot) = Link::changed(leaf);
                    return Ok(());
                }
                Some(NodeId::Branch(index)) => {
                    (slot, depth) = (Slot::Branch(index, key::nibble(key, depth)), depth + 1);
                }
                Some(NodeId::Leaf(index)) => {
                    let leaf = self.arena.leaves.get_mut(index);
                    if leaf.key == *key {
                        leaf.value = value;
                        return Ok(());
                    }
                    let old_key = leaf.key;
                    let at = key::first_difference(&old_key, key, depth);
                    let mut branch = Branch::new(stamp);
                    *branch.link_mut(key::nibble(&old_key, at)) = Link::changed(NodeId::Leaf(index));
                    let leaf = self.arena.insert(Node::Leaf(Leaf { stamp, key: *key, value }));
                    *branch.link_mut(key::nibble(key, at)) = Link::changed(leaf);
                    self.hang_branch(branch, slot, key, depth, at);
                    return Ok(());
                }
                Some(NodeId::Extension(index)) => {
                    let Extension { key: old_key, end, child, .. } = *self.arena.extensions.get(index);
                    let at = key::first_difference(&old_key, key, depth);
                    if at >= end {
                        (slot, depth) = (Slot::Extension(index), end);
                        continue;
                    }
                    let mut branch = Branch::new(stamp);
                    *branch.link_mut(key::nibble(&old_key, at)) = if at + 1 == end {
                        // Nothing is left of the extension. Its child stays where it is.
                        self.arena.extensions.remove(index);
                        child
                    } else {
                        Link::changed(NodeId::Extension(index))
                    };
                    let leaf = self.arena.insert(Node::Leaf(Leaf { stamp, key: *key, value }));
                    *branch.link_mut(key::nibble(key, at)) = Link::changed(leaf);
                    self.hang_branch(branch, slot, key, depth, at);
                    return Ok(());
                }
            }
        }
    }

    /// Writes `value` under `key`, where `before` stands, if that differs; otherwise reads it.
    pub(super) fn update<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        key: &B256,
        before: Option<V>,
        value: V,
    ) -> Result<(), StateError> {
        if before != Some(value) {
            return self.set(walk, key, value);
        }
        walk.visit = Visit::Read;
        self.get(walk, key).map(drop)
    }

    /// Hangs a new branch that forks at depth `at` into a slot at `depth`, with an extension
    /// between them if they are apart.
    fn hang_branch(&mut self, branch: Branch, slot: Slot, key: &B256, depth: u8, at: u8) {
        let stamp = branch.stamp;
        let mut link = Link::changed(self.arena.insert(Node::Branch(branch)));
        if at > depth {
            let extension = Extension { stamp, key: *key, end: at, child: link };
            link = Link::changed(self.arena.insert(Node::Extension(extension)));
        }
        *self.arena.link_mut(slot) = link;
    }

    /// Removes `key`, and returns whether it was there.
    ///
    /// A branch left with one child gives way to it. The child must then be known, and is loaded
    /// if need be.
    pub(super) fn remove<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        key: &B256,
    ) -> Result<bool, StateError> {
        walk.visit = Visit::Peek;
        if self.get(walk, key)?.is_none() {
            // What proves that there is nothing to remove has been read.
            walk.visit = Visit::Read;
            self.get(walk, key)?;
            return Ok(false);
        }
        walk.visit = Visit::Replace;
        self.changed_leaves += 1;
        let (mut slot, mut depth) = (Slot::Root, 0);
        let mut fork = None;
        let mut extension = None;
        while let Some(node) = self.resolve(walk, slot, key, depth)? {
            self.mark_changed(slot, key, depth);
            match node {
                NodeId::Leaf(index) => {
                    self.arena.leaves.remove(index);
                    *self.arena.link_mut(slot) = Link::Empty;
                    break;
                }
                NodeId::Extension(index) => {
                    extension = Some((index, slot));
                    (slot, depth) = (Slot::Extension(index), self.arena.extensions.get(index).end);
                }
                NodeId::Branch(index) => {
                    fork = Some(Fork { index, depth, slot, extension: extension.take() });
                    (slot, depth) = (Slot::Branch(index, key::nibble(key, depth)), depth + 1);
                }
            }
        }
        if let Some(fork) = fork {
            self.collapse(walk, &fork, key)?;
        }
        Ok(true)
    }

    /// Puts the only child of a branch, if there is just one, into the branch's place.
    fn collapse<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        fork: &Fork,
        key: &B256,
    ) -> Result<(), StateError> {
        let Some(nibble) = self.arena.branches.get(fork.index).only_child() else {
            return Ok(());
        };
        let child_slot = Slot::Branch(fork.index, nibble);
        let child_key = key::with_nibble(key, fork.depth, nibble);
        let child_depth = fork.depth + 1;
        walk.visit = Visit::Read;
        let Some(child) = self.resolve(walk, child_slot, &child_key, child_depth)? else {
            return Ok(());
        };
        if let NodeId::Branch(_) = child {
            // Reached through one more nibble, from where it stands.
            let link = *self.arena.link(child_slot);
            if let Some((index, _)) = fork.extension {
                let extension = self.arena.extensions.get_mut(index);
                (extension.key, extension.end, extension.child) = (child_key, child_depth, link);
            } else {
                let stamp = walk.recorder.tick;
                let extension = Extension { stamp, key: child_key, end: child_depth, child: link };
                *self.arena.link_mut(fork.slot) =
                    Link::changed(self.arena.insert(Node::Extension(extension)));
            }
        } else {
            // A leaf or an extension takes the place of the branch and of the extension above.
            self.mark_changed(child_slot, &child_key, child_depth);
            let slot = fork.extension.map_or(fork.slot, |(_, slot)| slot);
            *self.arena.link_mut(slot) = Link::changed(child);
            if let Some((index, _)) = fork.extension {
                self.arena.extensions.remove(index);
            }
        }
        self.arena.branches.remove(fork.index);
        Ok(())
    }

    /// Notes that the node at `slot`, the first `depth` nibbles of `key`, will not stay as it is.
    fn mark_changed(&mut self, slot: Slot, key: &B256, depth: u8) {
        if let Link::Loaded { reference, saved, .. } = self.arena.link_mut(slot) {
            let was_saved = std::mem::replace(saved, false);
            if let (true, Some(Reference::Hash(hash))) = (was_saved, reference.take()) {
                self.replaced.push(Replaced { path: key::path(key, depth), hash });
            }
        }
    }

    /// The node at `slot`, the first `depth` nibbles of `key`: loaded if need be, and recorded on
    /// its first visit.
    fn resolve<S: NodeSource + ?Sized>(
        &mut self,
        walk: &mut Walk<'_, S>,
        slot: Slot,
        key: &B256,
        depth: u8,
    ) -> Result<Option<NodeId>, StateError> {
        let node = match self.arena.link(slot) {
            Link::Empty => return Ok(None),
            Link::Loaded { node, .. } => *node,
            Link::Unloaded(reference) => {
                let reference = *reference;
                let node = self.load(walk, slot, &reference, key, depth)?;
                let node = self.arena.insert(node);
                *self.arena.link_mut(slot) = Link::Loaded { node, reference: Some(reference), saved: true };
                node
            }
        };
        if walk.visit == Visit::Peek {
            return Ok(Some(node));
        }
        let tick = walk.recorder.tick;
        let stamp = self.arena.stamp_mut(node);
        if *stamp < tick {
            *stamp = tick;
            if walk.visit == Visit::Read
                && walk.recorder.is_recording()
                && let Some(Reference::Hash(_)) = self.arena.link(slot).reference()
            {
                let rlp = self.arena.encoding(node, depth, &mut self.scratch);
                walk.recorder.record(walk.owner, key::path(key, depth), rlp);
            }
        }
        Ok(Some(node))
    }

    /// Reads a node from where `reference` says it is.
    #[cold]
    fn load<S: NodeSource + ?Sized>(
        &self,
        walk: &Walk<'_, S>,
        slot: Slot,
        reference: &Reference,
        key: &B256,
        depth: u8,
    ) -> Result<Node<V>, StateError> {
        let expected = if matches!(slot, Slot::Extension(_)) { Expected::Branch } else { Expected::Any };
        let (hash, decoded) = match reference {
            Reference::Hash(hash) => {
                let rlp = walk.source.node(walk.owner, &key::path(key, depth), *hash)?;
                let decoded = if rlp.len() < 32 && !matches!(slot, Slot::Root) {
                    Err("node of fewer than 32 bytes outside its parent")
                } else {
                    decode::decode(&rlp, key, depth, expected)
                };
                (*hash, decoded)
            }
            // Was checked as part of its parent.
            Reference::Embedded(node) => (B256::ZERO, decode::decode(node.as_slice(), key, depth, expected)),
        };
        decoded.map_err(|reason| StateError::MalformedNode {
            owner: walk.owner,
            path: key::path(key, depth),
            hash,
            reason,
        })
    }
}
