//! The bridge on L1: its contracts, and what they hold when the L2 begins.

use alloy::{
    sol,
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, Bytes, U256, uint};
use contracts_bindings::{IPortal, IWithdrawalQuota};
use executor::genesis::Genesis;
use eyre::Result;

use crate::{
    accounts::{Role, users},
    addresses::Addresses,
    artifacts::Artifacts,
    deploy::Deployer,
    governance::Call,
    profile::Profile,
};

/// L2 blocks between two outputs, about: what the sequencer's pace for devnets comes to.
const SUBMISSION_INTERVAL: u64 = 4;
/// Seconds between two L2 blocks.
const L2_BLOCK_TIME: u64 = 1;
/// Ether that may leave within a window, in wei: ten times what there is.
const ETHER_QUOTA: U256 = uint!(1_000_000_000_000_000_000_000_000_U256);
/// PHA that may leave within a window: ten times what the users have.
const PHA_QUOTA: U256 = uint!(100_000_000_000_000_000_000_000_000_U256);
/// PHA that each user starts with on L1.
const USER_PHA: U256 = uint!(1_000_000_000_000_000_000_000_000_U256);

sol! {
    /// What is called of a token.
    interface IERC20 {
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
    }
}

/// Deploys the bridge.
pub(crate) async fn deploy(
    deployer: &mut Deployer,
    artifacts: &Artifacts,
    at: &Addresses,
    profile: &Profile,
) -> Result<()> {
    let governor = Role::Governor.signer()?.address();
    let council = Role::Council.signer()?.address();
    let (timelock, pause, window) = (at.timelock, at.council_pause, U256::from(profile.quota_window));

    let arguments = (council, timelock, U256::from(profile.max_pause)).abi_encode_params();
    deployer.deploy(at.council_pause, artifacts, "CouncilPause", arguments).await?;

    let config = IPortal::Config {
        rollup: at.rollup,
        councilPause: pause,
        timelock,
        quotaWindow: window,
        finalizationPeriod: U256::from(profile.finalization_period),
        submissionInterval: U256::from(SUBMISSION_INTERVAL),
        l2BlockTime: U256::from(L2_BLOCK_TIME),
    };
    deployer.deploy(at.portal_code, artifacts, "Portal", config.abi_encode()).await?;
    let initialize = IPortal::initializeCall {}.abi_encode();
    proxy(deployer, artifacts, at, at.portal, at.portal_code, initialize).await?;

    let config = (at.portal, pause).abi_encode_params();
    deployer.deploy(at.messenger_code, artifacts, "L1CrossDomainMessenger", config).await?;
    proxy(deployer, artifacts, at, at.messenger, at.messenger_code, Vec::new()).await?;

    let config = (at.messenger, pause, timelock, window).abi_encode_params();
    deployer.deploy(at.bridge_code, artifacts, "L1StandardBridge", config).await?;
    proxy(deployer, artifacts, at, at.bridge, at.bridge_code, Vec::new()).await?;

    let arguments =
        (U256::from(profile.upgrade_delay()), vec![governor], vec![governor], at.rollup, at.portal);
    let arguments = arguments.abi_encode_params();
    deployer.deploy(at.upgrade_timelock, artifacts, "UpgradeTimelock", arguments).await
}

async fn proxy(
    deployer: &mut Deployer,
    artifacts: &Artifacts,
    at: &Addresses,
    address: Address,
    code: Address,
    initialize: Vec<u8>,
) -> Result<()> {
    let arguments = (code, at.upgrade_timelock, Bytes::from(initialize)).abi_encode_params();
    deployer.deploy(address, artifacts, "UpgradeableProxy", arguments).await
}

/// Gives the bridge what backs the L2's first ether, and the users their PHA.
pub(crate) async fn fill(deployer: &mut Deployer, at: &Addresses, genesis: &Genesis) -> Result<()> {
    let donation = IPortal::donateETHCall {}.abi_encode();
    deployer.call("backing the L2's ether", at.portal, backing(genesis), donation).await?;
    for user in users()? {
        let transfer = IERC20::transferCall { to: user.address(), amount: USER_PHA };
        deployer.call("PHA for a user", at.pha, U256::ZERO, transfer.abi_encode()).await?;
    }
    Ok(())
}

/// What the accounts of the L2 have together when it begins, in wei. So much the portal must hold.
pub(crate) fn backing(genesis: &Genesis) -> U256 {
    genesis.alloc.values().map(|account| account.balance).sum()
}

/// The calls that set the quotas.
pub(crate) fn quotas(at: &Addresses) -> [Call; 2] {
    [(at.portal, Address::ZERO, ETHER_QUOTA), (at.bridge, at.pha, PHA_QUOTA)].map(
        |(target, token, amount)| Call {
            target,
            data: IWithdrawalQuota::setQuotaCall { token, amount }.abi_encode().into(),
        },
    )
}
