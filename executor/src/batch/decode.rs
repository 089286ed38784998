//! Bytes -> blocks.

use alloy_consensus::{Signed, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};

use super::{
    Batch, BatchBlock, BatchError, CompactBlock, MAX_BLOCKS, MAX_COLUMNS, MAX_DATA, MAX_TRANSACTIONS, Tag,
    TxType, VERSION,
    calldata::{read_calldata, read_words},
    compress::decompress,
    dictionary::DictionaryReader,
    limit,
    number::read_numbers,
    recover::NoncePredictor,
};
use crate::{
    Transaction,
    chain::DataMode,
    codec::{DecodeError, Reader},
};

/// The batch that `data` holds.
///
/// `detached` are the signatures that a compact batch leaves out, in the order of its transactions;
/// an auditable batch takes none. Nothing is known about the signatures afterwards:
/// [`recover_senders`](super::recover_senders) comes next, and for a compact batch the comparison
/// with the senders that it names.
pub fn decode(
    mode: DataMode,
    chain_id: u64,
    data: Bytes,
    detached: &[Signature],
) -> Result<Batch, BatchError> {
    limit("bytes of data", data.len(), MAX_DATA)?;
    let mut reader = Reader::new(data);
    let parts = Parts::read(mode, &mut reader)?;
    let columns = decompress(&parts.compressed, parts.columns)?;
    let blocks = read_columns(mode, chain_id, Reader::new(columns.into()), reader, detached)?;
    Ok(Batch { parent_hash: parts.parent_hash, first_number: parts.first_number, blocks })
}

/// What stands before the tail.
struct Parts {
    parent_hash: B256,
    first_number: u64,
    /// Bytes of the columns after decompression.
    columns: usize,
    compressed: Bytes,
}

impl Parts {
    fn read(expected: DataMode, reader: &mut Reader) -> Result<Self, BatchError> {
        match reader.byte("batch version")? {
            VERSION => {}
            got => return Err(DecodeError::Unknown { what: "batch version", got: got.into() }.into()),
        }
        let got = match reader.byte("batch mode")? {
            0 => DataMode::Auditable,
            1 => DataMode::Compact,
            got => return Err(DecodeError::Unknown { what: "batch mode", got: got.into() }.into()),
        };
        if got != expected {
            return Err(BatchError::Mode { expected, got });
        }
        let parent_hash = reader.hash("parent hash")?;
        let first_number = reader.varint("first number")?;
        let columns = usize::try_from(reader.varint("size of the columns")?).unwrap_or(usize::MAX);
        limit("bytes of columns", columns, MAX_COLUMNS)?;
        let compressed = reader.bytes("compressed columns")?;
        Ok(Self { parent_hash, first_number, columns, compressed })
    }
}

/// Reads everything behind compression: the columns, and the tail that belongs to them.
pub(super) fn read_columns(
    mode: DataMode,
    chain_id: u64,
    mut reader: Reader,
    mut tail: Reader,
    detached: &[Signature],
) -> Result<Vec<BatchBlock>, BatchError> {
    let blocks = BlockColumns::read(&mut reader)?;
    let count = blocks.transactions.iter().sum();
    limit("transactions", count, MAX_TRANSACTIONS)?;

    let addresses = reader.varint("size of the dictionary")?;
    let mut dictionary = DictionaryReader::read(&mut tail, usize::try_from(addresses).unwrap_or(usize::MAX))?;
    let columns = TransactionColumns::read(mode, &mut reader, &mut dictionary, count)?;
    dictionary.finish()?;
    let signatures = match mode {
        DataMode::Auditable => {
            if !detached.is_empty() {
                return Err(BatchError::Signatures { expected: 0, got: detached.len() });
            }
            read_signatures(&mut reader, &mut tail, count)?
        }
        DataMode::Compact => {
            if detached.len() != count {
                return Err(BatchError::Signatures { expected: count, got: detached.len() });
            }
            detached.to_vec()
        }
    };
    reader.finish()?;

    let (senders, transactions) = columns.into_transactions(chain_id, signatures);
    let (mut senders, mut transactions) = (senders.into_iter(), transactions.into_iter());
    let mut list = Vec::with_capacity(blocks.timestamps.len());
    for ((timestamp, origin_number), count) in
        blocks.timestamps.into_iter().zip(blocks.origins).zip(blocks.transactions)
    {
        let compact = match mode {
            DataMode::Auditable => None,
            DataMode::Compact => Some(CompactBlock {
                senders: senders.by_ref().take(count).collect(),
                transactions_root: tail.hash("transactions root")?,
            }),
        };
        let transactions = transactions.by_ref().take(count).collect();
        list.push(BatchBlock { timestamp, origin_number, transactions, compact });
    }
    tail.finish()?;
    Ok(list)
}

struct BlockColumns {
    timestamps: Vec<u64>,
    origins: Vec<u64>,
    transactions: Vec<usize>,
}

