//! The calls that open every block.

use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS,
    eip4788::{BEACON_ROOTS_ADDRESS, SYSTEM_ADDRESS},
};
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, sol};
use revm::context_interface::result::ExecutionResult;

use super::{BlockError, Evm, L1Origin};
use crate::{chain::L1_BLOCK, state::StateSource};

sol! {
    /// Sets the L1 origin; `L1Block` accepts it from the system address alone.
    function setL1Origin(uint64 number, uint64 timestamp, uint256 basefee, bytes32 hash, uint256 blobBaseFee);
}

/// EIP-4788: the beacon root of the L1 origin.
pub(super) fn store_beacon_root<S: StateSource>(evm: &mut Evm<S>, root: B256) -> Result<(), BlockError> {
    system_call(evm, BEACON_ROOTS_ADDRESS, root.into())
}

/// EIP-2935: the hash of the parent.
pub(super) fn store_parent_hash<S: StateSource>(evm: &mut Evm<S>, hash: B256) -> Result<(), BlockError> {
    system_call(evm, HISTORY_STORAGE_ADDRESS, hash.into())
}

/// The L1 origin, readable by contracts and by the next stateless run.
pub(super) fn store_origin<S: StateSource>(evm: &mut Evm<S>, origin: &L1Origin) -> Result<(), BlockError> {
    let call = setL1OriginCall {
        number: origin.number,
        timestamp: origin.timestamp,
        basefee: alloy_primitives::U256::from(origin.base_fee),
        hash: origin.hash,
        blobBaseFee: alloy_primitives::U256::from(origin.blob_base_fee),
    };
    system_call(evm, L1_BLOCK, call.abi_encode().into())
}

/// A call that did not happen must not pass for one that did: a contract without code is an error.
fn system_call<S: StateSource>(evm: &mut Evm<S>, contract: Address, data: Bytes) -> Result<(), BlockError> {
    if !evm.has_code(contract)? {
        return Err(BlockError::MissingSystemContract(contract));
    }
    match evm.system_call(SYSTEM_ADDRESS, contract, data)? {
        ExecutionResult::Success { .. } => Ok(()),
        ExecutionResult::Revert { .. } => Err(BlockError::SystemCallReverted { contract }),
        ExecutionResult::Halt { reason, .. } => Err(BlockError::SystemCallHalted { contract, reason }),
    }
}
