//! Transactions from wallets.

use alloy_primitives::{B256, Bytes};

use super::{Api, Args, RpcError};
use crate::pool;

/// `eth_sendRawTransaction(bytes)`: hash of the transaction, which is now in the pool.
pub(super) fn raw_transaction(api: &Api, args: &Args) -> Result<B256, RpcError> {
    let raw: Bytes = args.required(0)?;
    let hash = api.pool.add(pool::decode(&raw)?, |sender| {
        let snapshot = api.store.snapshot()?;
        let state = pool::read_sender(&snapshot.state(), sender)?;
        Ok::<_, RpcError>((snapshot.head(), state))
    })?;
    tracing::debug!(%hash, "transaction received");
    Ok(hash)
}
