//! Settings of the node: from the command line, or from the environment.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use clap::Parser;
use executor::{chain::ChainConfig, genesis::Genesis};
use serde::de::DeserializeOwned;

use crate::{
    batcher::BatcherConfig, builder::BuilderConfig, l1::L1Config, pool::PoolConfig, rpc::RpcConfig,
    store::Retention,
};

/// Services are for this machine alone unless told otherwise.
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Orders transactions, seals blocks, answers wallets, and brings batches to L1.
///
/// Every option can also be given in the environment, as its name in capitals after `SEQUENCER_`:
/// `--data-dir` is `SEQUENCER_DATA_DIR`. Logs follow `RUST_LOG`.
#[derive(Clone, Debug, Parser)]
#[command(name = "sequencer", version)]
pub struct Settings {
    /// Folder of the store. It is made if it is not there.
    #[arg(long, env = "SEQUENCER_DATA_DIR")]
    pub data_dir: PathBuf,
    /// JSON file with the rules of the chain.
    #[arg(long, env = "SEQUENCER_CHAIN")]
    pub chain: PathBuf,
    /// JSON file with the genesis.
    #[arg(long, env = "SEQUENCER_GENESIS")]
    pub genesis: PathBuf,
    /// Address on which metrics are served for Prometheus.
    #[arg(long, env = "SEQUENCER_METRICS_ADDR", default_value_t = LOCALHOST)]
    pub metrics_addr: IpAddr,
    /// Port of the metrics. Left out, there are none.
    #[arg(long, env = "SEQUENCER_METRICS_PORT")]
    pub metrics_port: Option<u16>,
    /// Write logs as JSON, one object a line.
    #[arg(long, env = "SEQUENCER_LOG_JSON")]
    pub log_json: bool,
    /// How blocks are built.
    #[command(flatten)]
    pub blocks: BlockSettings,
    /// What the pool takes.
    #[command(flatten)]
    pub pool: PoolSettings,
    /// What the RPC answers.
    #[command(flatten)]
    pub rpc: RpcSettings,
    /// Where L1 is, and how batches get there.
    #[command(flatten)]
    pub l1: L1Settings,
}

/// How blocks are built.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Blocks")]
pub struct BlockSettings {
    /// Seconds between two blocks.
    #[arg(long, env = "SEQUENCER_BLOCK_TIME", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub block_time: u64,
    /// Seconds after which a block is sealed even if it is empty.
    #[arg(long, env = "SEQUENCER_MAX_EMPTY_INTERVAL", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_empty_interval: u64,
    /// Blocks whose state can be read; 0 keeps all.
    #[arg(long, env = "SEQUENCER_HISTORY_BLOCKS", default_value_t = 65_536)]
    pub history_blocks: u64,
}

/// What the pool takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Transaction pool")]
pub struct PoolSettings {
    /// Wei per gas that a transaction must offer to the sequencer.
    #[arg(long, env = "SEQUENCER_MIN_TIP", default_value_t = 1)]
    pub min_tip: u128,
    /// Transactions of one sender.
    #[arg(long, env = "SEQUENCER_POOL_ACCOUNT_SLOTS", default_value_t = 4096)]
    pub pool_account_slots: usize,
    /// Megabytes of all transactions.
    #[arg(long, env = "SEQUENCER_POOL_MEGABYTES", default_value_t = 256)]
    pub pool_megabytes: usize,
}

/// What the RPC answers.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "JSON-RPC")]
pub struct RpcSettings {
    /// Address on which JSON-RPC is served, over HTTP and WebSocket.
    #[arg(long, env = "SEQUENCER_HTTP_ADDR", default_value_t = LOCALHOST)]
    pub http_addr: IpAddr,
    /// Port of JSON-RPC.
    #[arg(long, env = "SEQUENCER_HTTP_PORT", default_value_t = 9545)]
    pub http_port: u16,
    /// Connections at once.
    #[arg(long, env = "SEQUENCER_RPC_MAX_CONNECTIONS", default_value_t = 2048)]
    pub rpc_max_connections: u32,
    /// Gas that one `eth_call` may use.
    #[arg(long, env = "SEQUENCER_RPC_GAS_CAP", default_value_t = 50_000_000)]
    pub rpc_gas_cap: u64,
    /// Wei per gas suggested to wallets as the priority fee.
    #[arg(long, env = "SEQUENCER_SUGGESTED_TIP", default_value_t = 1_000_000)]
    pub suggested_tip: u128,
}

