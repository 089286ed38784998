//! Bytes that are no canonical node.

use alloy_rlp::{BufMut, Header};
use alloy_trie::TrieAccount;

use super::super::arena::{Arena, Node, Slot};
use super::super::decode::{Expected, decode};
use super::super::node::{Link, Value};
use super::*;

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.put_slice(&payload);
    out
}

fn string(bytes: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(bytes)
}

/// A branch with these children, then empty ones, and no value.
fn branch(children: &[Vec<u8>]) -> Vec<u8> {
    let mut items = children.to_vec();
    items.resize(17, string(&[]));
    list(&items)
}

fn reason<V: Value>(rlp: &[u8], depth: u8) -> &'static str {
    decode::<V>(rlp, &B256::ZERO, depth, Expected::Any).err().expect("refused")
}

fn hash() -> Vec<u8> {
    string(&[0xaa; 32])
}

#[test]
fn lists_of_the_wrong_shape_are_refused() {
    for (rlp, expected) in [
        (vec![], "not an RLP list"),
        (vec![0x80], "not an RLP list"),
        (vec![0xc0], "fewer than two items"),
        (vec![0xc2, 0x01], "not an RLP list"),
        (list(&[string(&[1])]), "fewer than two items"),
        (vec![0xc2, 0x81, 0x01], "malformed RLP item"),
        (vec![0xf8, 0x01, 0x01], "not an RLP list"),
        (list(&[hash(), hash(), hash()]), "neither two nor seventeen items"),
        (list(&vec![hash(); 16]), "neither two nor seventeen items"),
        (list(&vec![hash(); 18]), "neither two nor seventeen items"),
        ([branch(&[hash(), hash()]), vec![0]].concat(), "bytes after the node"),
    ] {
        assert_eq!(reason::<U256>(&rlp, 0), expected, "{rlp:02x?}");
    }
}

#[test]
fn branches_that_no_trie_has_are_refused() {
    let leaf = list(&[string(&[0x20]), string(&[1])]);
    let extension = list(&[string(&[0x11]), hash()]);
    let mut with_value = vec![hash(); 16];
    with_value.push(string(&[1]));
    for (rlp, depth, expected) in [
        (branch(&[]), 0, "branch with fewer than two children"),
        (branch(&[hash()]), 0, "branch with fewer than two children"),
        (list(&with_value), 0, "branch with a value"),
        (branch(&[hash(), hash()]), 64, "branch below a whole key"),
        (branch(&[hash(), string(&[0xaa; 31])]), 0, "reference is not a hash"),
        (branch(&[hash(), string(&[0xaa; 33])]), 0, "reference is not a hash"),
        (branch(&[hash(), string(&[1])]), 0, "reference is not a hash"),
        (branch(&[hash(), extension]), 0, "embedded node of 32 bytes or more"),
        (branch(&[hash(), branch(&[hash(), hash()])]), 0, "embedded node of 32 bytes or more"),
        (branch(&[hash(), leaf.clone()]), 0, "leaf before the end of a key"),
        (branch(&[hash(), list(&[])]), 0, "fewer than two items"),
        (branch(&[hash(), branch(std::slice::from_ref(&leaf))]), 62, "branch with fewer than two children"),
    ] {
        assert_eq!(reason::<U256>(&rlp, depth), expected, "{rlp:02x?}");
    }
    assert!(decode::<U256>(&branch(&[hash(), leaf]), &B256::ZERO, 63, Expected::Any).is_ok());
}

#[test]
fn paths_that_no_trie_has_are_refused() {
    let leaf = list(&[string(&[0x20]), string(&[1])]);
    let inner = branch(&[leaf.clone(), leaf.clone()]);
    for (rlp, depth, expected) in [
        (list(&[string(&[]), hash()]), 0, "empty path encoding"),
        (list(&[string(&[0x40]), hash()]), 0, "unknown path flag"),
        (list(&[string(&[0x01]), hash()]), 0, "path padding is not zero"),
        (list(&[string(&[0x00]), hash()]), 0, "extension with an empty path"),
        (list(&[string(&[0x11]), hash()]), 63, "extension to the end of a key"),
        (list(&[string(&[0x00, 0x11]), hash()]), 63, "path longer than a key"),
        (list(&[string(&[0x11]), string(&[])]), 0, "extension without a branch"),
        (list(&[string(&[0x11]), leaf.clone()]), 63, "extension to the end of a key"),
        (list(&[string(&[0x11]), leaf]), 62, "extension without a branch"),
        (list(&[string(&[0x20]), string(&[1])]), 63, "leaf before the end of a key"),
        (list(&[list(&[]), string(&[1])]), 63, "path is not a string"),
        (list(&[string(&[0x31]), list(&[])]), 63, "leaf value is not a string"),
    ] {
        assert_eq!(reason::<U256>(&rlp, depth), expected, "{rlp:02x?}");
    }
    // An extension below an extension, by reference.
    let extension = list(&[string(&[0x11]), hash()]);
    let refused = decode::<U256>(&extension, &B256::ZERO, 1, Expected::Branch).err();
    assert_eq!(refused, Some("extension without a branch"));
    assert!(decode::<U256>(&list(&[string(&[0x11]), inner]), &B256::ZERO, 62, Expected::Any).is_ok());
}

