//! What a user asks for, and what the journal calls it.

use alloy_primitives::{Address, B256, U256};
use contracts_client::journal::Key;

use crate::{
    Staking,
    quantity::{Amount, Unit},
};

/// What is asked for. The same operation has the same key in the journal in every run, so that one that was interrupted is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Stake.
    Stake(&'a Amount),
    /// Unstake.
    Unstake(&'a Amount),
    /// Cancel a ticket.
    Cancel(U256),
    /// Claim a ticket.
    Claim(U256),
    /// Delegate to an account.
    Delegate(Address),
    /// Vote on a proposal.
    Vote(U256),
    /// Make a pool of a class.
    Create(U256),
    /// Bond.
    Bond(&'a Amount),
    /// Thaw.
    Thaw(&'a Amount),
    /// Finish a ticket.
    Finish(U256),
    /// Register a key.
    Register(Address),
    /// Claim an operator's rewards.
    ClaimRewards(Address),
    /// Report evidence.
    Report(B256),
    /// Settle a case.
    Settle(U256),
}

impl Operation<'_> {
    /// Under which key the journal knows it.
    pub fn key(&self, staking: &Staking, account: Address) -> Key {
        let (kind, details) = match self {
            Self::Stake(amount) => ("stake", amount.name(Unit::Pha)),
            Self::Unstake(amount) => ("unstake", amount.name(Unit::Vpha)),
            Self::Cancel(id) => ("cancel", id.to_string()),
            Self::Claim(id) => ("claim", id.to_string()),
            Self::Delegate(to) => ("delegate", to.to_string()),
            Self::Vote(id) => ("vote", id.to_string()),
            Self::Create(class) => ("create", class.to_string()),
            Self::Bond(amount) => ("bond", amount.name(Unit::Vpha)),
            Self::Thaw(amount) => ("thaw", amount.name(Unit::Vpha)),
            Self::Finish(id) => ("finish", id.to_string()),
            Self::Register(signer) => ("register", signer.to_string()),
            Self::ClaimRewards(operator) => ("claim-rewards", operator.to_string()),
            Self::Report(evidence) => ("report", evidence.to_string()),
            Self::Settle(id) => ("settle", id.to_string()),
        };
        staking.key(account, kind, &details)
    }
}
