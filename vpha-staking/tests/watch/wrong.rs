//! A chain on which something is wrong.

use std::time::Duration;

use alloy_primitives::B256;
use sequencer::{
    builder::{Builder, BuilderConfig, FixedOrigin, ReplayedBlock},
    heads::Heads,
    pool::{Pool, PoolConfig},
    rpc::{Api, RpcConfig, RpcServer},
    store::Store,
};
use tempfile::TempDir;
use vpha_staking::evidence::Verdict;

use crate::{
    tower::{Tower, conflict_since, reports},
    until,
    world::World,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_false_batch_is_found_reported_and_forgotten_once_it_is_discarded() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await, world.prover(2).await];
    let one_proof =
        |tuning: &mut crate::world::Tuning| tuning.batcher.submit.signature_timeout = Duration::ZERO;

    // A sequencer that lies: it claims another output for a batch that waits for its proof.
    let node = world.node(one_proof).await;
    until("a batch waits for its proof", async || node.store.snapshot().unwrap().last_batch().unwrap()).await;
    node.end().await;
    let store = world.store().await;
    let mut batch = store.snapshot().unwrap().batch(1).unwrap().unwrap();
    let payload = store.snapshot().unwrap().batch_payload(1).unwrap().unwrap();
    let honest = batch.transition.clone();
    batch.transition.outputRoot = B256::repeat_byte(0xbb);
    let false_transition = batch.transition.clone();
    store.remove_batches_from(1).unwrap();
    store.put_batch(&batch, &payload).unwrap();
    drop(store);
    // An enclave that is broken signs whatever it is asked to.
    let node = world.node(one_proof).await;
    let broken =
        provers[0].work_by(node.side.endpoint(), |prover, job| prover.sign(job.batch, job.digest).into());
    until("the false batch is on L1", async || (world.last_output().await.0 > 0).then_some(())).await;
    broken.abort();
    assert_eq!(world.output(1).await.unwrap().outputRoot, batch.transition.outputRoot);

    let tower = Tower::new(&world);
    let false_output = batch.transition.outputRoot;
    let both = [false_output.to_string(), honest.outputRoot.to_string()];
    let words = ["batch 1 on L1 is false", &both[0], &both[1]];
    tower.once_reporting().await.expect(3, &words);
    assert_eq!(
        (tower.evidence().len(), conflict_since(&world).await),
        (0, 0),
        "one signature is no evidence"
    );
    // It stands, whoever asks.
    tower.once(&[]).await.expect(3, &words);

    // An honest prover publishes its signature.
    let signature = provers[1].sign(1, provers[1].digest(&honest)).signature;
    tower.publish("honest.json", &honest, signature);
    let ended = tower.once(&["--key-file", "/absent"]).await;
    assert_eq!(ended.code, 1, "no key, no watch");
    // Nothing waits while a false batch is on L1.
    tower.once_reporting().await.expect(3, &[&words[..], &["reported in transaction"]].concat());
    let [evidence] = &tower.evidence()[..] else { panic!("one contradiction") };
    let verdict = Verdict::Dispute { a: provers[1].signer, b: provers[0].signer };
    assert_eq!(evidence.verdict().unwrap(), verdict);
    assert_ne!(conflict_since(&world).await, 0);
    tower.once_reporting().await.expect(3, &["a conflict is open on L1"]);

    // The dispute has revoked both keys. That the broken one signed the right result as well counts all the same, once.
    let signature = provers[0].sign(1, provers[0].digest(&honest)).signature;
    tower.publish("late.json", &honest, signature);
    let words = ["signed two results of one input", "reported in transaction"];
    tower.once_reporting().await.expect(3, &words);
    let sent = reports(&world).await;
    tower.once_reporting().await.expect(3, &["reported before"]);
    assert_eq!((tower.evidence().len(), reports(&world).await), (2, sent));

    // The timelock discards the batch, and the chain goes on with a prover that nobody reported.
    world.resolve_conflict(0).await;
    until("the node has dropped the false batch", async || {
        let batch = node.store.snapshot().unwrap().batch(1).unwrap()?;
        (batch.transition != false_transition).then_some(())
    })
    .await;
    let worker = provers[2].work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(node.block_of(0).await.max(block)).await;
    tower.once_reporting().await.expect(0, &["batch taken over from L1"]);
    worker.abort();
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_other_blocks_than_l1_is_an_alarm_of_its_own() {
    let world = World::new().await;
    let prover = world.prover(0).await;
    let node = world.node(|tuning| tuning.batcher.submit.signature_timeout = Duration::ZERO).await;
    let worker = prover.work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    worker.abort();
    let head = node.heads.latest().number;

    // A node that went its own way after the genesis.
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), &world.deployment.chain, &world.deployment.genesis).unwrap();
    let heads = Heads::of(&store.snapshot().unwrap()).unwrap();
    let chain = std::sync::Arc::new(world.deployment.chain.clone());
    let pool = Pool::new(chain.chain_id, PoolConfig::new(chain.gas_limit), || {});
    let mut builder = Builder::new(
        chain.clone(),
        BuilderConfig::default(),
        store.clone(),
        pool.clone(),
        heads.clone(),
        Box::new(FixedOrigin),
    )
    .unwrap();
    let start = builder.parent().timestamp;
    let build = |builder: &mut Builder, seconds: std::ops::RangeInclusive<u64>| {
        for second in seconds {
            let block = ReplayedBlock { timestamp: start + second, next: None, transactions: Vec::new() };
            builder.replay(block).unwrap();
        }
    };
    let config = RpcConfig::new("127.0.0.1:0".parse().unwrap());
    let api = Api { chain, store: store.clone(), pool, heads, config };
    let rpc = RpcServer::start(api).unwrap();
    let url = format!("http://{}", rpc.address());

    let tower = Tower::new(&world);
    // One that has not come so far is no alarm.
    tower.once(&["--l2-rpc", &url]).await.expect(5, &["has not come to block"]);
    build(&mut builder, 1..=head);
    tower.once(&["--l2-rpc", &url]).await.expect(6, &["by L1's batches, and", "by the L2 node"]);
    // L1 alone is well.
    tower.once(&[]).await.expect(0, &[]);
    rpc.stop().await;
    node.end().await;
}
