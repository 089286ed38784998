//! What must hold of staking whatever happens (DESIGN, "vPHA and collateral"), asked of the model after every step. The contracts are
//! compared with the model, so it holds of them.

use alloy_primitives::{Address, U256};

use crate::{CAP, Fault, Operation, Pool, Status, World, part};

/// What was broken, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

/// Holds of every world, whoever acts.
pub fn check(world: &World) -> Result<(), Broken> {
    let (vpha, at) = (&world.vpha, world.setting.at);
    let accounted = sum([vpha.assets, vpha.promised, vpha.rewards.unstreamed]);
    at_least("the balance covers A + U + N", world.pha.balance(at.vpha), accounted)?;
    let open = vpha.books.values().flat_map(|book| book.open());
    equal("tickets sum up to U", sum(open.map(|ticket| ticket.amount)), vpha.promised)?;
    equal("shares sum up to the votes' total", vpha.supply(), vpha.votes.total())?;
    let promised = world.rewards.available.saturating_add(world.rewards.stream.unstreamed);
    at_least("rewards are funded", world.pha.balance(at.rewards), promised)?;
    at_least("emission stays below its cap", CAP, world.emission.emitted)?;
    equal("no PHA is made or lost", world.pha.total(), crate::ether(1_000_000_000))?;
    for assets in [U256::ONE, crate::ether(1), vpha.assets] {
        let out = round_trip(world, assets);
        at_least("a round trip in one block never profits", assets, out)?;
    }

    let held = world.pools.of.values().map(Pool::slashable);
    let bonded = sum(held).saturating_add(world.pools.unpaid);
    at_least("the pool holds C + X of all, and what is not paid", vpha.shares.balance(at.pool), bonded)?;
    world.pools.of.values().try_for_each(pool_holds)
}

/// Holds as long as nobody but the court acts in the court's name.
pub fn check_cases(world: &World) -> Result<(), Broken> {
    for (operator, pool) in &world.pools.of {
        let held = world.court.cases.iter().filter(|case| case.operator == *operator && case.holds());
        equal("R is what open cases may take", pool.reserved, sum(held.map(|case| case.cap)))?;
    }
    let executed = world.court.cases.iter().filter(|case| case.status == Status::Executed);
    equal("executed cases are unpaid", world.pools.unpaid, sum(executed.map(|case| case.taken)))?;
    for case in &world.court.cases {
        at_least("no case takes more than its cap", case.cap, case.taken)?;
        let all = case.fault == Fault::Equivocation;
        if all && case.taken != case.cap {
            return Err(Broken(format!("an equivocation took {} of {}", case.taken, case.cap)));
        }
    }
    Ok(())
}

/// Holds between a world and the one after `operation`.
pub fn check_step(before: &Before, world: &World, operation: &Operation) -> Result<(), Broken> {
    let (assets, shares) = (one_more(world.vpha.assets), one_more(world.vpha.supply()));
    let (old_assets, old_shares) = before.price;
    let (now, then) = (assets.saturating_mul(old_shares), old_assets.saturating_mul(shares));
    at_least("the price never falls", now, then)?;
    let Some((operator, old)) = &before.pool else { return Ok(()) };
    let new = world.pools.of.get(operator).cloned().unwrap_or_default();
    let taken = old.slashable().saturating_sub(new.slashable());
    match operation {
        // X fell by floor(q * X / (C + X)): by that ratio, but for less than one wei.
        Operation::Slash { .. } | Operation::Equivocation { .. } | Operation::Execute { .. } => {
            let from_exiting = old.exiting.saturating_sub(new.exiting);
            equal("a slash takes in equal ratio", from_exiting, part(taken, old.exiting, old.slashable()))
        }
        _ if new.epoch == old.epoch && !old.exit_shares.is_zero() && !new.exit_shares.is_zero() => {
            let now = new.exiting.saturating_mul(old.exit_shares);
            at_least("older exits are not diluted", now, old.exiting.saturating_mul(new.exit_shares))
        }
        _ => Ok(()),
    }
}

/// What [`check_step`] needs to know of the world before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// A + 1 and S + 1.
    price: (U256, U256),
    /// The pool that the step is about.
    pool: Option<(Address, Pool)>,
}

impl Before {
    /// `operator`: whose pool the step is about, if it is about one.
    pub fn of(world: &World, operator: Option<Address>) -> Self {
        let pool =
            operator.map(|operator| (operator, world.pools.of.get(&operator).cloned().unwrap_or_default()));
        Self { price: (one_more(world.vpha.assets), one_more(world.vpha.supply())), pool }
    }
}

fn pool_holds(pool: &Pool) -> Result<(), Broken> {
    at_least("exposure is covered: E <= C", pool.active, pool.exposure())?;
    let worth = sum(pool.exits.open().map(|exit| pool.worth(exit.amount, exit.epoch)));
    at_least("exits are covered: their worth <= X", pool.exiting, worth)?;
    let open = U256::from(pool.exits.open().count());
    at_least("all of X belongs to exits", worth.saturating_add(open), pool.exiting)?;
    equal_bool("no X, no exit shares", pool.exiting.is_zero(), pool.exit_shares.is_zero())?;
    let current = pool.exits.open().filter(|exit| exit.epoch == pool.epoch);
    equal("exit shares sum up to Xs", sum(current.map(|exit| exit.amount)), pool.exit_shares)?;
    let dead = pool.active.is_zero() && !pool.shares.is_zero();
    if dead && !pool.closed { Err(Broken("a pool with worthless shares is open".into())) } else { Ok(()) }
}

/// What `assets` are worth after they were staked and unstaked in one block.
fn round_trip(world: &World, assets: U256) -> U256 {
    let (total, supply) = (world.vpha.assets, world.vpha.supply());
    let shares = world.vpha.shares_for(assets);
    let after = (total.saturating_add(assets), supply.saturating_add(shares));
    part(shares, one_more(after.0), one_more(after.1))
}

fn one_more(amount: U256) -> U256 {
    amount.saturating_add(U256::ONE)
}

fn sum(amounts: impl IntoIterator<Item = U256>) -> U256 {
    amounts.into_iter().fold(U256::ZERO, U256::saturating_add)
}

fn at_least(what: &str, larger: U256, smaller: U256) -> Result<(), Broken> {
    if larger >= smaller { Ok(()) } else { Err(Broken(format!("{what}: {larger} < {smaller}"))) }
}

fn equal(what: &str, left: U256, right: U256) -> Result<(), Broken> {
    if left == right { Ok(()) } else { Err(Broken(format!("{what}: {left} is not {right}"))) }
}

fn equal_bool(what: &str, left: bool, right: bool) -> Result<(), Broken> {
    if left == right { Ok(()) } else { Err(Broken(what.into())) }
}
