//! Blocks: transactions run as they arrive, and a block is sealed when its second has come.
//!
//! ```text
//! open -> begin (deposits) -> push, push, ... -> finish -> trie -> seal -> store -> heads, pool
//! ```
//!
//! A block has a timestamp in the near future and is sealed when the clock reaches it. Until the first
//! transaction arrives nothing is begun, so an idle chain costs nothing. A block without transactions
//! and deposits is left out, unless the last one is [`BuilderConfig::max_empty_interval`] old.
//!
//! A block is in the store, durably, before anyone hears of it. A crash before that loses the open
//! block and nothing else: its transactions had no receipts.
//!
//! [`Builder`] is driven step by step and knows no clock; [`spawn`] drives it on a thread of its own.

mod error;
mod open;
mod origin;
mod replay;
mod run;
mod unwind;

use std::sync::Arc;

use alloy_primitives::B256;
use executor::{Header, block::L1Origin, chain::ChainConfig, derive::origin_of, trie::StateTrie};

use crate::{
    heads::Heads,
    pool::Pool,
    store::{Snapshot, Store},
};

pub use error::BuilderError;
pub use open::{Interrupt, Outcome, Pace, Wake};
pub use origin::{FixedOrigin, NextOrigin, OriginSource};
pub use replay::ReplayedBlock;
pub use run::{BuilderInputs, spawn};
pub use unwind::{Unwind, UnwindTarget};

/// How blocks are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuilderConfig {
    /// Seconds between two blocks. At least 1.
    pub block_time: u64,
    /// Seconds after which a block is sealed even if it is empty.
    pub max_empty_interval: u64,
    /// Trie nodes kept in memory between blocks.
    pub max_trie_nodes: usize,
}

impl Default for BuilderConfig {
    fn default() -> Self {
        Self { block_time: 1, max_empty_interval: 10, max_trie_nodes: 4_000_000 }
    }
}

/// The block that the next one follows.
#[derive(Clone, Debug)]
struct Parent {
    header: Header,
    hash: B256,
    origin: L1Origin,
}

/// Builds blocks, and drops them when L1 no longer supports them. The only writer of L2 blocks.
#[derive(Debug)]
pub struct Builder {
    chain: Arc<ChainConfig>,
    config: BuilderConfig,
    store: Store,
    pool: Pool,
    heads: Heads,
    origins: Box<dyn OriginSource>,
    parent: Parent,
    /// The trie of the parent's state, with the nodes that were used lately.
    trie: StateTrie,
}

impl Builder {
    /// A builder that goes on where the store ends.
    pub fn new(
        chain: Arc<ChainConfig>,
        config: BuilderConfig,
        store: Store,
        pool: Pool,
        heads: Heads,
        origins: Box<dyn OriginSource>,
    ) -> Result<Self, BuilderError> {
        let parent = load_parent(&store.snapshot()?)?;
        let trie = StateTrie::new(parent.header.state_root);
        pool.follow(parent.header.number, []);
        Ok(Self { chain, config, store, pool, heads, origins, parent, trie })
    }

    /// The newest sealed block.
    pub const fn parent(&self) -> &Header {
        &self.parent.header
    }

    /// Number of the L1 block that is its origin.
    pub const fn origin_number(&self) -> u64 {
        self.parent.origin.number
    }

    /// How blocks are built.
    pub const fn config(&self) -> &BuilderConfig {
        &self.config
    }
}

/// The newest block of the store.
fn load_parent(snapshot: &Snapshot) -> Result<Parent, BuilderError> {
    let number = snapshot.head();
    let header = snapshot.header(number)?.ok_or(BuilderError::MissingBlock(number))?;
    let origin =
        origin_of(&header, &snapshot.state()).map_err(|source| BuilderError::State { number, source })?;
    let (header, hash) = header.into_parts();
    Ok(Parent { header, hash, origin })
}
