//! The witness: the part of the parent state that a batch needs to run without a database.

use alloy_primitives::B256;

use crate::trie::{NodeKey, TouchedNode};

/// What one block contributes to the witness of a batch, recorded while it was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockWitness {
    /// Nodes of the block's parent state that the block touched.
    pub touched: Vec<TouchedNode>,
    /// Places whose node the block wrote or removed: from the next block on of the same batch, a
    /// stateless run already has what stands there.
    pub rewritten: Vec<NodeKey>,
    /// Hashes of code the block fetched.
    pub codes: Vec<B256>,
    /// Hashes of code the block deployed.
    pub created_codes: Vec<B256>,
    /// The oldest block whose hash the block asked for.
    pub oldest_block_hash: Option<u64>,
}
