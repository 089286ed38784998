//! Proofs of withdrawals: made from a node's answers, and checked before anything is sent.
//!
//! The nodes are not trusted. L1's output root commits to state root, storage root and block hash of an L2 block; the storage
//! root commits to the withdrawal. A proof that holds up to the output root would convince the portal.

use alloy::transports::RpcError;
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy_rlp::Decodable as _;
use alloy_trie::{Nibbles, TrieAccount, nodes::TrieNode, proof::verify_proof};
use contracts_bindings::IPortal::OutputRootProof;
use serde::Deserialize;

use crate::{
    chain::{Chain, Error as ChainError, Header, StorageProof},
    network::MESSAGE_PASSER,
    withdrawal::storage_slot,
};

/// More nodes than any path has: 64 nibbles, and the inlined leaf that clients may repeat.
const MAX_NODES: usize = 66;

/// What a node of this rollup answers to `phala_getWithdrawalProof`. Other nodes do not know the question.
#[derive(Clone, Debug)]
pub enum NodeAnswer {
    /// The withdrawal's transaction, and its proof against the output of this number.
    Proved(Box<ProvedWithdrawal>),
    /// No final output covers its block yet.
    NotFinal {
        /// Its block.
        block: u64,
    },
    /// Nothing, or nothing that is understood.
    Nothing,
}

/// One withdrawal with its proof, as the node tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvedWithdrawal {
    withdrawal_hash: B256,
    /// The withdrawal's transaction on L2.
    pub transaction_hash: B256,
    l2_output_index: U64,
    output_root_proof: OutputParts,
    withdrawal_proof: Vec<Bytes>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputParts {
    version: B256,
    state_root: B256,
    message_passer_storage_root: B256,
    latest_blockhash: B256,
}

/// What the portal needs to believe in a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The parts of the output root.
    pub output: OutputRootProof,
    /// Trie nodes from the message passer's storage root to the withdrawal's slot, root first.
    pub nodes: Vec<Bytes>,
}

/// Why a proof would not convince the portal. The node that made it is broken or lies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The parts do not hash to the output root.
    #[error("the L2 node's block {block} hashes to output root {actual}, L1 has {expected}")]
    OutputRoot {
        /// The output's L2 block.
        block: u64,
        /// What L1 has.
        expected: B256,
        /// What the node's answers hash to.
        actual: B256,
    },
    /// The path does not lead to the withdrawal.
    #[error("the L2 node's proof of withdrawal {hash} does not hold: {reason}")]
    Path {
        /// The withdrawal.
        hash: B256,
        /// What is wrong with it.
        reason: String,
    },
}

