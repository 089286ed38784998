//! Proofs of accounts and slots (EIP-1186).

use alloy_primitives::{Bytes, U256};
use alloy_trie::TrieAccount;

/// Proves what stands, or that nothing stands, at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProof {
    /// The account; `None` if the proof shows its absence.
    pub account: Option<TrieAccount>,
    /// Encodings of the nodes from the state root towards the account.
    pub account_proof: Vec<Bytes>,
    /// One for each slot asked for, in that order.
    pub storage: Vec<StorageProof>,
}

/// Proves the value of a storage slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageProof {
    /// The slot, not hashed.
    pub slot: U256,
    /// Its value; zero if the proof shows its absence.
    pub value: U256,
    /// Encodings of the nodes from the storage root towards the slot. Empty if the account has no
    /// storage; what is embedded in its parent is not listed.
    pub proof: Vec<Bytes>,
}
