//! An L1 that is away, or changes its mind.

use std::time::Duration;

use crate::{until, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_takes_batches_and_origins_with_it() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    // What is final cannot go, so finality is seen later than the reorganisation is deep.
    let node = world.node(|tuning| tuning.l1.finality_depth = 30).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    // Contracts and provers stay: the reorganisation begins after this.
    let stays = world.anvil.head().await.0;
    let origin = |block| node.store.snapshot().unwrap().origin(block).unwrap().unwrap().number;
    until("origins have moved on", async || (origin(node.heads.latest().number) > stays + 1).then_some(()))
        .await;
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let old_root = node.output_root(block);

    let (before, _) = world.last_output().await;
    world.anvil.reorg_from(origin(block)).await;
    let (after, _) = world.last_output().await;
    assert!(after < before, "the reorganisation took a batch: {before} -> {after}");
    world.anvil.go_on().await;

    // The transaction is in a block again, on the new origins, and that block on L1.
    let again = until("the transfer is in another block", async || {
        let snapshot = node.store.snapshot().unwrap();
        let same = snapshot.header(block).unwrap().is_some() && node.output_root(block) == old_root;
        (!same).then_some(())
    });
    again.await;
    let next = node.transfer(1).await;
    let last = until("the next block is on the new L1", async || {
        let (last, output) = world.last_output().await;
        (output.lastL2Block >= next && output.outputRoot == node.output_root(output.lastL2Block))
            .then_some(last)
    });
    let last = last.await;
    for index in 1..=last {
        let output = world.output(index).await.unwrap();
        assert_eq!(output.outputRoot, node.output_root(output.lastL2Block), "output {index}");
    }
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_back_recognises_its_batches() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|tuning| tuning.l1.poll_interval = Duration::from_millis(200)).await;
    let workers = provers.clone().map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;

    let node = world.node(|_| {}).await;
    node.until_safe(block).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let next = node.transfer(1).await;
    node.until_final(next).await;
    let indices: Vec<u64> = world.submissions().await.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (1..=indices.len() as u64).collect::<Vec<_>>(), "each batch once, in order");
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}
