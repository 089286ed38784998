//! The certificates in a quote, read as far as a registration needs: bytes and keys.

use pem_rfc7468::decode_vec;

use crate::format::{DER_CERTIFICATION, PEM_CERTIFICATION, QuoteFormatError, platform_certification};

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// DER of a `SubjectPublicKeyInfo` with an uncompressed P-256 point, up to the point's `x`
/// (RFC 5480: id-ecPublicKey, prime256v1, BIT STRING, 0x04).
const P256_KEY_INFO: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// The certificate chain of a quote, DER encoded: platform certificate, intermediate, root; or the first alone, if
/// the quote is compact.
pub fn chain(quote: &[u8]) -> Result<Vec<Vec<u8>>, QuoteFormatError> {
    match platform_certification(quote)? {
        (PEM_CERTIFICATION, pem) => from_pem(std::str::from_utf8(pem).map_err(|_| QuoteFormatError::Pem)?),
        (DER_CERTIFICATION, der) => Ok(vec![der.to_vec()]),
        (got, _) => Err(QuoteFormatError::Certification { expected: PEM_CERTIFICATION, got }),
    }
}

/// The certificates in `pem`, DER encoded, in their order. What stands between them is passed over.
pub fn from_pem(pem: &str) -> Result<Vec<Vec<u8>>, QuoteFormatError> {
    let mut certificates = Vec::new();
    let mut rest = pem;
    while let Some(start) = rest.find(PEM_BEGIN) {
        let block = rest.get(start..).ok_or(QuoteFormatError::Pem)?;
        let length = block.find(PEM_END).ok_or(QuoteFormatError::Pem)?.saturating_add(PEM_END.len());
        let (certificate, after) = block.split_at_checked(length).ok_or(QuoteFormatError::Pem)?;
        let (_, der) = decode_vec(certificate.as_bytes()).map_err(|_| QuoteFormatError::Pem)?;
        certificates.push(der);
        rest = after;
    }
    Ok(certificates)
}

/// The P-256 public key, `x ‖ y`, of a DER certificate. `None` if it has none.
///
/// Takes the first key info in the certificate, which is the subject's: nothing before it in a
/// certificate can hold these 27 bytes but a name made to mislead, and L1 reads the certificate
/// properly.
pub fn p256_key(der: &[u8]) -> Option<[u8; 64]> {
    let at = der.windows(P256_KEY_INFO.len()).position(|window| window == P256_KEY_INFO)?;
    der.get(at.checked_add(P256_KEY_INFO.len())?..)?.first_chunk().copied()
}
