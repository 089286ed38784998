//! Certificates and revocation lists, field by field in the shapes of Intel's own.

use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey, signature::Signer};

use super::{
    Clock, Hardware,
    authority::{key_id, point},
    der::{self, oid},
};

const ROOT_CRL_URL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
const PCK_CRL_URL: &str =
    "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der";

/// Who issues certificates and revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The root.
    Root,
    /// The authority of platforms that Intel registered together with all their processors.
    PlatformCa,
    /// The authority of single processors.
    ProcessorCa,
}

/// A certificate to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSpec {
    /// Who signs it.
    pub issuer: Issuer,
    /// Common name of whom it is about.
    pub subject: String,
    /// Label of the key that it certifies; keys follow from labels.
    pub key: String,
    /// First second of its validity.
    pub not_before: Clock,
    /// Last second of its validity.
    pub not_after: Clock,
    /// What the key may be used for.
    pub usage: Usage,
}

/// What a certificate's key may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// To sign certificates, with at most so many authorities below.
    Authority {
        /// How many.
        path_length: u8,
    },
    /// To sign data.
    Signer,
    /// To sign quoting enclaves' reports on this machine.
    Platform(Hardware),
}

/// A revocation list to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlSpec {
    /// Who signs it.
    pub issuer: Issuer,
    /// CRL number.
    pub number: u8,
    /// When it was made.
    pub issued: Clock,
    /// Until when it counts.
    pub next_update: Clock,
    /// Serial numbers of revoked certificates.
    pub revoked: Vec<[u8; 20]>,
}

impl Issuer {
    /// Common name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "Intel SGX Root CA",
            Self::PlatformCa => "Intel SGX PCK Platform CA",
            Self::ProcessorCa => "Intel SGX PCK Processor CA",
        }
    }

    /// Label of its key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::PlatformCa => "platform authority",
            Self::ProcessorCa => "processor authority",
        }
    }
}

/// The certificate that `spec` describes, for `key`, signed by `issuer`'s key.
pub(super) fn certificate(spec: &CertificateSpec, issuer: &SigningKey, key: &VerifyingKey) -> Vec<u8> {
    let validity = der::sequence(&[
        &der::utc_time(&spec.not_before.utc_time()),
        &der::utc_time(&spec.not_after.utc_time()),
    ]);
    let crl_url = if spec.issuer == Issuer::Root { ROOT_CRL_URL } else { PCK_CRL_URL };
    let body = der::sequence(&[
        &der::context(0, &der::integer(&[2])),
        &der::integer(&key_id(key)),
        &algorithm(),
        &name(spec.issuer.name()),
        &validity,
        &name(&spec.subject),
        &key_info(key),
        &der::context(3, &extensions(issuer.verifying_key(), key, crl_url, &spec.usage)),
    ]);
    signed(issuer, &body)
}

/// The revocation list that `spec` describes, signed by `key`.
pub(super) fn revocation_list(spec: &CrlSpec, key: &SigningKey) -> Vec<u8> {
    let CrlSpec { issuer, number, issued, next_update, revoked } = spec;
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
        &extension(oid::CRL_NUMBER, &der::integer(&[*number])),
        &authority_key_id(key.verifying_key()),
    ]);
    let body = der::sequence(&[
        &der::integer(&[1]),
        &algorithm(),
        &name(issuer.name()),
        &der::utc_time(&issued.utc_time()),
        &der::utc_time(&next_update.utc_time()),
        &entries,
        &der::context(0, &extensions),
    ]);
    signed(key, &body)
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

fn extensions(issuer: &VerifyingKey, key: &VerifyingKey, crl_url: &str, usage: &Usage) -> Vec<u8> {
    let full_name = der::context(0, &der::context_primitive(6, crl_url.as_bytes()));
    let distribution_points = der::sequence(&[&der::sequence(&[&der::context(0, &full_name)])]);
    // Key usage bits count from the left: 0 signature, 1 non-repudiation, 5 certificates, 6 lists.
    let (key_usage, constraints) = match usage {
        Usage::Authority { path_length } => (
            der::bit_string(1, &[0x06]),
            der::sequence(&[&der::boolean_true(), &der::integer(&[*path_length])]),
        ),
        Usage::Signer | Usage::Platform(_) => (der::bit_string(6, &[0xc0]), der::sequence(&[])),
    };
    let sgx = match usage {
        Usage::Platform(hardware) => extension(oid::SGX_EXTENSIONS, &hardware.sgx_extensions(key)),
        Usage::Authority { .. } | Usage::Signer => Vec::new(),
    };
    der::sequence(&[
        &authority_key_id(issuer),
        &extension(oid::CRL_DISTRIBUTION_POINTS, &distribution_points),
        &extension(oid::SUBJECT_KEY_ID, &der::octet_string(&key_id(key))),
        &critical(oid::KEY_USAGE, &key_usage),
        &critical(oid::BASIC_CONSTRAINTS, &constraints),
        &sgx,
    ])
}
