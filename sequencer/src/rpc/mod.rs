//! JSON-RPC over HTTP and WebSocket, on one port.
//!
//! Methods, parameters, codes and words are go-ethereum's, and those of op-geth and op-node where the
//! OP Stack adds to them. A request goes through
//!
//! ```text
//! CORS -> body limit (413) -> jsonrpsee: JSON -> batch limit, unknown methods -> method
//! ```
//!
//! and a method reads one snapshot of the store on a thread that may block. Requests that run code or
//! read many rows wait for one of a few turns, so that they cannot starve the builder of its processors.
//!
//! | file | methods |
//! |---|---|
//! | `blocks` | blocks, transactions, receipts |
//! | `state` | accounts, storage, proofs |
//! | `call`, `estimate`, `overrides` | `eth_call`, `eth_estimateGas` |
//! | `fees` | `eth_gasPrice`, `eth_feeHistory` |
//! | `logs`, `subscribe` | `eth_getLogs`, `eth_subscribe` |
//! | `send` | `eth_sendRawTransaction` |
//! | `optimism` | `optimism_outputAtBlock`, `optimism_syncStatus` |
//! | `withdrawals` | `phala_getWithdrawalProof` |
//! | `contradictions` | `phala_getContradictions` |

mod api;
mod args;
mod blocks;
mod body;
mod call;
mod contradictions;
mod error;
mod estimate;
mod fees;
mod logs;
mod methods;
mod middleware;
mod optimism;
mod overrides;
mod send;
mod state;
mod subscribe;
mod withdrawals;

use std::net::SocketAddr;

use jsonrpsee::server::{
    BatchRequestConfig, Methods, PingConfig, RandomStringIdProvider, Server, ServerConfig, ServerHandle,
    middleware::{http::ProxyGetRequestLayer, rpc::RpcServiceBuilder},
};
use tower_http::cors::CorsLayer;

pub use api::Api;
pub use args::Args;
pub use contradictions::{Contradiction, Expected, JsonTransition, MAX_PAGE, Signed};
pub use error::RpcError;

use body::BodyLimit;
use middleware::RequestLayer;

use crate::listen::listen;

/// Limits of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Connections at once.
    pub max_connections: u32,
    /// Bytes of one request body or WebSocket message.
    pub max_request_bytes: u32,
    /// Bytes of one answer.
    pub max_response_bytes: u32,
    /// Requests in one batch.
    pub max_batch: usize,
    /// Subscriptions of one connection.
    pub max_subscriptions: u32,
    /// Gas that one `eth_call` may use.
    pub call_gas_cap: u64,
    /// Blocks that one `eth_getLogs` may look through.
    pub max_log_blocks: u64,
    /// Logs that one `eth_getLogs` may return.
    pub max_logs: usize,
    /// Requests that run code or read many rows, at once.
    pub max_heavy_requests: usize,
    /// The tip suggested to wallets while blocks have room, in wei per gas.
    pub suggested_tip: u128,
}

impl RpcConfig {
    /// The usual limits; go-ethereum's where it has one.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            max_connections: 2048,
            max_request_bytes: 5 << 20,
            max_response_bytes: 25 << 20,
            max_batch: 1000,
            max_subscriptions: 128,
            call_gas_cap: 50_000_000,
            max_log_blocks: 10_000,
            max_logs: 10_000,
            max_heavy_requests: std::thread::available_parallelism().map_or(2, usize::from).max(2),
            suggested_tip: 1_000_000,
        }
    }
}

/// A running server. It stops when this is dropped or told to.
#[derive(Debug)]
pub struct RpcServer {
    handle: ServerHandle,
    address: SocketAddr,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port is taken, or the address is not ours.
    #[error("cannot listen on {address} for JSON-RPC: {source}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A method is in the table twice.
    #[error(transparent)]
    Table(#[from] jsonrpsee::core::RegisterMethodError),
    /// The health path is malformed.
    #[error("cannot serve /health: {0}")]
    Health(String),
}

impl RpcServer {
    /// Starts to serve. Called within a tokio runtime.
    pub fn start(api: Api) -> Result<Self, StartError> {
        let config = api.config;
        let methods: Methods = methods::module(api)?.into();
        let server_config = ServerConfig::builder()
            .max_connections(config.max_connections)
            .max_request_body_size(config.max_request_bytes)
            .max_response_body_size(config.max_response_bytes)
            .max_subscriptions_per_connection(config.max_subscriptions)
            // The limit is kept by our own layer, which says what go-ethereum says.
            .set_batch_request_config(BatchRequestConfig::Unlimited)
            .set_id_provider(RandomStringIdProvider::new(16))
            .enable_ws_ping(PingConfig::new())
            .build();
        let requests = RequestLayer {
            methods: methods.clone(),
            max_batch: config.max_batch,
            max_response_bytes: config.max_response_bytes as usize,
        };
        let health = ProxyGetRequestLayer::new([("/health", "system_health")])
            .map_err(|error| StartError::Health(error.to_string()))?;
        let http = tower::ServiceBuilder::new()
            .layer(CorsLayer::permissive())
            .layer(health)
            .layer(BodyLimit { max_bytes: config.max_request_bytes });
        let cannot_listen = |source| StartError::Listen { address: config.listen, source };
        let listener = listen(config.listen).map_err(cannot_listen)?;
        let server = Server::builder()
            .set_config(server_config)
            .set_rpc_middleware(RpcServiceBuilder::new().layer(requests))
            .set_http_middleware(http)
            .build_from_tcp(listener)
            .map_err(cannot_listen)?;
        let address = server.local_addr().map_err(cannot_listen)?;
        Ok(Self { handle: server.start(methods), address })
    }

    /// Where it listens; tells the port if any was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers what is under way, and ends.
    pub async fn stop(self) {
        // An error means that it has stopped already.
        let _ = self.handle.stop();
        self.handle.stopped().await;
    }
}
