//! The authority: a root, the platform authority below it, the signer of TCB info, and what they
//! issue. Shapes are those of Intel's own certificates, field by field.

use std::path::Path;

use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey, signature::Signer};
use pem_rfc7468::LineEnding;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Clock, SoftwareError, SoftwarePlatform,
    clock::{DAY, YEAR},
    der::{self, oid},
    platform::{self, PckIdentity},
};

const ROOT: &str = "Intel SGX Root CA";
const PLATFORM_CA: &str = "Intel SGX PCK Platform CA";
const PCK: &str = "Intel SGX PCK Certificate";
const TCB_SIGNING: &str = "Intel SGX TCB Signing";

const ROOT_CRL_URL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
const PCK_CRL_URL: &str =
    "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der";

/// A root of its own kind, and everything it certifies.
///
/// All keys follow from one seed and all dates from one time, so the same two make the same bytes.
pub struct SoftwarePki {
    seed: [u8; 32],
    created: Clock,
    root: SigningKey,
    platform_ca: SigningKey,
    pub(super) tcb_signing: SigningKey,
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
    /// The authority that follows from `seed`, founded at `created`.
    pub fn new(seed: [u8; 32], created: Clock) -> Self {
        // A clock that is a little behind ours still finds everything valid.
        let created = created.minus(DAY);
        Self {
            seed,
            created,
            root: derive(&seed, "root"),
            platform_ca: derive(&seed, "platform authority"),
            tcb_signing: derive(&seed, "TCB signing"),
        }
    }

    /// Reads the authority in `file`.
    pub fn load(file: &Path) -> Result<Self, SoftwareError> {
        let Stored { seed, created } = platform::read_json(file)?;
        Ok(Self::new(seed, created.plus(DAY)))
    }

    /// Keeps the authority in `file`, which only the owner may read: it holds all private keys.
    pub fn save(&self, file: &Path) -> Result<(), SoftwareError> {
        platform::write_json(file, &Stored { seed: self.seed, created: self.created })
    }

    /// The root's public key, `x ‖ y`: what a verifier pins.
    pub fn root_key(&self) -> [u8; 64] {
        point(self.root.verifying_key())
    }

    /// The root certificate, DER.
    pub fn root_der(&self) -> Vec<u8> {
        let usage = Usage::Authority { path_length: 1 };
        let validity = (self.created, Clock(u64::MAX).plus(0));
        self.certificate(&self.root, ROOT, ROOT, self.root.verifying_key(), validity, ROOT_CRL_URL, usage)
    }

    /// The certificate of the platform authority, DER: the intermediate of every quote.
    pub fn platform_ca_der(&self) -> Vec<u8> {
        let usage = Usage::Authority { path_length: 0 };
        let validity = (self.created, self.created.plus(15 * YEAR));
        let key = self.platform_ca.verifying_key();
        self.certificate(&self.root, ROOT, PLATFORM_CA, key, validity, ROOT_CRL_URL, usage)
    }

    /// The certificate that TCB info and QE identity are signed with, DER.
    pub fn tcb_signing_der(&self) -> Vec<u8> {
        let validity = (self.created, self.created.plus(7 * YEAR));
        let key = self.tcb_signing.verifying_key();
        self.certificate(&self.root, ROOT, TCB_SIGNING, key, validity, ROOT_CRL_URL, Usage::Signer(None))
    }

    /// A machine whose keys follow from `name` and that this authority certifies.
    pub fn machine(&self, name: &str) -> Result<SoftwarePlatform, SoftwareError> {
        let pck = derive(&self.seed, &format!("PCK of {name}"));
        let attestation = derive(&self.seed, &format!("attestation key of {name}"));
        let identity = PckIdentity::of(pck.verifying_key());
        let validity = (self.created, self.created.plus(7 * YEAR));
        let usage = Usage::Signer(Some(identity.sgx_extensions()));
        let leaf = self.certificate(
            &self.platform_ca,
            PLATFORM_CA,
            PCK,
            pck.verifying_key(),
            validity,
            PCK_CRL_URL,
            usage,
        );
        let chain = pem(&[leaf, self.platform_ca_der(), self.root_der()])?;
        Ok(SoftwarePlatform::new(pck, attestation, chain))
    }

    /// The root's revocation list, DER, with the serial numbers of the authorities in `revoked`.
    pub fn root_crl(&self, number: u8, issued: Clock, next: Clock, revoked: &[[u8; 20]]) -> Vec<u8> {
        revocation_list(&self.root, ROOT, number, issued, next, revoked)
    }

