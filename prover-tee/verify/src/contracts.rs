//! The contracts of L1, run on this machine.

use alloy_primitives::{Address, B256, Bytes, address, bytes};
use alloy_sol_types::{SolCall, SolValue};
use contracts_bindings::{
    AttestationCode,
    IProverRegistry::{Config, allowWorkloadCall, registerCall},
    IQuoteVerifier::{Report, verifyCall},
    attestation,
};

use crate::{
    collateral::{Part, Upload},
    evm::{Executed, LocalL1, NotExecutable, PARENT_NUMBER, Revert, SENDER},
    refusal::Refusal,
    root::Root,
};

/// Ethereum mainnet, where the contracts accept no other root than Intel's.
const MAINNET: u64 = 1;
/// Creates the bonds on this chain. Whoever judges a quote need not be an operator with collateral, so that every call, of
/// `isEligible` and of `rollup`, is answered with 1. PUSH8 code, PUSH0, MSTORE, PUSH1 8, PUSH1 24, RETURN; and the code is PUSH1 1,
/// PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
const EVERYBODY_IS_BONDED: Bytes = bytes!("6760015f5260205ff35f5260086018f3");
/// The rollup that these bonds name.
const ROLLUP: Address = address!("0000000000000000000000000000000000000001");
/// A chain for software platforms.
const DEVNET: u64 = 31_337;

/// Why the contracts could not be run. None of these says anything about a quote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractsError {
    /// The code that is built in is damaged.
    #[error("the built-in code of the contracts is damaged")]
    Code(#[from] serde_json::Error),
    /// The contracts do not deploy.
    #[error("{contract} does not deploy: {reason}")]
    Deploy {
        /// The contract.
        contract: &'static str,
        /// Why not.
        reason: Refusal,
    },
    /// A transaction that no block can have.
    #[error(transparent)]
    NotExecutable(#[from] NotExecutable),
    /// The verifier's answer is not what its interface says.
    #[error("the verifier's answer cannot be read: {0}")]
    Answer(alloy_sol_types::Error),
}

/// Collateral store, quote verifier and registry on a chain of their own. A clone is a fork.
#[derive(Clone, Debug)]
pub struct Contracts {
    l1: LocalL1,
    store: Address,
    verifier: Address,
    registry: Address,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// What was uploaded.
    pub part: Part,
    /// Gas of the transaction.
    pub gas: u64,
    /// Why the store refuses it, if it does.
    pub refusal: Option<Refusal>,
}

/// What the verifier says of a quote.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Gas of a transaction that verifies the quote and does nothing else, calldata included.
    pub gas: u64,
    /// Its report, or why it refuses.
    pub outcome: Result<Report, Refusal>,
}

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Gas of the transaction.
    pub gas: u64,
    /// Why the registry refuses it, if it does.
    pub refusal: Option<Refusal>,
}

impl Contracts {
    /// Deploys the contracts with `root` at the Unix time `at`, for enclaves of the chain with this configuration hash.
    /// [`SENDER`] is the timelock.
    pub fn deploy(root: &Root, at: u64, config_hash: B256) -> Result<Self, ContractsError> {
        let AttestationCode { collateral_store, prover_registry, quote_verifier } = attestation()?;
        let mut l1 = LocalL1::new(if root.is_intel() { MAINNET } else { DEVNET }, at);
        let bonds = deploy(&mut l1, "bonds", EVERYBODY_IS_BONDED, &[])?;
        let (x, y) = root.key().split_at(32);
        let registry = l1.contract_address(2);
        let arguments = (B256::from_slice(x), B256::from_slice(y), registry);
        let store = deploy(&mut l1, "CollateralStore", collateral_store, &arguments.abi_encode())?;
        let verifier = deploy(&mut l1, "QuoteVerifier", quote_verifier, &store.abi_encode())?;
        let config = Config {
            timelock: SENDER,
            rollup: ROLLUP,
            bonds,
            configHash: config_hash,
            verifier,
            activationDelay: 0,
            recoveryGrace: 0,
        };
        deploy(&mut l1, "ProverRegistry", prover_registry, &config.abi_encode())?;
        Ok(Self { l1, store, verifier, registry })
    }

    /// The same contracts in the same state at another time.
    pub fn at(&self, at: u64) -> Self {
        Self { l1: self.l1.at(at), ..*self }
    }

    /// Uploads collateral. What the store refuses is left out, as on L1.
    pub fn upload(&mut self, uploads: Vec<Upload>) -> Result<Vec<Uploaded>, ContractsError> {
        let mut done = Vec::new();
        for Upload { part, call } in uploads {
            let Executed { gas, outcome } = self.l1.send(self.store, call)?;
            done.push(Uploaded { part, gas, refusal: outcome.err().map(|revert| refusal(&revert)) });
        }
        Ok(done)
    }

    /// Has the verifier judge `quote`.
    pub fn verify(&mut self, quote: &[u8]) -> Result<Verified, ContractsError> {
        let call = verifyCall { quote: Bytes::copy_from_slice(quote) }.abi_encode();
        let Executed { gas, outcome } = self.l1.call(self.verifier, call.into())?;
        let outcome = match outcome {
            Ok(answer) => {
                Ok(verifyCall::abi_decode_returns_validate(&answer).map_err(ContractsError::Answer)?)
            }
            Err(revert) => Err(refusal(&revert)),
        };
        Ok(Verified { gas, outcome })
    }

    /// Has the timelock allow a workload.
    pub fn allow(&mut self, workload_id: B256) -> Result<(), ContractsError> {
        let call = allowWorkloadCall { workloadId: workload_id }.abi_encode();
        self.l1.send(self.registry, call.into())?;
        Ok(())
    }

    /// Where the registry is: quotes for a registration name it.
    pub fn registry(&self) -> Address {
        self.registry
    }

    /// Has the registry register `signer` for [`SENDER`] with a quote that names the block before, and keeps it.
    pub fn register(&mut self, quote: &[u8], signer: Address) -> Result<Registered, ContractsError> {
        let quote = Bytes::copy_from_slice(quote);
        let call = registerCall { quote, signer, refBlockNumber: PARENT_NUMBER };
        let Executed { gas, outcome } = self.l1.send(self.registry, call.abi_encode().into())?;
        let refusal = outcome.err().map(|revert| refusal(&revert));
        Ok(Registered { gas, refusal })
    }
}

fn deploy(
    l1: &mut LocalL1,
    contract: &'static str,
    code: Bytes,
    arguments: &[u8],
) -> Result<Address, ContractsError> {
    let (address, executed) = l1.deploy([&code[..], arguments].concat().into())?;
    match executed.outcome {
        Ok(_) => Ok(address),
        Err(revert) => Err(ContractsError::Deploy { contract, reason: refusal(&revert) }),
    }
}

fn refusal(revert: &Revert) -> Refusal {
    match revert {
        Revert::Reverted(data) => Refusal::decode(data),
        Revert::Halted(reason) => Refusal::halted(&format!("{reason:?}")),
    }
}
