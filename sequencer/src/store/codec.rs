//! Keys and values as bytes.
//!
//! ```text
//! number            8 bytes, big-endian
//! history key       key ‖ number
//! slot key          address ‖ slot (32 bytes, big-endian)
//! node key          trie ‖ level ‖ nibbles, one per byte
//!                   trie: 0x00 for the account trie, 0x01 ‖ owner for a storage trie
//!                   level: 0x00 down to 3 nibbles, 0x01 below
//! node change key   number ‖ node key
//! place             number ‖ index of the transaction in the block (4 bytes, big-endian)
//! account           nonce (8) ‖ balance (32) ‖ code hash (32, left out if there is no code)
//! previous value    0x00                                there was none
//!                   0x01 ‖ value
//! list              count (4, little-endian) ‖ end of each item (4 each, from the first item on) ‖ items
//! header row        block hash ‖ origin number ‖ origin hash ‖ header in RLP
//! ```
//!
//! The upper levels of a trie, which every block changes, stand together on few pages; below them,
//! a node stands beside its children, with which it changes.

use std::borrow::Cow;

use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, Sealed, U256};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::Nibbles;
use executor::{Header, state::Account, trie::NodeKey};

use super::error::StoreError;

/// A slot of an account as a key.
pub(super) type SlotKey = [u8; 52];

/// Nodes with paths up to this length are the upper levels of a trie: at most 4369 of them, which
/// fill some 600 pages.
const UPPER_LEVELS: usize = 3;

/// A number as a key.
pub(super) const fn number_key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// The number in a key or value of 8 bytes.
pub(super) fn number(table: &'static str, bytes: &[u8]) -> Result<u64, StoreError> {
    let bytes =
        bytes.try_into().map_err(|_| StoreError::Corrupt { table, reason: "a number is not 8 bytes" })?;
    Ok(u64::from_be_bytes(bytes))
}

/// The hash in a key or value of 32 bytes.
pub(super) fn hash(table: &'static str, bytes: &[u8]) -> Result<B256, StoreError> {
    B256::try_from(bytes).map_err(|_| StoreError::Corrupt { table, reason: "a hash is not 32 bytes" })
}

/// The key under which history keeps what `block` replaced at `key`.
pub(super) fn history_key(key: &[u8], block: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 8);
    out.extend_from_slice(key);
    out.extend_from_slice(&number_key(block));
    out
}

/// The key of a storage slot.
pub(super) fn slot_key(address: Address, slot: U256) -> SlotKey {
    let mut key = [0; 52];
    let (owner, index) = key.split_at_mut(20);
    owner.copy_from_slice(address.as_slice());
    index.copy_from_slice(&slot.to_be_bytes::<32>());
    key
}

/// The key of the node at `path` in the trie of `owner`.
pub(super) fn node_key(key: &NodeKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(34 + key.path.len());
    match key.owner {
        None => out.push(0),
        Some(owner) => {
            out.push(1);
            out.extend_from_slice(owner.as_slice());
        }
    }
    out.push(u8::from(key.path.len() > UPPER_LEVELS));
    out.extend(key.path.iter());
    out
}

/// The place in the key of a node.
pub(super) fn decode_node_key(key: &[u8]) -> Result<NodeKey, StoreError> {
    let corrupt = StoreError::Corrupt { table: "TrieNodes", reason: "a key is not the place of a node" };
    let (owner, path) = match key.split_first() {
        Some((0, rest)) => (None, rest),
        Some((1, rest)) => match rest.split_first_chunk::<32>() {
            Some((owner, rest)) => (Some(B256::from(*owner)), rest),
            None => return Err(corrupt),
        },
        _ => return Err(corrupt),
    };
    match path.split_first() {
        Some((_, path)) if path.len() <= 64 && path.iter().all(|nibble| *nibble < 16) => {
            Ok(NodeKey { owner, path: Nibbles::from_nibbles_unchecked(path) })
        }
        _ => Err(corrupt),
    }
}

/// The range of keys that holds every node of the storage trie of `owner`.
pub(super) fn node_key_range(owner: B256) -> (Vec<u8>, Vec<u8>) {
    ([&[1], owner.as_slice()].concat(), [&[1], owner.as_slice(), &[u8::MAX]].concat())
}

/// The key under which the node is kept that block `number` replaced at `key`.
pub(super) fn node_change_key(number: u64, key: &[u8]) -> Vec<u8> {
    [&number_key(number), key].concat()
}

/// Where a transaction stands, as a value.
pub(super) fn encode_place(number: u64, index: u32) -> [u8; 12] {
    let mut place = [0; 12];
    let (block, rest) = place.split_at_mut(8);
    block.copy_from_slice(&number_key(number));
    rest.copy_from_slice(&index.to_be_bytes());
    place
}

