//! Withdrawals and what proves them: on the real predeploy, checked as L1 checks.

use alloy::{
    consensus::TxEip1559,
    sol,
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_trie::{Nibbles, proof::verify_proof};
use contracts_bindings::{IMessagePasser, IPortal};
use executor::{
    Transaction,
    chain::MESSAGE_PASSER,
    transition::{Transition, output_root},
};
use sequencer::store::{BatchPayload, BatchRecord, BatchStatus, Retention};
use serde_json::{Value, json};

use crate::{
    chain::{REVERTER, TestChain, WRITER, words},
    http::Served,
    wallet::{Wallet, plain},
};

const MULTICALL: Address = address!("ca11bde05977b3631167028862be2a173976ca11");
const TARGET: Address = address!("00000000000000000000000000000000000000aa");

sol! {
    interface IMulticall3 {
        struct Call3Value { address target; bool allowFailure; uint256 value; bytes callData; }
        function aggregate3Value(Call3Value[] calldata calls) external payable;
    }
}

impl TestChain {
    /// Blocks `first ..= last` are batch `index`, which is being proved.
    fn batch(&self, index: u64, first: u64, last: u64) {
        let header = self.snapshot().header(last).unwrap().unwrap();
        let batch = BatchRecord {
            index,
            first_block: first,
            last_block: last,
            transition: Transition {
                configHash: self.config.hash(),
                parentOutputRoot: B256::ZERO,
                outputRoot: output_root(&header, header.hash()).unwrap(),
                lastL2Block: last,
                lastL2Timestamp: header.timestamp,
                l1OriginNumber: 100,
                l1OriginHash: B256::ZERO,
                daHash: B256::ZERO,
            },
            signatures: vec![],
            status: BatchStatus::Proving,
        };
        self.store.put_batch(&batch, &BatchPayload { input: Bytes::new(), witness: Bytes::new() }).unwrap();
    }

    fn finalize(&self, index: u64) {
        self.store.set_batch_status(index, BatchStatus::Final).unwrap();
    }

    /// The next block; `transaction` alone is in it.
    fn seal_one(&mut self, transaction: Transaction) -> B256 {
        let hash = self.add(transaction).unwrap();
        let header = self.seal();
        assert_eq!(self.hashes(header.number), [hash]);
        hash
    }
}

fn initiate(data: &[u8]) -> Bytes {
    IMessagePasser::initiateWithdrawalCall {
        target: TARGET,
        gasLimit: U256::from(50_000),
        data: Bytes::copy_from_slice(data),
    }
    .abi_encode()
    .into()
}

/// A withdrawal of `value` wei with `data`.
fn withdraw(wallet: &Wallet, nonce: u64, value: u64, data: &[u8]) -> Transaction {
    let (to, value, input) = (MESSAGE_PASSER.into(), U256::from(value), initiate(data));
    wallet.sign(TxEip1559 { nonce, to, value, input, gas_limit: 300_000, ..plain() })
}

/// One transaction with several withdrawals, of 1, 2, ... wei.
fn withdraw_many(wallet: &Wallet, nonce: u64, count: u64) -> Transaction {
    let call = |value| IMulticall3::Call3Value {
        target: MESSAGE_PASSER,
        allowFailure: false,
        value: U256::from(value),
        callData: initiate(&[]),
    };
    let calls = IMulticall3::aggregate3ValueCall { calls: (1..=count).map(call).collect() };
    wallet.sign(TxEip1559 {
        nonce,
        to: MULTICALL.into(),
        value: U256::from(count * (count + 1) / 2),
        input: calls.abi_encode().into(),
        gas_limit: 3_000_000,
        ..plain()
    })
}

fn field<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// Checks an answer as the portal does, against the output that the answer names. Returns the withdrawal.
fn check(served: &Served, proof: &Value, output_block: u64) -> IPortal::WithdrawalTransaction {
    let withdrawal = &proof["withdrawal"];
    let withdrawal = IPortal::WithdrawalTransaction {
        nonce: field(&withdrawal["nonce"]),
        sender: field(&withdrawal["sender"]),
        target: field(&withdrawal["target"]),
        value: field(&withdrawal["value"]),
        gasLimit: field(&withdrawal["gasLimit"]),
        data: field(&withdrawal["data"]),
    };
    let hash = keccak256(withdrawal.abi_encode_params());
    assert_eq!(proof["withdrawalHash"], json!(hash));

    let parts = &proof["outputRootProof"];
    let parts = IPortal::OutputRootProof {
        version: field(&parts["version"]),
        stateRoot: field(&parts["stateRoot"]),
        messagePasserStorageRoot: field(&parts["messagePasserStorageRoot"]),
        latestBlockhash: field(&parts["latestBlockhash"]),
    };
    let header = served.chain.snapshot().header(output_block).unwrap().unwrap();
    let root = output_root(&header, header.hash()).unwrap();
    assert_eq!(keccak256(parts.abi_encode()), root);
    assert_eq!(proof["l2OutputRoot"], json!(root));
    assert_eq!(proof["l2OutputBlockNumber"], json!(U256::from(output_block)));

    let key = Nibbles::unpack(keccak256(keccak256((hash, U256::ZERO).abi_encode())));
    let nodes: Vec<Bytes> = field(&proof["withdrawalProof"]);
    verify_proof(parts.messagePasserStorageRoot, key, Some(vec![1]), &nodes).unwrap();
    withdrawal
}

#[test]
fn a_withdrawal_is_proved_by_either_hash() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    chain.seal_one(wallet.transfer(0, 1_000));
    let transaction = chain.seal_one(withdraw(&wallet, 1, 5, b"hello"));
    chain.seal_one(wallet.transfer(2, 1_000));
    chain.batch(1, 1, 3);
    chain.finalize(1);
    let served = Served::new(chain);

    let proofs = served.call("phala_getWithdrawalProof", json!([transaction]));
    assert_eq!(proofs.as_array().unwrap().len(), 1);
    let proof = &proofs[0];
    let withdrawal = check(&served, proof, 3);
    assert_eq!((withdrawal.sender, withdrawal.target), (wallet.address(), TARGET));
    assert_eq!((withdrawal.value, withdrawal.gasLimit), (U256::from(5), U256::from(50_000)));
    assert_eq!(withdrawal.data, Bytes::from_static(b"hello"));
    assert_eq!(proof["transactionHash"], json!(transaction));
    assert_eq!((&proof["l2BlockNumber"], &proof["l2OutputIndex"]), (&json!("0x2"), &json!("0x1")));
    assert_eq!(served.call("phala_getWithdrawalProof", json!([proof["withdrawalHash"]])), proofs);
}

