//! What the pool refuses, word for word, and what it makes of what it takes.

use alloy::consensus::{TxEip1559, TxEip2930, TxLegacy};
use alloy_primitives::{Address, TxKind, U256, hex};
use executor::Transaction;
use sequencer::pool::{PoolError, SenderCode, SenderState, decode};

use crate::{
    chain::{FUNDS, TestChain},
    wallet::{Wallet, legacy, plain, raw, set_code, with_access_list},
};

fn refusal(chain: &TestChain, transaction: Transaction) -> String {
    chain.add(transaction).unwrap_err().to_string()
}

#[test]
fn refuses_in_the_words_of_go_ethereum() {
    let chain = TestChain::new();
    let wallet = Wallet::new(1);
    let poor = Wallet::new(200);
    let plain_with = |change: fn(&mut TxEip1559)| {
        let mut transaction = plain();
        change(&mut transaction);
        wallet.sign(transaction)
    };
    for (transaction, words) in [
        (plain_with(|tx| tx.chain_id = 1), "invalid sender: invalid chain id for signer: have 1 want 7425"),
        (
            wallet.sign(TxLegacy { chain_id: None, ..legacy() }),
            "only replay-protected (EIP-155) transactions allowed over RPC",
        ),
        (plain_with(|tx| tx.gas_limit = 20_999), "intrinsic gas too low: gas 20999, minimum needed 21000"),
        (
            plain_with(|tx| tx.gas_limit = 16_777_217),
            "transaction gas limit too high (cap: 16777216, tx: 16777217)",
        ),
        (
            plain_with(|tx| tx.max_priority_fee_per_gas = tx.max_fee_per_gas + 1),
            "max priority fee per gas higher than max fee per gas",
        ),
        (
            plain_with(|tx| tx.max_priority_fee_per_gas = 0),
            "transaction underpriced: gas tip cap 0, minimum needed 1",
        ),
        (plain_with(|tx| tx.nonce = u64::MAX), "nonce has max value"),
        (plain_with(|tx| tx.nonce = 65), "nonce too high: tx nonce 65, gapped nonce 0"),
        (
            plain_with(|tx| {
                tx.to = TxKind::Create;
                tx.input = vec![0; 49_153].into();
                tx.gas_limit = 10_000_000;
            }),
            "max initcode size exceeded: code size 49153, limit 49152",
        ),
        (
            plain_with(|tx| {
                tx.input = vec![1; 1_000].into();
                tx.gas_limit = 37_001;
            }),
            "insufficient gas for floor data gas cost: gas 37001, minimum needed 61000",
        ),
        (
            plain_with(|tx| {
                tx.input = vec![1; 128 * 1024].into();
                tx.gas_limit = 16_000_000;
            }),
            "oversized data: transaction size 131187, limit 131072",
        ),
        (
            plain_with(|tx| tx.value = FUNDS),
            "insufficient funds for gas * price + value: balance 1000000000000000000, \
             tx cost 1000021000000000000, overshot 21000000000000",
        ),
        (
            poor.sign(plain()),
            "insufficient funds for gas * price + value: balance 0, tx cost 21000000000001, \
             overshot 21000000000001",
        ),
        (wallet.sign(set_code(Vec::new())), "set code tx must have at least one authorization tuple"),
    ] {
        assert_eq!(refusal(&chain, transaction), words);
    }
    assert_eq!(chain.pool.status(), Default::default());
}

#[test]
fn a_transaction_larger_than_a_block_is_refused() {
    let mut genesis = crate::chain::genesis();
    genesis.gas_limit = 1_000_000;
    let chain = TestChain::with(genesis, |_| {});
    let transaction = Wallet::new(1).sign(TxEip1559 { gas_limit: 1_000_001, ..plain() });
    assert_eq!(refusal(&chain, transaction), "exceeds block gas limit");
}

