//! What providers do with their collateral: make a pool, bond, thaw, finish.

use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IOperatorPool::{PoolState, bondCall, createPoolCall, exitDelayCall, finishCall, poolOfCall, thawCall},
    IRollup::{batchCountCall, outputCall},
};
use contracts_client::{network::NetworkError, token::Token, words};

use crate::{
    Error, Staking,
    collateral::{self, exposed},
    holder::{MAX_TICKETS, Which, payable},
    holdings::Ticket,
    operation::Operation,
    plan::{Plan, Step},
    quantity::{Amount, Quantity, Unit, mul_div, mul_div_up},
};

/// Makes a pool of `class`, which is for good.
pub async fn create(staking: &Staking, account: Address, class: U256) -> Result<Plan, Error> {
    let pool = staking.contracts.pool;
    let parameters = staking.class(class).await?;
    let present = staking.view(pool, poolOfCall { operator: account }).await?;
    if !present.class_.is_zero() {
        return Err(Error::PoolExists { account, class: present.class_ });
    }
    let mut notes = vec![
        "the class is for good: another one needs another account".to_owned(),
        format!(
            "a provider of this class counts from {} on: `pool bond`",
            Quantity::vpha(parameters.minBond)
        ),
    ];
    if parameters.bondPerBatch.is_zero() {
        notes.push("providers of this class prove no batches".into());
    }
    let key = Operation::Create(class).key(staking, account);
    let what = format!("make a pool of class {class} for {account}");
    Ok(Plan {
        what: format!("create a pool of class {class}"),
        steps: vec![Step::new(what, "OperatorPool", pool, &createPoolCall { class_: class }, key)],
        notes,
        watched: Vec::new(),
    })
}

/// Adds `amount` of vPHA. Approves the pool for exactly that before, if it has to.
pub async fn bond(staking: &Staking, account: Address, amount: &Amount) -> Result<Plan, Error> {
    let contracts = &staking.contracts;
    if !contracts.pool_is_named {
        // It takes vPHA: a node's word is not enough.
        return Err(NetworkError::Missing("the operator pool (--operator-pool)").into());
    }
    let key = Operation::Bond(amount).key(staking, account);
    let balance = staking.view(contracts.vpha, Token::balanceOfCall { account }).await?;
    let amount = match amount {
        Amount::All => balance,
        amount => amount.of(Unit::Vpha)?,
    };
    let vpha = Quantity::vpha(amount);
    let pool = staking.pool(account).await?;
    if pool.closed {
        return Err(Error::PoolClosed(account));
    }
    if amount.is_zero() {
        return Err(Error::Nothing { account, what: "vPHA: `vpha-staking stake` gives some" });
    }
    if balance < amount {
        return Err(Error::Balance { account, balance: Quantity::vpha(balance), needed: vpha });
    }
    let class = staking.class(pool.class_).await?;
    let delay: u64 = staking.view(contracts.pool, exitDelayCall {}).await?.saturating_to();
    let mut notes =
        vec![format!("it can be slashed, and leaving again takes {}: `pool thaw`", words::span(delay))];
    let after = pool.active.saturating_add(amount);
    if after < class.minBond {
        let missing = Quantity::vpha(class.minBond - after);
        notes.push(format!("{missing} more are needed before a prover counts"));
    }
    let approval =
        staking.approval(account, ("VPHA", contracts.vpha), ("OperatorPool", contracts.pool), vpha).await?;
    let main = Step::new(format!("bond {vpha}"), "OperatorPool", contracts.pool, &bondCall { amount }, key);
    let [active, _] = staking.watch_pool(account);
    Ok(Plan {
        what: format!("bond {vpha}"),
        steps: approval.into_iter().chain([main]).collect(),
        notes,
        watched: vec![
            staking.watch_vpha("vPHA", account),
            active,
            staking.watch_votes("your votes", account),
        ],
    })
}

/// Starts the exit of `amount`. Has the rollup record what is final before, if that releases collateral.
pub async fn thaw(staking: &Staking, account: Address, amount: &Amount) -> Result<Plan, Error> {
    let pool = staking.pool(account).await?;
    let class = staking.class(pool.class_).await?;
    let (shares, moved) = shares_for(account, &pool, amount)?;
    if collateral::exits(staking, account).await?.len() >= MAX_TICKETS {
        return Err(Error::TooManyTickets("finish"));
    }
    let left = pool.active.saturating_sub(moved);
    let catch_up = if pool.exposure > left { staking.catch_up(account).await? } else { None };
    let key = Operation::Thaw(amount).key(staking, account);
    let vpha = Quantity::vpha(moved);
    let main = Step::new(
        format!("start the exit of {vpha}"),
        "OperatorPool",
        staking.contracts.pool,
        &thawCall { shares },
        key,
    );

    let delay: u64 = staking.view(staking.contracts.pool, exitDelayCall {}).await?.saturating_to();
    let now = staking.now().await?;
    let mut notes = vec![format!(
        "it can be finished {}; until then a slash takes from it as from what stays",
        words::when(now.saturating_add(delay), now)
    )];
    if left < class.minBond && pool.active >= class.minBond {
        notes.push(format!(
            "WARNING: {} remain, the class needs {}: your provers stop counting at once",
            Quantity::vpha(left),
            Quantity::vpha(class.minBond)
        ));
    }
    let plan = Plan {
        what: format!("thaw {vpha}"),
        steps: catch_up.into_iter().chain([main]).collect(),
        notes,
        watched: staking.watch_pool(account).into(),
    };
    match plan.preview(staking, account).await {
        Err(Error::WouldFail { refusal, .. }) => match exposed(&refusal) {
            Some((exposure, remaining)) => {
                let advice = release(staking, &pool, now).await?;
                Err(Error::Exposed { exposure, remaining, advice })
            }
            None => Err(Error::WouldFail { what: plan.what, refusal }),
        },
        Err(error) => Err(error),
        Ok(_) => Ok(plan),
    }
}

