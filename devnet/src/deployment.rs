//! The contracts of one devnet, and the files from which its programs read where they are.

use alloy::{
    consensus::{Header, Sealed},
    providers::{DynProvider, Provider, ext::AnvilApi},
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, B256, U256};
use contracts_bindings::{IProverRegistry, IRollup};
use executor::{ChainConfig, genesis::Genesis, transition::output_root};
use eyre::{OptionExt, Result, bail};
use prover_verify::collateral::Upload;
use serde::{Deserialize, Serialize};

use crate::{
    accounts::{Role, START_BALANCE},
    addresses::Addresses,
    artifacts::Artifacts,
    bridge,
    deploy::Deployer,
    genesis::{Counterparts, chain_config, genesis},
    governance::{self, Call},
    l1,
    settings::PROVERS,
};

/// Delay of the timelock, in seconds.
pub(crate) const TIMELOCK_DELAY: u64 = 1;
/// A batch's origin may be at most this many L1 blocks old.
const MAX_ORIGIN_LAG: u64 = 1_000;
/// Seconds to finality with proofs of all provers.
const FAST_DELAY: u64 = 0;
/// Seconds from registration until a key counts.
const ACTIVATION_DELAY: u64 = 0;
/// Seconds for which older keys count after a TCB recovery.
const RECOVERY_GRACE: u64 = 60;
/// Seconds to finality with fewer proofs.
pub(crate) const SLOW_DELAY: u64 = 120;

/// What was deployed; kept in `deployment.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// `Rollup`.
    pub rollup: Address,
    /// `Portal`, which is also the oracle of outputs.
    pub portal: Address,
    /// `L1StandardBridge`.
    pub l1_standard_bridge: Address,
    /// `L1CrossDomainMessenger`.
    pub l1_cross_domain_messenger: Address,
    /// `CouncilPause`.
    pub council_pause: Address,
    /// The timelock that upgrades portal, messenger and bridge.
    pub upgrade_timelock: Address,
    /// `ProverRegistry`.
    pub prover_registry: Address,
    /// `CollateralStore`.
    pub collateral_store: Address,
    /// PHA. What the users do not have, the deployer has.
    pub pha: Address,
    /// The timelock.
    pub timelock: Address,
    /// Multicall3.
    pub multicall3: Address,
    /// The rules of the L2.
    pub chain: ChainConfig,
    /// The L2 as it begins.
    pub genesis: Genesis,
}

/// Which platforms L1 believes, which guests, and for how long it waits for the sequencer.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Public key of the root certificate authority.
    pub root: (B256, B256),
    /// The collateral that L1 begins with.
    pub collateral: Vec<Upload>,
    /// The guest that may prove.
    pub workload: B256,
    /// Seconds without a batch after which anyone may submit one.
    pub sequencer_timeout: u64,
}

