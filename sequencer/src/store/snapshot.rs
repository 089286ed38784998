//! Reading the store as it was at one moment.

use std::ops::RangeInclusive;
use std::sync::Arc;

use alloy_eips::{BlockNumHash, eip2718::Decodable2718, eip4895::Withdrawals};
use alloy_primitives::{Address, B256, Bytes, Sealed};
use executor::trie::ReplacedNode;
use executor::witness::BlockWitness;
use executor::{Block, Header, Receipt, Transaction};
use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;
use signet_libmdbx::tx::aliases::RoTxSync;
use tokio::sync::watch;

use super::Store;
use super::codec::{
    self, HeaderRow, List, decode_header, decode_node_key, decode_place, number_key, split_header,
};
use super::engine;
use super::error::StoreError;
use super::nodes;
use super::prune::oldest_state;
use super::state::StateView;
use super::tables::{Table, Tables};

/// The store at one moment. Later writes do not show.
///
/// Cheap to take (about a microsecond) and to clone, and may be used from any thread, but not to be
/// kept: while it lives, no page that was freed since can be used again, so the file grows with every
/// block. Take one per request, and drop it before waiting for anything.
#[derive(Clone)]
pub struct Snapshot {
    tx: RoTxSync,
    tables: Arc<Tables>,
    head: BlockNumHash,
    /// Dropped after `tx`: see [`Store::closed`].
    _open: watch::Sender<()>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("head", &self.head).finish_non_exhaustive()
    }
}

/// A block as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// Hash of its header.
    pub hash: B256,
    /// The sender of each transaction.
    pub senders: Vec<Address>,
    /// Its L1 origin.
    pub origin: BlockNumHash,
}

impl Store {
    /// The store as it is now.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let tx = self.env().begin_ro_sync().map_err(StoreError::engine("begin to read"))?;
        let head = head_id(&tx, self.tables())?;
        Ok(Snapshot { tx, tables: Arc::clone(self.tables()), head, _open: self.open.clone() })
    }
}

impl Snapshot {
    /// Number of the newest block.
    pub const fn head(&self) -> u64 {
        self.head.number
    }

    /// Hash of the newest block.
    pub const fn head_hash(&self) -> B256 {
        self.head.hash
    }

    /// The header of block `number`, with its hash.
    pub fn header(&self, number: u64) -> Result<Option<Sealed<Header>>, StoreError> {
        Ok(self.header_row(number)?.map(|row| row.header))
    }

    /// The header of the block with this hash.
    pub fn header_by_hash(&self, hash: B256) -> Result<Option<Sealed<Header>>, StoreError> {
        self.block_number(hash)?.map_or(Ok(None), |number| self.header(number))
    }

