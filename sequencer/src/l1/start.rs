//! Everything between the node and L1, wired and started.

use std::{io, net::SocketAddr, sync::Arc};

use alloy::signers::local::PrivateKeySigner;
use executor::chain::ChainConfig;
use tokio::{sync::mpsc, task::JoinSet};
use tracing::info;

use super::{L1Client, L1Config, L1Error, L1View, Tracker, Unwinder, Watcher};
use crate::{
    batcher::{Assembler, BatchQueue, BatcherConfig, Endpoint, Liveness, ProvedChain, Submitter},
    builder::Unwind,
    heads::Heads,
    store::{Store, StoreError},
};

/// What the L1 side of a node needs.
#[derive(Debug)]
pub struct L1Setup {
    /// How L1 is followed.
    pub l1: L1Config,
    /// How batches are cut, proved and submitted.
    pub batcher: BatcherConfig,
    /// Signs submissions. Nothing else may use this key.
    pub signer: PrivateKeySigner,
    /// The rules of the chain.
    pub chain: Arc<ChainConfig>,
    /// The node's store.
    pub store: Store,
    /// The node's tags: `safe`, `finalized` and `l1` are written from here.
    pub heads: Heads,
    /// Where the builder listens.
    pub unwinds: mpsc::Sender<Unwind>,
}

/// The running L1 side of a node. Stops when dropped.
#[derive(Debug)]
pub struct L1Side {
    view: L1View,
    endpoint: SocketAddr,
    tasks: JoinSet<Option<L1Error>>,
}

/// Why the L1 side did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address for provers cannot be used.
    #[error("cannot listen for provers on {address}: {source}")]
    Listen {
        /// As configured.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl L1Side {
    /// Starts following L1, making batches, serving provers and submitting. Does not wait for L1. Called within a tokio runtime.
    pub fn start(setup: L1Setup) -> Result<Self, StartError> {
        let L1Setup { l1, batcher, signer, chain, store, heads, unwinds } = setup;
        let client = L1Client::new(&l1.rpc, l1.request_timeout, l1.attempts)?;
        let head = store.snapshot()?.head();
        let queue = BatchQueue::open(store.clone(), head)?;
        let unwinder = Unwinder::new(unwinds, queue.clone());
        let view = L1View::new(store.clone(), Arc::clone(&chain));
        let liveness = Liveness::new(client.clone(), l1.registry, batcher.endpoint.liveness_ttl);
        let proved =
            ProvedChain { config_hash: chain.hash(), l1_chain_id: chain.l1_chain_id, rollup: l1.rollup };
        let listen = batcher.endpoint.listen;
        let cannot_listen = |source| StartError::Listen { address: listen, source };
        let endpoint = Endpoint::bind(proved, queue.clone(), liveness.clone(), batcher.endpoint);
        let endpoint = endpoint.map_err(cannot_listen)?;
        let address = endpoint.local_addr().map_err(cannot_listen)?;
        let rollup = l1.rollup;

        let watcher = Watcher::new(
            client.clone(),
            l1.clone(),
            Arc::clone(&chain),
            store.clone(),
            view.clone(),
            unwinder.clone(),
            heads.clone(),
        );
        let tracker = Tracker::new(
            client.clone(),
            l1,
            Arc::clone(&chain),
            store.clone(),
            queue.clone(),
            unwinder,
            heads.clone(),
        );
        tracker.write_tags()?;
        let submitter = Submitter::new(
            client,
            chain.l1_chain_id,
            rollup,
            signer,
            queue.clone(),
            liveness,
            tracker.status(),
            batcher.submit,
        );
        let assembler = Assembler::new(store, chain, queue, heads, batcher.cut);

        let mut tasks = JoinSet::new();
        tasks.spawn(async move { Some(watcher.run().await) });
        tasks.spawn(ends_never(tracker.run()));
        tasks.spawn(ends_never(submitter.run()));
        tasks.spawn(ends_never(assembler.run()));
        tasks.spawn(ends_never(endpoint.run()));
        info!(provers = %address, "following L1");
        Ok(Self { view, endpoint: address, tasks })
    }

    /// What the builder reads origins from.
    pub fn view(&self) -> L1View {
        self.view.clone()
    }

    /// Where provers connect.
    pub const fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Resolves when a part has ended, with the reason if there is one to give: the L1 node is on
    /// another chain. Without a reason, a part has panicked. Either way the node has to stop.
    pub async fn ended(&mut self) -> Option<L1Error> {
        self.tasks.join_next().await.and_then(Result::ok).flatten()
    }
}

async fn ends_never(task: impl Future<Output = ()>) -> Option<L1Error> {
    task.await;
    None
}
