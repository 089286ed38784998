//! vPHA: shares of a pot of PHA that rewards stream into.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::{
    Book, Contracts, DEAD, Refusal, Roles, SEED, Setting, Stream, Token, Votes,
    arithmetic::{fits, minus, part, part_rounded_up},
};

/// S, A, U and N, and to whom they belong. A share costs (A + 1) / (S + 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpha {
    /// The shares: S is their total.
    pub shares: Token,
    /// A: PHA that the shares have in common.
    pub assets: U256,
    /// U: PHA promised to open tickets.
    pub promised: U256,
    /// N: rewards that are still to stream into A.
    pub rewards: Stream,
    /// Deposits are stopped.
    pub paused: bool,
    /// Open tickets by owner.
    pub books: BTreeMap<Address, Book>,
    /// Who votes for whom.
    pub votes: Votes,
    unstake_delay: u64,
    at: Contracts,
    roles: Roles,
}

impl Vpha {
    pub(crate) fn new(setting: &Setting) -> Self {
        let mut vpha = Self {
            shares: Token::default(),
            assets: SEED,
            promised: U256::ZERO,
            rewards: Stream::new(setting.delays.reward),
            paused: false,
            books: BTreeMap::new(),
            votes: Votes::default(),
            unstake_delay: setting.delays.unstake,
            at: setting.at,
            roles: setting.roles,
        };
        vpha.shares.mint(DEAD, SEED);
        vpha.votes.count(&vpha.shares, setting.start);
        vpha
    }

    /// S.
    pub fn supply(&self) -> U256 {
        self.shares.total()
    }

    /// floor(assets * (S + 1) / (A + 1)).
    pub fn shares_for(&self, assets: U256) -> U256 {
        part(assets, one_more(self.supply()), one_more(self.assets))
    }

    /// floor(shares * (A + 1) / (S + 1)).
    pub fn assets_for(&self, shares: U256) -> U256 {
        part(shares, one_more(self.assets), one_more(self.supply()))
    }

    /// What `shares` cost, rounded up.
    pub fn cost_of(&self, shares: U256) -> U256 {
        part_rounded_up(shares, one_more(self.assets), one_more(self.supply()))
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let due = self.rewards.pass(seconds);
        self.assets = self.assets.saturating_add(due);
    }

    /// Stakes `assets`. Returns the shares, rounded down.
    pub(crate) fn deposit(
        &mut self,
        pha: &mut Token,
        by: Address,
        assets: U256,
        receiver: Address,
        now: u64,
    ) -> Result<U256, Refusal> {
        let shares = self.shares_for(fits(assets, 96)?);
        self.enter(pha, by, assets, shares, receiver, now)?;
        Ok(shares)
    }

    /// Buys `shares`. Returns what they cost, rounded up.
    pub(crate) fn mint(
        &mut self,
        pha: &mut Token,
        by: Address,
        shares: U256,
        receiver: Address,
        now: u64,
    ) -> Result<U256, Refusal> {
        let assets = self.cost_of(fits(shares, 96)?);
        self.enter(pha, by, assets, shares, receiver, now)?;
        Ok(assets)
    }

    /// Refused: a pause; no receiver; nothing moved; more than 2^96 - 1 wei; PHA that is not there or not allowed.
    fn enter(
        &mut self,
        pha: &mut Token,
        by: Address,
        assets: U256,
        shares: U256,
        receiver: Address,
        now: u64,
    ) -> Result<(), Refusal> {
        if self.paused {
            return Err(Refusal::DepositsPaused);
        }
        if receiver.is_zero() {
            return Err(Refusal::ZeroReceiver);
        }
        if shares.is_zero() || assets.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        let raised = self.assets.saturating_add(fits(assets, 96)?);
        fits(raised, 96).map_err(|_| Refusal::Arithmetic)?;
        pha.transfer_from(self.at.vpha, by, self.at.vpha, assets).map_err(|_| Refusal::TransferFromFailed)?;
        self.assets = raised;
        self.shares.mint(receiver, shares);
        self.votes.count(&self.shares, now);
        Ok(())
    }

    /// Burns `shares` for a ticket of what they are worth now, rounded down. Refused: too wide; nothing moved; more than A;
    /// 32 open tickets; too few shares.
    pub(crate) fn request_unstake(&mut self, by: Address, shares: U256, now: u64) -> Result<U256, Refusal> {
        let assets = fits(self.assets_for(fits(shares, 96)?), 96)?;
        if assets.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        let left = minus(self.assets, assets)?;
        let book = self.books.entry(by).or_default();
        book.has_place()?;
        self.shares.burn(by, shares)?;
        let id = book.add(assets, now.saturating_add(self.unstake_delay), 0)?;
        self.assets = left;
        self.promised = self.promised.saturating_add(assets);
        self.votes.count(&self.shares, now);
        Ok(id)
    }

