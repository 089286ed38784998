//! What one withdrawal needs now, and doing it.

use std::time::Duration;

use alloy_primitives::{B256, U256};
use contracts_bindings::IPortal::finalizedWithdrawalsCall;
use metrics::counter;

use super::{Config, LONGEST_PAUSE};
use crate::{
    Bridge,
    error::Error,
    finish,
    report::Logged,
    sender::{Call, Sender},
    stage::Stage,
    view::PortalView,
    withdrawal::Withdrawal,
};

/// What to do for a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Prove,
    Finalize,
}

/// What a look at a withdrawal said.
#[derive(Debug)]
pub(super) enum Look {
    Done,
    Wait(Stage, Duration),
    Serve(Step, Call, U256),
}

/// Looks at a withdrawal, and makes the transaction that it needs.
pub(super) async fn look(
    bridge: &Bridge,
    sender: &Sender,
    config: &Config,
    withdrawal: &Withdrawal,
    portal: PortalView,
) -> Result<Look, Error> {
    let finalized = finalizedWithdrawalsCall { withdrawalHash: withdrawal.hash };
    if bridge.l1.view(bridge.network.contracts.portal, finalized).await? {
        return Ok(Look::Done);
    }
    if withdrawal.transaction.gasLimit > U256::from(config.most_gas) {
        counter!("bridge_relay_skipped", "reason" => "gas").increment(1);
        return Ok(Look::Wait(Stage::Refused { reason: "asks for too much gas".into() }, LONGEST_PAUSE));
    }
    let stage = portal.facts(bridge, withdrawal).await?.stage();
    let (step, call) = match stage {
        Stage::ReadyToProve { .. } => (Step::Prove, finish::prove_call(bridge, withdrawal).await?),
        Stage::ReadyToFinalize => (Step::Finalize, finish::finalize_call(bridge, withdrawal).await?),
        Stage::Refused { .. } => return Ok(Look::Wait(stage, LONGEST_PAUSE)),
        stage if stage.is_over() => return Ok(Look::Done),
        stage => {
            let pause = stage.look_again_in(portal.now).min(config.interval * 10);
            return Ok(Look::Wait(stage, pause));
        }
    };
    let most = match sender.quote(&call).await {
        Err(error)
            if error.refusal().is_some_and(|refusal| refusal.passes() || refusal.is_done_already()) =>
        {
            return Ok(Look::Wait(stage, config.interval));
        }
        most => most?,
    };
    Ok(Look::Serve(step, call, most))
}

impl Step {
    pub(super) async fn take(
        self,
        sender: &Sender,
        withdrawal: &Withdrawal,
        call: &Call,
    ) -> Result<U256, Error> {
        let receipt = match self {
            Self::Prove => finish::send_proof(sender, withdrawal, call, &Logged).await?,
            Self::Finalize => finish::send_finalization(sender, withdrawal, call, &Logged).await?,
        };
        Ok(receipt.cost())
    }

    /// By which the spending is found again.
    pub(super) fn name(self, hash: B256) -> String {
        format!("{self:?} {hash}")
    }

    /// The metric that counts it.
    pub(super) fn counter(self) -> &'static str {
        match self {
            Self::Prove => "bridge_relay_proved",
            Self::Finalize => "bridge_relay_finalized",
        }
    }
}
