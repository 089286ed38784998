//! State and blocks, now and in the past.

use alloy::rpc::types::{EIP1186AccountProofResponse, FeeHistory};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::Encodable as _;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount, proof::verify_proof};
use executor::transition::output_root;
use serde_json::{Value, json};

use crate::{
    chain::{LOGGER, TestChain, WRITER, word, words},
    http::Served,
    wallet::Wallet,
};

/// Three blocks: in block n, slots 1 and n of the writer hold n; block 3 empties slot 2.
fn written() -> Served {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let mut nonce = 0;
    let mut write = |chain: &mut TestChain, slot, value| {
        chain.add(wallet.call(nonce, WRITER, words([slot, value]))).unwrap();
        nonce += 1;
    };
    for block in 1..=3 {
        write(&mut chain, 1, block);
        write(&mut chain, block, block);
        if block == 3 {
            write(&mut chain, 2, 0);
        }
        chain.seal();
    }
    Served::new(chain)
}

#[test]
fn every_way_to_name_a_block() {
    let served = written();
    let hash = |number: u64| served.chain.snapshot().header(number).unwrap().unwrap().hash();
    let slot = |block: Value| served.call("eth_getStorageAt", json!([WRITER, "0x1", block]));
    for (block, value) in [
        (json!("latest"), 3),
        (json!("pending"), 3),
        (Value::Null, 3),
        (json!("0x2"), 2),
        (json!("0x0"), 0),
        (json!("earliest"), 0),
        (json!("safe"), 0),
        (json!("finalized"), 0),
        (json!(hash(1)), 1),
        (json!({ "blockHash": hash(2) }), 2),
        (json!({ "blockHash": hash(2), "requireCanonical": true }), 2),
        (json!({ "blockNumber": "0x1" }), 1),
    ] {
        assert_eq!(slot(block.clone()), json!(word(value)), "{block}");
    }
    served.chain.heads.safe.send_replace(sequencer::heads::Head { number: 2, hash: hash(2) });
    served.chain.heads.finalized.send_replace(sequencer::heads::Head { number: 1, hash: hash(1) });
    assert_eq!((slot(json!("safe")), slot(json!("finalized"))), (json!(word(2)), json!(word(1))));

    let refused = served.refusal("eth_getBalance", json!([WRITER, "0x4"]));
    assert_eq!((refused.code, refused.message.as_str()), (-32000, "header not found"));
    let refused = served.refusal("eth_getBalance", json!([WRITER, B256::repeat_byte(1)]));
    assert_eq!((refused.code, refused.message.as_str()), (-32000, "header for hash not found"));
}

#[test]
fn slots_may_be_named_in_any_length() {
    let served = written();
    for slot in ["0x1", "0x01", "0x0000000000000000000000000000000000000000000000000000000000000001", "1"] {
        assert_eq!(served.call("eth_getStorageAt", json!([WRITER, slot, "0x2"])), json!(word(2)));
    }
}

#[test]
fn pruned_state_is_said_to_be_gone() {
    let served = written();
    served.chain.store.prune_history_below(2).unwrap();
    assert_eq!(served.call("eth_getStorageAt", json!([WRITER, "0x1", "0x2"])), json!(word(2)));
    for (method, params) in [
        ("eth_getBalance", json!([WRITER, "0x1"])),
        ("eth_call", json!([{ "to": WRITER }, "0x1"])),
        ("eth_getProof", json!([WRITER, [], "0x1"])),
    ] {
        let refused = served.refusal(method, params);
        assert_eq!(refused.code, -32000);
        assert_eq!(
            refused.message,
            "historical state of block 1 is not available: the oldest kept is that of block 2"
        );
    }
    assert_eq!(served.call("eth_getBlockByNumber", json!(["0x1", true]))["number"], "0x1");
}

#[test]
fn proofs_verify_against_the_header_at_every_block() {
    let served = written();
    let wallet = Wallet::new(1).address();
    for number in 0..=3u64 {
        let block = format!("0x{number:x}");
        let header = served.chain.snapshot().header(number).unwrap().unwrap();
        for address in [WRITER, LOGGER, wallet, Address::repeat_byte(0x77)] {
            let slots = ["0x1", "0x2", "0x3", "0x63"];
            let proof = served.call("eth_getProof", json!([address, slots, block]));
            let proof: EIP1186AccountProofResponse = serde_json::from_value(proof).unwrap();
            let exists = address != Address::repeat_byte(0x77);
            let account = TrieAccount {
                nonce: proof.nonce,
                balance: proof.balance,
                storage_root: proof.storage_hash,
                code_hash: proof.code_hash,
            };
            let expected = exists.then(|| alloy_rlp::encode(account));
            let key = Nibbles::unpack(keccak256(address));
            verify_proof(header.state_root, key, expected, &proof.account_proof).unwrap();
            if !exists {
                assert_eq!((proof.storage_hash, proof.code_hash), (EMPTY_ROOT_HASH, KECCAK256_EMPTY));
            }
            for slot in &proof.storage_proof {
                let key = Nibbles::unpack(keccak256(slot.key.as_b256()));
                let expected = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
                verify_proof(proof.storage_hash, key, expected, &slot.proof).unwrap();
                let read = json!([address, slot.key.as_b256(), block]);
                assert_eq!(served.call("eth_getStorageAt", read), json!(B256::from(slot.value)));
            }
            let balance = served.call("eth_getBalance", json!([address, block]));
            assert_eq!(balance, json!(proof.balance));
        }
    }
}

