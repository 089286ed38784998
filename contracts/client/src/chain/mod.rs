//! Questions to a node of either chain. What it answers is checked where it can be, and never trusted with money.

mod answers;
mod error;

use std::{fmt::Debug, future::IntoFuture, time::Duration};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::TransactionBuilder,
    providers::{Provider, RootProvider, utils::Eip1559Estimation},
    rpc::types::{Filter, Log, TransactionRequest},
    sol_types::SolCall,
    transports::{RpcError, TransportErrorKind, TransportResult},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{sleep, timeout};

pub use answers::{Header, Receipt, StorageProof};
pub use error::Error;

use crate::{network::Endpoint, refusal::Refusal};

/// Time for one answer.
const LIMIT: Duration = Duration::from_secs(15);
/// How often a question is asked before it fails, and how long the first wait between is.
const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Blocks in one question for logs. Public nodes allow between 1,000 and 10,000.
pub const LOG_RANGE: u64 = 2_000;

/// A node of one chain behind HTTP.
#[derive(Clone, Debug)]
pub struct Chain {
    name: Layer,
    chain_id: u64,
    pub(crate) provider: RootProvider,
}

/// Which chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Layer {
    /// Ethereum.
    L1,
    /// The rollup.
    L2,
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
        })
    }
}

impl Chain {
    /// A client of the endpoint's node. Connects on the first request.
    pub fn new(name: Layer, endpoint: &Endpoint) -> Result<Self, Error> {
        let url = &endpoint.rpc;
        let parsed = url.parse().map_err(|error| Error::Url {
            layer: name,
            url: url.clone(),
            reason: format!("{error}"),
        })?;
        Ok(Self { name, chain_id: endpoint.chain_id, provider: RootProvider::new_http(parsed) })
    }

    /// Which chain it is.
    pub fn layer(&self) -> Layer {
        self.name
    }

    /// The chain id that it must have.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Fails if the node belongs to another chain.
    pub async fn check_chain_id(&self) -> Result<(), Error> {
        let actual = self.ask("eth_chainId", || self.provider.get_chain_id()).await?;
        if actual == self.chain_id {
            return Ok(());
        }
        Err(Error::WrongChain { layer: self.name, expected: self.chain_id, actual })
    }

    /// The newest block.
    pub async fn head(&self) -> Result<Header, Error> {
        self.header_at(BlockNumberOrTag::Latest).await
    }

    /// The last final block.
    pub async fn finalized(&self) -> Result<Header, Error> {
        self.header_at(BlockNumberOrTag::Finalized).await
    }

    /// Block `number`.
    pub async fn header(&self, number: u64) -> Result<Header, Error> {
        let header = self.header_at(BlockNumberOrTag::Number(number)).await?;
        if header.number == number {
            return Ok(header);
        }
        Err(self.nonsense("eth_getBlockByNumber", format!("block {} for block {number}", header.number)))
    }

    async fn header_at(&self, at: BlockNumberOrTag) -> Result<Header, Error> {
        let block = self.ask("eth_getBlockByNumber", || self.provider.get_block_by_number(at)).await?;
        let Some(block) = block else {
            return Err(self.nonsense("eth_getBlockByNumber", format!("no block {at}")));
        };
        let inner = &block.header.inner;
        Ok(Header {
            number: inner.number,
            hash: block.header.hash,
            timestamp: inner.timestamp,
            state_root: inner.state_root,
            withdrawals_root: inner.withdrawals_root,
        })
    }

    /// The result of a contract call in the newest state.
    pub async fn view<C: SolCall>(&self, contract: Address, call: C) -> Result<C::Return, Error> {
        let request = TransactionRequest::default().with_to(contract).with_input(call.abi_encode());
        let answer = self.call(&request).await?;
        C::abi_decode_returns_validate(&answer).map_err(|_| Error::Undecodable {
            layer: self.name,
            call: C::SIGNATURE,
            contract,
            answer: Bytes::copy_from_slice(answer.get(..64).unwrap_or(&answer)),
        })
    }

    /// What a call answers in the newest state. Fails with the contract's reason if it reverts.
    pub async fn call(&self, request: &TransactionRequest) -> Result<Bytes, Error> {
        // Not `pending`, which is the default: what waits in a pool has not happened.
        self.ask("eth_call", || self.provider.call(request.clone()).block(BlockId::latest())).await
    }

    /// Gas that a transaction needs. Fails with the contract's reason if it would revert.
    pub async fn gas(&self, request: &TransactionRequest) -> Result<u64, Error> {
        self.ask("eth_estimateGas", || self.provider.estimate_gas(request.clone())).await
    }

    /// Fees that get a transaction into one of the next blocks.
    pub async fn fees(&self) -> Result<Eip1559Estimation, Error> {
        self.ask("eth_feeHistory", || self.provider.estimate_eip1559_fees()).await
    }

    /// The nonce after the transactions of `account` that are in blocks.
    pub async fn nonce(&self, account: Address) -> Result<u64, Error> {
        self.ask("eth_getTransactionCount", || self.provider.get_transaction_count(account)).await
    }

    /// The nonce after those that wait as well.
    pub async fn pending_nonce(&self, account: Address) -> Result<u64, Error> {
        self.ask("eth_getTransactionCount", || self.provider.get_transaction_count(account).pending()).await
    }