    /// The headers of a range of blocks, in order; ends at the head. What fee history and log filters
    /// walk: a header holds the bloom of the block's logs.
    pub fn headers(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<impl Iterator<Item = Result<Sealed<Header>, StoreError>>, StoreError> {
        let (first, last) = (number_key(*blocks.start()), number_key(*blocks.end()));
        let rows = engine::rows(&self.tx, self.tables.headers, &first, &last)?;
        Ok(rows.map(|row| Ok(decode_header(&row?.1)?.header)))
    }

    /// The hash of block `number`.
    pub fn block_hash(&self, number: u64) -> Result<Option<B256>, StoreError> {
        let row = engine::get(&self.tx, self.tables.headers, &number_key(number))?;
        row.map(|row| Ok(split_header(&row)?.0)).transpose()
    }

    /// The number of the block with this hash.
    pub fn block_number(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        let table = self.tables.block_numbers;
        let row = engine::get(&self.tx, table, hash.as_slice())?;
        row.map(|row| codec::number(table.name, &row)).transpose()
    }

    /// The L1 origin of block `number`.
    pub fn origin(&self, number: u64) -> Result<Option<BlockNumHash>, StoreError> {
        let row = engine::get(&self.tx, self.tables.headers, &number_key(number))?;
        row.map(|row| Ok(split_header(&row)?.1)).transpose()
    }

    /// Block `number`, whole.
    pub fn block(&self, number: u64) -> Result<Option<StoredBlock>, StoreError> {
        let Some(HeaderRow { origin, header }) = self.header_row(number)? else { return Ok(None) };
        let (header, hash) = header.into_parts();
        let transactions = self.list(self.tables.bodies, number, decode_transaction)?;
        let transactions = transactions.ok_or(missing("Bodies"))?;
        let senders = self.senders(number)?.ok_or(missing("Senders"))?;
        let body = alloy_consensus::BlockBody {
            transactions,
            ommers: Vec::new(),
            withdrawals: Some(Withdrawals::default()),
        };
        Ok(Some(StoredBlock { block: Block { header, body }, hash, senders, origin }))
    }

    /// The senders of the transactions of block `number`.
    pub fn senders(&self, number: u64) -> Result<Option<Vec<Address>>, StoreError> {
        let row = engine::get(&self.tx, self.tables.senders, &number_key(number))?;
        Ok(row.map(|row| row.as_chunks::<20>().0.iter().map(Address::from).collect()))
    }

    /// The receipts of block `number`.
    pub fn receipts(&self, number: u64) -> Result<Option<Vec<Receipt>>, StoreError> {
        self.list(self.tables.receipts, number, decode_receipt)
    }

    /// Where the transaction with this hash stands: block number, and index in the block.
    pub fn transaction(&self, hash: B256) -> Result<Option<(u64, u32)>, StoreError> {
        self.place(self.tables.transactions, hash)
    }

    /// Transaction `index` of block `number`, and its sender. Reads no other transaction.
    pub fn transaction_at(
        &self,
        number: u64,
        index: u32,
    ) -> Result<Option<(Transaction, Address)>, StoreError> {
        let Some(transaction) = self.item(self.tables.bodies, number, index, decode_transaction)? else {
            return Ok(None);
        };
        let senders = self.senders(number)?.ok_or(missing("Senders"))?;
        let sender = usize::try_from(index).ok().and_then(|index| senders.get(index).copied());
        Ok(Some((transaction, sender.ok_or(missing("Senders"))?)))
    }

    /// Receipt `index` of block `number`. Reads no other receipt.
    pub fn receipt_at(&self, number: u64, index: u32) -> Result<Option<Receipt>, StoreError> {
        self.item(self.tables.receipts, number, index, decode_receipt)
    }

    /// What block `number` recorded for the witness of its batch; `None` for the genesis, and once
    /// pruned.
    pub fn block_witness(&self, number: u64) -> Result<Option<BlockWitness>, StoreError> {
        let Some(row) = engine::get(&self.tx, self.tables.witnesses, &number_key(number))? else {
            return Ok(None);
        };
        let witness = BlockWitness::decode(Bytes::copy_from_slice(&row));
        witness
            .map(Some)
            .map_err(|_| StoreError::Corrupt { table: "Witnesses", reason: "a row does not decode" })
    }

    /// The trie nodes that block `number` replaced, in the order of their places. None once the state
    /// before the block was pruned.
    pub fn replaced_nodes(&self, number: u64) -> Result<Vec<ReplacedNode>, StoreError> {
        let rows = nodes::replaced(&self.tx, &self.tables, number)?;
        rows.map(|row| {
            let (key, before) = row?;
            let before = before.map(|rlp| Bytes::copy_from_slice(&rlp));
            Ok(ReplacedNode { key: decode_node_key(&key)?, before })
        })
        .collect()
    }

    /// The code with this hash.
    pub fn code(&self, hash: B256) -> Result<Option<Bytes>, StoreError> {
        let row = engine::get(&self.tx, self.tables.codes, hash.as_slice())?;
        Ok(row.map(|row| Bytes::copy_from_slice(&row)))
    }

    /// The state as of the end of the newest block.
    pub fn state(&self) -> StateView {
        StateView::new(self.clone(), self.head.number)
    }

    /// The state as of the end of block `number`.
    ///
    /// Fails if there is no such block, or if the state was pruned.
    pub fn state_at(&self, number: u64) -> Result<StateView, StoreError> {
        if number > self.head.number {
            return Err(StoreError::UnknownBlock { number, head: self.head.number });
        }
        let oldest = self.oldest_state()?;
        if number < oldest {
            return Err(StoreError::HistoryPruned { number, oldest });
        }
        Ok(StateView::new(self.clone(), number))
    }

    /// The oldest block whose state can be read, and to which the store can be unwound.
    pub fn oldest_state(&self) -> Result<u64, StoreError> {
        oldest_state(&self.tx, &self.tables)
    }

    /// Every row of every table, in order: to compare two stores, or to look into one.
    #[expect(clippy::type_complexity, reason = "name of a table, and its rows as key and value")]
    pub fn dump(&self) -> Result<Vec<(&'static str, Vec<(Vec<u8>, Vec<u8>)>)>, StoreError> {
        let table = |table: Table| {
            let rows = engine::rows(&self.tx, table, &[0], &[u8::MAX; 128])?;
            let rows = rows.map(|row| row.map(|(key, value)| (key.into_owned(), value.into_owned())));
            Ok((table.name, rows.collect::<Result<_, StoreError>>()?))
        };
        self.tables.all().into_iter().map(table).collect()
    }

    pub(super) const fn tx(&self) -> &RoTxSync {
        &self.tx
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The place that `table` has for a hash.
    pub(super) fn place(&self, table: Table, hash: B256) -> Result<Option<(u64, u32)>, StoreError> {
        let row = engine::get(&self.tx, table, hash.as_slice())?;
        row.map(|row| decode_place(table.name, &row)).transpose()
    }

    fn header_row(&self, number: u64) -> Result<Option<HeaderRow>, StoreError> {
        let row = engine::get(&self.tx, self.tables.headers, &number_key(number))?;
        row.map(|row| decode_header(&row)).transpose()
    }

    fn list<T>(
        &self,
        table: Table,
        number: u64,
        decode: fn(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<Vec<T>>, StoreError> {
        let Some(row) = engine::get(&self.tx, table, &number_key(number))? else { return Ok(None) };
        let items = List::new(table.name, &row)?.iter().map(|item| decode(item?));
        items.collect::<Result<_, _>>().map(Some)
    }

    fn item<T>(
        &self,
        table: Table,
        number: u64,
        index: u32,
        decode: fn(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let Some(row) = engine::get(&self.tx, table, &number_key(number))? else { return Ok(None) };
        let Ok(index) = usize::try_from(index) else { return Ok(None) };
        List::new(table.name, &row)?.get(index)?.map(decode).transpose()
    }
}

/// The header row of the newest block. There always is one: the genesis is written when a store is
/// made.
pub(super) fn head_row<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<HeaderRow, StoreError> {
    let (_, row) = engine::last(tx, tables.headers)?.ok_or(missing("Headers"))?;
    decode_header(&row)
}

/// Number of the newest block.
pub(super) fn head_number<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<u64, StoreError> {
    Ok(head_id(tx, tables)?.number)
}

fn head_id<K: TransactionKind>(tx: &Tx<K>, tables: &Tables) -> Result<BlockNumHash, StoreError> {
    let (key, row) = engine::last(tx, tables.headers)?.ok_or(missing("Headers"))?;
    Ok(BlockNumHash::new(codec::number("Headers", &key)?, split_header(&row)?.0))
}

fn decode_transaction(mut bytes: &[u8]) -> Result<Transaction, StoreError> {
    Transaction::decode_2718(&mut bytes)
        .map_err(|_| StoreError::Corrupt { table: "Bodies", reason: "a transaction does not decode" })
}

pub(super) fn decode_receipt(mut bytes: &[u8]) -> Result<Receipt, StoreError> {
    Receipt::decode_2718(&mut bytes)
        .map_err(|_| StoreError::Corrupt { table: "Receipts", reason: "a receipt does not decode" })
}

const fn missing(table: &'static str) -> StoreError {
    StoreError::Corrupt { table, reason: "a block has no row" }
}
