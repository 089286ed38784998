//! Batches of every kind of transaction.

use alloy_consensus::{Signed, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use proptest::{collection::vec, prelude::*};

use super::CHAIN_ID;
use crate::{
    Transaction,
    batch::{Batch, BatchBlock, CompactBlock},
    chain::DataMode,
};

/// Bytes without structure, from a seed.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut block = keccak256(seed.to_le_bytes());
    let mut out = Vec::with_capacity(len + 32);
    while out.len() < len {
        out.extend_from_slice(block.as_slice());
        block = keccak256(block);
    }
    out.truncate(len);
    out
}

/// Often one of a few.
fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        4 => (0..6u8).prop_map(Address::repeat_byte),
        1 => any::<[u8; 20]>().prop_map(Address::new),
    ]
}

fn number() -> impl Strategy<Value = U256> {
    prop_oneof![
        any::<u64>().prop_map(U256::from),
        (any::<u16>(), 0..20u64)
            .prop_map(|(digits, zeros)| U256::from(digits) * U256::from(10).pow(U256::from(zeros))),
        any::<[u8; 32]>().prop_map(U256::from_be_bytes::<32>),
        address().prop_map(|address| address.into_word().into()),
    ]
}

fn calldata() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        Just(Bytes::new()),
        vec(any::<u8>(), 0..80).prop_map(Bytes::from),
        (any::<[u8; 4]>(), vec(number(), 0..5)).prop_map(|(selector, words)| {
            let words = words.into_iter().flat_map(|word| word.to_be_bytes::<32>());
            selector.into_iter().chain(words).collect::<Vec<u8>>().into()
        }),
    ]
}

fn access_list() -> impl Strategy<Value = AccessList> {
    let entry = (address(), vec(number().prop_map(B256::from), 0..3))
        .prop_map(|(address, storage_keys)| AccessListItem { address, storage_keys });
    vec(entry, 0..3).prop_map(AccessList)
}

fn authorizations() -> impl Strategy<Value = Vec<SignedAuthorization>> {
    let one = (number(), address(), any::<u64>(), any::<u8>(), number(), number()).prop_map(
        |(chain_id, address, nonce, parity, r, s)| {
            SignedAuthorization::new_unchecked(Authorization { chain_id, address, nonce }, parity, r, s)
        },
    );
    vec(one, 0..3)
}

fn signature() -> impl Strategy<Value = Signature> {
    (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<bool>())
        .prop_map(|(r, s, parity)| Signature::new(U256::from_be_bytes(r), U256::from_be_bytes(s), parity))
}

fn kind() -> impl Strategy<Value = TxKind> {
    prop_oneof![4 => address().prop_map(TxKind::Call), 1 => Just(TxKind::Create)]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let common = (any::<u64>(), 21_000..=u64::MAX, any::<u128>(), any::<u64>(), kind(), number(), calldata());
    (0..5u8, common, access_list(), authorizations(), signature()).prop_map(
        |(ty, (nonce, gas_limit, fee, tip, to, value, input), access_list, authorizations, signature)| {
            match ty {
                0 | 1 => {
                    let chain_id = (ty == 0).then_some(CHAIN_ID);
                    let tx = TxLegacy { chain_id, nonce, gas_price: fee, gas_limit, to, value, input };
                    Signed::new_unhashed(tx, signature).into()
                }
                2 => {
                    let gas_price = fee;
                    let tx = TxEip2930 {
                        chain_id: CHAIN_ID,
                        nonce,
                        gas_price,
                        gas_limit,
                        to,
                        value,
                        access_list,
                        input,
                    };
                    Signed::new_unhashed(tx, signature).into()
                }
                3 => {
                    let tx = TxEip1559 {
                        chain_id: CHAIN_ID,
                        nonce,
                        gas_limit,
                        max_fee_per_gas: fee,
                        max_priority_fee_per_gas: tip.into(),
                        to,
                        value,
                        access_list,
                        input,
                    };
                    Signed::new_unhashed(tx, signature).into()
                }
                _ => {
                    let tx = TxEip7702 {
                        chain_id: CHAIN_ID,
                        nonce,
                        gas_limit,
                        max_fee_per_gas: fee,
                        max_priority_fee_per_gas: tip.into(),
                        to: to.to().copied().unwrap_or_default(),
                        value,
                        access_list,
                        authorization_list: authorizations,
                        input,
                    };
                    Signed::new_unhashed(tx, signature).into()
                }
            }
        },
    )
}

