//! Faults, and what they cost.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};

use crate::{Contracts, DEAD, Delays, Pools, Refusal, Roles, Setting, Token, Vpha, arithmetic::part, ether};

const BASIS_POINTS: U256 = U256::from_limbs([10_000, 0, 0, 0]);
const HALF: U256 = U256::from_limbs([5_000, 0, 0, 0]);

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One key signed two results of one input.
    Equivocation,
    /// Two keys signed different results.
    OverturnedOutput,
    /// A slot that was accepted was not served.
    MissedSlot,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// To be decided.
    Open,
    /// To be vetoed, then executed.
    Upheld,
    /// The pool was slashed.
    Executed,
    /// Recipient and burn were paid.
    Settled,
    /// Decided the other way.
    Dismissed,
    /// Stopped by the council.
    Vetoed,
    /// Not decided or not executed in time.
    Expired,
}

/// A case. Amounts in wei of vPHA, times in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Whose collateral.
    pub operator: Address,
    /// The most that it can take.
    pub cap: U256,
    /// Reporter or payee.
    pub recipient: Address,
    /// What it took.
    pub taken: U256,
    /// What was done.
    pub fault: Fault,
    /// Where it stands.
    pub status: Status,
    /// Part of what is taken that the recipient gets, in basis points.
    pub recipient_share: U256,
    /// When it was opened.
    pub opened_at: u64,
    /// From when on it can be executed; zero until it is upheld.
    pub executable_from: u64,
    /// From when on it can only expire.
    pub deadline: u64,
    /// What the fault is proved by.
    pub evidence: B256,
}

/// All cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Court {
    /// Numbered from 1.
    pub cases: Vec<Case>,
    /// Reports missed slots.
    pub scheduler: Address,
    /// What a missed slot costs.
    pub slot_bond: U256,
    reported: BTreeSet<B256>,
    reporter_share: U256,
    delays: Delays,
    at: Contracts,
    roles: Roles,
}

impl Court {
    pub(crate) fn new(setting: &Setting) -> Self {
        Self {
            cases: Vec::new(),
            scheduler: Address::ZERO,
            slot_bond: U256::ZERO,
            reported: BTreeSet::new(),
            reporter_share: setting.reporter_share,
            delays: setting.delays,
            at: setting.at,
            roles: setting.roles,
        }
    }

    /// Case `id`, if there is one.
    pub fn case(&self, id: U256) -> Option<&Case> {
        let place: usize = id.checked_sub(U256::ONE)?.try_into().ok()?;
        self.cases.get(place)
    }

    /// Takes all of `operator`, at once. Refused: not the rollup.
    pub(crate) fn equivocation(
        &mut self,
        pools: &mut Pools,
        by: Address,
        operator: Address,
        evidence: B256,
        reporter: Address,
        now: u64,
    ) -> Result<(), Refusal> {
        self.rollup_alone(by)?;
        let cap = pools.slashable(operator);
        let taken = pools.slash(self.at.court, operator, cap)?;
        let share = self.reporter_share;
        let case = self.open(operator, Fault::Equivocation, cap, reporter, share, evidence, now);
        (case.status, case.taken) = (Status::Executed, taken);
        Ok(())
    }

    /// Opens a case over half of each. Refused: not the rollup.
    pub(crate) fn dispute(
        &mut self,
        pools: &mut Pools,
        by: Address,
        operators: (Address, Address),
        evidence: B256,
        reporter: Address,
        now: u64,
    ) -> Result<(), Refusal> {
        self.rollup_alone(by)?;
        let (first, second) = operators;
        for operator in [Some(first), (second != first).then_some(second)].into_iter().flatten() {
            let cap = half_of(pools, operator);
            pools.reserve_for_case(self.at.court, operator, cap)?;
            let share = self.reporter_share;
            self.open(operator, Fault::OverturnedOutput, cap, reporter, share, evidence, now);
        }
        Ok(())
    }

    /// Opens a case that needs no decision. Returns its number. Refused: not the scheduler; reported before.
    pub(crate) fn missed_slot(
        &mut self,
        pools: &mut Pools,
        by: Address,
        operator: Address,
        evidence: B256,
        payee: Address,
        now: u64,
    ) -> Result<U256, Refusal> {
        if by != self.scheduler {
            return Err(Refusal::NotAllowed);
        }
        if self.reported.contains(&evidence) {
            return Err(Refusal::AlreadyReported);
        }
        let (cap, delays) = (self.slot_bond, self.delays);
        pools.reserve_for_case(self.at.court, operator, cap)?;
        self.reported.insert(evidence);
        let case = self.open(operator, Fault::MissedSlot, cap, payee, HALF, evidence, now);
        case.uphold(delays, now);
        Ok(U256::from(self.cases.len()))
    }

