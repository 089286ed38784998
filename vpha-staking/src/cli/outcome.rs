//! What transactions did, by what the contracts logged: not by what was asked for.

use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IFaultCourt::{CaseClosed, CaseExecuted, CaseOpened, CaseSettled},
    IOperatorPool::{Bonded, Finished, PoolCreated, Thawed},
    IProverRegistry::SignerRegistered,
    IProverRewards, IRollup,
    IVPHA::{Claimed, Deposit, UnstakeCancelled, UnstakeRequested},
};
use contracts_client::{chain::Receipt, words};
use serde_json::json;

use super::act::Outcome;
use crate::{
    Error, Staking,
    governance::{Ballots::VoteCast, Votes::DelegateChanged},
    plan::{event, events},
    quantity::Quantity,
};

type Result<T> = std::result::Result<T, Error>;

/// The last one, whose transaction was what was asked for.
fn last(receipts: &[Receipt]) -> Result<&Receipt> {
    receipts.last().ok_or_else(|| Error::Nonsense("no receipt".into()))
}

pub(super) fn staked(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: Deposit = event(last(receipts)?, staking.contracts.vpha)?;
    let (assets, shares) = (Quantity::pha(done.assets), Quantity::vpha(done.shares));
    Ok(Outcome {
        document: json!({ "staked": assets, "received": shares }),
        text: format!("staked {assets} for {shares}"),
    })
}

pub(super) fn unstaked(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: UnstakeRequested = event(last(receipts)?, staking.contracts.vpha)?;
    let (assets, shares) = (Quantity::pha(done.assets), Quantity::vpha(done.shares));
    let unlock: u64 = done.unlockAt.saturating_to();
    Ok(Outcome {
        document: json!({
            "ticket": done.id.to_string(), "gave": shares, "pays": assets, "unlockAt": unlock,
        }),
        text: format!(
            "ticket {} pays {assets} for {shares} from {} on: `vpha-staking claim {}`",
            done.id,
            words::date(unlock),
            done.id
        ),
    })
}

pub(super) fn cancelled(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: UnstakeCancelled = event(last(receipts)?, staking.contracts.vpha)?;
    let (assets, shares) = (Quantity::pha(done.assets), Quantity::vpha(done.shares));
    Ok(Outcome {
        document: json!({ "ticket": done.id.to_string(), "staked": assets, "received": shares }),
        text: format!("ticket {} is cancelled: {assets} are staked again, for {shares}", done.id),
    })
}

pub(super) fn claimed(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let mut tickets = Vec::new();
    for receipt in receipts {
        let done: Claimed = event(receipt, staking.contracts.vpha)?;
        tickets.push((done.id, Quantity::pha(done.assets)));
    }
    Ok(paid(&tickets, "claimed"))
}

pub(super) fn finished(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let mut tickets = Vec::new();
    for receipt in receipts {
        let done: Finished = event(receipt, staking.contracts.pool)?;
        tickets.push((done.id, Quantity::vpha(done.amount)));
    }
    Ok(paid(&tickets, "finished"))
}

fn paid(tickets: &[(U256, Quantity)], verb: &str) -> Outcome {
    let documents: Vec<_> =
        tickets.iter().map(|(id, amount)| json!({ "ticket": id.to_string(), "paid": amount })).collect();
    let lines: Vec<String> =
        tickets.iter().map(|(id, amount)| format!("{verb} ticket {id}: {amount}")).collect();
    Outcome { document: json!({ "tickets": documents }), text: lines.join("\n") }
}

pub(super) fn delegated(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: DelegateChanged = event(last(receipts)?, staking.contracts.vpha)?;
    Ok(Outcome {
        document: json!({ "delegator": done.delegator, "delegate": done.to }),
        text: format!("{} has the votes of {}", done.to, done.delegator),
    })
}

pub(super) fn voted(governor: Address, receipts: &[Receipt]) -> Result<Outcome> {
    let done: VoteCast = event(last(receipts)?, governor)?;
    let weight = Quantity::votes(done.weight);
    let support = match done.support {
        0 => "against",
        1 => "for",
        _ => "abstain",
    };
    Ok(Outcome {
        document: json!({ "proposal": done.proposalId.to_string(), "support": support, "weight": weight }),
        text: format!("voted {support} proposal {} with {weight}", done.proposalId),
    })
}

