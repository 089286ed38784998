//! How many bytes a transaction takes. `cargo test --release -p executor batch_size -- --nocapture`
//! prints the numbers that the documentation gives.

use std::time::Instant;

use alloy_consensus::{Signed, TxEip1559};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};

use super::{CHAIN_ID, MODES, decode_like};
use crate::{
    Transaction,
    batch::{Batch, BatchBlock, CompactBlock, encode},
    chain::DataMode,
};

const BLOCKS: u64 = 30;
const PER_BLOCK: u64 = 100;

/// Deterministic and without pattern.
fn random(seed: u64, salt: u64) -> U256 {
    U256::from_be_bytes(keccak256([seed.to_be_bytes(), salt.to_be_bytes()].concat()).0)
}

/// Below `bound`, small values more often: real senders and recipients repeat.
fn skewed(seed: u64, salt: u64, bound: u64) -> u64 {
    let [a, b, ..] = random(seed, salt).into_limbs();
    (a % bound).min(b % bound)
}

fn address(salt: u64, index: u64) -> Address {
    Address::from_word(B256::from(random(index, 1000 + salt)))
}

/// What users sign: amounts with few digits or without a pattern, half and half; fees as wallets
/// propose them.
fn transaction(index: u64, nonce: u64, token: bool) -> Transaction {
    let digits = random(index, 1).into_limbs()[0];
    let amount = match index % 2 {
        0 => U256::from(1 + digits % 999) * U256::from(10).pow(U256::from(if token { 4 } else { 15 })),
        _ => U256::from(1 + digits % (if token { 1_000_000_000 } else { u64::MAX / 8 })),
    };
    let recipient = address(2, skewed(index, 3, 2000));
    let (to, value, input, gas_limit) = if token {
        let contract = address(3, skewed(index, 4, 5));
        let arguments = [recipient.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat();
        (
            contract,
            U256::ZERO,
            [&[0xa9, 0x05, 0x9c, 0xbb], &arguments[..]].concat().into(),
            51_000 + index % 16,
        )
    } else {
        (recipient, amount, Bytes::new(), 21_000)
    };
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 2_000_000 + u128::from(index / PER_BLOCK) * 1357,
        max_priority_fee_per_gas: [1_000_000, 1_000_000, 1_500_000, 100_000][(index % 4) as usize],
        to: TxKind::Call(to),
        value,
        access_list: Default::default(),
        input,
    };
    let signature = Signature::new(random(index, 5), random(index, 6), index.is_multiple_of(3));
    Signed::new_unhashed(transaction, signature).into()
}

fn batch(mode: DataMode, token: bool) -> Batch {
    let mut nonces = std::collections::HashMap::new();
    let blocks = (0..BLOCKS)
        .map(|block| {
            let (mut transactions, mut senders) = (Vec::new(), Vec::new());
            for index in block * PER_BLOCK..(block + 1) * PER_BLOCK {
                let sender = skewed(index, 7, 1500);
                let nonce = nonces.entry(sender).or_insert_with(|| skewed(sender, 8, 300));
                transactions.push(transaction(index, *nonce, token));
                senders.push(address(2, sender));
                *nonce += 1;
            }
            let compact = CompactBlock { senders, transactions_root: random(block, 9).into() };
            BatchBlock {
                timestamp: 1_800_000_000 + block,
                origin_number: 100 + block / 12,
                transactions,
                compact: (mode == DataMode::Compact).then_some(compact),
            }
        })
        .collect();
    Batch { parent_hash: B256::repeat_byte(1), first_number: 1, blocks }
}

#[test]
fn batch_size() {
    let count = (BLOCKS * PER_BLOCK) as f64;
    for (token, limits) in [(false, [81.0, 19.0]), (true, [80.0, 18.0])] {
        for (mode, limit) in MODES.into_iter().zip(limits) {
            let batch = batch(mode, token);
            let start = Instant::now();
            let data = encode(mode, CHAIN_ID, &batch).unwrap();
            let encoded = start.elapsed();
            let per_transaction = data.len() as f64 / count;
            let start = Instant::now();
            assert_eq!(decode_like(mode, data, &batch).unwrap(), batch);
            let decoded = start.elapsed();
            let name = if token { "ERC-20" } else { "ETH" };
            println!(
                "{name} {mode:?}: {per_transaction:.2} bytes; {encoded:.1?} to write, {decoded:.1?} to read"
            );
            assert!(per_transaction < limit, "{name} {mode:?}: {per_transaction} bytes");
        }
    }
}