    /// Stakes the PHA of ticket `id` again, at today's price. Returns the shares. A pause does not matter.
    pub(crate) fn cancel(&mut self, by: Address, id: U256, now: u64) -> Result<U256, Refusal> {
        let ticket = self.book(by)?.get(id)?;
        let shares = self.shares_for(ticket.amount);
        if shares.is_zero() {
            return Err(Refusal::NothingMoved);
        }
        self.promised = minus(self.promised, ticket.amount)?;
        self.assets = self.assets.saturating_add(ticket.amount);
        self.books.entry(by).or_default().remove(id);
        self.shares.mint(by, shares);
        self.votes.count(&self.shares, now);
        Ok(shares)
    }

    /// Pays ticket `id`. Returns its PHA.
    pub(crate) fn claim(
        &mut self,
        pha: &mut Token,
        by: Address,
        id: U256,
        now: u64,
    ) -> Result<U256, Refusal> {
        let ticket = self.book(by)?.due(id, now)?;
        pha.transfer(self.at.vpha, by, ticket.amount).map_err(|_| Refusal::TransferFailed)?;
        self.promised = minus(self.promised, ticket.amount)?;
        self.books.entry(by).or_default().remove(id);
        Ok(ticket.amount)
    }

    /// Takes `assets` of the emission controller and streams them.
    pub(crate) fn notify_reward(
        &mut self,
        pha: &mut Token,
        by: Address,
        assets: U256,
    ) -> Result<(), Refusal> {
        if by != self.at.emission {
            return Err(Refusal::NotAllowed);
        }
        fund(&mut self.rewards, pha, by, self.at.vpha, assets)
    }

    /// Burns `shares` of the pool and pays what they are worth to `to`. Returns that.
    pub(crate) fn seize(
        &mut self,
        pha: &mut Token,
        by: Address,
        shares: U256,
        to: Address,
        now: u64,
    ) -> Result<U256, Refusal> {
        if by != self.at.pool {
            return Err(Refusal::NotAllowed);
        }
        let assets = self.assets_for(shares);
        let left = minus(self.assets, assets)?;
        if to.is_zero() && !assets.is_zero() {
            return Err(Refusal::TransferFailed);
        }
        self.shares.burn(by, shares)?;
        pha.transfer(self.at.vpha, to, assets).map_err(|_| Refusal::TransferFailed)?;
        self.assets = left;
        self.votes.count(&self.shares, now);
        Ok(assets)
    }

    /// Council or timelock stop deposits.
    pub(crate) fn pause(&mut self, by: Address) -> Result<(), Refusal> {
        if by != self.roles.council && by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        self.paused = true;
        Ok(())
    }

    /// The timelock lets them go on.
    pub(crate) fn unpause(&mut self, by: Address) -> Result<(), Refusal> {
        if by != self.roles.timelock {
            return Err(Refusal::NotAllowed);
        }
        self.paused = false;
        Ok(())
    }

    pub(crate) fn transfer(
        &mut self,
        from: Address,
        to: Address,
        amount: U256,
        now: u64,
    ) -> Result<(), Refusal> {
        if to.is_zero() {
            return Err(Refusal::ZeroReceiver);
        }
        self.shares.transfer(from, to, amount)?;
        self.votes.count(&self.shares, now);
        Ok(())
    }

    pub(crate) fn transfer_from(
        &mut self,
        by: Address,
        from: Address,
        to: Address,
        amount: U256,
        now: u64,
    ) -> Result<(), Refusal> {
        if to.is_zero() {
            return Err(Refusal::ZeroReceiver);
        }
        self.shares.transfer_from(by, from, to, amount)?;
        self.votes.count(&self.shares, now);
        Ok(())
    }

    pub(crate) fn delegate(&mut self, by: Address, to: Address, now: u64) {
        self.votes.set_delegate(by, to);
        self.votes.count(&self.shares, now);
    }

    fn book(&self, owner: Address) -> Result<&Book, Refusal> {
        self.books.get(&owner).ok_or(Refusal::NoSuchTicket)
    }
}

/// Takes `assets` of `from` for the contract at `to`, and lets them stream. Refused: PHA that is not there or not allowed; too small.
pub(crate) fn fund(
    stream: &mut Stream,
    pha: &mut Token,
    from: Address,
    to: Address,
    assets: U256,
) -> Result<(), Refusal> {
    if pha.balance(from) < assets || pha.allowance(from, to) < assets {
        return Err(Refusal::TransferFromFailed);
    }
    *stream = stream.with(assets)?;
    pha.transfer_from(to, from, to, assets)
}

fn one_more(amount: U256) -> U256 {
    amount.saturating_add(U256::ONE)
}
