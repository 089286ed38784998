//! What one block contributes to the witness of a batch.

use std::collections::BTreeSet;

use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

use crate::{
    block::{ExecutedBlock, SealedBlock, StateRoots},
    chain::MESSAGE_PASSER,
    codec::{DecodeError, Reader, put_bytes, put_varint},
    state::StateError,
    trie::{NodeKey, NodeSource, StateTrie, TouchedNode, TrieUpdates},
};

/// The version of the encoding.
const VERSION: u8 = 1;

/// Moves `trie` from the state before `block`, of which `nodes` has what the trie lacks, to the
/// state after it, seals the block with the roots found there, and records what a run over a witness
/// will ask for.
///
/// After an error the trie must be dropped.
pub fn seal<N: NodeSource + ?Sized>(
    trie: &mut StateTrie,
    nodes: &N,
    block: ExecutedBlock,
) -> Result<(SealedBlock, TrieUpdates, BlockWitness), StateError> {
    trie.start_recording();
    trie.touch(nodes, &block.accessed, &block.changes)?;
    let state_root = trie.apply(nodes, &block.changes)?;
    let message_passer_root = trie.storage_root(nodes, MESSAGE_PASSER)?;
    let touched = trie.take_touched();
    let updates = trie.take_updates();
    let sealed = block.seal(StateRoots { state_root, message_passer_root });
    let witness = BlockWitness {
        touched,
        wiped: updates.wiped_storages.clone(),
        codes: sealed.accessed.codes.iter().copied().collect(),
        created_codes: sealed.changes.codes.keys().copied().collect(),
        oldest_block_hash: sealed.accessed.oldest_block_hash,
    };
    Ok((sealed, updates, witness))
}

/// What one block contributes to the witness of a batch, recorded while it was executed.
///
/// The nodes that the block replaced belong to it as well. They are not repeated here: whoever keeps
/// the state keeps them anyway, to be able to take the block back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockWitness {
    /// Nodes of the block's parent state that the block touched and did not only replace.
    pub touched: Vec<TouchedNode>,
    /// Hashed addresses whose storage the block dropped as a whole: what it replaced there, it did
    /// not touch.
    pub wiped: BTreeSet<B256>,
    /// Hashes of code the block fetched.
    pub codes: Vec<B256>,
    /// Hashes of code the block deployed.
    pub created_codes: Vec<B256>,
    /// The oldest block whose hash the block asked for.
    pub oldest_block_hash: Option<u64>,
}

impl BlockWitness {
    /// The binary encoding, as the store keeps it.
    pub fn encode(&self) -> Vec<u8> {
        let nodes: usize = self.touched.iter().map(|node| node.rlp.len() + 70).sum();
        let mut out = Vec::with_capacity(nodes + self.codes.len() * 32 + 32);
        out.push(VERSION);
        put_varint(&mut out, self.touched.len() as u64);
        for node in &self.touched {
            put_key(&mut out, &node.key);
            put_bytes(&mut out, &node.rlp);
        }
        put_varint(&mut out, self.wiped.len() as u64);
        for owner in &self.wiped {
            out.extend_from_slice(owner.as_slice());
        }
        for hashes in [&self.codes, &self.created_codes] {
            put_varint(&mut out, hashes.len() as u64);
            for hash in hashes {
                out.extend_from_slice(hash.as_slice());
            }
        }
        match self.oldest_block_hash {
            None => out.push(0),
            Some(number) => {
                out.push(1);
                put_varint(&mut out, number);
            }
        }
        out
    }

    /// Reads what [`encode`](Self::encode) wrote; nodes share the memory of `bytes`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        match reader.byte("block witness version")? {
            VERSION => {}
            got => return Err(DecodeError::Unknown { what: "block witness version", got: got.into() }),
        }
        let touched = (0..reader.count("touched nodes")?)
            .map(|_| {
                let key = read_key(&mut reader)?;
                Ok(TouchedNode { key, rlp: reader.bytes("touched node")? })
            })
            .collect::<Result<_, DecodeError>>()?;
        let mut hashes = |what| -> Result<Vec<B256>, DecodeError> {
            (0..reader.count(what)?).map(|_| reader.hash(what)).collect()
        };
        let wiped = hashes("wiped storages")?.into_iter().collect();
        let codes = hashes("codes")?;
        let created_codes = hashes("created codes")?;
        let oldest_block_hash = match reader.byte("oldest block hash")? {
            0 => None,
            1 => Some(reader.varint("oldest block hash")?),
            got => return Err(DecodeError::Unknown { what: "oldest block hash", got: got.into() }),
        };
        reader.finish()?;
        Ok(Self { touched, wiped, codes, created_codes, oldest_block_hash })
    }
}

/// A key is: 0, or 1 and the owner; the number of nibbles; the nibbles, two to a byte.
fn put_key(out: &mut Vec<u8>, key: &NodeKey) {
    match key.owner {
        None => out.push(0),
        Some(owner) => {
            out.push(1);
            out.extend_from_slice(owner.as_slice());
        }
    }
    put_varint(out, key.path.len() as u64);
    out.extend_from_slice(&key.path.pack());
}

fn read_key(reader: &mut Reader) -> Result<NodeKey, DecodeError> {
    let owner = match reader.byte("node owner")? {
        0 => None,
        1 => Some(reader.hash("node owner")?),
        got => return Err(DecodeError::Unknown { what: "node owner", got: got.into() }),
    };
    let len = reader.varint("node path")?;
    let len = usize::try_from(len).ok().filter(|len| *len <= 64).ok_or(DecodeError::TooLarge {
        what: "node path",
        got: len,
        max: 64,
    })?;
    let packed = reader.take("node path", len.div_ceil(2))?;
    let mut path = Nibbles::unpack(&packed);
    if len % 2 == 1 && path.pop() != Some(0) {
        return Err(DecodeError::NotCanonical("node path"));
    }
    Ok(NodeKey { owner, path })
}
