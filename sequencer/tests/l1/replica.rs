//! L2 as it is rebuilt from L1 alone.

use std::{sync::Arc, time::Duration};

use alloy_primitives::Address;
use executor::transition::Transition;
use sequencer::{
    builder::{Builder, BuilderConfig, FixedOrigin, ReplayedBlock, UnwindTarget},
    heads::{Head, Heads},
    l1::L1Config,
    pool::{Pool, PoolConfig},
    replica::{BeaconError, BlobSource, Replica, ReplicaError, ReplicaSetup},
    store::Store,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    beacon::proxy,
    until,
    world::{Tuning, World},
};

/// A chain with batches on L1: the last block on it, and its node's hash of it.
async fn chain(world: &World) -> Head {
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    for nonce in 0..3 {
        let block = node.transfer(nonce).await;
        node.until_final(block).await;
    }
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
    let last = world.last_output().await.1.lastL2Block;
    let hash = world.store().await.snapshot().unwrap().block_hash(last).unwrap().unwrap();
    Head { number: last, hash }
}

fn store(world: &World, folder: &TempDir) -> Store {
    Store::open(folder.path(), &world.deployment.chain, &world.deployment.genesis).unwrap()
}

fn pool(world: &World) -> Pool {
    let chain = &world.deployment.chain;
    Pool::new(chain.chain_id, PoolConfig::new(chain.gas_limit), || {})
}

/// A builder that goes on from the store's last block, on its own.
fn builder(world: &World, store: &Store) -> Builder {
    let chain = Arc::new(world.deployment.chain.clone());
    let heads = Heads::of(&store.snapshot().unwrap()).unwrap();
    Builder::new(chain, BuilderConfig::default(), store.clone(), pool(world), heads, Box::new(FixedOrigin))
        .unwrap()
}

fn replica(world: &World, store: &Store, beacon: &str) -> Replica {
    replica_at(world.tuning().l1, world, store, beacon)
}

