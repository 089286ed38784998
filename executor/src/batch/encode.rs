//! Blocks -> bytes.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Signature, TxKind, U256};

use super::{
    Batch, BatchError, CompactBlock, MAX_BLOCKS, MAX_CALLDATA, MAX_COLUMNS, MAX_DATA, MAX_TRANSACTIONS, Tag,
    TxType, VERSION,
    calldata::{WordWriter, write_calldata},
    compress::compress,
    dictionary::DictionaryWriter,
    limit,
    number::NumberWriter,
    signature,
};
use crate::{Transaction, chain::DataMode, codec::put_varint};

/// The data of a batch, ready for [`to_blobs`](super::to_blobs).
///
/// Fails if the batch exceeds a limit, in which case it has to be made of fewer blocks, or if it holds
/// what no batch of this chain may hold.
pub fn encode(mode: DataMode, chain_id: u64, batch: &Batch) -> Result<Vec<u8>, BatchError> {
    let Columns { columns, tail } = Columns::of(mode, chain_id, batch)?;
    limit("bytes of columns", columns.len(), MAX_COLUMNS)?;
    let compressed = compress(&columns)?;
    let mut out = vec![VERSION, mode as u8];
    out.extend_from_slice(batch.parent_hash.as_slice());
    put_varint(&mut out, batch.first_number);
    put_varint(&mut out, columns.len() as u64);
    put_varint(&mut out, compressed.len() as u64);
    out.extend(compressed);
    out.extend(tail);
    limit("bytes of data", out.len(), MAX_DATA)?;
    Ok(out)
}

