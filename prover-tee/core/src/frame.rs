//! Frames: how a message is cut out of a byte stream.
//!
//! ```text
//! u32 little-endian length of the payload ‖ payload        payload = u8 tag ‖ RLP body
//! ```
//!
//! The reader sets the largest length it accepts and checks it before anything is allocated; even
//! then memory grows only as bytes arrive, so a peer that announces much and sends nothing costs
//! nothing. An async peer uses [`encode`] and [`payload_length`] on its own stream.

use std::io::{self, Read, Write};

use crate::message::{Message, MessageError};

/// Bytes of the length before each payload.
pub const PREFIX_LENGTH: usize = 4;

/// Limit for frames that carry no batch: handshakes, signatures, quotes, refusals.
pub const MAX_CONTROL: usize = 64 * 1024;

/// Limit for frames that carry a batch input and its witness.
pub const MAX_BATCH: usize = 256 * 1024 * 1024;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The peer closed the stream between two frames.
    #[error("the peer closed the connection")]
    Closed,
    /// The stream failed or ended inside a frame.
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    /// The frame is longer than the reader accepts. The stream is of no further use.
    #[error("a frame of {length} bytes exceeds the limit of {limit}")]
    TooLong {
        /// Announced bytes.
        length: usize,
        /// Most bytes accepted.
        limit: usize,
    },
    /// The frame arrived, but holds no message. The stream can go on.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// The frame of `message`, ready to be sent.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; PREFIX_LENGTH];
    message.encode_payload(&mut frame);
    let length = frame.len().saturating_sub(PREFIX_LENGTH);
    let prefix = u32::try_from(length)
        .ok()
        .filter(|_| length <= MAX_BATCH)
        .ok_or(FrameError::TooLong { length, limit: MAX_BATCH })?;
    for (byte, value) in frame.iter_mut().zip(prefix.to_le_bytes()) {
        *byte = value;
    }
    Ok(frame)
}

/// Payload bytes that follow `prefix`, if a reader with this limit may read them.
pub fn payload_length(prefix: [u8; PREFIX_LENGTH], limit: usize) -> Result<usize, FrameError> {
    let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    Ok(length)
}

/// Writes one message and flushes.
pub fn write<M: Message>(stream: &mut impl Write, message: &M) -> Result<(), FrameError> {
    stream.write_all(&encode(message)?)?;
    stream.flush()?;
    Ok(())
}

/// Reads one message whose payload has at most `limit` bytes.
pub fn read<M: Message>(stream: &mut impl Read, limit: usize) -> Result<M, FrameError> {
    let mut prefix = [0; PREFIX_LENGTH];
    read_prefix(stream, &mut prefix)?;
    let length = payload_length(prefix, limit)?;
    let mut payload = Vec::new();
    let expected = u64::try_from(length).unwrap_or(u64::MAX);
    stream.take(expected).read_to_end(&mut payload)?;
    if payload.len() != length {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(M::decode_payload(&payload)?)
}

/// Fills `prefix`, telling an end of stream before its first byte from one inside it.
fn read_prefix(stream: &mut impl Read, prefix: &mut [u8; PREFIX_LENGTH]) -> Result<(), FrameError> {
    let (first, rest) = prefix.split_at_mut(1);
    loop {
        match stream.read(first) {
            Ok(0) => return Err(FrameError::Closed),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    stream.read_exact(rest)?;
    Ok(())
}
