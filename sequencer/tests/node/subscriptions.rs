//! `eth_subscribe` over WebSocket.

use serde_json::json;

use crate::{
    chain::{LOGGER, TestChain, word, words},
    http::{Served, Socket},
    wallet::Wallet,
};

#[test]
fn heads_and_logs_are_told_as_blocks_are_sealed() {
    let mut served = Served::new(TestChain::new());
    let mut heads = Socket::open(served.address);
    let subscription = heads.call("eth_subscribe", json!(["newHeads"]))["result"].clone();
    let mut logs = Socket::open(served.address);
    logs.call("eth_subscribe", json!(["logs", { "address": LOGGER, "topics": [word(2)] }]));
    for block in 1..=2 {
        served.chain.add(Wallet::new(1).call(block - 1, LOGGER, words([block]))).unwrap();
        let header = served.chain.seal();
        let message = heads.receive();
        assert_eq!(message["method"], "eth_subscription");
        assert_eq!(message["params"]["subscription"], subscription);
        assert_eq!(message["params"]["result"]["hash"], json!(header.hash_slow()));
        assert_eq!(message["params"]["result"]["number"], format!("0x{block:x}"));
    }
    let log = logs.receive()["params"]["result"].clone();
    assert_eq!((&log["blockNumber"], &log["topics"]), (&json!("0x2"), &json!([word(2)])));

    assert_eq!(heads.call("eth_unsubscribe", json!([subscription]))["result"], true);
    served.chain.add(Wallet::new(1).call(2, LOGGER, words([7]))).unwrap();
    served.chain.seal();
    assert_eq!(heads.call("eth_blockNumber", json!([]))["result"], "0x3", "nothing in between");
}

#[test]
fn subscriptions_that_do_not_exist() {
    let served = Served::new(TestChain::new());
    let mut socket = Socket::open(served.address);
    for params in [json!(["newDreams"]), json!([]), json!([7]), json!(["logs", { "topics": 7 }])] {
        assert_eq!(socket.call("eth_subscribe", params.clone())["error"]["code"], -32602, "{params}");
    }
    assert_eq!(socket.call("eth_chainId", json!([]))["result"], "0x1d01");
}
