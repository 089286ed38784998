//! All that can be seen of the contracts, and what the model says it must be.

use alloy_primitives::{Address, B256, U256, Uint};
use alloy_sol_types::{SolCall, SolValue};
use contracts_bindings::{
    IEmissionController, IFaultCourt, IOperatorPool, IProverBonds, IProverRewards, IVPHA,
};
use staking_model::{Book, Case, Fault, Pool, Status, World, ether};

use crate::abi::{Solady, TestRollup, Token, class};

/// A view function, and what it must return.
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) to: Address,
    pub(crate) input: Vec<u8>,
    pub(crate) expected: Vec<u8>,
}

/// Collects views.
pub(crate) struct Views<'a> {
    world: &'a World,
    pub(crate) all: Vec<View>,
}

impl<'a> Views<'a> {
    pub(crate) fn of(world: &'a World) -> Self {
        Self { world, all: Vec::with_capacity(24) }
    }

    /// What every operation may move.
    pub(crate) fn sums(&mut self) {
        let (world, at) = (self.world, self.world.setting.at);
        let vpha = &world.vpha;
        self.number("A", at.vpha, IVPHA::totalAssetsCall {}, vpha.assets);
        self.number("S", at.vpha, Token::totalSupplyCall {}, vpha.supply());
        self.number("U", at.vpha, IVPHA::unstakingCall {}, vpha.promised);
        self.number("N", at.vpha, IVPHA::unstreamedCall {}, vpha.rewards.unstreamed);
        self.number("PHA of vPHA", at.pha, owned(at.vpha), world.pha.balance(at.vpha));
        self.number("vPHA of the pool", at.vpha, owned(at.pool), vpha.shares.balance(at.pool));
        self.number("slashedUnpaid", at.pool, IOperatorPool::slashedUnpaidCall {}, world.pools.unpaid);
    }

    /// What is moved by few.
    pub(crate) fn parameters(&mut self) {
        let (world, at) = (self.world, self.world.setting.at);
        let vpha = &world.vpha;
        self.number("rewardRate", at.vpha, IVPHA::rewardRateCall {}, vpha.rewards.rate);
        self.number("votes", at.vpha, Solady::getVotesTotalSupplyCall {}, vpha.votes.total());
        self.number("paused", at.vpha, IVPHA::pausedCall {}, U256::from(vpha.paused));
        for amount in [U256::ONE, ether(1), vpha.assets] {
            let shares = vpha.shares_for(amount);
            self.number("convertToShares", at.vpha, IVPHA::convertToSharesCall { assets: amount }, shares);
            self.number("previewDeposit", at.vpha, IVPHA::previewDepositCall { assets: amount }, shares);
            let assets = vpha.assets_for(amount);
            self.number("convertToAssets", at.vpha, IVPHA::convertToAssetsCall { shares: amount }, assets);
            self.number("previewRedeem", at.vpha, IVPHA::previewRedeemCall { shares: amount }, assets);
            let cost = vpha.cost_of(amount);
            self.number("previewMint", at.vpha, IVPHA::previewMintCall { shares: amount }, cost);
        }
        let classes = &world.pools.classes;
        self.number("classCount", at.pool, IOperatorPool::classCountCall {}, U256::from(classes.len()));
        for (place, parameters) in classes.iter().enumerate() {
            let input = IOperatorPool::classOfCall { number: U256::from(place + 1) };
            self.push("class", at.pool, input, class(parameters).abi_encode());
        }
        let court = &world.court;
        self.number("caseCount", at.court, IFaultCourt::caseCountCall {}, U256::from(court.cases.len()));
        self.number("scheduler", at.court, IFaultCourt::schedulerCall {}, court.scheduler.into_word().into());
        self.number("slotBond", at.court, IFaultCourt::slotBondCall {}, court.slot_bond);
        self.number("batchCount", at.rollup, TestRollup::batchCountCall {}, U256::from(world.batches));
        let finalized = U256::from(world.finalized);
        self.number("finalized", at.rollup, TestRollup::recordedFinalizedIndexCall {}, finalized);
        self.rewards();
        self.emission();
    }

