//! What is shown on the way, on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    amount,
    report::{Event, Report},
    stage::Stage,
    words,
};

/// JSON lines for programs, a spinner on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub(crate) enum Progress {
    Json,
    People(ProgressBar),
}

impl Progress {
    pub(crate) fn json() -> Self {
        Self::Json
    }

    pub(crate) fn for_people() -> Self {
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            spinner.set_style(style);
        }
        Self::People(spinner)
    }

    /// Nothing more is under way.
    pub(crate) fn finish(&self) {
        if let Self::People(spinner) = self {
            spinner.finish_and_clear();
        }
    }
}

impl Report for Progress {
    fn tell(&self, event: &Event) {
        match self {
            Self::Json => {
                if let Ok(line) = serde_json::to_string(event) {
                    eprintln!("{line}");
                }
            }
            Self::People(spinner) => {
                let line = line(event);
                if spinner.is_hidden() {
                    eprintln!("{line}");
                } else if is_lasting(event) {
                    spinner.println(format!("  {line}"));
                } else {
                    spinner.reset_elapsed();
                    spinner.set_message(line);
                    spinner.enable_steady_tick(Duration::from_millis(100));
                }
            }
        }
    }
}

/// Whether it stays on the screen.
fn is_lasting(event: &Event) -> bool {
    matches!(event, Event::Resumed { .. } | Event::Mined { .. } | Event::Trouble { .. })
}

fn line(event: &Event) -> String {
    let ether = |wei| amount::format(wei, 18);
    match event {
        Event::Resumed { what, layer, transaction } => {
            format!("an earlier run has sent {layer} transaction {transaction}: {what}")
        }
        Event::Signing { what, layer, max_cost, .. } => {
            format!("{what}: signing for {layer}, gas at most {} ETH", ether(*max_cost))
        }
        Event::Sent { layer, transaction, .. } => {
            format!("{layer} transaction {transaction}: waiting for a block")
        }
        Event::Mined { what, layer, transaction, block, cost } => {
            format!("{what}: {layer} block {block}, gas {} ETH, transaction {transaction}", ether(*cost))
        }
        Event::Depositing { l2_transaction } => format!("on its way to L2 as {l2_transaction}"),
        Event::Stage { stage, now, .. } => stage_line(stage, *now),
        Event::Trouble { error } => format!("{error}; asking again"),
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
