//! A chain with its contracts on an L1, and nodes that follow it.

use std::{path::Path, sync::Arc, time::Duration};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    network::{EthereumWallet, TransactionBuilder},
    providers::{Provider, ProviderBuilder},
    rpc::types::{Filter, TransactionRequest},
    signers::SignerSync,
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use contracts_bindings::{IProverRegistry, IRollup, ITimelock};
use devnet::{
    accounts::{Role, users},
    artifacts::Artifacts,
    deployment::Deployment,
    platform,
};
use executor::transition::output_root;
use prover_core::{enclave::Attest, report::report_data};
use prover_quote::{
    Quoter,
    software::{Clock, SoftwarePki},
};
use sequencer::{
    batcher::BatcherConfig,
    builder::{self, Builder, BuilderConfig, BuilderInputs},
    heads::{Head, Heads},
    l1::{L1Config, L1Setup, L1Side},
    pool::{self, Pool, PoolConfig},
    rpc::{Api, RpcConfig, RpcServer},
    store::{Store, StoreError},
};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc, watch};

use crate::{anvil::Anvil, prover::Prover, until};

/// Contracts on an L1, and the machines that may prove.
pub(crate) struct World {
    pub(crate) anvil: Anvil,
    pub(crate) deployment: Deployment,
    pki: SoftwarePki,
    folder: TempDir,
}

/// How a node is set up.
pub(crate) struct Tuning {
    pub(crate) l1: L1Config,
    pub(crate) batcher: BatcherConfig,
}

