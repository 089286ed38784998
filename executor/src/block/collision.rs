//! EIP-7610: no contract is created over an account that has storage.
//!
//! revm looks at the nonce and the code of the account alone. On this chain that is enough, because
//! no account without code and nonce has storage: genesis refuses it, and nothing can make one. The
//! state tests do have such accounts (see [`Evm::without_creation_at`](super::Evm::without_creation_at)).
//! They look as if they had code for as long as a creation over them is set up.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, map::AddressSet};
use revm::{
    context_interface::{ContextTr, JournalTr, context::ContextError},
    handler::{EvmTr, FrameResult, ItemOrResult},
    interpreter::{FrameInput, interpreter_action::FrameInit},
};

use super::evm::Inner;
use crate::state::{StateError, StateSource};

/// Runs a transaction's frames, from its first one to its result. None creates over `storage_only`.
pub(super) fn run_frames<S: StateSource>(
    evm: &mut Inner<S>,
    first: FrameInit,
    storage_only: &AddressSet,
) -> Result<FrameResult, ContextError<StateError>> {
    if let ItemOrResult::Result(result) = init_frame(evm, first, storage_only)? {
        return Ok(result);
    }
    loop {
        let result = match evm.frame_run()? {
            ItemOrResult::Item(init) => match init_frame(evm, init, storage_only)? {
                ItemOrResult::Item(()) => continue,
                ItemOrResult::Result(result) => result,
            },
            ItemOrResult::Result(result) => result,
        };
        if let Some(result) = evm.frame_return_result(result)? {
            return Ok(result);
        }
    }
}

fn init_frame<S: StateSource>(
    evm: &mut Inner<S>,
    init: FrameInit,
    storage_only: &AddressSet,
) -> Result<ItemOrResult<(), FrameResult>, ContextError<StateError>> {
    let target = created_address(evm, &init.frame_input)?;
    let target = target.filter(|target| storage_only.contains(target));
    if let Some(target) = target {
        mark(evm, target);
    }
    let result = evm.frame_init(init).map(|init| init.map_item(drop));
    if let Some(target) = target {
        unmark(evm, target);
    }
    result
}

/// Where a creation would put its contract.
fn created_address<S: StateSource>(
    evm: &mut Inner<S>,
    input: &FrameInput,
) -> Result<Option<Address>, StateError> {
    let FrameInput::Create(inputs) = input else { return Ok(None) };
    let nonce = evm.ctx().journal_mut().load_account(inputs.caller())?.info.nonce;
    Ok(Some(inputs.created_address(nonce)))
}

fn mark<S: StateSource>(evm: &mut Inner<S>, target: Address) {
    let journal = evm.ctx().journal_mut();
    match journal.inner.state.get_mut(&target) {
        Some(account) if account.info.code_hash == KECCAK256_EMPTY => account.info.code_hash = B256::ZERO,
        Some(_) => {}
        None => journal.database.occupied = Some(target),
    }
}

fn unmark<S: StateSource>(evm: &mut Inner<S>, target: Address) {
    let journal = evm.ctx().journal_mut();
    journal.database.occupied = None;
    if let Some(account) = journal.inner.state.get_mut(&target)
        && account.info.code_hash.is_zero()
    {
        account.info.code_hash = KECCAK256_EMPTY;
    }
}
