//! A prover host and its enclave, as the sequencer sees them.

use std::{net::SocketAddr, ops::ControlFlow};

use alloy_primitives::{Address, B256};
use executor::{
    chain::ChainConfig,
    stateless::{self, BatchInput},
    transition::{Transition, digest},
    witness::Witness,
};
use k256::ecdsa::SigningKey;
use prover_core::{
    Message, PROTOCOL_VERSION,
    enclave::Signed,
    frame::{self, MAX_BATCH, PREFIX_LENGTH},
    sequencer::{Contradiction, Hello, Job, Pong, ProverMessage, SequencerMessage, Signature},
    signature,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

/// A key, and for whom it signs.
#[derive(Clone)]
pub(crate) struct Prover {
    key: SigningKey,
    pub(crate) signer: Address,
    pub(crate) operator: Address,
    pub(crate) registered: bool,
    rollup: Address,
    chain: ChainConfig,
}

/// A connection to the sequencer.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Prover {
    pub(crate) fn new(index: u16, operator: Address, rollup: Address, chain: ChainConfig) -> Self {
        let mut secret = [1; 32];
        secret[..2].copy_from_slice(&(index + 1).to_be_bytes());
        let key = SigningKey::from_slice(&secret).unwrap();
        let signer = signature::address(key.verifying_key());
        Self { key, signer, operator, registered: false, rollup, chain }
    }

    pub(crate) fn hello(&self) -> Hello {
        Hello {
            version: PROTOCOL_VERSION,
            operator: self.operator,
            signer: self.signer,
            config_hash: self.chain.hash(),
        }
    }

    /// Executes a batch and signs it, as an enclave does.
    pub(crate) fn prove(&self, job: &Job) -> Signature {
        let input = BatchInput::decode(job.input.clone()).expect("an input");
        let witness = Witness::decode(job.witness.clone()).expect("a witness");
        let transition = stateless::run(&self.chain, &input, &witness).expect("a valid batch");
        let digest = self.digest(&transition);
        assert_eq!(digest, job.digest);
        self.sign(job.batch, digest)
    }

    pub(crate) fn sign(&self, batch: u64, digest: B256) -> Signature {
        Signature { batch, digest, signature: signature::sign(&self.key, digest) }
    }

    /// Signs another output than the batch has, as a broken enclave may.
    pub(crate) fn contradict(&self, job: &Job) -> Contradiction {
        let input = BatchInput::decode(job.input.clone()).expect("an input");
        let transition = Transition { outputRoot: B256::repeat_byte(0xbb), ..input.expected };
        let signature = self.sign(job.batch, self.digest(&transition)).signature;
        Contradiction { batch: job.batch, digest: job.digest, signed: Signed { transition, signature } }
    }

    /// What a signature over `transition` is over.
    pub(crate) fn digest(&self, transition: &Transition) -> B256 {
        digest(transition, self.chain.l1_chain_id, self.rollup)
    }

    /// Proves everything that the sequencer asks for. As the real host does, it connects again when the
    /// sequencer hangs up, which it does on who is too busy to answer. Ends when the sequencer is gone or does not want it.
    pub(crate) fn work(&self, sequencer: SocketAddr) -> JoinHandle<()> {
        self.work_by(sequencer, |prover, job| prover.prove(job).into())
    }

    /// The same, with `answer` in the place of a proof.
    pub(crate) fn work_by(
        &self,
        sequencer: SocketAddr,
        answer: fn(&Self, &Job) -> ProverMessage,
    ) -> JoinHandle<()> {
        let prover = self.clone();
        tokio::spawn(async move {
            while let Ok(stream) = TcpStream::connect(sequencer).await {
                if prover.serve(Connection(stream), answer).await.is_break() {
                    return;
                }
            }
        })
    }

    /// Answers until the sequencer hangs up, or turns it away.
    async fn serve(
        &self,
        mut connection: Connection,
        answer: fn(&Self, &Job) -> ProverMessage,
    ) -> ControlFlow<()> {
        connection.send(&self.hello().into()).await;
        while let Some(message) = connection.receive().await {
            match message {
                SequencerMessage::Welcome(_) => {}
                SequencerMessage::Ping(ping) => connection.send(&Pong { number: ping.number }.into()).await,
                SequencerMessage::Job(job) => {
                    let prover = self.clone();
                    let answer = tokio::task::spawn_blocking(move || answer(&prover, &job)).await.unwrap();
                    connection.send(&answer).await;
                }
                SequencerMessage::Rejected(_) => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }
}

impl Connection {
    pub(crate) async fn open(sequencer: SocketAddr) -> Self {
        Self(TcpStream::connect(sequencer).await.unwrap())
    }

    /// Sends a message. That the sequencer may have hung up shows when receiving.
    pub(crate) async fn send(&mut self, message: &ProverMessage) {
        let _ = self.0.write_all(&frame::encode(message).unwrap()).await;
    }

    /// The next message, or `None` once the sequencer has hung up.
    pub(crate) async fn receive(&mut self) -> Option<SequencerMessage> {
        let mut prefix = [0; PREFIX_LENGTH];
        self.0.read_exact(&mut prefix).await.ok()?;
        let mut payload = vec![0; frame::payload_length(prefix, MAX_BATCH).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(SequencerMessage::decode_payload(&payload).unwrap())
    }

    /// The next message that is not a ping; pings are answered.
    pub(crate) async fn receive_answering(&mut self) -> Option<SequencerMessage> {
        loop {
            match self.receive().await? {
                SequencerMessage::Ping(ping) => self.send(&Pong { number: ping.number }.into()).await,
                other => return Some(other),
            }
        }
    }
}
