//! Registering an enclave: its quote goes to L1, which judges it, and from then on its key counts for the operator.
//!
//! `prover-tee prove` does the same by itself, keeps collateral fresh and renews keys. This is for whoever wants to see and sign it.

use std::path::Path;

use alloy_primitives::Address;
use contracts_bindings::{
    IProverBonds::isEligibleCall,
    IProverRegistry::{activationDelayCall, registerCall, signerOfCall},
};
use contracts_client::words;
use prover_core::Endpoint;
use prover_quote::{QuoteFormatError, calldata};
use prover_tee::{
    enclave::{EnclaveClient, EnclaveError},
    l1::{L1, L1Error},
    registry::{RegistrationError, Registry},
};
use prover_verify::input;

use crate::{
    Error, Staking, collateral,
    operation::Operation,
    plan::{Plan, Step},
};

/// What is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The key's address.
    pub signer: Address,
    /// The quote over it, for one operator.
    pub quote: Vec<u8>,
    /// L1 block that the quote names.
    pub reference: u64,
}

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The enclave did not answer.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
    /// L1 did not answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The enclave gave no quote, or one over another key.
    #[error(transparent)]
    Attest(#[from] RegistrationError),
    /// The enclave is for another chain or registry.
    #[error("the enclave is for {what} {enclave}, this network has {expected}: start it for this network")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// What the enclave says.
        enclave: String,
        /// What it should.
        expected: String,
    },
    /// The file cannot be read.
    #[error("quote {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Not a quote with a certificate chain.
    #[error("the quote: {0}")]
    Format(#[from] QuoteFormatError),
}

impl ProverError {
    /// Whether it may be gone at the next attempt: L1 did not answer, or not all of its nodes have come so far.
    pub fn is_temporary(&self) -> bool {
        let (Self::L1(error) | Self::Attest(RegistrationError::L1(error))) = self else { return false };
        matches!(error, L1Error::Request { .. } | L1Error::Timeout { .. } | L1Error::NoBlock(_))
    }
}

/// Asks an enclave for a quote over its key, for `operator`.
pub async fn attest(
    staking: &Staking,
    l1_rpc: &str,
    endpoint: &Endpoint,
    operator: Address,
) -> Result<Attested, ProverError> {
    let mut enclave = EnclaveClient::connect(endpoint).await?;
    let info = enclave.info().await?;
    let (chain_id, registry) = (staking.chain.chain_id(), staking.contracts.registry);
    let mismatch =
        |what, enclave: String, expected: String| ProverError::Mismatch { what, enclave, expected };
    if info.l1_chain_id != chain_id {
        return Err(mismatch("L1 chain", info.l1_chain_id.to_string(), chain_id.to_string()));
    }
    if info.registry != registry {
        return Err(mismatch("registry", info.registry.to_string(), registry.to_string()));
    }
    let signer = info.signer;
    let (quote, reference) =
        Registry::new(L1::new(l1_rpc)?, registry).attest(&mut enclave, &info, signer, operator).await?;
    Ok(Attested { signer, quote: quote.quote.to_vec(), reference: reference.number })
}

/// Reads a quote over `signer` from a file: bytes, or hexadecimal.
pub fn read(path: &Path, signer: Address, reference: u64) -> Result<Attested, ProverError> {
    let failed = |reason: String| ProverError::File { path: path.display().to_string(), reason };
    let content = input::read(path).map_err(|error| failed(error.to_string()))?;
    let quote = input::alleged_quote(&content).map_err(|error| failed(error.to_string()))?;
    Ok(Attested { signer, quote, reference })
}

/// Registers the key for the account, whose pool must be good for it.
pub async fn register(staking: &Staking, account: Address, attested: &Attested) -> Result<Plan, Error> {
    let (contracts, signer) = (&staking.contracts, attested.signer);
    let known = staking.view(contracts.registry, signerOfCall { signer }).await?;
    if known.operator == account {
        return Err(Error::Already(format!(
            "{signer} is registered for {account} already: see `pool status`"
        )));
    }
    if !staking.view(contracts.pool, isEligibleCall { operator: account }).await? {
        let obstacles = collateral::obstacles(staking, account).await?;
        return Err(Error::NotEligible { account, obstacles });
    }
    let delay: u64 = staking.view(contracts.registry, activationDelayCall {}).await?.saturating_to();
    let quote = calldata::compact(&attested.quote).map_err(ProverError::from)?;
    let call = registerCall { quote: quote.into(), signer, refBlockNumber: attested.reference };
    let what = format!("have L1 verify the quote over {signer} and register it for {account}");
    let mut notes = vec!["whatever this key signs is answered for by your collateral".to_owned()];
    if delay != 0 {
        notes.push(format!("its signatures count {} after the registration", words::span(delay)));
    }
    Ok(Plan {
        what: format!("register prover {signer}"),
        steps: vec![Step::new(
            what,
            "ProverRegistry",
            contracts.registry,
            &call,
            Operation::Register(signer).key(staking, account),
        )],
        notes,
        watched: Vec::new(),
    })
}
