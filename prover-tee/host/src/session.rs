//! One session: enclave, registration, sequencer.
//!
//! ```text
//! connect to the enclave -> a key that counts on L1, see [`keys`](crate::keys) -> connect to the sequencer
//!      -> take a job, prove it, return the signature, again and again
//! ```
//!
//! Whatever fails ends the session, and the next one starts from the top: an enclave that was
//! restarted has another key, and finds itself registered again. There is no other state.

use std::{
    future::Future,
    pin::{Pin, pin},
    time::Duration,
};

use alloy_primitives::Address;
use metrics::{counter, gauge, histogram};
use prover_core::{
    Endpoint, PROTOCOL_VERSION,
    enclave::{Info, Prove, RefusalCode, Refused, Signed},
    sequencer::{self, Contradiction, Hello, Job, Pong, ProverMessage, SequencerMessage, Signature},
    signature,
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, error, info, warn};

use crate::{
    enclave::{EnclaveClient, EnclaveError},
    keys::{Host, Registered},
    l1::L1Error,
    registry::RegistrationError,
    sequencer::{SequencerClient, SequencerError},
};

/// Time between two looks at an idle enclave, which notice a restarted one and keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a session needs.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Where the enclave listens.
    pub enclave: Endpoint,
    /// Where the sequencer hands out batches.
    pub sequencer: Endpoint,
    /// The `ProverRegistry`.
    pub registry: Address,
    /// How long before a key ends the next one is registered.
    pub renew_before: Duration,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The enclave did not answer.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
    /// L1 did not answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The key was not registered.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The sequencer left.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// The enclave was restarted, or another host had it make a new key.
    #[error("the enclave's key is {got} now, no longer {expected}")]
    KeyChanged {
        /// The key of this session.
        expected: Address,
        /// The key it has.
        got: Address,
    },
    /// The enclave proves to another L1 or registry than this host was told. Nothing will change that
    /// but another configuration.
    #[error("{what} is {enclave} in the enclave's configuration and {host} in this host's")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// The enclave's.
        enclave: String,
        /// Ours.
        host: String,
    },
    /// The key is registered for another operator. Restart the enclave.
    #[error("signer {signer} is registered for operator {operator}")]
    OtherOperator {
        /// The signer.
        signer: Address,
        /// Who registered it.
        operator: Address,
    },
    /// The key was revoked, which somebody should look into before another is made.
    #[error("signer {signer} is barred on L1: {reason}")]
    Barred {
        /// The signer.
        signer: Address,
        /// The registry's reason.
        reason: String,
    },
}

impl SessionError {
    /// Whether the next session would end the same way, however long one waits.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Mismatch { .. } | Self::OtherOperator { .. } | Self::Barred { .. })
    }
}

/// Runs one session. Returns only when it is over: without an error if the next key is to take over.
pub async fn run(host: &Host) -> Result<(), SessionError> {
    let (enclave, Registered { info, ends_at, left, activation_delay }) = host.register().await?;
    gauge!("prover_signer_expires_at").set(ends_at as f64);
    let hello = Hello {
        version: PROTOCOL_VERSION,
        operator: host.wallet.address(),
        signer: info.signer,
        config_hash: info.config_hash,
    };
    let config = &host.config;
    let sequencer = SequencerClient::connect(&config.sequencer, hello).await?;
    info!(signer = %info.signer, sequencer = %config.sequencer, "proving");
    gauge!("prover_connected").set(1.0);
    // Of a key that is new and yet near its end, the first half is used.
    let renew_before = config.renew_before.saturating_add(activation_delay);
    let margin = if left > renew_before { renew_before } else { left / 2 };
    let successor = pin!(host.succeed(info.signer, margin));
    let outcome = Proving { info: info.clone(), sequencer, work: Work::Idle(enclave) }.run(successor).await;
    gauge!("prover_connected").set(0.0);
    outcome
}

/// What the enclave made of a job.
type Answer = Result<Result<Signed, Refused>, EnclaveError>;

/// A job that is done: the enclave is free again.
struct Finished {
    enclave: EnclaveClient,
    task: Task,
    answer: Answer,
}

/// A job under way.
type Running = Pin<Box<dyn Future<Output = Box<Finished>> + Send>>;

/// What the enclave is at.
enum Work {
    Idle(EnclaveClient),
    Running(Running),
    /// Only while one of the others becomes the other.
    Moving,
}

/// What identifies a job, and when it began.
struct Task {
    batch: u64,
    digest: alloy_primitives::B256,
    since: Instant,
}

/// A session that has everything.
struct Proving {
    info: Info,
    sequencer: SequencerClient,
    work: Work,
}