    /// Refused: not the timelock; not open; too late.
    pub(crate) fn uphold(&mut self, by: Address, id: U256, now: u64) -> Result<(), Refusal> {
        let delays = self.delays;
        self.undecided(by, id, now)?.uphold(delays, now);
        Ok(())
    }

    /// Refused: not the timelock; not open; too late.
    pub(crate) fn dismiss(
        &mut self,
        pools: &mut Pools,
        by: Address,
        id: U256,
        now: u64,
    ) -> Result<(), Refusal> {
        let court = self.at.court;
        self.undecided(by, id, now)?.close(pools, court, Status::Dismissed)
    }

    /// Refused: not the council; not upheld; too late.
    pub(crate) fn veto(&mut self, pools: &mut Pools, by: Address, id: U256, now: u64) -> Result<(), Refusal> {
        if by != self.roles.council {
            return Err(Refusal::NotAllowed);
        }
        let court = self.at.court;
        let case = self.in_status(id, &[Status::Upheld])?;
        if now >= case.executable_from {
            return Err(Refusal::TooLate);
        }
        case.close(pools, court, Status::Vetoed)
    }

    /// Slashes: what was fixed at the opening, or all there is if that is less. Returns what it took. Refused: not upheld; too
    /// early; too late.
    pub(crate) fn execute(&mut self, pools: &mut Pools, id: U256, now: u64) -> Result<U256, Refusal> {
        let court = self.at.court;
        let case = self.in_status(id, &[Status::Upheld])?;
        if now < case.executable_from {
            return Err(Refusal::NotYet);
        }
        if now >= case.deadline {
            return Err(Refusal::TooLate);
        }
        case.close(pools, court, Status::Executed)?;
        case.taken = pools.slash(court, case.operator, case.cap)?;
        Ok(case.taken)
    }

    /// Pays what was taken: the recipient's part, then the rest to nobody. Refused: not executed; paid out already.
    pub(crate) fn settle(
        &mut self,
        pools: &mut Pools,
        vpha: &mut Vpha,
        pha: &mut Token,
        id: U256,
        now: u64,
    ) -> Result<(), Refusal> {
        let court = self.at.court;
        let case = self.in_status(id, &[Status::Executed])?;
        if case.taken > pools.unpaid {
            return Err(Refusal::Arithmetic);
        }
        let for_recipient = part(case.taken, case.recipient_share, BASIS_POINTS);
        let recipient = if case.recipient.is_zero() { DEAD } else { case.recipient };
        let burned = case.taken.saturating_sub(for_recipient);
        pools.pay_out(vpha, pha, court, for_recipient, recipient, now)?;
        pools.pay_out(vpha, pha, court, burned, DEAD, now)?;
        case.status = Status::Settled;
        Ok(())
    }

    /// Closes what was not decided or not executed in time. Refused: neither open nor upheld; too early.
    pub(crate) fn expire(&mut self, pools: &mut Pools, id: U256, now: u64) -> Result<(), Refusal> {
        let court = self.at.court;
        let case = self.in_status(id, &[Status::Open, Status::Upheld])?;
        if now < case.deadline {
            return Err(Refusal::NotYet);
        }
        case.close(pools, court, Status::Expired)
    }

    /// Refused: not the timelock; more than 1000 vPHA.
    pub(crate) fn set_slots(
        &mut self,
        by: Address,
        scheduler: Address,
        slot_bond: U256,
    ) -> Result<(), Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        if slot_bond > ether(1000) {
            return Err(Refusal::OutOfBounds);
        }
        (self.scheduler, self.slot_bond) = (scheduler, slot_bond);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn open(
        &mut self,
        operator: Address,
        fault: Fault,
        cap: U256,
        recipient: Address,
        recipient_share: U256,
        evidence: B256,
        now: u64,
    ) -> &mut Case {
        self.cases.push(Case {
            operator,
            cap,
            recipient,
            taken: U256::ZERO,
            fault,
            status: Status::Open,
            recipient_share,
            opened_at: now,
            executable_from: 0,
            deadline: now.saturating_add(self.delays.case),
            evidence,
        });
        let last = self.cases.len().saturating_sub(1);
        // It was pushed above.
        #[allow(clippy::indexing_slicing)]
        &mut self.cases[last]
    }