impl BlockColumns {
    fn read(reader: &mut Reader) -> Result<Self, BatchError> {
        let count = reader.count("blocks")?;
        limit("blocks", count, MAX_BLOCKS)?;
        if count == 0 {
            return Err(BatchError::Empty);
        }
        let timestamps = read_rising(reader, "time", count)?;
        let origins = read_rising(reader, "origin", count)?;
        let transactions = read_counts(reader, "transactions per block", count)?;
        Ok(Self { timestamps, origins, transactions })
    }
}

/// Reads numbers given as differences.
fn read_rising(reader: &mut Reader, what: &'static str, count: usize) -> Result<Vec<u64>, DecodeError> {
    let mut value = 0u64;
    (0..count)
        .map(|_| {
            let got = reader.varint(what)?;
            let max = u64::MAX - value;
            value = value.checked_add(got).ok_or(DecodeError::TooLarge { what, got, max })?;
            Ok(value)
        })
        .collect()
}

/// Reads counts of things that follow and take at least one byte each, so that their sum is bounded.
fn read_counts(reader: &mut Reader, what: &'static str, count: usize) -> Result<Vec<usize>, DecodeError> {
    let mut left = MAX_COLUMNS;
    (0..count)
        .map(|_| {
            let got = reader.count(what)?;
            let max = left as u64;
            left = left.checked_sub(got).ok_or(DecodeError::TooLarge { what, got: got as u64, max })?;
            Ok(got)
        })
        .collect()
}

struct TransactionColumns {
    tags: Vec<Tag>,
    /// Empty in auditable mode.
    senders: Vec<Address>,
    nonces: Vec<u64>,
    gas_limits: Vec<u64>,
    max_fees: Vec<u128>,
    /// Only of the types that have one.
    priority_fees: Vec<u128>,
    recipients: Vec<TxKind>,
    values: Vec<U256>,
    /// Only of the types that have one.
    access_lists: Vec<AccessList>,
    /// Only of the type that has one.
    authorizations: Vec<Vec<SignedAuthorization>>,
    calldata: Vec<Bytes>,
}

impl TransactionColumns {
    fn read(
        mode: DataMode,
        reader: &mut Reader,
        dictionary: &mut DictionaryReader,
        count: usize,
    ) -> Result<Self, BatchError> {
        let tags = reader
            .take("transaction tags", count)?
            .iter()
            .map(|byte| Tag::from_byte(*byte))
            .collect::<Result<Vec<Tag>, _>>()?;
        let having = |property: fn(&Tag) -> bool| tags.iter().filter(|tag| property(tag)).count();

        let senders = match mode {
            DataMode::Auditable => Vec::new(),
            DataMode::Compact => (0..count)
                .map(|_| dictionary.address(reader, "senders"))
                .collect::<Result<_, DecodeError>>()?,
        };
        let mut predictor = NoncePredictor::default();
        let nonces = (0..count)
            .map(|index| Ok(predictor.nonce(senders.get(index), reader.varint("nonces")?)))
            .collect::<Result<_, DecodeError>>()?;
        let gas_limits =
            (0..count).map(|_| reader.varint("gas limits")).collect::<Result<_, DecodeError>>()?;
        let max_fees = read_fees(reader, "max fees", count)?;
        let priority_fees = read_fees(reader, "max priority fees", having(|tag| tag.has_priority_fee()))?;
        let recipients = tags
            .iter()
            .map(|tag| match tag.is_create {
                true => Ok(TxKind::Create),
                false => dictionary.address(reader, "recipients").map(TxKind::Call),
            })
            .collect::<Result<_, DecodeError>>()?;
        let values = read_numbers(reader, "values", count)?;
        let access_lists = read_access_lists(reader, dictionary, having(|tag| tag.has_access_list()))?;
        let authorizations =
            read_authorizations(reader, dictionary, having(|tag| tag.ty == TxType::Eip7702))?;
        let calldata = read_calldata(reader, dictionary, tags.iter().map(|tag| !tag.is_create))?;
        Ok(Self {
            tags,
            senders,
            nonces,
            gas_limits,
            max_fees,
            priority_fees,
            recipients,
            values,
            access_lists,
            authorizations,
            calldata,
        })
    }

