//! The addresses of a batch, each written once.
//!
//! The dictionary lists them in the order of their first use. A column refers to an address by a
//! varint: 0 for the next one that was not used before, else its position plus one.

use std::collections::{HashMap, HashSet};

use alloy_primitives::Address;

use crate::codec::{DecodeError, Reader, put_varint};

/// The dictionary of a batch that is being written.
#[derive(Default)]
pub(super) struct DictionaryWriter {
    positions: HashMap<Address, u64>,
    addresses: Vec<Address>,
}

impl DictionaryWriter {
    /// Appends a reference to `address`.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, address: Address) {
        let next = self.addresses.len() as u64;
        match self.positions.entry(address) {
            std::collections::hash_map::Entry::Occupied(known) => put_varint(out, known.get() + 1),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                vacant.insert(next);
                self.addresses.push(address);
                out.push(0);
            }
        }
    }

    pub(super) fn into_addresses(self) -> Vec<Address> {
        self.addresses
    }
}

/// The dictionary of a batch that is being read.
pub(super) struct DictionaryReader {
    addresses: Vec<Address>,
    /// How many were used so far.
    used: usize,
}

impl DictionaryReader {
    /// Takes the next `count` addresses, which must all differ.
    pub(super) fn read(reader: &mut Reader, count: usize) -> Result<Self, DecodeError> {
        const WHAT: &str = "dictionary";
        let bytes = reader.take(WHAT, count.saturating_mul(Address::len_bytes()))?;
        let addresses: Vec<Address> =
            bytes.chunks_exact(Address::len_bytes()).map(Address::from_slice).collect();
        let different: HashSet<&Address> = addresses.iter().collect();
        if different.len() != addresses.len() {
            return Err(DecodeError::NotCanonical(WHAT));
        }
        Ok(Self { addresses, used: 0 })
    }

    /// Follows a reference.
    pub(super) fn address(
        &mut self,
        reader: &mut Reader,
        what: &'static str,
    ) -> Result<Address, DecodeError> {
        let reference = reader.varint(what)?;
        let position = match reference.checked_sub(1) {
            None => {
                self.used += 1;
                self.used - 1
            }
            Some(known) => usize::try_from(known)
                .ok()
                .filter(|known| *known < self.used)
                .ok_or(DecodeError::TooLarge { what, got: reference, max: self.used as u64 })?,
        };
        let max = self.addresses.len() as u64;
        self.addresses.get(position).copied().ok_or(DecodeError::TooLarge { what, got: reference, max })
    }

    /// Succeeds if every address was used.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        if self.used == self.addresses.len() { Ok(()) } else { Err(DecodeError::NotCanonical("dictionary")) }
    }
}
