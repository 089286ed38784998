//! The root certificate authority that everything is verified up to.

use prover_quote::{QuoteFormatError, certificate};

/// Public key of Intel's SGX root, `x ‖ y`: what the contracts pin in production.
pub const INTEL_ROOT_KEY: [u8; 64] = alloy_primitives::hex!(
    "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"
);

/// Intel SGX Root CA, as `https://certificates.trustedservices.intel.com` serves it.
const INTEL_ROOT_PEM: &str = include_str!("intel-sgx-root.pem");

/// Why there is no root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// Neither DER nor PEM.
    #[error("the root certificate cannot be read: {0}")]
    Pem(#[from] QuoteFormatError),
    /// No P-256 key in it.
    #[error("the root certificate has no P-256 key")]
    Key,
}

/// A root certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    certificate: Vec<u8>,
    key: [u8; 64],
}

impl Root {
    /// Intel's.
    pub fn intel() -> Result<Self, RootError> {
        Self::read(INTEL_ROOT_PEM.as_bytes())
    }

    /// The certificate in `content`: DER, or the last one in PEM.
    pub fn read(content: &[u8]) -> Result<Self, RootError> {
        let pem = std::str::from_utf8(content).ok().filter(|text| text.contains("-----BEGIN"));
        let certificate = match pem {
            Some(pem) => certificate::from_pem(pem)?.pop().ok_or(RootError::Key)?,
            None => content.to_vec(),
        };
        let key = certificate::p256_key(&certificate).ok_or(RootError::Key)?;
        Ok(Self { certificate, key })
    }

    /// DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// `x ‖ y`.
    pub fn key(&self) -> &[u8; 64] {
        &self.key
    }

    /// Whether this is Intel's root, the only one that a production chain accepts.
    pub fn is_intel(&self) -> bool {
        self.key == INTEL_ROOT_KEY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intels_root_has_intels_key() {
        assert!(Root::intel().unwrap().is_intel());
    }
}
