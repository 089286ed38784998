//! What the methods work with, and how they find the block that a request names.

use std::sync::Arc;

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Sealed};
use executor::{Header, chain::ChainConfig};

use super::{RpcConfig, RpcError};
use crate::{
    heads::Heads,
    pool::Pool,
    store::{Snapshot, StateView, Store, StoreError},
};

/// Everything that the methods read, and the pool that they write to.
#[derive(Clone, Debug)]
pub struct Api {
    /// The rules of the chain.
    pub chain: Arc<ChainConfig>,
    /// Blocks and state.
    pub store: Store,
    /// Waiting transactions.
    pub pool: Pool,
    /// Tags.
    pub heads: Heads,
    /// Limits.
    pub config: RpcConfig,
}

impl Api {
    /// The number of the block that `id` names, which may not exist: `None` if it certainly does not.
    ///
    /// `pending` is `latest`: the open block is not shown before it is sealed.
    pub fn number(&self, snapshot: &Snapshot, id: BlockId) -> Result<Option<u64>, RpcError> {
        let number = match id {
            BlockId::Hash(hash) => return Ok(snapshot.block_number(hash.block_hash)?),
            BlockId::Number(BlockNumberOrTag::Latest | BlockNumberOrTag::Pending) => snapshot.head(),
            BlockId::Number(BlockNumberOrTag::Safe) => self.heads.safe().number.min(snapshot.head()),
            BlockId::Number(BlockNumberOrTag::Finalized) => {
                self.heads.finalized().number.min(snapshot.head())
            }
            BlockId::Number(BlockNumberOrTag::Earliest) => 0,
            BlockId::Number(BlockNumberOrTag::Number(number)) => number,
        };
        Ok((number <= snapshot.head()).then_some(number))
    }

    /// The header that `id` names.
    pub fn header(&self, snapshot: &Snapshot, id: BlockId) -> Result<Sealed<Header>, RpcError> {
        let none = if matches!(id, BlockId::Hash(_)) { RpcError::NoHash } else { RpcError::NoBlock };
        let Some(number) = self.number(snapshot, id)? else { return Err(none) };
        snapshot.header(number)?.ok_or(none)
    }

    /// The state after the block that `id` names, and the header of that block.
    pub fn state(&self, id: Option<BlockId>) -> Result<(Sealed<Header>, StateView), RpcError> {
        let snapshot = self.store.snapshot()?;
        let header = self.header(&snapshot, id.unwrap_or_default())?;
        match snapshot.state_at(header.number) {
            Ok(state) => Ok((header, state)),
            Err(StoreError::HistoryPruned { number, oldest }) => Err(RpcError::Pruned { number, oldest }),
            Err(error) => Err(error.into()),
        }
    }

    /// Block number and hash of the newest block.
    pub fn head(&self) -> Result<(u64, B256), RpcError> {
        let snapshot = self.store.snapshot()?;
        Ok((snapshot.head(), snapshot.head_hash()))
    }
}