    pub(crate) fn rewards(&mut self) {
        let (rewards, at) = (&self.world.rewards, self.world.setting.at);
        self.number("available", at.rewards, IProverRewards::availableCall {}, rewards.available);
        let unstreamed = rewards.stream.unstreamed;
        self.number("unstreamed", at.rewards, IProverRewards::unstreamedCall {}, unstreamed);
        self.number("rate of rewards", at.rewards, IProverRewards::rewardRateCall {}, rewards.rate);
        self.account("PHA of rewards", at.rewards);
    }

    pub(crate) fn emission(&mut self) {
        let (emission, at) = (&self.world.emission, self.world.setting.at);
        self.number("emitted", at.emission, IEmissionController::emittedCall {}, emission.emitted);
        let next = U256::from(emission.next_day);
        self.number("nextDay", at.emission, IEmissionController::nextDayCall {}, next);
        let today = emission.today(self.world.now);
        self.number("today", at.emission, IEmissionController::todayCall {}, U256::from(today));
        let daily = IEmissionController::dailyEmissionCall { day: U256::from(today) };
        self.number("dailyEmission", at.emission, daily, emission.daily(today));
        let treasury = emission.treasury.into_word().into();
        self.number("treasury", at.emission, IEmissionController::treasuryCall {}, treasury);
        self.account("PHA of emission", at.emission);
        self.account("PHA of the treasury", emission.treasury);
    }

    /// Who has how much PHA.
    pub(crate) fn account(&mut self, name: &str, owner: Address) {
        let pha = self.world.setting.at.pha;
        self.number(name, pha, owned(owner), self.world.pha.balance(owner));
    }

    /// A holder of vPHA.
    pub(crate) fn holder(&mut self, owner: Address) {
        let (vpha, at) = (&self.world.vpha, self.world.setting.at);
        self.account("PHA", owner);
        self.number("vPHA", at.vpha, owned(owner), vpha.shares.balance(owner));
        self.number("votes", at.vpha, Solady::getVotesCall { account: owner }, vpha.votes.of(owner));
    }

    /// What of a holder only some operations move.
    pub(crate) fn holder_in_full(&mut self, owner: Address) {
        let (vpha, at) = (&self.world.vpha, self.world.setting.at);
        self.holder(owner);
        let delegate = vpha.votes.delegate(owner).into_word().into();
        self.number("delegates", at.vpha, Solady::delegatesCall { owner }, delegate);
        let allowed = |spender| Token::allowanceCall { owner, spender };
        let pha = &self.world.pha;
        self.number("allowance of PHA", at.pha, allowed(at.vpha), pha.allowance(owner, at.vpha));
        self.number("allowance of vPHA", at.vpha, allowed(at.pool), vpha.shares.allowance(owner, at.pool));
        let tickets = vpha.books.get(&owner).map(|book| listed(book, |ticket| ticket.amount));
        let (ids, assets, unlock_at) = tickets.unwrap_or_default();
        let expected = IVPHA::ticketsReturn { ids, assets, unlockAt: unlock_at };
        let expected = IVPHA::ticketsCall::abi_encode_returns(&expected);
        self.push("tickets", at.vpha, IVPHA::ticketsCall { owner }, expected);
    }