/// Where a transaction stands: block number, and index in the block.
pub(super) fn decode_place(table: &'static str, bytes: &[u8]) -> Result<(u64, u32), StoreError> {
    let corrupt = StoreError::Corrupt { table, reason: "a place is not 12 bytes" };
    let Some((number, index)) = bytes.split_first_chunk::<8>() else { return Err(corrupt) };
    let index: [u8; 4] = index.try_into().map_err(|_| corrupt)?;
    Ok((u64::from_be_bytes(*number), u32::from_be_bytes(index)))
}

/// An account as a value.
pub(super) fn encode_account(account: &Account) -> Vec<u8> {
    let mut out = Vec::with_capacity(72);
    out.extend_from_slice(&account.nonce.to_be_bytes());
    out.extend_from_slice(&account.balance.to_be_bytes::<32>());
    if account.code_hash != KECCAK256_EMPTY {
        out.extend_from_slice(account.code_hash.as_slice());
    }
    out
}

/// The account in a value.
pub(super) fn decode_account(bytes: &[u8]) -> Result<Account, StoreError> {
    let corrupt = StoreError::Corrupt { table: "Accounts", reason: "an account is neither 40 nor 72 bytes" };
    let Some((nonce, rest)) = bytes.split_first_chunk::<8>() else { return Err(corrupt) };
    let Some((balance, code_hash)) = rest.split_first_chunk::<32>() else { return Err(corrupt) };
    let code_hash = match code_hash.len() {
        0 => KECCAK256_EMPTY,
        32 => B256::from_slice(code_hash),
        _ => return Err(corrupt),
    };
    Ok(Account { nonce: u64::from_be_bytes(*nonce), balance: U256::from_be_bytes(*balance), code_hash })
}

/// A slot's value as a value; `None` for zero, which has no row.
pub(super) fn encode_slot(value: U256) -> Option<Vec<u8>> {
    (!value.is_zero()).then(|| value.to_be_bytes_trimmed_vec())
}

/// The slot's value in a value.
pub(super) fn decode_slot(bytes: &[u8]) -> Result<U256, StoreError> {
    U256::try_from_be_slice(bytes)
        .ok_or(StoreError::Corrupt { table: "Slots", reason: "a slot is longer than 32 bytes" })
}

/// What a block replaced, as a value of a history table.
pub(super) fn encode_previous(previous: Option<&[u8]>) -> Vec<u8> {
    match previous {
        None => vec![0],
        Some(value) => [&[1], value].concat(),
    }
}

/// What a block replaced.
pub(super) fn decode_previous<'a>(
    table: &'static str,
    row: Cow<'a, [u8]>,
) -> Result<Option<Cow<'a, [u8]>>, StoreError> {
    match (row.first(), row.len()) {
        (Some(0), 1) => Ok(None),
        (Some(1), _) => Ok(Some(skip_first(row))),
        _ => Err(StoreError::Corrupt { table, reason: "a previous value has no valid tag" }),
    }
}

fn skip_first(row: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match row {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(1..).unwrap_or_default()),
        Cow::Owned(mut bytes) => {
            bytes.drain(..1);
            Cow::Owned(bytes)
        }
    }
}

/// What the table of headers says of a block.
#[derive(Clone, Debug)]
pub(super) struct HeaderRow {
    pub(super) origin: BlockNumHash,
    pub(super) header: Sealed<Header>,
}

/// A header with its hash and origin, as a value.
pub(super) fn encode_header(header: &Header, hash: B256, origin: BlockNumHash) -> Vec<u8> {
    let mut out = Vec::with_capacity(72 + header.length());
    out.extend_from_slice(hash.as_slice());
    out.extend_from_slice(&number_key(origin.number));
    out.extend_from_slice(origin.hash.as_slice());
    header.encode(&mut out);
    out
}

/// The block hash and the origin at the front of a header row, and the header's RLP.
pub(super) fn split_header(bytes: &[u8]) -> Result<(B256, BlockNumHash, &[u8]), StoreError> {
    let split = || {
        let (hash, rest) = bytes.split_first_chunk::<32>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (origin, rlp) = rest.split_first_chunk::<32>()?;
        Some((hash.into(), BlockNumHash::new(u64::from_be_bytes(*number), origin.into()), rlp))
    };
    split().ok_or(StoreError::Corrupt { table: "Headers", reason: "a row is too short" })
}

/// The header in a value.
pub(super) fn decode_header(bytes: &[u8]) -> Result<HeaderRow, StoreError> {
    let (hash, origin, mut rlp) = split_header(bytes)?;
    let header = Header::decode(&mut rlp)
        .map_err(|_| StoreError::Corrupt { table: "Headers", reason: "a header is not RLP" })?;
    Ok(HeaderRow { origin, header: Sealed::new_unchecked(header, hash) })
}

