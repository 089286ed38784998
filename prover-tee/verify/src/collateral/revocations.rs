//! What a revocation list says of itself (RFC 5280, section 5).

use alloy_primitives::{B256, keccak256};
use x509_cert::{
    certificate::Rfc5280,
    crl::CertificateList,
    der::{Decode, Encode},
};

/// A certificate revocation list, read and not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    /// keccak256 of its issuer's Name in DER: what the collateral store calls an authority.
    pub issuer: B256,
    /// How many certificates it revokes.
    pub count: u64,
}

impl Revocations {
    /// Reads DER.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let list = CertificateList::<Rfc5280>::from_der(der).ok()?.tbs_cert_list;
        let count = list.revoked_certificates.map_or(0, |revoked| revoked.len());
        Some(Self { issuer: keccak256(list.issuer.to_der().ok()?), count: u64::try_from(count).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use prover_quote::software::{Clock, CollateralSpec, SoftwarePki};

    use super::*;

    #[test]
    fn revoked_certificates_are_counted() {
        let pki = SoftwarePki::new([1; 32], Clock(1_700_000_000));
        for revoked in [vec![], vec![[1; 20]], vec![[1; 20], [2; 20], [3; 20]]] {
            let count = revoked.len();
            let spec = CollateralSpec { revoked, ..CollateralSpec::new(Clock(1_700_000_000)) };
            let collateral = pki.collateral(&spec).unwrap();
            let pck = Revocations::read(&collateral.pck_crl).unwrap();
            assert_eq!(pck.count, count as u64);
            let root = Revocations::read(&collateral.root_ca_crl).unwrap();
            assert_eq!(root.count, 0);
            assert_ne!(root.issuer, pck.issuer);
        }
        assert_eq!(Revocations::read(b"no list"), None);
    }
}
