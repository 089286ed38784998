//! The endpoint for provers, and peers that do not behave.

use std::{net::SocketAddr, time::Duration};

use alloy_primitives::{Address, B256};
use prover_core::{
    enclave::RefusalCode,
    frame::{self, MAX_CONTROL},
    sequencer::{Contradiction, Hello, Pong, ProverMessage, Refused, SequencerMessage, Signature},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    prover::{Connection, Prover},
    until,
    world::World,
};

/// Sends `bytes` and expects to be disconnected without an answer.
async fn is_disconnected(sequencer: SocketAddr, bytes: &[u8]) {
    let mut connection = Connection::open(sequencer).await;
    let _ = connection.0.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = connection.0.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "no answer to {} bytes", bytes.len());
}

/// Says hello and expects to be turned away; returns the reason.
async fn turned_away(sequencer: SocketAddr, hello: Hello) -> String {
    let mut connection = Connection::open(sequencer).await;
    connection.send(&hello.into()).await;
    let Some(SequencerMessage::Rejected(rejected)) = connection.receive().await else {
        panic!("not turned away")
    };
    assert!(connection.receive().await.is_none(), "the connection ends");
    rejected.reason
}

/// Says hello, and is let in.
async fn welcome(sequencer: SocketAddr, prover: &Prover) -> Connection {
    let mut connection = Connection::open(sequencer).await;
    connection.send(&prover.hello().into()).await;
    assert!(matches!(connection.receive().await, Some(SequencerMessage::Welcome(_))));
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_breaks_the_protocol_harms_only_itself() {
    let world = World::new().await;
    let prover = world.prover(0).await;
    let node = world
        .node(|tuning| {
            tuning.batcher.endpoint.max_connections = 6;
            tuning.batcher.endpoint.refusal_pause = Duration::from_secs(1);
        })
        .await;
    let sequencer = node.side.endpoint();

    // Bytes that are no frames, or frames that are no hello.
    is_disconnected(sequencer, b"GET / HTTP/1.1\r\nhost: sequencer\r\n\r\n").await;
    is_disconnected(sequencer, &u32::MAX.to_le_bytes()).await;
    is_disconnected(sequencer, &(MAX_CONTROL as u32 + 1).to_le_bytes()).await;
    is_disconnected(sequencer, &[0, 0, 0, 0]).await;
    is_disconnected(sequencer, &[1, 0, 0, 0, 0x7f]).await;
    is_disconnected(sequencer, &[3, 0, 0, 0, 0x01, 0xc1, 0xff]).await;
    let early = ProverMessage::from(Pong { number: 1 });
    is_disconnected(sequencer, &frame::encode(&early).unwrap()).await;
    // Half a frame, or nothing, and then silence: the time limit ends it.
    is_disconnected(sequencer, &[40, 0]).await;
    is_disconnected(sequencer, &[]).await;

    // Hellos that are not for us.
    let hello = prover.hello();
    let reason = turned_away(sequencer, Hello { version: 99, ..hello.clone() }).await;
    assert!(reason.contains("version 99"), "{reason}");
    let reason = turned_away(sequencer, Hello { config_hash: B256::ZERO, ..hello.clone() }).await;
    assert!(reason.contains("chain"), "{reason}");
    let reason = turned_away(sequencer, Hello { signer: Address::repeat_byte(5), ..hello.clone() }).await;
    assert!(reason.contains("SignerUnknown"), "{reason}");
    let reason = turned_away(sequencer, Hello { operator: Address::repeat_byte(6), ..hello.clone() }).await;
    assert!(reason.contains("registered for operator"), "{reason}");

    // A registered prover that misbehaves once it has a job.
    let mut connection = welcome(sequencer, &prover).await;
    let Some(SequencerMessage::Job(job)) = connection.receive_answering().await else { panic!("no job") };
    connection.send(&prover.sign(job.batch, B256::repeat_byte(9)).into()).await;
    assert!(connection.receive_answering().await.is_none(), "a signature for another job");

    let mut connection = welcome(sequencer, &prover).await;
    let Some(SequencerMessage::Job(job)) = connection.receive_answering().await else { panic!("no job") };
    let mut forged = prover.sign(job.batch, B256::repeat_byte(9));
    forged.digest = job.digest;
    connection.send(&forged.into()).await;
    assert!(connection.receive_answering().await.is_none(), "a signature by another key");

    let mut connection = welcome(sequencer, &prover).await;
    let Some(SequencerMessage::Job(job)) = connection.receive_answering().await else { panic!("no job") };
    let invalid = Signature { signature: [0xff; 65].into(), ..prover.sign(job.batch, job.digest) };
    connection.send(&invalid.into()).await;
    assert!(connection.receive_answering().await.is_none(), "no signature at all");

    let mut connection = welcome(sequencer, &prover).await;
    connection.send(&prover.hello().into()).await;
    while let Some(message) = connection.receive_answering().await {
        assert!(matches!(message, SequencerMessage::Job(_)), "a second hello");
    }

    // Contradictions that are none: the expected transition, another input, somebody else's signature.
    type Change = fn(&Prover, &mut Contradiction);
    let lies: [(&str, Change); 3] = [
        ("of nothing", |prover, lie| {
            lie.signed.signature = prover.sign(lie.batch, lie.digest).signature;
            lie.signed.transition.outputRoot = B256::ZERO;
        }),
        ("of another input", |prover, lie| {
            lie.signed.transition.daHash = B256::ZERO;
            lie.signed.signature = prover.sign(lie.batch, prover.digest(&lie.signed.transition)).signature;
        }),
        ("by nobody", |_, lie| lie.signed.signature = [0xff; 65].into()),
    ];
    for (name, change) in lies {
        let mut connection = welcome(sequencer, &prover).await;
        let Some(SequencerMessage::Job(job)) = connection.receive_answering().await else { panic!("no job") };
        let mut lie = prover.contradict(&job);
        change(&prover, &mut lie);
        connection.send(&lie.into()).await;
        assert!(connection.receive_answering().await.is_none(), "a contradiction {name}");
    }
    assert_eq!(node.store.snapshot().unwrap().contradictions(0).unwrap().count(), 0);
    // A real one is kept once, and the prover may go on.
    let mut broken = welcome(sequencer, &prover).await;
    let mut first = None;
    for _ in 0..2 {
        let Some(SequencerMessage::Job(job)) = broken.receive_answering().await else { panic!("no job") };
        let contradiction = prover.contradict(&job);
        broken.send(&contradiction.clone().into()).await;
        first.get_or_insert(contradiction);
    }
    let kept = until("a contradiction is kept", async || {
        node.store.snapshot().unwrap().contradictions(0).unwrap().next().map(|row| row.unwrap())
    });
    let (number, kept) = kept.await;
    assert_eq!((number, kept.signer, kept.operator), (0, prover.signer, prover.operator));
    assert_eq!(Some(kept.signed), first.map(|first| first.signed));
    assert_eq!(prover.digest(&kept.expected), {
        let batch = node.store.snapshot().unwrap().batch(kept.batch).unwrap().unwrap();
        prover.digest(&batch.transition)
    });
    drop(broken);

    // One that does not answer pings is taken for dead.
    let mut silent = welcome(sequencer, &prover).await;
    while silent.receive().await.is_some() {}

    // One that refuses is asked again later, and for the next batch at once.
    let mut refusing = welcome(sequencer, &prover).await;
    let mut refused = Vec::new();
    while refused.len() < 3 {
        let Some(SequencerMessage::Job(job)) = refusing.receive_answering().await else { panic!("no job") };
        refused.push(job.batch);
        let refusal = Refused {
            batch: job.batch,
            digest: job.digest,
            code: RefusalCode::Witness,
            reason: "for the test\u{1b}[2J".to_owned(),
        };
        refusing.send(&refusal.into()).await;
    }
    assert!(refused.contains(&1), "{refused:?}");
    assert_eq!(world.last_output().await.0, 0, "what nobody signed is not on L1");

    // There are places for six: more are closed at once, and the places come back.
    let mut crowd = Vec::new();
    for _ in 0..5 {
        crowd.push(welcome(sequencer, &prover).await);
    }
    is_disconnected(sequencer, &frame::encode(&ProverMessage::from(prover.hello())).unwrap()).await;
    drop(crowd);
    drop(refusing);

    // After all this an honest prover is served.
    until("a place is free", async || {
        let mut connection = Connection::open(sequencer).await;
        connection.send(&prover.hello().into()).await;
        matches!(connection.receive().await, Some(SequencerMessage::Welcome(_))).then_some(())
    })
    .await;
    let worker = prover.work(sequencer);
    until("a batch is on L1", async || (world.last_output().await.0 > 0).then_some(())).await;
    worker.abort();
    node.end().await;
}