fn block(mode: DataMode) -> impl Strategy<Value = BatchBlock> {
    // Times and origins are differences here, and added up below.
    (0..20u64, 0..3u64, vec((transaction(), address()), 0..6), any::<[u8; 32]>()).prop_map(
        move |(timestamp, origin_number, transactions, root)| {
            let (transactions, senders) = transactions.into_iter().unzip();
            let transactions_root = B256::new(root);
            let compact = (mode == DataMode::Compact).then_some(CompactBlock { senders, transactions_root });
            BatchBlock { timestamp, origin_number, transactions, compact }
        },
    )
}

/// A batch of anything but valid signatures.
pub(super) fn batch(mode: DataMode) -> impl Strategy<Value = Batch> {
    (any::<[u8; 32]>(), any::<u64>(), any::<u32>(), vec(block(mode), 1..5)).prop_map(
        |(parent, first_number, start, mut blocks)| {
            let (mut timestamp, mut origin) = (u64::from(start), u64::from(start));
            for block in &mut blocks {
                timestamp += block.timestamp;
                origin += block.origin_number;
                (block.timestamp, block.origin_number) = (timestamp, origin);
            }
            Batch { parent_hash: B256::new(parent), first_number, blocks }
        },
    )
}

/// One batch, always the same, with every type of transaction.
pub(super) fn fixed(mode: DataMode) -> Batch {
    let word = |seed: u64| U256::from_be_bytes(keccak256(seed.to_be_bytes()).0);
    let signature = |seed| Signature::new(word(seed), word(seed + 1), seed % 3 == 0);
    let token: Bytes = [
        &[0xa9, 0x05, 0x9c, 0xbb],
        Address::repeat_byte(7).into_word().as_slice(),
        &U256::from(1_500_000).to_be_bytes::<32>(),
    ]
    .concat()
    .into();
    let access_list = AccessList(vec![AccessListItem {
        address: Address::repeat_byte(7),
        storage_keys: vec![B256::repeat_byte(3), Address::repeat_byte(8).into_word()],
    }]);
    let legacy = |chain_id| TxLegacy {
        chain_id,
        nonce: 3,
        gas_price: 1_500_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(7)),
        value: U256::from(250_000_000_000_000_000u64),
        input: Bytes::new(),
    };
    let create = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: 4,
        gas_price: 7,
        gas_limit: 1_000_000,
        to: TxKind::Create,
        value: U256::ZERO,
        access_list: access_list.clone(),
        input: noise(1, 100).into(),
    };
    let transfer = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce: u64::MAX,
        gas_limit: 65_000,
        max_fee_per_gas: u128::MAX,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(9)),
        value: U256::MAX,
        access_list: access_list.clone(),
        input: token,
    };
    let delegate = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce: 0,
        gas_limit: 100_000,
        max_fee_per_gas: 2_000_000_000,
        max_priority_fee_per_gas: 0,
        to: Address::repeat_byte(7),
        value: U256::ZERO,
        access_list,
        authorization_list: vec![SignedAuthorization::new_unchecked(
            Authorization { chain_id: U256::ZERO, address: Address::repeat_byte(9), nonce: 300 },
            1,
            word(50),
            word(51),
        )],
        input: noise(2, 3).into(),
    };
    let blocks: [Vec<Transaction>; 3] = [
        vec![
            Signed::new_unhashed(legacy(None), signature(10)).into(),
            Signed::new_unhashed(legacy(Some(CHAIN_ID)), signature(12)).into(),
            Signed::new_unhashed(create, signature(14)).into(),
        ],
        vec![],
        vec![
            Signed::new_unhashed(transfer, signature(16)).into(),
            Signed::new_unhashed(delegate, signature(18)).into(),
        ],
    ];
    let blocks = (1u64..)
        .zip(blocks)
        .map(|(number, transactions)| {
            let compact = CompactBlock {
                senders: vec![Address::repeat_byte(7); transactions.len()],
                transactions_root: B256::from(word(number)),
            };
            BatchBlock {
                timestamp: 1_800_000_000 + number,
                origin_number: 100 + number / 2,
                transactions,
                compact: (mode == DataMode::Compact).then_some(compact),
            }
        })
        .collect();
    Batch { parent_hash: B256::repeat_byte(5), first_number: 77, blocks }
}
