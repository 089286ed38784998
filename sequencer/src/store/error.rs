//! Why the store refused or failed.

use std::path::PathBuf;

use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use executor::genesis::GenesisError;
use executor::state::StateError;
use signet_libmdbx::{MdbxError, ReadError};

/// An error of the store.
///
/// [`Engine`](Self::Engine), [`Io`](Self::Io), [`Corrupt`](Self::Corrupt) and
/// [`Unreadable`](Self::Unreadable) mean that the disk or the file is at fault: stop the node. The
/// others are refusals of one request, and leave the store as it was. No write is ever half done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// MDBX failed: out of disk, out of readers, a damaged page.
    #[error("storage engine, {action}: {source}")]
    Engine {
        /// What was being done, with the table's name if there is one.
        action: &'static str,
        /// What MDBX says.
        #[source]
        source: MdbxError,
    },
    /// The folder cannot be made or looked into.
    #[error("{}: {source}", path.display())]
    Io {
        /// What could not be accessed.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Another process, or another handle of this one, has the store open.
    #[error("the store at {} is open elsewhere: a chain has one sequencer", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The file in the folder is not an MDBX file, is of another MDBX version, or is damaged.
    #[error("the store at {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What MDBX says.
        #[source]
        source: MdbxError,
    },
    /// The folder was written by another version of this program.
    #[error("the store has schema {found}, this program reads schema {expected}")]
    Schema {
        /// The schema this program reads and writes.
        expected: u32,
        /// The schema in the folder.
        found: u32,
    },
    /// The folder holds another chain.
    #[error("the store holds another chain: its {what} is {found}, expected {expected}")]
    OtherChain {
        /// Which hash differs.
        what: &'static str,
        /// The hash of the chain that was asked for.
        expected: B256,
        /// The hash in the folder.
        found: B256,
    },
    /// The chain configuration names another genesis block than the one given.
    #[error("the chain configuration names the genesis block {expected}, the genesis file makes {found}")]
    Genesis {
        /// `ChainConfig::genesis_hash`.
        expected: B256,
        /// Hash of the block that the genesis file describes.
        found: B256,
    },
    /// No chain can start with the genesis given.
    #[error(transparent)]
    BadGenesis(#[from] GenesisError),
    /// The trie of the genesis state could not be built.
    #[error("trie of the genesis state: {0}")]
    GenesisTrie(#[source] StateError),
    /// The block is not a child of the head.
    #[error("block {number} on {parent} does not extend the head, block {} {}", head.number, head.hash)]
    NotNext {
        /// Number of the refused block.
        number: u64,
        /// Its parent's hash.
        parent: B256,
        /// The head.
        head: BlockNumHash,
    },
    /// The trie updates that came with a block are not those of its state root.
    #[error("block {number} has the state root {header}, but its trie updates end in {trie}")]
    StateRoot {
        /// Number of the refused block.
        number: u64,
        /// The root in its header.
        header: B256,
        /// The root that the trie has after the updates.
        trie: B256,
    },
    /// The parts of a block do not fit together.
    #[error("block {number} cannot be stored: {reason}")]
    Malformed {
        /// Number of the refused block.
        number: u64,
        /// What does not fit.
        reason: &'static str,
    },
    /// No such block (yet, or any more).
    #[error("block {number} is not known, the head is {head}")]
    UnknownBlock {
        /// The block asked for.
        number: u64,
        /// The head.
        head: u64,
    },
    /// The state of this block is no longer kept.
    #[error("the state of block {number} was pruned, the oldest kept is {oldest}")]
    HistoryPruned {
        /// The block asked for.
        number: u64,
        /// The oldest block whose state can be read.
        oldest: u64,
    },
    /// The batch would leave a gap or does not follow the batch before it.
    #[error("batch {index} from block {first_block} cannot be stored: {reason}")]
    BatchOrder {
        /// Index of the refused batch.
        index: u64,
        /// Its first block.
        first_block: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// No batch has this index.
    #[error("batch {0} is not known")]
    UnknownBatch(u64),
    /// The state that a final output commits to cannot be read.
    #[error("what proves withdrawals against output {index} cannot be kept: {source}")]
    OutputState {
        /// Number of the output, and of its batch.
        index: u64,
        /// Why not.
        #[source]
        source: Box<StateError>,
    },
    /// A final batch never changes.
    #[error("batch {0} is final and cannot change")]
    BatchFinal(u64),
    /// The L1 block does not follow the L1 blocks in the store.
    #[error(
        "L1 block {number} on {parent} does not follow L1 block {} {}", below.number, below.hash
    )]
    L1NotNext {
        /// Number of the refused L1 block.
        number: u64,
        /// Its parent's hash.
        parent: B256,
        /// The stored L1 block that it should have followed.
        below: BlockNumHash,
    },
    /// A row is larger than the engine can hold. Refused before the engine sees it.
    #[error("a row of {table} is too large: key of {key} bytes, value of {value} bytes")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// Length of the key in bytes.
        key: usize,
        /// Length of the value in bytes.
        value: usize,
    },
    /// A row does not decode, or a row that must be there is missing.
    #[error("the table {table} is damaged: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

impl StoreError {
    /// For `map_err` on what MDBX returns.
    pub(super) fn engine(action: &'static str) -> impl FnOnce(MdbxError) -> Self {
        move |source| Self::Engine { action, source }
    }

    /// For `map_err` on what MDBX returns for a read.
    pub(super) fn read(table: &'static str) -> impl FnOnce(ReadError) -> Self {
        move |error| match error {
            ReadError::Mdbx(source) => Self::Engine { action: table, source },
            // Rows are read as plain bytes, which always decode.
            ReadError::Decoding(_) => Self::Corrupt { table, reason: "a row cannot be read as bytes" },
        }
    }
}

impl From<StoreError> for StateError {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}
