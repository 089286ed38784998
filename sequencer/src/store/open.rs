//! Opening a store: making one with the genesis, or recognising the one that is there.

use std::path::Path;
use std::sync::Arc;

use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use executor::chain::ChainConfig;
use executor::genesis::{Genesis, GenesisBlock};
use executor::state::{StateChanges, StateError};
use executor::trie::{NodeSource, StateTrie, TrieUpdates};
use signet_libmdbx::tx::aliases::RwTxUnsync;
use signet_libmdbx::{Environment, EnvironmentFlags, Geometry, MdbxError, Mode, SyncMode};

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

impl Store {
    /// Opens the store in the folder `path`, and makes it with `genesis` if there is none.
    ///
    /// Refuses the store of another chain or of another version of this program, and one that is open
    /// already. A file that is not a store or that is damaged where opening looks is
    /// [`StoreError::Unreadable`].
    pub fn open(path: &Path, config: &ChainConfig, genesis: &Genesis) -> Result<Self, StoreError> {
        let env = open_environment(path)?;
        let tx = env.begin_rw_unsync().map_err(StoreError::engine("begin to write"))?;
        let tables = create_tables(&tx, path)?;
        let tx = WriteTx::new(tx, tables);
        match engine::get(tx.reader(), tables.meta, META_SCHEMA)? {
            Some(schema) => check_chain(&tx, &schema, config)?,
            None => {
                write_genesis(&tx, config, genesis)?;
            }
        }
        tx.commit()?;
        Ok(Self { env, tables: Arc::new(tables) })
    }
}

fn open_environment(path: &Path) -> Result<Environment, StoreError> {
    std::fs::create_dir_all(path).map_err(|source| StoreError::Io { path: path.into(), source })?;
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
    match source {
        MdbxError::Busy => StoreError::InUse { path },
        source => StoreError::Unreadable { path, source },
    }
}

fn check_chain(tx: &WriteTx, schema: &[u8], config: &ChainConfig) -> Result<(), StoreError> {
    let schema = schema.try_into().map(u32::from_be_bytes);
    let found =
        schema.map_err(|_| StoreError::Corrupt { table: "Meta", reason: "the schema is no number" })?;
    if found != SCHEMA {
        return Err(StoreError::Schema { expected: SCHEMA, found });
    }
    for (name, what, expected) in [
        (META_GENESIS, "genesis hash", config.genesis_hash),
        (META_CONFIG, "configuration hash", config.hash()),
    ] {
        let found = engine::get(tx.reader(), tx.tables.meta, name)?
            .ok_or(StoreError::Corrupt { table: "Meta", reason: "a hash is missing" })?;
        let found: B256 = hash("Meta", &found)?;
        if found != expected {
            return Err(StoreError::OtherChain { what, expected, found });
        }
    }
    Ok(())
}

/// Writes block 0 and its state. Nothing precedes it, so it has no history and no witness.
fn write_genesis(tx: &WriteTx, config: &ChainConfig, genesis: &Genesis) -> Result<(), StoreError> {
    let GenesisBlock { block, hash, changes } = genesis.block()?;
    if hash != config.genesis_hash {
        return Err(StoreError::Genesis { expected: config.genesis_hash, found: hash });
    }
    let tables = &tx.tables;
    put_block(tx, &block, hash, BlockNumHash::new(genesis.origin.number, genesis.origin.hash))?;
    put_transactions(tx, &block, &[] as &[Address], &[])?;
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
    for (key, rlp) in &genesis_trie(&changes, block.header.state_root)?.nodes {
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
