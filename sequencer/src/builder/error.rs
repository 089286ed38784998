//! Why the builder stopped.

use executor::{
    block::{BlockError, PushError},
    state::StateError,
};

use crate::store::StoreError;

/// A failure that the builder cannot mend: no transaction can cause it, and going on could seal a
/// block that the provers refuse. Stop the node; what is in the store is whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuilderError {
    /// A block could not be begun or finished.
    #[error("block {number}: {source}")]
    Block {
        /// Number of the block.
        number: u64,
        /// What the executor says.
        #[source]
        source: BlockError,
    },
    /// A transaction could not be run, for a reason that is not its own.
    #[error("block {number}: {source}")]
    Push {
        /// Number of the block.
        number: u64,
        /// What the executor says.
        #[source]
        source: PushError,
    },
    /// State or trie nodes could not be read.
    #[error("state after block {number}: {source}")]
    State {
        /// The block whose state was read.
        number: u64,
        /// What the state says.
        #[source]
        source: StateError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store lacks a block that it says it has.
    #[error("the store lacks block {0}")]
    MissingBlock(u64),
    /// The thread could not be started.
    #[error("cannot start the builder thread: {0}")]
    Thread(#[source] std::io::Error),
}
