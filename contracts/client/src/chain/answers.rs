//! What nodes answer.

use alloy::rpc::types::Log;
use alloy_primitives::{B256, Bytes, U64, U256};
use serde::Deserialize;

/// What is needed of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its number.
    pub number: u64,
    /// Its hash, which is that of its contents.
    pub hash: B256,
    /// Its time, in Unix seconds.
    pub timestamp: u64,
    /// Root of the state after it.
    pub state_root: B256,
    /// On L2: the storage root of the message passer.
    pub withdrawals_root: Option<B256>,
}

/// What became of a transaction. Also of a deposit, whose type other receipts do not know.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// Hash of its block.
    pub block_hash: B256,
    /// Number of its block.
    block_number: U64,
    status: U64,
    gas_used: U64,
    #[serde(default)]
    effective_gas_price: U256,
    /// Its events.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// Number of its block.
    pub fn block(&self) -> u64 {
        self.block_number.to()
    }

    /// Whether it went well.
    pub fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }

    /// What it cost, in wei, without what it sent along.
    pub fn cost(&self) -> U256 {
        self.effective_gas_price.saturating_mul(U256::from(self.gas_used.to::<u64>()))
    }
}

/// A proof of one storage slot.
#[derive(Clone, Debug)]
pub struct StorageProof {
    /// Storage root that the node claims for the account.
    pub storage_root: B256,
    /// Path from the state root to the account.
    pub account_nodes: Vec<Bytes>,
    /// Path from the storage root to the slot.
    pub nodes: Vec<Bytes>,
}
