//! What only the timelock may do.

use alloy::{sol, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, U256};
use eyre::Result;

use crate::{accounts::Role, deploy::Deployer, deployment::TIMELOCK_DELAY};

sol! {
    /// The calls of OpenZeppelin's TimelockController that the devnet and its tests make.
    interface ITimelock {
        function schedule(address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay) external;
        function execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt) external payable;
        function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay) external;
        function executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) external payable;
    }
}

/// A call that the timelock makes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) target: Address,
    pub(crate) data: Bytes,
}

/// Has the timelock make these calls, all in one proposal, and waits for it.
pub(crate) async fn carry_out(url: &str, timelock: Address, calls: Vec<Call>) -> Result<()> {
    let mut governor = Deployer::new(url, Role::Governor.signer()?).await?;
    let values = vec![U256::ZERO; calls.len()];
    let (targets, payloads): (Vec<_>, Vec<_>) =
        calls.into_iter().map(|call| (call.target, call.data)).unzip();
    let schedule = ITimelock::scheduleBatchCall {
        targets: targets.clone(),
        values: values.clone(),
        payloads: payloads.clone(),
        predecessor: B256::ZERO,
        salt: B256::ZERO,
        delay: U256::from(TIMELOCK_DELAY),
    };
    governor.call("scheduling the first settings", timelock, U256::ZERO, schedule.abi_encode()).await?;
    governor.settle().await?;
    let execute =
        ITimelock::executeBatchCall { targets, values, payloads, predecessor: B256::ZERO, salt: B256::ZERO };
    governor.call("making the first settings", timelock, U256::ZERO, execute.abi_encode()).await?;
    governor.settle().await
}
