//! Registering a key on L1.

use alloy::{eips::BlockNumberOrTag, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use contracts_bindings::IProverRegistry::{
    IProverRegistryErrors, addIntermediateCall, intermediateExpiresAtCall, livenessCall, registerCall,
    signerOfCall,
};
use prover_core::enclave::{Attest, Info, Quote};
use prover_quote::{QuoteFormatError, certificate};
use tracing::info;

use crate::{
    enclave::{EnclaveClient, EnclaveError},
    l1::{BlockRef, L1, L1Error, Revert},
    transaction::{TransactionError, Wallet},
};

/// How far behind the head the block lies that a quote names: deep enough to outlive a usual
/// reorganisation, recent enough for the registry, which takes thousands.
const REFERENCE_DEPTH: u64 = 3;

/// An intermediate certificate that expires sooner is uploaded again, in seconds.
const INTERMEDIATE_MARGIN: u64 = 3600;

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
        /// Until when, in Unix seconds.
        expires_at: u64,
    },
    /// Its time is over. It cannot be registered again.
    Expired {
        /// Who registered it.
        operator: Address,
        /// Since when, in Unix seconds.
        expires_at: u64,
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
    #[error("the enclave's quote has no certificate with a P-256 key at place {0} of its chain")]
    Certificate(usize),
    /// The enclave made another key meanwhile.
    #[error("the enclave's key is {got} now, no longer {expected}")]
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
        let (operator, expires_at) = (known.operator, known.expiresAt);
        if operator == Address::ZERO {
            return Ok(SignerState::Unknown);
        }
        match self.l1.view(self.address, &livenessCall { signer }).await {
            Ok(_) => Ok(SignerState::Live { operator, expires_at }),
            Err(L1Error::Reverted(revert)) => Ok(match &revert {
                Revert::Registry(reason) if matches!(**reason, IProverRegistryErrors::SignerExpired(_)) => {
                    SignerState::Expired { operator, expires_at }
                }
                _ => SignerState::Barred { operator, reason: revert.to_string() },
            }),
            Err(error) => Err(error),
        }
    }

    /// A quote over `info`'s key for `operator`, and the block that dates it.
    pub async fn attest(
        &self,
        enclave: &mut EnclaveClient,
        info: &Info,
        operator: Address,
    ) -> Result<(Quote, BlockRef), RegistrationError> {
        let head = self.l1.block(BlockNumberOrTag::Latest).await?.number;
        let reference = self.l1.block(BlockNumberOrTag::Number(head.saturating_sub(REFERENCE_DEPTH))).await?;
        let attest = Attest {
            l1_chain_id: info.l1_chain_id,
            registry: self.address,
            operator,
            ref_block_number: reference.number,
            ref_block_hash: reference.hash,
        };
        let quote = enclave.attest(attest).await?;
        if quote.signer != info.signer {
            return Err(RegistrationError::KeyChanged { expected: info.signer, got: quote.signer });
        }
        Ok((quote, reference))
    }

    /// Registers `info`'s key for the account of `wallet`. Returns until when it counts.
    pub async fn register(
        &self,
        enclave: &mut EnclaveClient,
        info: &Info,
        wallet: &Wallet,
    ) -> Result<u64, RegistrationError> {
        let signer = info.signer;
        let (quote, reference) = self.attest(enclave, info, wallet.address()).await?;
        self.add_intermediates(&quote.quote, wallet).await?;
        let call = registerCall { quote: quote.quote, signer, refBlockNumber: reference.number };
        let receipt = wallet.call(self.address, call.abi_encode().into()).await?;
        match self.state(signer).await? {
            SignerState::Live { expires_at, .. } => {
                info!(%signer, operator = %wallet.address(), gas = receipt.gas_used, expires_at, "registered");
                Ok(expires_at)
            }
            state => Err(RegistrationError::NotLive { signer, state }),
        }
    }

    /// Uploads the intermediate certificates of `quote` that the registry does not have.
    async fn add_intermediates(&self, quote: &[u8], wallet: &Wallet) -> Result<(), RegistrationError> {
        let chain = certificate::chain(quote)?;
        let now = self.l1.block(BlockNumberOrTag::Latest).await?.timestamp;
        // Platform certificate first, root last.
        let last = chain.len().saturating_sub(1);
        for (place, der) in chain.into_iter().enumerate().take(last).skip(1) {
            let key = certificate::p256_key(&der).ok_or(RegistrationError::Certificate(place))?;
            let key_hash = keccak256(key);
            let call = intermediateExpiresAtCall { keyHash: key_hash };
            let expires_at = self.l1.view(self.address, &call).await?;
            if expires_at.saturating_to::<u64>() > now.saturating_add(INTERMEDIATE_MARGIN) {
                continue;
            }
            let call = addIntermediateCall { der: Bytes::from(der) };
            let receipt = wallet.call(self.address, call.abi_encode().into()).await?;
            info!(%key_hash, gas = receipt.gas_used, "intermediate certificate uploaded");
        }
        Ok(())
    }
}

/// The platform id of a quote's machine, as the registry computes it: `keccak256(x ‖ y)` of its PCK
/// key.
pub fn platform_id(quote: &[u8]) -> Result<B256, RegistrationError> {
    let chain = certificate::chain(quote)?;
    let key = chain.first().and_then(|leaf| certificate::p256_key(leaf));
    Ok(keccak256(key.ok_or(RegistrationError::Certificate(0))?))
}
