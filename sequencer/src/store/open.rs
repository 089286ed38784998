//! Opening a store: making one with the genesis, or recognising the one that is there.

use std::path::Path;
use std::sync::Arc;

use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::chain::ChainConfig;
use executor::genesis::{Genesis, GenesisBlock};
use executor::state::{StateChanges, StateError};
use executor::trie::{NodeSource, StateTrie, TrieUpdates};
use signet_libmdbx::tx::aliases::RwTxUnsync;
use signet_libmdbx::{Environment, EnvironmentFlags, Geometry, MdbxError, Mode, SyncMode};
use tokio::sync::watch;

use super::Store;
use super::codec::{encode_account, encode_slot, hash, node_key, slot_key};
use super::commit::{put_block, put_transactions};
use super::engine::{self, WriteTx};
use super::error::StoreError;
use super::tables::{META_CONFIG, META_GENESIS, META_SCHEMA, SCHEMA, Tables};

/// How far the file may grow: 1 TiB. This much address space is reserved, nothing of it is used.
const MAX_SIZE: usize = 1 << 40;

/// The file grows by this many bytes at a time, and shrinks once twice as many are unused.
const GROWTH_STEP: isize = 64 << 20;

/// How many snapshots can live at once.
const MAX_READERS: u64 = 4096;

/// The name MDBX gives its file.
const FILE: &str = "mdbx.dat";

/// Where a store is made, inside of its folder.
const NEW: &str = "new";

impl Store {
    /// Opens the store in the folder `path`, and makes it with `genesis` if there is none.
    ///
    /// Refuses the store of another chain or of another version of this program, and one that is open
    /// already. A file that is there but is no complete store is an error, never a reason to begin
    /// anew: a chain that silently restarts from its genesis is the worst that could happen.
    pub fn open(path: &Path, config: &ChainConfig, genesis: &Genesis) -> Result<Self, StoreError> {
        if !path.join(FILE).try_exists().map_err(io_error(path))? {
            make(path, config, genesis)?;
        }
        let env = open_environment(path)?;
        let tx = env.begin_rw_unsync().map_err(StoreError::engine("begin to write"))?;
        let tables = create_tables(&tx, path)?;
        let tx = WriteTx::new(tx, tables);
        check_chain(&tx, config)?;
        tx.commit()?;
        Ok(Self { env, tables: Arc::new(tables), open: watch::Sender::new(()) })
    }
}

/// Makes a store. Its file appears under its name once it is complete and on the disk, so a crash
/// leaves either no store or a whole one.
fn make(path: &Path, config: &ChainConfig, genesis: &Genesis) -> Result<(), StoreError> {
    let first = genesis.block()?;
    if first.hash != config.genesis_hash {
        return Err(StoreError::Genesis { expected: config.genesis_hash, found: first.hash });
    }
    let new = path.join(NEW);
    std::fs::create_dir_all(path).map_err(io_error(path))?;
    // What a crash left of an earlier attempt.
    match std::fs::remove_dir_all(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error(&new)(error)),
        _ => {}
    }
    std::fs::create_dir(&new).map_err(io_error(&new))?;

    let env = open_environment(&new)?;
    let tx = env.begin_rw_unsync().map_err(StoreError::engine("begin to write"))?;
    let tables = create_tables(&tx, &new)?;
    let tx = WriteTx::new(tx, tables);
    write_genesis(&tx, config, &first, BlockNumHash::new(genesis.origin.number, genesis.origin.hash))?;
    tx.commit()?;
    drop(env);

    std::fs::rename(new.join(FILE), path.join(FILE)).map_err(io_error(path))?;
    // The name of the file must outlive a loss of power as its contents do, and so must the folder's.
    sync_folder(path)?;
    if let Some(parent) = path.canonicalize().map_err(io_error(path))?.parent() {
        sync_folder(parent)?;
    }
    std::fs::remove_dir_all(&new).map_err(io_error(&new))
}

fn sync_folder(path: &Path) -> Result<(), StoreError> {
    std::fs::File::open(path).and_then(|folder| folder.sync_all()).map_err(io_error(path))
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Io { path: path.into(), source }
}

fn open_environment(path: &Path) -> Result<Environment, StoreError> {
    Environment::builder()
        .set_max_dbs(Tables::COUNT)
        .set_max_readers(MAX_READERS)
        .set_geometry(Geometry {
            size: Some(0..MAX_SIZE),
            growth_step: Some(GROWTH_STEP),
            shrink_threshold: Some(2 * GROWTH_STEP),
            page_size: None,
        })
        .set_flags(EnvironmentFlags {
            // Two sequencers on one folder would fork the chain.
            exclusive: true,
            // A receipt that was served must survive a loss of power.
            mode: Mode::ReadWrite { sync_mode: SyncMode::Durable },
            // State is read at random.
            no_rdahead: true,
            ..Default::default()
        })
        .open(path)
        .map_err(|source| open_error(path, source))
}