#[test]
fn values_that_no_leaf_has_are_refused() {
    let leaf = |value: &[u8]| list(&[string(&[0x31]), string(value)]);
    for (value, expected) in [
        (&[][..], "leaf value is not an integer"),
        (&[0x80], "leaf value is zero"),
        (&[0x00], "leaf value is not an integer"),
        (&[0x81, 0x05], "leaf value is not an integer"),
        (&[0x82, 0x00, 0x05], "leaf value is not an integer"),
        (&[0x05, 0x05], "bytes after the integer"),
        (&[0xa1; 34], "leaf value is not an integer"),
    ] {
        assert_eq!(reason::<U256>(&leaf(value), 63), expected, "{value:02x?}");
    }
    let account = alloy_rlp::encode(TrieAccount::default());
    assert!(decode::<TrieAccount>(&leaf(&account), &B256::ZERO, 63, Expected::Any).is_ok());
    let longer = [&account[..], &[0]].concat();
    assert_eq!(reason::<TrieAccount>(&leaf(&longer), 63), "bytes after the account");
    assert_eq!(reason::<TrieAccount>(&leaf(&[0x05]), 63), "leaf value is not an account");
}

/// A node of fewer than 32 bytes belongs into its parent; a hash may not lead to it.
#[test]
fn a_short_node_behind_a_hash_is_refused() {
    let key = B256::repeat_byte(0x11);
    let short = list(&[string(&[0x31]), string(&[1])]);
    let last = branch(&[hash(), string(keccak256(&short).as_slice())]);
    let root = list(&[string(&[&[0x11][..], &[0x11; 31]].concat()), string(keccak256(&last).as_slice())]);
    let mut store = Store::default();
    // The branch stands at depth 63, the short leaf would be at its child 1.
    let path = |length: usize| Nibbles::unpack(key).slice(..length);
    store.nodes = [(path(0), root.clone().into()), (path(63), last.into()), (path(64), short.into())].into();
    let mut trie = Trie::<U256>::new(keccak256(&root));
    let error = trie.get(&mut walk(&store, &mut Recorder::new()), &key).unwrap_err();
    let StateError::MalformedNode { path, reason, .. } = error else { panic!("{error}") };
    assert_eq!((path.len(), reason), (64, "node of fewer than 32 bytes outside its parent"));
}

/// A store whose nodes do not match their hashes.
struct Corrupt(BTreeMap<Nibbles, Bytes>);

impl NodeSource for Corrupt {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.0.get(path).cloned().ok_or(StateError::MissingNode { owner, path: *path, hash })
    }
}

fn mutate(rlp: &mut Vec<u8>, kind: u8, at: prop::sample::Index, byte: u8) {
    let index = at.index(rlp.len().max(1));
    match kind {
        0 if index < rlp.len() => rlp[index] = byte,
        1 if index < rlp.len() => drop(rlp.remove(index)),
        2 => rlp.insert(index, byte),
        3 => rlp.truncate(index),
        _ => rlp.push(byte),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// Whatever is accepted is what we would have written: there is one encoding of a node.
    #[test]
    fn an_accepted_node_encodes_to_itself(
        leaves in prop::collection::btree_map(close_keys(), values(), 1..12),
        node in any::<prop::sample::Index>(),
        mutations in prop::collection::vec((0u8..5, any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut trie = Trie::new(EMPTY_ROOT_HASH);
        let mut store = Store::default();
        for (key, value) in &leaves {
            trie.set(&mut walk(&store, &mut Recorder::new()), key, *value).unwrap();
        }
        let root = trie.hash();
        store.update(&mut trie);
        let (path, rlp) = store.nodes.iter().nth(node.index(store.nodes.len())).unwrap();
        let (path, mut rlp) = (*path, rlp.to_vec());
        for (kind, at, byte) in &mutations {
            mutate(&mut rlp, *kind, *at, *byte);
        }
        let prefix = path.iter().enumerate().fold(B256::ZERO, |key, (index, nibble)| {
            key::with_nibble(&key, u8::try_from(index).unwrap(), nibble)
        });
        let depth = u8::try_from(path.len()).unwrap();
        if let Ok(node) = decode::<U256>(&rlp, &prefix, depth, Expected::Any) {
            let mut arena = Arena::new(Link::Empty);
            let node = arena.insert(node);
            *arena.link_mut(Slot::Root) = Link::changed(node);
            let mut scratch = Vec::new();
            prop_assert_eq!(arena.encoding(node, depth, &mut scratch), &rlp[..]);
        } else {
            prop_assert!(!mutations.is_empty());
        }

        // Walks over the corrupt node end in an error or not, but end.
        let mut corrupt = Corrupt(store.nodes.clone());
        corrupt.0.insert(path, rlp.into());
        let mut trie = Trie::<U256>::new(root);
        let mut recorder = Recorder::new();
        recorder.start();
        let walk = &mut Walk::accounts(&corrupt, &mut recorder);
        for key in leaves.keys() {
            for result in [
                trie.get(walk, key).map(drop),
                trie.set(walk, key, U256::from(9)),
                trie.prove(walk, key).map(drop),
                trie.remove(walk, key).map(drop),
            ] {
                if let Err(error) = result {
                    let expected = matches!(error, StateError::MalformedNode { .. } | StateError::MissingNode { .. });
                    prop_assert!(expected, "{}", error);
                    return Ok(());
                }
            }
        }
        trie.hash();
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        depth in 0u8..=64,
    ) {
        let node: Result<Node<U256>, _> = decode(&bytes, &B256::ZERO, depth, Expected::Any);
        prop_assert!(node.is_err() || bytes.len() > 2);
        let node: Result<Node<TrieAccount>, _> = decode(&bytes, &B256::ZERO, depth, Expected::Branch);
        prop_assert!(node.is_err() || bytes.len() > 2);
    }
}
