//! Collateral: a pool of vPHA for each operator.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::{
    Book, Class, Contracts, Refusal, Roles, Setting, Token, Vpha,
    arithmetic::{fits, minus, part},
    ether,
};

/// Exposure is kept in thousandths of a vPHA: 10^15 wei.
const EXPOSURE_UNIT: U256 = U256::from_limbs([1_000_000_000_000_000, 0, 0, 0]);
const BASIS_POINTS: U256 = U256::from_limbs([10_000, 0, 0, 0]);
/// A pool whose active vPHA is below one part of this of its shares is closed.
const CLOSING_RATIO: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);
const MOST_CLASSES: usize = 32;

/// What is reserved for batches until the last of them is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// In 10^15 wei of vPHA.
    pub units: U256,
    /// Number of the last batch.
    pub last: u64,
}

/// C, Sh, X, Xs, R and E of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Number of its class, from 1.
    pub class: usize,
    /// Takes no more bond.
    pub closed: bool,
    /// C.
    pub active: U256,
    /// Sh.
    pub shares: U256,
    /// X.
    pub exiting: U256,
    /// Xs.
    pub exit_shares: U256,
    /// How often the exit shares became void.
    pub epoch: u64,
    /// R.
    pub reserved: U256,
    /// E, in at most two parts, the older first.
    pub exposures: Vec<Exposure>,
    /// The last batch that anything was reserved for.
    pub last_batch: u64,
    /// All exposure that was released, weighted; wei of vPHA.
    pub work: U256,
    /// Exits, in exit shares.
    pub exits: Book,
}

impl Pool {
    /// C + X.
    pub fn slashable(&self) -> U256 {
        self.active.saturating_add(self.exiting)
    }

    /// E in wei.
    pub fn exposure(&self) -> U256 {
        let units = self.exposures.iter().fold(U256::ZERO, |sum, part| sum.saturating_add(part.units));
        units.saturating_mul(EXPOSURE_UNIT)
    }

    /// What the exit of `shares` that was opened in `epoch` would be paid: floor(xs * X / Xs), or nothing if a slash took all.
    pub fn worth(&self, shares: U256, epoch: u64) -> U256 {
        if epoch == self.epoch { part(shares, self.exiting, self.exit_shares) } else { U256::ZERO }
    }

    /// Takes out the parts of the exposure that are final by now. They are work.
    fn release(&mut self, weight: U256, finalized: u64) {
        for exposure in &self.exposures {
            if exposure.last <= finalized {
                let wei = exposure.units.saturating_mul(EXPOSURE_UNIT);
                self.work = self.work.saturating_add(part(wei, weight, BASIS_POINTS));
            }
        }
        self.exposures.retain(|exposure| exposure.last > finalized);
    }

    /// Reserves for a batch: as a part of its own, unless there are two.
    fn expose(&mut self, units: U256, batch: u64) {
        match self.exposures.as_mut_slice() {
            [_, newer] => {
                newer.units = newer.units.saturating_add(units);
                newer.last = batch;
            }
            _ => self.exposures.push(Exposure { units, last: batch }),
        }
        self.last_batch = batch;
    }

    /// Takes `amount`, or all there is, from C and X in equal ratio. Returns what it took. Never refused.
    fn slash(&mut self, amount: U256) -> U256 {
        let taken = amount.min(self.slashable());
        if taken.is_zero() {
            return taken;
        }
        let from_exiting = part(taken, self.exiting, self.slashable());
        let left = self.active.saturating_sub(taken.saturating_sub(from_exiting));
        for exposure in &mut self.exposures {
            exposure.units = part(exposure.units, left, self.active);
        }
        self.exposures.retain(|exposure| !exposure.units.is_zero());
        self.active = left;
        self.exiting = self.exiting.saturating_sub(from_exiting);
        if self.exiting.is_zero() && !self.exit_shares.is_zero() {
            self.exit_shares = U256::ZERO;
            self.epoch = self.epoch.saturating_add(1);
        }
        self.closed |= self.active.saturating_mul(CLOSING_RATIO) < self.shares;
        taken
    }
}

/// All pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pools {
    /// By operator.
    pub of: BTreeMap<Address, Pool>,
    /// Numbered from 1.
    pub classes: Vec<Class>,
    /// What was slashed and not paid out.
    pub unpaid: U256,
    exit_delay: u64,
    at: Contracts,
    roles: Roles,
}

