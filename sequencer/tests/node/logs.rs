//! `eth_getLogs`.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use crate::{
    chain::{LOGGER, TestChain, word, words},
    http::Served,
    wallet::Wallet,
};

/// Blocks 1 to 4: block n holds logs with topics n and 10 n.
fn logged() -> TestChain {
    let mut chain = TestChain::new();
    let [a, b] = [1, 2].map(Wallet::new);
    for block in 1..=4 {
        chain.add(a.call(block - 1, LOGGER, words([block]))).unwrap();
        chain.add(b.call(block - 1, LOGGER, words([10 * block]))).unwrap();
        chain.seal();
    }
    chain
}

fn topics(logs: &Value) -> Vec<B256> {
    let topic = |log: &Value| serde_json::from_value(log["topics"][0].clone()).unwrap();
    logs.as_array().unwrap().iter().map(topic).collect()
}

#[test]
fn ranges_and_filters() {
    let served = Served::new(logged());
    let hash = served.call("eth_getBlockByNumber", json!(["0x2", false]))["hash"].clone();
    for (filter, expected) in [
        (json!({}), vec![4, 40]),
        (json!({ "fromBlock": "earliest" }), vec![1, 10, 2, 20, 3, 30, 4, 40]),
        (json!({ "fromBlock": "0x2", "toBlock": "0x3" }), vec![2, 20, 3, 30]),
        (json!({ "fromBlock": "0x3", "toBlock": "0xff" }), vec![3, 30, 4, 40]),
        (json!({ "fromBlock": "0x9", "toBlock": "0xff" }), vec![]),
        (json!({ "blockHash": hash }), vec![2, 20]),
        (json!({ "blockHash": hash, "topics": [word(20)] }), vec![20]),
        (json!({ "fromBlock": "0x0", "topics": [[word(1), word(40)]] }), vec![1, 40]),
        (json!({ "fromBlock": "0x0", "topics": [word(1), null] }), vec![]),
        (json!({ "fromBlock": "0x0", "address": LOGGER, "topics": [word(3)] }), vec![3]),
        (json!({ "fromBlock": "0x0", "address": Address::ZERO }), vec![]),
        (json!({ "fromBlock": "safe", "toBlock": "latest", "topics": [word(2)] }), vec![2]),
    ] {
        let logs = served.call("eth_getLogs", json!([filter]));
        let expected: Vec<B256> = expected.into_iter().map(word).collect();
        assert_eq!(topics(&logs), expected, "{filter}");
    }
}

#[test]
fn logs_are_those_of_the_receipts() {
    let served = Served::new(logged());
    let logs = served.call("eth_getLogs", json!([{ "fromBlock": "0x0" }]));
    for log in logs.as_array().unwrap() {
        assert_eq!(log["removed"], false);
        let receipt = served.call("eth_getTransactionReceipt", json!([log["transactionHash"]]));
        assert_eq!(receipt["logs"], json!([log]));
    }
}

#[test]
fn limits() {
    let served = Served::with(logged(), |config| {
        config.max_log_blocks = 3;
        config.max_logs = 4;
    });
    let refusal = |filter: Value| served.refusal("eth_getLogs", json!([filter]));
    let refused = refusal(json!({ "fromBlock": "0x0", "toBlock": "0x3" }));
    assert_eq!((refused.code, refused.message.as_str()), (-32602, "exceed maximum block range: 3"));
    let refused = refusal(json!({ "fromBlock": "0x2", "toBlock": "0x4" }));
    assert_eq!((refused.code, refused.message.as_str()), (-32005, "query returned more than 4 results"));
    served.call("eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x3" }]));
    let refused = refusal(json!({ "fromBlock": "0x3", "toBlock": "0x2" }));
    assert_eq!((refused.code, refused.message.as_str()), (-32602, "invalid block range params"));
    let refused = refusal(json!({ "blockHash": B256::ZERO }));
    assert_eq!((refused.code, refused.message.as_str()), (-32000, "unknown block"));
    let refused = refusal(json!({ "blockHash": B256::ZERO, "fromBlock": "0x1" }));
    assert_eq!(refused.code, -32602);
}