    fn in_status(&mut self, id: U256, allowed: &[Status]) -> Result<&mut Case, Refusal> {
        let place = id.checked_sub(U256::ONE).and_then(|place| usize::try_from(place).ok());
        let case = place.and_then(|place| self.cases.get_mut(place));
        case.filter(|case| allowed.contains(&case.status)).ok_or(Refusal::WrongStatus)
    }

    fn undecided(&mut self, by: Address, id: U256, now: u64) -> Result<&mut Case, Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        let case = self.in_status(id, &[Status::Open])?;
        if now >= case.deadline { Err(Refusal::TooLate) } else { Ok(case) }
    }

    fn rollup_alone(&self, by: Address) -> Result<(), Refusal> {
        if by == self.at.rollup { Ok(()) } else { Err(Refusal::NotAllowed) }
    }
}

impl Case {
    /// Whether it holds collateral.
    pub fn holds(&self) -> bool {
        matches!(self.status, Status::Open | Status::Upheld)
    }

    const fn uphold(&mut self, delays: Delays, now: u64) {
        self.status = Status::Upheld;
        self.executable_from = now.saturating_add(delays.veto);
        self.deadline = self.executable_from.saturating_add(delays.margin);
    }

    /// Lets go of what it held.
    fn close(&mut self, pools: &mut Pools, court: Address, status: Status) -> Result<(), Refusal> {
        pools.release_from_case(court, self.operator, self.cap)?;
        self.status = status;
        Ok(())
    }
}

fn half_of(pools: &Pools, operator: Address) -> U256 {
    part(pools.slashable(operator), HALF, BASIS_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pool;

    const DAY: u64 = 86_400;
    const OPERATOR: Address = Address::repeat_byte(1);

    /// A court over one pool of 2,000 vPHA, of which `exiting` are on their way out.
    fn court(exiting: u64) -> (Court, Pools) {
        let setting = Setting::default();
        let mut pools = Pools::new(&setting);
        let exiting = ether(exiting);
        let pool = Pool { active: ether(2000).saturating_sub(exiting), exiting, ..Pool::default() };
        pools.of.insert(OPERATOR, pool);
        (Court::new(&setting), pools)
    }

    /// Opens a dispute on `day`. Returns its number.
    fn dispute(court: &mut Court, pools: &mut Pools, day: u64) -> U256 {
        let (by, pair) = (court.at.rollup, (OPERATOR, OPERATOR));
        court.dispute(pools, by, pair, B256::ZERO, Address::ZERO, day * DAY).unwrap();
        U256::from(court.cases.len())
    }

    #[test]
    fn an_exit_does_not_halve_the_slash() {
        let (mut court, mut pools) = court(1000);
        let id = dispute(&mut court, &mut pools, 12);
        court.uphold(court.roles.timelock, id, 18 * DAY).unwrap();
        // The exit that began on day 0 is paid, down to what the case holds.
        let pool = pools.of.get_mut(&OPERATOR).unwrap();
        assert_eq!(pool.slashable() - pool.exiting, pool.reserved);
        pool.exiting = U256::ZERO;
        assert_eq!(court.execute(&mut pools, id, 21 * DAY), Ok(ether(1000)));
    }

    #[test]
    fn disputes_over_the_same_collateral_take_all_of_it_and_no_more() {
        let (mut court, mut pools) = court(0);
        let ids = [1; 3].map(|day| dispute(&mut court, &mut pools, day));
        for id in ids {
            court.uphold(court.roles.timelock, id, 2 * DAY).unwrap();
        }
        let taken = ids.map(|id| court.execute(&mut pools, id, 5 * DAY));
        assert_eq!(taken, [Ok(ether(1000)), Ok(ether(1000)), Ok(U256::ZERO)]);
    }

    #[test]
    fn an_equivocation_takes_what_a_dispute_holds() {
        let (mut court, mut pools) = court(0);
        let id = dispute(&mut court, &mut pools, 1);
        let by = court.at.rollup;
        court.equivocation(&mut pools, by, OPERATOR, B256::ZERO, Address::ZERO, DAY).unwrap();
        assert_eq!(pools.slashable(OPERATOR), U256::ZERO);
        court.uphold(court.roles.timelock, id, 2 * DAY).unwrap();
        assert_eq!(court.execute(&mut pools, id, 5 * DAY), Ok(U256::ZERO));
    }
}
