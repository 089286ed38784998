//! Whether somebody answers for what a key signed, as `ProverRegistry` sees it.

use std::collections::HashSet;

use alloy::sol_types::SolInterface as _;
use alloy_primitives::{Address, U256};
use contracts_bindings::IProverRegistry::{self, IProverRegistryErrors};
use contracts_client::chain::{Chain, Error};

/// Whether somebody answers for what a key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This operator does: a report against the key is accepted.
    Answers {
        /// Who registered the key.
        operator: Address,
    },
    /// The key was revoked: a conflict was reported before, or the timelock did it.
    Revoked,
    /// Nobody any more, for this reason.
    Silent(String),
}

/// The registry.
#[derive(Debug)]
pub struct Registry {
    chain: Chain,
    contract: Address,
    /// Seconds for which a key answers after it expired.
    grace: u64,
    /// Keys that are registered, which is for good.
    known: HashSet<Address>,
}

impl Registry {
    /// The registry at `contract`. Keys answer for `grace` seconds after they expired: the rollup's `slowDelay`.
    pub fn new(chain: Chain, contract: Address, grace: u64) -> Self {
        Self { chain, contract, grace, known: HashSet::new() }
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
        match self.chain.view(self.contract, call).await {
            Ok(answer) => Ok(Standing::Answers { operator: answer.operator }),
            Err(Error::Refused { refusal, .. }) => {
                Ok(match IProverRegistryErrors::abi_decode(refusal.data()) {
                    Ok(IProverRegistryErrors::SignerIsRevoked(_)) => Standing::Revoked,
                    _ => Standing::Silent(refusal.to_string()),
                })
            }
            Err(error) => Err(error),
        }
    }
}
