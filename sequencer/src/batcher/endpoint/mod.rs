//! Where provers connect.
//!
//! Each connection is a task of its own (see [`peer`]), so that a slow or malicious peer harms itself
//! only: the number of connections is bounded, every frame has a length limit and a time limit, and
//! nothing a peer says is believed. Whoever breaks the protocol is disconnected.

mod peer;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256};
use metrics::{counter, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::sleep,
};
use tracing::{info, warn};

use self::peer::{Peer, PeerError};
use super::{BatchQueue, EndpointConfig, Liveness};
use crate::listen::listen;

/// Pause after `accept` failed: out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The chain whose batches are proved.
#[derive(Clone, Copy, Debug)]
pub struct ProvedChain {
    /// Hash of its configuration.
    pub config_hash: B256,
    /// Chain id in the EIP-712 domain.
    pub l1_chain_id: u64,
    /// Contract in the EIP-712 domain.
    pub rollup: Address,
}

/// Serves provers.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What all connections have in common.
#[derive(Debug)]
struct Shared {
    chain: ProvedChain,
    queue: BatchQueue,
    liveness: Liveness,
    config: EndpointConfig,
}

impl Endpoint {
    /// Listens on the configured address. Called within a tokio runtime.
    pub fn bind(
        chain: ProvedChain,
        queue: BatchQueue,
        liveness: Liveness,
        config: EndpointConfig,
    ) -> io::Result<Self> {
        let listener = TcpListener::from_std(listen(config.listen)?)?;
        Ok(Self { listener, shared: Arc::new(Shared { chain, queue, liveness, config }) })
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves forever. Dropping the future closes every connection.
    pub async fn run(self) {
        let places = Arc::new(Semaphore::new(self.shared.config.max_connections));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, address)) => match Arc::clone(&places).try_acquire_owned() {
                        Ok(place) => {
                            let shared = Arc::clone(&self.shared);
                            connections.spawn(async move {
                                serve(shared, stream, address).await;
                                drop(place);
                            });
                        }
                        Err(_) => {
                            counter!("sequencer_prover_connections_refused").increment(1);
                            warn!(%address, "too many provers: connection closed");
                        }
                    },
                    Err(error) => {
                        warn!(%error, "a prover's connection could not be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
            gauge!("sequencer_prover_connections").set(connections.len() as f64);
        }
    }
}

async fn serve(shared: Arc<Shared>, stream: TcpStream, address: SocketAddr) {
    match Peer::accept(shared, stream, address).await {
        Ok(peer) => {
            let (operator, signer) = peer.identity();
            info!(%address, %operator, %signer, "prover connected");
            let error = peer.run().await;
            info!(%address, %operator, %signer, reason = %error, "prover disconnected");
        }
        Err(PeerError::Rejected(reason)) => info!(%address, reason, "prover turned away"),
        Err(error) => {
            counter!("sequencer_prover_protocol_errors").increment(1);
            warn!(%address, %error, "no handshake with a prover");
        }
    }
}
