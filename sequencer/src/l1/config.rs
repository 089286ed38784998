//! How L1 is followed.

use std::time::Duration;

use alloy_primitives::{Address, B256};

/// L1 blocks that must stand on a block of a devnet before finality seen in it is believed.
const DEVNET_FINALITY_DEPTH: u64 = 5;

/// How L1 is followed. The defaults suit Ethereum; a devnet with 2 s blocks polls faster.
#[derive(Clone, Debug)]
pub struct L1Config {
    /// HTTP URL of the L1 node.
    pub rpc: String,
    /// The `Rollup` contract.
    pub rollup: Address,
    /// The `ProverRegistry` contract.
    pub registry: Address,
    /// Number and hash of the L1 block that is the origin of the L2 genesis.
    pub genesis_origin: (u64, B256),
    /// Time between two looks at the L1 node.
    pub poll_interval: Duration,
    /// Time one request may take.
    pub request_timeout: Duration,
    /// Tries per request.
    pub attempts: u32,
    /// L1 blocks that must stand on a block before it may be an origin. Deposits wait that long, and
    /// reorganisations of at most that depth leave the L2 alone.
    pub confirmations: u64,
    /// L1 blocks that must stand on a block before finality seen in it is believed.
    pub finality_depth: u64,
    /// The deepest reorganisation that is followed without a person looking at it, in L1 blocks.
    pub max_reorg_depth: u64,
}

impl L1Config {
    /// The defaults for Ethereum.
    pub const fn new(rpc: String, rollup: Address, registry: Address, genesis_origin: (u64, B256)) -> Self {
        Self {
            rpc,
            rollup,
            registry,
            genesis_origin,
            poll_interval: Duration::from_secs(4),
            request_timeout: Duration::from_secs(10),
            attempts: 3,
            confirmations: 2,
            finality_depth: 64,
            max_reorg_depth: 256,
        }
    }

    /// The defaults for a devnet: every block counts at once, and finality once it is [`DEVNET_FINALITY_DEPTH`] blocks
    /// deep, so that tools which reorganise a development L1 find a node that follows.
    pub fn devnet(rpc: String, rollup: Address, registry: Address, genesis_origin: (u64, B256)) -> Self {
        Self {
            poll_interval: Duration::from_millis(500),
            confirmations: 0,
            finality_depth: DEVNET_FINALITY_DEPTH,
            ..Self::new(rpc, rollup, registry, genesis_origin)
        }
    }
}
