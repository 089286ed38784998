//! vPHA, the provers' collateral, and governance, on L1.

use alloy::{
    signers::local::PrivateKeySigner,
    sol,
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, U256, keccak256, uint};
use contracts_bindings::{IEmissionController, IFaultCourt, IOperatorPool, IProverRewards, ITimelock, IVPHA};
use eyre::Result;

use crate::{
    accounts::Role, addresses::Addresses, artifacts::Artifacts, bridge::IERC20, deploy::Deployer,
    governance::Call, profile::Profile, settings::PROVERS,
};

/// Number of the class of providers that prove.
pub const PROVER_CLASS: u64 = 1;
/// Bond of each of the devnet's provers, in vPHA: for a thousand batches that are not final.
const PROVER_BOND: u64 = 10_000;
/// PHA with which vPHA begins, as its constructor demands.
const SEED: u64 = 1_000;
/// PHA that are emitted in the end.
const ENDOWMENT: u64 = 700_000_000;
/// Wei of PHA that are emitted on the first day: 720 times this is what is emitted in the end.
const FIRST_DAY: U256 = uint!(972_222_000_000_000_000_000_000_U256);
/// Least bond, bond for a batch, and weight in basis points of the hardware that joins the compute market: H100, H200, B200.
const GPU_CLASSES: [(u64, u64); 3] = [(1_250, 10_000), (1_875, 15_000), (2_250, 18_000)];
/// A class whose work counts once.
const WEIGHT: u64 = 10_000;

sol! {
    /// The arguments of `StakeGovernor`, which has OpenZeppelin's interface.
    struct GovernorConfig {
        address token;
        address timelock;
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 proposalThreshold;
        uint256 quorumPercent;
    }
}

/// Deploys what a registry stands on: vPHA and the pools. The seed is approved before vPHA is there to take it.
pub(crate) async fn deploy_bonds(
    deployer: &mut Deployer,
    artifacts: &Artifacts,
    at: &Addresses,
    profile: &Profile,
) -> Result<()> {
    let config = IVPHA::Config {
        pha: at.pha,
        timelock: at.timelock,
        council: Role::Council.signer()?.address(),
        emission: at.emission,
        operatorPool: at.operator_pool,
        unstakeDelay: U256::from(profile.unstake_delay),
        rewardDuration: U256::from(profile.reward_duration),
    };
    deployer.deploy(at.vpha, artifacts, "VPHA", config.abi_encode()).await?;
    let config = IOperatorPool::Config {
        vpha: at.vpha,
        rollup: at.rollup,
        court: at.fault_court,
        timelock: at.timelock,
        exitDelay: U256::from(profile.exit_delay),
        classes: classes(profile),
    };
    deployer.deploy(at.operator_pool, artifacts, "OperatorPool", config.abi_encode()).await
}

/// The approval without which vPHA does not deploy.
pub(crate) fn seed_approval(at: &Addresses) -> Vec<u8> {
    approval(at.vpha, Profile::wei(SEED))
}

/// Deploys what needs the rollup to be there: court, rewards, emission and the governor.
pub(crate) async fn deploy_rest(
    deployer: &mut Deployer,
    artifacts: &Artifacts,
    at: &Addresses,
    profile: &Profile,
    now: u64,
) -> Result<()> {
    let config = IFaultCourt::Config {
        pool: at.operator_pool,
        timelock: at.timelock,
        council: Role::Council.signer()?.address(),
        challengePeriod: U256::from(profile.challenge_period),
        casePeriod: U256::from(profile.case_period),
        vetoPeriod: U256::from(profile.veto_period),
        margin: U256::from(profile.margin),
        reporterShare: U256::from(profile.reporter_share),
    };
    deployer.deploy(at.fault_court, artifacts, "FaultCourt", config.abi_encode()).await?;
    let config = IProverRewards::Config {
        pool: at.operator_pool,
        emission: at.emission,
        timelock: at.timelock,
        rewardDuration: U256::from(profile.reward_duration),
        rewardRate: U256::from(profile.reward_rate),
    };
    deployer.deploy(at.prover_rewards, artifacts, "ProverRewards", config.abi_encode()).await?;
    let config = IEmissionController::Config {
        vpha: at.vpha,
        proverRewards: at.prover_rewards,
        // The treasury is governance's.
        treasury: at.timelock,
        timelock: at.timelock,
        start: U256::from(now.saturating_sub(profile.emission_head_start)),
        initialDaily: FIRST_DAY,
    };
    deployer.deploy(at.emission, artifacts, "EmissionController", config.abi_encode()).await?;
    let config = GovernorConfig {
        token: at.vpha,
        timelock: at.timelock,
        votingDelay: U256::from(profile.voting_delay).to(),
        votingPeriod: U256::from(profile.voting_period).to(),
        proposalThreshold: Profile::wei(profile.proposal_threshold),
        quorumPercent: U256::from(profile.quorum_percent),
    };
    deployer.deploy(at.stake_governor, artifacts, "StakeGovernor", config.abi_encode()).await
}

