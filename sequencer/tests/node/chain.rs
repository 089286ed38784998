//! A chain in a temporary folder, whose blocks are sealed when the test says so.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, U256, address, bytes};
use executor::{
    Header, Transaction,
    block::L1Origin,
    chain::{BlobFraction, ChainConfig, DataMode},
    genesis::{Genesis, GenesisAccount},
};
use sequencer::{
    builder::{Builder, BuilderConfig, NextOrigin, OriginSource, Outcome, Pace, Wake},
    heads::{Head, Heads},
    pool::{Pool, PoolConfig, PoolError, read_sender},
    store::{Snapshot, Store, StoreError},
};
use tempfile::TempDir;

use crate::wallet::Wallet;

pub(crate) const CHAIN_ID: u64 = 7425;
/// Time of the genesis.
pub(crate) const START: u64 = 1_800_000_000;
/// What each of the first wallets has.
pub(crate) const FUNDS: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// How many wallets have something.
pub(crate) const WALLETS: u8 = 8;

/// Emits a log whose only topic is the first word of its input.
pub(crate) const LOGGER: Address = address!("00000000000000000000000000000000000a0001");
/// Reverts with its input.
pub(crate) const REVERTER: Address = address!("00000000000000000000000000000000000a0002");
/// Writes the second word of its input to the slot that the first word names.
pub(crate) const WRITER: Address = address!("00000000000000000000000000000000000a0003");
/// Runs until the gas is gone.
pub(crate) const LOOPER: Address = address!("00000000000000000000000000000000000a0004");
/// Returns the balance of the caller.
pub(crate) const BALANCE: Address = address!("00000000000000000000000000000000000a0005");

pub(crate) fn genesis() -> Genesis {
    let mut alloc: BTreeMap<Address, GenesisAccount> = contracts_bindings::predeploys()
        .unwrap()
        .into_iter()
        .chain([
            (LOGGER, bytes!("60003560206000a100")),
            (REVERTER, bytes!("366000600037366000fd")),
            (WRITER, bytes!("6020356000355500")),
            (LOOPER, bytes!("5b600056")),
            (BALANCE, bytes!("33315f5260205ff3")),
        ])
        .map(|(address, code)| (address, GenesisAccount { nonce: 1, code, ..Default::default() }))
        .collect();
    for n in 1..=WALLETS {
        let account = GenesisAccount { balance: FUNDS, ..Default::default() };
        alloc.insert(Wallet::new(n).address(), account);
    }
    Genesis { timestamp: START, gas_limit: 30_000_000, base_fee: 1_000_000, origin: origin(100), alloc }
}

/// L1 block `number`, two seconds after the one before.
pub(crate) fn origin(number: u64) -> L1Origin {
    L1Origin {
        number,
        hash: B256::with_last_byte(u8::try_from(number).unwrap()),
        timestamp: START + 2 * (number - 100),
        base_fee: 7,
        blob_base_fee: 1,
        mix_hash: B256::repeat_byte(2),
        parent_beacon_block_root: B256::repeat_byte(3),
    }
}

pub(crate) fn chain_config(genesis: &Genesis) -> ChainConfig {
    ChainConfig {
        chain_id: CHAIN_ID,
        l1_chain_id: 31337,
        portal: Address::repeat_byte(4),
        genesis_hash: genesis.block().unwrap().hash,
        gas_limit: genesis.gas_limit,
        elasticity: 2,
        base_fee_change_denominator: 8,
        min_base_fee: 1_000_000,
        data_mode: DataMode::Auditable,
        l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: 5_007_716 }],
    }
}

/// The L1 as the test plays it: each block takes the next origin in line, if its time has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Arc<Mutex<VecDeque<NextOrigin>>>);

impl Script {
    pub(crate) fn push(&self, next: NextOrigin) {
        self.0.lock().unwrap().push_back(next);
    }
}