/// Items of varying length as one value that gives each of them without reading the others.
pub(super) fn encode_list(
    items: impl ExactSizeIterator<Item = Vec<u8>>,
) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let head = 4 + 4 * items.len();
    let mut out = Vec::with_capacity(head + 256 * items.len());
    out.extend_from_slice(&u32::try_from(items.len())?.to_le_bytes());
    out.resize(head, 0);
    for (i, item) in items.enumerate() {
        out.extend_from_slice(&item);
        let end = u32::try_from(out.len() - head)?;
        if let Some(place) = out.get_mut(4 + 4 * i..8 + 4 * i) {
            place.copy_from_slice(&end.to_le_bytes());
        }
    }
    Ok(out)
}

/// A value that [`encode_list`] made.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    table: &'static str,
    count: usize,
    ends: &'a [u8],
    items: &'a [u8],
}

impl<'a> List<'a> {
    /// Reads the front of the value.
    pub(super) fn new(table: &'static str, bytes: &'a [u8]) -> Result<Self, StoreError> {
        let split = || {
            let (count, rest) = bytes.split_first_chunk::<4>()?;
            let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
            let (ends, items) = rest.split_at_checked(count.checked_mul(4)?)?;
            Some(Self { table, count, ends, items })
        };
        split().ok_or(StoreError::Corrupt { table, reason: "a list is cut off" })
    }

    /// Number of items.
    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Item `index`, or `None` behind the last.
    pub(super) fn get(&self, index: usize) -> Result<Option<&'a [u8]>, StoreError> {
        if index >= self.count {
            return Ok(None);
        }
        let item = || {
            let start = if index == 0 { 0 } else { self.end(index - 1)? };
            self.items.get(start..self.end(index)?)
        };
        item().map(Some).ok_or(StoreError::Corrupt { table: self.table, reason: "an item is cut off" })
    }

    /// All items, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Result<&'a [u8], StoreError>> {
        (0..self.count).filter_map(move |index| self.get(index).transpose())
    }

    fn end(&self, index: usize) -> Option<usize> {
        let end: [u8; 4] = self.ends.get(4 * index..4 * index + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(end)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn accounts_survive(nonce: u64, balance: [u8; 32], code_hash: Option<[u8; 32]>) {
            let account = Account {
                nonce,
                balance: U256::from_be_bytes(balance),
                code_hash: code_hash.map_or(KECCAK256_EMPTY, B256::new),
            };
            prop_assert_eq!(decode_account(&encode_account(&account)).unwrap(), account);
        }

        #[test]
        fn transactions_are_found_where_they_are(number: u64, index: u32, other: Vec<u8>) {
            prop_assert_eq!(decode_place("test", &encode_place(number, index)).unwrap(), (number, index));
            prop_assert_eq!(decode_place("test", &other).is_ok(), other.len() == 12);
        }

        #[test]
        fn slots_survive(value: [u8; 32]) {
            let value = U256::from_be_bytes(value);
            let decoded = encode_slot(value).map_or(U256::ZERO, |bytes| decode_slot(&bytes).unwrap());
            prop_assert_eq!(decoded, value);
        }

        #[test]
        fn lists_give_each_item(items: Vec<Vec<u8>>) {
            let bytes = encode_list(items.iter().cloned()).unwrap();
            let list = List::new("test", &bytes).unwrap();
            prop_assert_eq!(list.len(), items.len());
            for (index, item) in items.iter().enumerate() {
                prop_assert_eq!(list.get(index).unwrap(), Some(&item[..]));
            }
            prop_assert_eq!(list.get(items.len()).unwrap(), None);
            prop_assert_eq!(list.iter().map(|item| item.unwrap().to_vec()).collect::<Vec<_>>(), items);
        }

        #[test]
        fn damaged_values_are_errors(bytes: Vec<u8>) {
            let _ = decode_account(&bytes);
            let _ = decode_header(&bytes);
            let _ = decode_slot(&bytes);
            let _ = decode_previous("test", Cow::Borrowed(&bytes));
            if let Ok(list) = List::new("test", &bytes) {
                let _ = list.iter().take(64).collect::<Result<Vec<_>, _>>();
            }
        }

        #[test]
        fn places_have_keys_of_their_own(
            a in prop::collection::vec(0u8..16, 0..=64),
            b in prop::collection::vec(0u8..16, 0..=64),
            owned: (bool, bool),
        ) {
            let owner = B256::repeat_byte(7);
            let key = |nibbles: &[u8], owned: bool| node_key(&NodeKey {
                owner: owned.then_some(owner),
                path: alloy_trie::Nibbles::from_nibbles(nibbles),
            });
            let (x, y) = (key(&a, owned.0), key(&b, owned.1));
            let place = decode_node_key(&x).unwrap();
            prop_assert_eq!(&place.path.to_vec(), &a);
            prop_assert_eq!(place.owner.is_some(), owned.0);
            prop_assert_eq!(x == y, (a, owned.0) == (b, owned.1));
            let (first, last) = node_key_range(owner);
            prop_assert_eq!(first <= x && x <= last, owned.0);
        }
    }
}