    /// The platform authority's revocation list, DER, with the serial numbers in `revoked`.
    pub fn pck_crl(&self, number: u8, issued: Clock, next: Clock, revoked: &[[u8; 20]]) -> Vec<u8> {
        revocation_list(&self.platform_ca, PLATFORM_CA, number, issued, next, revoked)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a certificate, in their order")]
    fn certificate(
        &self,
        issuer_key: &SigningKey,
        issuer: &str,
        subject: &str,
        key: &VerifyingKey,
        (not_before, not_after): (Clock, Clock),
        crl_url: &str,
        usage: Usage,
    ) -> Vec<u8> {
        let body = der::sequence(&[
            &der::context(0, &der::integer(&[2])),
            &der::integer(&key_id(key)),
            &algorithm(),
            &name(issuer),
            &der::sequence(&[&der::utc_time(&not_before.utc_time()), &der::utc_time(&not_after.utc_time())]),
            &name(subject),
            &key_info(key),
            &der::context(3, &extensions(issuer_key.verifying_key(), key, crl_url, usage)),
        ]);
        signed(issuer_key, &body)
    }
}

/// What a certificate's key may be used for.
enum Usage {
    /// To sign certificates, with at most so many authorities below.
    Authority { path_length: u8 },
    /// To sign data; a PCK certificate has Intel's extensions in addition.
    Signer(Option<Vec<u8>>),
}

/// A key that follows from `seed` and a label.
fn derive(seed: &[u8; 32], label: &str) -> SigningKey {
    let mut candidate = Sha256::new()
        .chain_update(b"software TDX platform key")
        .chain_update(seed)
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

fn algorithm() -> Vec<u8> {
    der::sequence(&[&der::object_identifier(oid::ECDSA_WITH_SHA256)])
}

fn signed(key: &SigningKey, body: &[u8]) -> Vec<u8> {
    let signature: DerSignature = key.sign(body);
    der::sequence(&[body, &algorithm(), &der::bit_string(0, signature.as_bytes())])
}

fn name(common_name: &str) -> Vec<u8> {
    let part = |kind, value: Vec<u8>| der::set(&[&der::sequence(&[&der::object_identifier(kind), &value])]);
    der::sequence(&[
        &part(oid::COMMON_NAME, der::utf8_string(common_name)),
        &part(oid::ORGANIZATION, der::utf8_string("Intel Corporation")),
        &part(oid::LOCALITY, der::utf8_string("Santa Clara")),
        &part(oid::STATE, der::utf8_string("CA")),
        &part(oid::COUNTRY, der::printable_string("US")),
    ])
}

fn key_info(key: &VerifyingKey) -> Vec<u8> {
    der::sequence(&[
        &der::sequence(&[
            &der::object_identifier(oid::EC_PUBLIC_KEY),
            &der::object_identifier(oid::PRIME256V1),
        ]),
        &der::bit_string(0, &[&[4], &point(key)[..]].concat()),
    ])
}

fn extension(kind: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::object_identifier(kind), &der::octet_string(content)])
}

fn critical(kind: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::object_identifier(kind), &der::boolean_true(), &der::octet_string(content)])
}

fn authority_key_id(key: &VerifyingKey) -> Vec<u8> {
    extension(oid::AUTHORITY_KEY_ID, &der::sequence(&[&der::context_primitive(0, &key_id(key))]))
}

fn extensions(issuer: &VerifyingKey, key: &VerifyingKey, crl_url: &str, usage: Usage) -> Vec<u8> {
    let full_name = der::context(0, &der::context_primitive(6, crl_url.as_bytes()));
    let distribution_points = der::sequence(&[&der::sequence(&[&der::context(0, &full_name)])]);
    // Key usage bits count from the left: 0 signature, 1 non-repudiation, 5 certificates, 6 lists.
    let (key_usage, constraints, sgx) = match usage {
        Usage::Authority { path_length } => (
            der::bit_string(1, &[0x06]),
            der::sequence(&[&der::boolean_true(), &der::integer(&[path_length])]),
            None,
        ),
        Usage::Signer(sgx) => (der::bit_string(6, &[0xc0]), der::sequence(&[]), sgx),
    };
    der::sequence(&[
        &authority_key_id(issuer),
        &extension(oid::CRL_DISTRIBUTION_POINTS, &distribution_points),
        &extension(oid::SUBJECT_KEY_ID, &der::octet_string(&key_id(key))),
        &critical(oid::KEY_USAGE, &key_usage),
        &critical(oid::BASIC_CONSTRAINTS, &constraints),
        &sgx.map(|content| extension(oid::SGX_EXTENSIONS, &content)).unwrap_or_default(),
    ])
}

fn revocation_list(
    key: &SigningKey,
    issuer: &str,
    number: u8,
    issued: Clock,
    next: Clock,
    revoked: &[[u8; 20]],
) -> Vec<u8> {
    // Reason 1 is a compromised key.
    let reason = der::sequence(&[&extension(oid::CRL_REASON, &der::enumerated(1))]);
    let entries: Vec<u8> = revoked
        .iter()
        .flat_map(|serial| {
            der::sequence(&[&der::integer(serial), &der::utc_time(&issued.utc_time()), &reason])
        })
        .collect();
    let entries = if entries.is_empty() { entries } else { der::sequence(&[&entries]) };
    let extensions = der::sequence(&[
        &extension(oid::CRL_NUMBER, &der::integer(&[number])),
        &authority_key_id(key.verifying_key()),
    ]);
    let body = der::sequence(&[
        &der::integer(&[1]),
        &algorithm(),
        &name(issuer),
        &der::utc_time(&issued.utc_time()),
        &der::utc_time(&next.utc_time()),
        &entries,
        &der::context(0, &extensions),
    ]);
    signed(key, &body)
}