#[test]
fn withdrawals_of_one_transaction_come_in_order() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    chain.add(withdraw(&Wallet::new(2), 0, 9, b"")).unwrap();
    let transaction = chain.add(withdraw_many(&wallet, 0, 5)).unwrap();
    chain.seal();
    chain.batch(1, 1, 1);
    chain.finalize(1);
    let served = Served::new(chain);
    let proofs = served.call("phala_getWithdrawalProof", json!([transaction]));
    let withdrawals: Vec<_> =
        proofs.as_array().unwrap().iter().map(|proof| check(&served, proof, 1)).collect();
    let values: Vec<u64> = withdrawals.iter().map(|withdrawal| withdrawal.value.to()).collect();
    assert_eq!(values, [1, 2, 3, 4, 5]);
    assert!(withdrawals.iter().all(|withdrawal| withdrawal.sender == MULTICALL));
    assert!(withdrawals.is_sorted_by(|a, b| a.nonce < b.nonce));
    for proof in proofs.as_array().unwrap() {
        assert_eq!(served.call("phala_getWithdrawalProof", json!([proof["withdrawalHash"]])), json!([proof]));
    }
}

#[test]
fn what_is_not_final_says_what_it_waits_for() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    chain.seal_one(wallet.transfer(0, 1_000));
    let hash = chain.add(withdraw(&wallet, 1, 5, b"")).unwrap();
    let served = Served::new(chain);
    let refusal = |served: &Served| served.refusal("phala_getWithdrawalProof", json!([hash]));
    let refused = refusal(&served);
    assert_eq!(
        (refused.code, refused.message),
        (-32000, format!("transaction {hash} is not in a block yet"))
    );

    let mut chain = served.chain;
    chain.seal();
    chain.batch(1, 1, 1);
    chain.finalize(1);
    let served = Served::new(chain);
    let tx = B256::repeat_byte(1);
    let submitting = BatchStatus::Submitting { raw_tx: Bytes::new(), hash: tx, nonce: 0 };
    let on_l1 = BatchStatus::OnL1 { l1_block: 7, tx };
    let begin = "no final output covers L2 block 2 yet, the latest ends with block 1. The block is ";
    for (status, state, awaiting, words) in [
        (None, "latest", "batch", "latest: no batch holds it yet"),
        (Some(BatchStatus::Proving), "latest", "proofs", "latest: its batch 2 is being proved"),
        (Some(submitting), "latest", "submission", "latest: its batch 2 is on the way to L1"),
        (Some(on_l1), "safe", "finality", "safe: its batch 2 is on L1 and not final yet"),
    ] {
        let batch = status.as_ref().map(|_| "0x2");
        match status {
            None => {}
            Some(BatchStatus::Proving) => served.chain.batch(2, 2, 2),
            Some(status) => drop(served.chain.store.set_batch_status(2, status).unwrap()),
        }
        let refused = refusal(&served);
        assert_eq!((refused.code, refused.message), (-32000, format!("{begin}{words}")));
        let data = json!({
            "state": state,
            "awaiting": awaiting,
            "l2BlockNumber": "0x2",
            "finalizedL2BlockNumber": "0x1",
            "batchIndex": batch,
        });
        assert_eq!(refused.data, Some(data));
    }
    served.chain.finalize(2);
    check(&served, &served.call("phala_getWithdrawalProof", json!([hash]))[0], 2);
}

