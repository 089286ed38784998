//! The enclave's socket.

use std::{io, time::Duration};

use alloy_primitives::Address;
use prover_core::{
    Endpoint, FrameError, PROTOCOL_VERSION,
    enclave::{
        Attest, EnclaveRequest, EnclaveResponse, GetInfo, Info, Prepare, Prove, Quote, Refused, Renew, Signed,
    },
    frame::MAX_CONTROL,
};
use tokio::time::timeout;

use crate::stream::{self, Receiver, Sender};

/// Time for an answer that needs no execution. A quote may wait for the machine's quoting service.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Time for one batch.
const PROVE_LIMIT: Duration = Duration::from_secs(600);

/// A connection to an enclave. After an error it is of no further use.
pub struct EnclaveClient {
    receiver: Receiver,
    sender: Sender,
}

/// Why the enclave gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnclaveError {
    /// It cannot be reached. It may be starting.
    #[error("enclave at {endpoint}: {error}")]
    Unreachable {
        /// Where it should listen.
        endpoint: Endpoint,
        /// What the system says.
        error: io::Error,
    },
    /// The connection failed, or what came is no message.
    #[error("enclave: {0}")]
    Frame(#[from] FrameError),
    /// No answer in time.
    #[error("no answer of the enclave within {0:?}")]
    Timeout(Duration),
    /// It speaks another protocol.
    #[error("the enclave speaks protocol version {got}, this host {PROTOCOL_VERSION}")]
    Version {
        /// Its version.
        got: u64,
    },
    /// It could not do what was asked.
    #[error("the enclave failed: {0}")]
    Failed(String),
    /// It answered something that does not fit the question.
    #[error("the enclave answered {0}")]
    Unexpected(&'static str),
}

impl EnclaveClient {
    /// Connects.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, EnclaveError> {
        let (receiver, sender) = stream::connect(endpoint)
            .await
            .map_err(|error| EnclaveError::Unreachable { endpoint: endpoint.clone(), error })?;
        Ok(Self { receiver, sender })
    }

    /// Who it is.
    pub async fn info(&mut self) -> Result<Info, EnclaveError> {
        let request = GetInfo { version: PROTOCOL_VERSION };
        match self.ask(&request.into(), ANSWER_LIMIT).await? {
            EnclaveResponse::Info(info) if info.version == PROTOCOL_VERSION => Ok(info),
            EnclaveResponse::Info(info) => Err(EnclaveError::Version { got: info.version }),
            other => Err(unexpected(other)),
        }
    }

    /// A quote for a registration.
    pub async fn attest(&mut self, attest: Attest) -> Result<Quote, EnclaveError> {
        match self.ask(&attest.into(), ANSWER_LIMIT).await? {
            EnclaveResponse::Quote(quote) => Ok(quote),
            other => Err(unexpected(other)),
        }
    }

    /// Has the enclave make the key that will follow `signer`, if there is none yet.
    pub async fn prepare(&mut self, signer: Address) -> Result<Info, EnclaveError> {
        match self.ask(&Prepare { signer }.into(), ANSWER_LIMIT).await? {
            EnclaveResponse::Info(info) => Ok(info),
            other => Err(unexpected(other)),
        }
    }

    /// Has the enclave sign with the next key in the place of `signer`.
    pub async fn renew(&mut self, signer: Address) -> Result<Info, EnclaveError> {
        match self.ask(&Renew { signer }.into(), ANSWER_LIMIT).await? {
            EnclaveResponse::Info(info) => Ok(info),
            other => Err(unexpected(other)),
        }
    }

    /// Executes a batch: a signature, or a refusal.
    pub async fn prove(&mut self, prove: Prove) -> Result<Result<Signed, Refused>, EnclaveError> {
        match self.ask(&prove.into(), PROVE_LIMIT).await? {
            EnclaveResponse::Signed(signed) => Ok(Ok(signed)),
            EnclaveResponse::Refused(refused) => Ok(Err(refused)),
            other => Err(unexpected(other)),
        }
    }

    async fn ask(
        &mut self,
        request: &EnclaveRequest,
        limit: Duration,
    ) -> Result<EnclaveResponse, EnclaveError> {
        let exchange = async {
            stream::send(&mut self.sender, request).await?;
            stream::receive(&mut self.receiver, MAX_CONTROL).await
        };
        Ok(timeout(limit, exchange).await.map_err(|_| EnclaveError::Timeout(limit))??)
    }
}

fn unexpected(response: EnclaveResponse) -> EnclaveError {
    EnclaveError::Unexpected(match response {
        EnclaveResponse::Failed(failed) => return EnclaveError::Failed(failed.reason),
        EnclaveResponse::Info(_) => "an info",
        EnclaveResponse::Quote(_) => "a quote",
        EnclaveResponse::Signed(_) => "a signature",
        EnclaveResponse::Refused(_) => "a refusal",
    })
}
