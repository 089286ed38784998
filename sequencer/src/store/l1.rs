//! Blocks of the L1: headers, and the receipts of those that may hold deposits.
//!
//! ```text
//! L1 block          block hash ‖ length of the header (4, little-endian) ‖ header in RLP
//!                   ‖ 0x00, or 0x01 ‖ list of receipts in their EIP-2718 form
//! ```
//!
//! The rows are one run of linked blocks, so an L1 reorganisation shows as a block that does not fit
//! on the last row: the caller unwinds to where both chains agree, and goes on from there.

use std::ops::RangeInclusive;

use alloy_consensus::ReceiptEnvelope;
use alloy_eips::BlockNumHash;
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{B256, Sealed};
use alloy_rlp::{Decodable, Encodable};
use executor::Header;
use signet_libmdbx::TransactionKind;
use signet_libmdbx::tx::Tx;

use super::Store;
use super::codec::{List, encode_list, number_key};
use super::engine;
use super::error::StoreError;
use super::snapshot::Snapshot;
use super::tables::Tables;

/// A block of the L1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredL1Block {
    /// Its header, with its hash.
    pub header: Sealed<Header>,
    /// All its receipts, in order, if its bloom matches the portal; `None` if it holds no deposit.
    pub receipts: Option<Vec<ReceiptEnvelope>>,
}

impl Store {
    /// Adds an L1 block after the last one. The first may be any; every other must be a child of the
    /// last.
    pub fn put_l1_block(&self, block: &StoredL1Block) -> Result<(), StoreError> {
        self.put_l1_blocks(std::slice::from_ref(block))
    }

    /// Adds a run of L1 blocks after the last one, in one transaction: all or none.
    pub fn put_l1_blocks(&self, blocks: &[StoredL1Block]) -> Result<(), StoreError> {
        let tx = self.write()?;
        let mut last = last_l1_block(tx.reader(), &tx.tables)?.map(|block| block.header.num_hash());
        for block in blocks {
            let (number, parent) = (block.header.number, block.header.parent_hash);
            if let Some(below) = last
                && (number != below.number + 1 || parent != below.hash)
            {
                return Err(StoreError::L1NotNext { number, parent, below });
            }
            tx.append(tx.tables.l1_blocks, &number_key(number), &encode(block)?)?;
            last = Some(block.header.num_hash());
        }
        tx.commit()
    }

    /// Forgets the L1 blocks above `number`, which a reorganisation of the L1 took back.
    pub fn unwind_l1_to(&self, number: u64) -> Result<(), StoreError> {
        let tx = self.write()?;
        if let Some(first) = number.checked_add(1) {
            tx.delete_range(tx.tables.l1_blocks, &number_key(first), &number_key(u64::MAX))?;
        }
        tx.commit()
    }

    /// Forgets the L1 blocks below `number`: everything derived from them is final.
    pub fn prune_l1_below(&self, number: u64) -> Result<(), StoreError> {
        let tx = self.write()?;
        if let Some(last) = number.checked_sub(1) {
            tx.delete_range(tx.tables.l1_blocks, &number_key(0), &number_key(last))?;
        }
        tx.commit()
    }
}

impl Snapshot {
    /// L1 block `number`.
    pub fn l1_block(&self, number: u64) -> Result<Option<StoredL1Block>, StoreError> {
        let row = engine::get(self.tx(), self.tables().l1_blocks, &number_key(number))?;
        row.map(|row| decode(&row)).transpose()
    }

    /// The newest L1 block.
    pub fn last_l1_block(&self) -> Result<Option<StoredL1Block>, StoreError> {
        last_l1_block(self.tx(), self.tables())
    }

    /// The L1 blocks of a range that are there, in order.
    pub fn l1_blocks(
        &self,
        numbers: RangeInclusive<u64>,
    ) -> Result<impl Iterator<Item = Result<StoredL1Block, StoreError>>, StoreError> {
        let (first, last) = (number_key(*numbers.start()), number_key(*numbers.end()));
        let rows = engine::rows(self.tx(), self.tables().l1_blocks, &first, &last)?;
        Ok(rows.map(|row| decode(&row?.1)))
    }
}

fn last_l1_block<K: TransactionKind>(
    tx: &Tx<K>,
    tables: &Tables,
) -> Result<Option<StoredL1Block>, StoreError> {
    engine::last(tx, tables.l1_blocks)?.map(|(_, row)| decode(&row)).transpose()
}

fn encode(block: &StoredL1Block) -> Result<Vec<u8>, StoreError> {
    let too_large = |_| StoreError::TooLarge { table: "L1Blocks", key: 8, value: usize::MAX };
    let header_len = block.header.inner().length();
    let mut out = Vec::with_capacity(37 + header_len);
    out.extend_from_slice(block.header.seal().as_slice());
    out.extend_from_slice(&u32::try_from(header_len).map_err(too_large)?.to_le_bytes());
    block.header.inner().encode(&mut out);
    match &block.receipts {
        None => out.push(0),
        Some(receipts) => {
            out.push(1);
            let receipts = receipts.iter().map(Encodable2718::encoded_2718);
            out.extend_from_slice(&encode_list(receipts).map_err(too_large)?);
        }
    }
    Ok(out)
}

fn decode(row: &[u8]) -> Result<StoredL1Block, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "L1Blocks", reason: "a row does not decode" };
    let split = || {
        let (hash, rest) = row.split_first_chunk::<32>()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (header, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        let (tag, receipts) = rest.split_first()?;
        Some((B256::from(hash), header, *tag, receipts))
    };
    let (hash, mut header, tag, receipts) = split().ok_or_else(corrupt)?;
    let header = Header::decode(&mut header).map_err(|_| corrupt())?;
    let receipts = match tag {
        0 => None,
        1 => {
            let items = List::new("L1Blocks", receipts)?.iter();
            Some(items.map(|item| decode_receipt(item?)).collect::<Result<_, _>>()?)
        }
        _ => return Err(corrupt()),
    };
    Ok(StoredL1Block { header: Sealed::new_unchecked(header, hash), receipts })
}

fn decode_receipt(mut bytes: &[u8]) -> Result<ReceiptEnvelope, StoreError> {
    ReceiptEnvelope::decode_2718(&mut bytes)
        .map_err(|_| StoreError::Corrupt { table: "L1Blocks", reason: "a receipt does not decode" })
}

/// Number and hash of a header.
trait NumHash {
    fn num_hash(&self) -> BlockNumHash;
}

impl NumHash for Sealed<Header> {
    fn num_hash(&self) -> BlockNumHash {
        BlockNumHash::new(self.number, self.seal())
    }
}