/// Where L1 is, and how batches get there. Without `--l1-rpc` the node is a chain by itself.
///
/// The key that signs batches is never given on the command line: it is read from the file of
/// `--batcher-key-file`, or else from `BATCHER_KEY` in the environment.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "L1 and batches")]
pub struct L1Settings {
    /// HTTP URL of an L1 node. It is not trusted.
    #[arg(long, env = "SEQUENCER_L1_RPC", requires_all = ["rollup", "registry"])]
    pub l1_rpc: Option<String>,
    /// The `Rollup` contract.
    #[arg(long, env = "SEQUENCER_ROLLUP")]
    pub rollup: Option<Address>,
    /// The `ProverRegistry` contract.
    #[arg(long, env = "SEQUENCER_REGISTRY")]
    pub registry: Option<Address>,
    /// File with the private key, in hexadecimal, that signs batches. Nothing else may use this key.
    #[arg(long, env = "SEQUENCER_BATCHER_KEY_FILE")]
    pub batcher_key_file: Option<PathBuf>,
    /// Address on which provers connect.
    #[arg(long, env = "SEQUENCER_PROVER_ADDR", default_value_t = LOCALHOST)]
    pub prover_addr: IpAddr,
    /// Port on which provers connect.
    #[arg(long, env = "SEQUENCER_PROVER_PORT", default_value_t = 9546)]
    pub prover_port: u16,
    /// HTTP URL of a beacon node. Before it starts, the node then takes over from L1 the batches that it
    /// does not have, out of their blobs: its store may be empty, or older than what is on L1.
    #[arg(long, env = "SEQUENCER_L1_BEACON", requires = "l1_rpc")]
    pub l1_beacon: Option<String>,
    /// Only follow L1 until the sequencer has been silent for so long that L1 takes batches from anyone;
    /// then start, and submit what the sequencer did not.
    #[arg(long, env = "SEQUENCER_STAND_BY", requires = "l1_beacon")]
    pub stand_by: bool,
    /// The pace of L1, which decides how often to look and how long to wait.
    #[arg(long, env = "SEQUENCER_PACE", value_enum, default_value_t = Pace::Ethereum)]
    pub pace: Pace,
    /// Seconds that a transaction waits for its batch at most, instead of what the pace says.
    #[arg(long, env = "SEQUENCER_BATCH_MAX_AGE", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch_max_age: Option<u64>,
}

/// The pace of an L1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Pace {
    /// Blocks every 12 s that may be reorganised; a batch every few minutes.
    Ethereum,
    /// Blocks every second or two that stay; a batch every few seconds.
    Devnet,
}

impl L1Settings {
    /// How L1 is followed, if it is.
    pub fn l1(&self, genesis: &Genesis) -> Option<L1Config> {
        let origin = (genesis.origin.number, genesis.origin.hash);
        let config = match self.pace {
            Pace::Ethereum => L1Config::new,
            Pace::Devnet => L1Config::devnet,
        };
        Some(config(self.l1_rpc.clone()?, self.rollup?, self.registry?, origin))
    }

    /// How batches are cut, proved and submitted.
    pub fn batcher(&self) -> BatcherConfig {
        let listen = SocketAddr::new(self.prover_addr, self.prover_port);
        let mut config = match self.pace {
            Pace::Ethereum => BatcherConfig::new(listen),
            Pace::Devnet => BatcherConfig::devnet(listen),
        };
        if let Some(seconds) = self.batch_max_age {
            config.cut.max_age = Duration::from_secs(seconds);
        }
        config
    }

    /// The key that signs batches.
    pub fn batcher_key(&self) -> Result<PrivateKeySigner, ConfigError> {
        let text = match &self.batcher_key_file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.clone(), source })?,
            None => std::env::var("BATCHER_KEY").map_err(|_| ConfigError::NoKey)?,
        };
        text.trim().parse().map_err(|_| ConfigError::Key)
    }
}

/// Why the settings do not make a node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no key to sign batches with.
    #[error("no key to sign batches with: give --batcher-key-file, or BATCHER_KEY in the environment")]
    NoKey,
    /// The key is not one. Its text is not repeated here.
    #[error("the batcher's key is not 32 bytes in hexadecimal that make a secp256k1 key")]
    Key,
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is not {what}: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Where it differs.
        #[source]
        source: serde_json::Error,
    },
}

impl Settings {
    /// Reads the rules of the chain.
    pub fn read_chain(&self) -> Result<ChainConfig, ConfigError> {
        read_json(&self.chain, "a chain configuration")
    }

    /// Reads the genesis.
    pub fn read_genesis(&self) -> Result<Genesis, ConfigError> {
        read_json(&self.genesis, "a genesis")
    }

    /// Where metrics are served, if anywhere.
    pub fn metrics(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.metrics_addr, self.metrics_port?))
    }

    /// How blocks are built.
    pub fn builder(&self) -> BuilderConfig {
        BuilderConfig {
            block_time: self.blocks.block_time,
            max_empty_interval: self.blocks.max_empty_interval,
            ..BuilderConfig::default()
        }
    }

    /// What is kept of the past.
    pub fn retention(&self) -> Retention {
        Retention { history_blocks: Some(self.blocks.history_blocks).filter(|blocks| *blocks > 0) }
    }

    /// What the pool of this chain takes.
    pub const fn pool(&self, chain: &ChainConfig) -> PoolConfig {
        PoolConfig {
            min_tip: self.pool.min_tip,
            account_slots: self.pool.pool_account_slots,
            max_bytes: self.pool.pool_megabytes.saturating_mul(1 << 20),
            lifetime: Duration::from_secs(3 * 60 * 60),
            ..PoolConfig::new(chain.gas_limit)
        }
    }

    /// What the RPC answers, and where.
    pub fn rpc(&self) -> RpcConfig {
        RpcConfig {
            max_connections: self.rpc.rpc_max_connections,
            call_gas_cap: self.rpc.rpc_gas_cap,
            suggested_tip: self.rpc.suggested_tip,
            ..RpcConfig::new(SocketAddr::new(self.rpc.http_addr, self.rpc.http_port))
        }
    }
}

/// Reads a file that should hold `what`, as JSON.
pub fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
    serde_json::from_str(&text).map_err(|source| ConfigError::Parse { path: path.into(), what, source })
}