/// A batch before compression.
pub(super) struct Columns {
    pub(super) columns: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

impl Columns {
    pub(super) fn of(mode: DataMode, chain_id: u64, batch: &Batch) -> Result<Self, BatchError> {
        if batch.blocks.is_empty() {
            return Err(BatchError::Empty);
        }
        limit("blocks", batch.blocks.len(), MAX_BLOCKS)?;
        let transactions: Vec<(Tag, &Transaction)> = batch
            .transactions()
            .map(|transaction| Ok((tag(chain_id, transaction)?, transaction)))
            .collect::<Result<_, BatchError>>()?;
        limit("transactions", transactions.len(), MAX_TRANSACTIONS)?;
        limit(
            "bytes of call data",
            transactions.iter().map(|&(_, tx)| tx.input().len()).sum(),
            MAX_CALLDATA,
        )?;
        let compact = compact_blocks(mode, batch)?;
        let signatures: Vec<Signature> =
            transactions.iter().map(|&(_, tx)| signature(tx)).collect::<Result<_, _>>()?;

        let mut columns = Vec::new();
        write_blocks(&mut columns, batch)?;

        // The size of the dictionary stands before the columns that fill it.
        let (mut rest, mut dictionary) = (Vec::new(), DictionaryWriter::default());
        rest.extend(transactions.iter().map(|(tag, _)| tag.byte()));
        write_transactions(&mut rest, &mut dictionary, &transactions, &compact);
        if mode == DataMode::Auditable {
            write_parities(&mut rest, &signatures);
        }
        let addresses = dictionary.into_addresses();
        put_varint(&mut columns, addresses.len() as u64);
        columns.extend(rest);

        let mut tail = Vec::new();
        addresses.iter().for_each(|address| tail.extend_from_slice(address.as_slice()));
        if mode == DataMode::Auditable {
            for signature in &signatures {
                tail.extend_from_slice(&signature.r().to_be_bytes::<32>());
                tail.extend_from_slice(&signature.s().to_be_bytes::<32>());
            }
        }
        compact.iter().for_each(|block| tail.extend_from_slice(block.transactions_root.as_slice()));
        Ok(Self { columns, tail })
    }
}

/// The compact parts of all blocks; none in auditable mode.
fn compact_blocks(mode: DataMode, batch: &Batch) -> Result<Vec<&CompactBlock>, BatchError> {
    let mut compact = Vec::new();
    for (index, block) in batch.blocks.iter().enumerate() {
        match (mode, &block.compact) {
            (DataMode::Auditable, None) => {}
            (DataMode::Compact, Some(part)) if part.senders.len() == block.transactions.len() => {
                compact.push(part);
            }
            _ => return Err(BatchError::NotInMode { index, mode }),
        }
    }
    Ok(compact)
}

fn write_blocks(out: &mut Vec<u8>, batch: &Batch) -> Result<(), BatchError> {
    put_varint(out, batch.blocks.len() as u64);
    let mut before = 0;
    for block in &batch.blocks {
        let delta = block.timestamp.checked_sub(before).ok_or(BatchError::GoesBack("time"))?;
        put_varint(out, delta);
        before = block.timestamp;
    }
    let mut before = 0;
    for block in &batch.blocks {
        let delta = block.origin_number.checked_sub(before).ok_or(BatchError::GoesBack("origin"))?;
        put_varint(out, delta);
        before = block.origin_number;
    }
    for block in &batch.blocks {
        put_varint(out, block.transactions.len() as u64);
    }
    Ok(())
}

fn write_transactions(
    out: &mut Vec<u8>,
    dictionary: &mut DictionaryWriter,
    transactions: &[(Tag, &Transaction)],
    compact: &[&CompactBlock],
) {
    let senders: Vec<_> = compact.iter().flat_map(|block| &block.senders).copied().collect();
    for sender in &senders {
        dictionary.put(out, *sender);
    }
    let mut nonces = super::recover::NoncePredictor::default();
    for (index, &(_, tx)) in transactions.iter().enumerate() {
        put_varint(out, nonces.difference(senders.get(index), tx.nonce()));
    }
    for &(_, tx) in transactions {
        put_varint(out, tx.gas_limit());
    }
    write_numbers(out, transactions.iter().map(|&(_, tx)| U256::from(tx.max_fee_per_gas())));
    write_numbers(
        out,
        transactions.iter().filter_map(|&(_, tx)| tx.max_priority_fee_per_gas()).map(U256::from),
    );
    for &(_, tx) in transactions {
        if let TxKind::Call(to) = tx.kind() {
            dictionary.put(out, to);
        }
    }
    write_numbers(out, transactions.iter().map(|&(_, tx)| tx.value()));
    write_access_lists(out, dictionary, transactions);
    write_authorizations(out, dictionary, transactions);
    let calldata = transactions.iter().map(|&(tag, tx)| (!tag.is_create, tx.input()));
    write_calldata(out, dictionary, calldata);
}

fn write_numbers(out: &mut Vec<u8>, numbers: impl Iterator<Item = U256>) {
    let mut column = NumberWriter::default();
    numbers.for_each(|number| column.push(number));
    column.finish(out);
}

/// Entries per list ‖ addresses ‖ slots per entry ‖ slots.
fn write_access_lists(
    out: &mut Vec<u8>,
    dictionary: &mut DictionaryWriter,
    transactions: &[(Tag, &Transaction)],
) {
    let lists = || transactions.iter().filter_map(|&(_, tx)| tx.access_list());
    lists().for_each(|list| put_varint(out, list.len() as u64));
    let entries = || lists().flat_map(|list| list.iter());
    entries().for_each(|entry| dictionary.put(out, entry.address));
    entries().for_each(|entry| put_varint(out, entry.storage_keys.len() as u64));
    let mut slots = WordWriter::default();
    for slot in entries().flat_map(|entry| &entry.storage_keys) {
        slots.push((*slot).into(), dictionary);
    }
    slots.finish(out);
}

/// Entries per list ‖ chain ids ‖ addresses ‖ nonces ‖ y parities ‖ r and s of each.
fn write_authorizations(
    out: &mut Vec<u8>,
    dictionary: &mut DictionaryWriter,
    transactions: &[(Tag, &Transaction)],
) {
    let lists = || transactions.iter().filter_map(|&(_, tx)| tx.authorization_list());
    lists().for_each(|list| put_varint(out, list.len() as u64));
    let entries = || lists().flatten();
    write_numbers(out, entries().map(|entry| entry.chain_id));
    entries().for_each(|entry| dictionary.put(out, entry.address));
    entries().for_each(|entry| put_varint(out, entry.nonce));
    out.extend(entries().map(|entry| entry.y_parity()));
    for entry in entries() {
        out.extend_from_slice(&entry.r().to_be_bytes::<32>());
        out.extend_from_slice(&entry.s().to_be_bytes::<32>());
    }
}

fn write_parities(out: &mut Vec<u8>, signatures: &[Signature]) {
    out.extend(signatures.chunks(8).map(|chunk| {
        chunk.iter().enumerate().fold(0u8, |byte, (bit, signature)| byte | u8::from(signature.v()) << bit)
    }));
}

/// The tag of a transaction, if a batch of this chain may hold it.
fn tag(chain_id: u64, transaction: &Transaction) -> Result<Tag, BatchError> {
    let ty = match transaction {
        Transaction::Legacy(_) => TxType::Legacy,
        Transaction::Eip2930(_) => TxType::Eip2930,
        Transaction::Eip1559(_) => TxType::Eip1559,
        Transaction::Eip7702(_) => TxType::Eip7702,
        Transaction::Deposit(_) => return Err(BatchError::TransactionType(0x7e)),
        Transaction::PostExec(_) => return Err(BatchError::TransactionType(0x7d)),
    };
    let is_unprotected = match (ty, transaction.chain_id()) {
        (TxType::Legacy, None) => true,
        (_, Some(id)) if id == chain_id => false,
        (_, got) => return Err(BatchError::ChainId { expected: chain_id, got }),
    };
    Ok(Tag { ty, is_create: transaction.kind().is_create(), is_unprotected })
}