    /// The senders, and the transactions. There are as many signatures as transactions.
    fn into_transactions(
        self,
        chain_id: u64,
        signatures: Vec<Signature>,
    ) -> (Vec<Address>, Vec<Transaction>) {
        let mut priority_fees = self.priority_fees.into_iter();
        let mut access_lists = self.access_lists.into_iter();
        let mut authorizations = self.authorizations.into_iter();
        let columns = self
            .tags
            .into_iter()
            .zip(self.nonces)
            .zip(self.gas_limits)
            .zip(self.max_fees)
            .zip(self.recipients)
            .zip(self.values)
            .zip(self.calldata)
            .zip(signatures);
        let transactions = columns
            .map(|(((((((tag, nonce), gas_limit), max_fee), to), value), input), signature)| {
                // The columns have one element for each transaction of the types that have one.
                let priority_fee =
                    if tag.has_priority_fee() { priority_fees.next().unwrap_or_default() } else { 0 };
                let access_list = if tag.has_access_list() {
                    access_lists.next().unwrap_or_default()
                } else {
                    AccessList::default()
                };
                match tag.ty {
                    TxType::Legacy => signed(
                        TxLegacy {
                            chain_id: (!tag.is_unprotected).then_some(chain_id),
                            nonce,
                            gas_price: max_fee,
                            gas_limit,
                            to,
                            value,
                            input,
                        },
                        signature,
                    ),
                    TxType::Eip2930 => signed(
                        TxEip2930 {
                            chain_id,
                            nonce,
                            gas_price: max_fee,
                            gas_limit,
                            to,
                            value,
                            access_list,
                            input,
                        },
                        signature,
                    ),
                    TxType::Eip1559 => signed(
                        TxEip1559 {
                            chain_id,
                            nonce,
                            gas_limit,
                            max_fee_per_gas: max_fee,
                            max_priority_fee_per_gas: priority_fee,
                            to,
                            value,
                            access_list,
                            input,
                        },
                        signature,
                    ),
                    TxType::Eip7702 => signed(
                        TxEip7702 {
                            chain_id,
                            nonce,
                            gas_limit,
                            max_fee_per_gas: max_fee,
                            max_priority_fee_per_gas: priority_fee,
                            to: to.to().copied().unwrap_or_default(),
                            value,
                            access_list,
                            authorization_list: authorizations.next().unwrap_or_default(),
                            input,
                        },
                        signature,
                    ),
                }
            })
            .collect();
        (self.senders, transactions)
    }
}

fn signed<T>(transaction: T, signature: Signature) -> Transaction
where
    Transaction: From<Signed<T>>,
{
    Signed::new_unhashed(transaction, signature).into()
}

fn read_fees(reader: &mut Reader, what: &'static str, count: usize) -> Result<Vec<u128>, DecodeError> {
    read_numbers(reader, what, count)?
        .into_iter()
        .map(|fee| u128::try_from(fee).map_err(|_| DecodeError::NotCanonical(what)))
        .collect()
}

fn read_access_lists(
    reader: &mut Reader,
    dictionary: &mut DictionaryReader,
    count: usize,
) -> Result<Vec<AccessList>, DecodeError> {
    const WHAT: &str = "access lists";
    let lists = read_counts(reader, WHAT, count)?;
    let addresses: Vec<Address> = (0..lists.iter().sum())
        .map(|_| dictionary.address(reader, WHAT))
        .collect::<Result<_, DecodeError>>()?;
    let slots = read_counts(reader, WHAT, addresses.len())?;
    let mut words = read_words(reader, dictionary, WHAT, slots.iter().sum())?.into_iter();
    let mut entries = addresses.into_iter().zip(slots).map(|(address, slots)| AccessListItem {
        address,
        storage_keys: words.by_ref().take(slots).map(B256::from).collect(),
    });
    Ok(lists.into_iter().map(|len| AccessList(entries.by_ref().take(len).collect())).collect())
}

fn read_authorizations(
    reader: &mut Reader,
    dictionary: &mut DictionaryReader,
    count: usize,
) -> Result<Vec<Vec<SignedAuthorization>>, DecodeError> {
    const WHAT: &str = "authorizations";
    let lists = read_counts(reader, WHAT, count)?;
    let count = lists.iter().sum();
    let chain_ids = read_numbers(reader, WHAT, count)?;
    let addresses: Vec<Address> =
        (0..count).map(|_| dictionary.address(reader, WHAT)).collect::<Result<_, DecodeError>>()?;
    let nonces: Vec<u64> = (0..count).map(|_| reader.varint(WHAT)).collect::<Result<_, DecodeError>>()?;
    let parities = reader.take(WHAT, count)?;
    let mut entries = Vec::with_capacity(count);
    for (((chain_id, address), nonce), parity) in
        chain_ids.into_iter().zip(addresses).zip(nonces).zip(&parities)
    {
        let (r, s) = (reader.hash(WHAT)?.into(), reader.hash(WHAT)?.into());
        let inner = Authorization { chain_id, address, nonce };
        entries.push(SignedAuthorization::new_unchecked(inner, *parity, r, s));
    }
    let mut entries = entries.into_iter();
    Ok(lists.into_iter().map(|len| entries.by_ref().take(len).collect()).collect())
}

/// Parities from the columns, r and s from the tail.
fn read_signatures(
    reader: &mut Reader,
    tail: &mut Reader,
    count: usize,
) -> Result<Vec<Signature>, DecodeError> {
    const WHAT: &str = "signatures";
    let parities = reader.take(WHAT, count.div_ceil(8))?;
    let mut bits = parities.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    let signatures = bits
        .by_ref()
        .take(count)
        .map(|parity| Ok(Signature::new(tail.hash(WHAT)?.into(), tail.hash(WHAT)?.into(), parity)))
        .collect::<Result<_, DecodeError>>()?;
    if bits.any(|bit| bit) { Err(DecodeError::NotCanonical(WHAT)) } else { Ok(signatures) }
}
