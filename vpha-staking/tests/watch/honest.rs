//! A chain on which nothing is wrong, and nodes that make it hard to see.

use alloy_primitives::B256;
use serde_json::json;

use crate::{
    beacon::proxy,
    tower::{Tower, conflict_since},
    until,
    world::World,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_chain_is_well_also_after_a_restart_and_with_its_node() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let rpc = node.rpc(&world);
    let workers = provers.clone().map(|prover| prover.work(node.side.endpoint()));
    let mut tower = Tower::new(&world);
    tower.options.extend(["--l2-rpc".to_owned(), format!("http://{}", rpc.address())]);
    for nonce in 0..2 {
        let block = node.transfer(nonce).await;
        node.until_final(block).await;
    }
    let last = world.last_output().await.0;
    tower.once(&[]).await.expect(0, &["watching", "batch taken over from L1"]);
    let before = tower.archive();
    let signed = |text: &str| text.lines().count() as u64;
    assert!(signed(&before) >= 2 * last, "two signatures of each batch are kept");
    for prover in &provers {
        assert!(before.contains(&prover.signer.to_string().to_lowercase()), "{before}");
    }

    // A line that a crash cut off, and new batches: the next run goes on.
    let torn = &before[..before.len() - 20];
    std::fs::write(tower.archive_path(), torn).unwrap();
    let block = node.transfer(2).await;
    node.until_final(block).await;
    let ended = tower.once(&[]).await;
    ended.expect(0, &["a line that a crash cut off was dropped"]);
    assert!(!ended.log.contains("index=1 "), "the first batch is not executed again");
    let after = tower.archive();
    assert!(signed(&after) > signed(&before) - 1 && after.starts_with(torn.rsplit_once('\n').unwrap().0));
    assert_eq!((tower.evidence().len(), conflict_since(&world).await), (0, 0));
    workers.iter().for_each(|worker| worker.abort());
    rpc.stop().await;
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_lie_or_are_away_are_no_alarm() {
    let world = World::new().await;
    let prover = world.prover(0).await;
    let node = world.node(|tuning| tuning.batcher.submit.signature_timeout = std::time::Duration::ZERO).await;
    let worker = prover.work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let mut tower = Tower::new(&world);

    // Other bytes in the blob, or none.
    let lies: [fn(&mut serde_json::Value); 2] = [
        |answer| {
            let blob = answer["data"][0].as_str().unwrap().to_owned();
            let digit = if blob.as_bytes()[65] == b'0' { "1" } else { "0" };
            answer["data"][0] = json!(format!("{}{digit}{}", &blob[..65], &blob[66..]));
        },
        |answer| answer["data"] = json!([]),
    ];
    for lie in lies {
        tower.beacon = proxy(&world.anvil.url, lie).await;
        tower.once(&[]).await.expect(5, &["source=\"beacon\"", "does not have blob"]);
    }
    tower.beacon = "http://127.0.0.1:1".to_owned();
    tower.once(&[]).await.expect(5, &["source=\"beacon\""]);
    tower.beacon = world.anvil.url.clone();
    tower.once(&["--l2-rpc", "http://127.0.0.1:1"]).await.expect(5, &["source=\"l2\""]);
    tower.once(&["--l1-rpc", "http://127.0.0.1:1"]).await.expect(5, &["L1 cannot be reached"]);
    tower.once(&[]).await.expect(0, &[]);
    worker.abort();
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_is_followed_and_takes_no_signature_away() {
    let world = World::new().await;
    let prover = world.prover(0).await;
    let node = world
        .node(|tuning| {
            tuning.l1.finality_depth = 30;
            tuning.batcher.submit.signature_timeout = std::time::Duration::ZERO;
        })
        .await;
    let worker = prover.work(node.side.endpoint());
    // Contracts and provers stay: the reorganisation begins after this.
    let stays = world.anvil.head().await.0;
    let origin = |block| node.store.snapshot().unwrap().origin(block).unwrap().unwrap().number;
    until("origins have moved on", async || (origin(node.heads.latest().number) > stays + 1).then_some(()))
        .await;
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let tower = Tower::new(&world);
    tower.once(&[]).await.expect(0, &[]);
    let before = tower.archive();
    let old_root = node.output_root(block);

    world.anvil.reorg_from(origin(block)).await;
    world.anvil.go_on().await;
    until("the transfer is in another block", async || {
        let same = node.store.snapshot().unwrap().header(block).unwrap().is_some()
            && node.output_root(block) == old_root;
        (!same).then_some(())
    })
    .await;
    let next = node.transfer(1).await;
    until("the next block is on the new L1", async || {
        let output = world.last_output().await.1;
        (output.lastL2Block >= next && output.outputRoot == node.output_root(output.lastL2Block))
            .then_some(())
    })
    .await;
    tower.once(&[]).await.expect(0, &["L1 reorganised"]);
    let after = tower.archive();
    assert!(after.starts_with(&before) && after.len() > before.len(), "what was signed stays, and more came");

    // The output of a batch came back with other data than those that were executed: they are executed as well.
    let store = tower.store(&world);
    let mut batch = store.snapshot().unwrap().last_batch().unwrap().unwrap();
    let payload = store.snapshot().unwrap().batch_payload(batch.index).unwrap().unwrap();
    let submitted = std::mem::replace(&mut batch.transition.daHash, B256::repeat_byte(7));
    store.remove_batches_from(batch.index).unwrap();
    store.put_batch(&batch, &payload).unwrap();
    drop(store);
    tower.forget_cursor();
    tower.once(&[]).await.expect(0, &[&format!("batch taken over from L1 index={} ", batch.index)]);
    let batch = tower.store(&world).snapshot().unwrap().batch(batch.index).unwrap().unwrap();
    assert_eq!(batch.transition.daHash, submitted);
    worker.abort();
    node.end().await;
}
