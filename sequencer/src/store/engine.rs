//! The thin layer over MDBX: bytes in, bytes out, and no write that MDBX would abort on.

use std::borrow::Cow;

use signet_libmdbx::tx::aliases::RwTxUnsync;
use signet_libmdbx::tx::{Cursor, Rw, Tx};
use signet_libmdbx::{TransactionKind, WriteFlags};

use super::error::StoreError;
use super::tables::{Table, Tables};

/// Longest key that any table uses, with room: a trie node's place with its block number takes 106
/// bytes. MDBX would take 2022 with pages of 4 KiB.
const MAX_KEY: usize = 128;

/// Longest value: 256 MiB. The largest we write, the payload of a batch, stays far below; MDBX takes
/// up to 2 GiB.
const MAX_VALUE: usize = 256 << 20;

/// A row: key and value, borrowed from the memory map where that is sound.
pub(super) type Row<'tx> = (Cow<'tx, [u8]>, Cow<'tx, [u8]>);

/// The value at `key`.
pub(super) fn get<'tx, K: TransactionKind>(
    tx: &'tx Tx<K>,
    table: Table,
    key: &[u8],
) -> Result<Option<Cow<'tx, [u8]>>, StoreError> {
    tx.get(table.db.dbi(), key).map_err(StoreError::read(table.name))
}

/// The first row whose key is `key` or greater.
pub(super) fn first_from<'tx, K: TransactionKind>(
    tx: &'tx Tx<K>,
    table: Table,
    key: &[u8],
) -> Result<Option<Row<'tx>>, StoreError> {
    cursor(tx, table)?.set_range(key).map_err(StoreError::read(table.name))
}

/// The row with the greatest key.
pub(super) fn last<K: TransactionKind>(tx: &Tx<K>, table: Table) -> Result<Option<Row<'_>>, StoreError> {
    cursor(tx, table)?.last().map_err(StoreError::read(table.name))
}

/// The rows whose keys lie between `first` and `last`, both included, in order.
pub(super) fn rows<'tx, K: TransactionKind>(
    tx: &'tx Tx<K>,
    table: Table,
    first: &[u8],
    last: &[u8],
) -> Result<Rows<'tx, K>, StoreError> {
    Ok(Rows { cursor: cursor(tx, table)?, table, first: Some(first.to_vec()), last: Some(last.to_vec()) })
}

fn cursor<K: TransactionKind>(tx: &Tx<K>, table: Table) -> Result<Cursor<'_, K>, StoreError> {
    tx.cursor(table.db).map_err(StoreError::engine("open a cursor"))
}

/// Iterator over a range of rows. Ends after the first error.
#[derive(Debug)]
pub(super) struct Rows<'tx, K: TransactionKind> {
    cursor: Cursor<'tx, K>,
    table: Table,
    /// Where to begin; taken by the first step.
    first: Option<Vec<u8>>,
    /// Where to end, included; `None` once there.
    last: Option<Vec<u8>>,
}

impl<'tx, K: TransactionKind> Iterator for Rows<'tx, K> {
    type Item = Result<Row<'tx>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let last = self.last.as_ref()?;
        let step: Result<Option<Row<'tx>>, _> = match self.first.take() {
            Some(first) => self.cursor.set_range(&first),
            None => self.cursor.next(),
        };
        let row = match step {
            Ok(Some((key, value))) if *key <= **last => return Some(Ok((key, value))),
            Ok(_) => None,
            Err(error) => Some(Err(StoreError::read(self.table.name)(error))),
        };
        self.last = None;
        row
    }
}

/// A write transaction. Dropped without [`commit`](Self::commit), it leaves no trace.
///
/// There is one at a time; the next waits for it. It stays on the thread that began it.
#[derive(Debug)]
pub(super) struct WriteTx {
    tx: RwTxUnsync,
    pub(super) tables: Tables,
}

impl WriteTx {
    pub(super) fn new(tx: RwTxUnsync, tables: Tables) -> Self {
        Self { tx, tables }
    }

    /// For the functions above.
    pub(super) fn reader(&self) -> &Tx<Rw> {
        &self.tx
    }

    /// Inserts or replaces a row.
    pub(super) fn put(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(table, key, value)?;
        self.tx.put(table.db, key, value, WriteFlags::UPSERT).map_err(StoreError::engine(table.name))
    }

    /// Inserts a row after the last one of its table: fails if its key is not the greatest.
    pub(super) fn append(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(table, key, value)?;
        self.tx.append(table.db, key, value).map_err(StoreError::engine(table.name))
    }

    /// Removes a row, if it is there.
    pub(super) fn delete(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.tx.del(table.db, key, None).map(drop).map_err(StoreError::engine(table.name))
    }

    /// Removes all rows whose keys lie between `first` and `last`, both included.
    pub(super) fn delete_range(&self, table: Table, first: &[u8], last: &[u8]) -> Result<(), StoreError> {
        let mut cursor = self.cursor(table)?;
        while let Some(key) = cursor.seek(first)?
            && *key <= *last
        {
            cursor.delete()?;
        }
        Ok(())
    }