/// Shares that move `amount`, rounded up, and what they move.
fn shares_for(account: Address, pool: &PoolState, amount: &Amount) -> Result<(U256, U256), Error> {
    if pool.active.is_zero() {
        return Err(Error::Nothing { account, what: "active collateral" });
    }
    let amount = match amount {
        Amount::All => return Ok((pool.shares, pool.active)),
        amount => amount.of(Unit::Vpha)?,
    };
    if amount > pool.active {
        let (balance, needed) = (Quantity::vpha(pool.active), Quantity::vpha(amount));
        return Err(Error::Balance { account, balance, needed });
    }
    let shares = mul_div_up(amount, pool.shares, pool.active).min(pool.shares);
    Ok((shares, mul_div(shares, pool.active, pool.shares)))
}

/// When the last batch that the pool stands behind is final.
async fn release(staking: &Staking, pool: &PoolState, now: u64) -> Result<String, Error> {
    let rollup = staking.contracts.rollup;
    let stop = "stop proving and come back, or thaw less";
    if pool.lastBatch > staking.view(rollup, batchCountCall {}).await? {
        // The batch was discarded: its number is given again.
        return Ok(format!("it is released once batch {} is final. Then {stop}", pool.lastBatch));
    }
    let output = staking.view(rollup, outputCall { index: pool.lastBatch }).await?;
    Ok(format!(
        "batch {}, the last one, can be final {}. Until then {stop}",
        pool.lastBatch,
        words::when(output.finalizableAt, now)
    ))
}

/// Takes out exits whose time has come.
pub async fn finish(staking: &Staking, account: Address, which: Which) -> Result<Plan, Error> {
    let pool = staking.pool(account).await?;
    let (exits, now) = (collateral::exits(staking, account).await?, staking.now().await?);
    let step = |ticket: &Ticket| {
        let Ticket { id, amount, .. } = *ticket;
        let what = if amount.units.is_zero() {
            format!("close ticket {id}, of which a slash left nothing")
        } else {
            format!("take {amount} of ticket {id}")
        };
        let key = Operation::Finish(id).key(staking, account);
        Step::new(what, "OperatorPool", staking.contracts.pool, &finishCall { id }, key)
    };
    let mut notes = Vec::new();
    if !pool.reserved.is_zero() {
        notes.push(format!("open cases hold {}: at least that much stays", Quantity::vpha(pool.reserved)));
    }
    let mut watched = vec![staking.watch_vpha("vPHA", account)];
    watched.extend(staking.watch_pool(account));
    let steps = payable(&exits, account, which, now)?.iter().map(step).collect();
    Ok(Plan { what: "finish what is due".into(), steps, notes, watched })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pool(active: U256, shares: U256) -> PoolState {
        PoolState {
            class_: U256::ONE,
            closed: false,
            active,
            shares,
            exiting: U256::ZERO,
            exitShares: U256::ZERO,
            epoch: U256::ZERO,
            reserved: U256::ZERO,
            exposure: U256::ZERO,
            lastBatch: U256::ZERO,
            work: U256::ZERO,
        }
    }

    fn some(wei: U256) -> Amount {
        contracts_client::amount::format(wei, 18).parse().unwrap()
    }

    proptest! {
        /// As long as a share is worth at least a wei, what is asked for is moved to the wei, or a share's worth more.
        #[test]
        fn what_is_thawed_is_at_least_what_was_asked_for(active in 1u128..1 << 90, extra in 0u128..1 << 90, part in 0u64..1_000_000_000) {
            // Slashes make shares cheaper, never dearer.
            let (active, shares) = (U256::from(active), U256::from(active + extra));
            let amount = (U256::from(part) * active / U256::from(1_000_000_000)).max(U256::ONE);
            let (given, moved) = shares_for(Address::ZERO, &pool(active, shares), &some(amount)).unwrap();
            prop_assert!(given <= shares && moved <= active);
            prop_assert!(moved >= amount, "{} < {}", moved, amount);
            prop_assert!(moved - amount <= U256::ONE);
        }
    }

    #[test]
    fn all_is_all_and_more_than_all_is_refused() {
        let (active, shares) = (U256::from(7), U256::from(10));
        assert_eq!(shares_for(Address::ZERO, &pool(active, shares), &Amount::All).unwrap(), (shares, active));
        let more = shares_for(Address::ZERO, &pool(active, shares), &some(U256::from(8)));
        assert!(matches!(more, Err(Error::Balance { .. })));
        let empty = shares_for(Address::ZERO, &pool(U256::ZERO, U256::ZERO), &Amount::All);
        assert!(matches!(empty, Err(Error::Nothing { .. })));
    }
}
