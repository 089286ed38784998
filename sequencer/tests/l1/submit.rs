//! Batches on their way to L1.

use std::time::Duration;

use alloy_primitives::B256;
use sequencer::store::BatchStatus;
use serde_json::json;

use crate::{
    until,
    world::{Node, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn blocks_become_safe_and_final() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    node.until_final(block).await;

    // Every output on L1 is that of our block.
    let (last, _) = world.last_output().await;
    let mut covered = 0;
    for index in 1..=last {
        let output = world.output(index).await.unwrap();
        assert_eq!(output.outputRoot, node.output_root(output.lastL2Block));
        assert_eq!(output.proofs, 2);
        assert!(output.lastL2Block > covered);
        covered = output.lastL2Block;
    }
    assert!(covered >= block);
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_is_enough_after_a_while_and_the_other_follows() {
    let world = World::new().await;
    let (early, late) = (world.prover(0).await, world.prover(1).await);
    let node = world.node(|tuning| tuning.batcher.submit.signature_timeout = Duration::from_secs(2)).await;
    let first = early.work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    assert_eq!(world.output(1).await.unwrap().proofs, 1);
    assert!(node.heads.finalized().number < block, "one proof means the slow delay");
    let second = late.work(node.side.endpoint());
    until("the second proof is on L1", async || (world.output(1).await?.proofs == 2).then_some(())).await;
    node.until_final(block).await;
    first.abort();
    second.abort();
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_submitted_unproved() {
    let world = World::new().await;
    let node = world.node(|tuning| tuning.batcher.submit.signature_timeout = Duration::ZERO).await;
    let block = node.transfer(0).await;
    let mut l1 = world.anvil.head().await.0;
    let until_l1 = l1 + 8;
    while l1 < until_l1 {
        l1 = until("L1 goes on", async || Some(world.anvil.head().await.0).filter(|head| *head > l1)).await;
    }
    assert_eq!(world.last_output().await.0, 0);
    assert!(node.heads.latest().number > block && node.heads.safe().number == 0);
    node.end().await;
}

/// Index, hash and nonce of the batch transaction that is under way.
type UnderWay = (u64, B256, u64);

/// L1 stands still, with a batch on its way to it.
async fn standstill(world: &World, node: &Node) -> UnderWay {
    world.anvil.set_block_time(0).await;
    until("a batch is on its way to an L1 that stands still", async || {
        // L1 has to come as far as the batch's last block before it takes it.
        world.anvil.mine(1).await;
        let seen = world.anvil.head().await.0;
        until("the node has seen the block", async || {
            (node.heads.l1.borrow().head.number >= seen).then_some(())
        })
        .await;
        let mut changes = node.heads.latest.subscribe();
        changes.changed().await.unwrap();
        submitting(node)
    })
    .await
}

/// What the store says of the transaction under way.
fn submitting(node: &Node) -> Option<UnderWay> {
    let snapshot = node.store.snapshot().unwrap();
    let last = snapshot.last_batch().unwrap()?.index;
    (1..=last).find_map(|index| match snapshot.batch(index).unwrap()?.status {
        BatchStatus::Submitting { hash, nonce, .. } => Some((index, hash, nonce)),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_same_transaction_is_sent_again() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let workers = provers.clone().map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_safe(block).await;

    // L1 stands still with a transaction under way, and forgets it.
    let (index, hash, nonce) = standstill(&world, &node).await;
    node.end().await;
    workers.iter().for_each(|worker| worker.abort());
    world.anvil.rpc("anvil_dropTransaction", json!([hash])).await;

    // Without provers: what was signed suffices.
    let node = world.node(|_| {}).await;
    until("the transaction is back", async || {
        let found = world.anvil.rpc("eth_getTransactionByHash", json!([hash])).await;
        (!found.is_null()).then_some(())
    })
    .await;
    assert_eq!(submitting(&node), Some((index, hash, nonce)));
    world.anvil.set_block_time(1).await;
    until("the batch is on L1", async || (world.last_output().await.0 >= index).then_some(())).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(1).await;
    node.until_safe(block).await;

    let submissions = world.submissions().await;
    let indices: Vec<u64> = submissions.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (1..=indices.len() as u64).collect::<Vec<_>>(), "each batch once, in order");
    assert_eq!(submissions[index as usize - 1].1, hash);
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_rise_until_l1_takes_the_transaction() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let (index, first, nonce) = standstill(&world, &node).await;

    // The price rises to 100 gwei, above the offer, and the chain passes the transaction over.
    let replaced = until("the fees are raised", async || {
        world.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0x174876e800"])).await;
        world.anvil.mine(1).await;
        submitting(&node).filter(|(_, hash, _)| *hash != first)
    })
    .await;
    assert_eq!((replaced.0, replaced.2), (index, nonce), "same batch, same nonce");
    world.anvil.set_block_time(1).await;
    // anvil shows the state of a block for a moment before it has the block's logs.
    let submissions = until("the batch is on L1", async || {
        let submissions = world.submissions().await;
        submissions.iter().any(|(of, _)| *of == index).then_some(submissions)
    });
    let submissions = submissions.await;
    assert_eq!(submissions.iter().filter(|(of, _)| *of == index).count(), 1);
    assert!(submissions.iter().all(|(_, hash)| *hash != first));
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}
