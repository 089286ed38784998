//! What the enclave is given besides the witness.

use alloy_consensus::ReceiptEnvelope;
use alloy_eips::{
    Decodable2718, Encodable2718,
    eip4844::{BYTES_PER_BLOB, Blob, Bytes48},
};
use alloy_primitives::{Bytes, Signature};

use crate::{
    Header,
    batch::{BlobWithProof, MAX_BLOBS},
    codec::{DecodeError, Reader, put_bytes, put_header, put_varint},
    transition::Transition,
};

/// The version of the encoding.
const VERSION: u8 = 1;

/// A batch with everything from L1 that it depends on, and what is claimed to come out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchInput {
    /// Header of the block before the batch.
    pub parent: Header,
    /// L1 headers from the one after the parent's origin to the origin of the last block,
    /// contiguous. Empty if the origin does not move.
    pub l1_headers: Vec<Header>,
    /// All receipts of each of these L1 blocks whose bloom filter matches the portal, with the
    /// number of the block, in order.
    pub receipts: Vec<(u64, Vec<ReceiptEnvelope>)>,
    /// The data of the batch.
    pub blobs: Vec<BlobWithProof>,
    /// The signatures of the user transactions that the data of a compact batch leaves out
    /// ([`Batch::signatures`](crate::batch::Batch::signatures)). Empty in auditable mode.
    pub signatures: Vec<Signature>,
    /// What the sequencer says the outcome is.
    pub expected: Transition,
}

impl BatchInput {
    /// The binary encoding: the fields in order, lists with their count before them, headers and
    /// receipts in the encoding that L1 hashes with their length before it, numbers as varints.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.blobs.len() * (BYTES_PER_BLOB + 96) + 4096);
        out.push(VERSION);
        put_header(&mut out, &self.parent);
        put_varint(&mut out, self.l1_headers.len() as u64);
        for header in &self.l1_headers {
            put_header(&mut out, header);
        }
        put_varint(&mut out, self.receipts.len() as u64);
        for (number, receipts) in &self.receipts {
            put_varint(&mut out, *number);
            put_varint(&mut out, receipts.len() as u64);
            for receipt in receipts {
                put_bytes(&mut out, &receipt.encoded_2718());
            }
        }
        put_varint(&mut out, self.blobs.len() as u64);
        for BlobWithProof { blob, commitment, proof } in &self.blobs {
            out.extend_from_slice(blob.as_slice());
            out.extend_from_slice(commitment.as_slice());
            out.extend_from_slice(proof.as_slice());
        }
        put_varint(&mut out, self.signatures.len() as u64);
        for signature in &self.signatures {
            out.extend_from_slice(&signature.r().to_be_bytes::<32>());
            out.extend_from_slice(&signature.s().to_be_bytes::<32>());
            out.push(signature.v().into());
        }
        put_transition(&mut out, &self.expected);
        out
    }

    /// Reads what [`encode`](Self::encode) wrote, and nothing else.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        match reader.byte("batch input version")? {
            VERSION => {}
            got => return Err(DecodeError::Unknown { what: "batch input version", got: got.into() }),
        }
        let parent = reader.header("parent header")?;
        let l1_headers = (0..reader.count("L1 headers")?)
            .map(|_| reader.header("L1 headers"))
            .collect::<Result<_, _>>()?;
        let receipts = (0..reader.count("L1 receipts")?)
            .map(|_| Ok((reader.varint("L1 receipts")?, read_receipts(&mut reader)?)))
            .collect::<Result<_, DecodeError>>()?;
        let blobs = read_blobs(&mut reader)?;
        let signatures = (0..reader.count("signatures")?)
            .map(|_| read_signature(&mut reader))
            .collect::<Result<_, DecodeError>>()?;
        let expected = read_transition(&mut reader)?;
        reader.finish()?;
        Ok(Self { parent, l1_headers, receipts, blobs, signatures, expected })
    }
}

fn put_transition(out: &mut Vec<u8>, transition: &Transition) {
    let hashes = [
        transition.configHash,
        transition.parentOutputRoot,
        transition.outputRoot,
        transition.l1OriginHash,
        transition.daHash,
    ];
    hashes.iter().for_each(|hash| out.extend_from_slice(hash.as_slice()));
    put_varint(out, transition.lastL2Block);
    put_varint(out, transition.lastL2Timestamp);
    put_varint(out, transition.l1OriginNumber);
}

fn read_transition(reader: &mut Reader) -> Result<Transition, DecodeError> {
    const WHAT: &str = "expected transition";
    Ok(Transition {
        configHash: reader.hash(WHAT)?,
        parentOutputRoot: reader.hash(WHAT)?,
        outputRoot: reader.hash(WHAT)?,
        l1OriginHash: reader.hash(WHAT)?,
        daHash: reader.hash(WHAT)?,
        lastL2Block: reader.varint(WHAT)?,
        lastL2Timestamp: reader.varint(WHAT)?,
        l1OriginNumber: reader.varint(WHAT)?,
    })
}

fn read_receipts(reader: &mut Reader) -> Result<Vec<ReceiptEnvelope>, DecodeError> {
    const WHAT: &str = "L1 receipts";
    (0..reader.count(WHAT)?)
        .map(|_| {
            let bytes = reader.bytes(WHAT)?;
            let receipt = ReceiptEnvelope::decode_2718_exact(&bytes)
                .map_err(|err| DecodeError::Rlp { what: WHAT, reason: err.to_string() })?;
            if receipt.encoded_2718() != bytes {
                return Err(DecodeError::NotCanonical(WHAT));
            }
            Ok(receipt)
        })
        .collect()
}

fn read_blobs(reader: &mut Reader) -> Result<Vec<BlobWithProof>, DecodeError> {
    const WHAT: &str = "blobs";
    let count = reader.count(WHAT)?;
    if count > MAX_BLOBS {
        return Err(DecodeError::TooLarge { what: WHAT, got: count as u64, max: MAX_BLOBS as u64 });
    }
    (0..count)
        .map(|_| {
            let bytes = reader.take(WHAT, BYTES_PER_BLOB)?;
            let mut blob = Box::new(Blob::ZERO);
            blob.copy_from_slice(&bytes);
            let commitment = Bytes48::new(reader.array(WHAT)?);
            let proof = Bytes48::new(reader.array(WHAT)?);
            Ok(BlobWithProof { blob, commitment, proof })
        })
        .collect()
}

fn read_signature(reader: &mut Reader) -> Result<Signature, DecodeError> {
    const WHAT: &str = "signatures";
    let (r, s) = (reader.hash(WHAT)?, reader.hash(WHAT)?);
    let parity = match reader.byte(WHAT)? {
        0 => false,
        1 => true,
        got => return Err(DecodeError::Unknown { what: WHAT, got: got.into() }),
    };
    Ok(Signature::new(r.into(), s.into(), parity))
}
