//! What a provider has earned: PHA for proofs whose batches are final, as far as it was funded and has streamed.
//!
//! Work is turned into PHA when it is settled, and counts once the rollup has recorded its batch as final. A node that can simulate
//! tells what both would give now. Of others the contract is asked for what it has: that is as of the last settlement.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IOperatorPool::settleCall,
    IProverRewards::{availableCall, claimCall, owedCall, rewardRateCall, unstreamedCall},
    IRollup::advanceFinalityCall,
};
use contracts_client::sender::Call;
use serde::Serialize;

use crate::{
    Error, Staking,
    operation::Operation,
    plan::{Plan, Step, Watched},
    quantity::{Quantity, Unit},
};

/// What an operator has earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rewards {
    /// Whose.
    pub operator: Address,
    /// Weighted bond behind all its proofs that are final and counted.
    pub work: Quantity,
    /// What `claim` would pay now.
    pub claimable: Quantity,
    /// What is owed for it.
    pub owed: Quantity,
    /// Whether that is as of the last settlement, because the node cannot simulate: it may be more, and batches that are final
    /// and not recorded count in nothing of this.
    pub as_of_settlement: bool,
    /// What has streamed for all providers, and was not paid.
    pub available: Quantity,
    /// What is still to be streamed, for all.
    pub unstreamed: Quantity,
    /// PHA for each vPHA of weighted bond behind a final proof.
    pub rate: Quantity,
    /// Final batches that the rollup has not recorded: their proofs count once it has.
    pub unrecorded: u64,
}

impl Staking {
    /// The contract that pays provers, if it is known.
    pub fn prover_rewards(&self) -> Result<Address, Error> {
        self.contracts.rewards.ok_or(Error::NoRewards)
    }

    /// Has the rollup record what is final, if that is behind. By anyone; it moves nothing else.
    pub(crate) async fn catch_up(&self, account: Address) -> Result<Option<Step>, Error> {
        let finality = self.finality().await?;
        let steps = finality.finalized.saturating_sub(finality.recorded);
        if steps.is_zero() {
            return Ok(None);
        }
        let rollup = self.contracts.rollup;
        let what = format!(
            "record batches up to {} as final, which releases the collateral behind them",
            finality.finalized
        );
        let key = self.key(account, "advance", &format!("{rollup} {}", finality.finalized));
        Ok(Some(Step::new(what, "Rollup", rollup, &advanceFinalityCall { steps }, key)))
    }
}

/// What `operator` has earned.
pub async fn of(staking: &Staking, operator: Address) -> Result<Rewards, Error> {
    staking.pool(operator).await?;
    let rewards = staking.prover_rewards()?;
    let finality = staking.finality().await?;
    let unrecorded = finality.finalized.saturating_sub(finality.recorded);
    let simulated = settled_now(staking, operator, rewards, unrecorded).await?;
    let as_of_settlement = simulated.is_none();
    let Earned { work, claimable, owed } = match simulated {
        Some(earned) => earned,
        None => last_settled(staking, operator, rewards).await?,
    };
    Ok(Rewards {
        operator,
        work: Quantity::vpha(work),
        claimable: Quantity::pha(claimable),
        owed: Quantity::pha(owed),
        as_of_settlement,
        available: Quantity::pha(staking.view(rewards, availableCall {}).await?),
        unstreamed: Quantity::pha(staking.view(rewards, unstreamedCall {}).await?),
        rate: Quantity::pha(staking.view(rewards, rewardRateCall {}).await?),
        unrecorded: unrecorded.saturating_to(),
    })
}

/// In wei.
struct Earned {
    work: U256,
    claimable: U256,
    owed: U256,
}

/// What is final counts, recorded or not: so it is looked at as if it were recorded. `None` if the node cannot simulate.
async fn settled_now(
    staking: &Staking,
    operator: Address,
    rewards: Address,
    unrecorded: U256,
) -> Result<Option<Earned>, Error> {
    let calls = [
        Call::new(staking.contracts.rollup, advanceFinalityCall { steps: unrecorded }.abi_encode()),
        Call::new(staking.contracts.pool, settleCall { operator }.abi_encode()),
        Call::new(rewards, claimCall { operator }.abi_encode()),
        Call::new(rewards, owedCall { operator }.abi_encode()),
    ];
    let outcomes = match staking.chain.simulate(operator, &calls).await {
        // The node knows no `eth_simulateV1`.
        Err(error) if error.is_declined() => return Ok(None),
        outcomes => outcomes?,
    };
    let word = |place: usize| {
        let answer = outcomes.get(place).and_then(|outcome| outcome.result.as_ref().ok());
        answer.and_then(|answer| answer.get(..32)).map(U256::from_be_slice)
    };
    let (Some(work), Some(claimable), Some(left)) = (word(1), word(2), word(3)) else {
        return Err(Error::Nonsense("rewards that cannot be settled".into()));
    };
    Ok(Some(Earned { work, claimable, owed: claimable.saturating_add(left) }))
}

/// What the contracts have, without what is not recorded as final.
async fn last_settled(staking: &Staking, operator: Address, rewards: Address) -> Result<Earned, Error> {
    // These two are no views, but a call is tried and forgotten: what it returns is as good.
    let work = staking.view(staking.contracts.pool, settleCall { operator }).await?;
    let claimable = staking.view(rewards, claimCall { operator }).await?;
    let owed = staking.view(rewards, owedCall { operator }).await?;
    // A claim settles before it pays.
    Ok(Earned { work, claimable, owed: owed.max(claimable) })
}

/// Pays `operator` what it has earned. By anyone, to the operator.
pub async fn claim(staking: &Staking, account: Address, operator: Address) -> Result<Plan, Error> {
    let (rewards, earned) = (staking.prover_rewards()?, of(staking, operator).await?);
    // What is not recorded is not known of a node that cannot simulate: the claim records it before.
    let may_be_more = earned.as_of_settlement && earned.unrecorded != 0;
    if earned.claimable.units.is_zero() && !may_be_more {
        let reason = if earned.owed.units.is_zero() {
            format!("{operator} is owed nothing yet: proofs count once their batches are final")
        } else {
            format!(
                "{operator} is owed {}, but nothing has streamed to pay it from: try again later",
                earned.owed
            )
        };
        return Err(Error::Already(reason));
    }
    let key = Operation::ClaimRewards(operator).key(staking, account);
    let amount = if may_be_more { "at least" } else { "about" };
    let what = format!("pay {amount} {} to {operator}", earned.claimable);
    let main = Step::new(what, "ProverRewards", rewards, &claimCall { operator }, key);
    let mut notes = Vec::new();
    if may_be_more {
        notes.push(format!(
            "what {} final batches that are not recorded add to it cannot be told without a simulation",
            earned.unrecorded
        ));
    }
    let rest = earned.owed.units.saturating_sub(earned.claimable.units);
    if !rest.is_zero() {
        notes.push(format!("{} stay owed until more has streamed", Quantity::pha(rest)));
    }
    Ok(Plan {
        what: "claim rewards".into(),
        steps: staking.catch_up(account).await?.into_iter().chain([main]).collect(),
        notes,
        watched: vec![
            staking.watch_pha("PHA of the operator", operator),
            Watched::new("streamed and not paid", Unit::Pha, rewards, &availableCall {}, 0),
        ],
    })
}
