//! Which chain and contracts. What is named is the user's word, and the chain is held against it; the rest the contracts say of
//! each other.

use alloy_primitives::Address;
use contracts_bindings::{IEmissionController, IOperatorPool, IRollup, IVPHA};
use contracts_client::{
    chain::{Chain, Layer},
    network::{Endpoint, NetworkError, PartialEndpoint},
};
use serde::Deserialize;

use crate::{Error, Staking};

/// A chain and what is named of its contracts, from a file, from flags, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    /// L1.
    pub l1: PartialEndpoint,
    /// The contracts on L1.
    pub contracts: Named,
}

/// Contracts by the names of `devnet.json`. `vpha` is enough for holders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Named {
    /// `VPHA`.
    pub vpha: Option<Address>,
    /// PHA.
    pub pha: Option<Address>,
    /// `OperatorPool`. It takes vPHA, so that it has to be named by whoever bonds.
    pub operator_pool: Option<Address>,
    /// `Rollup`.
    pub rollup: Option<Address>,
    /// `ProverRegistry`.
    pub prover_registry: Option<Address>,
    /// `FaultCourt`.
    pub fault_court: Option<Address>,
    /// `EmissionController`.
    pub emission: Option<Address>,
    /// `ProverRewards`.
    pub prover_rewards: Option<Address>,
    /// `StakeGovernor`. No other contract knows it.
    pub stake_governor: Option<Address>,
}

/// The contracts, found and held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// `VPHA`.
    pub vpha: Address,
    /// PHA.
    pub pha: Address,
    /// `OperatorPool`.
    pub pool: Address,
    /// Whether the user named the pool: it is not approved on the word of a node.
    pub pool_is_named: bool,
    /// `Rollup`.
    pub rollup: Address,
    /// `ProverRegistry`.
    pub registry: Address,
    /// `FaultCourt`.
    pub court: Address,
    /// `ProverRewards`, where there is an emission controller.
    pub rewards: Option<Address>,
    /// `StakeGovernor`, if it is named.
    pub governor: Option<Address>,
}

impl Network {
    /// What `self` says, and `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        let (a, b) = (self.contracts, other.contracts);
        Self {
            l1: self.l1.or(other.l1),
            contracts: Named {
                vpha: a.vpha.or(b.vpha),
                pha: a.pha.or(b.pha),
                operator_pool: a.operator_pool.or(b.operator_pool),
                rollup: a.rollup.or(b.rollup),
                prover_registry: a.prover_registry.or(b.prover_registry),
                fault_court: a.fault_court.or(b.fault_court),
                emission: a.emission.or(b.emission),
                prover_rewards: a.prover_rewards.or(b.prover_rewards),
                stake_governor: a.stake_governor.or(b.stake_governor),
            },
        }
    }

    /// The L1 node and its chain id.
    pub fn endpoint(&self) -> Result<Endpoint, NetworkError> {
        self.l1.clone().complete(["the L1 node (--l1-rpc)", "the L1 chain id (--l1-chain-id)"])
    }

    /// Connects, and finds the contracts.
    ///
    /// # Errors
    ///
    /// If the node belongs to another chain, or a contract is another one than its neighbours say.
    pub async fn connect(&self) -> Result<Staking, Error> {
        let chain = Chain::new(Layer::L1, &self.endpoint()?)?;
        chain.check_chain_id().await?;
        let contracts = self.contracts.find(&chain).await?;
        Ok(Staking { chain, contracts })
    }
}

impl Named {
    /// Asks the contracts for each other.
    async fn find(&self, chain: &Chain) -> Result<Contracts, Error> {
        let vpha = self.vpha.ok_or(NetworkError::Missing("vPHA (--vpha)"))?;
        let pha = agreed("PHA", self.pha, chain.view(vpha, IVPHA::assetCall {}).await?)?;
        let pool = chain.view(vpha, IVPHA::operatorPoolCall {}).await?;
        let pool = agreed("the operator pool", self.operator_pool, pool)?;
        let rollup = chain.view(pool, IOperatorPool::rollupCall {}).await?;
        let rollup = agreed("the rollup", self.rollup, rollup)?;
        let court = chain.view(pool, IOperatorPool::courtCall {}).await?;
        let court = agreed("the fault court", self.fault_court, court)?;
        let registry = chain.view(rollup, IRollup::registryCall {}).await?;
        let registry = agreed("the prover registry", self.prover_registry, registry)?;
        let emission = chain.view(vpha, IVPHA::emissionCall {}).await?;
        let emission = agreed("the emission controller", self.emission, emission)?;
        let rewards = if chain.has_code(emission).await? {
            let rewards = chain.view(emission, IEmissionController::proverRewardsCall {}).await?;
            Some(agreed("the prover rewards", self.prover_rewards, rewards)?)
        } else {
            self.prover_rewards
        };
        let pool_is_named = self.operator_pool.is_some();
        let governor = self.stake_governor;
        Ok(Contracts { vpha, pha, pool, pool_is_named, rollup, registry, court, rewards, governor })
    }
}

/// What both say.
fn agreed(what: &'static str, named: Option<Address>, found: Address) -> Result<Address, Error> {
    match named {
        Some(named) if named != found => Err(Error::OtherContract { what, named, found }),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file() {
        let file: Network = serde_json::from_str(
            r#"{"l1": {"rpc": "http://127.0.0.1:8545", "chainId": 31337}, "l2": {},
                "contracts": {"vpha": "0x0000000000000000000000000000000000000001", "stakeGovernor": null,
                              "operatorPool": "0x0000000000000000000000000000000000000002", "portal": null}}"#,
        )
        .unwrap();
        let flags = Network {
            l1: PartialEndpoint { rpc: Some("http://other".into()), chain_id: None },
            contracts: Named { vpha: Some(Address::repeat_byte(9)), ..Named::default() },
        };
        let both = flags.or(file);
        let endpoint = Endpoint { rpc: "http://other".into(), chain_id: 31337 };
        assert_eq!(both.endpoint().unwrap(), endpoint);
        assert_eq!(both.contracts.vpha, Some(Address::repeat_byte(9)));
        assert_eq!(both.contracts.operator_pool, Some(Address::with_last_byte(2)));
        assert_eq!(both.contracts.stake_governor, None);
        assert!(
            matches!(Network::default().endpoint(), Err(NetworkError::Missing(what)) if what.contains("--l1-rpc"))
        );
    }

    #[test]
    fn a_contract_that_is_another_one_is_named() {
        let (one, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert_eq!(agreed("x", None, one).unwrap(), one);
        assert_eq!(agreed("x", Some(one), one).unwrap(), one);
        assert!(
            matches!(agreed("x", Some(one), other), Err(Error::OtherContract { named, .. }) if named == one)
        );
    }
}
