//! Messages between a prover host and its enclave.
//!
//! The host connects and asks; the enclave answers every request with exactly one response, in
//! order. The enclave trusts nothing that the host says.

use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use alloy_sol_types::SolValue;
use executor::transition::Transition;

use crate::message::messages;

messages! {
    /// What the host asks. Read with [`frame::MAX_BATCH`](crate::frame::MAX_BATCH).
    EnclaveRequest {
        /// Who are you? Answered with [`Info`].
        0x01 => GetInfo,
        /// Prove on L1 where you run. Answered with [`Quote`] or [`Failed`].
        0x02 => Attest,
        /// Execute and sign. Answered with [`Signed`] or [`Refused`].
        0x03 => Prove,
        /// Sign with the next key from now on. Answered with [`Info`] or [`Failed`].
        0x04 => Renew,
        /// Make the next key. Answered with [`Info`] or [`Failed`].
        0x05 => Prepare,
    }
}

messages! {
    /// What the enclave answers. Read with [`frame::MAX_CONTROL`](crate::frame::MAX_CONTROL).
    EnclaveResponse {
        /// Answer to [`GetInfo`], [`Prepare`] and [`Renew`].
        0x81 => Info,
        /// Answer to [`Attest`].
        0x82 => Quote,
        /// Answer to [`Prove`].
        0x83 => Signed,
        /// Answer to [`Prove`]: no signature.
        0x84 => Refused,
        /// The request was not understood, or the platform failed.
        0x85 => Failed,
    }
}

/// Asks who the enclave is.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct GetInfo {
    /// [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) of the host.
    pub version: u64,
}

/// Who the enclave is.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Info {
    /// [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) of the enclave.
    pub version: u64,
    /// Address of the key that it signs with. Another one after every start and every [`Renew`].
    pub signer: Address,
    /// Address of the key that it will sign with after the next [`Renew`]; zero unless asked to
    /// [`Prepare`].
    pub next: Address,
    /// Hash of the chain that it proves.
    pub config_hash: B256,
    /// L1 chain id in the EIP-712 domain of what it signs.
    pub l1_chain_id: u64,
    /// `Rollup` address in that domain.
    pub rollup: Address,
    /// The `ProverRegistry` that it makes quotes for.
    pub registry: Address,
}

/// Asks for a quote that registers a key of the enclave on L1.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Attest {
    /// The key: the present one or the next.
    pub signer: Address,
    /// Chain id of the L1 that will verify the quote.
    pub l1_chain_id: u64,
    /// The `ProverRegistry` there.
    pub registry: Address,
    /// Account that will send the registration.
    pub operator: Address,
    /// A recent L1 block, which dates the quote.
    pub ref_block_number: u64,
    /// Its hash.
    pub ref_block_hash: B256,
}

/// A TDX quote.
#[derive(Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Quote {
    /// Address of the key that the quote's report data commits to.
    pub signer: Address,
    /// The quote as the platform made it, without padding.
    pub quote: Bytes,
}

/// Asks to execute a batch and sign the result.
#[derive(Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Prove {
    /// Encoded `BatchInput`.
    pub input: Bytes,
    /// Encoded `Witness`.
    pub witness: Bytes,
}

/// Asks for the key that will follow the present one, if there is none yet.
///
/// A key counts on L1 for some days, and is registered once. The next one is registered while the
/// present one still signs, so that there is no time without.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Prepare {
    /// Address of the present key. If it is another one, nothing happens.
    pub signer: Address,
}

/// Puts the next key in the place of the present one, which is erased. The next one is made now, if it
/// was not prepared.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Renew {
    /// Address of the present key. If it is another one, nothing happens: the request was answered
    /// before.
    pub signer: Address,
}

/// A proved transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub transition: Transition,
    /// `r ‖ s ‖ v` over its EIP-712 digest, see [`signature`](crate::signature).
    pub signature: FixedBytes<65>,
}

/// No signature.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Refused {
    /// The class of the reason.
    pub code: RefusalCode,
    /// The reason, for people.
    pub reason: String,
}

/// Something failed that says nothing about a batch.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Failed {
    /// What failed, for people.
    pub reason: String,
}

/// Why an enclave refused a batch: what kind of thing to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum RefusalCode {
    /// Input or witness is not a canonical encoding.
    Malformed = 1,
    /// The parent header does not fit the parent output root.
    Parent = 2,
    /// The L1 headers do not link the parent's origin to the last origin.
    L1Origin = 3,
    /// Receipts are missing, not wanted, or not those of their L1 block.
    Deposits = 4,
    /// The blobs do not match their commitments, or do not hold a batch.
    Data = 5,
    /// A block breaks a rule of the chain.
    Block = 6,
    /// The witness lacks something, or holds something that was not needed.
    Witness = 7,
    /// The result is not the transition that the input claims.
    Claim = 8,
    /// This enclave signed another output for the same parent, data and origin.
    Conflict = 9,
    /// Execution stopped in a way that is a defect of the enclave's code.
    Internal = 10,
}

impl RefusalCode {
    /// Every code, in order.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Parent,
        Self::L1Origin,
        Self::Deposits,
        Self::Data,
        Self::Block,
        Self::Witness,
        Self::Claim,
        Self::Conflict,
        Self::Internal,
    ];
}

impl std::fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::Parent => "parent",
            Self::L1Origin => "l1-origin",
            Self::Deposits => "deposits",
            Self::Data => "data",
            Self::Block => "block",
            Self::Witness => "witness",
            Self::Claim => "claim",
            Self::Conflict => "conflict",
            Self::Internal => "internal",
        })
    }
}

impl Encodable for RefusalCode {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        (*self as u8).encode(out);
    }
    fn length(&self) -> usize {
        (*self as u8).length()
    }
}

impl Decodable for RefusalCode {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let byte = u8::decode(buf)?;
        Self::ALL
            .into_iter()
            .find(|code| *code as u8 == byte)
            .ok_or(alloy_rlp::Error::Custom("unknown refusal code"))
    }
}

/// RLP list of the ABI encoding of the transition, and the signature.
impl Encodable for Signed {
    fn encode(&self, out: &mut dyn alloy_rlp::BufMut) {
        self.wire().encode(out);
    }
    fn length(&self) -> usize {
        self.wire().length()
    }
}

impl Decodable for Signed {
    fn decode(buf: &mut &[u8]) -> alloy_rlp::Result<Self> {
        let wire = SignedWire::decode(buf)?;
        let transition = Transition::abi_decode_validate(wire.transition.as_slice())
            .map_err(|_| alloy_rlp::Error::Custom("transition is not ABI encoded"))?;
        Ok(Self { transition, signature: wire.signature })
    }
}

/// [`Signed`] with the transition as its eight ABI words.
#[derive(RlpEncodable, RlpDecodable)]
struct SignedWire {
    transition: FixedBytes<256>,
    signature: FixedBytes<65>,
}

impl Signed {
    fn wire(&self) -> SignedWire {
        let mut transition = FixedBytes::ZERO;
        for (byte, value) in transition.iter_mut().zip(self.transition.abi_encode()) {
            *byte = value;
        }
        SignedWire { transition, signature: self.signature }
    }
}

impl std::fmt::Debug for Quote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quote").field("signer", &self.signer).field("quote_bytes", &self.quote.len()).finish()
    }
}

impl std::fmt::Debug for Prove {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prove")
            .field("input_bytes", &self.input.len())
            .field("witness_bytes", &self.witness.len())
            .finish()
    }
}
