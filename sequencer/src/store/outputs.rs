//! What proves withdrawals against final outputs, for ever.
//!
//! State is forgotten after a while. A withdrawal must stay provable, so for the last block of every
//! final batch these trie nodes are kept, by their hash: those on the way to the account of
//! `L2ToL1MessagePasser`, and all of its storage. Nothing in that storage is ever removed: a batch adds
//! the nodes on the ways to its own withdrawals, and shares the others with the batches before it. The
//! way to the account is new with each batch: 2 to 4 KB on a large state.
//!
//! Written with the status [`Final`](super::BatchStatus::Final), in one transaction: what is final is
//! never taken back, and neither is anything here.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::Decodable as _;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, nodes::TrieNode};
use executor::{
    chain::MESSAGE_PASSER,
    state::StateError,
    trie::{NodeSource, StateTrie},
};

use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::snapshot::Snapshot;
use super::state::StateView;

/// The nodes that prove withdrawals against final outputs. As a source it has what leads to the
/// account and into the storage of `L2ToL1MessagePasser`, at the last block of each final batch.
///
/// Holds its [`Snapshot`]: the same advice applies.
#[derive(Clone, Debug)]
pub struct OutputNodes(Snapshot);

impl Snapshot {
    /// The nodes that prove withdrawals against final outputs.
    pub fn output_nodes(&self) -> OutputNodes {
        OutputNodes(self.clone())
    }
}

impl NodeSource for OutputNodes {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        let table = self.0.tables().output_nodes;
        let rlp = engine::get(self.0.tx(), table, hash.as_slice())?;
        let rlp = rlp.ok_or(StateError::MissingNode { owner, path: *path, hash })?;
        if keccak256(&rlp) != hash {
            let reason = "a node has not the hash under which it is kept";
            return Err(StoreError::Corrupt { table: table.name, reason }.into());
        }
        Ok(Bytes::copy_from_slice(&rlp))
    }
}

/// Keeps what proves withdrawals against the state `state`, whose root is `state_root`.
pub(super) fn keep(tx: &WriteTx, state: &StateView, state_root: B256) -> Result<(), StateError> {
    let proof = StateTrie::new(state_root).prove(state, MESSAGE_PASSER, &[])?;
    for node in proof.account_proof {
        tx.put(tx.tables.output_nodes, keccak256(&node).as_slice(), &node)?;
    }
    match proof.account {
        Some(account) if account.storage_root != EMPTY_ROOT_HASH => {
            keep_storage(tx, state, account.storage_root)
        }
        _ => Ok(()),
    }
}

fn keep_storage(tx: &WriteTx, state: &StateView, root: B256) -> Result<(), StateError> {
    let owner = Some(keccak256(MESSAGE_PASSER));
    let mut open = vec![(Nibbles::new(), root)];
    while let Some((path, hash)) = open.pop() {
        // Everything below a node was kept with it.
        if engine::get(tx.reader(), tx.tables.output_nodes, hash.as_slice())?.is_some() {
            continue;
        }
        let rlp = state.node(owner, &path, hash)?;
        tx.put(tx.tables.output_nodes, hash.as_slice(), &rlp)?;
        let node = TrieNode::decode(&mut &rlp[..]).map_err(|_| StateError::MalformedNode {
            owner,
            path,
            hash,
            reason: "it is not the encoding of a trie node",
        })?;
        open.extend(children(path, &node));
    }
    Ok(())
}

/// The children that `node`, at `path`, refers to by hash. A child that is embedded in it is shorter
/// than a hash, and refers to none.
fn children(path: Nibbles, node: &TrieNode) -> Vec<(Nibbles, B256)> {
    match node {
        TrieNode::EmptyRoot | TrieNode::Leaf(_) => Vec::new(),
        TrieNode::Extension(extension) => {
            extension.child.as_hash().map(|hash| (path.join(&extension.key), hash)).into_iter().collect()
        }
        TrieNode::Branch(branch) => {
            let below = |nibble| {
                let mut path = path;
                path.push(nibble);
                path
            };
            branch
                .as_ref()
                .children()
                .filter_map(|(nibble, child)| Some((below(nibble), child?.as_hash()?)))
                .collect()
        }
    }
}
