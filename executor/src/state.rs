//! What execution reads, changes and touches.
//!
//! [`StateSource`] is the only way a block reads state. It has two implementations: the store of
//! the sequencer, and the witness inside the enclave. [`StateChanges`] is what a block leaves
//! behind, and [`Accessed`] is everything it looked at: together they determine the trie nodes
//! that a stateless run of the same block needs.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use alloy_trie::Nibbles;

/// An account as the EVM sees it. Its storage root lives in the trie only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Number of transactions sent, or of contracts created.
    pub nonce: u64,
    /// Balance in wei.
    pub balance: U256,
    /// keccak256 of the code; the hash of the empty string for an account without code.
    pub code_hash: B256,
}

impl Default for Account {
    fn default() -> Self {
        Self { nonce: 0, balance: U256::ZERO, code_hash: KECCAK256_EMPTY }
    }
}

/// State as of the end of one block.
///
/// An answer is either proved or read from our own store; absence of data is an error, never a
/// zero. `Ok(None)` and `Ok(U256::ZERO)` mean "known to be absent".
pub trait StateSource {
    /// The account at `address`, or `None` if there is none.
    fn account(&self, address: Address) -> Result<Option<Account>, StateError>;
    /// The value of a storage slot; zero if it was never written.
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError>;
    /// The code with this hash. Never asked for the hash of the empty string.
    fn code(&self, code_hash: B256) -> Result<Bytes, StateError>;
    /// The hash of one of the last 256 blocks.
    fn block_hash(&self, number: u64) -> Result<B256, StateError>;
}

impl<S: StateSource + ?Sized> StateSource for &S {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        (**self).account(address)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        (**self).storage(address, slot)
    }
    fn code(&self, code_hash: B256) -> Result<Bytes, StateError> {
        (**self).code(code_hash)
    }
    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        (**self).block_hash(number)
    }
}

/// Why state could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The trie refers to a node that the source does not have.
    #[error("missing trie node {hash} at path {path:?} of {}", Owner(*owner))]
    MissingNode {
        /// Hashed address whose storage trie was walked; `None` for the account trie.
        owner: Option<B256>,
        /// Nibbles from the root of that trie to the node.
        path: Nibbles,
        /// Hash by which the parent refers to the node.
        hash: B256,
    },
    /// A node is not the canonical encoding of a trie node.
    #[error("malformed trie node {hash} at path {path:?} of {}: {reason}", Owner(*owner))]
    MalformedNode {
        /// Hashed address whose storage trie was walked; `None` for the account trie.
        owner: Option<B256>,
        /// Nibbles from the root of that trie to the node.
        path: Nibbles,
        /// Hash by which the parent refers to the node.
        hash: B256,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The source does not have the code with this hash.
    #[error("missing code {0}")]
    MissingCode(B256),
    /// The source does not know the hash of this block.
    #[error("missing the hash of block {0}")]
    MissingBlockHash(u64),
    /// The storage engine failed; whatever was being built must be dropped.
    #[error("storage engine: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Shows which trie an error is about.
struct Owner(Option<B256>);

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("the account trie"),
            Some(owner) => write!(f, "the storage trie of hashed address {owner}"),
        }
    }
}

/// The difference that a run of transactions made to the state.
///
/// Only real differences are listed: an account or slot that ends with the value it began with is
/// left out. Ordered, so that everything derived from it is the same on every machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    /// Changed accounts.
    pub accounts: BTreeMap<Address, AccountChange>,
    /// Code that was deployed, by hash.
    pub codes: BTreeMap<B256, Bytes>,
}

/// The difference made to one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The account afterwards; `None` if it is gone.
    pub account: Option<Account>,
    /// All storage from before was dropped (the account was destroyed, and maybe made anew).
    /// `storage` then lists what was written since.
    pub storage_wiped: bool,
    /// Changed slots and their new values; zero removes the slot.
    pub storage: BTreeMap<U256, U256>,
}

/// Everything that a run of transactions asked of its [`StateSource`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessed {
    /// Accounts read, and which of their slots.
    pub accounts: BTreeMap<Address, BTreeSet<U256>>,
    /// Code fetched, by hash.
    pub codes: BTreeSet<B256>,
    /// The oldest block whose hash was asked for.
    pub oldest_block_hash: Option<u64>,
}
