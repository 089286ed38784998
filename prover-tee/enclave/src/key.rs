//! The signing key, which never leaves memory.

use alloy_primitives::{Address, B256, FixedBytes};
use k256::{ecdsa::SigningKey, elliptic_curve::zeroize::Zeroizing};
use prover_core::signature;

/// A secp256k1 key that was made in this process and dies with it.
///
/// There is no way to read it out, print it or load another one. Its memory is overwritten when it
/// is dropped.
pub struct EnclaveKey {
    key: SigningKey,
    address: Address,
}

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no randomness from the operating system: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

impl EnclaveKey {
    /// A fresh key from the randomness of the operating system, which in a TD comes from the
    /// processor (RDRAND and RDSEED), not from the host.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 32]);
        loop {
            getrandom::fill(&mut bytes[..])?;
            // All but one in 2^128 candidates are below the order of the curve.
            if let Ok(key) = SigningKey::from_slice(&bytes[..]) {
                let address = signature::address(key.verifying_key());
                return Ok(Self { key, address });
            }
        }
    }

    /// The address that L1 knows the key by.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs a digest, see [`signature`].
    pub(crate) fn sign(&self, digest: B256) -> FixedBytes<65> {
        signature::sign(&self.key, digest)
    }
}

impl std::fmt::Debug for EnclaveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnclaveKey").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_are_not_printed() {
        let (one, two) = (EnclaveKey::generate().unwrap(), EnclaveKey::generate().unwrap());
        assert_ne!(one.address(), two.address());
        let secret = alloy_primitives::hex::encode(one.key.to_bytes());
        let text = format!("{one:?}{one:#?}").to_lowercase();
        assert!(text.contains(&one.address().to_string().to_lowercase()));
        assert!(!text.contains(&secret));
        let digest = B256::repeat_byte(3);
        assert_eq!(signature::recover(digest, &one.sign(digest)), Ok(one.address()));
    }
}
