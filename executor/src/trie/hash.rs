//! Encodes nodes, and hashes what changed.
//!
//! Hashing reads the arena and returns the new references as a list, to be written afterwards: so
//! the subtrees of a large change are hashed on all cores without locks. Only nodes on a path to a
//! change are visited.

use alloy_primitives::{B256, keccak256};
use alloy_rlp::{BufMut, EMPTY_LIST_CODE, EMPTY_STRING_CODE, Header};
use alloy_trie::EMPTY_ROOT_HASH;
use rayon::prelude::*;

use super::arena::{Arena, Slot};
use super::key::{self, KEY_NIBBLES};
use super::node::{Branch, Link, NodeId, Reference, Value};

/// From this many changed leaves on, work is spread over the cores. Below it (some hundred
/// microseconds of hashing) handing out the work costs as much as it saves.
pub(super) const PARALLEL_LEAVES: usize = 128;

/// Levels of branches, from the root, whose children are hashed beside each other.
const PARALLEL_LEVELS: u8 = 2;

/// Most bytes of a list header: 0xf9 and a length of two bytes, as no node reaches 64 KiB.
const LIST_HEADER: usize = 3;

impl<V: Value> Arena<V> {
    /// Hashes the nodes that changed, of which there are `changed_leaves` leaves, and returns the root.
    pub(super) fn hash(&mut self, changed_leaves: usize) -> B256 {
        match *self.link(Slot::Root) {
            Link::Empty => EMPTY_ROOT_HASH,
            Link::Loaded { node, reference: None, .. } => {
                let levels = if changed_leaves < PARALLEL_LEAVES { 0 } else { PARALLEL_LEVELS };
                let mut hasher = Hasher::new(&*self);
                let start = hasher.encode(node, 0, levels);
                let root = keccak256(hasher.encoding(start));
                for (slot, reference) in hasher.fresh {
                    self.set_reference(slot, reference);
                }
                self.set_reference(Slot::Root, Reference::Hash(root));
                root
            }
            // Every reference to a root is a hash.
            Link::Unloaded(reference) | Link::Loaded { reference: Some(reference), .. } => match reference {
                Reference::Hash(root) => root,
                Reference::Embedded(node) => keccak256(node.as_slice()),
            },
        }
    }

    /// Writes the encoding of a node at `depth`, all of whose children are hashed, into `scratch`
    /// and returns it.
    pub(super) fn encoding<'s>(&self, node: NodeId, depth: u8, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        scratch.clear();
        let mut hasher = Hasher { buffer: std::mem::take(scratch), ..Hasher::new(self) };
        let start = hasher.encode(node, depth, 0);
        *scratch = hasher.buffer;
        scratch.split_at(start).1
    }
}

/// Encodes nodes of one subtree from the bottom up.
struct Hasher<'a, V> {
    arena: &'a Arena<V>,
    /// References that were computed, by the slot they belong to.
    fresh: Vec<(Slot, Reference)>,
    /// A stack: a child is encoded behind the unfinished encoding of its parent, then cut off.
    buffer: Vec<u8>,
}

impl<'a, V: Value> Hasher<'a, V> {
    fn new(arena: &'a Arena<V>) -> Self {
        Self { arena, fresh: Vec::new(), buffer: Vec::new() }
    }

