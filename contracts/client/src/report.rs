//! What is told of transactions while an operation goes on.

use alloy_primitives::{Address, B256, U256};
use serde::Serialize;

use crate::{amount, chain::Layer, words};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// An earlier run left this transaction.
    Resumed {
        /// What it is.
        what: String,
        /// On which chain.
        layer: Layer,
        /// Its hash.
        transaction: B256,
    },
    /// A transaction is about to be signed.
    Signing {
        /// What it is.
        what: String,
        /// On which chain.
        layer: Layer,
        /// Who is called.
        to: Address,
        /// Wei sent along.
        #[serde(serialize_with = "words::decimal")]
        value: U256,
        /// Most wei that it may cost beside.
        #[serde(serialize_with = "words::decimal")]
        max_cost: U256,
    },
    /// A transaction was handed to the node.
    Sent {
        /// On which chain.
        layer: Layer,
        /// Its hash.
        transaction: B256,
        /// Its nonce.
        nonce: u64,
    },
    /// A transaction is in a block.
    Mined {
        /// What it is.
        what: String,
        /// On which chain.
        layer: Layer,
        /// Its hash.
        transaction: B256,
        /// Number of the block.
        block: u64,
        /// Wei it cost, without what it sent along.
        #[serde(serialize_with = "words::decimal")]
        cost: U256,
    },
    /// A node does not answer. It is asked again.
    Trouble {
        /// What went wrong.
        error: String,
    },
}

/// Who is told.
pub trait Report: Send + Sync {
    /// Something happened.
    fn tell(&self, event: &Event);
}

/// Events as log lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Logged;

impl Report for Logged {
    fn tell(&self, event: &Event) {
        match event {
            Event::Resumed { what, layer, transaction } => {
                tracing::info!(what, %layer, %transaction, "an earlier run left a transaction");
            }
            Event::Signing { what, layer, to, max_cost, .. } => {
                tracing::debug!(what, %layer, %to, %max_cost, "signing");
            }
            Event::Sent { layer, transaction, nonce } => {
                tracing::info!(%layer, %transaction, nonce, "transaction sent");
            }
            Event::Mined { what, layer, transaction, block, cost } => {
                tracing::info!(what, %layer, %transaction, block, %cost, "transaction in a block");
            }
            Event::Trouble { error } => tracing::warn!(error, "asking again"),
        }
    }
}

impl Event {
    /// Whether it stays on the screen.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Resumed { .. } | Self::Mined { .. } | Self::Trouble { .. })
    }

    /// For people, in a line.
    pub fn line(&self) -> String {
        let ether = |wei| amount::format(wei, 18);
        match self {
            Self::Resumed { what, layer, transaction } => {
                format!("an earlier run has sent {layer} transaction {transaction}: {what}")
            }
            Self::Signing { what, layer, max_cost, .. } => {
                format!("{what}: signing for {layer}, gas at most {} ETH", ether(*max_cost))
            }
            Self::Sent { layer, transaction, .. } => {
                format!("{layer} transaction {transaction}: waiting for a block")
            }
            Self::Mined { what, layer, transaction, block, cost } => {
                format!("{what}: {layer} block {block}, gas {} ETH, transaction {transaction}", ether(*cost))
            }
            Self::Trouble { error } => format!("{error}; asking again"),
        }
    }
}
