//! The authority: a root, the authorities below it, the signer of TCB info, and what they issue.

use std::path::Path;

use p256::ecdsa::{SigningKey, VerifyingKey};
use pem_rfc7468::LineEnding;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    CertificateSpec, Clock, CrlSpec, Hardware, Issuer, SoftwareError, SoftwarePlatform, Usage, certificate,
    clock::{DAY, YEAR},
    platform,
};

const PCK: &str = "Intel SGX PCK Certificate";
const TCB_SIGNING: &str = "Intel SGX TCB Signing";

/// A root of its own kind, and everything it certifies.
///
/// All keys follow from one seed and all dates from one time, so the same two make the same bytes.
pub struct SoftwarePki {
    seed: [u8; 32],
    created: Clock,
}

/// The file that an authority is kept in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(with = "hex::serde")]
    seed: [u8; 32],
    created: Clock,
}

impl SoftwarePki {
    /// Label of the key that signs TCB info and QE identity.
    pub const TCB_SIGNING_KEY: &'static str = "TCB signing";

    /// The authority that follows from `seed`, founded at `created`.
    pub fn new(seed: [u8; 32], created: Clock) -> Self {
        // A clock that is a little behind ours still finds everything valid.
        Self { seed, created: created.minus(DAY) }
    }

    /// Reads the authority in `file`.
    pub fn load(file: &Path) -> Result<Self, SoftwareError> {
        let Stored { seed, created } = platform::read_json(file)?;
        Ok(Self { seed, created })
    }

    /// Keeps the authority in `file`, which only the owner may read: it holds all private keys.
    pub fn save(&self, file: &Path) -> Result<(), SoftwareError> {
        platform::write_json(file, &Stored { seed: self.seed, created: self.created })
    }

    /// The root's public key, `x ‖ y`: what a verifier pins.
    pub fn root_key(&self) -> [u8; 64] {
        self.public_key(Issuer::Root.key())
    }

    /// The root certificate, DER.
    pub fn root_der(&self) -> Vec<u8> {
        self.certify(&CertificateSpec {
            not_after: Clock(u64::MAX).plus(0),
            ..self.authority_spec(Issuer::Root, 1)
        })
    }

    /// The certificate of the platform authority, DER: the intermediate of every quote.
    pub fn platform_ca_der(&self) -> Vec<u8> {
        self.certify(&self.authority_spec(Issuer::PlatformCa, 0))
    }

    /// The certificate of the processor authority, DER.
    pub fn processor_ca_der(&self) -> Vec<u8> {
        self.certify(&self.authority_spec(Issuer::ProcessorCa, 0))
    }

    /// The certificate that TCB info and QE identity are signed with, DER.
    pub fn tcb_signing_der(&self) -> Vec<u8> {
        self.certify(&self.tcb_signing_spec())
    }

    /// What the certificate of the TCB signer says.
    pub fn tcb_signing_spec(&self) -> CertificateSpec {
        CertificateSpec {
            issuer: Issuer::Root,
            subject: TCB_SIGNING.to_owned(),
            key: Self::TCB_SIGNING_KEY.to_owned(),
            not_before: self.created,
            not_after: self.created.plus(7 * YEAR),
            usage: Usage::Signer,
        }
    }

    /// What the certificate of the machine `name` says.
    pub fn machine_spec(&self, name: &str, hardware: Hardware) -> CertificateSpec {
        CertificateSpec {
            issuer: Issuer::PlatformCa,
            subject: PCK.to_owned(),
            key: format!("PCK of {name}"),
            not_before: self.created,
            not_after: self.created.plus(7 * YEAR),
            usage: Usage::Platform(hardware),
        }
    }

    /// A machine whose keys follow from `name` and that this authority certifies.
    pub fn machine(&self, name: &str) -> Result<SoftwarePlatform, SoftwareError> {
        self.machine_by(name, &self.machine_spec(name, Hardware::default()))
    }