pub(super) fn created(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: PoolCreated = event(last(receipts)?, staking.contracts.pool)?;
    Ok(Outcome {
        document: json!({ "operator": done.operator, "class": done.class_.to_string() }),
        text: format!(
            "{} has a pool of class {}: `vpha-staking pool bond AMOUNT`",
            done.operator, done.class_
        ),
    })
}

pub(super) fn bonded(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: Bonded = event(last(receipts)?, staking.contracts.pool)?;
    let amount = Quantity::vpha(done.amount);
    Ok(Outcome { document: json!({ "bonded": amount }), text: format!("bonded {amount}") })
}

pub(super) fn thawed(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: Thawed = event(last(receipts)?, staking.contracts.pool)?;
    let (amount, unlock) = (Quantity::vpha(done.amount), done.unlockAt.saturating_to());
    Ok(Outcome {
        document: json!({ "ticket": done.id.to_string(), "thawed": amount, "unlockAt": unlock }),
        text: format!(
            "{amount} leave as ticket {}, from {} on: `vpha-staking pool finish {}`",
            done.id,
            words::date(unlock),
            done.id
        ),
    })
}

pub(super) fn registered(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let done: SignerRegistered = event(last(receipts)?, staking.contracts.registry)?;
    let expires: u64 = done.expiresAt.saturating_to();
    Ok(Outcome {
        document: json!({
            "signer": done.signer, "operator": done.operator, "platform": done.platformId,
            "workload": done.workloadId, "expiresAt": expires,
        }),
        text: format!(
            "{} is registered for {} until {}\nworkload {}, platform {}",
            done.signer,
            done.operator,
            words::date(expires),
            done.workloadId,
            done.platformId
        ),
    })
}

pub(super) fn rewarded(rewards: Address, receipts: &[Receipt]) -> Result<Outcome> {
    let done: IProverRewards::Claimed = event(last(receipts)?, rewards)?;
    let amount = Quantity::pha(done.amount);
    Ok(Outcome {
        document: json!({ "operator": done.operator, "paid": amount }),
        text: format!("{} got {amount}", done.operator),
    })
}

pub(super) fn reported(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let (receipt, court) = (last(receipts)?, staking.contracts.court);
    let done: IRollup::ConflictReported = event(receipt, staking.contracts.rollup)?;
    let executed: Vec<CaseExecuted> = events(receipt, court).collect();
    let taken = |id| executed.iter().find(|case| case.id == id).map(|case| Quantity::vpha(case.taken));
    let (mut cases, mut lines) = (Vec::new(), Vec::new());
    for case in events::<CaseOpened>(receipt, court) {
        let (cap, taken) = (Quantity::vpha(case.cap), taken(case.id));
        lines.push(match taken {
            Some(taken) => {
                format!(
                    "case {}: {taken} taken from {}: `vpha-staking settle {}` pays it",
                    case.id, case.operator, case.id
                )
            }
            None => format!("case {}: the timelock decides about {cap} of {}", case.id, case.operator),
        });
        cases.push(
            json!({ "case": case.id.to_string(), "operator": case.operator, "cap": cap, "taken": taken }),
        );
    }
    lines.insert(
        0,
        format!("reported: {} and {} are revoked, finality has stopped", done.signerA, done.signerB),
    );
    Ok(Outcome {
        document: json!({ "signers": [done.signerA, done.signerB], "cases": cases }),
        text: lines.join("\n"),
    })
}

pub(super) fn settled(staking: &Staking, receipts: &[Receipt]) -> Result<Outcome> {
    let (receipt, court) = (last(receipts)?, staking.contracts.court);
    if let Some(closed) = events::<CaseClosed>(receipt, court).next() {
        return Ok(Outcome {
            document: json!({ "case": closed.id.to_string(), "closed": true }),
            text: format!("case {} is closed: its time was over, nothing was taken", closed.id),
        });
    }
    let done: CaseSettled = event(receipt, court)?;
    let (paid, burned) = (Quantity::pha(done.recipientAssets), Quantity::pha(done.burnedAssets));
    Ok(Outcome {
        document: json!({ "case": done.id.to_string(), "paid": paid, "burned": burned }),
        text: format!("case {} is settled: {paid} for the recipient, {burned} burned", done.id),
    })
}
