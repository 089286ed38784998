//! How each kind of transaction passes through revm: one [`Handler`] for each.

use std::marker::PhantomData;

use alloy_primitives::{Address, U256, map::AddressSet};
use revm::{
    context_interface::{
        Block, Cfg, ContextTr, JournalTr, Transaction,
        journaled_state::account::JournaledAccountTr,
        result::{EVMError, HaltReason, InvalidTransaction},
    },
    handler::{EvmTr, FrameResult, Handler, post_execution},
    interpreter::{GasTracker, InitialAndFloorGas, interpreter_action::FrameInit},
    primitives::hardfork::SpecId,
};

use super::{collision::run_frames, evm::Inner};
use crate::state::{StateError, StateSource};

type Error = EVMError<StateError, InvalidTransaction>;

/// A user transaction: Ethereum's rules, and the base fee goes to a vault if there is one.
pub(super) struct UserHandler<'a, S> {
    base_fee_vault: Option<Address>,
    storage_only: &'a AddressSet,
    source: PhantomData<S>,
}

impl<'a, S> UserHandler<'a, S> {
    pub(super) const fn new(base_fee_vault: Option<Address>, storage_only: &'a AddressSet) -> Self {
        Self { base_fee_vault, storage_only, source: PhantomData }
    }
}

impl<S: StateSource> Handler for UserHandler<'_, S> {
    type Evm = Inner<S>;
    type Error = Error;
    type HaltReason = HaltReason;

    fn run_exec_loop(&mut self, evm: &mut Inner<S>, first: FrameInit) -> Result<FrameResult, Error> {
        Ok(run_frames(evm, first, self.storage_only)?)
    }

    fn reward_beneficiary(&self, evm: &mut Inner<S>, result: &mut FrameResult) -> Result<(), Error> {
        let gas = result.gas();
        post_execution::reward_beneficiary(evm.ctx(), gas)?;
        if let Some(vault) = self.base_fee_vault {
            let fee = U256::from(evm.ctx().block().basefee()) * U256::from(gas.used());
            evm.ctx().journal_mut().balance_incr(vault, fee)?;
        }
        Ok(())
    }
}

/// A deposit: paid for on L1, so it has no fee, no nonce and no signature to check, and the cap of
/// EIP-7825 does not bind it.
///
/// Intrinsic gas and the calldata floor of EIP-7623 are checked as for any transaction, the limit of
/// EIP-3860 on init code is not (<https://specs.optimism.io/protocol/deposits.html>). What follows
/// from a failed check is up to [`Evm::deposit`](super::Evm::deposit).
pub(super) struct DepositHandler<S> {
    mint: U256,
    source: PhantomData<S>,
}

impl<S> DepositHandler<S> {
    pub(super) const fn new(mint: U256) -> Self {
        Self { mint, source: PhantomData }
    }
}

impl<S: StateSource> Handler for DepositHandler<S> {
    type Evm = Inner<S>;
    type Error = Error;
    type HaltReason = HaltReason;

    fn validate_env(&self, _: &mut Inner<S>) -> Result<(), Error> {
        Ok(())
    }

    fn tx_gas(&self, evm: &mut Inner<S>, gas: &InitialAndFloorGas) -> GasTracker {
        uncapped_gas(evm, gas)
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Inner<S>,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), Error> {
        let (tx, journal) = evm.ctx().tx_journal_mut();
        let (sender, is_call) = (tx.caller(), tx.kind().is_call());
        let mut sender = journal.load_account_with_code_mut(sender)?.data;
        sender.incr_balance(self.mint);
        if is_call {
            sender.bump_nonce();
        }
        Ok(())
    }

    fn reward_beneficiary(&self, _: &mut Inner<S>, _: &mut FrameResult) -> Result<(), Error> {
        Ok(())
    }
}

/// A call that is not part of a block: no nonce, signature, chain id or gas cap is checked, and fees
/// only if the call names a price.
pub(super) struct CallHandler<S> {
    source: PhantomData<S>,
}

impl<S> CallHandler<S> {
    pub(super) const fn new() -> Self {
        Self { source: PhantomData }
    }
}

impl<S: StateSource> Handler for CallHandler<S> {
    type Evm = Inner<S>;
    type Error = Error;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut Inner<S>) -> Result<(), Error> {
        check_init_code_size(evm)?;
        let (tx, block) = (evm.ctx_ref().tx(), evm.ctx_ref().block());
        let base_fee = Some(u128::from(block.basefee()));
        if tx.max_fee_per_gas() == 0 {
            return Ok(());
        }
        match tx.max_priority_fee_per_gas() {
            Some(tip) => revm::handler::validation::validate_priority_fee_tx(
                tx.max_fee_per_gas(),
                tip,
                base_fee,
                false,
            )?,
            None => revm::handler::validation::validate_legacy_gas_price(tx.gas_price(), base_fee)?,
        }
        Ok(())
    }

    fn tx_gas(&self, evm: &mut Inner<S>, gas: &InitialAndFloorGas) -> GasTracker {
        uncapped_gas(evm, gas)
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Inner<S>,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), Error> {
        let (block, tx, _, journal, _, _) = evm.ctx().all_mut();
        let mut sender = journal.load_account_with_code_mut(tx.caller())?.data;
        let balance = *sender.balance();
        tx.ensure_enough_balance(balance)?;
        let fee = tx.gas_balance_spending(block.basefee().into(), 0)?;
        // Cannot fall below zero: the fee is at most what was just ensured.
        sender.set_balance(balance.saturating_sub(fee));
        if tx.kind().is_call() {
            sender.bump_nonce();
        }
        Ok(())
    }

    fn reward_beneficiary(&self, _: &mut Inner<S>, _: &mut FrameResult) -> Result<(), Error> {
        Ok(())
    }
}

/// The transaction's gas without the cap of EIP-7825.
fn uncapped_gas<S: StateSource>(evm: &mut Inner<S>, gas: &InitialAndFloorGas) -> GasTracker {
    let limit = evm.ctx_ref().tx().gas_limit();
    let (remaining, reservoir) = gas.initial_gas_and_reservoir(limit, u64::MAX);
    GasTracker::new(limit, remaining, reservoir)
}

/// EIP-3860.
fn check_init_code_size<S: StateSource>(evm: &mut Inner<S>) -> Result<(), Error> {
    let ctx = evm.ctx_ref();
    let applies = ctx.cfg().spec().is_enabled_in(SpecId::SHANGHAI) && ctx.tx().kind().is_create();
    if applies && ctx.tx().input().len() > ctx.cfg().max_initcode_size() {
        return Err(InvalidTransaction::CreateInitCodeSizeLimit.into());
    }
    Ok(())
}
