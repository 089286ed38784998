//! The table of methods.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U64, keccak256};
use jsonrpsee::{RpcModule, core::RegisterMethodError, types::Params};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::{
    Api, Args, RpcError, blocks, call, contradictions, estimate, fees, logs, optimism, send, state,
    subscribe, withdrawals,
};

/// How long a heavy request waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Every method of the node.
pub(super) fn module(api: Api) -> Result<RpcModule<Api>, RegisterMethodError> {
    let heavy = Arc::new(Semaphore::new(api.config.max_heavy_requests));
    let mut module = RpcModule::new(api);
    let table = &mut Table { module: &mut module, heavy };

    table.light("web3_clientVersion", 0, |_, _| Ok(CLIENT_VERSION))?;
    table.light("web3_sha3", 1, |_, args| Ok(keccak256(args.required::<Bytes>(0)?)))?;
    table.light("net_version", 0, |api, _| Ok(api.chain.chain_id.to_string()))?;
    table.light("net_listening", 0, |_, _| Ok(true))?;
    table.light("net_peerCount", 0, |_, _| Ok(U64::ZERO))?;
    table.light("rpc_modules", 0, |_, _| Ok(modules()))?;
    table.light("system_health", 0, |api, _| Ok(health(api)))?;

    table.light("eth_chainId", 0, |api, _| Ok(U64::from(api.chain.chain_id)))?;
    table.light("eth_blockNumber", 0, |api, _| Ok(U64::from(api.heads.latest().number)))?;
    table.light("eth_syncing", 0, |_, _| Ok(false))?;
    table.light("eth_accounts", 0, |_, _| Ok(Vec::<Address>::new()))?;
    table.read("eth_getBlockByNumber", 2, blocks::by_number)?;
    table.read("eth_getBlockByHash", 2, blocks::by_hash)?;
    table.read("eth_getHeaderByNumber", 1, blocks::header_by_number)?;
    table.read("eth_getHeaderByHash", 1, blocks::header_by_hash)?;
    table.read("eth_getBlockTransactionCountByNumber", 1, blocks::count_by_number)?;
    table.read("eth_getBlockTransactionCountByHash", 1, blocks::count_by_hash)?;
    table.read("eth_getUncleCountByBlockNumber", 1, blocks::uncles_by_number)?;
    table.read("eth_getUncleCountByBlockHash", 1, blocks::uncles_by_hash)?;
    table.heavy("eth_getBlockReceipts", 1, blocks::receipts)?;
    table.read("eth_getTransactionByHash", 1, blocks::transaction)?;
    table.read("eth_getRawTransactionByHash", 1, blocks::raw_transaction)?;
    table.read("eth_getTransactionByBlockNumberAndIndex", 2, blocks::by_number_and_index)?;
    table.read("eth_getTransactionByBlockHashAndIndex", 2, blocks::by_hash_and_index)?;
    table.read("eth_getTransactionReceipt", 1, blocks::receipt)?;

    table.read("eth_getBalance", 2, state::balance)?;
    table.read("eth_getCode", 2, state::code)?;
    table.read("eth_getStorageAt", 3, state::storage)?;
    table.read("eth_getTransactionCount", 2, state::transaction_count)?;
    table.heavy("eth_getProof", 3, state::proof)?;
    table.heavy("eth_call", 3, call::eth_call)?;
    table.heavy("eth_estimateGas", 3, estimate::estimate_gas)?;
    table.heavy("eth_getLogs", 1, logs::logs)?;
    table.read("eth_sendRawTransaction", 1, send::raw_transaction)?;

    table.read("eth_gasPrice", 0, |api, _| fees::gas_price(api))?;
    table.read("eth_maxPriorityFeePerGas", 0, |api, _| fees::max_priority_fee(api))?;
    table.heavy("eth_feeHistory", 3, fees::history)?;

    table.read("optimism_outputAtBlock", 1, optimism::output_at_block)?;
    table.read("optimism_syncStatus", 0, |api, _| optimism::sync_status(api))?;
    table.read("phala_getContradictions", 1, contradictions::contradictions)?;
    table.heavy("phala_getWithdrawalProof", 1, withdrawals::proof)?;
    table.read("txpool_status", 0, |api, _| Ok(pool_status(api)))?;

    module.register_subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, api, _| subscribe::subscribe(params, pending, api),
    )?;
    Ok(module)
}

