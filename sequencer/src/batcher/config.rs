//! How batches are cut, proved and submitted.

use std::{net::SocketAddr, time::Duration};

/// How batches are cut, proved and submitted.
#[derive(Clone, Debug)]
pub struct BatcherConfig {
    /// When a batch is complete.
    pub cut: CutConfig,
    /// Where provers connect.
    pub endpoint: EndpointConfig,
    /// How transactions reach L1.
    pub submit: SubmitConfig,
}

/// When a batch is complete: as soon as one of the limits is reached.
#[derive(Clone, Debug)]
pub struct CutConfig {
    /// Most blocks of a batch.
    pub max_blocks: u64,
    /// Most gas used by the blocks of a batch: bounds the time it takes to prove.
    pub max_gas: u64,
    /// Most blobs of a batch, at most [`MAX_BLOBS`](executor::batch::MAX_BLOBS).
    pub max_blobs: usize,
    /// Longest wait of a transaction for its batch.
    pub max_age: Duration,
    /// Longest wait of a block without transactions.
    pub max_idle_age: Duration,
    /// Batches made ahead of L1. While L1 is away, blocks wait for larger batches instead.
    pub max_pending: usize,
}

/// Where provers connect.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Most connections at a time; further ones are closed at once.
    pub max_connections: usize,
    /// Time for a whole handshake, and for the rest of a frame after its first byte.
    pub frame_timeout: Duration,
    /// Time to send a job.
    pub send_timeout: Duration,
    /// Time between two pings. A host that is silent for three of them is disconnected.
    pub ping_interval: Duration,
    /// Time for an answer to a job.
    pub job_timeout: Duration,
    /// Time until a batch that a host refused is offered to it again.
    pub refusal_pause: Duration,
    /// For how long an answer of the registry is reused.
    pub liveness_ttl: Duration,
}

/// How transactions reach L1.
#[derive(Clone, Debug)]
pub struct SubmitConfig {
    /// Signatures to wait for.
    pub target_signatures: usize,
    /// How long after the first signature; then fewer will do, and the rest follows later.
    pub signature_timeout: Duration,
    /// Time between two looks at a transaction.
    pub poll_interval: Duration,
    /// Time until a transaction that is not in a block is sent again.
    pub resend_after: Duration,
    /// Time until it is replaced by one with higher fees.
    pub bump_after: Duration,
    /// Never offer more than this for gas, in wei.
    pub max_fee_per_gas: u128,
    /// Never offer more than this for blob gas, in wei.
    pub max_fee_per_blob_gas: u128,
    /// Warn while the account has less than this, in wei.
    pub low_balance: u128,
}

/// 10^9 wei.
const GWEI: u128 = 1_000_000_000;

impl BatcherConfig {
    /// The defaults for Ethereum: a batch every few minutes.
    pub const fn new(listen: SocketAddr) -> Self {
        Self {
            cut: CutConfig {
                max_blocks: 3600,
                max_gas: 6_000_000_000,
                max_blobs: executor::batch::MAX_BLOBS,
                max_age: Duration::from_secs(120),
                max_idle_age: Duration::from_secs(1800),
                max_pending: 4,
            },
            endpoint: EndpointConfig {
                listen,
                max_connections: 32,
                frame_timeout: Duration::from_secs(10),
                send_timeout: Duration::from_secs(120),
                ping_interval: Duration::from_secs(10),
                job_timeout: Duration::from_secs(600),
                refusal_pause: Duration::from_secs(60),
                liveness_ttl: Duration::from_secs(30),
            },
            submit: SubmitConfig {
                target_signatures: 2,
                signature_timeout: Duration::from_secs(120),
                poll_interval: Duration::from_secs(4),
                resend_after: Duration::from_secs(48),
                bump_after: Duration::from_secs(180),
                max_fee_per_gas: 500 * GWEI,
                max_fee_per_blob_gas: 1000 * GWEI,
                low_balance: 500_000_000 * GWEI,
            },
        }
    }

    /// The defaults for a devnet: a batch every few seconds.
    pub fn devnet(listen: SocketAddr) -> Self {
        let mut config = Self::new(listen);
        config.cut.max_age = Duration::from_secs(3);
        config.cut.max_idle_age = Duration::from_secs(6);
        config.endpoint.liveness_ttl = Duration::from_secs(4);
        config.submit.signature_timeout = Duration::from_secs(5);
        config.submit.poll_interval = Duration::from_millis(500);
        config.submit.resend_after = Duration::from_secs(6);
        config.submit.bump_after = Duration::from_secs(20);
        config
    }
}
