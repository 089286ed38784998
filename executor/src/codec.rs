//! Reading and writing the binary formats of this crate: batches, witnesses, batch inputs.
//!
//! Numbers are LEB128 varints in their shortest form, byte strings are preceded by their length,
//! and nothing may follow the last field. What can be decoded is therefore exactly what can be
//! encoded: one value, one encoding.

use alloy_primitives::{B256, Bytes};
use alloy_rlp::{Decodable, Encodable};

use crate::Header;

/// Why bytes do not decode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a field.
    #[error("{what}: {wanted} bytes wanted, {left} left")]
    UnexpectedEnd {
        /// The field.
        what: &'static str,
        /// Bytes that the field needs.
        wanted: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// Bytes follow the last field.
    #[error("{0} bytes after the end")]
    TrailingBytes(usize),
    /// The value has another, canonical encoding.
    #[error("{0}: not the canonical encoding")]
    NotCanonical(&'static str),
    /// The value lies outside of what the field may hold.
    #[error("{what}: {got}, at most {max} allowed")]
    TooLarge {
        /// The field.
        what: &'static str,
        /// The value found.
        got: u64,
        /// The largest allowed one.
        max: u64,
    },
    /// A tag that this version of the format does not know.
    #[error("{what}: unknown value {got}")]
    Unknown {
        /// The field.
        what: &'static str,
        /// The value found.
        got: u64,
    },
    /// Bytes that should be the RLP encoding of an Ethereum object are not.
    #[error("{what}: {reason}")]
    Rlp {
        /// The field.
        what: &'static str,
        /// What the RLP decoder found.
        reason: String,
    },
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// Appends a byte string with its length before it.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the RLP encoding of a header with its length before it.
pub(crate) fn put_header(out: &mut Vec<u8>, header: &Header) {
    put_varint(out, header.length() as u64);
    header.encode(out);
}

/// Takes fields off the front of a buffer. Byte strings share the buffer's memory.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    bytes: Bytes,
    /// Offset of the first byte not read yet, at most `bytes.len()`.
    at: usize,
}

impl Reader {
    pub(crate) const fn new(bytes: Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes not read yet.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Succeeds if everything was read.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        match self.rest().len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, what: &'static str, len: usize) -> Result<Bytes, DecodeError> {
        let left = self.rest().len();
        if len > left {
            return Err(DecodeError::UnexpectedEnd { what, wanted: len, left });
        }
        let taken = self.bytes.slice(self.at..self.at + len);
        self.at += len;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let rest = self.rest();
        let head = *rest.first_chunk::<N>().ok_or(DecodeError::UnexpectedEnd {
            what,
            wanted: N,
            left: rest.len(),
        })?;
        self.at += N;
        Ok(head)
    }

    pub(crate) fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub(crate) fn hash(&mut self, what: &'static str) -> Result<B256, DecodeError> {
        self.array(what).map(B256::new)
    }

    pub(crate) fn varint(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for index in 0..10 {
            let byte = self.byte(what)?;
            // The tenth byte holds bit 63 alone; a last byte of zero would be a longer form.
            if (index == 9 && byte > 1) || (index > 0 && byte == 0) {
                return Err(DecodeError::NotCanonical(what));
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::NotCanonical(what))
    }

    /// A varint that counts things of which each takes at least one byte of what is left.
    pub(crate) fn count(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let count = self.varint(what)?;
        let left = self.rest().len();
        match usize::try_from(count) {
            Ok(count) if count <= left => Ok(count),
            _ => Err(DecodeError::TooLarge { what, got: count, max: left as u64 }),
        }
    }

    /// A byte string preceded by its length.
    pub(crate) fn bytes(&mut self, what: &'static str) -> Result<Bytes, DecodeError> {
        let len = self.count(what)?;
        self.take(what, len)
    }

    /// A header preceded by the length of its RLP encoding.
    pub(crate) fn header(&mut self, what: &'static str) -> Result<Header, DecodeError> {
        let bytes = self.bytes(what)?;
        let header = Header::decode(&mut &bytes[..])
            .map_err(|err| DecodeError::Rlp { what, reason: err.to_string() })?;
        if alloy_rlp::encode(&header) != bytes {
            return Err(DecodeError::NotCanonical(what));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn varint_round_trip(value: u64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            let mut reader = Reader::new(bytes.into());
            prop_assert_eq!(reader.varint("value"), Ok(value));
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn a_varint_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
            let mut reader = Reader::new(bytes.clone().into());
            if let Ok(value) = reader.varint("value") {
                let mut again = Vec::new();
                put_varint(&mut again, value);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - reader.rest().len()]);
            }
        }
    }

    #[test]
    fn counts_are_bounded_before_anything_is_allocated() {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, u64::MAX);
        let mut reader = Reader::new(bytes.into());
        assert_eq!(
            reader.count("nodes"),
            Err(DecodeError::TooLarge { what: "nodes", got: u64::MAX, max: 0 })
        );
    }
}
