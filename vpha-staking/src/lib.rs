//! Stake PHA, stand behind provers with vPHA, and watch the chain.
//!
//! Holders stake PHA and get vPHA: a share of a pot that rewards flow into, with votes. Compute providers post vPHA as collateral and
//! may then prove. Anyone may show that an enclave contradicts itself or another, which costs its operator the collateral.
//!
//! What changes something is a [`plan::Plan`]: checked against the chain, simulated and shown before it is signed. Plans can be
//! interrupted and carried out again: the journal knows what was sent.
//!
//! | module | holds |
//! |---|---|
//! | [`network`] | which chain and contracts |
//! | [`quantity`] | amounts of PHA and vPHA |
//! | [`operation`], [`plan`] | what is asked for, the transactions for it, what they would change |
//! | [`holder`], [`holdings`] | what holders do and have |
//! | [`governance`] | proposals and votes |
//! | [`provider`], [`collateral`], [`rewards`] | what providers do, have posted and have earned |
//! | [`prover`] | registering an enclave |
//! | [`fault`], [`evidence`] | reporting faults, and what proves them |
//! | [`watch`] | a second pair of eyes on the chain |
//! | [`error`] | what goes wrong |
//! | [`cli`] | the program |

pub mod cli;
pub mod collateral;
pub mod error;
pub mod evidence;
pub mod fault;
pub mod governance;
pub mod holder;
pub mod holdings;
pub mod network;
pub mod operation;
pub mod plan;
pub mod prover;
pub mod provider;
pub mod quantity;
pub mod rewards;
pub mod watch;

use alloy::sol_types::SolCall;
use alloy_primitives::Address;
use contracts_client::{chain::Chain, journal::Key};

pub use error::Error;
use network::Contracts;

/// The contracts of staking behind a node that has been checked.
#[derive(Clone, Debug)]
pub struct Staking {
    /// A node of L1.
    pub chain: Chain,
    /// The contracts.
    pub contracts: Contracts,
}

impl Staking {
    /// What a contract answers in the newest state.
    pub async fn view<C: SolCall>(&self, contract: Address, call: C) -> Result<C::Return, Error> {
        Ok(self.chain.view(contract, call).await?)
    }

    /// Time of the newest block, in Unix seconds.
    pub async fn now(&self) -> Result<u64, Error> {
        Ok(self.chain.head().await?.timestamp)
    }

    /// What the journal calls the operation `kind` with these `details`.
    pub fn key(&self, account: Address, kind: &str, details: &str) -> Key {
        Key::of(kind, self.chain.chain_id(), account, &format!("{} {details}", self.contracts.vpha))
    }
}