/// A sequencer without its RPC.
pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) heads: Heads,
    pub(crate) side: L1Side,
    pool: Pool,
    stop: watch::Sender<bool>,
    builder: std::thread::JoinHandle<Result<(), builder::BuilderError>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        // Shown by a test that fails.
        let _ = tracing_subscriber::fmt()
            .with_env_filter("sequencer=debug")
            .with_test_writer()
            .with_ansi(false)
            .try_init();
        let anvil = Anvil::ticking().await;
        let mut roles = vec![Role::Deployer, Role::Batcher, Role::Governor];
        roles.extend((0..3).map(Role::Operator));
        let accounts: Vec<Address> = roles.into_iter().map(|role| role.signer().unwrap().address()).collect();
        devnet::l1::fund(&anvil.provider, &accounts).await.unwrap();
        let pki = SoftwarePki::new([7; 32], Clock(1_700_000_000));
        let month = Duration::from_secs(30 * 86_400);
        let policy = platform::policy(&pki, &platform::collateral(&pki, 20, month).unwrap()).unwrap();
        let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
        let artifacts = Artifacts::of(&contracts).expect("compiled contracts");
        let deployment = Deployment::make(&anvil.provider, &anvil.url, &artifacts, &policy).await.unwrap();
        // The devnet has two provers with bonds, and tests a third.
        deployment.bond(&anvil.url, vec![Role::Operator(2).signer().unwrap()]).await.unwrap();
        Self { anvil, deployment, pki, folder: TempDir::new().unwrap() }
    }

    /// Sends a call to L1 and waits for it.
    pub(crate) async fn call(&self, from: Role, to: Address, data: Vec<u8>) {
        let wallet = EthereumWallet::from(from.signer().unwrap());
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(self.anvil.url.parse().unwrap());
        let request = TransactionRequest::default().with_to(to).with_input(Bytes::from(data));
        let receipt = provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
        assert!(receipt.status(), "a call to {to} failed");
    }

    /// The timelock says which batches stay.
    pub(crate) async fn resolve_conflict(&self, keep_through: u64) {
        // What became final before the conflict has to be recorded first.
        let record = IRollup::advanceFinalityCall { steps: U256::MAX };
        self.call(Role::Governor, self.deployment.rollup, record.abi_encode()).await;
        let call = IRollup::resolveConflictCall { keepThrough: U256::from(keep_through) };
        self.govern(self.deployment.rollup, call.abi_encode()).await;
    }

    /// The timelock makes a call.
    pub(crate) async fn govern(&self, target: Address, data: Vec<u8>) {
        let timelock = self.deployment.timelock;
        let schedule = ITimelock::scheduleCall {
            target,
            value: U256::ZERO,
            data: data.clone().into(),
            predecessor: B256::ZERO,
            salt: B256::ZERO,
            delay: U256::ONE,
        };
        self.call(Role::Governor, timelock, schedule.abi_encode()).await;
        let head = self.anvil.head().await.0;
        until("the delay is over", async || (self.anvil.head().await.0 > head + 1).then_some(())).await;
        let execute = ITimelock::executeCall {
            target,
            value: U256::ZERO,
            payload: data.into(),
            predecessor: B256::ZERO,
            salt: B256::ZERO,
        };
        self.call(Role::Governor, timelock, execute.abi_encode()).await;
    }

    /// A prover on machine `index`, whose key is registered by a quote of that machine.
    pub(crate) async fn prover(&self, index: u16) -> Prover {
        let operator = Role::Operator(index);
        let chain = &self.deployment.chain;
        let mut prover =
            Prover::new(index, operator.signer().unwrap().address(), self.deployment.rollup, chain.clone());
        let head = self.anvil.head().await;
        let attest = Attest {
            signer: prover.signer,
            l1_chain_id: chain.l1_chain_id,
            registry: self.deployment.prover_registry,
            operator: prover.operator,
            ref_block_number: head.0,
            ref_block_hash: head.1,
        };
        let machine = self.pki.machine(&format!("machine {index}")).unwrap();
        let quote = machine.quote(&report_data(&attest, chain.hash())).unwrap();
        let call = IProverRegistry::registerCall {
            quote: quote.into(),
            signer: prover.signer,
            refBlockNumber: head.0,
        };
        // The reference block's hash is known to L1 from the next block on.
        until("the reference block is history", async || (self.anvil.head().await.0 > head.0).then_some(()))
            .await;
        self.call(operator, self.deployment.prover_registry, call.abi_encode()).await;
        prover.registered = true;
        prover
    }

    /// Settings for tests: everything fast.
    pub(crate) fn tuning(&self) -> Tuning {
        let origin = &self.deployment.genesis.origin;
        let mut l1 = L1Config::devnet(
            self.anvil.url.clone(),
            self.deployment.rollup,
            self.deployment.prover_registry,
            (origin.number, origin.hash),
        );
        l1.poll_interval = Duration::from_millis(200);
        l1.finality_depth = 0;
        l1.request_timeout = Duration::from_secs(2);
        let mut batcher = BatcherConfig::devnet("127.0.0.1:0".parse().unwrap());
        batcher.cut.max_age = Duration::from_secs(1);
        batcher.cut.max_idle_age = Duration::from_secs(2);
        batcher.endpoint.ping_interval = Duration::from_secs(1);
        batcher.endpoint.frame_timeout = Duration::from_secs(1);
        batcher.endpoint.liveness_ttl = Duration::from_secs(1);
        batcher.submit.poll_interval = Duration::from_millis(200);
        batcher.submit.resend_after = Duration::from_secs(2);
        batcher.submit.bump_after = Duration::from_secs(2);
        Tuning { l1, batcher }
    }

    /// The world's one store, once no node has it open any more.
    pub(crate) async fn store(&self) -> Store {
        let Deployment { chain, genesis, .. } = &self.deployment;
        // Tasks of a node that was ended may still hold it for a moment.
        until("the store is free", async || match Store::open(self.folder.path(), chain, genesis) {
            Ok(store) => Some(store),
            Err(StoreError::InUse { .. }) => None,
            Err(error) => panic!("{error}"),
        })
        .await
    }

    /// Starts a node on the world's one store.
    pub(crate) async fn node(&self, tune: impl FnOnce(&mut Tuning)) -> Node {
        let mut tuning = self.tuning();
        tune(&mut tuning);
        let chain = &self.deployment.chain;
        let store = self.store().await;
        let chain = Arc::new(chain.clone());
        let snapshot = store.snapshot().unwrap();
        let genesis_head = Head { number: 0, hash: snapshot.block_hash(0).unwrap().unwrap() };
        let latest = Head { number: snapshot.head(), hash: snapshot.head_hash() };
        drop(snapshot);
        let heads = Heads::new(latest, genesis_head, genesis_head);
        let (unwinds, requests) = mpsc::channel(4);
        let side = L1Side::start(L1Setup {
            l1: tuning.l1,
            batcher: tuning.batcher,
            signer: Role::Batcher.signer().unwrap(),
            chain: Arc::clone(&chain),
            store: store.clone(),
            heads: heads.clone(),
            unwinds,
        })
        .unwrap();
        let ready = Arc::new(Notify::new());
        let wake = Arc::clone(&ready);
        let pool = Pool::new(chain.chain_id, PoolConfig::new(chain.gas_limit), move || wake.notify_one());
        let config = BuilderConfig { max_empty_interval: 1, ..BuilderConfig::default() };
        let builder =
            Builder::new(chain, config, store.clone(), pool.clone(), heads.clone(), Box::new(side.view()))
                .unwrap();
        let (stop, stopping) = watch::channel(false);
        let inputs = BuilderInputs { ready, unwinds: requests, stop: stopping };
        let builder = builder::spawn(builder, inputs).unwrap();
        Node { store, heads, side, pool, stop, builder }
    }

    /// The newest output on L1.
    pub(crate) async fn last_output(&self) -> (u64, IRollup::Output) {
        let request = TransactionRequest::default()
            .with_to(self.deployment.rollup)
            .with_input(IRollup::lastOutputCall {}.abi_encode());
        let answer = self.anvil.provider.call(request).await.unwrap();
        let last = IRollup::lastOutputCall::abi_decode_returns(&answer).unwrap();
        (last.index.saturating_to(), last._1)
    }

    /// Output `index` on L1.
    pub(crate) async fn output(&self, index: u64) -> Option<IRollup::Output> {
        let call = IRollup::outputCall { index: U256::from(index) };
        let request =
            TransactionRequest::default().with_to(self.deployment.rollup).with_input(call.abi_encode());
        let answer = self.anvil.provider.call(request).await.ok()?;
        Some(IRollup::outputCall::abi_decode_returns(&answer).unwrap())
    }

    /// Every submission on L1: index of the batch, and its transaction.
    pub(crate) async fn submissions(&self) -> Vec<(u64, B256)> {
        let filter = Filter::new()
            .address(self.deployment.rollup)
            .event_signature(IRollup::BatchSubmitted::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.anvil.provider.get_logs(&filter).await.unwrap();
        logs.iter()
            .map(|log| {
                let event = IRollup::BatchSubmitted::decode_log(&log.inner).unwrap();
                (event.index.saturating_to(), log.transaction_hash.unwrap())
            })
            .collect()
    }
}