    /// A cursor for many writes to one table in the order of keys.
    pub(super) fn cursor(&self, table: Table) -> Result<WriteCursor<'_>, StoreError> {
        Ok(WriteCursor { cursor: cursor(&self.tx, table)?, table })
    }

    /// Makes everything written durable: when this returns, it survives a loss of power.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().map_err(StoreError::engine("commit"))
    }
}

/// A place in one table, for writing.
#[derive(Debug)]
pub(super) struct WriteCursor<'tx> {
    cursor: Cursor<'tx, Rw>,
    table: Table,
}

impl<'tx> WriteCursor<'tx> {
    /// Moves to `key`, if it is there, and returns its value.
    pub(super) fn find(&mut self, key: &[u8]) -> Result<Option<Cow<'tx, [u8]>>, StoreError> {
        self.cursor.set(key).map_err(StoreError::read(self.table.name))
    }

    /// Moves to the first key that is `key` or greater, and returns it.
    pub(super) fn seek(&mut self, key: &[u8]) -> Result<Option<Cow<'tx, [u8]>>, StoreError> {
        let row: Option<(Cow<'tx, [u8]>, ())> =
            self.cursor.set_range(key).map_err(StoreError::read(self.table.name))?;
        Ok(row.map(|(key, ())| key))
    }

    /// Inserts or replaces a row.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(self.table, key, value)?;
        self.cursor.put(key, value, WriteFlags::UPSERT).map_err(StoreError::engine(self.table.name))
    }

    /// Inserts a row; fails if there is one with this key.
    pub(super) fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(self.table, key, value)?;
        self.cursor.put(key, value, WriteFlags::NO_OVERWRITE).map_err(StoreError::engine(self.table.name))
    }

    /// Inserts a row after the last one of its table: fails if its key is not the greatest.
    pub(super) fn append(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(self.table, key, value)?;
        self.cursor.append(key, value).map_err(StoreError::engine(self.table.name))
    }

    /// Replaces the value of the row at which the cursor stands, whose key is `key`.
    pub(super) fn replace(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_size(self.table, key, value)?;
        self.cursor.put(key, value, WriteFlags::CURRENT).map_err(StoreError::engine(self.table.name))
    }

    /// Removes the row at which the cursor stands.
    pub(super) fn delete(&mut self) -> Result<(), StoreError> {
        self.cursor.del().map_err(StoreError::engine(self.table.name))
    }
}

/// MDBX aborts the process on a row that it cannot hold; this refuses it first.
fn check_size(table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if key.is_empty() || key.len() > MAX_KEY || value.len() > MAX_VALUE {
        return Err(StoreError::TooLarge { table: table.name, key: key.len(), value: value.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use signet_libmdbx::Environment;

    use super::*;

    #[test]
    fn rows_that_mdbx_cannot_hold_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let env = Environment::builder().set_max_dbs(Tables::COUNT).open(folder.path()).unwrap();
        let tx = env.begin_rw_unsync().unwrap();
        let tables = Tables::create(&tx).unwrap();
        let tx = WriteTx::new(tx, tables);
        let mut cursor = tx.cursor(tables.codes).unwrap();
        for (key, value) in [(0, 1), (MAX_KEY + 1, 1), (1, MAX_VALUE + 1)] {
            let (key, value) = (vec![1; key], vec![0; value]);
            let refused = [
                tx.put(tables.codes, &key, &value),
                tx.append(tables.codes, &key, &value),
                cursor.put(&key, &value),
                cursor.insert(&key, &value),
                cursor.append(&key, &value),
                cursor.replace(&key, &value),
            ];
            assert!(refused.iter().all(|result| matches!(
                result,
                Err(StoreError::TooLarge { table: "Codes", key: k, value: v })
                    if (*k, *v) == (key.len(), value.len())
            )));
        }
        tx.put(tables.codes, &[1; MAX_KEY], &vec![1; 4 << 20]).unwrap();
        drop(cursor);
        tx.commit().unwrap();
        let tx = env.begin_ro_sync().unwrap();
        assert_eq!(get(&tx, tables.codes, &[1; MAX_KEY]).unwrap().unwrap().len(), 4 << 20);
    }

    #[test]
    fn a_range_of_rows_ends_where_it_should() {
        let folder = tempfile::tempdir().unwrap();
        let env = Environment::builder().set_max_dbs(Tables::COUNT).open(folder.path()).unwrap();
        let tx = env.begin_rw_unsync().unwrap();
        let tables = Tables::create(&tx).unwrap();
        let tx = WriteTx::new(tx, tables);
        let keys = |first: &[u8], last: &[u8]| {
            let rows = rows(tx.reader(), tables.codes, first, last).unwrap();
            rows.map(|row| row.unwrap().0[0]).collect::<Vec<_>>()
        };
        assert!(keys(&[0], &[255]).is_empty());
        (1..=9).step_by(2).for_each(|key| tx.put(tables.codes, &[key], &[]).unwrap());
        assert_eq!(keys(&[0], &[255]), [1, 3, 5, 7, 9]);
        assert_eq!(keys(&[3], &[7]), [3, 5, 7]);
        assert_eq!(keys(&[4], &[6]), [5]);
        assert!(keys(&[6], &[6]).is_empty());
        assert!(keys(&[7], &[3]).is_empty());
        tx.delete_range(tables.codes, &[2], &[7]).unwrap();
        assert_eq!(keys(&[0], &[255]), [1, 9]);
    }
}
