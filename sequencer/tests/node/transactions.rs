//! From a wallet's transaction to its receipt.

use alloy::consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex};
use op_alloy_consensus::TxDeposit;
use op_alloy_rpc_types::{OpTransactionReceipt, Transaction as RpcTransaction};
use sequencer::builder::NextOrigin;
use serde_json::{Value, json};

use crate::{
    chain::{LOGGER, REVERTER, START, TestChain, origin, words},
    http::Served,
    wallet::{Wallet, legacy, plain, raw, set_code, with_access_list},
};

fn send(served: &Served, transaction: &executor::Transaction) -> Value {
    served.call("eth_sendRawTransaction", json!([raw(transaction)]))
}

#[test]
fn a_transfer_is_pending_then_sealed() {
    let mut served = Served::new(TestChain::new());
    let wallet = Wallet::new(1);
    let transaction = wallet.transfer(0, 1_000);
    let hash = send(&served, &transaction);
    assert_eq!(hash, json!(transaction.tx_hash()));

    let pending = served.call("eth_getTransactionByHash", json!([hash]));
    assert_eq!((&pending["blockHash"], &pending["from"]), (&Value::Null, &json!(wallet.address())));
    assert_eq!(served.call("eth_getTransactionReceipt", json!([hash])), Value::Null);
    let count = |tag| served.call("eth_getTransactionCount", json!([wallet.address(), tag]));
    assert_eq!((count("latest"), count("pending")), (json!("0x0"), json!("0x1")));
    assert_eq!(served.call("txpool_status", json!([])), json!({ "pending": "0x1", "queued": "0x0" }));

    let header = served.chain.seal();
    let sealed = served.call("eth_getTransactionByHash", json!([hash]));
    assert_eq!(sealed["blockNumber"], "0x1");
    assert_eq!(sealed["transactionIndex"], "0x0");
    assert_eq!(sealed["gasPrice"], json!(U256::from(1_000_000 + 1_000)));
    let typed: RpcTransaction = serde_json::from_value(sealed).unwrap();
    assert_eq!(typed.inner.inner.inner(), &transaction);

    let receipt = served.call("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["type"], "0x2");
    assert_eq!(receipt["gasUsed"], "0x5208");
    assert_eq!(receipt["effectiveGasPrice"], json!(U256::from(1_001_000)));
    assert_eq!(receipt["blockHash"], json!(header.hash_slow()));
    assert_eq!(receipt["contractAddress"], Value::Null);
    assert_eq!(receipt["l1Fee"], "0x0");
    let _: OpTransactionReceipt = serde_json::from_value(receipt).unwrap();
    assert_eq!(served.call("eth_getTransactionCount", json!([wallet.address(), "latest"])), "0x1");
}

#[test]
fn every_type_has_its_shape() {
    let mut served = Served::new(TestChain::new());
    let [a, b, c, d] = [1, 2, 3, 4].map(Wallet::new);
    let authorization = a.authorize(1, Address::repeat_byte(1));
    let transactions = [
        (a.sign(legacy()), "0x0"),
        (b.sign(with_access_list()), "0x1"),
        (c.sign(plain()), "0x2"),
        (d.sign(set_code(vec![authorization])), "0x4"),
    ];
    for (transaction, _) in &transactions {
        send(&served, transaction);
    }
    served.chain.seal();
    for (transaction, ty) in &transactions {
        let hash = transaction.tx_hash();
        let json = served.call("eth_getTransactionByHash", json!([hash]));
        assert_eq!(json["type"], *ty);
        let typed: RpcTransaction = serde_json::from_value(json).unwrap();
        assert_eq!(typed.inner.inner.inner(), transaction);
        let receipt = served.call("eth_getTransactionReceipt", json!([hash]));
        assert_eq!(receipt["type"], *ty);
        let raw_answer = served.call("eth_getRawTransactionByHash", json!([hash]));
        assert_eq!(raw_answer, json!(raw(transaction)));
    }
    let receipts = served.call("eth_getBlockReceipts", json!(["latest"]));
    for (index, receipt) in receipts.as_array().unwrap().iter().enumerate() {
        assert_eq!(*receipt, served.call("eth_getTransactionReceipt", json!([receipt["transactionHash"]])));
        let by_index = json!(["latest", format!("0x{index:x}")]);
        let transaction = served.call("eth_getTransactionByBlockNumberAndIndex", by_index);
        assert_eq!(transaction["hash"], receipt["transactionHash"]);
    }
}

#[test]
fn a_deposit_has_the_shape_of_the_op_stack() {
    let mut served = Served::new(TestChain::new());
    let deposit = TxDeposit {
        source_hash: B256::repeat_byte(9),
        from: Address::repeat_byte(0xee),
        to: TxKind::Call(Address::repeat_byte(0xdd)),
        mint: 1_000,
        value: U256::from(600),
        gas_limit: 50_000,
        is_system_transaction: false,
        input: Bytes::from(hex!("1234")),
    };
    served.chain.l1.push(NextOrigin { origin: origin(101), deposits: vec![deposit.clone()] });
    served.chain.time = START + 1;
    served.chain.seal();
    let hash = deposit.tx_hash();
    let transaction = served.call("eth_getTransactionByHash", json!([hash]));
    for (field, value) in [
        ("type", json!("0x7e")),
        ("hash", json!(hash)),
        ("sourceHash", json!(deposit.source_hash)),
        ("from", json!(deposit.from)),
        ("to", json!(Address::repeat_byte(0xdd))),
        ("mint", json!("0x3e8")),
        ("value", json!("0x258")),
        ("gas", json!("0xc350")),
        ("input", json!("0x1234")),
        ("nonce", json!("0x0")),
        ("gasPrice", json!("0x0")),
        ("depositReceiptVersion", json!("0x1")),
        ("blockNumber", json!("0x1")),
    ] {
        assert_eq!(transaction[field], value, "{field} of {transaction}");
    }
    let receipt = served.call("eth_getTransactionReceipt", json!([hash]));
    for (field, value) in [
        ("type", json!("0x7e")),
        ("status", json!("0x1")),
        ("depositNonce", json!("0x0")),
        ("depositReceiptVersion", json!("0x1")),
        ("effectiveGasPrice", json!("0x0")),
        ("from", json!(deposit.from)),
    ] {
        assert_eq!(receipt[field], value, "{field} of {receipt}");
    }
    let _: OpTransactionReceipt = serde_json::from_value(receipt).unwrap();
    let _: RpcTransaction = serde_json::from_value(transaction).unwrap();
}

#[test]
fn logs_are_numbered_through_the_block() {
    let mut served = Served::new(TestChain::new());
    let [a, b] = [1, 2].map(Wallet::new);
    let calls =
        [a.call(0, LOGGER, words([1])), a.call(1, REVERTER, words([0])), b.call(0, LOGGER, words([2]))];
    for call in &calls {
        send(&served, call);
    }
    served.chain.seal();
    let receipt = |n: usize| served.call("eth_getTransactionReceipt", json!([calls[n].tx_hash()]));
    assert_eq!(receipt(1)["status"], "0x0");
    assert_eq!(receipt(1)["logs"], json!([]));
    let first = receipt(0);
    let last = receipt(2);
    assert_eq!(first["logs"][0]["logIndex"], "0x0");
    assert_eq!(last["logs"][0]["logIndex"], "0x1");
    assert_eq!(last["logs"][0]["transactionIndex"], last["transactionIndex"]);
    assert_ne!(first["logsBloom"], receipt(1)["logsBloom"]);
    let sum: u64 =
        (0..3).map(|n| u64::from_str_radix(&receipt(n)["gasUsed"].as_str().unwrap()[2..], 16).unwrap()).sum();
    let block = served.call("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(block["gasUsed"], json!(U256::from(sum)));
}

#[test]
fn a_contract_gets_its_address() {
    let mut served = Served::new(TestChain::new());
    let wallet = Wallet::new(1);
    // Returns one byte of code: STOP.
    let create = TxEip1559 {
        to: TxKind::Create,
        input: hex!("60015ff3").into(),
        gas_limit: 100_000,
        value: U256::ZERO,
        ..plain()
    };
    let hash = send(&served, &wallet.sign(create));
    served.chain.seal();
    let receipt = served.call("eth_getTransactionReceipt", json!([hash]));
    let address = wallet.address().create(0);
    assert_eq!((&receipt["contractAddress"], &receipt["to"]), (&json!(address), &Value::Null));
    assert_eq!(served.call("eth_getCode", json!([address, "latest"])), "0x00");
}

#[test]
fn refusals_reach_the_wallet() {
    let mut served = Served::new(TestChain::new());
    let wallet = Wallet::new(1);
    send(&served, &wallet.transfer(0, 1));
    for (transaction, words) in [
        (raw(&wallet.transfer(0, 1)), "already known"),
        (raw(&wallet.transfer(99, 1)), "nonce too high: tx nonce 99, gapped nonce 1"),
        (
            raw(&Wallet::new(99).transfer(0, 1)),
            "insufficient funds for gas * price + value: balance 0, tx cost 21000000000001, overshot 21000000000001",
        ),
        (Bytes::new(), "typed transaction too short"),
        (Bytes::from(hex!("03c0")), "transaction type not supported: tx type 3 not supported by this pool"),
    ] {
        let refused = served.refusal("eth_sendRawTransaction", json!([transaction]));
        assert_eq!((refused.code, refused.message.as_str(), refused.data), (-32000, words, None));
    }
    let garbage = served.refusal("eth_sendRawTransaction", json!(["0xc0"]));
    assert_eq!((garbage.code, garbage.message.starts_with("rlp: ")), (-32000, true), "{garbage:?}");
    served.chain.seal();
    let stale = served.refusal("eth_sendRawTransaction", json!([raw(&wallet.transfer(0, 1))]));
    assert_eq!(stale.message, "nonce too low: next nonce 1, tx nonce 0");
}
