//! One connection to a prover host.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, FixedBytes};
use executor::transition::digest;
use metrics::{counter, histogram};
use prover_core::{
    FrameError, Message, PROTOCOL_VERSION,
    enclave::Signed,
    frame::{self, MAX_CONTROL, PREFIX_LENGTH},
    sequencer::{Job, Ping, ProverMessage, Refused, Rejected, SequencerMessage, Signature, Welcome},
    signature::{self, SignatureError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tracing::{debug, error, info, warn};

use super::Shared;
use crate::{
    batcher::{LivenessError, SignatureOutcome},
    store::{BatchPayload, BatchRecord, BatchSignature, BatchStatus, Contradiction, StoreError},
};

/// A host is disconnected if it is silent for this many ping intervals.
const MISSED_PINGS: u32 = 3;
/// Skipped batches remembered per connection.
const MAX_SKIPPED: usize = 256;
/// A connection does not live that long.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum PeerError {
    /// The frame or what is in it breaks the protocol, or the connection failed.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A message that has no place here.
    #[error("unexpected message: {0}")]
    Unexpected(&'static str),
    /// Nothing arrived, or nothing could be sent, for too long.
    #[error("no {what} within {after:?}")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// We turned it away, and told it why.
    #[error("turned away: {0}")]
    Rejected(String),
    /// The signature is none, or somebody else's.
    #[error("signature for batch {batch}: {source}")]
    BadSignature {
        /// The batch.
        batch: u64,
        /// What is wrong.
        source: SignatureError,
    },
    /// The signature is by another key than the announced one.
    #[error("signature for batch {batch} is by {got}, the host announced {announced}")]
    WrongSigner {
        /// The batch.
        batch: u64,
        /// The signer that was announced.
        announced: Address,
        /// The signer of the signature.
        got: Address,
    },
    /// The signature could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A prover host that has introduced itself.
#[derive(Debug)]
pub(super) struct Peer {
    shared: Arc<Shared>,
    operator: Address,
    signer: Address,
    output: OwnedWriteHalf,
    input: mpsc::Receiver<Result<ProverMessage, FrameError>>,
    reader: JoinHandle<()>,
    /// Digests of batches that the enclave refused, or that it cannot prove, and until when not to
    /// offer them.
    skipped: HashMap<B256, Instant>,
}

/// A batch that the host is working on.
struct Work {
    record: Arc<BatchRecord>,
    digest: B256,
    since: Instant,
}

impl Peer {
    /// Waits for the host to introduce itself, and lets it in if L1 knows its signer.
    pub(super) async fn accept(
        shared: Arc<Shared>,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Result<Self, PeerError> {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%address, %error, "TCP_NODELAY could not be set");
        }
        let (mut read, output) = stream.into_split();
        let limit = shared.config.frame_timeout;
        let first = timeout(limit, read_message(&mut read, limit));
        let first = first.await.map_err(|_| PeerError::Timeout { what: "handshake", after: limit })??;
        let ProverMessage::Hello(hello) = first else {
            return Err(PeerError::Unexpected("the first message must be a hello"));
        };
        let (sender, input) = mpsc::channel(1);
        let reader = tokio::spawn(read_all(read, limit, sender));
        let mut peer = Self {
            operator: hello.operator,
            signer: hello.signer,
            output,
            input,
            reader,
            skipped: HashMap::new(),
            shared,
        };
        let objection = if hello.version != PROTOCOL_VERSION {
            Some(format!("protocol version {}, this sequencer speaks {PROTOCOL_VERSION}", hello.version))
        } else if hello.config_hash != peer.shared.chain.config_hash {
            let expected = peer.shared.chain.config_hash;
            Some(format!("the enclave proves chain {}, this is chain {expected}", hello.config_hash))
        } else {
            peer.objection().await
        };
        match objection {
            None => peer.send(&Welcome { version: PROTOCOL_VERSION }.into()).await?,
            Some(reason) => return Err(peer.reject(reason).await),
        }
        Ok(peer)
    }

    /// The operator and signer that the host announced.
    pub(super) const fn identity(&self) -> (Address, Address) {
        (self.operator, self.signer)
    }

    /// Hands out batches and takes signatures until the connection ends.
    pub(super) async fn run(mut self) -> PeerError {
        match self.serve().await {
            Ok(never) => match never {},
            Err(error) => {
                if !matches!(error, PeerError::Frame(FrameError::Closed)) {
                    counter!("sequencer_prover_protocol_errors").increment(1);
                }
                error
            }
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, PeerError> {
        let config = self.shared.config.clone();
        let mut changes = self.shared.queue.changes();
        let mut pings = interval(config.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let silence = config.ping_interval.saturating_mul(MISSED_PINGS);
        let mut heard = Instant::now();
        let mut number = 0u64;
        let mut work: Option<Work> = None;
        loop {
            if work.is_none() {
                work = self.next_work().await?;
            }
            let deadline = work.as_ref().map_or(heard + silence, |work| work.since + config.job_timeout);
            tokio::select! {
                message = self.input.recv() => {
                    heard = Instant::now();
                    match message.unwrap_or(Err(FrameError::Closed))? {
                        ProverMessage::Pong(_) => {}
                        ProverMessage::Hello(_) => return Err(PeerError::Unexpected("a second hello")),
                        ProverMessage::Signature(signature) => {
                            let done = finished(&mut work, signature.digest)?;
                            self.take_signature(done, &signature).await?;
                        }
                        ProverMessage::Refused(refusal) => {
                            let done = finished(&mut work, refusal.digest)?;
                            self.note_refusal(&done, &refusal);
                        }
                        ProverMessage::Contradiction(contradiction) => {
                            let done = finished(&mut work, contradiction.digest)?;
                            self.take_contradiction(&done, contradiction.signed).await?;
                        }
                    }
                }
                _ = changes.changed(), if work.is_none() => {}
                _ = pings.tick() => {
                    if heard.elapsed() > silence {
                        return Err(PeerError::Timeout { what: "answer to a ping", after: silence });
                    }
                    number = number.wrapping_add(1);
                    self.send(&Ping { number }.into()).await?;
                }
                () = sleep_until(deadline), if work.is_some() => {
                    return Err(PeerError::Timeout { what: "answer to a job", after: config.job_timeout });
                }
            }
        }
    }

    /// Sends the first batch that the operator has not signed, if there is one.
    async fn next_work(&mut self) -> Result<Option<Work>, PeerError> {
        let now = Instant::now();
        self.skipped.retain(|_, until| *until > now);
        let chain = self.shared.chain;
        loop {
            let record = self.shared.queue.first_unsigned(self.operator, |record| {
                let digest = digest(&record.transition, chain.l1_chain_id, chain.rollup);
                record.status != BatchStatus::Final && !self.skipped.contains_key(&digest)
            });
            let Some(record) = record else { return Ok(None) };
            let digest = digest(&record.transition, chain.l1_chain_id, chain.rollup);
            let Some(payload) = self.shared.queue.payload(record.index)? else {
                self.skip(digest, NEVER);
                continue;
            };
            let BatchPayload { input, witness } = payload;
            debug!(batch = record.index, signer = %self.signer, "batch sent to a prover");
            self.send(&Job { batch: record.index, digest, input, witness }.into()).await?;
            return Ok(Some(Work { record, digest, since: Instant::now() }));
        }
    }

    /// Fails unless `signature` is the announced signer's over `digest`, and L1 accepts that signer.
    async fn check_signer(
        &mut self,
        batch: u64,
        digest: B256,
        signature: &FixedBytes<65>,
    ) -> Result<(), PeerError> {
        let signer = signature::recover(digest, signature)
            .map_err(|source| PeerError::BadSignature { batch, source })?;
        if signer != self.signer {
            return Err(PeerError::WrongSigner { batch, announced: self.signer, got: signer });
        }
        if let Some(reason) = self.objection().await {
            return Err(self.reject(reason).await);
        }
        Ok(())
    }

    /// Keeps a signature if it is the announced signer's and L1 accepts that signer.
    async fn take_signature(&mut self, work: Work, given: &Signature) -> Result<(), PeerError> {
        let (batch, signer) = (work.record.index, self.signer);
        self.check_signer(batch, work.digest, &given.signature).await?;
        let kept =
            BatchSignature { operator: self.operator, signer, signature: given.signature.to_vec().into() };
        let outcome = self.shared.queue.add_signature(&work.record, kept)?;
        let seconds = work.since.elapsed().as_secs_f64();
        histogram!("sequencer_proof_seconds").record(seconds);
        match outcome {
            SignatureOutcome::Added => info!(batch, %signer, seconds, "batch proved"),
            other => debug!(batch, %signer, ?other, "signature not needed"),
        }
        Ok(())
    }

    /// Keeps what the announced signer signed instead of what we expect: whoever watches asks for it
    /// (`phala_getContradictions`).
    async fn take_contradiction(&mut self, work: &Work, signed: Signed) -> Result<(), PeerError> {
        let (chain, expected) = (self.shared.chain, &work.record.transition);
        let given = digest(&signed.transition, chain.l1_chain_id, chain.rollup);
        if given == work.digest || signed.transition.inputs_hash() != expected.inputs_hash() {
            return Err(PeerError::Unexpected("a contradiction that contradicts nothing"));
        }
        let batch = work.record.index;
        self.check_signer(batch, given, &signed.signature).await?;
        let (operator, signer, output) = (self.operator, self.signer, signed.transition.outputRoot);
        let contradiction = Contradiction { batch, operator, signer, expected: expected.clone(), signed };
        let kept = self.shared.queue.add_contradiction(&contradiction)?;
        counter!("sequencer_batches_contradicted").increment(1);
        error!(
            batch,
            %operator,
            %signer,
            %output,
            expected = %expected.outputRoot,
            kept,
            "an enclave signed another output of a batch: it is broken, or this node is"
        );
        self.skip(work.digest, self.shared.config.refusal_pause);
        Ok(())
    }

    /// An enclave that refuses our batch is an alarm: it, or the sequencer, is wrong.
    fn note_refusal(&mut self, work: &Work, refusal: &Refused) {
        counter!("sequencer_batches_refused").increment(1);
        error!(
            batch = work.record.index,
            signer = %self.signer,
            code = ?refusal.code,
            reason = %refusal.reason.escape_debug(),
            "an enclave refused a batch: it is not submitted without another's signature"
        );
        self.skip(work.digest, self.shared.config.refusal_pause);
    }

    fn skip(&mut self, digest: B256, pause: Duration) {
        if self.skipped.len() >= MAX_SKIPPED {
            self.skipped.clear();
        }
        self.skipped.insert(digest, Instant::now() + pause);
    }

    /// Why L1 does not accept the announced signer for the announced operator.
    async fn objection(&self) -> Option<String> {
        match self.shared.liveness.check(self.signer).await {
            Ok(live) if live.operator == self.operator => None,
            Ok(live) => {
                let (signer, owner, claimed) = (self.signer, live.operator, self.operator);
                Some(format!("signer {signer} is registered for operator {owner}, not for {claimed}"))
            }
            Err(error @ LivenessError::NotLive { .. }) => Some(error.to_string()),
            Err(error @ LivenessError::Unknown(_)) => {
                warn!(%error, signer = %self.signer, "the registry cannot be asked about a prover");
                Some("the registry on L1 cannot be reached; try again later".to_owned())
            }
        }
    }

    async fn reject(&mut self, reason: String) -> PeerError {
        let told = self.send(&Rejected { reason: reason.clone() }.into()).await;
        if let Err(error) = told {
            debug!(%error, "a prover could not be told why it is turned away");
        }
        PeerError::Rejected(reason)
    }

    async fn send(&mut self, message: &SequencerMessage) -> Result<(), PeerError> {
        let after = self.shared.config.send_timeout;
        let bytes = frame::encode(message)?;
        let sent = timeout(after, self.output.write_all(&bytes)).await;
        sent.map_err(|_| PeerError::Timeout { what: "progress in sending", after })?
            .map_err(|error| PeerError::Frame(error.into()))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// The batch that an answer is for.
fn finished(work: &mut Option<Work>, digest: B256) -> Result<Work, PeerError> {
    match work.take() {
        Some(done) if done.digest == digest => Ok(done),
        Some(_) => Err(PeerError::Unexpected("an answer to another job than the last one")),
        None => Err(PeerError::Unexpected("an answer without a job")),
    }
}

/// Reads messages until the stream ends, one ahead of whoever takes them.
async fn read_all(
    mut stream: OwnedReadHalf,
    limit: Duration,
    messages: mpsc::Sender<Result<ProverMessage, FrameError>>,
) {
    loop {
        let message = read_message(&mut stream, limit).await;
        let ends = message.is_err();
        if messages.send(message).await.is_err() || ends {
            return;
        }
    }
}

/// Reads one message. The first byte may take forever, the rest of the frame at most `limit`.
async fn read_message(stream: &mut OwnedReadHalf, limit: Duration) -> Result<ProverMessage, FrameError> {
    let mut first = [0];
    if stream.read(&mut first).await? == 0 {
        return Err(FrameError::Closed);
    }
    let body = async {
        let mut prefix = [0; PREFIX_LENGTH];
        let (start, rest) = prefix.split_at_mut(first.len());
        start.copy_from_slice(&first);
        stream.read_exact(rest).await?;
        let mut payload = vec![0; frame::payload_length(prefix, MAX_CONTROL)?];
        stream.read_exact(&mut payload).await?;
        Ok(ProverMessage::decode_payload(&payload)?)
    };
    timeout(limit, body).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}
