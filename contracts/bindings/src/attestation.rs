//! Code of the contracts that judge quotes.

use alloy_primitives::Bytes;
use serde::Deserialize;

/// Creation code by contract, as `contracts/tools/attestation.mjs` wrote it. A test of the contracts compares it with what
/// their sources compile to.
const ATTESTATION: &str = include_str!("../attestation.json");

/// Creation code of the contracts that judge quotes, without constructor arguments.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AttestationCode {
    /// `CollateralStore`.
    pub collateral_store: Bytes,
    /// `ProverRegistry`.
    pub prover_registry: Bytes,
    /// `QuoteVerifier`.
    pub quote_verifier: Bytes,
}

/// The contracts that judge quotes, as this version of the sources compiles to.
///
/// Errors only if the committed file is damaged.
pub fn attestation() -> Result<AttestationCode, serde_json::Error> {
    serde_json::from_str(ATTESTATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contract_has_code() {
        let code = attestation().unwrap();
        for code in [code.collateral_store, code.prover_registry, code.quote_verifier] {
            // EIP-3860: twice what a contract may have.
            assert!((1000..=2 * 24_576).contains(&code.len()), "{}", code.len());
        }
    }
}