#[test]
fn what_is_no_withdrawal_is_refused() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let transfer = chain.seal_one(wallet.transfer(0, 1_000));
    // A withdrawal that is reverted was not sent.
    let reverted = chain.seal_one(wallet.call(1, REVERTER, initiate(b"")));
    let served = Served::new(chain);
    for (hash, words) in [
        (
            B256::repeat_byte(7),
            format!("no withdrawal and no transaction has the hash {}", B256::repeat_byte(7)),
        ),
        (transfer, format!("transaction {transfer} sent no withdrawal")),
        (reverted, format!("transaction {reverted} sent no withdrawal")),
    ] {
        let refused = served.refusal("phala_getWithdrawalProof", json!([hash]));
        assert_eq!((refused.code, refused.message, refused.data), (-32000, words, None));
    }
    for params in [json!([]), json!(["0x12"]), json!([null]), json!([transfer, 1])] {
        assert_eq!(served.refusal("phala_getWithdrawalProof", params).code, -32602);
    }
}

/// Withdrawals in blocks 1, 3, 5, ... 11 with other writes between; batches of two blocks.
fn years() -> (Served, Vec<B256>) {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    let mut withdrawals = Vec::new();
    for block in 1..=12u64 {
        if block % 2 == 1 {
            withdrawals.push(chain.seal_one(withdraw(&wallet, block - 1, block, b"")));
        } else {
            chain.seal_one(wallet.call(block - 1, WRITER, words([block, block])));
            chain.batch(block / 2, block - 1, block);
            chain.finalize(block / 2);
        }
    }
    (Served::new(chain), withdrawals)
}

#[test]
fn old_withdrawals_stay_provable_when_the_past_is_forgotten() {
    let (served, withdrawals) = years();
    served.chain.store.prune(Retention { history_blocks: Some(0) }, 12).unwrap();
    assert_eq!(served.chain.snapshot().oldest_state().unwrap(), 12);
    for (hash, block) in withdrawals.iter().zip((1..).step_by(2)) {
        let proofs = served.call("phala_getWithdrawalProof", json!([hash]));
        assert_eq!(check(&served, &proofs[0], 12).value, U256::from(block));
        assert_eq!(proofs[0]["l2OutputIndex"], "0x6");
    }
}

/// At the last block of a final batch `eth_getProof` shows what was sent until then, and what was not.
#[test]
fn final_outputs_are_proved_for_good() {
    let (served, withdrawals) = years();
    let hashes: Vec<B256> = withdrawals
        .iter()
        .map(|hash| field(&served.call("phala_getWithdrawalProof", json!([hash]))[0]["withdrawalHash"]))
        .collect();
    let slots: Vec<B256> = hashes.iter().map(|hash| keccak256((*hash, U256::ZERO).abi_encode())).collect();
    let proof =
        |block: u64| served.try_call("eth_getProof", json!([MESSAGE_PASSER, slots, format!("{block:#x}")]));
    let before: Vec<Value> = (0..=12).map(|block| proof(block).unwrap()).collect();
    served.chain.store.prune(Retention { history_blocks: Some(0) }, 12).unwrap();
    for (block, before) in (0u64..).zip(&before) {
        if block == 0 || block % 2 == 1 {
            let refused = proof(block).unwrap_err();
            let words = format!(
                "historical state of block {block} is not available: the oldest kept is that of block 12"
            );
            assert_eq!((refused.code, refused.message), (-32000, words));
            continue;
        }
        let after = proof(block).unwrap();
        assert_eq!(&after, before, "the proof at block {block}");
        let sent = after["storageProof"].as_array().unwrap().iter().filter(|slot| slot["value"] == "0x1");
        assert_eq!(sent.count() as u64, block / 2);
    }
    let other = served.refusal("eth_getProof", json!([WRITER, [], "0x4"]));
    assert!(other.message.starts_with("historical state of block 4 is not available"));
}

#[test]
fn a_withdrawal_goes_with_its_block() {
    let mut chain = TestChain::new();
    let wallet = Wallet::new(1);
    chain.seal_one(wallet.transfer(0, 1_000));
    let transaction = chain.seal_one(withdraw(&wallet, 1, 5, b""));
    let snapshot = chain.snapshot();
    let sent = snapshot.withdrawals(2, 0).unwrap().unwrap();
    let hash = sent[0].withdrawalHash;
    assert_eq!(snapshot.withdrawal(hash).unwrap(), Some((2, 0)));
    drop(snapshot);
    chain.store.unwind_to(1).unwrap();
    assert_eq!(chain.snapshot().withdrawal(hash).unwrap(), None);
    let served = Served::new(chain);
    for gone in [hash, transaction] {
        let refused = served.refusal("phala_getWithdrawalProof", json!([gone]));
        assert_eq!(refused.message, format!("no withdrawal and no transaction has the hash {gone}"));
    }
}
