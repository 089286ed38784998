//! The compiled contracts in an EVM: the state of one L1 that lives as long as a trial.

use std::{path::Path, sync::OnceLock};

use alloy_primitives::{Address, Bytes, TxKind, U256};
use contracts_bindings::Artifacts;
use revm::{
    ExecuteEvm, MainBuilder, MainContext, MainnetEvm, SystemCallEvm,
    context::{Context, TxEnv},
    context_interface::result::{ExecutionResult, Output},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::hardfork::SpecId,
};

/// Who deploys everything, and gets all PHA.
pub(crate) const DEPLOYER: Address = Address::repeat_byte(0xde);

/// Most gas of a transaction on L1 (EIP-7825).
const GAS: u64 = 16_777_216;

/// Calls of anybody to anything, one after the other. Gas is no matter here.
pub(crate) struct Machine {
    evm: MainnetEvm<MainnetContext<CacheDB<EmptyDB>>>,
    deployed: u64,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let evm = Context::mainnet()
            .with_db(CacheDB::<EmptyDB>::default())
            .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA))
            .modify_block_chained(|block| block.gas_limit = u64::MAX)
            .build_mainnet();
        Self { evm, deployed: 0 }
    }

    pub(crate) fn set_time(&mut self, now: u64) {
        self.evm.ctx.block.timestamp = U256::from(now);
    }

    /// The address of the contract that is `ahead` deployments away.
    pub(crate) fn next_address(&self, ahead: u64) -> Address {
        DEPLOYER.create(self.deployed + ahead)
    }

    pub(crate) fn deploy(&mut self, contract: &str, arguments: &[u8]) -> Address {
        let code = [&code(contract)[..], arguments].concat();
        let transaction = TxEnv {
            caller: DEPLOYER,
            gas_limit: GAS,
            kind: TxKind::Create,
            data: code.into(),
            nonce: self.deployed,
            ..TxEnv::default()
        };
        let expected = self.next_address(0);
        match self.evm.transact_one(transaction).unwrap() {
            ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } => {
                assert_eq!(address, expected);
                self.deployed += 1;
                address
            }
            result => panic!("{contract} is not deployed: {result:?}"),
        }
    }

    /// What the call returned, or what it reverted with.
    pub(crate) fn call(&mut self, caller: Address, to: Address, input: Vec<u8>) -> Result<Bytes, Bytes> {
        match self.evm.system_call_one_with_caller(caller, to, input.into()).unwrap() {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(output),
            ExecutionResult::Halt { reason, .. } => panic!("{to} halted: {reason:?}"),
        }
    }
}

/// Creation code of a contract. Read once.
fn code(contract: &str) -> Bytes {
    static ARTIFACTS: OnceLock<Vec<(&'static str, Bytes)>> = OnceLock::new();
    let all = ARTIFACTS.get_or_init(|| {
        let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        // The error says to run `make contracts`.
        let artifacts = Artifacts::of(&contracts).unwrap();
        let names = [
            "PHA",
            "TestRollup",
            "VPHA",
            "OperatorPool",
            "FaultCourt",
            "ProverRewards",
            "EmissionController",
        ];
        names.map(|name| (name, artifacts.creation_code(name).unwrap())).to_vec()
    });
    all.iter().find(|(name, _)| *name == contract).unwrap().1.clone()
}
