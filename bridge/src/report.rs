//! What an operation tells while it goes on.

use alloy_primitives::{Address, B256, U256};
use serde::Serialize;

use crate::{chain::Layer, stage::Stage, words};

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
    /// A deposit is on its way to L2.
    Depositing {
        /// The transaction on L2 that it will be.
        l2_transaction: B256,
    },
    /// A withdrawal is in a stage that it was not in when last looked at.
    Stage {
        /// Its hash.
        withdrawal: B256,
        /// Where it stands.
        #[serde(flatten)]
        stage: Stage,
        /// Time of L1's newest block, in Unix seconds.
        now: u64,
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
            Event::Depositing { l2_transaction } => tracing::info!(%l2_transaction, "deposit under way"),
            Event::Stage { withdrawal, stage, .. } => tracing::info!(%withdrawal, ?stage, "stage"),
            Event::Trouble { error } => tracing::warn!(error, "asking again"),
        }
    }
}
