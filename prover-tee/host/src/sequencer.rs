//! The sequencer's socket.

use std::{io, time::Duration};

use prover_core::{
    Endpoint, FrameError, PROTOCOL_VERSION,
    frame::MAX_BATCH,
    sequencer::{Hello, ProverMessage, SequencerMessage},
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::stream::{self, Receiver, Sender};

/// Time for the answer to our introduction, and for the sequencer to take a message.
const LIMIT: Duration = Duration::from_secs(30);

/// The sequencer is gone if it says nothing for so long: it pings.
const SILENCE: Duration = Duration::from_secs(180);

/// A connection on which the sequencer has accepted us.
pub struct SequencerClient {
    sender: Sender,
    messages: mpsc::Receiver<Result<SequencerMessage, FrameError>>,
    reader: JoinHandle<()>,
}

/// Why there is no connection to the sequencer, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SequencerError {
    /// It cannot be reached. It may be starting.
    #[error("sequencer at {endpoint}: {error}")]
    Unreachable {
        /// Where it should listen.
        endpoint: Endpoint,
        /// What the system says.
        error: io::Error,
    },
    /// The connection failed, or what came is no message.
    #[error("sequencer: {0}")]
    Frame(#[from] FrameError),
    /// It said nothing for too long.
    #[error("nothing from the sequencer within {0:?}")]
    Timeout(Duration),
    /// It turned us away.
    #[error("the sequencer turned this prover away: {0}")]
    Rejected(String),
    /// It speaks another protocol.
    #[error("the sequencer speaks protocol version {got}, this host {PROTOCOL_VERSION}")]
    Version {
        /// Its version.
        got: u64,
    },
    /// It said something that has no place there.
    #[error("unexpected message of the sequencer: {0}")]
    Unexpected(&'static str),
}

impl SequencerClient {
    /// Connects, introduces us and waits to be accepted.
    pub async fn connect(endpoint: &Endpoint, hello: Hello) -> Result<Self, SequencerError> {
        let (receiver, sender) = stream::connect(endpoint)
            .await
            .map_err(|error| SequencerError::Unreachable { endpoint: endpoint.clone(), error })?;
        let (queue, messages) = mpsc::channel(1);
        let reader = tokio::spawn(read_all(receiver, queue));
        let mut client = Self { sender, messages, reader };
        client.send(&hello.into()).await?;
        let answer = timeout(LIMIT, client.next()).await.map_err(|_| SequencerError::Timeout(LIMIT))??;
        match answer {
            SequencerMessage::Welcome(welcome) if welcome.version == PROTOCOL_VERSION => Ok(client),
            SequencerMessage::Welcome(welcome) => Err(SequencerError::Version { got: welcome.version }),
            SequencerMessage::Rejected(rejected) => Err(SequencerError::Rejected(rejected.reason)),
            _ => Err(SequencerError::Unexpected("the first answer must be a welcome")),
        }
    }

    /// The next message. May be cancelled and called again.
    pub async fn next(&mut self) -> Result<SequencerMessage, SequencerError> {
        let message =
            timeout(SILENCE, self.messages.recv()).await.map_err(|_| SequencerError::Timeout(SILENCE))?;
        Ok(message.unwrap_or(Err(FrameError::Closed))?)
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &ProverMessage) -> Result<(), SequencerError> {
        timeout(LIMIT, stream::send(&mut self.sender, message))
            .await
            .map_err(|_| SequencerError::Timeout(LIMIT))?
            .map_err(Into::into)
    }
}

impl Drop for SequencerClient {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads messages until the stream ends, one ahead of whoever takes them.
async fn read_all(mut receiver: Receiver, queue: mpsc::Sender<Result<SequencerMessage, FrameError>>) {
    loop {
        let message = stream::receive(&mut receiver, MAX_BATCH).await;
        let last = message.is_err();
        if queue.send(message).await.is_err() || last {
            return;
        }
    }
}
