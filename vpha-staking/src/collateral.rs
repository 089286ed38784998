//! What a provider has posted, what may be taken of it, and whether it may prove.

use std::fmt;

use alloy::{rpc::types::Filter, sol_types::SolEvent};
use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IFaultCourt::{Case, Fault, Status, caseCountCall, caseOfCall},
    IOperatorPool::{Class, PoolState, classCountCall, classOfCall, exitsCall, poolOfCall},
    IProverBonds::isEligibleCall,
    IProverRegistry::{SignerRegistered, livenessCall, signerOfCall},
    IRollup::{conflictSinceCall, finalizedIndexCall, recordedFinalizedIndexCall},
};
use contracts_client::{refusal::Refusal, words};
use serde::Serialize;

use crate::{
    Error, Staking,
    holdings::{self, Ticket},
    quantity::Quantity,
};

/// Most cases that are looked at, newest first.
const MAX_CASES: u64 = 1000;

/// A pool and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collateral {
    /// Whose.
    pub operator: Address,
    /// Class of its hardware.
    #[serde(serialize_with = "words::decimal")]
    pub class: U256,
    /// vPHA without which it does not count.
    pub min_bond: Quantity,
    /// vPHA that each batch which is not final takes up.
    pub bond_per_batch: Quantity,
    /// What its work counts for, in basis points.
    #[serde(serialize_with = "words::decimal")]
    pub weight: U256,
    /// Whether it is closed for good.
    pub closed: bool,
    /// C.
    pub active: Quantity,
    /// X.
    pub exiting: Quantity,
    /// R.
    pub reserved: Quantity,
    /// E, as the contract last counted it.
    pub exposure: Quantity,
    /// Number of the last batch that exposure was reserved for.
    #[serde(serialize_with = "words::decimal")]
    pub last_batch: U256,
    /// Open exits: what they would be paid now.
    pub exits: Vec<Ticket>,
    /// Whether it may prove now.
    pub eligible: bool,
    /// Why not.
    pub obstacles: Obstacles,
}

/// Why an operator may not prove, each as the end of a sentence with what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Obstacles(pub Vec<String>);

/// Which batches are final, and which of them the contract has recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finality {
    /// The last batch recorded as final. Exposure is released up to it.
    pub recorded: U256,
    /// The last batch that is final.
    pub finalized: U256,
}

/// A key that an operator registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// Its address.
    pub signer: Address,
    /// Whether its signatures count now.
    pub counts: bool,
    /// Until when at most, in Unix seconds.
    pub expires_at: u64,
    /// Why they do not count.
    pub reason: Option<String>,
}

/// A case against an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseView {
    /// Its number.
    #[serde(serialize_with = "words::decimal")]
    pub id: U256,
    /// Against whom.
    pub operator: Address,
    /// What was done.
    pub fault: &'static str,
    /// Where it stands.
    pub state: &'static str,
    /// The most it can take.
    pub cap: Quantity,
    /// What it took.
    pub taken: Quantity,
    /// Who gets a part of it.
    pub recipient: Address,
    /// How much, in basis points.
    pub recipient_share: u16,
    /// When it was opened, in Unix seconds.
    pub opened_at: u64,
    /// From when on it can be executed. Zero until it is upheld.
    pub executable_from: u64,
    /// From when on it can only expire. Zero once it is executed at once.
    pub deadline: u64,
}

impl fmt::Display for Obstacles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl Staking {
    /// The pool of `operator`, which it must have.
    pub async fn pool(&self, operator: Address) -> Result<PoolState, Error> {
        let pool = self.view(self.contracts.pool, poolOfCall { operator }).await?;
        if pool.class_.is_zero() { Err(Error::NoPool(operator)) } else { Ok(pool) }
    }

    /// Parameters of class `number`, which there must be.
    pub async fn class(&self, number: U256) -> Result<Class, Error> {
        let count = self.view(self.contracts.pool, classCountCall {}).await?;
        if number.is_zero() || number > count {
            return Err(Error::NoClass { given: number, count });
        }
        self.view(self.contracts.pool, classOfCall { number }).await
    }

    /// Which batches are final.
    pub async fn finality(&self) -> Result<Finality, Error> {
        let rollup = self.contracts.rollup;
        let recorded = self.view(rollup, recordedFinalizedIndexCall {}).await?;
        let finalized = self.view(rollup, finalizedIndexCall {}).await?;
        if finalized < recorded {
            return Err(Error::Nonsense(format!(
                "batch {recorded} is recorded as final, {finalized} is the last"
            )));
        }
        Ok(Finality { recorded, finalized })
    }
}

