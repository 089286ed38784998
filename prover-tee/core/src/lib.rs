//! What sequencer, prover host and enclave say to each other, and what the enclave signs.
//!
//! | module | holds |
//! |---|---|
//! | [`endpoint`] | where a peer listens |
//! | [`frame`] | how a message is cut out of a byte stream |
//! | [`message`] | how a message becomes bytes |
//! | [`sequencer`] | messages between sequencer and prover host |
//! | [`enclave`] | messages between prover host and enclave |
//! | [`report`] | the report data that binds a quote to one registration |
//! | [`signature`] | signing and recovering digests |
//!
//! Part of the trusted code: no I/O but [`std::io::Read`] and [`std::io::Write`], no async, no
//! network.

pub mod enclave;
pub mod endpoint;
pub mod frame;
pub mod message;
pub mod report;
pub mod sequencer;
pub mod signature;

pub use endpoint::Endpoint;
pub use frame::{FrameError, read, write};
pub use message::{Message, MessageError};

/// Version of both protocols. A peer that speaks another one is turned away.
pub const PROTOCOL_VERSION: u64 = 3;
