//! Messages between the sequencer and a prover host.
//!
//! The host connects and says [`Hello`]; the sequencer answers [`Welcome`], or [`Rejected`] and
//! closes. Then the sequencer sends one [`Job`] at a time and waits for [`Signature`], [`Refused`] or
//! [`Contradiction`] before the next. Either may come long after, so the sequencer sends [`Ping`] in
//! between, which the host answers at once even while a job runs.
//!
//! Nothing here is secret, and nothing a host says is believed: the sequencer recovers the signer
//! from every signature and asks L1 whether that signer counts.

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};

use crate::{
    enclave::{RefusalCode, Signed},
    message::messages,
};

messages! {
    /// What the sequencer sends. Read with [`frame::MAX_BATCH`](crate::frame::MAX_BATCH).
    SequencerMessage {
        /// The host may prove.
        0x81 => Welcome,
        /// The host may not; the connection ends.
        0x82 => Rejected,
        /// A batch to prove.
        0x83 => Job,
        /// Are you there?
        0x84 => Ping,
    }
}

messages! {
    /// What a prover host sends. Read with [`frame::MAX_CONTROL`](crate::frame::MAX_CONTROL).
    ProverMessage {
        /// The first message of a connection.
        0x01 => Hello,
        /// A batch is proved.
        0x02 => Signature,
        /// A batch was refused by the enclave.
        0x03 => Refused,
        /// I am.
        0x04 => Pong,
        /// The enclave signed another result than the job expects.
        0x05 => Contradiction,
    }
}

/// Introduces a prover.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) of the host.
    pub version: u64,
    /// Account that the signer is registered for on L1.
    pub operator: Address,
    /// Address of the enclave's key.
    pub signer: Address,
    /// Hash of the chain that the enclave proves.
    pub config_hash: B256,
}

/// Accepts a prover.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Welcome {
    /// [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) of the sequencer.
    pub version: u64,
}

/// Turns a prover away.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Rejected {
    /// Why, for the operator to read.
    pub reason: String,
}

/// A batch to prove.
#[derive(Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Job {
    /// Index of the batch, for logs.
    pub batch: u64,
    /// EIP-712 digest of the transition that the sequencer expects.
    pub digest: B256,
    /// Encoded `BatchInput`.
    pub input: Bytes,
    /// Encoded `Witness`.
    pub witness: Bytes,
}

/// The enclave executed the batch and signed.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Signature {
    /// Index of the batch, as in the job.
    pub batch: u64,
    /// The signed digest, as in the job.
    pub digest: B256,
    /// `r ‖ s ‖ v`, see [`signature`](crate::signature).
    pub signature: FixedBytes<65>,
}

/// The enclave signed another result of the same input: the enclave is broken, or what the sequencer
/// expects is wrong. A digest tells nobody what was signed, so the whole transition comes with it.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Contradiction {
    /// Index of the batch, as in the job.
    pub batch: u64,
    /// The digest that the job expects.
    pub digest: B256,
    /// What the enclave signed instead.
    pub signed: Signed,
}

/// The enclave did not sign.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Refused {
    /// Index of the batch, as in the job.
    pub batch: u64,
    /// The digest, as in the job.
    pub digest: B256,
    /// The class of the reason.
    pub code: RefusalCode,
    /// The reason, for people.
    pub reason: String,
}

/// Asks for a [`Pong`] with the same number.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Ping {
    /// Any number.
    pub number: u64,
}

/// Answers a [`Ping`].
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Pong {
    /// The number of the ping.
    pub number: u64,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("batch", &self.batch)
            .field("digest", &self.digest)
            .field("input_bytes", &self.input.len())
            .field("witness_bytes", &self.witness.len())
            .finish()
    }
}
