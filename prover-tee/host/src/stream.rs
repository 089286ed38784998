//! Frames on async streams.

use std::{io, time::Duration};

use prover_core::{
    Endpoint, FrameError, Message,
    frame::{self, PREFIX_LENGTH},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// Time for a connection to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The receiving half of a connection.
pub type Receiver = Box<dyn AsyncRead + Send + Unpin>;

/// The sending half of a connection.
pub type Sender = Box<dyn AsyncWrite + Send + Unpin>;

/// Connects to a peer.
pub async fn connect(endpoint: &Endpoint) -> io::Result<(Receiver, Sender)> {
    let connecting = async {
        Ok::<(Receiver, Sender), io::Error>(match endpoint {
            Endpoint::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let (receiver, sender) = stream.into_split();
                (Box::new(receiver), Box::new(sender))
            }
            Endpoint::Unix(path) => {
                let (receiver, sender) = UnixStream::connect(path).await?.into_split();
                (Box::new(receiver), Box::new(sender))
            }
        })
    };
    timeout(CONNECT_LIMIT, connecting).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Sends one message.
pub async fn send<M: Message>(sender: &mut Sender, message: &M) -> Result<(), FrameError> {
    sender.write_all(&frame::encode(message)?).await?;
    sender.flush().await?;
    Ok(())
}

/// Receives one message of at most `limit` bytes. Not to be cancelled and tried again: what was read
/// would be lost.
pub async fn receive<M: Message>(receiver: &mut Receiver, limit: usize) -> Result<M, FrameError> {
    let mut prefix = [0; PREFIX_LENGTH];
    let (first, rest) = prefix.split_at_mut(1);
    if receiver.read(first).await? == 0 {
        return Err(FrameError::Closed);
    }
    receiver.read_exact(rest).await?;
    let length = frame::payload_length(prefix, limit)?;
    let mut payload = Vec::new();
    let expected = u64::try_from(length).unwrap_or(u64::MAX);
    // Grows as bytes arrive: an announced length costs nothing.
    receiver.take(expected).read_to_end(&mut payload).await?;
    if payload.len() != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(M::decode_payload(&payload)?)
}