#[test]
fn known_stale_and_replacing_transactions() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let first = wallet.transfer(0, 1_000);
    chain.add(first.clone()).unwrap();
    assert_eq!(refusal(&chain, first.clone()), "already known");
    for (fee, tip) in [(1_000_000_000, 5_000), (1_200_000_000, 1_050), (1_099_999_999, 1_100)] {
        let cheap = TxEip1559 { max_fee_per_gas: fee, max_priority_fee_per_gas: tip, ..plain() };
        assert_eq!(refusal(&chain, wallet.sign(cheap)), "replacement transaction underpriced");
    }
    let dear = TxEip1559 { max_fee_per_gas: 1_100_000_000, max_priority_fee_per_gas: 1_100, ..plain() };
    let replacement = chain.add(wallet.sign(dear)).unwrap();
    assert_eq!(chain.pool.status().pending, 1);
    assert!(chain.pool.get(first.tx_hash()).is_none());
    chain.seal();
    assert_eq!(chain.hashes(1), [replacement]);
    assert_eq!(refusal(&chain, first), "nonce too low: next nonce 1, tx nonce 0");
}

#[test]
fn all_that_waits_must_be_payable_together() {
    let chain = TestChain::new();
    let wallet = Wallet::new(1);
    let share = FUNDS / U256::from(2);
    let send = |nonce, value| wallet.sign(TxEip1559 { nonce, value, ..plain() });
    chain.add(send(0, share)).unwrap();
    assert_eq!(
        refusal(&chain, send(1, share)),
        "insufficient funds for gas * price + value: balance 1000000000000000000, \
         queued cost 500021000000000000, tx cost 500021000000000000, overshot 42000000000000"
    );
    chain.add(send(1, share - U256::from(50_000_000_000_000u64))).unwrap();
}

#[test]
fn gaps_are_waited_for_and_filled() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let hashes = [2, 1].map(|nonce| chain.add(wallet.transfer(nonce, 9)).unwrap());
    assert_eq!((chain.pool.status().pending, chain.pool.status().queued), (0, 2));
    assert_eq!(chain.pool.next_nonce(wallet.address()), Some(0));
    assert!(!chain.pool.is_ready());
    let first = chain.add(wallet.transfer(0, 9)).unwrap();
    assert_eq!((chain.pool.status().pending, chain.pool.status().queued), (3, 0));
    chain.seal();
    assert_eq!(chain.hashes(1), [first, hashes[1], hashes[0]]);
}

#[test]
fn a_fee_below_the_base_fee_waits_for_it_to_fall() {
    let mut chain = TestChain::new();
    let low = TxEip1559 { max_fee_per_gas: 900_000, ..plain() };
    chain.add(Wallet::new(1).sign(low)).unwrap();
    assert_eq!(chain.seal_empty().gas_used, 0);
    assert_eq!(chain.pool.status().pending, 1);
}

#[test]
fn every_type_of_transaction_is_taken() {
    let mut chain = TestChain::new();
    let [a, b, c, d] = [1, 2, 3, 4].map(Wallet::new);
    chain.add(a.sign(legacy())).unwrap();
    chain.add(b.sign(TxEip2930 { ..with_access_list() })).unwrap();
    chain.add(c.sign(plain())).unwrap();
    let authorization = a.authorize(1, Address::repeat_byte(0xcc));
    chain.add(d.sign(set_code(vec![authorization]))).unwrap();
    chain.seal();
    assert_eq!(chain.hashes(1).len(), 4);
}

#[test]
fn accounts_that_code_may_empty_get_few_places() {
    let chain = TestChain::with(crate::chain::genesis(), |config| config.delegated_slots = 2);
    let wallet = Wallet::new(1);
    let add = |transaction, code| {
        let state = SenderState { nonce: 0, balance: FUNDS, code };
        chain.pool.add::<PoolError>(transaction, |_| Ok((0, state))).map_err(|error| error.to_string())
    };
    let gapped = add(wallet.transfer(1, 5), SenderCode::Delegation);
    assert_eq!(gapped.unwrap_err(), "gapped-nonce tx from delegated accounts");
    add(wallet.transfer(0, 5), SenderCode::Delegation).unwrap();
    add(wallet.transfer(1, 5), SenderCode::Delegation).unwrap();
    let third = add(wallet.transfer(2, 5), SenderCode::Delegation);
    assert_eq!(third.unwrap_err(), "in-flight transaction limit reached for delegated accounts");

    // An account that another one is about to delegate counts as delegated.
    let [target, sponsor] = [2, 3].map(Wallet::new);
    let authorization = target.authorize(0, Address::repeat_byte(1));
    add(sponsor.sign(set_code(vec![authorization])), SenderCode::Empty).unwrap();
    let gapped = add(target.transfer(1, 5), SenderCode::Empty);
    assert_eq!(gapped.unwrap_err(), "gapped-nonce tx from delegated accounts");

    // And one with much in flight cannot be delegated by another.
    let busy = Wallet::new(4);
    for nonce in 0..3 {
        add(busy.transfer(nonce, 5), SenderCode::Empty).unwrap();
    }
    let authorization = busy.authorize(0, Address::repeat_byte(1));
    let reserved = add(Wallet::new(5).sign(set_code(vec![authorization])), SenderCode::Empty);
    assert_eq!(reserved.unwrap_err(), "authority already reserved");

    let contract = add(Wallet::new(6).transfer(0, 5), SenderCode::Contract);
    assert_eq!(contract.unwrap_err(), "sender not an eoa");
}