#[test]
fn outputs_and_the_state_of_the_node() {
    let served = written();
    let header = served.chain.snapshot().header(2).unwrap().unwrap();
    let output = served.call("optimism_outputAtBlock", json!(["0x2"]));
    assert_eq!(output["outputRoot"], json!(output_root(&header, header.hash()).unwrap()));
    assert_eq!(output["version"], json!(B256::ZERO));
    assert_eq!(output["stateRoot"], json!(header.state_root));
    assert_eq!(output["withdrawalStorageRoot"], json!(header.withdrawals_root.unwrap()));
    assert_eq!(output["blockRef"]["number"], 2);
    assert_eq!(output["blockRef"]["hash"], json!(header.hash()));
    assert_eq!(output["blockRef"]["l1origin"]["number"], 100);
    let status = served.call("optimism_syncStatus", json!([]));
    assert_eq!(output["syncStatus"], status);
    assert_eq!(status["unsafe_l2"]["number"], 3);
    assert_eq!(status["safe_l2"]["number"], 0);
    assert_eq!(status["head_l1"]["number"], 0);
    assert_eq!(served.refusal("optimism_outputAtBlock", json!(["0x9"])).message, "header not found");
}

#[test]
fn blocks_are_whole_and_hash_to_their_hash() {
    let served = written();
    let by_number = served.call("eth_getBlockByNumber", json!(["0x2", true]));
    let by_hash = served.call("eth_getBlockByHash", json!([by_number["hash"], true]));
    assert_eq!(by_number, by_hash);
    let block: alloy::rpc::types::Block<op_alloy_rpc_types::Transaction> =
        serde_json::from_value(by_number.clone()).unwrap();
    assert_eq!(block.header.inner.hash_slow(), block.header.hash);
    assert_eq!(block.header.inner.number, 2);
    let stored = served.chain.snapshot().block(2).unwrap().unwrap();
    assert_eq!(by_number["size"], json!(U256::from(stored.block.length())));
    assert_eq!(by_number["withdrawals"], json!([]));
    assert_eq!(by_number["uncles"], json!([]));
    let hashes = served.call("eth_getBlockByNumber", json!(["0x2", false]));
    assert_eq!(hashes["transactions"], json!(served.chain.hashes(2)));
    assert_eq!(served.call("eth_getHeaderByNumber", json!(["0x2"]))["hash"], by_number["hash"]);
    assert_eq!(served.call("eth_getBlockTransactionCountByNumber", json!(["0x3"])), "0x3");
    assert_eq!(served.call("eth_getBlockTransactionCountByHash", json!([by_number["hash"]])), "0x2");
    assert_eq!(served.call("eth_getUncleCountByBlockNumber", json!(["0x3"])), "0x0");
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0x4", true])),
        ("eth_getBlockByHash", json!([B256::ZERO, true])),
        ("eth_getBlockReceipts", json!(["0x4"])),
        ("eth_getTransactionByHash", json!([B256::ZERO])),
        ("eth_getTransactionReceipt", json!([B256::ZERO])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x9"])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x4"])),
    ] {
        assert_eq!(served.call(method, params), Value::Null, "{method}");
    }
}

#[test]
fn fees_are_those_of_the_next_block() {
    let served = written();
    assert_eq!(served.call("eth_maxPriorityFeePerGas", json!([])), json!(U256::from(1_000_000)));
    assert_eq!(served.call("eth_gasPrice", json!([])), json!(U256::from(2_000_000)));
    let history = served.call("eth_feeHistory", json!(["0x2", "latest", [0, 50, 100]]));
    let history: FeeHistory = serde_json::from_value(history).unwrap();
    assert_eq!(history.oldest_block, 2);
    assert_eq!(history.base_fee_per_gas, [1_000_000; 3]);
    assert_eq!(history.gas_used_ratio.len(), 2);
    assert_eq!(history.reward, Some(vec![vec![1_000; 3]; 2]));
    let all = served.call("eth_feeHistory", json!([5000, "latest", null]));
    let all: FeeHistory = serde_json::from_value(all).unwrap();
    assert_eq!((all.oldest_block, all.gas_used_ratio.len(), all.reward), (0, 4, None));
    let refused = served.refusal("eth_feeHistory", json!([1, "0x9", []]));
    assert_eq!(refused.message, "request beyond head block: requested 9, head 3");
}

#[test]
fn what_wallets_ask_first() {
    let served = written();
    for (method, answer) in [
        ("eth_chainId", json!("0x1d01")),
        ("net_version", json!("7425")),
        ("eth_blockNumber", json!("0x3")),
        ("eth_syncing", json!(false)),
        ("eth_accounts", json!([])),
        ("net_listening", json!(true)),
    ] {
        assert_eq!(served.call(method, json!([])), answer, "{method}");
    }
    assert!(served.call("web3_clientVersion", json!([])).as_str().unwrap().starts_with("phala-sequencer/v"));
    assert_eq!(served.call("web3_sha3", json!(["0x"])), json!(KECCAK256_EMPTY));
}