impl NodeAnswer {
    /// Asks the L2 node about a withdrawal.
    pub async fn ask(l2: &Chain, hash: B256) -> Result<Self, ChainError> {
        let answer = l2.raw::<_, Vec<ProvedWithdrawal>>("phala_getWithdrawalProof", (hash,)).await;
        let error = match answer {
            Ok(proved) => {
                let own = proved.into_iter().find(|one| one.withdrawal_hash == hash);
                return Ok(own.map_or(Self::Nothing, |one| Self::Proved(Box::new(one))));
            }
            Err(error) => error,
        };
        match error {
            ChainError::Request { error: RpcError::ErrorResp(response), .. } => {
                let data = response.data.and_then(|data| serde_json::from_str::<Awaited>(data.get()).ok());
                let block = data.map(|data| data.l2_block_number.to());
                Ok(block.map_or(Self::Nothing, |block| Self::NotFinal { block }))
            }
            ChainError::Nonsense { .. } => Ok(Self::Nothing),
            error => Err(error),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Awaited {
    l2_block_number: U64,
}

impl ProvedWithdrawal {
    /// Number of the output that the proof is for, and the proof. It is not checked yet.
    pub fn into_proof(self) -> (u64, Proof) {
        let OutputParts { version, state_root, message_passer_storage_root, latest_blockhash } =
            self.output_root_proof;
        let output = OutputRootProof {
            version,
            stateRoot: state_root,
            messagePasserStorageRoot: message_passer_storage_root,
            latestBlockhash: latest_blockhash,
        };
        (self.l2_output_index.to(), Proof { output, nodes: self.withdrawal_proof })
    }
}

impl Proof {
    /// Asks the L2 node for the proof of a withdrawal at the end of block `block`. It is not checked yet.
    pub async fn fetch(l2: &Chain, hash: B256, block: u64) -> Result<Self, ChainError> {
        let header = l2.header(block).await?;
        let proof = l2.storage_proof(MESSAGE_PASSER, storage_slot(hash), block).await?;
        Ok(Self {
            output: OutputRootProof {
                version: B256::ZERO,
                stateRoot: header.state_root,
                messagePasserStorageRoot: proof.storage_root,
                latestBlockhash: header.hash,
            },
            nodes: proof.nodes,
        })
    }

    /// Whether it shows that the L2 block `block`, whose output root is `output_root`, has the withdrawal.
    pub fn verify(&self, hash: B256, block: u64, output_root: B256) -> Result<(), ProofError> {
        let actual = self.output_root();
        if actual != output_root {
            return Err(ProofError::OutputRoot { block, expected: output_root, actual });
        }
        let path = |reason: String| ProofError::Path { hash, reason };
        if self.nodes.len() > MAX_NODES {
            return Err(path(format!("{} nodes", self.nodes.len())));
        }
        let key = Nibbles::unpack(keccak256(storage_slot(hash)));
        let value = vec![1]; // RLP of `true`.
        let root = self.output.messagePasserStorageRoot;
        let Err(error) = verify_proof(root, key, Some(value.clone()), &self.nodes) else { return Ok(()) };
        // A leaf inside its parent may be repeated at the end: the parent has shown it already.
        match self.nodes.split_last() {
            Some((leaf, parents)) if leaf.len() < 32 && !parents.is_empty() => {
                verify_proof(root, key, Some(value), parents).map_err(|error| path(error.to_string()))
            }
            _ => Err(path(error.to_string())),
        }
    }

    /// What its parts hash to.
    pub fn output_root(&self) -> B256 {
        let OutputRootProof { version, stateRoot, messagePasserStorageRoot, latestBlockhash } = &self.output;
        keccak256([version.0, stateRoot.0, messagePasserStorageRoot.0, latestBlockhash.0].concat())
    }
}

/// Whether the storage of `account` holds `value` at `slot` at the end of the block that `header` claims to be, given that its
/// output root is `output_root`. Fails with the reason in words.
pub fn verify_slot(
    header: &Header,
    output_root: B256,
    account: Address,
    slot: B256,
    proof: &StorageProof,
    value: B256,
) -> Result<(), String> {
    let output = OutputRootProof {
        version: B256::ZERO,
        stateRoot: header.state_root,
        messagePasserStorageRoot: header.withdrawals_root.unwrap_or_default(),
        latestBlockhash: header.hash,
    };
    if (Proof { output, nodes: Vec::new() }).output_root() != output_root {
        return Err("the L2 node has another block than L1".to_owned());
    }
    let leaf = proof.account_nodes.last().ok_or("the L2 node's proof is empty")?;
    let TrieNode::Leaf(leaf) = TrieNode::decode(&mut &leaf[..]).map_err(|error| error.to_string())? else {
        return Err("the account is not there".to_owned());
    };
    let path = Nibbles::unpack(keccak256(account));
    verify_proof(header.state_root, path, Some(leaf.value.clone()), &proof.account_nodes)
        .map_err(|error| error.to_string())?;
    let held = TrieAccount::decode(&mut &leaf.value[..]).map_err(|error| error.to_string())?;
    let path = Nibbles::unpack(keccak256(slot));
    let value = alloy_rlp::encode(U256::from_be_bytes(value.0));
    verify_proof(held.storage_root, path, Some(value), &proof.nodes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::b256;
    use alloy_trie::{HashBuilder, proof::ProofRetainer};
    use proptest::prelude::*;

    use super::*;

    /// A proof of `wanted` in a message passer that holds `hashes`.
    fn proof(hashes: &[B256], wanted: B256) -> Proof {
        let path = |hash: &B256| Nibbles::unpack(keccak256(storage_slot(*hash)));
        let mut paths: Vec<Nibbles> = hashes.iter().map(path).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![path(&wanted)]));
        for path in &paths {
            builder.add_leaf(*path, &alloy_rlp::encode(U256::from(1)));
        }
        let root = builder.root();
        let nodes = builder.take_proof_nodes().into_nodes_sorted();
        Proof {
            output: OutputRootProof {
                version: B256::ZERO,
                stateRoot: B256::repeat_byte(1),
                messagePasserStorageRoot: root,
                latestBlockhash: B256::repeat_byte(3),
            },
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
        }
    }

    /// What viem's encoding of the four parts hashes to.
    #[test]
    fn the_output_root_is_that_of_the_clients() {
        let output = OutputRootProof {
            version: B256::ZERO,
            stateRoot: B256::repeat_byte(0x11),
            messagePasserStorageRoot: B256::repeat_byte(0x22),
            latestBlockhash: B256::repeat_byte(0x33),
        };
        let expected = b256!("d50bf2ff34ced71be0d2f0be7c2433c6b39d9c3b16c95daf1ed6f24b7578a3b2");
        assert_eq!(Proof { output, nodes: Vec::new() }.output_root(), expected);
    }

    proptest! {
        #[test]
        fn a_proof_convinces_and_any_change_of_it_does_not(
            hashes in prop::collection::vec(any::<[u8; 32]>(), 1..60),
            which: prop::sample::Index, node: prop::sample::Index, byte: prop::sample::Index, flip in 1u8..,
        ) {
            let hashes: Vec<B256> = hashes.into_iter().map(B256::from).collect();
            let wanted = *which.get(&hashes);
            let good = proof(&hashes, wanted);
            let root = good.output_root();
            prop_assert_eq!(good.verify(wanted, 7, root), Ok(()));

            let mut changed = good.clone();
            let at = node.index(changed.nodes.len());
            let mut bytes = changed.nodes[at].to_vec();
            let place = byte.index(bytes.len());
            bytes[place] ^= flip;
            changed.nodes[at] = bytes.into();
            prop_assert!(changed.verify(wanted, 7, root).is_err());

            let mut shorter = good.clone();
            shorter.nodes.remove(at);
            prop_assert!(shorter.verify(wanted, 7, root).is_err());
            prop_assert!(good.verify(B256::repeat_byte(0xee), 7, root).is_err());
            let elsewhere = good.verify(wanted, 7, B256::ZERO);
            prop_assert!(matches!(elsewhere, Err(ProofError::OutputRoot { .. })), "{elsewhere:?}");
        }
    }
}
