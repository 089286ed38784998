//! Keys that sign two results of one input.

use alloy_primitives::B256;
use executor::transition::Transition;
use vpha_staking::evidence::Verdict;

use crate::{
    tower::{Tower, conflict_since, forge, reports},
    until,
    world::World,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_signs_twice_is_reported_once() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world.node(|_| {}).await;
    let workers = provers.clone().map(|prover| prover.work(node.side.endpoint()));
    let block = node.transfer(0).await;
    node.until_final(block).await;
    let honest = node.store.snapshot().unwrap().batch(1).unwrap().unwrap().transition;
    let tower = Tower::new(&world);
    tower.once_reporting().await.expect(0, &[]);

    // What proves nothing: a key that nobody registered, another input, and no signature at all.
    let stranger = crate::prover::Prover::new(
        9,
        provers[0].operator,
        world.deployment.rollup,
        world.deployment.chain.clone(),
    );
    let (forged, signature) = forge(&stranger, &honest, 0xaa);
    tower.publish("stranger.json", &forged, signature);
    let elsewhere = Transition { parentOutputRoot: B256::repeat_byte(5), ..honest.clone() };
    let (other, signature) = forge(&provers[0], &elsewhere, 0xaa);
    tower.publish("other.json", &other, signature);
    tower.publish("unsigned.json", &forged, Default::default());
    let sent = reports(&world).await;
    tower.once_reporting().await.expect(0, &[]);
    assert_eq!((tower.evidence().len(), conflict_since(&world).await), (0, 0));

    // A second result of a batch that the same key has signed on L1.
    let (forged, signature) = forge(&provers[0], &honest, 0xbb);
    tower.publish("forged.json", &forged, signature);
    // Without a key: an alarm and a file.
    tower.once(&[]).await.expect(4, &["signed two results of one input", "evidence written"]);
    assert_eq!(conflict_since(&world).await, 0);
    let evidence = tower.evidence();
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].verdict().unwrap(), Verdict::Equivocation { signer: provers[0].signer });
    assert_eq!(evidence[0].a.transition(), honest, "what execution gives comes first");
    assert_eq!(evidence[0].b.transition(), forged);
    // With one: a report.
    tower.once_reporting().await.expect(4, &["reported in transaction"]);
    assert_ne!(conflict_since(&world).await, 0);
    assert_eq!(reports(&world).await, sent + 1);

    // Reported is reported: what is left is the open conflict.
    tower.once_reporting().await.expect(7, &["a conflict is open on L1", "reported before"]);
    assert_eq!(reports(&world).await, sent + 1);
    // The timelock keeps what is on L1, and all is well again.
    world.resolve_conflict(world.last_output().await.0).await;
    tower.once_reporting().await.expect(0, &["a conflict was resolved on L1"]);
    assert_eq!((reports(&world).await, tower.evidence().len()), (sent + 1, 1));
    workers.iter().for_each(|worker| worker.abort());
    node.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_prover_tells_its_sequencer_alone_is_evidence_too() {
    let world = World::new().await;
    let provers = [world.prover(0).await, world.prover(1).await];
    let node = world
        .node(|tuning| {
            // The broken one is asked again soon.
            tuning.batcher.endpoint.refusal_pause = std::time::Duration::from_secs(1);
            tuning.batcher.submit.signature_timeout = std::time::Duration::ZERO;
        })
        .await;
    let rpc = node.rpc(&world);
    let mut tower = Tower::new(&world);
    tower.options.extend(["--l2-rpc".to_owned(), format!("http://{}", rpc.address())]);
    let broken = provers[0].work_by(node.side.endpoint(), |prover, job| prover.contradict(job).into());
    until("the sequencer keeps the contradiction", async || {
        node.store.snapshot().unwrap().contradictions(0).unwrap().next().map(|row| row.unwrap())
    })
    .await;
    broken.abort();
    assert_eq!(world.last_output().await.0, 0, "nobody signed what the sequencer expects");
    // Nothing is on L1: nobody can say which output is right, and nobody contradicts the key.
    tower.once_reporting().await.expect(0, &[]);

    // An honest prover brings the batch to L1: that makes two who disagree.
    let honest = provers[1].work(node.side.endpoint());
    let block = node.transfer(0).await;
    node.until_safe(block).await;
    tower.once(&[]).await.expect(4, &["signed different results of one input"]);
    let dispute = Verdict::Dispute { a: provers[1].signer, b: provers[0].signer };
    let found = tower.evidence();
    assert!(!found.is_empty());
    assert!(found.iter().all(|evidence| evidence.verdict().unwrap() == dispute), "the right one comes first");

    // The broken key signs as the others do, after all: it has signed twice, and the honest one has no part in it.
    let broken = provers[0].work(node.side.endpoint());
    until("the broken key signs both", async || {
        let snapshot = node.store.snapshot().unwrap();
        let (_, contradiction) = snapshot.contradictions(0).unwrap().next().unwrap().unwrap();
        let batch = snapshot.batch(contradiction.batch).unwrap().unwrap();
        batch.signatures.iter().any(|signature| signature.signer == provers[0].signer).then_some(())
    })
    .await;
    tower.once_reporting().await.expect(4, &["signed two results of one input", "reported in transaction"]);
    let is_equivocation = |verdict| verdict == Verdict::Equivocation { signer: provers[0].signer };
    assert!(tower.evidence().iter().any(|evidence| is_equivocation(evidence.verdict().unwrap())));
    assert_ne!(conflict_since(&world).await, 0);
    broken.abort();
    honest.abort();
    rpc.stop().await;
    node.end().await;
}
