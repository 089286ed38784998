//! Signing and recovering digests.
//!
//! A signature is 65 bytes, `r ‖ s ‖ v`, as Solidity's `ecrecover` and OpenZeppelin's `ECDSA` take
//! it: `v` is 27 or 28 and `s` is in the lower half of the order. The nonce follows RFC 6979, so
//! signing the same digest twice gives the same bytes and needs no randomness.

use alloy_primitives::{Address, B256, FixedBytes};
use k256::ecdsa::{self, RecoveryId, SigningKey, VerifyingKey};

/// Why 65 bytes are not a signature of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// `v` must be 27 or 28.
    #[error("signature has v = {0}, not 27 or 28")]
    RecoveryByte(u8),
    /// `r` or `s` is zero or not below the order of the curve.
    #[error("signature has r or s out of range")]
    OutOfRange,
    /// `s` is in the upper half: a second encoding of a valid signature.
    #[error("signature has a high s")]
    HighS,
    /// No key signs this digest with this signature.
    #[error("signature recovers to no key")]
    NoKey,
}

/// Signs `digest`.
pub fn sign(key: &SigningKey, digest: B256) -> FixedBytes<65> {
    let (signature, recovery_id) = key.sign_prehash_recoverable(digest.as_slice());
    let mut bytes = [0; 65];
    let (body, v) = bytes.split_at_mut(64);
    body.copy_from_slice(&signature.to_bytes());
    v.fill(27 + u8::from(recovery_id.is_y_odd()));
    FixedBytes(bytes)
}

/// The address whose key signed `digest`.
pub fn recover(digest: B256, signature: &FixedBytes<65>) -> Result<Address, SignatureError> {
    let [body @ .., v] = &signature.0;
    let is_y_odd = match *v {
        27 => false,
        28 => true,
        other => return Err(SignatureError::RecoveryByte(other)),
    };
    let parsed = ecdsa::Signature::from_slice(body).map_err(|_| SignatureError::OutOfRange)?;
    if parsed.normalize_s() != parsed {
        return Err(SignatureError::HighS);
    }
    let key =
        VerifyingKey::recover_from_prehash(digest.as_slice(), &parsed, RecoveryId::new(is_y_odd, false))
            .map_err(|_| SignatureError::NoKey)?;
    Ok(address(&key))
}

/// The Ethereum address of a public key.
pub fn address(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    // An uncompressed point is 0x04 ‖ x ‖ y.
    Address::from_raw_public_key(point.as_bytes().get(1..).unwrap_or_default())
}
