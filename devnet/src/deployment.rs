//! The contracts of one devnet, and the files from which its programs read where they are.

use alloy::{
    consensus::{Header, Sealed},
    providers::{DynProvider, Provider},
    sol,
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use contracts_bindings::{IProverRegistry, IRollup};
use executor::{ChainConfig, genesis::Genesis, transition::output_root};
use eyre::{OptionExt, Result, bail};
use prover_verify::collateral::Upload;
use serde::{Deserialize, Serialize};

use crate::{
    accounts::Role,
    artifacts::Artifacts,
    deploy::Deployer,
    genesis::{chain_config, genesis},
    l1,
    settings::PROVERS,
};

/// Delay of the timelock, in seconds.
const TIMELOCK_DELAY: u64 = 1;
/// A batch's origin may be at most this many L1 blocks old.
const MAX_ORIGIN_LAG: u64 = 1_000;
/// Seconds to finality with proofs of all provers.
const FAST_DELAY: u64 = 0;
/// Seconds from registration until a key counts.
const ACTIVATION_DELAY: u64 = 0;
/// Seconds for which older keys count after a TCB recovery.
const RECOVERY_GRACE: u64 = 60;
/// Seconds to finality with fewer proofs.
const SLOW_DELAY: u64 = 120;

sol! {
    /// The calls of OpenZeppelin's TimelockController that the devnet makes.
    interface ITimelock {
        function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay) external;
        function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) external payable;
    }
}

/// What was deployed; kept in `deployment.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// `Rollup`.
    pub rollup: Address,
    /// `Portal`.
    pub portal: Address,
    /// `ProverRegistry`.
    pub prover_registry: Address,
    /// `CollateralStore`.
    pub collateral_store: Address,
    /// PHA, whose whole supply the deployer holds.
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

/// Which platforms L1 believes, and which guests.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Public key of the root certificate authority.
    pub root: (B256, B256),
    /// The collateral that L1 begins with.
    pub collateral: Vec<Upload>,
    /// The guest that may prove.
    pub workload: B256,
}

impl Deployment {
    /// Deploys everything and waits until it stands. After `sequencer_timeout` seconds without a batch anyone
    /// may submit one.
    pub async fn make(
        l1: &DynProvider,
        url: &str,
        artifacts: &Artifacts,
        policy: &Policy,
        sequencer_timeout: u64,
    ) -> Result<Self> {
        let mut deployer = Deployer::new(url, Role::Deployer.signer()?).await?;
        let governor = Role::Governor.signer()?.address();

        // The origin of the L2's first block must know the portal, and the rollup must know the L2's
        // first block: therefore two rounds.
        let timelock = deployer
            .deploy(
                artifacts,
                "Timelock",
                (U256::from(TIMELOCK_DELAY), vec![governor], vec![governor]).abi_encode_params(),
            )
            .await?;
        let portal = deployer.deploy(artifacts, "Portal", Vec::new()).await?;
        let pha = deployer.deploy(artifacts, "PHA", Vec::new()).await?;
        let multicall3 = deployer.deploy(artifacts, "Multicall3", Vec::new()).await?;
        deployer.settle().await?;

        let origin = l1::head(l1).await?;
        let (chain, genesis, genesis_header) = l2(portal, &origin)?;

        // Store and registry know each other, and so do registry and rollup.
        let registry = deployer.next_address(2);
        let rollup = deployer.next_address(3);
        let (x, y) = policy.root;
        let collateral_store =
            deployer.deploy(artifacts, "CollateralStore", (x, y, registry).abi_encode_params()).await?;
        let verifier = deployer.deploy(artifacts, "QuoteVerifier", collateral_store.abi_encode()).await?;
        let prover_registry = deployer
            .deploy(
                artifacts,
                "ProverRegistry",
                IProverRegistry::Config {
                    timelock,
                    rollup,
                    configHash: chain.hash(),
                    verifier,
                    activationDelay: ACTIVATION_DELAY,
                    recoveryGrace: RECOVERY_GRACE,
                }
                .abi_encode(),
            )
            .await?;
        let deployed = deployer
            .deploy(
                artifacts,
                "Rollup",
                IRollup::Config {
                    genesisOutputRoot: output_root(&genesis_header, genesis_header.hash())
                        .ok_or_eyre("the genesis block has no withdrawals root")?,
                    genesisL2Block: genesis_header.number,
                    genesisL2Timestamp: genesis_header.timestamp,
                    genesisL1Origin: origin.number,
                    configHash: chain.hash(),
                    registry: prover_registry,
                    sequencer: Role::Batcher.signer()?.address(),
                    timelock,
                    sequencerTimeout: sequencer_timeout,
                    maxOriginLag: MAX_ORIGIN_LAG,
                    fastThreshold: PROVERS.into(),
                    fastDelay: FAST_DELAY,
                    slowDelay: SLOW_DELAY,
                }
                .abi_encode(),
            )
            .await?;
        if (prover_registry, deployed) != (registry, rollup) {
            bail!("the contracts are not where they were told of each other");
        }
        for upload in &policy.collateral {
            deployer.call(upload.part.name(), collateral_store, upload.call.to_vec()).await?;
        }
        deployer.settle().await?;
        allow_workload(url, timelock, prover_registry, policy.workload).await?;
        Ok(Self {
            rollup,
            portal,
            prover_registry,
            collateral_store,
            pha,
            timelock,
            multicall3,
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

/// The L2 that begins at `origin`.
fn l2(portal: Address, origin: &Sealed<Header>) -> Result<(ChainConfig, Genesis, Sealed<Header>)> {
    let mut chain = chain_config(portal);
    let genesis = genesis(&chain, origin)?;
    let header = Sealed::new(genesis.block()?.block.header);
    chain.genesis_hash = header.hash();
    Ok((chain, genesis, header))
}

/// Allows a workload the only way there is: through the timelock.
async fn allow_workload(url: &str, timelock: Address, registry: Address, workload: B256) -> Result<()> {
    let mut governor = Deployer::new(url, Role::Governor.signer()?).await?;
    let data: Bytes = IProverRegistry::allowWorkloadCall { workloadId: workload }.abi_encode().into();
    let schedule = ITimelock::scheduleCall {
        target: registry,
        value: U256::ZERO,
        data: data.clone(),
        predecessor: B256::ZERO,
        salt: B256::ZERO,
        delay: U256::from(TIMELOCK_DELAY),
    };
    governor.call("scheduling the workload", timelock, schedule.abi_encode()).await?;
    governor.settle().await?;
    let execute = ITimelock::executeCall {
        target: registry,
        value: U256::ZERO,
        payload: data,
        predecessor: B256::ZERO,
        salt: B256::ZERO,
    };
    governor.call("allowing the workload", timelock, execute.abi_encode()).await?;
    governor.settle().await
}
