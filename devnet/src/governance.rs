//! What only the timelock may do.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, U256};
use contracts_bindings::ITimelock;
use eyre::Result;

use crate::{accounts::Role, deploy::Deployer};

/// A call that the timelock makes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) target: Address,
    pub(crate) data: Bytes,
}

/// Has the timelock, which has no delay yet, make these calls, all in one proposal, and waits for it.
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
        delay: U256::ZERO,
    };
    governor.call("scheduling the first settings", timelock, U256::ZERO, schedule.abi_encode()).await?;
    governor.settle().await?;
    let execute =
        ITimelock::executeBatchCall { targets, values, payloads, predecessor: B256::ZERO, salt: B256::ZERO };
    governor.call("making the first settings", timelock, U256::ZERO, execute.abi_encode()).await?;
    governor.settle().await
}