impl Deployment {
    /// Deploys everything and waits until it stands.
    pub async fn make(l1: &DynProvider, url: &str, artifacts: &Artifacts, policy: &Policy) -> Result<Self> {
        let mut deployer = Deployer::new(url, Role::Deployer.signer()?).await?;
        let at = Addresses::predict(&deployer);
        // Deposits count from the next block on, and the portal comes later still.
        let origin = l1::head(l1).await?;
        let counterparts = Counterparts { messenger: at.messenger, bridge: at.bridge, pha: at.pha };
        let (chain, genesis, genesis_header) = l2(at.portal, &counterparts, &origin)?;
        l1.anvil_set_balance(deployer.address(), START_BALANCE + bridge::backing(&genesis)).await?;

        let governor = Role::Governor.signer()?.address();
        let arguments = (U256::from(TIMELOCK_DELAY), vec![governor], vec![governor]).abi_encode_params();
        deployer.deploy(at.timelock, artifacts, "Timelock", arguments).await?;
        deployer.deploy(at.pha, artifacts, "PHA", Vec::new()).await?;
        deployer.deploy(at.multicall3, artifacts, "Multicall3", Vec::new()).await?;
        deploy_rollup(&mut deployer, artifacts, &at, policy, &chain, &genesis_header, origin.number).await?;
        bridge::deploy(&mut deployer, artifacts, &at).await?;
        for upload in &policy.collateral {
            let call = upload.call.to_vec();
            deployer.call(upload.part.name(), at.collateral_store, U256::ZERO, call).await?;
        }
        bridge::fill(&mut deployer, &at, &genesis).await?;
        deployer.settle().await?;

        let allow = IProverRegistry::allowWorkloadCall { workloadId: policy.workload }.abi_encode().into();
        let mut settings = vec![Call { target: at.prover_registry, data: allow }];
        settings.extend(bridge::quotas(&at));
        governance::carry_out(url, at.timelock, settings).await?;
        Ok(Self {
            rollup: at.rollup,
            portal: at.portal,
            l1_standard_bridge: at.bridge,
            l1_cross_domain_messenger: at.messenger,
            council_pause: at.council_pause,
            upgrade_timelock: at.upgrade_timelock,
            prover_registry: at.prover_registry,
            collateral_store: at.collateral_store,
            pha: at.pha,
            timelock: at.timelock,
            multicall3: at.multicall3,
            chain,
            genesis,
        })
    }

    /// Fails if the L1 does not hold this deployment.
    pub async fn require_on(&self, l1: &DynProvider) -> Result<()> {
        if l1.get_code_at(self.rollup).await?.is_empty() {
            bail!("the L1's state is older than the deployment: start again with --fresh");
        }
        Ok(())
    }
}

/// Deploys what judges provers and batches.
async fn deploy_rollup(
    deployer: &mut Deployer,
    artifacts: &Artifacts,
    at: &Addresses,
    policy: &Policy,
    chain: &ChainConfig,
    genesis: &Sealed<Header>,
    origin: u64,
) -> Result<()> {
    let (x, y) = policy.root;
    let arguments = (x, y, at.prover_registry).abi_encode_params();
    deployer.deploy(at.collateral_store, artifacts, "CollateralStore", arguments).await?;
    let arguments = at.collateral_store.abi_encode();
    deployer.deploy(at.quote_verifier, artifacts, "QuoteVerifier", arguments).await?;
    let config = IProverRegistry::Config {
        timelock: at.timelock,
        rollup: at.rollup,
        configHash: chain.hash(),
        verifier: at.quote_verifier,
        activationDelay: ACTIVATION_DELAY,
        recoveryGrace: RECOVERY_GRACE,
    };
    deployer.deploy(at.prover_registry, artifacts, "ProverRegistry", config.abi_encode()).await?;
    let config = IRollup::Config {
        genesisOutputRoot: output_root(genesis, genesis.hash())
            .ok_or_eyre("the genesis block has no withdrawals root")?,
        genesisL2Block: genesis.number,
        genesisL2Timestamp: genesis.timestamp,
        genesisL1Origin: origin,
        configHash: chain.hash(),
        registry: at.prover_registry,
        sequencer: Role::Batcher.signer()?.address(),
        timelock: at.timelock,
        sequencerTimeout: policy.sequencer_timeout,
        maxOriginLag: MAX_ORIGIN_LAG,
        fastThreshold: PROVERS.into(),
        fastDelay: FAST_DELAY,
        slowDelay: SLOW_DELAY,
    };
    deployer.deploy(at.rollup, artifacts, "Rollup", config.abi_encode()).await
}

/// The L2 that begins at `origin`.
fn l2(
    portal: Address,
    counterparts: &Counterparts,
    origin: &Sealed<Header>,
) -> Result<(ChainConfig, Genesis, Sealed<Header>)> {
    let mut chain = chain_config(portal);
    let genesis = genesis(&chain, counterparts, origin)?;
    let header = Sealed::new(genesis.block()?.block.header);
    chain.genesis_hash = header.hash();
    Ok((chain, genesis, header))
}
