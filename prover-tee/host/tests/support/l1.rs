//! An L1 node with a registry: as much JSON-RPC as a host speaks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable},
    eips::eip2718::Decodable2718,
    sol_types::{SolCall, SolError, SolValue},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use contracts_bindings::IProverRegistry::{
    self, SignerExpired, SignerIsRevoked, addIntermediateCall, intermediateExpiresAtCall, livenessCall,
    registerCall, signerOfCall,
};
use prover_quote::certificate;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{L1_CHAIN, REGISTRY};

/// A key lives so long, in seconds.
pub(crate) const LIFETIME: u64 = 7 * 86_400;

pub(crate) struct FakeL1 {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What the chain is like. Tests change it.
pub(crate) struct State {
    pub(crate) now: u64,
    pub(crate) signers: HashMap<Address, Signer>,
    pub(crate) intermediates: HashMap<B256, u64>,
    /// Transactions that blocks take must offer this, in wei per gas.
    pub(crate) base_fee: u128,
    /// Fees that the node suggests are for this base fee.
    pub(crate) suggested_base_fee: u128,
    pub(crate) balance: U256,
    /// Transactions that were sent, mined or not.
    pub(crate) sent: Vec<TxEnvelope>,
    pub(crate) mined: Vec<B256>,
    /// The node answers nothing.
    pub(crate) down: bool,
}

#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) operator: Address,
    pub(crate) expires_at: u64,
    pub(crate) revoked: bool,
}

impl Drop for FakeL1 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeL1 {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            now: 1_800_000_000,
            signers: HashMap::new(),
            intermediates: HashMap::new(),
            base_fee: 1_000_000_000,
            suggested_base_fee: 1_000_000_000,
            balance: U256::from(10).pow(U256::from(18)),
            sent: Vec::new(),
            mined: Vec::new(),
            down: false,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { url, state, task }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// Serves HTTP/1.1 requests of one connection.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let request: Value = serde_json::from_slice(&body).unwrap();
        let answer = {
            let mut state = state.lock().unwrap();
            if state.down {
                return;
            }
            state.answer(request["method"].as_str().unwrap(), &request["params"])
        };
        let body = match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }),
        }
        .to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        let response = format!("{head} {}\r\n\r\n{body}", body.len());
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Number of the newest block.
const HEAD: u64 = 100;