/// Opens the tables. This is the first look at the pages of the file.
fn create_tables(tx: &RwTxUnsync, path: &Path) -> Result<Tables, StoreError> {
    Tables::create(tx).map_err(|error| match error {
        StoreError::Engine { source, .. } => open_error(path, source),
        other => other,
    })
}

fn open_error(path: &Path, source: MdbxError) -> StoreError {
    let path = path.into();
    // A lock that another process holds is EAGAIN, one of this process MDBX_BUSY.
    let locked = |code| std::io::Error::from_raw_os_error(code).kind() == std::io::ErrorKind::WouldBlock;
    match source {
        MdbxError::Busy => StoreError::InUse { path },
        MdbxError::Other(code) if locked(code) => StoreError::InUse { path },
        source => StoreError::Unreadable { path, source },
    }
}

/// Whether the store holds the chain of `config`, in the schema of this program.
fn check_chain(tx: &WriteTx, config: &ChainConfig) -> Result<(), StoreError> {
    let corrupt = |reason| StoreError::Corrupt { table: "Meta", reason };
    let schema = engine::get(tx.reader(), tx.tables.meta, META_SCHEMA)?;
    let schema = schema.ok_or(corrupt("there is no schema: the file is not one of ours"))?;
    let schema = (&*schema).try_into().map_err(|_| corrupt("the schema is not 4 bytes"))?;
    let found = u32::from_be_bytes(schema);
    if found != SCHEMA {
        return Err(StoreError::Schema { expected: SCHEMA, found });
    }
    for (name, what, expected) in [
        (META_GENESIS, "genesis hash", config.genesis_hash),
        (META_CONFIG, "configuration hash", config.hash()),
    ] {
        let found = engine::get(tx.reader(), tx.tables.meta, name)?.ok_or(corrupt("a hash is missing"))?;
        let found: B256 = hash("Meta", &found)?;
        if found != expected {
            return Err(StoreError::OtherChain { what, expected, found });
        }
    }
    Ok(())
}

/// Writes block 0 and its state. Nothing precedes it, so it has no history and no witness.
fn write_genesis(
    tx: &WriteTx,
    config: &ChainConfig,
    genesis: &GenesisBlock,
    origin: BlockNumHash,
) -> Result<(), StoreError> {
    let GenesisBlock { block, hash, changes } = genesis;
    let tables = &tx.tables;
    put_block(tx, block, *hash, origin)?;
    put_transactions(tx, block, &[], &[])?;
    for (address, change) in &changes.accounts {
        if let Some(account) = &change.account {
            tx.append(tables.accounts, address.as_slice(), &encode_account(account))?;
        }
        for (slot, value) in &change.storage {
            if let Some(value) = encode_slot(*value) {
                tx.append(tables.slots, &slot_key(*address, *slot), &value)?;
            }
        }
    }
    for (hash, code) in &changes.codes {
        tx.append(tables.codes, hash.as_slice(), code)?;
    }
    let mut nodes = tx.cursor(tables.nodes)?;
    for (key, rlp) in &genesis_trie(changes, block.header.state_root)?.nodes {
        if let Some(rlp) = rlp {
            nodes.put(&node_key(key), rlp)?;
        }
    }
    tx.put(tables.meta, META_SCHEMA, &SCHEMA.to_be_bytes())?;
    tx.put(tables.meta, META_CONFIG, config.hash().as_slice())?;
    tx.put(tables.meta, META_GENESIS, hash.as_slice())
}

/// The nodes of the first state.
fn genesis_trie(changes: &StateChanges, header: B256) -> Result<TrieUpdates, StoreError> {
    let mut trie = StateTrie::new(EMPTY_ROOT_HASH);
    let root = trie.apply(&Nothing, changes).map_err(StoreError::GenesisTrie)?;
    if root != header {
        return Err(StoreError::StateRoot { number: 0, header, trie: root });
    }
    Ok(trie.take_updates())
}

/// The nodes before the first state: none.
struct Nothing;

impl NodeSource for Nothing {
    fn node(&self, owner: Option<B256>, path: &Nibbles, hash: B256) -> Result<Bytes, StateError> {
        Err(StateError::MissingNode { owner, path: *path, hash })
    }
}