/// What happened next.
enum Event {
    Message(SequencerMessage),
    Done(Box<Finished>),
    Heartbeat,
    Successor,
}

impl Proving {
    /// Proves until `successor` is ready and no batch is under way.
    async fn run(mut self, mut successor: Pin<&mut impl Future<Output = ()>>) -> Result<(), SessionError> {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut has_successor = false;
        loop {
            if has_successor && matches!(self.work, Work::Idle(_)) {
                return Ok(());
            }
            let event = tokio::select! {
                message = self.sequencer.next() => Event::Message(message?),
                finished = finished(&mut self.work) => Event::Done(finished),
                _ = heartbeat.tick(), if matches!(self.work, Work::Idle(_)) => Event::Heartbeat,
                () = &mut successor, if !has_successor => Event::Successor,
            };
            match event {
                Event::Message(SequencerMessage::Ping(ping)) => {
                    self.sequencer.send(&Pong { number: ping.number }.into()).await?;
                }
                Event::Message(SequencerMessage::Job(job)) => self.start(job)?,
                Event::Message(SequencerMessage::Rejected(rejected)) => {
                    return Err(SequencerError::Rejected(rejected.reason).into());
                }
                Event::Message(SequencerMessage::Welcome(_)) => {
                    return Err(SequencerError::Unexpected("a second welcome").into());
                }
                Event::Done(finished) => {
                    let Finished { enclave, task, answer } = *finished;
                    self.work = Work::Idle(enclave);
                    let message = self.judge(&task, answer?)?;
                    self.sequencer.send(&message).await?;
                }
                Event::Heartbeat => self.heartbeat().await?,
                Event::Successor => has_successor = true,
            }
        }
    }

    fn start(&mut self, job: Job) -> Result<(), SessionError> {
        match std::mem::replace(&mut self.work, Work::Moving) {
            Work::Idle(mut enclave) => {
                debug!(?job, "job");
                self.work = Work::Running(Box::pin(async move {
                    let task = Task { batch: job.batch, digest: job.digest, since: Instant::now() };
                    let answer = enclave.prove(Prove { input: job.input, witness: job.witness }).await;
                    Box::new(Finished { enclave, task, answer })
                }));
                Ok(())
            }
            Work::Running(_) | Work::Moving => {
                Err(SequencerError::Unexpected("a job before the last one was answered").into())
            }
        }
    }

    /// What to tell the sequencer. It would hang up on a signature that is not what it expects; one that contradicts its
    /// expectation is shown to it as that, so that it does not stay between enclave and host.
    fn judge(&self, task: &Task, answer: Result<Signed, Refused>) -> Result<ProverMessage, SessionError> {
        let &Task { batch, digest, since } = task;
        let seconds = since.elapsed().as_secs_f64();
        let refused = |code: RefusalCode, reason: String| {
            counter!("prover_batches_refused", "code" => code.to_string()).increment(1);
            error!(batch, %code, reason, "refused");
            Ok(sequencer::Refused { batch, digest, code, reason }.into())
        };
        let signed = match answer {
            Ok(signed) => signed,
            Err(Refused { code, reason }) => return refused(code, reason),
        };
        let info = &self.info;
        let computed = executor::transition::digest(&signed.transition, info.l1_chain_id, info.rollup);
        match signature::recover(computed, &signed.signature) {
            Ok(signer) if signer == info.signer => {}
            Ok(got) => return Err(SessionError::KeyChanged { expected: info.signer, got }),
            Err(error) => return refused(RefusalCode::Internal, error.to_string()),
        }
        if computed != digest {
            counter!("prover_batches_contradicted").increment(1);
            error!(batch, %computed, expected = %digest, "the enclave signed what the sequencer does not expect");
            return Ok(Contradiction { batch, digest, signed }.into());
        }
        counter!("prover_batches_proved").increment(1);
        histogram!("prover_proof_seconds").record(seconds);
        info!(batch, block = signed.transition.lastL2Block, seconds, "proved");
        Ok(Signature { batch, digest, signature: signed.signature }.into())
    }

    async fn heartbeat(&mut self) -> Result<(), SessionError> {
        let Work::Idle(enclave) = &mut self.work else { return Ok(()) };
        let now = enclave.info().await?;
        if now.signer != self.info.signer {
            warn!(old = %self.info.signer, new = %now.signer, "the enclave has another key");
            return Err(SessionError::KeyChanged { expected: self.info.signer, got: now.signer });
        }
        Ok(())
    }
}

/// The end of the job under way; never, if there is none. May be cancelled and called again.
async fn finished(work: &mut Work) -> Box<Finished> {
    match work {
        Work::Running(running) => running.await,
        Work::Idle(_) | Work::Moving => std::future::pending().await,
    }
}
