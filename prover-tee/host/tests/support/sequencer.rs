//! A sequencer whose every word the test says.

use prover_core::{
    Endpoint, FrameError, PROTOCOL_VERSION,
    frame::MAX_CONTROL,
    sequencer::{Hello, Job, ProverMessage, SequencerMessage, Welcome},
};
use prover_tee::stream;
use tokio::net::TcpListener;

use super::{digest, enclave::Behaviour, enclave::input, soon};

pub(crate) struct FakeSequencer {
    listener: TcpListener,
}

/// A prover's connection.
pub(crate) struct Prover {
    receiver: stream::Receiver,
    sender: stream::Sender,
}

impl FakeSequencer {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(self.listener.local_addr().unwrap().to_string())
    }

    /// Waits for a prover to introduce itself.
    pub(crate) async fn hello(&self) -> (Prover, Hello) {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        let (receiver, sender) = stream.into_split();
        let mut prover = Prover { receiver: Box::new(receiver), sender: Box::new(sender) };
        match prover.next().await.unwrap() {
            ProverMessage::Hello(hello) => (prover, hello),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a prover and lets it in.
    pub(crate) async fn welcome(&self) -> Prover {
        let (mut prover, _) = self.hello().await;
        prover.say(Welcome { version: PROTOCOL_VERSION }).await;
        prover
    }
}

impl Prover {
    pub(crate) async fn say(&mut self, message: impl Into<SequencerMessage>) {
        stream::send(&mut self.sender, &message.into()).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Result<ProverMessage, FrameError> {
        soon(stream::receive(&mut self.receiver, MAX_CONTROL)).await
    }

    /// Sends the job whose transition has `number`.
    pub(crate) async fn job(&mut self, behaviour: Behaviour, number: u8) {
        let job = Job {
            batch: 70 + u64::from(number),
            digest: digest(number.into()),
            input: input(behaviour, number),
            witness: Default::default(),
        };
        self.say(job).await;
    }
}
