//! Batches that are on L1 in another way than this node put them there, or are taken away again.

use std::time::Duration;

use alloy::sol_types::SolCall;
use alloy_primitives::B256;
use contracts_bindings::IRollup;
use devnet::accounts::Role;
use executor::transition::{Transition, digest};

use crate::{prover::Prover, until, world::World};

/// The same fields, as the contract's call takes them.
fn for_call(transition: &Transition) -> IRollup::Transition {
    IRollup::Transition {
        configHash: transition.configHash,
        parentOutputRoot: transition.parentOutputRoot,
        outputRoot: transition.outputRoot,
        lastL2Block: transition.lastL2Block,
        lastL2Timestamp: transition.lastL2Timestamp,
        l1OriginNumber: transition.l1OriginNumber,
        l1OriginHash: transition.l1OriginHash,
        daHash: transition.daHash,
    }
}

/// Proves on L1 that two provers contradict each other about `honest`.
async fn report_conflict(world: &World, honest: Transition, provers: [&Prover; 2]) {
    let forged = Transition { outputRoot: B256::repeat_byte(0xbb), ..honest.clone() };
    let sign = |prover: &Prover, transition: &Transition| {
        let digest = digest(transition, world.deployment.chain.l1_chain_id, world.deployment.rollup);
        prover.sign(0, digest).signature.to_vec().into()
    };
    let call = IRollup::reportConflictCall {
        a: for_call(&honest),
        signatureA: sign(provers[0], &honest),
        b: for_call(&forged),
        signatureB: sign(provers[1], &forged),
    };
    world.call(Role::Operator(2), world.deployment.rollup, call.abi_encode()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_discard_the_l2_goes_on_from_the_last_kept_batch() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await, world.prover(2).await];
    // One proof each, so that nothing is final soon.
    let node = world.node(|tuning| tuning.batcher.submit.signature_timeout = Duration::ZERO).await;
    let worker = provers[0].work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let honest = node.store.snapshot().unwrap().batch(1).unwrap().unwrap().transition;
    let old_root = node.output_root(1);

    report_conflict(&world, honest, [&provers[0], &provers[1]]).await;
    worker.abort();
    let (during, _) = world.last_output().await;
    let head = node.heads.latest().number;
    until("the L2 goes on", async || (node.heads.latest().number > head + 5).then_some(())).await;
    assert_eq!(world.last_output().await.0, during, "nothing is submitted while provers disagree");

    world.resolve_conflict(0).await;
    until("the L2 is another one", async || {
        let other = node.store.snapshot().unwrap().header(1).unwrap()?;
        (other.timestamp > 0 && node.output_root(1) != old_root).then_some(())
    })
    .await;
    let worker = provers[2].work(node.side.endpoint());
    // The transfer went back to the pool, and into another block.
    node.until_safe(node.block_of(0).await).await;
    let (last, _) = world.last_output().await;
    for index in 1..=last {
        let output = world.output(index).await.unwrap();
        assert_eq!(output.outputRoot, node.output_root(output.lastL2Block), "output {index}");
    }
    worker.abort();
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_are_on_l1_without_our_knowledge_are_taken_over() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let slow = |tuning: &mut crate::world::Tuning| tuning.l1.finality_depth = 60;
    let node = world.node(slow).await;
    let workers = provers.clone().map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    let known = world.last_output().await.0;
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;

    // The node forgets its batches, as if somebody else had made them.
    world.store().await.remove_batches_from(1).unwrap();
    let node = world.node(slow).await;
    node.until_safe(block).await;
    let adopted = node.store.snapshot().unwrap().batch(known).unwrap().unwrap();
    assert_eq!(adopted.transition.outputRoot, node.output_root(adopted.last_block));
    assert!(adopted.signatures.is_empty());
    let workers = provers.map(|prover| prover.work(node.side.endpoint()));
    let next = node.transfer(1).await;
    node.until_safe(next).await;
    let indices: Vec<u64> = world.submissions().await.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (1..=indices.len() as u64).collect::<Vec<_>>(), "each batch once, in order");
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}
