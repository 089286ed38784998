//! ETH and ERC-20 tokens between L1 and L2.
//!
//! A deposit is one transaction on L1; the sequencer cannot leave it out of L2. A withdrawal is one on L2 and two on L1: once a
//! final output covers its block it is *proved*, and after the portal's waiting time *finalised*.
//!
//! Every operation can be interrupted and run again: it finds on the chains, and in the [`journal`], where it stands. The nodes
//! are not trusted. Proofs and output roots are checked before anything is sent, chain ids before anything is signed, and
//! what a transaction did is held against what was asked for.
//!
//! | module | holds |
//! |---|---|
//! | [`network`] | which chains and contracts |
//! | [`chain`] | questions to a node |
//! | [`token`], [`amount`] | what is moved, and how much |
//! | [`deposit`] | from L1 to L2 |
//! | [`withdrawal`], [`withdraw`] | from L2 to L1: what it is, and the first step |
//! | [`view`], [`stage`] | where a withdrawal stands, and what comes next |
//! | [`proof`] | proofs of withdrawals |
//! | [`finish`] | prove, finalise, replay |
//! | [`locate`], [`history`] | finding deposits and withdrawals by hash and by address |
//! | [`sender`], [`journal`] | getting a transaction into a block, once |
//! | [`refusal`], [`error`], [`words`] | what goes wrong, in plain words |
//! | [`report`] | what is told on the way |
//! | [`relay`] | proving and finalising others' withdrawals |
//! | [`cli`] | the program |
//!
//! [`chain`], [`sender`], [`journal`], [`amount`], [`refusal`] and [`words`] are those of [`contracts_client`].

pub mod cli;
pub mod deposit;
pub mod error;
pub mod finish;
pub mod history;
pub mod locate;
pub mod network;
pub mod proof;
pub mod relay;
pub mod report;
pub mod stage;
pub mod token;
pub mod view;
pub mod withdraw;
pub mod withdrawal;

pub use contracts_client::{amount, chain, journal, refusal, sender, words};

use chain::{Chain, Layer};
use network::Network;

/// Both ends of a bridge, to look at.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Chains and contracts.
    pub network: Network,
    /// A node of L1.
    pub l1: Chain,
    /// A node of L2.
    pub l2: Chain,
}

impl Bridge {
    /// Clients of the network's nodes. Connects on the first request.
    pub fn new(network: Network) -> Result<Self, chain::Error> {
        let l1 = Chain::new(Layer::L1, &network.l1)?;
        let l2 = Chain::new(Layer::L2, &network.l2)?;
        Ok(Self { network, l1, l2 })
    }

    /// Fails if a node belongs to another chain than the network says.
    pub async fn check(&self) -> Result<(), chain::Error> {
        tokio::try_join!(self.l1.check_chain_id(), self.l2.check_chain_id()).map(drop)
    }

    /// The client of `layer`.
    pub fn chain(&self, layer: Layer) -> &Chain {
        match layer {
            Layer::L1 => &self.l1,
            Layer::L2 => &self.l2,
        }
    }
}
