//! Questions to an L1 node.

use std::{future::IntoFuture, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    providers::{Provider, RootProvider, utils::Eip1559Estimation},
    rpc::types::{TransactionReceipt, TransactionRequest},
    sol_types::{SolCall, SolInterface},
    transports::{RpcError, TransportError, TransportErrorKind, TransportResult},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use contracts_bindings::{ICollateralStore::ICollateralStoreErrors, IProverRegistry::IProverRegistryErrors};
use prover_verify::refusal::Refusal;
use tokio::time::timeout;

/// Time for one answer.
const LIMIT: Duration = Duration::from_secs(10);

/// An L1 node behind HTTP.
#[derive(Clone, Debug)]
pub struct L1 {
    provider: RootProvider,
}

/// What is needed of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum L1Error {
    /// Not a URL.
    #[error("L1 URL {url:?}: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The node cannot be reached, or refuses the request. Try again.
    #[error("L1 {method}: {error}")]
    Request {
        /// JSON-RPC method.
        method: &'static str,
        /// What went wrong.
        error: TransportError,
    },
    /// No answer in time. Try again.
    #[error("L1 {method}: no answer within {LIMIT:?}")]
    Timeout {
        /// JSON-RPC method.
        method: &'static str,
    },
    /// The contract reverted.
    #[error("L1 refuses: {0}")]
    Reverted(Revert),
    /// The contract's answer is not what its interface says: there is another contract, or none.
    #[error("{call} at {contract} answered {answer}")]
    Undecodable {
        /// Called function.
        call: &'static str,
        /// Called contract.
        contract: Address,
        /// The answer.
        answer: Bytes,
    },
    /// The node does not have the block.
    #[error("L1 does not have block {0}")]
    NoBlock(BlockNumberOrTag),
}

/// What a contract reverted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revert(pub Bytes);

impl Revert {
    /// The error, if it is one of the registry's interface.
    pub fn of_registry(&self) -> Option<IProverRegistryErrors> {
        IProverRegistryErrors::abi_decode_validate(&self.0).ok()
    }

    /// The error, if it is one of the collateral store's interface.
    pub fn of_store(&self) -> Option<ICollateralStoreErrors> {
        ICollateralStoreErrors::abi_decode_validate(&self.0).ok()
    }
}

impl L1 {
    /// A client of the node at `url` (`http://` or `https://`). Connects on the first request.
    pub fn new(url: &str) -> Result<Self, L1Error> {
        let parsed =
            url.parse().map_err(|error| L1Error::Url { url: url.to_owned(), reason: format!("{error}") })?;
        Ok(Self { provider: RootProvider::new_http(parsed) })
    }

    /// The EIP-155 chain id.
    pub async fn chain_id(&self) -> Result<u64, L1Error> {
        request("eth_chainId", self.provider.get_chain_id()).await
    }

    /// Number, hash and time of a block.
    pub async fn block(&self, at: BlockNumberOrTag) -> Result<BlockRef, L1Error> {
        let block = request("eth_getBlockByNumber", self.provider.get_block_by_number(at)).await?;
        let header = block.ok_or(L1Error::NoBlock(at))?.header;
        Ok(BlockRef { number: header.number, hash: header.hash, timestamp: header.timestamp })
    }

    /// The result of a contract call in the newest state.
    pub async fn view<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, L1Error> {
        let answer = self.call(contract, call.abi_encode().into()).await?;
        C::abi_decode_returns_validate(&answer).map_err(|_| L1Error::Undecodable {
            call: C::SIGNATURE,
            contract,
            answer,
        })
    }

    /// What a call answers in the newest state. Fails with the contract's reason if it reverts.
    pub async fn call(&self, to: Address, input: Bytes) -> Result<Bytes, L1Error> {
        let call = TransactionRequest::default().with_to(to).with_input(input);
        request("eth_call", self.provider.call(call)).await
    }

    /// Gas that a call needs. Fails with the contract's reason if it reverts.
    pub async fn gas(&self, from: Address, to: Address, input: Bytes) -> Result<u64, L1Error> {
        let call = TransactionRequest::default().with_from(from).with_to(to).with_input(input);
        request("eth_estimateGas", self.provider.estimate_gas(call)).await
    }

    /// Fees that get a transaction into one of the next blocks.
    pub async fn fees(&self) -> Result<Eip1559Estimation, L1Error> {
        request("eth_feeHistory", self.provider.estimate_eip1559_fees()).await
    }

    /// Number of transactions of `account` that are in blocks.
    pub async fn nonce(&self, account: Address) -> Result<u64, L1Error> {
        request("eth_getTransactionCount", self.provider.get_transaction_count(account)).await
    }

    /// Balance of `account`, in wei.
    pub async fn balance(&self, account: Address) -> Result<U256, L1Error> {
        request("eth_getBalance", self.provider.get_balance(account)).await
    }

    /// Hands a signed transaction to the node.
    pub async fn send(&self, raw: &[u8]) -> Result<(), L1Error> {
        request("eth_sendRawTransaction", self.provider.send_raw_transaction(raw)).await.map(drop)
    }

    /// The receipt of a transaction, if it is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, L1Error> {
        request("eth_getTransactionReceipt", self.provider.get_transaction_receipt(hash)).await
    }
}

async fn request<T>(
    method: &'static str,
    call: impl IntoFuture<Output = TransportResult<T>>,
) -> Result<T, L1Error> {
    let answer = timeout(LIMIT, call.into_future()).await.map_err(|_| L1Error::Timeout { method })?;
    answer.map_err(|error| match revert(&error) {
        Some(revert) => L1Error::Reverted(revert),
        None => L1Error::Request { method, error },
    })
}

/// The contract's reason, if it was the contract that refused.
fn revert(error: &RpcError<TransportErrorKind>) -> Option<Revert> {
    Some(Revert(error.as_error_resp()?.as_revert_data()?))
}

/// In plain words.
impl std::fmt::Display for Revert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no reason given");
        }
        write!(f, "{}", Refusal::decode(&self.0))
    }
}
