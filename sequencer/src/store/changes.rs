//! Which keys a block changed: what unwinding and pruning walk.
//!
//! ```text
//! block changes     three lists: accounts, slots, codes; for each
//!                   length in bytes (4, little-endian) ‖ for each key: length (1) ‖ key
//! ```

use super::codec::number_key;
use super::engine::{self, WriteTx};
use super::error::StoreError;

/// The keys that one block changed, table by table, each in the order in which it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockChanges {
    /// Keys of the table of accounts.
    pub(super) accounts: KeyList,
    /// Keys of the table of slots.
    pub(super) slots: KeyList,
    /// Hashes of code that no block before had deployed.
    pub(super) codes: KeyList,
}

impl BlockChanges {
    /// What block `number` changed; it must be within the history that is kept.
    pub(super) fn read(tx: &WriteTx, number: u64) -> Result<Self, StoreError> {
        let row = engine::get(tx.reader(), tx.tables.block_changes, &number_key(number))?.ok_or(
            StoreError::Corrupt { table: "BlockChanges", reason: "a block of the history has no row" },
        )?;
        Self::decode(&row)
    }

    /// As a value.
    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let lists = [&self.accounts, &self.slots, &self.codes];
        let mut out = Vec::with_capacity(lists.iter().map(|list| 4 + list.0.len()).sum());
        for list in lists {
            let len = u32::try_from(list.0.len()).map_err(|_| StoreError::TooLarge {
                table: "BlockChanges",
                key: 8,
                value: list.0.len(),
            })?;
            out.extend_from_slice(&len.to_le_bytes());
            out.extend_from_slice(&list.0);
        }
        Ok(out)
    }

    /// From a value.
    pub(super) fn decode(mut bytes: &[u8]) -> Result<Self, StoreError> {
        let mut list = || -> Option<KeyList> {
            let (len, rest) = bytes.split_first_chunk::<4>()?;
            let (keys, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
            bytes = rest;
            Some(KeyList(keys.to_vec()))
        };
        let lists = (|| Some(Self { accounts: list()?, slots: list()?, codes: list()? }))();
        lists.filter(|_| bytes.is_empty()).ok_or(CORRUPT)
    }
}

/// Keys of one table, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyList(Vec<u8>);

impl KeyList {
    /// Adds a key. Keys are at most 255 bytes long: the engine layer refuses longer ones before.
    pub(super) fn push(&mut self, key: &[u8]) {
        self.0.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(key);
    }

    /// The keys in the order in which they were added.
    pub(super) fn iter(&self) -> impl Iterator<Item = Result<&[u8], StoreError>> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (len, after) = rest.split_first()?;
            let Some((key, after)) = after.split_at_checked((*len).into()) else {
                rest = &[];
                return Some(Err(CORRUPT));
            };
            rest = after;
            Some(Ok(key))
        })
    }
}

const CORRUPT: StoreError = StoreError::Corrupt { table: "BlockChanges", reason: "a list is cut off" };

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn changes_survive(lists in prop::array::uniform3(prop::collection::vec(prop::collection::vec(any::<u8>(), 1..128), 0..8))) {
            let key_list = |keys: &Vec<Vec<u8>>| {
                let mut list = KeyList::default();
                keys.iter().for_each(|key| list.push(key));
                list
            };
            let changes = BlockChanges {
                accounts: key_list(&lists[0]),
                slots: key_list(&lists[1]),
                codes: key_list(&lists[2]),
            };
            let decoded = BlockChanges::decode(&changes.encode().unwrap()).unwrap();
            prop_assert_eq!(&decoded, &changes);
            let keys: Vec<_> = decoded.codes.iter().map(|key| key.unwrap().to_vec()).collect();
            prop_assert_eq!(&keys, &lists[2]);
        }

        #[test]
        fn damaged_changes_are_errors(bytes: Vec<u8>) {
            if let Ok(changes) = BlockChanges::decode(&bytes) {
                let _ = changes.accounts.iter().collect::<Result<Vec<_>, _>>();
            }
        }
    }
}
