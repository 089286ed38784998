//! Bytes <-> EIP-4844 blobs.
//!
//! A field element holds a number below a modulus slightly above 2^254, so four of them hold 127
//! bytes: 31 bytes each, and in the six low bits of their first bytes a quarter of three more.
//!
//! ```text
//! stream       length of the data, 4 bytes, little-endian ‖ data ‖ zeros to the end of the last blob
//! 127 bytes    a (31) ‖ b (31) ‖ c (31) ‖ d (31) ‖ x y z
//! 4 elements   00(x >> 2) a ‖ 00((x & 3) << 4 | y >> 4) b ‖ 00((y & 15) << 2 | z >> 6) c ‖ 00(z & 63) d
//! ```
//!
//! One data, one list of blobs: the number of blobs is the least that holds the stream, and every
//! bit beyond the data is zero.

use alloy_eips::eip4844::{Blob, Bytes48, kzg_to_versioned_hash};
use alloy_primitives::B256;

/// The most blobs that one transaction, and so one batch, may carry (EIP-7594).
pub const MAX_BLOBS: usize = 6;

/// Bytes that one blob holds.
pub const BLOB_CAPACITY: usize = 4096 / 4 * GROUP;

/// The most data that a batch may have, in bytes.
pub const MAX_DATA: usize = MAX_BLOBS * BLOB_CAPACITY - LENGTH;

/// Bytes of the length field.
const LENGTH: usize = 4;
/// Bytes that four field elements hold.
const GROUP: usize = 127;
/// Bytes of four field elements.
const GROUP_ELEMENTS: usize = 128;

/// A blob with what proves that its bytes belong to its versioned hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobWithProof {
    /// 4096 field elements.
    pub blob: Box<Blob>,
    /// KZG commitment.
    pub commitment: Bytes48,
    /// Proof that the blob's polynomial and the commitment agree (EIP-4844 `compute_blob_kzg_proof`).
    pub proof: Bytes48,
}

/// Why blobs are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// More data than one batch may have.
    #[error("{got} bytes of data, at most {MAX_DATA} fit into {MAX_BLOBS} blobs")]
    TooLarge {
        /// Bytes of data.
        got: usize,
    },
    /// Not as many blobs as the data needs.
    #[error("{got} blobs, the data needs {expected}")]
    Count {
        /// Blobs that the data needs.
        expected: usize,
        /// Blobs given.
        got: usize,
    },
    /// A bit that no data uses is set.
    #[error("blobs are not padded with zeros")]
    Padding,
    /// A blob does not belong to its commitment.
    #[error("the KZG proofs do not prove the blobs")]
    Proof,
    /// The KZG library refused its input: an element or a point that does not exist.
    #[error("KZG: {0}")]
    Kzg(#[from] c_kzg::Error),
}

impl BlobWithProof {
    /// Commits to a blob and proves the commitment. Takes about 0.1 s.
    pub fn new(blob: Box<Blob>) -> Result<Self, BlobError> {
        let kzg = trusted_setup();
        let bytes = c_kzg::Blob::from_bytes(blob.as_slice())?;
        let commitment = kzg.blob_to_kzg_commitment(&bytes)?.to_bytes();
        let proof = kzg.compute_blob_kzg_proof(&bytes, &commitment)?.to_bytes();
        Ok(Self {
            blob,
            commitment: Bytes48::new(commitment.into_inner()),
            proof: Bytes48::new(proof.into_inner()),
        })
    }

    /// The versioned hash by which L1 knows the blob: `0x01 ‖ sha256(commitment)[1..]`.
    pub fn versioned_hash(&self) -> B256 {
        kzg_to_versioned_hash(self.commitment.as_slice())
    }
}