    /// Appends the encoding of `node` and returns where it begins. Changed children are hashed on
    /// the way; those of the upper `parallel_levels` levels of branches beside each other.
    fn encode(&mut self, node: NodeId, depth: u8, parallel_levels: u8) -> usize {
        let payload = self.buffer.len() + LIST_HEADER;
        self.buffer.resize(payload, 0);
        match node {
            NodeId::Leaf(index) => {
                let leaf = self.arena.leaves.get(index);
                key::encode_hex_prefix(&leaf.key, depth, KEY_NIBBLES, true, &mut self.buffer);
                let length = leaf.value.length();
                // An encoding of one byte is below 0x80 (values are never empty): its own string.
                if length > 1 {
                    Header { list: false, payload_length: length }.encode(&mut self.buffer);
                }
                leaf.value.encode(&mut self.buffer);
            }
            NodeId::Extension(index) => {
                let extension = self.arena.extensions.get(index);
                key::encode_hex_prefix(&extension.key, depth, extension.end, false, &mut self.buffer);
                let slot = Slot::Extension(index);
                self.encode_child(slot, &extension.child, extension.end, parallel_levels, None);
            }
            NodeId::Branch(index) => {
                let branch = self.arena.branches.get(index);
                let mut ahead = if parallel_levels > 0 {
                    self.hash_children(branch, depth, parallel_levels - 1)
                } else {
                    [None; 16]
                };
                for (nibble, ahead) in (0..16).zip(&mut ahead) {
                    self.encode_child(
                        Slot::Branch(index, nibble),
                        branch.link(nibble),
                        depth + 1,
                        0,
                        ahead.take(),
                    );
                }
                self.buffer.put_u8(EMPTY_STRING_CODE);
            }
        }
        self.write_list_header(payload)
    }

    /// Writes the header of the list whose payload begins at `payload` into the bytes kept free
    /// before it, and returns where the list begins.
    fn write_list_header(&mut self, payload: usize) -> usize {
        let length = self.buffer.len() - payload;
        let [.., high, low] = length.to_be_bytes();
        let (header, size) = match length {
            0..56 => ([0, 0, EMPTY_LIST_CODE + low], 1),
            56..256 => ([0, 0xf8, low], 2),
            _ => ([0xf9, high, low], 3),
        };
        if let Some(free) = self.buffer.get_mut(payload - LIST_HEADER..payload) {
            free.copy_from_slice(&header);
        }
        payload - size
    }

    /// Appends the reference to a child, which is hashed first if it changed and was not hashed
    /// `ahead`.
    fn encode_child(
        &mut self,
        slot: Slot,
        link: &Link,
        depth: u8,
        parallel_levels: u8,
        ahead: Option<Reference>,
    ) {
        let reference = match *link {
            Link::Empty => {
                self.buffer.put_u8(EMPTY_STRING_CODE);
                return;
            }
            Link::Unloaded(reference) | Link::Loaded { reference: Some(reference), .. } => reference,
            Link::Loaded { node, reference: None, .. } => {
                let reference = ahead.unwrap_or_else(|| self.hash(node, depth, parallel_levels));
                self.fresh.push((slot, reference));
                reference
            }
        };
        match reference {
            Reference::Hash(hash) => {
                self.buffer.put_u8(EMPTY_STRING_CODE + 32);
                self.buffer.put_slice(hash.as_slice());
            }
            Reference::Embedded(node) => self.buffer.put_slice(node.as_slice()),
        }
    }

    /// The reference to a node.
    fn hash(&mut self, node: NodeId, depth: u8, parallel_levels: u8) -> Reference {
        let end = self.buffer.len();
        let start = self.encode(node, depth, parallel_levels);
        let reference = Reference::of(self.encoding(start));
        self.buffer.truncate(end);
        reference
    }

    /// What was encoded from `start` on.
    fn encoding(&self, start: usize) -> &[u8] {
        self.buffer.split_at(start).1
    }

    /// Hashes the changed children of a branch on all cores.
    fn hash_children(&mut self, branch: &Branch, depth: u8, parallel_levels: u8) -> [Option<Reference>; 16] {
        let mut changed = [None; 16];
        for ((_, link), changed) in branch.links().zip(&mut changed) {
            if let Link::Loaded { node, reference: None, .. } = *link {
                *changed = Some(node);
            }
        }
        let hash = |node: Option<NodeId>| {
            let mut hasher = Hasher::new(self.arena);
            let reference = hasher.hash(node?, depth + 1, parallel_levels);
            Some((reference, hasher.fresh))
        };
        let hashed: Vec<_> = changed.into_par_iter().map(hash).collect();
        let mut references = [None; 16];
        for (hashed, reference) in hashed.into_iter().zip(&mut references) {
            if let Some((fresh, below)) = hashed {
                *reference = Some(fresh);
                self.fresh.extend(below);
            }
        }
        references
    }
}