impl Pools {
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            of: BTreeMap::new(),
            classes: setting.classes.clone(),
            unpaid: U256::ZERO,
            exit_delay: setting.delays.exit,
            at: setting.at,
            roles: setting.roles,
        }
    }

    /// C + X of `operator`.
    pub fn slashable(&self, operator: Address) -> U256 {
        self.of.get(&operator).map(Pool::slashable).unwrap_or_default()
    }

    /// The class of `pool`, if it has one.
    pub fn class_of(&self, pool: &Pool) -> Option<Class> {
        self.classes.get(pool.class.checked_sub(1)?).copied()
    }

    /// Whether `operator` may prove: its pool is open, of a class that proves, and has the least bond.
    pub fn is_eligible(&self, operator: Address) -> bool {
        let Some(pool) = self.of.get(&operator) else { return false };
        let Some(class) = self.class_of(pool) else { return false };
        !pool.closed && !class.bond_per_batch.is_zero() && pool.active >= class.min_bond
    }

    /// Refused: no such class; a pool is there.
    pub(crate) fn create(&mut self, by: Address, class: U256) -> Result<(), Refusal> {
        if class.is_zero() || class > U256::from(self.classes.len()) {
            return Err(Refusal::NoSuchClass);
        }
        let pool = self.of.entry(by).or_default();
        if pool.class != 0 {
            return Err(Refusal::PoolExists);
        }
        pool.class = class.saturating_to();
        Ok(())
    }

    /// Adds `amount` for floor(v * Sh / C) shares, as many as wei if there are none. Refused: no pool; closed; too wide; nothing
    /// moved; vPHA that is not there or not allowed.
    pub(crate) fn bond(
        &mut self,
        vpha: &mut Vpha,
        by: Address,
        amount: U256,
        now: u64,
    ) -> Result<U256, Refusal> {
        let pool = self.of.get_mut(&by).filter(|pool| pool.class != 0).ok_or(Refusal::NoPool)?;
        if pool.closed {
            return Err(Refusal::PoolIsClosed);
        }
        let shares =
            if pool.shares.is_zero() { amount } else { part(fits(amount, 96)?, pool.shares, pool.active) };
        if shares.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        let active = pool.active.saturating_add(fits(amount, 96)?);
        fits(active, 96).map_err(|_| Refusal::DoesNotFit)?;
        let total = fits(pool.shares.saturating_add(shares), 128)?;
        vpha.transfer_from(self.at.pool, by, self.at.pool, amount, now)
            .map_err(|_| Refusal::TransferFromFailed)?;
        (pool.active, pool.shares) = (active, total);
        Ok(shares)
    }

    /// Starts the exit of `shares`. Refused: fewer shares; nothing moved; exposed; nothing moved of the exit shares; too wide; 32
    /// exits are open.
    pub(crate) fn thaw(
        &mut self,
        by: Address,
        shares: U256,
        finalized: u64,
        now: u64,
    ) -> Result<U256, Refusal> {
        let mut pool = self.of.get(&by).cloned().unwrap_or_default();
        if shares > pool.shares {
            return Err(Refusal::NotEnoughShares);
        }
        let amount = part(shares, pool.active, pool.shares);
        if amount.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        pool.release(self.class_of(&pool).map(|class| class.weight).unwrap_or_default(), finalized);
        pool.active = minus(pool.active, amount)?;
        if pool.active < pool.exposure() {
            return Err(Refusal::Exposed);
        }
        let exit_shares =
            if pool.exiting.is_zero() { amount } else { part(amount, pool.exit_shares, pool.exiting) };
        if exit_shares.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        pool.shares = minus(pool.shares, shares)?;
        pool.exiting = pool.exiting.saturating_add(amount);
        pool.exit_shares = fits(pool.exit_shares.saturating_add(exit_shares), 128)?;
        let id = pool.exits.add(exit_shares, now.saturating_add(self.exit_delay), pool.epoch)?;
        self.of.insert(by, pool);
        Ok(id)
    }

    /// Pays exit `id`. Refused: no such ticket; locked; what would remain is less than what cases may take.
    pub(crate) fn finish(
        &mut self,
        vpha: &mut Vpha,
        by: Address,
        id: U256,
        now: u64,
    ) -> Result<U256, Refusal> {
        let pool = self.of.get_mut(&by).ok_or(Refusal::NoSuchTicket)?;
        let ticket = pool.exits.due(id, now)?;
        let amount = pool.worth(ticket.amount, ticket.epoch);
        if ticket.epoch == pool.epoch {
            if minus(pool.slashable(), amount)? < pool.reserved {
                return Err(Refusal::ReservedByCases);
            }
            pool.exiting = minus(pool.exiting, amount)?;
            pool.exit_shares = minus(pool.exit_shares, ticket.amount)?;
        }
        pool.exits.remove(id);
        vpha.transfer(self.at.pool, by, amount, now).map_err(|_| Refusal::TransferFailed)?;
        Ok(amount)
    }

    /// Releases what is final. Returns the work until now.
    pub(crate) fn settle(&mut self, operator: Address, finalized: u64) -> U256 {
        let Some(pool) = self.of.get(&operator) else { return U256::ZERO };
        let weight = self.class_of(pool).map(|class| class.weight).unwrap_or_default();
        self.of
            .get_mut(&operator)
            .map(|pool| {
                pool.release(weight, finalized);
                pool.work
            })
            .unwrap_or_default()
    }

    /// Reserves for `batch` in the pool of each operator, or in none. Refused: not the rollup; one is not eligible; one has too
    /// little left. Who has a later batch reserved, or this one, reserves nothing; nobody does for what is final.
    pub(crate) fn reserve(
        &mut self,
        by: Address,
        operators: &[Address],
        batch: u64,
        finalized: u64,
    ) -> Result<(), Refusal> {
        if by != self.at.rollup {
            return Err(Refusal::NotAllowed);
        }
        let mut reserved = Vec::new();
        for operator in operators {
            let pool = self.of.get(operator).filter(|_| self.is_eligible(*operator));
            let mut pool = pool.cloned().ok_or(Refusal::NotEligible)?;
            let class = self.class_of(&pool).ok_or(Refusal::NotEligible)?;
            if batch <= pool.last_batch || batch <= finalized {
                continue;
            }
            pool.release(class.weight, finalized);
            if pool.exposure().saturating_add(class.bond_per_batch) > pool.active {
                return Err(Refusal::BondExhausted);
            }
            pool.expose(part(class.bond_per_batch, U256::ONE, EXPOSURE_UNIT), batch);
            reserved.push((*operator, pool));
        }
        self.of.extend(reserved);
        Ok(())
    }

    /// Takes `amount` of `operator`, or all there is. Refused: not the court.
    pub(crate) fn slash(&mut self, by: Address, operator: Address, amount: U256) -> Result<U256, Refusal> {
        self.court_alone(by)?;
        let taken = self.of.entry(operator).or_default().slash(amount);
        self.unpaid = self.unpaid.saturating_add(taken);
        Ok(taken)
    }

    /// Raises R. Refused: not the court; too wide.
    pub(crate) fn reserve_for_case(
        &mut self,
        by: Address,
        operator: Address,
        amount: U256,
    ) -> Result<(), Refusal> {
        self.court_alone(by)?;
        let pool = self.of.entry(operator).or_default();
        let raised = pool.reserved.saturating_add(fits(amount, 128)?);
        pool.reserved = fits(raised, 128).map_err(|_| Refusal::Arithmetic)?;
        Ok(())
    }

    /// Lowers R. Refused: not the court; too wide; more than R.
    pub(crate) fn release_from_case(
        &mut self,
        by: Address,
        operator: Address,
        amount: U256,
    ) -> Result<(), Refusal> {
        self.court_alone(by)?;
        let pool = self.of.entry(operator).or_default();
        pool.reserved = minus(pool.reserved, fits(amount, 128)?)?;
        Ok(())
    }

    /// Burns `amount` of what was slashed, and pays what it is worth. Refused: not the court; more than that.
    pub(crate) fn pay_out(
        &mut self,
        vpha: &mut Vpha,
        pha: &mut Token,
        by: Address,
        amount: U256,
        to: Address,
        now: u64,
    ) -> Result<U256, Refusal> {
        self.court_alone(by)?;
        let left = minus(self.unpaid, amount)?;
        let assets = vpha.seize(pha, self.at.pool, amount, to, now)?;
        self.unpaid = left;
        Ok(assets)
    }

    /// Sets class `number`, or adds the next. Refused: not the timelock; out of bounds; no such class.
    pub(crate) fn set_class(&mut self, by: Address, number: U256, class: Class) -> Result<(), Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        let whole = part(class.bond_per_batch, U256::ONE, EXPOSURE_UNIT).saturating_mul(EXPOSURE_UNIT);
        let valid = !class.min_bond.is_zero()
            && class.min_bond <= ether(1_000_000)
            && class.bond_per_batch <= class.min_bond
            && class.bond_per_batch == whole
            && class.weight <= BASIS_POINTS.saturating_mul(U256::from(10));
        if !valid {
            return Err(Refusal::InvalidClass);
        }
        let number: usize = number.saturating_to();
        let place = number.checked_sub(1).ok_or(Refusal::NoSuchClass)?;
        if place >= MOST_CLASSES {
            return Err(Refusal::NoSuchClass);
        }
        if place == self.classes.len() {
            self.classes.push(class);
        } else {
            *self.classes.get_mut(place).ok_or(Refusal::NoSuchClass)? = class;
        }
        Ok(())
    }

    fn court_alone(&self, by: Address) -> Result<(), Refusal> {
        if by == self.at.court { Ok(()) } else { Err(Refusal::NotAllowed) }
    }
}
