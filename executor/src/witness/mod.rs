//! The witness: the part of the parent state that a batch needs to run without a database.
//!
//! A witness is recorded, not searched for: while the sequencer executes a block it writes down
//! what the block touched ([`BlockWitness`]), and the witness of a batch is the merge of the
//! recordings of its blocks ([`WitnessBuilder`]). It holds exactly what a stateless run asks for,
//! in one order: a run refuses a witness with anything missing, superfluous or out of place, so
//! there is one valid witness for a batch and no byte in it is free.
//!
//! # Layout
//!
//! ```text
//! version                                   1 byte, 1
//! nodes      count, then length ‖ RLP each  strictly ascending by keccak256
//! codes      count, then length ‖ code each strictly ascending by keccak256
//! headers    count, then length ‖ RLP each  from the parent's parent downwards
//! ```
//!
//! Counts and lengths are varints. Nothing is trusted: a node is known by its hash only, and
//! headers hang together by their parent hashes.

mod block;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use alloy_primitives::{B256, Bytes, keccak256};

pub use block::{BlockWitness, seal};
pub use state::{WitnessError, WitnessState};

use crate::{
    Header,
    codec::{DecodeError, Reader, put_bytes, put_header, put_varint},
    trie::{NodeKey, ReplacedNode, TouchedNode},
};

/// The version of the encoding.
const VERSION: u8 = 1;

/// Everything that a batch needs of the state and the chain before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// RLP encodings of trie nodes of the parent state, strictly ascending by keccak256.
    pub nodes: Vec<Bytes>,
    /// Contract code, strictly ascending by keccak256.
    pub codes: Vec<Bytes>,
    /// Headers that prove the answers of BLOCKHASH: from the parent of the batch's parent
    /// downwards, contiguous, the last one being the child of the oldest block asked for.
    pub headers: Vec<Header>,
}

impl Witness {
    /// The binary encoding, see the module's documentation.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for list in [&self.nodes, &self.codes] {
            put_varint(&mut out, list.len() as u64);
            for bytes in list {
                put_bytes(&mut out, bytes);
            }
        }
        put_varint(&mut out, self.headers.len() as u64);
        for header in &self.headers {
            put_header(&mut out, header);
        }
        out
    }

    /// Reads an encoded witness; nodes and codes share its memory.
    ///
    /// Order and hashes are checked by [`WitnessState::new`], which computes the hashes anyway.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        match reader.byte("witness version")? {
            VERSION => {}
            got => return Err(DecodeError::Unknown { what: "witness version", got: got.into() }),
        }
        let mut byte_strings = |what| -> Result<Vec<Bytes>, DecodeError> {
            (0..reader.count(what)?).map(|_| reader.bytes(what)).collect()
        };
        let nodes = byte_strings("witness nodes")?;
        let codes = byte_strings("witness codes")?;
        let headers = (0..reader.count("witness headers")?)
            .map(|_| reader.header("witness headers"))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self { nodes, codes, headers })
    }
}

/// Something that a block recorded as needed is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessBuildError {
    /// The code with this hash was fetched by a block, but cannot be found.
    #[error("code {0} is missing")]
    MissingCode(B256),
    /// The header of this block proves an answer of BLOCKHASH, but cannot be found.
    #[error("the header of block {0} is missing")]
    MissingHeader(u64),
}

/// Merges the recordings of consecutive blocks into the witness of the batch they form.
#[derive(Clone, Debug)]
pub struct WitnessBuilder {
    parent: u64,
    nodes: BTreeMap<B256, Bytes>,
    /// Places whose node the run has by now: witnessed, or written by a block of the batch.
    known: HashSet<NodeKey>,
    codes: BTreeSet<B256>,
    created_codes: HashSet<B256>,
    oldest_block_hash: Option<u64>,
}

impl WitnessBuilder {
    /// A builder for a batch that begins after block number `parent`.
    pub fn new(parent: u64) -> Self {
        Self {
            parent,
            nodes: BTreeMap::new(),
            known: HashSet::new(),
            codes: BTreeSet::new(),
            created_codes: HashSet::new(),
            oldest_block_hash: None,
        }
    }

    /// Adds the recording of the next block, and the nodes that the block replaced.
    pub fn push_block(&mut self, block: &BlockWitness, replaced: impl IntoIterator<Item = ReplacedNode>) {
        for TouchedNode { key, rlp } in &block.touched {
            self.touch(*key, rlp);
        }
        for ReplacedNode { key, before } in replaced {
            match before {
                Some(rlp) if key.owner.is_none_or(|owner| !block.wiped.contains(&owner)) => {
                    self.touch(key, &rlp);
                }
                // From the next block on, a stateless run has what stands here.
                _ => drop(self.known.insert(key)),
            }
        }
        self.codes.extend(block.codes.iter().filter(|hash| !self.created_codes.contains(*hash)));
        self.created_codes.extend(block.created_codes.iter().copied());
        self.oldest_block_hash = self.oldest_block_hash.into_iter().chain(block.oldest_block_hash).min();
    }

    fn touch(&mut self, key: NodeKey, rlp: &Bytes) {
        if self.known.insert(key) {
            self.nodes.entry(keccak256(rlp)).or_insert_with(|| rlp.clone());
        }
    }

    /// Fetches codes and headers and builds the witness.
    pub fn finish(
        self,
        mut code_by_hash: impl FnMut(B256) -> Option<Bytes>,
        mut header_by_number: impl FnMut(u64) -> Option<Header>,
    ) -> Result<Witness, WitnessBuildError> {
        let codes = self
            .codes
            .into_iter()
            .map(|hash| code_by_hash(hash).ok_or(WitnessBuildError::MissingCode(hash)))
            .collect::<Result<_, _>>()?;
        let headers = ancestors(self.parent, self.oldest_block_hash)
            .rev()
            .map(|number| header_by_number(number).ok_or(WitnessBuildError::MissingHeader(number)))
            .collect::<Result<_, _>>()?;
        Ok(Witness { nodes: self.nodes.into_values().collect(), codes, headers })
    }
}

/// The blocks before `parent` whose headers prove the hashes of the blocks from `oldest` on.
///
/// A header holds the hash of its parent, so the header of `oldest` itself is not needed, and
/// `parent` is known to every run.
fn ancestors(parent: u64, oldest: Option<u64>) -> std::ops::Range<u64> {
    match oldest {
        Some(oldest) => oldest.saturating_add(1).min(parent)..parent,
        None => parent..parent,
    }
}
