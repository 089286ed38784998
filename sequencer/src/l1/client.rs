//! Asking an L1 node, and believing only what can be checked.
//!
//! Headers are rebuilt and hashed, receipts are hashed to the root in their header. Answers to
//! contract calls cannot be checked this way: whoever uses them compares them with our own chain.

use std::{future::IntoFuture, time::Duration};

use alloy::{
    consensus::BlockHeader,
    eips::{BlockId, BlockNumberOrTag},
    network::TransactionBuilder,
    providers::{Provider, RootProvider},
    rpc::types::{Filter, Log, TransactionReceipt, TransactionRequest},
    sol_types::SolCall,
    transports::TransportResult,
};
use alloy_consensus::{
    Header, ReceiptEnvelope, TxEnvelope,
    proofs::{calculate_receipt_root, calculate_transaction_root},
};
use alloy_primitives::{Address, B256, Bytes, Sealed, U256};
use tokio::time::{sleep, timeout};

use super::L1Error;

/// Wait after the first failed attempt; it doubles with each further one.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(200);

/// An L1 node behind HTTP.
#[derive(Clone, Debug)]
pub struct L1Client {
    provider: RootProvider,
    request_timeout: Duration,
    attempts: u32,
}

impl L1Client {
    /// A client of the node at `url` (`http://` or `https://`). Connects on the first request.
    ///
    /// Each request gets `attempts` tries of `request_timeout` each; an error that the node itself
    /// answered is not tried again.
    pub fn new(url: &str, request_timeout: Duration, attempts: u32) -> Result<Self, L1Error> {
        let url =
            url.parse().map_err(|error| L1Error::Url { url: url.to_owned(), reason: format!("{error}") })?;
        Ok(Self { provider: RootProvider::new_http(url), request_timeout, attempts: attempts.max(1) })
    }

    /// The EIP-155 chain id.
    pub async fn chain_id(&self) -> Result<u64, L1Error> {
        self.request("eth_chainId", || self.provider.get_chain_id()).await
    }

    /// The header at `at`, if the node has it. Its hash is computed here.
    pub async fn header(&self, at: BlockNumberOrTag) -> Result<Option<Sealed<Header>>, L1Error> {
        let block =
            self.request("eth_getBlockByNumber", || self.provider.get_block_by_number(at).hashes()).await?;
        let Some(block) = block else { return Ok(None) };
        let claimed = block.header.hash;
        let header = block.into_consensus_header();
        if let BlockNumberOrTag::Number(wanted) = at
            && header.number != wanted
        {
            return Err(L1Error::WrongNumber { wanted, got: header.number });
        }
        let computed = header.hash_slow();
        if computed != claimed {
            return Err(L1Error::WrongHeaderHash { number: header.number, claimed, computed });
        }
        Ok(Some(Sealed::new_unchecked(header, computed)))
    }

    /// Like [`header`](Self::header), for a block that the node must have.
    pub async fn existing_header(&self, at: BlockNumberOrTag) -> Result<Sealed<Header>, L1Error> {
        self.header(at).await?.ok_or(L1Error::NoBlock(at))
    }

    /// All receipts of a block, in order: they hash to the receipts root of `header`.
    pub async fn receipts(&self, header: &Sealed<Header>) -> Result<Vec<ReceiptEnvelope>, L1Error> {
        let id = BlockId::hash(header.hash());
        let receipts = self.request("eth_getBlockReceipts", || self.provider.get_block_receipts(id)).await?;
        let receipts: Vec<ReceiptEnvelope> = receipts
            .ok_or(L1Error::NoReceipts { number: header.number(), hash: header.hash() })?
            .into_iter()
            .map(|receipt| receipt.into_inner().into_primitives_receipt())
            .collect();
        let computed = calculate_receipt_root(&receipts);
        if computed != header.receipts_root() {
            return Err(L1Error::WrongReceiptsRoot {
                number: header.number(),
                expected: header.receipts_root(),
                computed,
            });
        }
        Ok(receipts)
    }

