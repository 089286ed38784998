//! The EVM of one block.

use alloy_primitives::{Address, Bytes, KECCAK256_EMPTY, U256, map::AddressSet};
use revm::{
    Database, MainBuilder, MainnetEvm,
    context::{BlockEnv, CfgEnv, Context, TxEnv},
    context_interface::{
        ContextTr, JournalTr,
        journaled_state::account::JournaledAccountTr,
        result::{EVMError, ExecutionResult, ResultGas},
    },
    handler::{Handler, MainnetContext, SystemCallTx},
};

use super::{
    EvmError,
    cache::Cache,
    handler::{CallHandler, DepositHandler, UserHandler},
};
use crate::state::{Accessed, Account, StateChanges, StateError, StateSource};

/// revm, set up over the state of one block.
pub(super) type Inner<S> = MainnetEvm<MainnetContext<Cache<S>>>;

/// Who receives the base fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseFeeRecipient {
    /// Nobody, as on Ethereum.
    Burned,
    /// A vault.
    Vault(Address),
}

/// Runs transactions one after another on the state of one block.
///
/// This is what [`BlockExecutor`](super::BlockExecutor) runs on; it knows nothing of blocks. It is
/// public for the state tests, which run single transactions under the rules of any fork.
#[expect(missing_debug_implementations, reason = "revm's instruction table has no Debug")]
pub struct Evm<S: StateSource> {
    inner: Inner<S>,
    base_fee_vault: Option<Address>,
    storage_only: AddressSet,
}

/// How a deposit ended.
#[derive(Clone, Debug)]
pub(super) struct DepositOutcome {
    /// Whether it did what it asked for.
    pub(super) success: bool,
    /// Gas that the receipt reports.
    pub(super) gas_used: u64,
    /// Nonce of the sender before the deposit.
    pub(super) nonce: u64,
    /// Events, if it succeeded.
    pub(super) logs: Vec<alloy_primitives::Log>,
}

impl<S: StateSource> Evm<S> {
    /// An EVM that follows `cfg`, in a block with the environment `block`, on the state `source`.
    pub fn new(cfg: CfgEnv, block: BlockEnv, base_fee: BaseFeeRecipient, source: S) -> Self {
        let context: MainnetContext<Cache<S>> = Context::new(Cache::new(source), cfg.spec);
        let inner = context.with_cfg(cfg).with_block(block).build_mainnet();
        let base_fee_vault = match base_fee {
            BaseFeeRecipient::Burned => None,
            BaseFeeRecipient::Vault(vault) => Some(vault),
        };
        Self { inner, base_fee_vault, storage_only: AddressSet::default() }
    }

    /// Refuses to create contracts at `accounts`, which have storage, but neither code nor a nonce
    /// (EIP-7610). No such account can come to be on this chain, so that its blocks need no such list.
    pub fn without_creation_at(self, accounts: AddressSet) -> Self {
        Self { storage_only: accounts, ..self }
    }

    /// Runs a transaction by Ethereum's rules. After an error the state is as it was before.
    pub fn transact(&mut self, tx: TxEnv) -> Result<ExecutionResult, EvmError> {
        self.inner.ctx.tx = tx;
        let result = UserHandler::new(self.base_fee_vault, &self.storage_only).run(&mut self.inner);
        self.settle(result)
    }

    /// Calls a system contract from `caller`: no fee, no nonce, no intrinsic gas.
    pub(super) fn system_call(
        &mut self,
        caller: Address,
        contract: Address,
        data: Bytes,
    ) -> Result<ExecutionResult, EvmError> {
        self.inner.ctx.tx = TxEnv::new_system_tx_with_caller(caller, contract, data);
        let result = UserHandler::new(None, &self.storage_only).run_system_call(&mut self.inner);
        self.settle(result)
    }

    /// Runs a call outside of any block. Its writes stay, so that the next call sees them.
    pub(super) fn call(&mut self, tx: TxEnv) -> Result<ExecutionResult, EvmError> {
        self.inner.ctx.tx = tx;
        let result = CallHandler::new().run(&mut self.inner);
        self.settle(result)
    }

    /// Runs a deposit that mints `mint` wei to its sender first. It always has an outcome:
    ///
    /// - success or revert: gas as for any transaction, refunds included;
    /// - halt, or a deposit that is invalid as a transaction: nothing happened but the mint and one
    ///   step of the sender's nonce, and the gas limit counts as used.
    ///
    /// See <https://specs.optimism.io/protocol/deposits.html>, Regolith and later.
    pub(super) fn deposit(&mut self, tx: TxEnv, mint: U256) -> Result<DepositOutcome, EvmError> {
        let (sender, gas_limit) = (tx.caller, tx.gas_limit);
        self.inner.ctx.tx = tx;
        let nonce = self.account(sender)?.map_or(0, |account| account.nonce);
        match DepositHandler::new(mint).run(&mut self.inner) {
            Ok(ExecutionResult::Halt { .. }) | Err(EVMError::Transaction(_)) => {
                self.inner.ctx.journal_mut().finalize();
                self.fail_deposit(sender, mint)?;
                Ok(DepositOutcome { success: false, gas_used: gas_limit, nonce, logs: Vec::new() })
            }
            result => {
                let result = self.settle(result)?;
                Ok(DepositOutcome {
                    success: result.is_success(),
                    gas_used: result.tx_gas_used(),
                    nonce,
                    logs: result.into_logs(),
                })
            }
        }
    }

    fn fail_deposit(&mut self, sender: Address, mint: U256) -> Result<(), EvmError> {
        let journal = self.inner.ctx.journal_mut();
        let minted = journal.load_account_mut(sender).map(|mut account| {
            account.incr_balance(mint);
            account.bump_nonce();
        });
        self.settle(minted.map_err(EVMError::Database).map(|()| ExecutionResult::Revert {
            gas: ResultGas::default(),
            logs: Vec::new(),
            output: Bytes::new(),
        }))
        .map(drop)
    }

    /// Keeps what a transaction wrote and read if it ran, and drops both if it did not.
    fn settle(
        &mut self,
        result: Result<ExecutionResult, EVMError<StateError>>,
    ) -> Result<ExecutionResult, EvmError> {
        let state = self.inner.ctx.journal_mut().finalize();
        let cache = self.inner.ctx.db_mut();
        match result {
            Ok(result) => {
                cache.commit(state);
                Ok(result)
            }
            Err(error) => {
                cache.discard();
                Err(error.into())
            }
        }
    }

    /// The account at `address` as it is now. Counts as read.
    pub fn account(&mut self, address: Address) -> Result<Option<Account>, StateError> {
        self.inner.ctx.db_mut().account(address)
    }

    /// The value of a storage slot as it is now. Counts as read.
    pub(super) fn storage(&mut self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.inner.ctx.db_mut().storage(address, slot)
    }

    /// Whether there is code at `address` now.
    pub(super) fn has_code(&mut self, address: Address) -> Result<bool, StateError> {
        Ok(self.account(address)?.is_some_and(|account| account.code_hash != KECCAK256_EMPTY))
    }

    /// What was written, and what was read to get there.
    pub fn into_changes(self) -> (StateChanges, Accessed) {
        self.inner.ctx.journaled_state.database.into_changes()
    }
}
