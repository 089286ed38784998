//! A token (ERC-20) of which nothing but who has how much matters.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use crate::Refusal;

/// Balances and allowances, in wei.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    balances: BTreeMap<Address, U256>,
    allowances: BTreeMap<(Address, Address), U256>,
}

impl Token {
    /// What `owner` has.
    pub fn balance(&self, owner: Address) -> U256 {
        self.balances.get(&owner).copied().unwrap_or_default()
    }

    /// Everybody who ever had some, and what they have.
    pub fn holders(&self) -> impl Iterator<Item = (Address, U256)> {
        self.balances.iter().map(|(owner, balance)| (*owner, *balance))
    }

    /// What all have together.
    pub fn total(&self) -> U256 {
        self.balances.values().fold(U256::ZERO, |sum, balance| sum.saturating_add(*balance))
    }

    /// What `spender` may take of `owner`.
    pub fn allowance(&self, owner: Address, spender: Address) -> U256 {
        self.allowances.get(&(owner, spender)).copied().unwrap_or_default()
    }

    pub(crate) fn approve(&mut self, owner: Address, spender: Address, amount: U256) {
        self.allowances.insert((owner, spender), amount);
    }

    /// Puts `amount` into the world.
    pub fn mint(&mut self, to: Address, amount: U256) {
        let balance = self.balances.entry(to).or_default();
        *balance = balance.saturating_add(amount);
    }

    pub(crate) fn burn(&mut self, from: Address, amount: U256) -> Result<(), Refusal> {
        let left = self.balance(from).checked_sub(amount).ok_or(Refusal::InsufficientBalance)?;
        self.balances.insert(from, left);
        Ok(())
    }

    /// Moves `amount` of its owner. Refused: too little is there.
    pub(crate) fn transfer(&mut self, from: Address, to: Address, amount: U256) -> Result<(), Refusal> {
        self.burn(from, amount)?;
        self.mint(to, amount);
        Ok(())
    }

    /// `spender` moves `amount` of `from`. An allowance of 2^256 - 1 is never used up. Refused: too little is allowed, or there.
    pub(crate) fn transfer_from(
        &mut self,
        spender: Address,
        from: Address,
        to: Address,
        amount: U256,
    ) -> Result<(), Refusal> {
        let allowed = self.allowance(from, spender);
        let left = allowed.checked_sub(amount).ok_or(Refusal::InsufficientAllowance)?;
        self.transfer(from, to, amount)?;
        if allowed != U256::MAX {
            self.approve(from, spender, left);
        }
        Ok(())
    }
}