impl Node {
    /// Sends one wei to nobody; returns the number of the block it is in.
    pub(crate) async fn transfer(&self, nonce: u64) -> u64 {
        let hash = self.send(nonce).unwrap();
        self.until_in_block(hash).await
    }

    /// The number of the block that holds the transfer with this nonce.
    pub(crate) async fn block_of(&self, nonce: u64) -> u64 {
        self.until_in_block(transfer_of(nonce).tx_hash()).await
    }

    async fn until_in_block(&self, hash: B256) -> u64 {
        until("the transfer is in a block", async || {
            self.store.snapshot().unwrap().transaction(hash).unwrap().map(|(block, _)| block)
        })
        .await
    }

    fn send(&self, nonce: u64) -> Result<B256, pool::PoolError> {
        self.pool.add::<pool::PoolError>(transfer_of(nonce), |sender| {
            let snapshot = self.store.snapshot().unwrap();
            Ok((snapshot.head(), pool::read_sender(&snapshot.state(), sender).unwrap()))
        })
    }

    pub(crate) async fn until_safe(&self, block: u64) {
        until(&format!("block {block} is safe"), async || (self.heads.safe().number >= block).then_some(()))
            .await;
    }

    pub(crate) async fn until_final(&self, block: u64) {
        until(&format!("block {block} is final"), async || {
            (self.heads.finalized().number >= block).then_some(())
        })
        .await;
    }

    /// Serves the node's JSON-RPC, at any port.
    #[allow(dead_code, reason = "for the tests of the watchtower")]
    pub(crate) fn rpc(&self, world: &World) -> RpcServer {
        let api = Api {
            chain: Arc::new(world.deployment.chain.clone()),
            store: self.store.clone(),
            pool: self.pool.clone(),
            heads: self.heads.clone(),
            config: RpcConfig::new("127.0.0.1:0".parse().unwrap()),
        };
        RpcServer::start(api).unwrap()
    }

    /// The output root of one of our blocks.
    pub(crate) fn output_root(&self, block: u64) -> B256 {
        let header = self.store.snapshot().unwrap().header(block).unwrap().unwrap();
        output_root(&header, header.hash()).unwrap()
    }

    /// Ends everything at once, as little orderly as is possible within a process, and frees the store.
    pub(crate) async fn end(self) {
        let Self { store, heads, side, pool, stop, builder } = self;
        drop(side);
        stop.send_replace(true);
        tokio::task::spawn_blocking(move || builder.join()).await.unwrap().unwrap().unwrap();
        drop((store, heads, pool));
    }
}

/// Transaction `nonce` of the first user.
fn transfer_of(nonce: u64) -> executor::Transaction {
    let user = &users().unwrap()[0];
    let tx = TxEip1559 {
        chain_id: devnet::settings::L2_CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to: TxKind::Call(Address::repeat_byte(0x99)),
        value: U256::ONE,
        access_list: Default::default(),
        input: Default::default(),
    };
    let signature = user.sign_hash_sync(&tx.signature_hash()).unwrap();
    executor::Transaction::from(tx.into_signed(signature))
}