/// What `operator` has posted.
pub async fn of(staking: &Staking, operator: Address) -> Result<Collateral, Error> {
    let pool = staking.pool(operator).await?;
    let class = staking.class(pool.class_).await?;
    let conflict = staking.view(staking.contracts.rollup, conflictSinceCall {}).await?;
    let eligible = staking.view(staking.contracts.pool, isEligibleCall { operator }).await?;
    Ok(Collateral {
        operator,
        class: pool.class_,
        min_bond: Quantity::vpha(class.minBond),
        bond_per_batch: Quantity::vpha(class.bondPerBatch),
        weight: class.weight,
        closed: pool.closed,
        active: Quantity::vpha(pool.active),
        exiting: Quantity::vpha(pool.exiting),
        reserved: Quantity::vpha(pool.reserved),
        exposure: Quantity::vpha(pool.exposure),
        last_batch: pool.lastBatch,
        exits: exits(staking, operator).await?,
        eligible,
        obstacles: Obstacles::of(&pool, &class, conflict),
    })
}

/// Open exits of `operator`, and what they would be paid now.
pub async fn exits(staking: &Staking, operator: Address) -> Result<Vec<Ticket>, Error> {
    let open = staking.view(staking.contracts.pool, exitsCall { operator }).await?;
    holdings::zip(open.ids, open.amounts, open.unlockAt, Quantity::vpha)
}

/// Why `operator` may not register a prover, by its pool alone. Empty if it may.
pub async fn obstacles(staking: &Staking, operator: Address) -> Result<Obstacles, Error> {
    match of(staking, operator).await {
        Ok(collateral) if collateral.eligible => Ok(Obstacles::default()),
        Ok(collateral) => Ok(collateral.obstacles),
        Err(error @ Error::NoPool(_)) => Ok(Obstacles(vec![error.to_string()])),
        Err(error) => Err(error),
    }
}

impl Obstacles {
    /// What keeps a pool of this class from proving.
    pub fn of(pool: &PoolState, class: &Class, conflict_since: U256) -> Self {
        let vpha = Quantity::vpha;
        let mut found = Vec::new();
        if pool.closed {
            found.push(
                "the pool was slashed to nothing and is closed for good: use another account".to_owned(),
            );
        }
        if class.bondPerBatch.is_zero() {
            found.push(format!(
                "class {} proves no batches: a pool of another class needs another account",
                pool.class_
            ));
        }
        if pool.active < class.minBond {
            let missing = vpha(class.minBond - pool.active);
            found.push(format!("the class needs {}, {missing} more: `pool bond`", vpha(class.minBond)));
        } else if pool.exposure.saturating_add(class.bondPerBatch) > pool.active {
            found.push(format!(
                "{} of {} stand behind batches that are not final: bond more, or wait",
                vpha(pool.exposure),
                vpha(pool.active)
            ));
        }
        if !conflict_since.is_zero() {
            let since = words::date(conflict_since.saturating_to());
            found.push(format!(
                "provers contradict each other since {since}: no batch is taken until that is resolved"
            ));
        }
        Self(found)
    }
}

/// Keys that `operator` registered in the last `blocks` L1 blocks, newest first.
pub async fn signers(staking: &Staking, operator: Address, blocks: u64) -> Result<Vec<Signer>, Error> {
    let registry = staking.contracts.registry;
    let head = staking.chain.head().await?.number;
    let filter = Filter::new()
        .address(registry)
        .event_signature(SignerRegistered::SIGNATURE_HASH)
        .topic2(operator.into_word());
    let mut signers = Vec::new();
    for log in staking.chain.logs(&filter, head.saturating_sub(blocks), head).await?.iter().rev() {
        let Ok(registered) = SignerRegistered::decode_log_validate(&log.inner) else { continue };
        let signer = registered.signer;
        let known = staking.view(registry, signerOfCall { signer }).await?;
        if known.operator != operator {
            return Err(Error::Nonsense(format!("signer {signer} is another operator's")));
        }
        let reason = match staking.view(registry, livenessCall { signer }).await {
            Ok(_) => None,
            Err(Error::Attestation(refusal)) => Some(refusal.meaning),
            Err(error) => return Err(error),
        };
        signers.push(Signer { signer, counts: reason.is_none(), expires_at: known.expiresAt, reason });
    }
    Ok(signers)
}

