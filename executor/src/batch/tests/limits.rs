//! What is refused, and by what name.

use alloy_consensus::{Sealed, Signed, TxEip1559, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use op_alloy_consensus::TxDeposit;
use proptest::prelude::*;

use super::{CHAIN_ID, arbitrary, decode_like};
use crate::{
    Transaction,
    batch::{
        Batch, BatchBlock, BatchError, MAX_BLOCKS, MAX_COLUMNS, MAX_DATA, compress::compress, decode, encode,
        encode::Columns, size_bound,
    },
    chain::DataMode::{Auditable, Compact},
    codec::{DecodeError, put_bytes, put_varint},
};

fn with(transactions: Vec<Transaction>) -> Batch {
    let block = BatchBlock { timestamp: 1, origin_number: 1, transactions, compact: None };
    Batch { parent_hash: B256::ZERO, first_number: 1, blocks: vec![block] }
}

fn sign<T>(transaction: T) -> Transaction
where
    Transaction: From<Signed<T>>,
{
    Signed::new_unhashed(transaction, Signature::new(U256::from(1), U256::from(2), false)).into()
}

fn transfer(chain_id: u64, input: Vec<u8>) -> Transaction {
    sign(TxEip1559 {
        chain_id,
        gas_limit: 21_000,
        to: TxKind::Call(Address::ZERO),
        input: input.into(),
        ..Default::default()
    })
}

/// Data with these columns, as large as they say or as `announced`.
fn data(columns: &[u8], announced: usize, tail: &[u8]) -> Bytes {
    let mut data = vec![1, 0];
    data.extend([0; 32]);
    put_varint(&mut data, 1);
    put_varint(&mut data, announced as u64);
    put_bytes(&mut data, &compress(columns).unwrap());
    data.extend(tail);
    data.into()
}

#[test]
fn what_no_batch_holds() {
    let deposit = Transaction::Deposit(Sealed::new(TxDeposit::default()));
    let refused = |transaction| encode(Auditable, CHAIN_ID, &with(vec![transaction])).unwrap_err();
    assert!(matches!(refused(deposit), BatchError::TransactionType(0x7e)));
    assert!(matches!(
        refused(transfer(CHAIN_ID + 1, Vec::new())),
        BatchError::ChainId { expected: CHAIN_ID, got: Some(got) } if got == CHAIN_ID + 1
    ));
    let foreign = sign(TxLegacy { chain_id: Some(1), ..Default::default() });
    assert!(matches!(refused(foreign), BatchError::ChainId { got: Some(1), .. }));
    let empty = Batch { blocks: Vec::new(), ..with(Vec::new()) };
    assert!(matches!(encode(Auditable, CHAIN_ID, &empty), Err(BatchError::Empty)));
    assert!(matches!(
        encode(Compact, CHAIN_ID, &with(Vec::new())),
        Err(BatchError::NotInMode { index: 0, mode: Compact })
    ));
}

#[test]
fn time_and_origin_cannot_go_back() {
    let at = |timestamp, origin_number| BatchBlock {
        timestamp,
        origin_number,
        transactions: Vec::new(),
        compact: None,
    };
    let batch = |blocks| Batch { parent_hash: B256::ZERO, first_number: 1, blocks };
    let refused = |blocks| encode(Auditable, CHAIN_ID, &batch(blocks)).unwrap_err();
    assert!(matches!(refused(vec![at(5, 1), at(4, 1)]), BatchError::GoesBack("time")));
    assert!(matches!(refused(vec![at(5, 2), at(6, 1)]), BatchError::GoesBack("origin")));
}

#[test]
fn what_is_too_much() {
    let block = BatchBlock { timestamp: 1, origin_number: 1, transactions: Vec::new(), compact: None };
    let batch = Batch { blocks: vec![block; MAX_BLOCKS + 1], ..with(Vec::new()) };
    assert!(matches!(encode(Auditable, CHAIN_ID, &batch), Err(BatchError::TooLarge { what: "blocks", .. })));

    let large = with(vec![transfer(CHAIN_ID, arbitrary::noise(1, MAX_DATA))]);
    let error = encode(Auditable, CHAIN_ID, &large).unwrap_err();
    assert!(matches!(error, BatchError::TooLarge { what: "bytes of data", .. }), "{error}");

    // Zeros compress to almost nothing, but a reader will not unpack any amount of them.
    let zeros = with((0..9).map(|_| transfer(CHAIN_ID, vec![0; 1 << 20])).collect());
    let error = encode(Auditable, CHAIN_ID, &zeros).unwrap_err();
    assert!(matches!(error, BatchError::TooLarge { what: "bytes of columns", .. }), "{error}");
    let bomb = data(&vec![0; MAX_COLUMNS + 1], MAX_COLUMNS + 1, &[]);
    assert!(matches!(
        decode(Auditable, CHAIN_ID, bomb, &[]),
        Err(BatchError::TooLarge { what: "bytes of columns", .. })
    ));
}

/// Compression has to end with its last byte and at the size announced.
#[test]
fn the_size_of_the_columns_is_exact() {
    let columns = Columns::of(Auditable, CHAIN_ID, &with(Vec::new())).unwrap().columns;
    let decode = |data| decode(Auditable, CHAIN_ID, data, &[]);
    decode(data(&columns, columns.len(), &[])).unwrap();
    for announced in [0, columns.len() - 1, columns.len() + 1] {
        let error = decode(data(&columns, announced, &[])).unwrap_err();
        assert!(matches!(error, BatchError::Decompress { expected } if expected == announced), "{error}");
    }
    let error = decode(data(&columns, columns.len(), &[0])).unwrap_err();
    assert!(matches!(error, BatchError::Malformed(DecodeError::TrailingBytes(1))), "{error}");

    let mut after = vec![1, 0];
    after.extend([0; 32]);
    put_varint(&mut after, 1);
    put_varint(&mut after, columns.len() as u64);
    put_bytes(&mut after, &[compress(&columns).unwrap(), vec![0]].concat());
    assert!(matches!(decode(after.into()), Err(BatchError::Decompress { .. })));
}

#[test]
fn large_windows_are_refused() {
    let columns = Columns::of(Auditable, CHAIN_ID, &with(Vec::new())).unwrap().columns;
    let parameters = brotli::enc::BrotliEncoderParams { large_window: true, lgwin: 30, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &columns[..], &mut compressed, &parameters).unwrap();
    let mut data = vec![1, 0];
    data.extend([0; 32]);
    put_varint(&mut data, 1);
    put_varint(&mut data, columns.len() as u64);
    put_bytes(&mut data, &compressed);
    assert!(matches!(decode(Auditable, CHAIN_ID, data.into(), &[]), Err(BatchError::Decompress { .. })));
}

#[test]
fn unknown_versions_modes_and_types() {
    let batch = arbitrary::fixed(Auditable);
    let good = encode(Auditable, CHAIN_ID, &batch).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut data = good.clone();
        data[at] = byte;
        decode(Auditable, CHAIN_ID, data.into(), &[]).unwrap_err()
    };
    assert!(matches!(changed(0, 2), BatchError::Malformed(DecodeError::Unknown { got: 2, .. })));
    assert!(matches!(changed(1, 2), BatchError::Malformed(DecodeError::Unknown { got: 2, .. })));
    assert!(matches!(changed(1, 1), BatchError::Mode { expected: Auditable, got: Compact }));

    // A batch of one transaction whose type byte says 3: a blob transaction.
    let columns = [&[1, 1, 1, 1, 0, 3][..], &[0; 40]].concat();
    let error = decode(Auditable, CHAIN_ID, data(&columns, columns.len(), &[0; 64]), &[]).unwrap_err();
    assert!(matches!(error, BatchError::TransactionType(3)), "{error}");
}

