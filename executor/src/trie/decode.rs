//! Reads a node, and refuses every encoding but the canonical one.

use alloy_primitives::B256;
use alloy_rlp::{EMPTY_STRING_CODE, Header};

use super::arena::Node;
use super::key::{self, KEY_NIBBLES};
use super::node::{Branch, Embedded, Extension, Leaf, Link, Reference, Value};

/// What a parent requires of its child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Any node.
    Any,
    /// A branch: nothing else may follow an extension.
    Branch,
}

/// Reads the node that hangs below the first `depth` nibbles of `prefix`.
///
/// # Errors
///
/// Says what is wrong with an encoding that no trie of 64-nibble keys has.
pub(super) fn decode<V: Value>(
    rlp: &[u8],
    prefix: &B256,
    depth: u8,
    expected: Expected,
) -> Result<Node<V>, &'static str> {
    let mut rest = rlp;
    let payload = Header::decode_bytes(&mut rest, true).map_err(|_| "not an RLP list")?;
    if !rest.is_empty() {
        return Err("bytes after the node");
    }
    let mut items = Items { rest: payload };
    let (Some(first), Some(second)) = (items.next()?, items.next()?) else {
        return Err("fewer than two items");
    };
    let Some(third) = items.next()? else {
        return decode_path_node(first, second, prefix, depth, expected);
    };
    if depth >= KEY_NIBBLES {
        return Err("branch below a whole key");
    }
    let mut branch = Branch::default();
    let mut children = 0;
    for nibble in 0..16 {
        let item = match nibble {
            0 => first,
            1 => second,
            2 => third,
            _ => items.next()?.ok_or("neither two nor seventeen items")?,
        };
        let below = key::with_nibble(prefix, depth, nibble);
        let link = decode_child::<V>(item, &below, depth + 1, Expected::Any)?;
        children += usize::from(!link.is_empty());
        *branch.link_mut(nibble) = link;
    }
    let value = items.next()?.ok_or("neither two nor seventeen items")?;
    if items.next()?.is_some() {
        return Err("neither two nor seventeen items");
    }
    if value != [EMPTY_STRING_CODE] {
        return Err("branch with a value");
    }
    if children < 2 {
        return Err("branch with fewer than two children");
    }
    Ok(Node::Branch(branch))
}

/// Reads a leaf or an extension from its two items.
fn decode_path_node<V: Value>(
    path: &[u8],
    content: &[u8],
    prefix: &B256,
    depth: u8,
    expected: Expected,
) -> Result<Node<V>, &'static str> {
    if expected == Expected::Branch {
        return Err("extension without a branch");
    }
    let (key, end, leaf) = key::decode_hex_prefix(prefix, depth, string(path, "path is not a string")?)?;
    if leaf {
        if end != KEY_NIBBLES {
            return Err("leaf before the end of a key");
        }
        let value = V::decode_exact(string(content, "leaf value is not a string")?)?;
        return Ok(Node::Leaf(Leaf { stamp: 0, key, value }));
    }
    if end == depth {
        return Err("extension with an empty path");
    }
    if end == KEY_NIBBLES {
        return Err("extension to the end of a key");
    }
    let child = decode_child::<V>(content, &key, end, Expected::Branch)?;
    if child.is_empty() {
        return Err("extension without a branch");
    }
    Ok(Node::Extension(Extension { stamp: 0, key, end, child }))
}

/// Reads how a parent refers to a child. An embedded child is checked as a node of its own.
fn decode_child<V: Value>(
    item: &[u8],
    prefix: &B256,
    depth: u8,
    expected: Expected,
) -> Result<Link, &'static str> {
    if item == [EMPTY_STRING_CODE] {
        return Ok(Link::Empty);
    }
    if item.first().is_some_and(|first| *first >= alloy_rlp::EMPTY_LIST_CODE) {
        let embedded = Embedded::new(item).ok_or("embedded node of 32 bytes or more")?;
        decode::<V>(item, prefix, depth, expected)?;
        return Ok(Link::Unloaded(Reference::Embedded(embedded)));
    }
    let hash = string(item, "reference is not a string")?;
    let hash = B256::try_from(hash).map_err(|_| "reference is not a hash")?;
    Ok(Link::Unloaded(Reference::Hash(hash)))
}

/// The content of an item that must be an RLP string.
fn string<'a>(mut item: &'a [u8], otherwise: &'static str) -> Result<&'a [u8], &'static str> {
    Header::decode_bytes(&mut item, false).map_err(|_| otherwise)
}

/// The items of a list, each with its header.
struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    fn next(&mut self) -> Result<Option<&'a [u8]>, &'static str> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut content = self.rest;
        let header = Header::decode(&mut content).map_err(|_| "malformed RLP item")?;
        let length = self.rest.len() - content.len() + header.payload_length;
        let (item, rest) = self.rest.split_at_checked(length).ok_or("malformed RLP item")?;
        self.rest = rest;
        Ok(Some(item))
    }
}