/// Cases against `operator`, or all, newest first.
pub async fn cases(staking: &Staking, operator: Option<Address>) -> Result<Vec<CaseView>, Error> {
    let court = staking.contracts.court;
    let count: u64 = staking.view(court, caseCountCall {}).await?.saturating_to();
    let mut cases = Vec::new();
    for id in (1..=count).rev().take(usize::try_from(MAX_CASES).unwrap_or(usize::MAX)) {
        let case = staking.view(court, caseOfCall { id: U256::from(id) }).await?;
        if operator.is_none_or(|operator| operator == case.operator) {
            cases.push(CaseView::of(U256::from(id), &case));
        }
    }
    Ok(cases)
}

impl CaseView {
    /// Case `id`.
    pub fn of(id: U256, case: &Case) -> Self {
        Self {
            id,
            operator: case.operator,
            fault: match case.fault {
                Fault::Equivocation => "equivocation",
                Fault::OverturnedOutput => "overturned output",
                Fault::MissedSlot => "missed slot",
                _ => "unknown",
            },
            state: match case.status {
                Status::Open => "open",
                Status::Upheld => "upheld",
                Status::Executed => "executed",
                Status::Settled => "settled",
                Status::Dismissed => "dismissed",
                Status::Vetoed => "vetoed",
                Status::Expired => "expired",
                _ => "unknown",
            },
            cap: Quantity::vpha(U256::from(case.cap)),
            taken: Quantity::vpha(U256::from(case.taken)),
            recipient: case.recipient,
            recipient_share: case.recipientShare,
            opened_at: case.openedAt.to(),
            executable_from: case.executableFrom.to(),
            deadline: case.deadline.to(),
        }
    }

    /// What comes next, as a sentence.
    pub fn next(&self, now: u64) -> String {
        let over = self.deadline != 0 && now >= self.deadline;
        match self.state {
            "open" | "upheld" if over => "its time is over: `settle` closes it".to_owned(),
            "open" => format!("the timelock decides until {}", words::date(self.deadline)),
            "upheld" if now < self.executable_from => {
                format!(
                    "it can be executed {}, if the council does not veto it",
                    words::when(self.executable_from, now)
                )
            }
            "upheld" => format!("`settle` executes and pays it, until {}", words::date(self.deadline)),
            "executed" => "`settle` pays it".to_owned(),
            _ => "it is over".to_owned(),
        }
    }
}

/// The words of a refusal by which a thaw is too early.
pub(crate) fn exposed(refusal: &Refusal) -> Option<(Quantity, Quantity)> {
    use alloy::sol_types::SolError;
    let error = contracts_bindings::IOperatorPool::Exposed::abi_decode_validate(refusal.data()).ok()?;
    Some((Quantity::vpha(error.exposure), Quantity::vpha(error.remaining)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(active: u64, exposure: u64) -> PoolState {
        PoolState {
            class_: U256::ONE,
            closed: false,
            active: U256::from(active),
            shares: U256::from(active),
            exiting: U256::ZERO,
            exitShares: U256::ZERO,
            epoch: U256::ZERO,
            reserved: U256::ZERO,
            exposure: U256::from(exposure),
            lastBatch: U256::ZERO,
            work: U256::ZERO,
        }
    }

    #[test]
    fn every_obstacle_is_named() {
        let class =
            Class { minBond: U256::from(100), bondPerBatch: U256::from(10), weight: U256::from(10_000) };
        let found = |pool: &PoolState, class: &Class, conflict: u64| {
            Obstacles::of(pool, class, U256::from(conflict)).to_string()
        };
        assert_eq!(found(&pool(100, 90), &class, 0), "");
        assert!(found(&pool(99, 0), &class, 0).contains("0.000000000000000001 vPHA more"));
        assert!(found(&pool(100, 91), &class, 0).contains("bond more, or wait"));
        let closed = PoolState { closed: true, ..pool(100, 0) };
        assert!(found(&closed, &class, 0).contains("closed for good"));
        assert!(
            found(&pool(100, 0), &Class { bondPerBatch: U256::ZERO, ..class }, 0)
                .contains("proves no batches")
        );
        assert!(found(&pool(100, 0), &class, 60).contains("since 1970-01-01 00:01 UTC"));
    }
}