#[test]
fn signatures_are_where_the_mode_puts_them() {
    let batch = arbitrary::fixed(Auditable);
    let data = encode(Auditable, CHAIN_ID, &batch).unwrap();
    let signatures = batch.signatures().unwrap();
    let error = decode(Auditable, CHAIN_ID, data.into(), &signatures).unwrap_err();
    assert!(matches!(error, BatchError::Signatures { expected: 0, got: 5 }), "{error}");

    let batch = arbitrary::fixed(Compact);
    let data: Bytes = encode(Compact, CHAIN_ID, &batch).unwrap().into();
    let error = decode(Compact, CHAIN_ID, data.clone(), &signatures[1..]).unwrap_err();
    assert!(matches!(error, BatchError::Signatures { expected: 5, got: 4 }), "{error}");
    assert_eq!(decode_like(Compact, data.to_vec(), &batch).unwrap(), batch);
}

proptest! {
    /// The bound that block builders rely on, even without compression.
    #[test]
    fn the_size_bound_holds(auditable in arbitrary::batch(Auditable), compact in arbitrary::batch(Compact)) {
        for (mode, batch) in [(Auditable, auditable), (Compact, compact)] {
            let bound: usize = batch.transactions().map(size_bound).sum();
            let Columns { columns, tail } = Columns::of(mode, CHAIN_ID, &batch).unwrap();
            let blocks = batch.blocks.len() * 64;
            prop_assert!(columns.len() + tail.len() <= bound + blocks);
        }
    }
}

/// And for data that does not compress.
#[test]
fn the_size_bound_holds_for_noise() {
    for input in [0, 4, 36, 100, 10_000, 100_004] {
        let one = transfer(CHAIN_ID, arbitrary::noise(input as u64, input));
        let batch = with(vec![one.clone(); 5]);
        let size = encode(Auditable, CHAIN_ID, &batch).unwrap().len();
        assert!(size <= 5 * size_bound(&one) + 1024, "{size} bytes for 5 of {}", size_bound(&one));
    }
}
