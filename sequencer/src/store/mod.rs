//! The store: every block, the state at the head and before it, batches, and what was read from L1,
//! in one MDBX file.
//!
//! A block is added in one write transaction that is durable when [`Store::commit_block`] returns:
//! data and meta page are synced to disk in this order, so after `kill -9` or a loss of power the
//! store opens at the last block that was committed, and none is half there. Whatever tells the world
//! of a block (a receipt, a new head) comes after the commit.
//!
//! Reads go through a [`Snapshot`], a view of the store at one moment that writers do not disturb.
//! State is read at the head or at a past block ([`Snapshot::state_at`]): accounts, slots and trie
//! nodes are kept as current values plus what each block replaced (see [`history`] and [`nodes`]).
//! The same rows unwind blocks after an L1 reorganisation.
//!
//! | file | concern |
//! |---|---|
//! | [`tables`], [`codec`] | which tables there are, and how their keys and values look as bytes |
//! | [`engine`] | MDBX behind size checks |
//! | [`open`] | making a store, and recognising one |
//! | [`commit`], [`unwind`], [`prune`] | adding blocks, taking them back, forgetting the past |
//! | [`history`], [`nodes`], [`changes`] | values and trie nodes by block, and which keys a block changed |
//! | [`snapshot`], [`state`] | reading |
//! | [`withdrawals`], [`outputs`] | finding withdrawals, and what proves them when the past is forgotten |
//! | [`batch`], [`l1`] | batches with their proofs, and blocks of the L1 |
//! | [`contradictions`] | what provers signed instead of what was expected |
//!
//! One process has a store open at a time. Within it, [`Store`] is cheap to clone and used from any
//! thread; writers wait for each other.
//!
//! MDBX notices damage to the structure of its pages, and whoever reads such a page gets an error. It
//! has no checksums of what the rows say: trie nodes are compared with their hashes when read, other
//! rows only have to decode.

mod batch;
mod changes;
mod codec;
mod commit;
mod contradictions;
mod engine;
mod error;
mod history;
mod l1;
mod nodes;
mod open;
mod outputs;
mod prune;
mod snapshot;
mod state;
mod tables;
mod unwind;
mod withdrawals;

use std::sync::Arc;

use signet_libmdbx::Environment;
use tokio::sync::watch;

pub use batch::{BatchPayload, BatchRecord, BatchSignature, BatchStatus};
pub use commit::NewBlock;
pub use contradictions::Contradiction;
pub use error::StoreError;
pub use l1::StoredL1Block;
pub use outputs::OutputNodes;
pub use prune::Retention;
pub use snapshot::{Snapshot, StoredBlock};
pub use state::StateView;

use engine::WriteTx;
use tables::Tables;

/// An open store. Clones share it; the file closes with the last of them and of their snapshots.
#[derive(Clone)]
pub struct Store {
    env: Environment,
    tables: Arc<Tables>,
    /// Goes with every handle on the file, and is dropped after it: see [`Store::closed`].
    open: watch::Sender<()>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Gives this handle up, and resolves once all others and all snapshots are gone too: the file can
    /// then be opened again. Whoever holds one for ever is waited for as long.
    pub fn closed(self) -> impl Future<Output = ()> + Send + use<> {
        let mut open = self.open.subscribe();
        drop(self);
        async move {
            // Nothing is ever sent; the error says that the last sender is gone.
            while open.changed().await.is_ok() {}
        }
    }

    fn env(&self) -> &Environment {
        &self.env
    }

    const fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// Begins a write transaction, after the one that is under way.
    fn write(&self) -> Result<WriteTx, StoreError> {
        let tx = self.env.begin_rw_unsync().map_err(StoreError::engine("begin to write"))?;
        Ok(WriteTx::new(tx, *self.tables))
    }
}
