//! Event logs: what a guest's firmware, loader and agent say they extended its runtime registers with.
//!
//! A log proves nothing by itself. Replayed, its digests must give the very registers that the quote
//! carries; then the digests are what was measured, in that order. What a log says *about* a digest
//! (a file name, a command line) is proved only where the digest is the hash of it.

mod ccel;
mod dstack;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha384};

/// Bytes of a register, and of every digest in a log (SHA-384).
pub const REGISTER_LENGTH: usize = 48;

/// Runtime registers of a TD.
pub const REGISTERS: usize = 4;

/// Most events in a log. Real ones have a few hundred.
const MAX_EVENTS: usize = 65_536;

/// The value of a register.
pub type Register = [u8; REGISTER_LENGTH];

/// An event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLog {
    /// Where it is from.
    pub kind: LogKind,
    /// Its events, oldest first. Those that extend no register are left out.
    pub events: Vec<Event>,
}

/// Where an event log is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// The firmware's table (UEFI confidential computing event log).
    Ccel,
    /// The dstack guest agent.
    Dstack,
}

/// One extension of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The runtime register, 0 to 3.
    pub register: usize,
    /// Event type: of the TCG's list, or dstack's own.
    pub kind: u32,
    /// What the register was extended with.
    pub digest: Register,
    /// What the log says it is, in words.
    pub description: String,
    /// Whether the digest is the hash of what the log says it is.
    pub proved: bool,
}

/// Why bytes are not an event log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventLogError {
    /// A field lies beyond the end.
    #[error("the log ends at byte {length}; its event {event} needs byte {needed}")]
    TooShort {
        /// Number of the event, from 0.
        event: usize,
        /// Bytes that are there.
        length: usize,
        /// Bytes that are needed.
        needed: usize,
    },
    /// The first event is not that of a crypto-agile log.
    #[error("the first event is not a TCG \"Spec ID Event03\" (crypto-agile log)")]
    NotCryptoAgile,
    /// The log does not say how long SHA-384 digests are, or says something else than 48 bytes.
    #[error("the log's header has no SHA-384 with digests of 48 bytes")]
    NoSha384,
    /// An event has a digest of an algorithm that the header does not name.
    #[error("event {event} has a digest of algorithm {algorithm:#x}, which the header does not name")]
    UnknownAlgorithm {
        /// Number of the event.
        event: usize,
        /// TCG algorithm id.
        algorithm: u16,
    },
    /// An event without a SHA-384 digest.
    #[error("event {event} has no SHA-384 digest")]
    NoDigest {
        /// Number of the event.
        event: usize,
    },
    /// An event for a register that a TD does not have.
    #[error("event {event} extends register {register}; a TD has RTMR0 to RTMR3")]
    Register {
        /// Number of the event.
        event: usize,
        /// The register, counted from RTMR0.
        register: i64,
    },
    /// More events than any log has.
    #[error("more than {MAX_EVENTS} events")]
    TooManyEvents,
    /// JSON of another shape than dstack's.
    #[error("{0}")]
    Json(String),
    /// An event's digest is not the hash of what it says it is.
    #[error("event {event} ({name:?}) has digest {given}; its name and payload hash to {expected}")]
    WrongDigest {
        /// Number of the event.
        event: usize,
        /// Its name.
        name: String,
        /// Digest in the log, hex.
        given: String,
        /// Digest of name and payload, hex.
        expected: String,
    },
}

impl EventLog {
    /// Reads the firmware's table: TCG PC client platform firmware profile, crypto-agile form, where the
    /// index of a register is its RTMR's number plus one.
    pub fn from_ccel(bytes: &[u8]) -> Result<Self, EventLogError> {
        Ok(Self { kind: LogKind::Ccel, events: ccel::parse(bytes)? })
    }

    /// Reads the log in a dstack answer: an array of events, or a string that holds one.
    pub fn from_json(value: &Value) -> Result<Self, EventLogError> {
        Ok(Self { kind: LogKind::Dstack, events: dstack::parse(value)? })
    }

    /// The registers after all events: each begins as zero, and becomes SHA-384(register ‖ digest)
    /// with each of its events.
    pub fn replay(&self) -> [Register; REGISTERS] {
        let mut registers = [[0; REGISTER_LENGTH]; REGISTERS];
        for event in &self.events {
            if let Some(register) = registers.get_mut(event.register) {
                *register =
                    Sha384::new().chain_update(*register).chain_update(event.digest).finalize().into();
            }
        }
        registers
    }
}

/// SHA-384.
fn sha384(bytes: &[u8]) -> Register {
    Sha384::digest(bytes).into()
}

/// The start of `text` that is worth showing, on one line.
fn excerpt(text: &str) -> String {
    let limit = 120;
    let line: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let line = line.trim();
    if line.chars().count() <= limit {
        return line.to_owned();
    }
    line.chars().take(limit).chain("…".chars()).collect()
}
