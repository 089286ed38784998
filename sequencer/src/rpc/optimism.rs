//! The `optimism` namespace, in the shapes of op-node (`op-service/eth`).

use alloy_primitives::{B256, Sealed, U64};
use executor::{Header, transition::output_root};
use serde::Serialize;

use super::{Api, Args, RpcError};
use crate::{heads::L1Block, store::Snapshot};

/// `optimism_outputAtBlock(number)`.
pub(super) fn output_at_block(api: &Api, args: &Args) -> Result<OutputResponse, RpcError> {
    let number: U64 = args.required(0)?;
    let snapshot = api.store.snapshot()?;
    let header = snapshot.header(number.to())?.ok_or(RpcError::NoBlock)?;
    let incomplete = || RpcError::missing("the withdrawals root of block", header.seal());
    Ok(OutputResponse {
        version: B256::ZERO,
        output_root: output_root(&header, header.seal()).ok_or_else(incomplete)?,
        block_ref: block_ref(&snapshot, &header)?,
        withdrawal_storage_root: header.withdrawals_root.ok_or_else(incomplete)?,
        state_root: header.state_root,
        sync_status: status(api, &snapshot)?,
    })
}

/// `optimism_syncStatus()`.
pub(super) fn sync_status(api: &Api) -> Result<SyncStatus, RpcError> {
    status(api, &api.store.snapshot()?)
}

fn status(api: &Api, snapshot: &Snapshot) -> Result<SyncStatus, RpcError> {
    let at = |number: u64| {
        let header = snapshot.header(number.min(snapshot.head()))?.ok_or(RpcError::NoBlock)?;
        block_ref(snapshot, &header)
    };
    let l1 = *api.heads.l1.borrow();
    let latest = at(snapshot.head())?;
    let safe = at(api.heads.safe().number)?;
    let finalized = at(api.heads.finalized().number)?;
    Ok(SyncStatus {
        current_l1: l1.current.into(),
        current_l1_finalized: l1.finalized.into(),
        head_l1: l1.head.into(),
        safe_l1: l1.safe.into(),
        finalized_l1: l1.finalized.into(),
        unsafe_l2: latest,
        safe_l2: safe,
        finalized_l2: finalized,
        pending_safe_l2: safe,
        cross_unsafe_l2: latest,
        local_safe_l2: safe,
    })
}

fn block_ref(snapshot: &Snapshot, header: &Sealed<Header>) -> Result<L2BlockRef, RpcError> {
    let origin = snapshot
        .origin(header.number)?
        .ok_or_else(|| RpcError::missing("the origin of block", header.seal()))?;
    Ok(L2BlockRef {
        hash: header.seal(),
        number: header.number,
        parent_hash: header.parent_hash,
        timestamp: header.timestamp,
        l1_origin: BlockId { hash: origin.hash, number: origin.number },
        sequence_number: 0,
    })
}

/// `eth.OutputResponse`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutputResponse {
    version: B256,
    output_root: B256,
    block_ref: L2BlockRef,
    withdrawal_storage_root: B256,
    state_root: B256,
    sync_status: SyncStatus,
}

/// `eth.SyncStatus`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct SyncStatus {
    current_l1: L1BlockRef,
    current_l1_finalized: L1BlockRef,
    head_l1: L1BlockRef,
    safe_l1: L1BlockRef,
    finalized_l1: L1BlockRef,
    unsafe_l2: L2BlockRef,
    safe_l2: L2BlockRef,
    finalized_l2: L2BlockRef,
    pending_safe_l2: L2BlockRef,
    cross_unsafe_l2: L2BlockRef,
    local_safe_l2: L2BlockRef,
}

/// `eth.L1BlockRef`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct L1BlockRef {
    hash: B256,
    number: u64,
    parent_hash: B256,
    timestamp: u64,
}

impl From<L1Block> for L1BlockRef {
    fn from(block: L1Block) -> Self {
        let L1Block { number, hash, parent_hash, timestamp } = block;
        Self { hash, number, parent_hash, timestamp }
    }
}

/// `eth.L2BlockRef`. Its sequence number counts blocks of one origin; ours is always zero, as that
/// of `L1Block` on L2 is.
#[derive(Clone, Copy, Debug, Serialize)]
struct L2BlockRef {
    hash: B256,
    number: u64,
    #[serde(rename = "parentHash")]
    parent_hash: B256,
    timestamp: u64,
    #[serde(rename = "l1origin")]
    l1_origin: BlockId,
    #[serde(rename = "sequenceNumber")]
    sequence_number: u64,
}

/// `eth.BlockID`.
#[derive(Clone, Copy, Debug, Serialize)]
struct BlockId {
    hash: B256,
    number: u64,
}
