//! Registering a key on L1.

use std::time::Duration;

use alloy::{eips::BlockNumberOrTag, sol_types::SolCall};
use alloy_primitives::{Address, B256, keccak256};
use contracts_bindings::IProverRegistry::{
    IProverRegistryErrors as RegistryError, activationDelayCall, evaluationFloorCall, livenessCall,
    registerCall, signerOfCall,
};
use prover_core::enclave::{Attest, Info, Quote};
use prover_quote::{QuoteFormatError, calldata, certificate};
use tracing::{info, warn};

use crate::{
    enclave::{EnclaveClient, EnclaveError},
    keeper::Keeper,
    l1::{BlockRef, L1, L1Error},
    transaction::{TransactionError, Wallet},
};

/// How far behind the head the block lies that a quote names: deep enough to outlive a usual
/// reorganisation, recent enough for the registry, which takes thousands.
const REFERENCE_DEPTH: u64 = 3;

/// A `ProverRegistry`, to read.
#[derive(Clone, Debug)]
pub struct Registry {
    l1: L1,
    address: Address,
}

/// What the registry says of a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerState {
    /// Nobody registered it.
    Unknown,
    /// Its signatures count.
    Live {
        /// Who registered it.
        operator: Address,
        /// Until when, in Unix seconds: its own end, or that of the grace after a TCB recovery.
        ends_at: u64,
    },
    /// Its signatures do not count yet.
    Waiting {
        /// Who registered it.
        operator: Address,
        /// From when on they do, in Unix seconds.
        active_from: u64,
    },
    /// Its time is over, or a TCB recovery overtook it. It cannot be registered again.
    Ended {
        /// Who registered it.
        operator: Address,
        /// The registry's reason.
        reason: String,
    },
    /// It, its workload or its platform was revoked, which is final.
    Barred {
        /// Who registered it.
        operator: Address,
        /// The registry's reason.
        reason: String,
    },
}

/// Why a key was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// L1 did not answer.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The enclave did not answer.
    #[error(transparent)]
    Enclave(#[from] EnclaveError),
    /// The transaction failed.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The enclave's quote cannot be read.
    #[error("the enclave's quote: {0}")]
    Quote(#[from] QuoteFormatError),
    /// The quote has no platform certificate with a P-256 key.
    #[error("the enclave's quote has no platform certificate with a P-256 key")]
    Certificate,
    /// The enclave quotes another key than it was asked to.
    #[error("the enclave's quote is over {got}, not over {expected}")]
    KeyChanged {
        /// The key to register.
        expected: Address,
        /// The key in the quote.
        got: Address,
    },
    /// The transaction is in a block, but the signer does not count.
    #[error("signer {signer} was registered and is {state:?}")]
    NotLive {
        /// The signer.
        signer: Address,
        /// What the registry says.
        state: SignerState,
    },
}

impl Registry {
    /// The registry at `address`.
    pub fn new(l1: L1, address: Address) -> Self {
        Self { l1, address }
    }

    /// What the registry says of `signer`.
    pub async fn state(&self, signer: Address) -> Result<SignerState, L1Error> {
        let known = self.l1.view(self.address, &signerOfCall { signer }).await?;
        let operator = known.operator;
        if operator == Address::ZERO {
            return Ok(SignerState::Unknown);
        }
        match self.l1.view(self.address, &livenessCall { signer }).await {
            Ok(_) => {
                let floor = self.l1.view(self.address, &evaluationFloorCall {}).await?;
                let overtaken = floor.nextFrom != 0 && known.evaluationNumber < floor.next;
                let limit = if overtaken { floor.nextFrom } else { u64::MAX };
                Ok(SignerState::Live { operator, ends_at: known.expiresAt.min(limit) })
            }
            Err(L1Error::Reverted(revert)) => Ok(match revert.of_registry() {
                Some(RegistryError::SignerNotActive(_)) => {
                    SignerState::Waiting { operator, active_from: known.activeFrom }
                }
                Some(RegistryError::SignerExpired(_) | RegistryError::SignerOutdated(_)) => {
                    SignerState::Ended { operator, reason: revert.to_string() }
                }
                _ => SignerState::Barred { operator, reason: revert.to_string() },
            }),
            Err(error) => Err(error),
        }
    }

    /// Time from the registration of a key until it counts.
    pub async fn activation_delay(&self) -> Result<Duration, L1Error> {
        let seconds = self.l1.view(self.address, &activationDelayCall {}).await?;
        Ok(Duration::from_secs(seconds.saturating_to()))
    }

    /// A quote over the enclave's key `signer` for `operator`, and the block that dates it.
    pub async fn attest(
        &self,
        enclave: &mut EnclaveClient,
        info: &Info,
        signer: Address,
        operator: Address,
    ) -> Result<(Quote, BlockRef), RegistrationError> {
        let head = self.l1.block(BlockNumberOrTag::Latest).await?.number;
        let reference = self.l1.block(BlockNumberOrTag::Number(head.saturating_sub(REFERENCE_DEPTH))).await?;
        let attest = Attest {
            signer,
            l1_chain_id: info.l1_chain_id,
            registry: self.address,
            operator,
            ref_block_number: reference.number,
            ref_block_hash: reference.hash,
        };
        let quote = enclave.attest(attest).await?;
        if quote.signer != signer {
            return Err(RegistrationError::KeyChanged { expected: signer, got: quote.signer });
        }
        Ok((quote, reference))
    }

    /// Registers the enclave's key `signer` for the account of `wallet`, after the collateral was seen to.
    pub async fn register(
        &self,
        enclave: &mut EnclaveClient,
        info: &Info,
        signer: Address,
        wallet: &Wallet,
        keeper: &Keeper,
    ) -> Result<(), RegistrationError> {
        let (quote, reference) = self.attest(enclave, info, signer, wallet.address()).await?;
        if let Err(error) = keeper.refresh(&quote.quote).await {
            // What L1 has may do.
            warn!(%error, "collateral could not be seen to");
        }
        let compact = calldata::compact(&quote.quote)?;
        let call = registerCall { quote: compact.into(), signer, refBlockNumber: reference.number };
        let receipt = wallet.call(self.address, call.abi_encode().into()).await?;
        match self.state(signer).await? {
            SignerState::Live { .. } | SignerState::Waiting { .. } => {
                info!(%signer, operator = %wallet.address(), gas = receipt.gas_used, "registered");
                Ok(())
            }
            state => Err(RegistrationError::NotLive { signer, state }),
        }
    }
}

/// The platform id of a quote's machine, as the registry computes it: `keccak256(x ‖ y)` of its PCK
/// key.
pub fn platform_id(quote: &[u8]) -> Result<B256, RegistrationError> {
    let chain = certificate::chain(quote)?;
    let key = chain.first().and_then(|leaf| certificate::p256_key(leaf));
    Ok(keccak256(key.ok_or(RegistrationError::Certificate)?))
}
