//! State read through a witness.

use std::cell::{Cell, RefCell};

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{B256Map, HashMap},
};
use alloy_trie::Nibbles;
use rayon::prelude::*;

use super::{Witness, ancestors};
use crate::{
    Header,
    block::StateRoots,
    chain::MESSAGE_PASSER,
    state::{Account, StateChanges, StateError, StateSource},
    trie::{NodeSource, StateTrie},
};

/// A witness that does not prove what it should, or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// Nodes are not strictly ascending by hash.
    #[error("trie node {index} of the witness is out of order")]
    NodeOrder {
        /// Position of the first node whose hash is not above that of the one before.
        index: usize,
    },
    /// Codes are not strictly ascending by hash.
    #[error("code {index} of the witness is out of order")]
    CodeOrder {
        /// Position of the first code whose hash is not above that of the one before.
        index: usize,
    },
    /// A header is not the parent of the one before.
    #[error("header {index} of the witness has hash {got}, expected {expected}")]
    HeaderChain {
        /// Position of the header.
        index: usize,
        /// Parent hash of the header before.
        expected: B256,
        /// Hash of the header.
        got: B256,
    },
    /// The run had no use for this trie node.
    #[error("trie node {0} of the witness is not used")]
    UnusedNode(B256),
    /// The run had no use for this code.
    #[error("code {0} of the witness is not used")]
    UnusedCode(B256),
    /// The run had no use for some of the headers.
    #[error("{got} headers in the witness, {expected} are used")]
    UnusedHeaders {
        /// Headers that prove the answers given.
        expected: u64,
        /// Headers in the witness.
        got: u64,
    },
}

/// The state at the end of a block, as far as a witness proves it, and after it the state that a
/// run builds on top of it.
///
/// Every read walks the trie from the root, so an answer is proved or it is an error.
pub struct WitnessState {
    trie: RefCell<StateTrie>,
    nodes: WitnessNodes,
    codes: B256Map<(Bytes, Cell<bool>)>,
    /// Code that blocks of the run deployed.
    created_codes: B256Map<Bytes>,
    /// Number of the parent block.
    parent: u64,
    headers: u64,
    block_hashes: HashMap<u64, B256>,
    /// The oldest block whose hash was asked for.
    oldest_block_hash: Cell<Option<u64>>,
}

impl WitnessState {
    /// The state at the end of block `parent`, whose hash is `parent_hash`.
    ///
    /// Hashes every node and code, once, on all cores.
    pub fn new(witness: &Witness, parent: &Header, parent_hash: B256) -> Result<Self, WitnessError> {
        let nodes = by_hash(&witness.nodes).map_err(|index| WitnessError::NodeOrder { index })?;
        let codes = by_hash(&witness.codes).map_err(|index| WitnessError::CodeOrder { index })?;
        let mut block_hashes = HashMap::default();
        block_hashes.insert(parent.number, parent_hash);
        let mut expected = parent.parent_hash;
        let mut number = parent.number;
        for (index, header) in witness.headers.iter().enumerate() {
            let got = header.hash_slow();
            if got != expected {
                return Err(WitnessError::HeaderChain { index, expected, got });
            }
            number = number.saturating_sub(1);
            block_hashes.insert(number, got);
            expected = header.parent_hash;
        }
        if let Some(number) = number.checked_sub(1) {
            block_hashes.insert(number, expected);
        }
        Ok(Self {
            trie: RefCell::new(StateTrie::new(parent.state_root)),
            nodes: WitnessNodes(nodes),
            codes,
            created_codes: B256Map::default(),
            parent: parent.number,
            headers: witness.headers.len() as u64,
            block_hashes,
            oldest_block_hash: Cell::new(None),
        })
    }

    /// Makes the changes of a block, and returns the roots after it.
    pub fn apply(&mut self, changes: &StateChanges) -> Result<StateRoots, StateError> {
        let trie = self.trie.get_mut();
        let state_root = trie.apply(&self.nodes, changes)?;
        let message_passer_root = trie.storage_root(&self.nodes, MESSAGE_PASSER)?;
        self.created_codes.extend(changes.codes.iter().map(|(hash, code)| (*hash, code.clone())));
        Ok(StateRoots { state_root, message_passer_root })
    }

    /// Tells the hash of the block just built.
    pub fn push_block_hash(&mut self, number: u64, hash: B256) {
        self.block_hashes.insert(number, hash);
    }

    /// Succeeds if the run used everything that the witness holds.
    pub fn finish(self) -> Result<(), WitnessError> {
        if let Some(hash) = unused(&self.nodes.0) {
            return Err(WitnessError::UnusedNode(hash));
        }
        if let Some(hash) = unused(&self.codes) {
            return Err(WitnessError::UnusedCode(hash));
        }
        let ancestors = ancestors(self.parent, self.oldest_block_hash.get());
        let expected = ancestors.end.saturating_sub(ancestors.start);
        if self.headers != expected {
            return Err(WitnessError::UnusedHeaders { expected, got: self.headers });
        }
        Ok(())
    }
}

impl StateSource for WitnessState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        let account = self.trie.borrow_mut().account(&self.nodes, address)?;
        Ok(account.map(|account| Account {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
        }))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.trie.borrow_mut().storage(&self.nodes, address, slot)
    }

    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        if let Some(code) = self.created_codes.get(&code_hash) {
            return Ok(code.clone());
        }
        let (code, used) = self.codes.get(&code_hash).ok_or(StateError::MissingCode(code_hash))?;
        used.set(true);
        Ok(code.clone())
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let hash = self.block_hashes.get(&number).ok_or(StateError::MissingBlockHash(number))?;
        self.oldest_block_hash.set(self.oldest_block_hash.get().into_iter().chain([number]).min());
        Ok(*hash)
    }
}

/// The trie nodes of a witness by hash, and whether they were used.
struct WitnessNodes(B256Map<(Bytes, Cell<bool>)>);

impl NodeSource for WitnessNodes {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let (rlp, used) = self.0.get(&hash).ok_or(StateError::MissingNode { owner, path: *path, hash })?;
        used.set(true);
        Ok(rlp.clone())
    }
}

/// Indexes byte strings by keccak256. The error is the position of the first one that is not
/// strictly above the one before.
fn by_hash(list: &[Bytes]) -> Result<B256Map<(Bytes, Cell<bool>)>, usize> {
    let hashes: Vec<B256> = list.par_iter().with_min_len(256).map(keccak256).collect();
    if let Some(at) = hashes.iter().zip(hashes.iter().skip(1)).position(|(before, after)| before >= after) {
        return Err(at + 1);
    }
    Ok(hashes.into_iter().zip(list.iter().map(|bytes| (bytes.clone(), Cell::new(false)))).collect())
}

/// The smallest hash of what was not used.
fn unused(map: &B256Map<(Bytes, Cell<bool>)>) -> Option<B256> {
    map.iter().filter(|(_, (_, used))| !used.get()).map(|(hash, _)| *hash).min()
}
