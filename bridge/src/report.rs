//! What an operation tells while it goes on, beside what is told of its transactions.

use alloy_primitives::B256;
pub use contracts_client::report::{Event, Logged};
use serde::Serialize;

use crate::stage::Stage;

/// A deposit or a withdrawal moved on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Step {
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
}

/// Who is told.
pub trait Report: contracts_client::report::Report {
    /// A deposit or a withdrawal moved on.
    fn tell_step(&self, step: &Step);
}

impl Report for Logged {
    fn tell_step(&self, step: &Step) {
        match step {
            Step::Depositing { l2_transaction } => tracing::info!(%l2_transaction, "deposit under way"),
            Step::Stage { withdrawal, stage, .. } => tracing::info!(%withdrawal, ?stage, "stage"),
        }
    }
}