    /// An operator.
    pub(crate) fn operator(&mut self, operator: Address) {
        let (pools, at) = (&self.world.pools, self.world.setting.at);
        let nothing = Pool::default();
        let pool = pools.of.get(&operator).unwrap_or(&nothing);
        let state = IOperatorPool::PoolState {
            class_: U256::from(pool.class),
            closed: pool.closed,
            active: pool.active,
            shares: pool.shares,
            exiting: pool.exiting,
            exitShares: pool.exit_shares,
            epoch: U256::from(pool.epoch),
            reserved: pool.reserved,
            exposure: pool.exposure(),
            lastBatch: U256::from(pool.last_batch),
            work: pool.work,
        };
        self.push("pool", at.pool, IOperatorPool::poolOfCall { operator }, state.abi_encode());
        let (ids, amounts, unlock_at) = listed(&pool.exits, |exit| pool.worth(exit.amount, exit.epoch));
        let expected = IOperatorPool::exitsReturn { ids, amounts, unlockAt: unlock_at };
        let expected = IOperatorPool::exitsCall::abi_encode_returns(&expected);
        self.push("exits", at.pool, IOperatorPool::exitsCall { operator }, expected);
        let eligible = U256::from(pools.is_eligible(operator));
        self.number("isEligible", at.pool, IProverBonds::isEligibleCall { operator }, eligible);
        let slashable = pools.slashable(operator);
        self.number("slashable", at.pool, IOperatorPool::slashableCall { operator }, slashable);
        let owed = self.world.rewards.owed(operator);
        self.number("owed", at.rewards, IProverRewards::owedCall { operator }, owed);
    }

    pub(crate) fn case(&mut self, id: U256) {
        let expected = self.world.court.case(id).map_or_else(no_case, expected_case);
        self.push("case", self.world.setting.at.court, IFaultCourt::caseOfCall { id }, expected.abi_encode());
    }

    fn number<C: SolCall>(&mut self, name: &str, to: Address, call: C, expected: U256) {
        self.push(name, to, call, expected.to_be_bytes_vec());
    }

    fn push<C: SolCall>(&mut self, name: &str, to: Address, call: C, expected: Vec<u8>) {
        self.all.push(View { name: name.into(), to, input: call.abi_encode(), expected });
    }
}

const fn owned(owner: Address) -> Token::balanceOfCall {
    Token::balanceOfCall { owner }
}

/// Numbers, amounts and times of the open tickets.
fn listed(book: &Book, amount: impl Fn(&staking_model::Ticket) -> U256) -> (Vec<U256>, Vec<U256>, Vec<U256>) {
    let mut lists = (Vec::new(), Vec::new(), Vec::new());
    for ticket in book.open() {
        lists.0.push(ticket.id);
        lists.1.push(amount(ticket));
        lists.2.push(U256::from(ticket.unlock_at));
    }
    lists
}

fn expected_case(case: &Case) -> IFaultCourt::Case {
    IFaultCourt::Case {
        operator: case.operator,
        cap: case.cap.to(),
        recipient: case.recipient,
        taken: case.taken.to(),
        fault: match case.fault {
            Fault::Equivocation => IFaultCourt::Fault::Equivocation,
            Fault::OverturnedOutput => IFaultCourt::Fault::OverturnedOutput,
            Fault::MissedSlot => IFaultCourt::Fault::MissedSlot,
        },
        status: match case.status {
            Status::Open => IFaultCourt::Status::Open,
            Status::Upheld => IFaultCourt::Status::Upheld,
            Status::Executed => IFaultCourt::Status::Executed,
            Status::Settled => IFaultCourt::Status::Settled,
            Status::Dismissed => IFaultCourt::Status::Dismissed,
            Status::Vetoed => IFaultCourt::Status::Vetoed,
            Status::Expired => IFaultCourt::Status::Expired,
        },
        recipientShare: case.recipient_share.to(),
        openedAt: Uint::from(case.opened_at),
        executableFrom: Uint::from(case.executable_from),
        deadline: Uint::from(case.deadline),
        evidence: case.evidence,
    }
}

fn no_case() -> IFaultCourt::Case {
    IFaultCourt::Case {
        operator: Address::ZERO,
        cap: Uint::ZERO,
        recipient: Address::ZERO,
        taken: Uint::ZERO,
        fault: IFaultCourt::Fault::Equivocation,
        status: IFaultCourt::Status::None,
        recipientShare: 0,
        openedAt: Uint::ZERO,
        executableFrom: Uint::ZERO,
        deadline: Uint::ZERO,
        evidence: B256::ZERO,
    }
}
