//! The parts, wired: store, pool, builder, RPC, and the L1 side.

use std::{net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};

use eyre::{WrapErr as _, eyre};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::{
    builder::{self, Builder, BuilderError, BuilderInputs, FixedOrigin, OriginSource},
    config::Settings,
    heads::Heads,
    l1::{L1Error, L1Setup, L1Side},
    pool::Pool,
    replica::{BlobSource, Replica, ReplicaSetup},
    rpc::{Api, RpcServer},
    store::{Retention, Store},
};

/// Requests to the builder that may wait.
const UNWIND_QUEUE: usize = 8;
/// How long requests under way may take to finish when the node stops.
const RPC_GRACE: Duration = Duration::from_secs(5);
/// How long what still reads the store may take to notice that the node stops.
const STORE_GRACE: Duration = Duration::from_secs(5);
/// How often the store forgets what need not be kept.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);

/// A running node.
#[derive(Debug)]
pub struct Node {
    rpc: RpcServer,
    stop: watch::Sender<bool>,
    /// Resolves when the builder has ended, with the reason.
    builder: oneshot::Receiver<Result<(), BuilderError>>,
    /// What follows L1 and brings batches there, if anything does.
    l1: Option<L1Side>,
    store: Store,
}

impl Node {
    /// Opens the store and starts everything; first brings the store up to L1, if it is told where the blobs are.
    pub async fn start(settings: &Settings) -> eyre::Result<Self> {
        let chain = settings.read_chain()?;
        let genesis = settings.read_genesis()?;
        let store = Store::open(&settings.data_dir, &chain, &genesis)
            .wrap_err_with(|| format!("cannot open the store in {}", settings.data_dir.display()))?;
        let chain = Arc::new(chain);

        let ready = Arc::new(Notify::new());
        let wake = Arc::clone(&ready);
        let pool = Pool::new(chain.chain_id, settings.pool(&chain), move || wake.notify_one());
        if let (Some(l1), Some(beacon)) = (settings.l1.l1(&genesis), &settings.l1.l1_beacon) {
            let blobs = BlobSource::new(beacon)?;
            let setup = ReplicaSetup {
                l1,
                blobs,
                chain: Arc::clone(&chain),
                store: store.clone(),
                pool: pool.clone(),
            };
            let mut replica = Replica::new(setup)?;
            if settings.l1.stand_by {
                replica.stand_by(settings.l1.batcher_key()?.address()).await?;
            }
            let block = replica.catch_up().await.wrap_err("cannot take over what is on L1")?;
            tracing::info!(block, "the store holds what is on L1");
        }
        let heads = Heads::of(&store.snapshot()?)?;

        // What listens comes first: if a port is taken, no block is sealed and no batch submitted.
        let api = Api {
            chain: Arc::clone(&chain),
            store: store.clone(),
            pool: pool.clone(),
            heads: heads.clone(),
            config: settings.rpc(),
        };
        let rpc = RpcServer::start(api)?;

        let (stop, stopping) = watch::channel(false);
        let (unwinds, unwind_requests) = mpsc::channel(UNWIND_QUEUE);
        let l1 = match settings.l1.l1(&genesis) {
            None => {
                tracing::warn!("no L1: there are no deposits, and batches go nowhere");
                None
            }
            Some(l1) => Some(L1Side::start(L1Setup {
                l1,
                batcher: settings.l1.batcher(),
                signer: settings.l1.batcher_key()?,
                chain: Arc::clone(&chain),
                store: store.clone(),
                heads: heads.clone(),
                unwinds,
            })?),
        };
        let origins: Box<dyn OriginSource> = match &l1 {
            Some(l1) => Box::new(l1.view()),
            None => Box::new(FixedOrigin),
        };
        let builder = Builder::new(chain, settings.builder(), store.clone(), pool, heads.clone(), origins)?;
        let inputs = BuilderInputs { ready, unwinds: unwind_requests, stop: stopping.clone() };
        let builder = ended(builder::spawn(builder, inputs)?);
        tokio::spawn(prune(store.clone(), settings.retention(), heads.clone(), stopping));

        let head = heads.latest();
        tracing::info!(rpc = %rpc.address(), head = head.number, hash = %head.hash, "node started");
        Ok(Self { rpc, stop, builder, l1, store })
    }

    /// Where JSON-RPC listens.
    pub const fn rpc_address(&self) -> SocketAddr {
        self.rpc.address()
    }

    /// Runs until the process is told to stop (SIGINT, SIGTERM), or a part fails.
    pub async fn run(mut self) -> eyre::Result<()> {
        let failure = tokio::select! {
            result = signal() => {
                result?;
                tracing::info!("stopping");
                None
            }
            ended = &mut self.builder => Some(builder_failure(ended)),
            ended = l1_ended(self.l1.as_mut()) => Some(l1_failure(ended)),
        };
        self.shut_down(failure).await
    }

    /// Stops every part, and waits until all have: the store can then be opened again.
    pub async fn stop(self) -> eyre::Result<()> {
        self.shut_down(None).await
    }

    async fn shut_down(self, failure: Option<eyre::Report>) -> eyre::Result<()> {
        self.stop.send_replace(true);
        drop(self.l1);
        // A client that never finishes its request must not keep the node from stopping.
        if tokio::time::timeout(RPC_GRACE, self.rpc.stop()).await.is_err() {
            tracing::warn!("connections were cut");
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        match self.builder.await {
            Ok(Ok(())) => {}
            ended => return Err(builder_failure(ended)),
        }
        // Tasks that were told to stop still hold the store until they run again.
        if tokio::time::timeout(STORE_GRACE, self.store.closed()).await.is_err() {
            tracing::warn!("the store is still being read");
        }
        Ok(())
    }
}

/// Waits for a thread on another one, so that its end can be awaited.
fn ended(thread: JoinHandle<Result<(), BuilderError>>) -> oneshot::Receiver<Result<(), BuilderError>> {
    let (sender, receiver) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        if let Ok(result) = thread.join() {
            // Nobody listens once the node is gone.
            let _ = sender.send(result);
        }
    });
    receiver
}

fn builder_failure(ended: Result<Result<(), BuilderError>, oneshot::error::RecvError>) -> eyre::Report {
    match ended {
        Ok(Ok(())) => eyre!("the builder ended by itself"),
        Ok(Err(error)) => eyre::Report::new(error).wrap_err("the builder failed"),
        Err(_) => eyre!("the builder panicked"),
    }
}

/// Waits until the L1 side ends by itself, which it should not; for ever if there is none.
async fn l1_ended(l1: Option<&mut L1Side>) -> Option<L1Error> {
    match l1 {
        Some(l1) => l1.ended().await,
        None => std::future::pending().await,
    }
}

fn l1_failure(ended: Option<L1Error>) -> eyre::Report {
    match ended {
        Some(error) => eyre::Report::new(error).wrap_err("L1 cannot be followed"),
        None => eyre!("a part of the L1 side panicked"),
    }
}

/// Lets the store forget, now and then.
async fn prune(store: Store, retention: Retention, heads: Heads, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PRUNE_INTERVAL) => {}
        }
        let (store, finalized) = (store.clone(), heads.finalized().number);
        match tokio::task::spawn_blocking(move || store.prune(retention, finalized)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the store was not pruned"),
            Err(error) => tracing::error!(%error, "pruning panicked"),
        }
    }
}

/// Waits for SIGINT or SIGTERM.
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}
