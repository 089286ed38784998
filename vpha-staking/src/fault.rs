//! Reporting faults, and bringing cases to their end. Anyone may do both.

use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IFaultCourt::{
        Status, caseCountCall, caseOfCall, executeCall, expireCall, reporterShareCall, settleCall,
    },
    IOperatorPool::slashableCall,
    IProverRegistry::accountabilityCall,
    IRollup::{configHashCall, conflictSinceCall, reportConflictCall, slowDelayCall},
};
use contracts_client::words;

use crate::{
    Error, Staking,
    collateral::CaseView,
    evidence::{Evidence, Verdict},
    operation::Operation,
    plan::{Plan, Step, Watched},
    quantity::Unit,
};

/// Reports the two signed transitions to the rollup, which stops finality, revokes the signers and opens a case for each operator.
///
/// Checked before: they are for this rollup, contradict each other, and their signers answer for them.
pub async fn report(staking: &Staking, account: Address, evidence: &Evidence) -> Result<Plan, Error> {
    let contracts = &staking.contracts;
    evidence.check_rollup(staking.chain.chain_id(), contracts.rollup)?;
    let verdict = evidence.verdict()?;
    let expected = staking.view(contracts.rollup, configHashCall {}).await?;
    if evidence.a.config_hash != expected {
        return Err(Error::OtherConfig { given: evidence.a.config_hash, expected });
    }
    let grace = staking.view(contracts.rollup, slowDelayCall {}).await?;
    let mut operators: Vec<Address> = Vec::new();
    for signer in verdict.signers() {
        let call = accountabilityCall { signer, grace };
        let operator = staking.view(contracts.registry, call).await?.operator;
        if !operators.contains(&operator) {
            operators.push(operator);
        }
    }
    let share = staking.view(contracts.court, reporterShareCall {}).await?;
    let conflict = staking.view(contracts.rollup, conflictSinceCall {}).await?;
    let mut notes = vec![match verdict {
        Verdict::Equivocation { signer } => {
            format!("{signer} signed two results of one input: its operator loses everything, at once")
        }
        Verdict::Dispute { a, b } => format!(
            "{a} and {b} signed different results of one input: half of both operators' collateral is held until the timelock has decided who was wrong"
        ),
    }];
    notes.push(format!(
        "the reporter gets {}.{:02} % of what is taken: `settle` pays it",
        percent(share).0,
        percent(share).1
    ));
    notes.push(if conflict.is_zero() {
        "nothing becomes final until the timelock has resolved the conflict".to_owned()
    } else {
        format!("the chain is in conflict already, since {}", words::date(conflict.saturating_to()))
    });
    let key = Operation::Report(evidence.id()).key(staking, account);
    let call = reportConflictCall {
        a: evidence.a.argument(),
        signatureA: evidence.a.signature.to_vec().into(),
        b: evidence.b.argument(),
        signatureB: evidence.b.signature.to_vec().into(),
    };
    let collateral = |operator: &Address| {
        let call = slashableCall { operator: *operator };
        Watched::new(format!("collateral of {operator}"), Unit::Vpha, contracts.pool, &call, 0)
    };
    let mut watched: Vec<Watched> = operators.iter().map(collateral).collect();
    watched.push(Watched::new("cases", Unit::Count, contracts.court, &caseCountCall {}, 0));
    let what = format!("show L1 what {} signed", list(&verdict.signers()));
    Ok(Plan {
        what: "report a conflict".into(),
        steps: vec![Step::new(what, "Rollup", contracts.rollup, &call, key)],
        notes,
        watched,
    })
}

/// Brings case `id` as far as anyone can: executes what is upheld, pays what was taken, closes what nobody decided in time.
pub async fn settle(staking: &Staking, account: Address, id: U256) -> Result<Plan, Error> {
    let court = staking.contracts.court;
    let count = staking.view(court, caseCountCall {}).await?;
    if id.is_zero() || id > count {
        return Err(Error::NoCase { id, count });
    }
    let case = staking.view(court, caseOfCall { id }).await?;
    let (view, now) = (CaseView::of(id, &case), staking.now().await?);
    let over = view.deadline != 0 && now >= view.deadline;
    let last = || Operation::Settle(id).key(staking, account);
    let pay = |taken: String| {
        let what = format!("pay out {taken}: a part to {}, the rest to nobody", view.recipient);
        Step::new(what, "FaultCourt", court, &settleCall { id }, last())
    };
    let steps = match case.status {
        Status::Executed => vec![pay(view.taken.to_string())],
        Status::Open | Status::Upheld if over => {
            let what = format!("close case {id}, whose time is over, and free the collateral it held");
            vec![Step::new(what, "FaultCourt", court, &expireCall { id }, last())]
        }
        Status::Upheld if now >= view.executable_from => {
            let what = format!("slash {} by at most {}", view.operator, view.cap);
            vec![
                Step::new(
                    what,
                    "FaultCourt",
                    court,
                    &executeCall { id },
                    staking.key(account, "execute", &id.to_string()),
                ),
                pay(format!("at most {}", view.cap)),
            ]
        }
        Status::Open | Status::Upheld => {
            return Err(Error::CaseWaits {
                id,
                state: format!("is {}: {}", view.state, view.next(now)),
                later: true,
            });
        }
        _ => return Err(Error::CaseWaits { id, state: format!("was {} already", view.state), later: false }),
    };
    Ok(Plan {
        what: format!("settle case {id}"),
        steps,
        notes: vec![format!("{} of {}", view.fault, view.operator)],
        watched: vec![
            staking.watch_pha("PHA of the recipient", view.recipient),
            Watched::new(
                "collateral of the operator",
                Unit::Vpha,
                staking.contracts.pool,
                &slashableCall { operator: view.operator },
                0,
            ),
        ],
    })
}

impl Verdict {
    /// Who signed, each once.
    pub fn signers(&self) -> Vec<Address> {
        match *self {
            Self::Equivocation { signer } => vec![signer],
            Self::Dispute { a, b } => vec![a, b],
        }
    }
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// Basis points as percent and hundredths of it.
fn percent(basis_points: U256) -> (u64, u64) {
    let points: u64 = basis_points.saturating_to();
    (points / 100, points % 100)
}