/// Runs something that reads the disk or computes, off the threads that serve connections.
pub(super) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, RpcError> + Send + 'static,
) -> Result<R, RpcError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(RpcError::Internal(format!("method handler crashed: {error}"))),
    }
}

/// Where methods are entered.
struct Table<'a> {
    module: &'a mut RpcModule<Api>,
    /// Heavy requests that may run at once.
    heavy: Arc<Semaphore>,
}

impl Table<'_> {
    /// A method that answers from memory.
    fn light<R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        max_args: usize,
        method: fn(&Api, &Args) -> Result<R, RpcError>,
    ) -> Result<(), RegisterMethodError> {
        self.module.register_method(name, move |params, api, _| answer(&params, max_args, api, method))?;
        Ok(())
    }

    /// A method that reads a few rows.
    fn read<R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        max_args: usize,
        method: fn(&Api, &Args) -> Result<R, RpcError>,
    ) -> Result<(), RegisterMethodError> {
        self.module.register_async_method(name, move |params, api, _| async move {
            blocking(move || answer(&params, max_args, &api, method)).await
        })?;
        Ok(())
    }

    /// A method that reads many rows or runs code: only so many run at once, the others wait.
    fn heavy<R: Serialize + 'static>(
        &mut self,
        name: &'static str,
        max_args: usize,
        method: fn(&Api, &Args) -> Result<R, RpcError>,
    ) -> Result<(), RegisterMethodError> {
        let heavy = Arc::clone(&self.heavy);
        self.module.register_async_method(name, move |params, api, _| {
            let heavy = Arc::clone(&heavy);
            async move {
                let Ok(Ok(turn)) = tokio::time::timeout(MAX_WAIT, heavy.acquire_owned()).await else {
                    return Err(RpcError::Limit("the node is busy, try again later".into()));
                };
                blocking(move || {
                    let answer = answer(&params, max_args, &api, method);
                    drop(turn);
                    answer
                })
                .await
            }
        })?;
        Ok(())
    }
}

/// Parses, runs, and writes the answer down.
fn answer<R: Serialize>(
    params: &Params<'_>,
    max_args: usize,
    api: &Api,
    method: fn(&Api, &Args) -> Result<R, RpcError>,
) -> Result<Box<RawValue>, RpcError> {
    let result = method(api, &Args::parse(params, max_args)?)?;
    serde_json::value::to_raw_value(&result).map_err(|error| RpcError::Internal(error.to_string()))
}

/// `web3_clientVersion`.
const CLIENT_VERSION: &str = concat!("phala-sequencer/v", env!("CARGO_PKG_VERSION"));

#[derive(Serialize)]
struct Modules {
    eth: &'static str,
    net: &'static str,
    optimism: &'static str,
    phala: &'static str,
    rpc: &'static str,
    txpool: &'static str,
    web3: &'static str,
}

const fn modules() -> Modules {
    let version = "1.0";
    Modules {
        eth: version,
        net: version,
        optimism: version,
        phala: version,
        rpc: version,
        txpool: version,
        web3: version,
    }
}

#[derive(Serialize)]
struct Health {
    head: u64,
    hash: B256,
}

fn health(api: &Api) -> Health {
    let head = api.heads.latest();
    Health { head: head.number, hash: head.hash }
}

#[derive(Serialize)]
struct PoolCounts {
    pending: U64,
    queued: U64,
}

fn pool_status(api: &Api) -> PoolCounts {
    let status = api.pool.status();
    PoolCounts { pending: U64::from(status.pending), queued: U64::from(status.queued) }
}