    /// The machine `name` with a certificate of its own making.
    pub fn machine_by(&self, name: &str, spec: &CertificateSpec) -> Result<SoftwarePlatform, SoftwareError> {
        let mut chain = vec![self.certify(spec)];
        match spec.issuer {
            Issuer::Root => {}
            Issuer::PlatformCa => chain.push(self.platform_ca_der()),
            Issuer::ProcessorCa => chain.push(self.processor_ca_der()),
        }
        chain.push(self.root_der());
        let attestation = self.key(&format!("attestation key of {name}"));
        Ok(SoftwarePlatform::new(self.key(&spec.key), attestation, pem(&chain)?))
    }

    /// Makes a certificate, DER. Nothing is checked: it may be one that no authority would give.
    pub fn certify(&self, spec: &CertificateSpec) -> Vec<u8> {
        certificate::certificate(spec, &self.key(spec.issuer.key()), self.key(&spec.key).verifying_key())
    }

    /// Makes a revocation list, DER.
    pub fn revoke(&self, spec: &CrlSpec) -> Vec<u8> {
        certificate::revocation_list(spec, &self.key(spec.issuer.key()))
    }

    /// The root's revocation list, DER, with the serial numbers of the authorities in `revoked`.
    pub fn root_crl(&self, number: u8, issued: Clock, next_update: Clock, revoked: &[[u8; 20]]) -> Vec<u8> {
        let revoked = revoked.to_vec();
        self.revoke(&CrlSpec { issuer: Issuer::Root, number, issued, next_update, revoked })
    }

    /// The platform authority's revocation list, DER, with the serial numbers in `revoked`.
    pub fn pck_crl(&self, number: u8, issued: Clock, next_update: Clock, revoked: &[[u8; 20]]) -> Vec<u8> {
        let revoked = revoked.to_vec();
        self.revoke(&CrlSpec { issuer: Issuer::PlatformCa, number, issued, next_update, revoked })
    }

    /// Public key with this label, `x ‖ y`.
    pub fn public_key(&self, label: &str) -> [u8; 64] {
        point(self.key(label).verifying_key())
    }

    /// Serial number of the certificates of the key with this label.
    pub fn serial(&self, label: &str) -> [u8; 20] {
        key_id(self.key(label).verifying_key())
    }

    /// `r ‖ s` over the SHA-256 of `message`, by the key with this label.
    pub fn sign(&self, label: &str, message: &[u8]) -> [u8; 64] {
        platform::sign(&self.key(label), message)
    }

    fn authority_spec(&self, issuer: Issuer, path_length: u8) -> CertificateSpec {
        CertificateSpec {
            issuer: Issuer::Root,
            subject: issuer.name().to_owned(),
            key: issuer.key().to_owned(),
            not_before: self.created,
            not_after: self.created.plus(15 * YEAR),
            usage: Usage::Authority { path_length },
        }
    }

    /// The key that follows from the seed and a label.
    fn key(&self, label: &str) -> SigningKey {
        let mut candidate = Sha256::new()
            .chain_update(b"software TDX platform key")
            .chain_update(self.seed)
            .chain_update(label)
            .finalize();
        loop {
            // All but one in 2^32 candidates are below the order of the curve.
            if let Ok(key) = SigningKey::from_slice(&candidate) {
                return key;
            }
            candidate = Sha256::digest(candidate);
        }
    }
}

/// `x ‖ y` of a public key.
pub(super) fn point(key: &VerifyingKey) -> [u8; 64] {
    let encoded = key.to_sec1_point(false);
    // An uncompressed point is 0x04 ‖ x ‖ y.
    encoded.as_bytes().last_chunk().copied().unwrap_or([0; 64])
}

/// Identifies a key, and doubles as the serial number of its certificate (RFC 7093, method 1).
pub(super) fn key_id(key: &VerifyingKey) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::new().chain_update([4]).chain_update(point(key)).finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Several certificates in PEM, as they stand in a quote.
pub(super) fn pem(certificates: &[Vec<u8>]) -> Result<String, SoftwareError> {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str(&pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, certificate)?);
    }
    Ok(text)
}