impl OriginSource for Script {
    fn next_origin(&self, parent_origin: u64, timestamp: u64) -> Option<NextOrigin> {
        let script = self.0.lock().unwrap();
        script
            .iter()
            .find(|next| next.origin.number > parent_origin && next.origin.timestamp <= timestamp)
            .cloned()
    }
}

/// The time of the block has come once the pool has nothing more.
#[derive(Debug)]
pub(crate) struct Drained;

impl Pace for Drained {
    fn is_due(&self) -> bool {
        false
    }
    fn wait(&mut self) -> Wake {
        Wake::Due
    }
}

pub(crate) struct TestChain {
    pub(crate) config: Arc<ChainConfig>,
    pub(crate) store: Store,
    pub(crate) pool: Pool,
    pub(crate) heads: Heads,
    pub l1: Script,
    pub(crate) builder: Builder,
    pub(crate) time: u64,
    /// Dropped last.
    _folder: TempDir,
}

impl TestChain {
    pub(crate) fn new() -> Self {
        Self::with(genesis(), |_| {})
    }

    pub(crate) fn with(genesis: Genesis, pool: impl FnOnce(&mut PoolConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Arc::new(chain_config(&genesis));
        let store = Store::open(folder.path(), &config, &genesis).unwrap();
        let head = Head { number: 0, hash: config.genesis_hash };
        let heads = Heads::new(head, head, head);
        let mut pool_config = PoolConfig::new(config.gas_limit);
        pool(&mut pool_config);
        let pool = Pool::new(CHAIN_ID, pool_config, || {});
        let l1 = Script::default();
        let builder = Builder::new(
            config.clone(),
            BuilderConfig::default(),
            store.clone(),
            pool.clone(),
            heads.clone(),
            Box::new(l1.clone()),
        )
        .unwrap();
        Self { config, store, pool, heads, l1, builder, time: START, _folder: folder }
    }

    /// Another builder on the same store, as after a restart.
    pub(crate) fn restart_builder(&mut self, config: BuilderConfig) {
        self.builder = Builder::new(
            self.config.clone(),
            config,
            self.store.clone(),
            self.pool.clone(),
            self.heads.clone(),
            Box::new(self.l1.clone()),
        )
        .unwrap();
    }

    pub(crate) fn add(&self, transaction: Transaction) -> Result<B256, PoolError> {
        let added = self.pool.add(transaction, |sender| {
            let snapshot = self.store.snapshot()?;
            let state = read_sender(&snapshot.state(), sender).expect("state is readable");
            Ok::<_, AddError>((snapshot.head(), state))
        });
        added.map_err(|error| match error {
            AddError::Pool(error) => error,
            AddError::Store(error) => panic!("{error}"),
        })
    }

    /// Builds the block of the next second.
    pub(crate) fn build(&mut self) -> Outcome {
        self.time += 1;
        self.builder.build(self.time, &mut Drained).unwrap()
    }

    /// Builds the block of the next second, which has something in it.
    pub(crate) fn seal(&mut self) -> Header {
        match self.build() {
            Outcome::Sealed(head) => {
                let header = self.snapshot().header(head.number).unwrap().unwrap();
                assert_eq!(header.seal(), head.hash);
                header.into_inner()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Seals a block even if there is nothing to put in it.
    pub(crate) fn seal_empty(&mut self) -> Header {
        self.time += BuilderConfig::default().max_empty_interval;
        self.seal()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.store.snapshot().unwrap()
    }

    /// Hashes of the transactions of a block.
    pub(crate) fn hashes(&self, number: u64) -> Vec<B256> {
        let block = self.snapshot().block(number).unwrap().unwrap();
        block.block.body.transactions.iter().map(|transaction| transaction.tx_hash()).collect()
    }
}

#[derive(Debug, thiserror::Error)]
enum AddError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A word with this number.
pub(crate) fn word(number: u64) -> B256 {
    U256::from(number).into()
}

/// Words one after the other, as call data.
pub(crate) fn words<const N: usize>(numbers: [u64; N]) -> Bytes {
    numbers.map(|number| word(number).0).concat().into()
}

/// Waits for a condition, and says which it was if it does not come true.
pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
