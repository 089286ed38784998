//! What is shown on the way, on standard error.

use contracts_client::progress::Progress;

use crate::{
    report::{Report, Step},
    stage::Stage,
    words,
};

impl Report for Progress {
    fn tell_step(&self, step: &Step) {
        let line = match step {
            Step::Depositing { l2_transaction } => format!("on its way to L2 as {l2_transaction}"),
            Step::Stage { stage, now, .. } => stage_line(stage, *now),
        };
        self.show(step, false, line);
    }
}

/// A stage, for people.
pub(crate) fn stage_line(stage: &Stage, now: u64) -> String {
    match stage {
        Stage::WaitingForOutput { block, covered } => {
            format!("waiting for a final output on L1: L2 block {block}, covered up to {covered}")
        }
        Stage::ReadyToProve { output_index } => format!("ready to prove, with output {output_index}"),
        Stage::Proven { ready_at } => {
            format!("proved, can be finalised from {}", words::until(*ready_at, now))
        }
        Stage::ReadyToFinalize => "ready to finalise".to_owned(),
        Stage::QuotaExceeded { retry_at: Some(at), available, .. } => format!(
            "over the withdrawal quota ({available} units can leave now), fits from {} if nothing else leaves",
            words::until(*at, now)
        ),
        Stage::QuotaExceeded { retry_at: None, .. } => {
            "above the whole withdrawal quota: waits for the timelock to raise it".to_owned()
        }
        Stage::Paused { until, .. } => {
            format!("the council has paused withdrawals until {} at the latest", words::until(*until, now))
        }
        Stage::Conflict { since, .. } => format!(
            "provers contradict each other since {}: nothing leaves until that is resolved",
            words::time(alloy_primitives::U256::from(*since))
        ),
        Stage::Refused { reason } => format!("L1 refuses to finalise it: {reason}"),
        Stage::Finalized => "finalised".to_owned(),
        Stage::MessageFailed => {
            "finalised, but its message failed: `bridge replay` tries it again".to_owned()
        }
        Stage::CallFailed => "finalised, but its call failed; it is spent".to_owned(),
    }
}
