//! The report data that binds a quote to one registration.

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::enclave::Attest;

/// Separates these report data from any other use of a quote.
pub const REPORT_DOMAIN: &str = "phala-prover-v1";

/// The 64 bytes of report data for a registration, as `ProverRegistry` recomputes them:
///
/// ```text
/// keccak256(abi.encode("phala-prover-v1", l1ChainId, registry, operator, signer,
///                      refBlockNumber, refBlockHash)) ‖ configHash
/// ```
///
/// So a quote serves one chain, one registry, one operator and one key, is no older than the
/// block it names, and the enclave proves the chain with `config_hash`.
pub fn report_data(attest: &Attest, config_hash: B256) -> [u8; 64] {
    let binding = (
        REPORT_DOMAIN,
        U256::from(attest.l1_chain_id),
        attest.registry,
        attest.operator,
        attest.signer,
        U256::from(attest.ref_block_number),
        attest.ref_block_hash,
    )
        .abi_encode_params();
    let mut data = [0; 64];
    let (head, tail) = data.split_at_mut(32);
    head.copy_from_slice(keccak256(binding).as_slice());
    tail.copy_from_slice(config_hash.as_slice());
    data
}