#[test]
fn limits_of_an_account_and_of_the_pool() {
    let chain = TestChain::with(crate::chain::genesis(), |config| {
        config.account_slots = 3;
        config.max_bytes = 5 * 700;
    });
    let wallet = Wallet::new(1);
    for nonce in 0..3 {
        chain.add(wallet.transfer(nonce, 100)).unwrap();
    }
    assert_eq!(refusal(&chain, wallet.transfer(3, 100)), "account limit exceeded: pooled 3 txs");

    // Room for five: a cheaper sixth does not get in, a dearer one pushes the cheapest out.
    chain.add(Wallet::new(2).transfer(0, 300)).unwrap();
    chain.add(Wallet::new(3).transfer(0, 300)).unwrap();
    assert_eq!(refusal(&chain, Wallet::new(4).transfer(0, 50)), "txpool is full");
    let dear = chain.add(Wallet::new(5).transfer(0, 400)).unwrap();
    assert!(chain.pool.get(dear).is_some());
    assert!(chain.pool.status().bytes <= 5 * 700);
    assert!(chain.pool.next_nonce(wallet.address()).unwrap_or(0) < 3, "the cheap ones went");
}

#[test]
fn bytes_that_are_no_transaction() {
    let words = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    assert_eq!(words(&[]), "typed transaction too short");
    assert_eq!(words(&[2]), "typed transaction too short");
    let unsupported = |ty| format!("transaction type not supported: tx type {ty} not supported by this pool");
    assert_eq!(words(&[3, 0xc0]), unsupported(3));
    assert_eq!(words(&[0x7e, 0xc0]), unsupported(0x7e));
    assert_eq!(words(&[0x7d, 0xc0]), unsupported(0x7d));
    assert_eq!(words(&[0x05, 0xc0]), unsupported(5));
    for bytes in [&[0xc0][..], &[2, 0xc0], &hex!("deadbeef"), &[0xff; 40], b"{}", &[0x80]] {
        assert!(decode(bytes).is_err(), "{bytes:?}");
    }
    let mut trailing = raw(&Wallet::new(1).sign(plain())).to_vec();
    trailing.push(0);
    assert!(decode(&trailing).is_err(), "bytes after the end");
    let mut broken = raw(&Wallet::new(1).sign(plain())).to_vec();
    let last = broken.len() - 1;
    broken.truncate(last);
    assert!(decode(&broken).is_err(), "bytes missing");
}

#[test]
fn a_signature_of_nobody() {
    let chain = TestChain::new();
    let Transaction::Eip1559(signed) = Wallet::new(1).sign(plain()) else { panic!() };
    let (transaction, signature, _) = signed.into_parts();
    for bad in [
        alloy_primitives::Signature::new(U256::ZERO, signature.s(), false),
        alloy_primitives::Signature::new(signature.r(), U256::MAX, false),
        // The high half of s (EIP-2).
        alloy_primitives::Signature::new(signature.r(), N - signature.s(), !signature.v()),
    ] {
        let forged = alloy::consensus::Signed::new_unhashed(transaction.clone(), bad);
        assert_eq!(refusal(&chain, forged.into()), "invalid sender");
    }
}

/// Order of secp256k1.
const N: U256 = U256::from_limbs([
    0xbfd2_5e8c_d036_4141,
    0xbaae_dce6_af48_a03b,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);
