//! The transactions that the batcher signs.

use alloy::{
    consensus::{EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip4844, TxEip4844WithSidecar},
    eips::{
        eip2718::{Decodable2718, Encodable2718},
        eip7594::BlobTransactionSidecarEip7594,
    },
    network::TransactionBuilder,
    rpc::types::TransactionRequest,
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use contracts_bindings::IRollup;

use super::{SubmitError, fees::Fees};
use crate::store::BatchRecord;

/// Gas for everything but signatures: the call itself, the checks, the new output.
const BASE_GAS: u64 = 250_000;
/// Gas for each signature: recovery, the registry's answer, and what is reserved of a bond.
const SIGNATURE_GAS: u64 = 60_000;
/// Gas for recording what is final: a slot for each output.
const FINALITY_GAS: u64 = 3_000_000;

/// Type 3 transaction with cell proofs, as pools take it since Osaka.
type BlobEnvelope = EthereumTxEnvelope<TxEip4844WithSidecar<BlobTransactionSidecarEip7594>>;

/// A call to the `Rollup` contract that has not been signed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) rollup: Address,
    pub(super) data: Bytes,
    /// Versioned hashes of the blobs it carries; none for a plain transaction.
    pub(super) blob_hashes: Vec<B256>,
    pub(super) gas_limit: u64,
}

/// A transaction that was signed, and maybe sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// EIP-2718 form, with blobs, commitments and proofs.
    pub(super) raw: Bytes,
    pub(super) hash: B256,
    pub(super) nonce: u64,
    pub(super) fees: Fees,
}

/// `submitBatch` for `batch`, with the given signatures.
pub(super) fn submit_batch(
    rollup: Address,
    batch: &BatchRecord,
    blob_hashes: Vec<B256>,
    signatures: Vec<Bytes>,
) -> Call {
    let transition = &batch.transition;
    let gas_limit = gas_limit(signatures.len());
    let call = IRollup::submitBatchCall {
        batch: IRollup::Batch {
            parentOutputRoot: transition.parentOutputRoot,
            outputRoot: transition.outputRoot,
            lastL2Block: transition.lastL2Block,
            lastL2Timestamp: transition.lastL2Timestamp,
            l1OriginNumber: transition.l1OriginNumber,
            l1OriginHash: transition.l1OriginHash,
        },
        signatures,
    };
    Call { rollup, data: call.abi_encode().into(), blob_hashes, gas_limit }
}

/// `addProofs` for batch `index`, with all its signatures.
pub(super) fn add_proofs(rollup: Address, index: u64, signatures: Vec<Bytes>) -> Call {
    let gas_limit = gas_limit(signatures.len());
    let call = IRollup::addProofsCall { index: U256::from(index), signatures };
    Call { rollup, data: call.abi_encode().into(), blob_hashes: Vec::new(), gas_limit }
}

/// The call that records what is final, whatever that is then.
pub(super) fn advance_finality(rollup: Address, steps: U256) -> Call {
    let data = IRollup::advanceFinalityCall { steps }.abi_encode().into();
    Call { rollup, data, blob_hashes: Vec::new(), gas_limit: FINALITY_GAS }
}

fn gas_limit(signatures: usize) -> u64 {
    let signatures = u64::try_from(signatures).unwrap_or(u64::MAX);
    BASE_GAS.saturating_add(signatures.saturating_mul(SIGNATURE_GAS))
}

impl Call {
    /// The same call as a request that changes nothing.
    pub(super) fn request(&self, from: Address) -> TransactionRequest {
        let mut request = TransactionRequest::default()
            .with_from(from)
            .with_to(self.rollup)
            .with_input(self.data.clone())
            .with_gas_limit(self.gas_limit);
        if !self.blob_hashes.is_empty() {
            request.blob_versioned_hashes = Some(self.blob_hashes.clone());
        }
        request
    }

    /// Signs it; `sidecar` holds the blobs, and is left out for a plain transaction.
    pub(super) fn sign(
        &self,
        signer: &PrivateKeySigner,
        chain_id: u64,
        nonce: u64,
        fees: Fees,
        sidecar: Option<BlobTransactionSidecarEip7594>,
    ) -> Result<Signed, SubmitError> {
        match sidecar {
            Some(sidecar) => {
                let tx = TxEip4844 {
                    chain_id,
                    nonce,
                    gas_limit: self.gas_limit,
                    max_fee_per_gas: fees.gas,
                    max_priority_fee_per_gas: fees.priority,
                    max_fee_per_blob_gas: fees.blob_gas,
                    to: self.rollup,
                    value: Default::default(),
                    access_list: Default::default(),
                    blob_versioned_hashes: sidecar.versioned_hashes().collect(),
                    input: self.data.clone(),
                };
                let tx = TxEip4844WithSidecar { tx, sidecar };
                let signature = signer.sign_hash_sync(&tx.signature_hash())?;
                let signed = tx.into_signed(signature);
                let hash = *signed.hash();
                Ok(Signed { raw: BlobEnvelope::Eip4844(signed).encoded_2718().into(), hash, nonce, fees })
            }
            None => {
                let tx = TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit: self.gas_limit,
                    max_fee_per_gas: fees.gas,
                    max_priority_fee_per_gas: fees.priority,
                    to: TxKind::Call(self.rollup),
                    value: Default::default(),
                    access_list: Default::default(),
                    input: self.data.clone(),
                };
                let signature = signer.sign_hash_sync(&tx.signature_hash())?;
                let signed = tx.into_signed(signature);
                let hash = *signed.hash();
                Ok(Signed { raw: BlobEnvelope::Eip1559(signed).encoded_2718().into(), hash, nonce, fees })
            }
        }
    }
}

impl Signed {
    /// Reads back a blob transaction that was stored.
    pub(super) fn decode(raw: &Bytes) -> Result<(Self, Call, BlobTransactionSidecarEip7594), SubmitError> {
        let envelope = BlobEnvelope::decode_2718(&mut raw.as_ref())
            .map_err(|error| SubmitError::StoredTransaction(error.to_string()))?;
        let BlobEnvelope::Eip4844(signed) = envelope else {
            return Err(SubmitError::StoredTransaction("it is not a blob transaction".to_owned()));
        };
        let hash = *signed.hash();
        let TxEip4844WithSidecar { tx, sidecar } = signed.strip_signature();
        let fees = Fees {
            gas: tx.max_fee_per_gas,
            priority: tx.max_priority_fee_per_gas,
            blob_gas: tx.max_fee_per_blob_gas,
        };
        let call = Call {
            rollup: tx.to,
            data: tx.input,
            blob_hashes: tx.blob_versioned_hashes,
            gas_limit: tx.gas_limit,
        };
        Ok((Self { raw: raw.clone(), hash, nonce: tx.nonce, fees }, call, sidecar))
    }
}
