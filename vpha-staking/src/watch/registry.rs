//! Whether somebody answers for what a key signed, as `ProverRegistry` sees it.

use std::collections::HashSet;

use alloy_primitives::{Address, U256};
use contracts_bindings::{IProverRegistry, IRollup};
use contracts_client::chain::{Chain, Error};

/// Whether somebody answers for what a key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This operator does: a report against the key is accepted.
    Answers {
        /// Who registered the key.
        operator: Address,
    },
    /// The key was revoked, in a dispute or by the timelock: this operator answers for two results that it signed, but not
    /// for one that another key contradicts.
    Revoked {
        /// Who registered the key.
        operator: Address,
    },
    /// The key signed two results, which was reported: there is nothing more to answer for.
    Convicted,
    /// Nobody any more, for this reason.
    Silent(String),
}

impl Standing {
    /// Whether two results that the key signed can be reported.
    pub const fn answers_for_equivocation(&self) -> bool {
        matches!(self, Self::Answers { .. } | Self::Revoked { .. })
    }

    /// Whether a result can be reported that another key contradicts.
    pub const fn answers_in_a_dispute(&self) -> bool {
        matches!(self, Self::Answers { .. })
    }
}

/// The registry.
#[derive(Debug)]
pub struct Registry {
    chain: Chain,
    contract: Address,
    rollup: Address,
    /// Seconds for which a key answers after it expired.
    grace: u64,
    /// Keys that are registered, which is for good.
    known: HashSet<Address>,
}

impl Registry {
    /// The registry at `contract` of the rollup at `rollup`. Keys answer for `grace` seconds after they expired: the rollup's
    /// `slowDelay`.
    pub fn new(chain: Chain, contract: Address, rollup: Address, grace: u64) -> Self {
        Self { chain, contract, rollup, grace, known: HashSet::new() }
    }

    /// Whether anybody ever registered `signer`.
    pub async fn is_registered(&mut self, signer: Address) -> Result<bool, Error> {
        if self.known.contains(&signer) {
            return Ok(true);
        }
        let found = self.chain.view(self.contract, IProverRegistry::signerOfCall { signer }).await?;
        if found.operator.is_zero() {
            return Ok(false);
        }
        self.known.insert(signer);
        Ok(true)
    }

    /// Who answers for `signer` now.
    pub async fn standing(&self, signer: Address) -> Result<Standing, Error> {
        let call = IProverRegistry::accountabilityCall { signer, grace: U256::from(self.grace) };
        let answer = match self.chain.view(self.contract, call).await {
            Err(Error::Refused { refusal, .. }) => return Ok(Standing::Silent(refusal.to_string())),
            answer => answer?,
        };
        let operator = answer.operator;
        Ok(if !answer.revoked {
            Standing::Answers { operator }
        } else if self.chain.view(self.rollup, IRollup::equivocatedCall { signer }).await? {
            Standing::Convicted
        } else {
            Standing::Revoked { operator }
        })
    }
}