    /// Balance of `account`, in wei.
    pub async fn balance(&self, account: Address) -> Result<U256, Error> {
        self.ask("eth_getBalance", || self.provider.get_balance(account)).await
    }

    /// Whether there is a contract.
    pub async fn has_code(&self, account: Address) -> Result<bool, Error> {
        Ok(!self.ask("eth_getCode", || self.provider.get_code_at(account)).await?.is_empty())
    }

    /// Hands a signed transaction to the node.
    pub async fn send(&self, raw: &[u8]) -> Result<(), Error> {
        self.ask("eth_sendRawTransaction", || self.provider.send_raw_transaction(raw)).await.map(drop)
    }

    /// The receipt of a transaction, if it is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Error> {
        let method = "eth_getTransactionReceipt";
        let receipt: Option<Receipt> = self.raw(method, (hash,)).await?;
        if let Some(other) = receipt.as_ref().filter(|receipt| receipt.transaction_hash != hash) {
            return Err(self.nonsense(method, format!("{} for {hash}", other.transaction_hash)));
        }
        Ok(receipt)
    }

    /// The proof of a slot at the end of block `number`.
    pub async fn storage_proof(
        &self,
        account: Address,
        slot: B256,
        number: u64,
    ) -> Result<StorageProof, Error> {
        let ask = || self.provider.get_proof(account, vec![slot]).block_id(BlockId::number(number));
        let answer = self.ask("eth_getProof", ask).await?;
        let Some(proof) = answer.storage_proof.into_iter().next() else {
            return Err(self.nonsense("eth_getProof", format!("no proof of slot {slot}")));
        };
        Ok(StorageProof {
            storage_root: answer.storage_hash,
            account_nodes: answer.account_proof,
            nodes: proof.proof,
        })
    }

    /// Any other question.
    pub async fn raw<P, R>(&self, method: &'static str, params: P) -> Result<R, Error>
    where
        P: Serialize + Clone + Debug + Send + Sync + Unpin + 'static,
        R: DeserializeOwned + Debug + Send + Sync + Unpin + 'static,
    {
        self.ask(method, || self.provider.raw_request::<P, R>(method.into(), params.clone())).await
    }

    /// The logs of blocks `first..=last`, oldest first. A range that is too large for the node is asked for in halves.
    pub async fn logs(&self, filter: &Filter, first: u64, last: u64) -> Result<Vec<Log>, Error> {
        let mut logs = Vec::new();
        let mut ranges = vec![(first, last)];
        while let Some((first, last)) = ranges.pop() {
            if first > last {
                continue;
            }
            let middle = first + (last - first) / 2;
            if last - first >= LOG_RANGE {
                ranges.extend([(middle + 1, last), (first, middle)]);
                continue;
            }
            let filter = filter.clone().from_block(first).to_block(last);
            match self.ask("eth_getLogs", || self.provider.get_logs(&filter)).await {
                Ok(found) => {
                    self.check_logs(&found, &filter, first, last)?;
                    logs.extend(found);
                }
                Err(Error::Request { error: RpcError::ErrorResp(_), .. }) if first < last => {
                    ranges.extend([(middle + 1, last), (first, middle)]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(logs)
    }

    fn check_logs(&self, logs: &[Log], filter: &Filter, first: u64, last: u64) -> Result<(), Error> {
        let wanted = |log: &Log| {
            log.block_number.is_some_and(|number| (first..=last).contains(&number))
                && log.transaction_hash.is_some()
                && log.log_index.is_some()
                && filter.address.matches(&log.address())
                && filter.topics.iter().enumerate().all(|(place, topic)| {
                    topic.is_empty() || log.topics().get(place).is_some_and(|given| topic.matches(given))
                })
        };
        if logs.iter().all(wanted) {
            return Ok(());
        }
        Err(self.nonsense("eth_getLogs", "logs that were not asked for".to_owned()))
    }

    pub(crate) fn nonsense(&self, method: &'static str, reason: String) -> Error {
        Error::Nonsense { layer: self.name, method, reason }
    }

    /// Asks until there is an answer, a few times. Every question here can be asked twice.
    pub(crate) async fn ask<T, F: IntoFuture<Output = TransportResult<T>>>(
        &self,
        method: &'static str,
        question: impl Fn() -> F,
    ) -> Result<T, Error> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let error = match timeout(LIMIT, question().into_future()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => self.request_error(method, error),
                Err(_) => Error::Timeout { layer: self.name, method },
            };
            // An answer is an answer, also if it is an error.
            let answered = !matches!(
                &error,
                Error::Timeout { .. } | Error::Request { error: RpcError::Transport(_), .. }
            );
            if answered || attempt == ATTEMPTS {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "asking again");
            sleep(wait).await;
            wait *= 2;
        }
        Err(Error::Timeout { layer: self.name, method })
    }

    fn request_error(&self, method: &'static str, error: RpcError<TransportErrorKind>) -> Error {
        if let Some(refusal) = error.as_error_resp().and_then(|response| {
            response.as_revert_data().map(Refusal::new).or_else(|| {
                // Some nodes name the reason in words alone.
                response.message.contains("execution reverted").then(|| Refusal::new(Bytes::new()))
            })
        }) {
            return Error::Refused { layer: self.name, refusal };
        }
        if let RpcError::DeserError { err, .. } = &error {
            return self.nonsense(method, err.to_string());
        }
        Error::Request { layer: self.name, method, error }
    }
}