/// Packs data into the least number of blobs.
pub fn to_blobs(data: &[u8]) -> Result<Vec<Box<Blob>>, BlobError> {
    let too_large = BlobError::TooLarge { got: data.len() };
    let Ok(length) = u32::try_from(data.len()) else { return Err(too_large) };
    if data.len() > MAX_DATA {
        return Err(too_large);
    }
    let mut stream = Vec::with_capacity(LENGTH + data.len());
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(data);
    Ok(stream.chunks(BLOB_CAPACITY).map(pack).collect())
}

/// The data that blobs hold.
pub fn from_blobs<'a>(blobs: impl IntoIterator<Item = &'a Blob>) -> Result<Vec<u8>, BlobError> {
    let mut stream = Vec::new();
    let mut got = 0;
    for blob in blobs {
        got += 1;
        if got > MAX_BLOBS {
            return Err(BlobError::Count { expected: MAX_BLOBS, got });
        }
        unpack(blob, &mut stream)?;
    }
    let Some((length, rest)) = stream.split_first_chunk::<LENGTH>() else {
        return Err(BlobError::Count { expected: 1, got });
    };
    let length = u32::from_le_bytes(*length) as usize;
    let expected = (LENGTH + length).div_ceil(BLOB_CAPACITY);
    match rest.split_at_checked(length) {
        Some((_, padding)) if got == expected => {
            if padding.iter().any(|byte| *byte != 0) {
                return Err(BlobError::Padding);
            }
        }
        _ => return Err(BlobError::Count { expected, got }),
    }
    stream.drain(..LENGTH);
    stream.truncate(length);
    Ok(stream)
}

/// Checks that every blob belongs to its commitment, all proofs at once.
pub fn verify(blobs: &[BlobWithProof]) -> Result<(), BlobError> {
    let mut list = Vec::with_capacity(blobs.len());
    let (mut commitments, mut proofs) = (Vec::new(), Vec::new());
    for blob in blobs {
        // The library wants all blobs in one piece of memory.
        list.push(c_kzg::Blob::from_bytes(blob.blob.as_slice())?);
        commitments.push(c_kzg::Bytes48::new(blob.commitment.0));
        proofs.push(c_kzg::Bytes48::new(blob.proof.0));
    }
    match trusted_setup().verify_blob_kzg_proof_batch(&list, &commitments, &proofs)? {
        true => Ok(()),
        false => Err(BlobError::Proof),
    }
}

/// The trusted setup of Ethereum. The first call loads it, which takes a moment: made early, it saves
/// the first batch from waiting. It has no precomputed tables: they cost seconds at the start and
/// 100 MB, and speed up nothing but cell proofs.
pub fn trusted_setup() -> &'static c_kzg::KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

/// One blob from at most [`BLOB_CAPACITY`] bytes.
fn pack(bytes: &[u8]) -> Box<Blob> {
    let mut blob = Box::new(Blob::ZERO);
    for (elements, chunk) in blob.chunks_exact_mut(GROUP_ELEMENTS).zip(bytes.chunks(GROUP)) {
        let mut group = [0u8; GROUP];
        for (to, from) in group.iter_mut().zip(chunk) {
            *to = *from;
        }
        let [.., x, y, z] = group;
        let heads = [x >> 2, (x & 3) << 4 | y >> 4, (y & 15) << 2 | z >> 6, z & 63];
        for ((element, body), head) in elements.chunks_exact_mut(32).zip(group.chunks_exact(31)).zip(heads) {
            if let Some((first, rest)) = element.split_first_mut() {
                *first = head;
                rest.copy_from_slice(body);
            }
        }
    }
    blob
}

