//! The whole node on the clock: settings from files, blocks by the second, a restart.

use std::{net::TcpListener, path::Path};

use clap::Parser as _;
use sequencer::{config::Settings, node::Node};
use serde_json::{Value, json};

use crate::{
    chain::{WRITER, chain_config, genesis, wait_for, word, words},
    http::call,
    wallet::{Wallet, raw},
};

fn settings(folder: &Path, port: u16) -> Settings {
    let mut genesis = genesis();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    if !folder.join("genesis.json").exists() {
        genesis.timestamp = now - 5;
        genesis.origin.timestamp = now - 5;
        let chain = chain_config(&genesis);
        std::fs::write(folder.join("genesis.json"), serde_json::to_string(&genesis).unwrap()).unwrap();
        std::fs::write(folder.join("chain.json"), serde_json::to_string(&chain).unwrap()).unwrap();
    }
    Settings::parse_from([
        "sequencer",
        "--data-dir",
        folder.join("data").to_str().unwrap(),
        "--chain",
        folder.join("chain.json").to_str().unwrap(),
        "--genesis",
        folder.join("genesis.json").to_str().unwrap(),
        "--http-port",
        &port.to_string(),
    ])
}

#[test]
fn a_transaction_is_sealed_within_its_second_and_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let node = runtime.block_on(Node::start(&settings(folder.path(), 0))).unwrap();
    let address = node.rpc_address();
    let transaction = Wallet::new(1).call(0, WRITER, words([1, 42]));
    let hash = call(address, "eth_sendRawTransaction", json!([raw(&transaction)])).unwrap();
    let receipt = wait_for("the receipt", || {
        let receipt = call(address, "eth_getTransactionReceipt", json!([hash])).unwrap();
        (receipt != Value::Null).then_some(receipt)
    });
    assert_eq!(receipt["status"], "0x1");
    runtime.block_on(node.stop()).unwrap();

    let node = runtime.block_on(Node::start(&settings(folder.path(), 0))).unwrap();
    let address = node.rpc_address();
    assert_eq!(call(address, "eth_getTransactionReceipt", json!([hash])).unwrap(), receipt);
    let slot = call(address, "eth_getStorageAt", json!([WRITER, "0x1", "latest"])).unwrap();
    assert_eq!(slot, json!(word(42)));
    let next = Wallet::new(1).call(1, WRITER, words([1, 43]));
    let hash = call(address, "eth_sendRawTransaction", json!([raw(&next)])).unwrap();
    wait_for("the second receipt", || {
        let receipt = call(address, "eth_getTransactionReceipt", json!([hash])).unwrap();
        (receipt != Value::Null).then_some(())
    });
    runtime.block_on(node.stop()).unwrap();
}

#[test]
fn a_busy_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = settings(folder.path(), address.port());
    let error = runtime.block_on(Node::start(&settings)).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {address} for JSON-RPC")), "{error}");
}