impl State {
    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        Ok(match method {
            "eth_chainId" => json!(format!("{L1_CHAIN:#x}")),
            "eth_getBlockByNumber" => self.block(&params[0]),
            "eth_feeHistory" => {
                let fee = format!("{:#x}", self.suggested_base_fee);
                json!({
                    "oldestBlock": "0x1", "baseFeePerGas": [fee, fee], "gasUsedRatio": [0.5],
                    "reward": [["0x3b9aca00"]],
                })
            }
            "eth_getBalance" => json!(self.balance),
            "eth_getTransactionCount" => json!(format!("{:#x}", self.mined.len())),
            "eth_estimateGas" => {
                self.run(&call_input(params), Address::ZERO, false)?;
                json!("0x493e0")
            }
            "eth_call" => json!(self.run(&call_input(params), Address::ZERO, false)?),
            "eth_sendRawTransaction" => json!(self.take(params[0].as_str().unwrap())?),
            "eth_getTransactionReceipt" => {
                let hash: B256 = params[0].as_str().unwrap().parse().unwrap();
                if self.mined.contains(&hash) { receipt(hash) } else { Value::Null }
            }
            other => panic!("{other} is not asked by a host"),
        })
    }

    fn block(&self, at: &Value) -> Value {
        let mut block = alloy::rpc::types::Block::<TxEnvelope>::default();
        block.header.inner.number = at
            .as_str()
            .and_then(|text| text.strip_prefix("0x"))
            .map_or(HEAD, |digits| u64::from_str_radix(digits, 16).unwrap());
        block.header.inner.timestamp = self.now;
        block.header.inner.base_fee_per_gas = Some(self.base_fee.try_into().unwrap());
        block.header.hash = block.header.inner.hash_slow();
        serde_json::to_value(block).unwrap()
    }

    /// Takes a transaction, and mines it if it offers enough.
    fn take(&mut self, raw: &str) -> Result<B256, Value> {
        let raw = hex::decode(raw).unwrap();
        let transaction = TxEnvelope::decode_2718(&mut raw.as_slice()).unwrap();
        assert_eq!(transaction.chain_id(), Some(L1_CHAIN));
        assert_eq!(transaction.to(), Some(REGISTRY));
        let (nonce, offer) = (transaction.nonce(), transaction.max_fee_per_gas());
        if nonce != self.mined.len() as u64 {
            return Err(json!({ "code": -32000, "message": "nonce too low" }));
        }
        let waiting = self.sent.iter().filter(|other| other.nonce() == nonce);
        let best = waiting.map(|other| other.max_fee_per_gas()).max().unwrap_or(0);
        if offer < best + best / 10 {
            return Err(json!({ "code": -32000, "message": "replacement transaction underpriced" }));
        }
        let hash = *transaction.hash();
        self.sent.push(transaction.clone());
        if offer >= self.base_fee {
            self.run(transaction.input(), transaction.recover_signer().unwrap(), true)?;
            self.mined.push(hash);
        }
        Ok(hash)
    }

    /// The registry.
    fn run(&mut self, input: &[u8], caller: Address, write: bool) -> Result<Bytes, Value> {
        let selector: [u8; 4] = input[..4].try_into().unwrap();
        let output = match selector {
            signerOfCall::SELECTOR => {
                let call = signerOfCall::abi_decode(input).unwrap();
                let known = self.signers.get(&call.signer).cloned();
                let signer =
                    known.unwrap_or(Signer { operator: Address::ZERO, expires_at: 0, revoked: false });
                IProverRegistry::Signer {
                    operator: signer.operator,
                    expiresAt: signer.expires_at,
                    workload: 1,
                    platform: 1,
                    revoked: signer.revoked,
                }
                .abi_encode()
            }
            livenessCall::SELECTOR => {
                let signer = livenessCall::abi_decode(input).unwrap().signer;
                let known = &self.signers[&signer];
                if known.revoked {
                    return Err(reverted(&SignerIsRevoked { signer }));
                }
                if known.expires_at <= self.now {
                    return Err(reverted(&SignerExpired {
                        signer,
                        expiresAt: U256::from(known.expires_at),
                        timestamp: U256::from(self.now),
                    }));
                }
                (known.operator, U256::from(1)).abi_encode()
            }
            intermediateExpiresAtCall::SELECTOR => {
                let key = intermediateExpiresAtCall::abi_decode(input).unwrap().keyHash;
                U256::from(self.intermediates.get(&key).copied().unwrap_or(0)).abi_encode()
            }
            addIntermediateCall::SELECTOR => {
                let der = addIntermediateCall::abi_decode(input).unwrap().der;
                let key = alloy_primitives::keccak256(certificate::p256_key(&der).unwrap());
                if write {
                    self.intermediates.insert(key, self.now + 1000 * 86_400);
                }
                Vec::new()
            }
            registerCall::SELECTOR => {
                let call = registerCall::abi_decode(input).unwrap();
                let chain = certificate::chain(&call.quote).unwrap();
                let key = alloy_primitives::keccak256(certificate::p256_key(&chain[1]).unwrap());
                assert!(self.intermediates.contains_key(&key), "the intermediate comes first");
                assert!(HEAD - call.refBlockNumber < 10 && call.refBlockNumber < HEAD);
                if write {
                    let signer = Signer { operator: caller, expires_at: self.now + LIFETIME, revoked: false };
                    assert!(self.signers.insert(call.signer, signer).is_none(), "registered once");
                }
                Vec::new()
            }
            other => panic!("{} is not called by a host", hex::encode(other)),
        };
        Ok(output.into())
    }
}

fn call_input(params: &Value) -> Vec<u8> {
    let call = &params[0];
    let input = call.get("input").or_else(|| call.get("data")).unwrap();
    hex::decode(input.as_str().unwrap()).unwrap()
}

fn reverted(error: &impl SolError) -> Value {
    json!({ "code": 3, "message": "execution reverted", "data": hex::encode_prefixed(error.abi_encode()) })
}

fn receipt(hash: B256) -> Value {
    json!({
        "transactionHash": hash, "transactionIndex": "0x0", "blockHash": B256::ZERO, "blockNumber": "0x64",
        "from": Address::ZERO, "to": REGISTRY, "cumulativeGasUsed": "0x1", "gasUsed": "0x1",
        "contractAddress": null, "logs": [], "logsBloom": format!("0x{}", "00".repeat(256)),
        "status": "0x1", "type": "0x2", "effectiveGasPrice": "0x1",
    })
}