/// Appends the [`BLOB_CAPACITY`] bytes that a blob holds.
fn unpack(blob: &Blob, stream: &mut Vec<u8>) -> Result<(), BlobError> {
    stream.reserve(BLOB_CAPACITY);
    for elements in blob.chunks_exact(GROUP_ELEMENTS) {
        let mut heads = [0u8; 4];
        for (element, head) in elements.chunks_exact(32).zip(&mut heads) {
            if let Some((first, rest)) = element.split_first() {
                if *first > 63 {
                    return Err(BlobError::Padding);
                }
                *head = *first;
                stream.extend_from_slice(rest);
            }
        }
        let [a, b, c, d] = heads;
        stream.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes without structure, from a seed.
    fn noise(seed: u64, len: usize) -> Vec<u8> {
        let mut block = alloy_primitives::keccak256(seed.to_le_bytes());
        let mut out = Vec::with_capacity(len + 32);
        while out.len() < len {
            out.extend_from_slice(block.as_slice());
            block = alloy_primitives::keccak256(block);
        }
        out.truncate(len);
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn round_trip(seed: u64, len in 0..=3 * BLOB_CAPACITY) {
            let data = noise(seed, len);
            let blobs = to_blobs(&data).unwrap();
            prop_assert_eq!(blobs.len(), (len + LENGTH).div_ceil(BLOB_CAPACITY));
            prop_assert_eq!(from_blobs(blobs.iter().map(|blob| &**blob)).unwrap(), data);
        }

        /// Whatever decodes is what encoding gives: no two lists of blobs hold the same data.
        #[test]
        fn one_data_one_list_of_blobs(seed: u64, len in 0..1000usize, at in 0..131_072usize, bit in 0..8u8) {
            let mut blobs = to_blobs(&noise(seed, len)).unwrap();
            blobs[0][at] ^= 1 << bit;
            if let Ok(data) = from_blobs(blobs.iter().map(|blob| &**blob)) {
                prop_assert_eq!(to_blobs(&data).unwrap(), blobs);
            }
        }
    }

    #[test]
    fn sizes_at_the_edges() {
        for len in [0, 1, BLOB_CAPACITY - LENGTH, BLOB_CAPACITY - LENGTH + 1, MAX_DATA] {
            let data = noise(1, len);
            let blobs = to_blobs(&data).unwrap();
            assert!(blobs.len() <= MAX_BLOBS);
            assert_eq!(from_blobs(blobs.iter().map(|blob| &**blob)).unwrap(), data);
        }
        assert!(matches!(to_blobs(&vec![0; MAX_DATA + 1]), Err(BlobError::TooLarge { .. })));
        assert!(matches!(from_blobs([]), Err(BlobError::Count { expected: 1, got: 0 })));
    }

    #[test]
    fn superfluous_or_missing_blobs_are_refused() {
        let blobs = to_blobs(&noise(2, BLOB_CAPACITY)).unwrap();
        assert_eq!(blobs.len(), 2);
        let zero = Blob::ZERO;
        let with = |list: &[&Blob]| from_blobs(list.iter().copied());
        assert!(with(&[&blobs[0], &blobs[1]]).is_ok());
        assert!(matches!(with(&[&blobs[0]]), Err(BlobError::Count { expected: 2, got: 1 })));
        assert!(matches!(
            with(&[&blobs[0], &blobs[1], &zero]),
            Err(BlobError::Count { expected: 2, got: 3 })
        ));
    }

    #[test]
    fn proofs_bind_blob_commitment_and_order() {
        let blobs: Vec<BlobWithProof> = to_blobs(&noise(3, BLOB_CAPACITY))
            .unwrap()
            .into_iter()
            .map(|blob| BlobWithProof::new(blob).unwrap())
            .collect();
        verify(&blobs).unwrap();
        verify(&[]).unwrap();

        let mut changed = blobs.clone();
        changed[1].blob[77] ^= 1;
        assert!(matches!(verify(&changed), Err(BlobError::Proof)));

        let mut swapped = blobs.clone();
        let (left, right) = swapped.split_at_mut(1);
        std::mem::swap(&mut left[0].blob, &mut right[0].blob);
        assert!(matches!(verify(&swapped), Err(BlobError::Proof)));

        let mut not_a_point = blobs;
        not_a_point[0].proof = Bytes48::repeat_byte(7);
        assert!(matches!(verify(&not_a_point), Err(BlobError::Kzg(_))));
    }
}
