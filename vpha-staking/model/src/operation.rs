//! All that anybody can do.

use alloy_primitives::{Address, B256, U256};

use crate::Class;

/// One call of a contract. `by` is who makes it; where it is missing, it makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operation {
    // PHA.
    SendPha {
        by: Address,
        to: Address,
        amount: U256,
    },
    ApprovePha {
        by: Address,
        spender: Address,
        amount: U256,
    },

    // vPHA.
    Deposit {
        by: Address,
        assets: U256,
        receiver: Address,
    },
    Mint {
        by: Address,
        shares: U256,
        receiver: Address,
    },
    RequestUnstake {
        by: Address,
        shares: U256,
    },
    Cancel {
        by: Address,
        id: U256,
    },
    Claim {
        by: Address,
        id: U256,
    },
    Accrue,
    NotifyStakers {
        by: Address,
        assets: U256,
    },
    Seize {
        by: Address,
        shares: U256,
        to: Address,
    },
    Pause {
        by: Address,
    },
    Unpause {
        by: Address,
    },
    Send {
        by: Address,
        to: Address,
        amount: U256,
    },
    SendFrom {
        by: Address,
        from: Address,
        to: Address,
        amount: U256,
    },
    Approve {
        by: Address,
        spender: Address,
        amount: U256,
    },
    Delegate {
        by: Address,
        to: Address,
    },
    PastVotes {
        of: Address,
        at: u64,
    },
    PastTotal {
        at: u64,
    },

    // Pools.
    CreatePool {
        by: Address,
        class: U256,
    },
    Bond {
        by: Address,
        amount: U256,
    },
    Thaw {
        by: Address,
        shares: U256,
    },
    Finish {
        by: Address,
        id: U256,
    },
    SettlePool {
        operator: Address,
    },
    Slash {
        by: Address,
        operator: Address,
        amount: U256,
    },
    ReserveForCase {
        by: Address,
        operator: Address,
        amount: U256,
    },
    ReleaseFromCase {
        by: Address,
        operator: Address,
        amount: U256,
    },
    PayOut {
        by: Address,
        amount: U256,
        to: Address,
    },
    SetClass {
        by: Address,
        number: U256,
        class: Class,
    },
    /// By somebody who is not the rollup.
    Reserve {
        by: Address,
        operators: Vec<Address>,
        batch: u64,
        finalized: u64,
    },

    // The rollup: it numbers batches, and records how far they are final.
    Submit {
        operators: Vec<Address>,
    },
    AddProofs {
        batch: u64,
        operators: Vec<Address>,
    },
    Finalize {
        batch: u64,
    },
    Discard {
        keep: u64,
    },

    // Cases. Equivocations and disputes come from the rollup, or from somebody who is not it.
    Equivocation {
        by: Address,
        operator: Address,
        evidence: B256,
        reporter: Address,
    },
    Dispute {
        by: Address,
        operators: (Address, Address),
        evidence: B256,
        reporter: Address,
    },
    MissedSlot {
        by: Address,
        operator: Address,
        evidence: B256,
        payee: Address,
    },
    Uphold {
        by: Address,
        id: U256,
    },
    Dismiss {
        by: Address,
        id: U256,
    },
    Veto {
        by: Address,
        id: U256,
    },
    Execute {
        id: U256,
    },
    SettleCase {
        id: U256,
    },
    Expire {
        id: U256,
    },
    SetSlots {
        by: Address,
        scheduler: Address,
        slot_bond: U256,
    },

    // Rewards and emission.
    NotifyProvers {
        by: Address,
        assets: U256,
    },
    ClaimReward {
        operator: Address,
    },
    SettleReward {
        operator: Address,
    },
    SetRewardRate {
        by: Address,
        rate: U256,
    },
    Distribute {
        most: U256,
    },
    SetTreasury {
        by: Address,
        to: Address,
    },
}
