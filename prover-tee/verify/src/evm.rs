//! An L1 of one block: Osaka's EVM, with the P-256 precompile, over an empty state.

use alloy_eips::eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use revm::{
    ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext,
    context::{Context, TxEnv},
    context_interface::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, Output},
    database::{CacheDB, EmptyDB},
    primitives::hardfork::SpecId,
    state::{AccountInfo, Bytecode},
};

/// Most gas of a transaction on L1 (EIP-7825).
pub const TRANSACTION_GAS_LIMIT: u64 = 16_777_216;

/// Who sends all transactions here.
pub const SENDER: Address = Address::repeat_byte(0x5e);

/// The block that transactions are in: a number as good as any.
const BLOCK_NUMBER: u64 = 24_000_000;
/// The block before, and its hash.
pub const PARENT_NUMBER: u64 = BLOCK_NUMBER - 1;
/// Its hash.
pub const PARENT_HASH: B256 = B256::repeat_byte(0x9a);

/// State and time. A clone is a fork.
#[derive(Clone, Debug)]
pub struct LocalL1 {
    state: CacheDB<EmptyDB>,
    chain_id: u64,
    timestamp: u64,
}

/// What became of a transaction that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Gas that it costs, calldata and the transaction itself included.
    pub gas: u64,
    /// What it returned, or what it reverted with.
    pub outcome: Result<Bytes, Revert>,
}

/// How a transaction failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revert {
    /// The contract reverted with this data.
    Reverted(Bytes),
    /// The machine stopped: out of gas, most likely.
    Halted(HaltReason),
}

/// A transaction that no block can have: a mistake of ours, or calldata beyond the gas of any transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction cannot be in a block: {0}")]
pub struct NotExecutable(Box<EVMError<std::convert::Infallible, InvalidTransaction>>);

impl LocalL1 {
    /// A chain with nothing on it but what the protocol puts there, at this time in Unix seconds.
    pub fn new(chain_id: u64, timestamp: u64) -> Self {
        let mut state = CacheDB::<EmptyDB>::default();
        let history = AccountInfo::from_bytecode(Bytecode::new_raw(HISTORY_STORAGE_CODE.clone()));
        state.insert_account_info(HISTORY_STORAGE_ADDRESS, history);
        let slot = U256::from(PARENT_NUMBER % HISTORY_SERVE_WINDOW as u64);
        let Ok(()) = state.insert_account_storage(HISTORY_STORAGE_ADDRESS, slot, PARENT_HASH.into());
        state.cache.block_hashes.insert(U256::from(PARENT_NUMBER), PARENT_HASH);
        Self { state, chain_id, timestamp }
    }

    /// The same state at another time.
    pub fn at(&self, timestamp: u64) -> Self {
        Self { timestamp, ..self.clone() }
    }

    /// The next contract of [`SENDER`], which is `ahead` deployments away.
    pub fn contract_address(&mut self, ahead: u64) -> Address {
        let nonce = self.nonce();
        SENDER.create(nonce.saturating_add(ahead))
    }

    /// Deploys a contract.
    pub fn deploy(&mut self, init_code: Bytes) -> Result<(Address, Executed), NotExecutable> {
        let address = self.contract_address(0);
        Ok((address, self.execute(TxKind::Create, init_code, true)?))
    }

    /// Calls a contract and keeps what it changes.
    pub fn send(&mut self, to: Address, input: Bytes) -> Result<Executed, NotExecutable> {
        self.execute(TxKind::Call(to), input, true)
    }

    /// Calls a contract and forgets what it changes.
    pub fn call(&mut self, to: Address, input: Bytes) -> Result<Executed, NotExecutable> {
        self.execute(TxKind::Call(to), input, false)
    }

    fn nonce(&mut self) -> u64 {
        let account = self.state.load_account(SENDER);
        account.map_or(0, |account| account.info.nonce)
    }

    fn execute(&mut self, kind: TxKind, data: Bytes, keep: bool) -> Result<Executed, NotExecutable> {
        let transaction = TxEnv {
            caller: SENDER,
            gas_limit: TRANSACTION_GAS_LIMIT,
            kind,
            data,
            nonce: self.nonce(),
            chain_id: Some(self.chain_id),
            ..TxEnv::default()
        };
        let chain_id = self.chain_id;
        let mut evm = Context::mainnet()
            .with_db(&mut self.state)
            .modify_cfg_chained(|cfg| {
                cfg.chain_id = chain_id;
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
            })
            .modify_block_chained(|block| {
                block.number = U256::from(BLOCK_NUMBER);
                block.timestamp = U256::from(self.timestamp);
                block.gas_limit = u64::MAX;
            })
            .build_mainnet();
        let failed = |error| NotExecutable(Box::new(error));
        let result = if keep {
            evm.transact_commit(transaction).map_err(failed)?
        } else {
            evm.transact(transaction).map_err(failed)?.result
        };
        let gas = result.tx_gas_used();
        Ok(match result {
            ExecutionResult::Success { output, .. } => {
                let bytes = match output {
                    Output::Call(bytes) | Output::Create(bytes, _) => bytes,
                };
                Executed { gas, outcome: Ok(bytes) }
            }
            ExecutionResult::Revert { output, .. } => {
                Executed { gas, outcome: Err(Revert::Reverted(output)) }
            }
            ExecutionResult::Halt { reason, .. } => Executed { gas, outcome: Err(Revert::Halted(reason)) },
        })
    }
}
