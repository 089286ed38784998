//! Where the contracts on L1 are going to be.

use alloy_primitives::Address;

use crate::deploy::Deployer;

/// The address of every contract on L1, known before the first is deployed: some must be told of others that come later.
///
/// The fields stand in the order of deployment, which decides the addresses. Contracts behind a proxy have two: that of their code,
/// and their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) timelock: Address,
    pub(crate) pha: Address,
    pub(crate) multicall3: Address,
    pub(crate) vpha: Address,
    pub(crate) operator_pool: Address,
    pub(crate) collateral_store: Address,
    pub(crate) quote_verifier: Address,
    pub(crate) prover_registry: Address,
    pub(crate) rollup: Address,
    pub(crate) fault_court: Address,
    pub(crate) prover_rewards: Address,
    pub(crate) emission: Address,
    pub(crate) stake_governor: Address,
    pub(crate) council_pause: Address,
    pub(crate) portal_code: Address,
    pub(crate) portal: Address,
    pub(crate) messenger_code: Address,
    pub(crate) messenger: Address,
    pub(crate) bridge_code: Address,
    pub(crate) bridge: Address,
    pub(crate) upgrade_timelock: Address,
}

impl Addresses {
    /// Addresses of what `deployer` deploys from now on, in the order of the fields.
    pub(crate) fn predict(deployer: &Deployer) -> Self {
        let mut ahead = 0;
        let mut next = || {
            let address = deployer.next_address(ahead);
            ahead += 1;
            address
        };
        // Evaluated as written.
        Self {
            timelock: next(),
            pha: next(),
            multicall3: next(),
            vpha: {
                // Before it the deployer approves vPHA's seed, which is a transaction too.
                let _ = next();
                next()
            },
            operator_pool: next(),
            collateral_store: next(),
            quote_verifier: next(),
            prover_registry: next(),
            rollup: next(),
            fault_court: next(),
            prover_rewards: next(),
            emission: next(),
            stake_governor: next(),
            council_pause: next(),
            portal_code: next(),
            portal: next(),
            messenger_code: next(),
            messenger: next(),
            bridge_code: next(),
            bridge: next(),
            upgrade_timelock: next(),
        }
    }
}