/// Gives the emission what it emits, and each prover the PHA of its bond.
pub(crate) async fn fill(deployer: &mut Deployer, at: &Addresses) -> Result<()> {
    let mut transfers = vec![(at.emission, ENDOWMENT, "PHA to emit")];
    for index in 0..PROVERS {
        transfers.push((Role::Operator(index).signer()?.address(), PROVER_BOND, "PHA for a prover's bond"));
    }
    for (to, tokens, what) in transfers {
        let call = IERC20::transferCall { to, amount: Profile::wei(tokens) };
        deployer.call(what, at.pha, U256::ZERO, call.abi_encode()).await?;
    }
    Ok(())
}

/// Gives an operator the PHA of its bond, and more: its price rises with what is emitted.
pub(crate) async fn pay_for_bond(deployer: &mut Deployer, pha: Address, operator: Address) -> Result<()> {
    let call = IERC20::transferCall { to: operator, amount: Profile::wei(PROVER_BOND.saturating_mul(2)) };
    deployer.call("PHA for a bond", pha, U256::ZERO, call.abi_encode()).await
}

/// Emits what is due when the chain begins. After the provers' bonds, which are to cost what they are.
pub(crate) async fn emit(deployer: &mut Deployer, at: &Addresses, profile: &Profile) -> Result<()> {
    if profile.emission_head_start == 0 {
        return Ok(());
    }
    let call = IEmissionController::distributeCall { maxDays: U256::MAX }.abi_encode();
    deployer.call("the first emission", at.emission, U256::ZERO, call).await
}

/// Where a bond goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bonds {
    pub(crate) pha: Address,
    pub(crate) vpha: Address,
    pub(crate) pool: Address,
}

impl Bonds {
    /// Stakes and bonds what a prover of the devnet has, for each of these operators, which must have the PHA.
    pub(crate) async fn post(&self, url: &str, operators: Vec<PrivateKeySigner>) -> Result<()> {
        let shares = Profile::wei(PROVER_BOND);
        let mut sent = Vec::new();
        for signer in operators {
            let mut operator = Deployer::new(url, signer).await?;
            let stake = IVPHA::mintCall { shares, receiver: operator.address() }.abi_encode();
            let create = IOperatorPool::createPoolCall { class_: U256::from(PROVER_CLASS) }.abi_encode();
            let bond = IOperatorPool::bondCall { amount: shares }.abi_encode();
            for (what, to, call) in [
                ("approving PHA", self.pha, approval(self.vpha, U256::MAX)),
                ("staking", self.vpha, stake),
                ("approving vPHA", self.vpha, approval(self.pool, shares)),
                ("making a pool", self.pool, create),
                ("bonding", self.pool, bond),
                ("approving no more PHA", self.pha, approval(self.vpha, U256::ZERO)),
            ] {
                operator.call(what, to, U256::ZERO, call).await?;
            }
            sent.push(operator);
        }
        for operator in &mut sent {
            operator.settle().await?;
        }
        Ok(())
    }
}

/// The calls that hand the timelock over to the holders of vPHA. The last one ends the time in which there is no delay.
pub(crate) fn handover(at: &Addresses, profile: &Profile) -> Result<Vec<Call>> {
    let governor = Role::Governor.signer()?.address();
    let mut calls = Vec::new();
    for role in ["PROPOSER_ROLE", "CANCELLER_ROLE"].map(keccak256) {
        calls.push(ITimelock::grantRoleCall { role, account: at.stake_governor }.abi_encode());
        if !profile.keeps_governor {
            calls.push(ITimelock::revokeRoleCall { role, account: governor }.abi_encode());
        }
    }
    calls.push(ITimelock::updateDelayCall { newDelay: U256::from(profile.timelock_delay) }.abi_encode());
    Ok(calls.into_iter().map(|data| Call { target: at.timelock, data: data.into() }).collect())
}

fn approval(spender: Address, amount: U256) -> Vec<u8> {
    IERC20::approveCall { spender, amount }.abi_encode()
}

fn classes(profile: &Profile) -> Vec<IOperatorPool::Class> {
    let class = |bond, batch, weight| IOperatorPool::Class {
        minBond: Profile::wei(bond),
        bondPerBatch: Profile::wei(batch),
        weight: U256::from(weight),
    };
    let mut classes = vec![class(profile.prover_min_bond, profile.bond_per_batch, WEIGHT)];
    classes.extend(GPU_CLASSES.map(|(bond, weight)| class(bond, 0, weight)));
    classes
}
