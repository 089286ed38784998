//! What to write to the store after a change, and what to forget from memory.

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use super::NodeKey;
use super::arena::{Arena, Slot};
use super::key;
use super::node::{Link, NodeId, Reference, Value};
use super::sparse::{Replaced, Trie};

/// A node that stands on its own and was written since the updates were last taken.
struct Written {
    path: Nibbles,
    hash: B256,
    rlp: Bytes,
}

impl<V: Value> Trie<V> {
    /// Appends, in the order of paths, the places whose node differs from the one that stood there
    /// at the last call. The trie must be hashed.
    pub(super) fn take_updates(&mut self, owner: Option<B256>, updates: &mut Vec<(NodeKey, Option<Bytes>)>) {
        let mut written = Vec::new();
        collect_written(&mut self.arena, Slot::Root, &B256::ZERO, 0, &mut self.scratch, &mut written);
        self.replaced.sort_unstable();
        let mut replaced = self.replaced.drain(..).peekable();
        let mut push = |path, rlp| updates.push((NodeKey { owner, path }, rlp));
        for Written { path, hash, rlp } in written {
            while let Some(gone) = replaced.next_if(|replaced| replaced.path < path) {
                push(gone.path, None);
            }
            let before = replaced.next_if(|replaced| replaced.path == path);
            if before != Some(Replaced { path, hash }) {
                push(path, Some(rlp));
            }
        }
        for gone in replaced {
            push(gone.path, None);
        }
        self.saved_root = self.hash();
    }

    /// Whether the trie could be dropped and loaded again: it has no updates to take.
    pub(super) fn is_saved(&self) -> bool {
        let saved = match self.arena.link(Slot::Root) {
            Link::Empty | Link::Unloaded(_) => true,
            Link::Loaded { saved, .. } => *saved,
        };
        saved && self.replaced.is_empty()
    }

    /// Appends the stamp of every loaded node.
    pub(super) fn stamps(&self, stamps: &mut Vec<u32>) {
        collect_stamps(&self.arena, Slot::Root, stamps);
    }

    /// Forgets the saved nodes that were last visited before `tick`.
    pub(super) fn forget_before(&mut self, tick: u32) {
        forget_before(&mut self.arena, Slot::Root, tick);
    }
}

/// Lists the nodes on their own at and below `slot` that are not saved, parents first, and marks
/// them saved.
fn collect_written<V: Value>(
    arena: &mut Arena<V>,
    slot: Slot,
    prefix: &B256,
    depth: u8,
    scratch: &mut Vec<u8>,
    written: &mut Vec<Written>,
) {
    let Link::Loaded { node, reference, saved } = arena.link_mut(slot) else {
        return;
    };
    if std::mem::replace(saved, true) {
        return;
    }
    let (node, reference) = (*node, *reference);
    if let Some(Reference::Hash(hash)) = reference {
        let rlp = Bytes::copy_from_slice(arena.encoding(node, depth, scratch));
        written.push(Written { path: key::path(prefix, depth), hash, rlp });
    }
    match node {
        NodeId::Leaf(_) => {}
        NodeId::Extension(index) => {
            let extension = arena.extensions.get(index);
            let (key, end) = (extension.key, extension.end);
            collect_written(arena, Slot::Extension(index), &key, end, scratch, written);
        }
        NodeId::Branch(index) => {
            for nibble in 0..16 {
                let prefix = key::with_nibble(prefix, depth, nibble);
                collect_written(arena, Slot::Branch(index, nibble), &prefix, depth + 1, scratch, written);
            }
        }
    }
}

fn collect_stamps<V>(arena: &Arena<V>, slot: Slot, stamps: &mut Vec<u32>) {
    if let Link::Loaded { node, .. } = *arena.link(slot) {
        stamps.push(arena.stamp(node));
        for below in Arena::<V>::slots_below(node) {
            collect_stamps(arena, below, stamps);
        }
    }
}

fn forget_before<V>(arena: &mut Arena<V>, slot: Slot, tick: u32) {
    let Link::Loaded { node, reference, saved } = *arena.link(slot) else {
        return;
    };
    match reference {
        // A walk to a node visits every node above it, so what hangs below is as old or older.
        Some(reference) if saved && arena.stamp(node) < tick => {
            arena.remove_subtree(node);
            *arena.link_mut(slot) = Link::Unloaded(reference);
        }
        _ => {
            for below in Arena::<V>::slots_below(node) {
                forget_before(arena, below, tick);
            }
        }
    }
}