fn replica_at(l1: L1Config, world: &World, store: &Store, beacon: &str) -> Replica {
    Replica::new(ReplicaSetup {
        l1,
        blobs: BlobSource::new(beacon).unwrap(),
        chain: Arc::new(world.deployment.chain.clone()),
        store: store.clone(),
        pool: pool(world),
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_store_is_filled_from_l1_and_blocks_that_are_not_there_make_way() {
    let world = World::new().await;
    let head = chain(&world).await;
    let folder = TempDir::new().unwrap();
    let fresh = store(&world, &folder);
    assert_eq!(replica(&world, &fresh, &world.anvil.url).catch_up().await.unwrap(), head.number);
    let check = |store: &Store| {
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.block_hash(head.number).unwrap(), Some(head.hash));
        assert_eq!(snapshot.head(), head.number);
        let batch = snapshot.last_batch().unwrap().unwrap();
        assert_eq!(batch.last_block, head.number);
    };
    check(&fresh);
    // Once more: there is nothing to do.
    assert_eq!(replica(&world, &fresh, &world.anvil.url).catch_up().await.unwrap(), head.number);
    check(&fresh);

    // Another store went its own way after the genesis, and never reached L1.
    let folder = TempDir::new().unwrap();
    let other = store(&world, &folder);
    let mut builder = builder(&world, &other);
    let start = builder.parent().timestamp;
    for second in 1..=2 * head.number {
        let block = ReplayedBlock { timestamp: start + second, next: None, transactions: Vec::new() };
        builder.replay(block).unwrap();
    }
    drop(builder);
    assert_eq!(replica(&world, &other, &world.anvil.url).catch_up().await.unwrap(), head.number);
    check(&other);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_without_their_batch_are_taken_over_again() {
    let world = World::new().await;
    let head = chain(&world).await;
    let folder = TempDir::new().unwrap();
    let store = store(&world, &folder);
    // Nothing is final: the replica sees every batch as one that may go.
    let catch_up = async || {
        let l1 = L1Config { finality_depth: u64::MAX, ..world.tuning().l1 };
        replica_at(l1, &world, &store, &world.anvil.url).catch_up().await.unwrap()
    };
    let batches = || {
        let snapshot = store.snapshot().unwrap();
        let last = snapshot.last_batch().unwrap().unwrap().index;
        (1..=last).map(|index| snapshot.batch(index).unwrap().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(catch_up().await, head.number);
    let expected = batches();
    let [.., before, _] = &expected[..] else { panic!("two batches: {expected:?}") };

    // The program was killed after the blocks of a batch were stored and before the batch was; or L1 was reorganised,
    // and has a batch now that ends where our blocks do.
    for kept in [head.number, before.last_block, before.last_block - 1] {
        store.remove_batches_from(before.index).unwrap();
        builder(&world, &store).unwind(UnwindTarget::Block(kept)).unwrap();
        assert_eq!((catch_up().await, batches()), (head.number, expected.clone()), "kept {kept}");
    }
}

/// Batch 1 on L1 with `change` made to what its prover signed.
async fn false_batch(world: &World, change: impl FnOnce(&mut Transition, &Store)) -> Transition {
    let prover = world.prover(0).await;
    let tuning = |tuning: &mut Tuning| tuning.batcher.submit.signature_timeout = Duration::ZERO;
    let node = world.node(tuning).await;
    until("a batch waits for its proof", async || node.store.snapshot().unwrap().last_batch().unwrap()).await;
    let origin = node.store.snapshot().unwrap().origin(1).unwrap().unwrap().number;
    until("L1 goes on", async || (node.heads.l1.borrow().current.number > origin + 3).then_some(())).await;
    node.end().await;
    let store = world.store().await;
    let mut batch = store.snapshot().unwrap().batch(1).unwrap().unwrap();
    let payload = store.snapshot().unwrap().batch_payload(1).unwrap().unwrap();
    change(&mut batch.transition, &store);
    store.remove_batches_from(1).unwrap();
    store.put_batch(&batch, &payload).unwrap();
    drop(store);
    // An enclave that is broken signs whatever it is asked to.
    let node = world.node(tuning).await;
    let broken =
        prover.work_by(node.side.endpoint(), |prover, job| prover.sign(job.batch, job.digest).into());
    until("the false batch is on L1", async || (world.last_output().await.0 > 0).then_some(())).await;
    broken.abort();
    node.end().await;
    batch.transition
}

/// The right output does not make right what is signed beside it: who claims a later origin keeps deposits out.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_last_block_must_be_so() {
    type Change = fn(&mut Transition, &Store);
    let later_origin: Change = |transition, store| {
        let last = store.snapshot().unwrap().last_l1_block().unwrap().unwrap().header;
        assert!(last.number > transition.l1OriginNumber);
        (transition.l1OriginNumber, transition.l1OriginHash) = (last.number, last.hash());
    };
    let later_time: Change = |transition, _| transition.lastL2Timestamp += 1;
    for change in [later_origin, later_time] {
        let world = World::new().await;
        let given = false_batch(&world, change).await;
        let folder = TempDir::new().unwrap();
        let store = store(&world, &folder);
        let mut replica = replica(&world, &store, &world.anvil.url);
        // The same again: it does not go on behind it.
        for _ in 0..2 {
            let error = replica.catch_up().await.unwrap_err();
            let ReplicaError::End { index: 1, computed, on_l1 } = &error else { panic!("{error}") };
            assert!(error.is_fault());
            assert_eq!(computed.output_root, given.outputRoot);
            assert_eq!((on_l1.origin, on_l1.timestamp), (given.l1OriginNumber, given.lastL2Timestamp));
            assert_ne!((on_l1.origin, on_l1.timestamp), (computed.origin, computed.timestamp));
        }
        assert!(store.snapshot().unwrap().last_batch().unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_node_that_lies_is_not_believed() {
    let world = World::new().await;
    chain(&world).await;
    let folder = TempDir::new().unwrap();
    let store = store(&world, &folder);
    type Lie = fn(&mut Value);
    let lies: [(&str, Lie); 5] = [
        ("a changed blob", |answer| {
            let blob = answer["data"][0].as_str().unwrap().to_owned();
            // Still a field element: the last byte of the first word.
            let digit = if blob.as_bytes()[65] == b'0' { "1" } else { "0" };
            answer["data"][0] = json!(format!("{}{digit}{}", &blob[..65], &blob[66..]));
        }),
        ("no blob", |answer| answer["data"] = json!([])),
        ("half a blob", |answer| {
            let blob = answer["data"][0].as_str().unwrap()[..1002].to_owned();
            answer["data"][0] = json!(blob);
        }),
        ("no field elements", |answer| {
            let length = answer["data"][0].as_str().unwrap().len() - 2;
            answer["data"][0] = json!(format!("0x{}", "f".repeat(length)));
        }),
        ("no list", |answer| answer["data"] = json!({"blobs": 1})),
    ];
    for (name, lie) in lies {
        let url = proxy(&world.anvil.url, lie).await;
        let error = replica(&world, &store, &url).catch_up().await.unwrap_err();
        assert!(matches!(&error, ReplicaError::Beacon(_)), "{name}: {error}");
        if name.ends_with("blob") && !name.starts_with("half") {
            let missing = matches!(&error, ReplicaError::Beacon(BeaconError::Missing { .. }));
            assert!(missing, "{name}: {error}");
        }
        assert_eq!(store.snapshot().unwrap().head(), 0, "{name}");
    }
    // Nobody there.
    let error = replica(&world, &store, "http://127.0.0.1:1").catch_up().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_waits_for_the_silence_and_the_sequencer_does_not() {
    let world = World::new().await;
    let folder = TempDir::new().unwrap();
    let store = store(&world, &folder);
    let own = devnet::accounts::Role::Batcher.signer().unwrap().address();
    replica(&world, &store, &world.anvil.url).stand_by(own).await.unwrap();

    let mut stranger = replica(&world, &store, &world.anvil.url);
    let mut waiting = Box::pin(stranger.stand_by(Address::repeat_byte(1)));
    let before = world.anvil.head().await.0;
    tokio::select! {
        result = &mut waiting => panic!("it did not wait: {result:?}"),
        _ = crate::until("L1 goes on", async || {
            (world.anvil.head().await.0 > before + 3).then_some(())
        }) => {}
    }
    world.anvil.rpc("evm_increaseTime", json!([601])).await;
    waiting.await.unwrap();
}
