//! The contracts of one devnet, and the files from which its programs read where they are.

use alloy::{
    consensus::{Header, Sealed},
    providers::{DynProvider, Provider, ext::AnvilApi},
    signers::local::PrivateKeySigner,
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
    profile::Profile,
    settings::PROVERS,
    staking::{self, Bonds},
};

/// A batch's origin may be at most this many L1 blocks old.
const MAX_ORIGIN_LAG: u64 = 1_000;
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
    /// PHA. What neither users nor emission have, the deployer has.
    pub pha: Address,
    /// vPHA.
    pub vpha: Address,
    /// The provers' collateral.
    pub operator_pool: Address,
    /// Slashes it.
    pub fault_court: Address,
    /// Pays provers.
    pub prover_rewards: Address,
    /// Emits PHA.
    pub emission: Address,
    /// Holders of vPHA, who propose to the timelock.
    pub stake_governor: Address,
    /// The timelock.
    pub timelock: Address,
    /// Multicall3.
    pub multicall3: Address,
    /// The rules of the L2.
    pub chain: ChainConfig,
    /// The L2 as it begins.
    pub genesis: Genesis,
}

/// Which platforms L1 believes, which guests, and how long everything takes.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Times and sizes.
    pub profile: &'static Profile,
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
        // Its first settings wait for nothing; they end with those of its delay and its proposers. Anyone executes.
        let arguments = (U256::ZERO, vec![governor], vec![Address::ZERO]).abi_encode_params();
        deployer.deploy(at.timelock, artifacts, "Timelock", arguments).await?;
        deployer.deploy(at.pha, artifacts, "PHA", Vec::new()).await?;
        deployer.deploy(at.multicall3, artifacts, "Multicall3", Vec::new()).await?;
        let approval = staking::seed_approval(&at);
        deployer.call("approving vPHA's seed", at.pha, U256::ZERO, approval).await?;
        staking::deploy_bonds(&mut deployer, artifacts, &at, policy.profile).await?;
        deploy_rollup(&mut deployer, artifacts, &at, policy, &chain, &genesis_header, origin.number).await?;
        staking::deploy_rest(&mut deployer, artifacts, &at, policy.profile, origin.timestamp).await?;
        bridge::deploy(&mut deployer, artifacts, &at, policy.profile).await?;
        for upload in &policy.collateral {
            let call = upload.call.to_vec();
            deployer.call(upload.part.name(), at.collateral_store, U256::ZERO, call).await?;
        }
        bridge::fill(&mut deployer, &at, &genesis).await?;
        staking::fill(&mut deployer, &at).await?;
        deployer.settle().await?;
        let bonds = Bonds { pha: at.pha, vpha: at.vpha, pool: at.operator_pool };
        bonds
            .post(url, (0..PROVERS).map(|index| Role::Operator(index).signer()).collect::<Result<_>>()?)
            .await?;
        staking::emit(&mut deployer, &at, policy.profile).await?;

        let allow = IProverRegistry::allowWorkloadCall { workloadId: policy.workload }.abi_encode().into();
        let mut settings = vec![Call { target: at.prover_registry, data: allow }];
        settings.extend(bridge::quotas(&at));
        settings.extend(staking::handover(&at, policy.profile)?);
        governance::carry_out(url, at.timelock, settings).await?;
        deployer.settle().await?;
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
            vpha: at.vpha,
            operator_pool: at.operator_pool,
            fault_court: at.fault_court,
            prover_rewards: at.prover_rewards,
            emission: at.emission,
            stake_governor: at.stake_governor,
            timelock: at.timelock,
            multicall3: at.multicall3,
            chain,
            genesis,
        })
    }

    /// Makes pools for more operators and bonds as much in each as a prover of the devnet has. The deployer's PHA pays.
    pub async fn bond(&self, url: &str, operators: Vec<PrivateKeySigner>) -> Result<()> {
        let mut deployer = Deployer::new(url, Role::Deployer.signer()?).await?;
        for operator in &operators {
            staking::pay_for_bond(&mut deployer, self.pha, operator.address()).await?;
        }
        deployer.settle().await?;
        Bonds { pha: self.pha, vpha: self.vpha, pool: self.operator_pool }.post(url, operators).await
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
        bonds: at.operator_pool,
        activationDelay: policy.profile.activation_delay,
        recoveryGrace: policy.profile.recovery_grace,
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
        fastDelay: policy.profile.fast_delay,
        slowDelay: policy.profile.slow_delay,
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