    /// All transactions of a block, in order: they hash to the transactions root of `header`. Blob transactions come
    /// without their blobs.
    pub async fn transactions(&self, header: &Sealed<Header>) -> Result<Vec<TxEnvelope>, L1Error> {
        let (number, hash) = (header.number(), header.hash());
        let ask = || self.provider.get_block_by_hash(hash).full();
        let block = self.request("eth_getBlockByHash", ask).await?;
        let block = block.ok_or(L1Error::NoTransactions { number, hash })?;
        let transactions =
            block.try_into_transactions().map_err(|_| L1Error::NoTransactions { number, hash })?;
        let transactions: Vec<TxEnvelope> =
            transactions.into_iter().map(|transaction| transaction.into_inner()).collect();
        let (expected, computed) = (header.transactions_root(), calculate_transaction_root(&transactions));
        if computed != expected {
            return Err(L1Error::WrongTransactionsRoot { number, expected, computed });
        }
        Ok(transactions)
    }

    /// The result of a contract call in the state after block `at`.
    pub async fn view<C: SolCall + Clone>(
        &self,
        to: Address,
        call: C,
        at: BlockId,
    ) -> Result<C::Return, L1Error> {
        let request = TransactionRequest::default().with_to(to).with_input(call.abi_encode());
        let answer = self.call(request, at).await?;
        C::abi_decode_returns(&answer).map_err(|source| L1Error::Undecodable { call: C::SIGNATURE, source })
    }

    /// Runs a transaction without sending it, in the state after block `at`.
    pub async fn call(&self, request: TransactionRequest, at: BlockId) -> Result<Bytes, L1Error> {
        self.request("eth_call", || self.provider.call(request.clone()).block(at)).await
    }

    /// Logs that match `filter`.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, L1Error> {
        self.request("eth_getLogs", || self.provider.get_logs(filter)).await
    }

    /// The number of transactions of `account` that are in blocks.
    pub async fn nonce(&self, account: Address) -> Result<u64, L1Error> {
        self.request("eth_getTransactionCount", || self.provider.get_transaction_count(account).latest())
            .await
    }

    /// Balance of `account` in wei.
    pub async fn balance(&self, account: Address) -> Result<U256, L1Error> {
        self.request("eth_getBalance", || self.provider.get_balance(account).latest()).await
    }

    /// The priority fee that the node suggests, in wei per gas.
    pub async fn priority_fee(&self) -> Result<u128, L1Error> {
        self.request("eth_maxPriorityFeePerGas", || self.provider.get_max_priority_fee_per_gas()).await
    }

    /// The blob base fee of the next block, in wei per blob gas.
    pub async fn blob_base_fee(&self) -> Result<u128, L1Error> {
        self.request("eth_blobBaseFee", || self.provider.get_blob_base_fee()).await
    }

    /// Hands a signed transaction (EIP-2718, with sidecar) to the node. Returns nothing: the hash is
    /// known to whoever signed.
    pub async fn send(&self, raw: &[u8]) -> Result<(), L1Error> {
        self.request("eth_sendRawTransaction", || self.provider.send_raw_transaction(raw)).await.map(drop)
    }

    /// The receipt of a transaction, if it is in a block.
    pub async fn receipt(&self, transaction: B256) -> Result<Option<TransactionReceipt>, L1Error> {
        self.request("eth_getTransactionReceipt", || self.provider.get_transaction_receipt(transaction)).await
    }

    async fn request<T, F>(&self, method: &'static str, call: impl Fn() -> F) -> Result<T, L1Error>
    where
        F: IntoFuture<Output = TransportResult<T>>,
    {
        let mut delay = FIRST_RETRY_DELAY;
        let mut attempt = 1;
        loop {
            let error = match timeout(self.request_timeout, call().into_future()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(source)) => L1Error::Request { method, source: Box::new(source) },
                Err(_) => L1Error::Timeout { method, after: self.request_timeout },
            };
            if attempt >= self.attempts || !error.is_transient() {
                return Err(error);
            }
            sleep(delay).await;
            delay = delay.saturating_mul(2);
            attempt += 1;
        }
    }
}
