//! A machine: its certified key, its quoting enclave, and the TD that asks for quotes.

use std::{fs, path::Path};

use p256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::Signer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{
    QuoteVersion, SoftwareError, Td,
    authority::point,
    der::{self, oid},
    fit,
};
use crate::{
    QuoteError, Quoter, checked,
    format::{PEM_CERTIFICATION, QE_REPORT_CERTIFICATION, REPORT_DATA_LENGTH, TEE_TYPE_TDX},
};

/// Model of the software machines, as TCB info names them.
pub(super) const FMSPC: [u8; 6] = [0x53, 0x57, 0, 0, 0, 0];
/// Version of the provisioning certification enclave.
pub(super) const PCE_SVN: u8 = 11;
/// The 16 security version numbers of the processor.
pub(super) const CPU_SVN: [u8; 16] = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
/// Version of the TD quoting enclave.
pub(super) const QE_SVN: u16 = 6;
/// Product number of the TD quoting enclave.
pub(super) const QE_PRODUCT: u16 = 2;
/// Intel's signer of quoting enclaves.
pub(super) const QE_SIGNER: [u8; 32] = [
    0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f,
    0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5,
];
/// SGX attributes of the quoting enclave.
const QE_ATTRIBUTES: [u8; 16] = [0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0];
/// Vendor id of Intel's quoting enclaves in the header of a quote.
const QE_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

/// One way in which a machine deceives: each must be refused by a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// The quote is signed by another key than the attestation key in it.
    QuoteSignature,
    /// The quoting enclave's report vouches for another attestation key.
    AttestationKey,
    /// The quoting enclave's report is signed by another key than the certified one.
    QeReportSignature,
}

/// A machine. What it is asked to quote is always its own [`td`](Self::td).
pub struct SoftwarePlatform {
    /// The TD that it runs.
    pub td: Td,
    /// Which quotes it makes.
    pub version: QuoteVersion,
    /// How it deceives, if it does.
    pub defect: Option<Defect>,
    pck: SigningKey,
    attestation: SigningKey,
    chain: String,
}

/// The file that a machine is kept in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(with = "hex::serde")]
    pck_key: [u8; 32],
    #[serde(with = "hex::serde")]
    attestation_key: [u8; 32],
    pck_chain: String,
    version: QuoteVersion,
    defect: Option<Defect>,
    td: Td,
}

impl SoftwarePlatform {
    /// The file in a machine's folder that it is kept in.
    pub const FILE: &'static str = "platform.json";

    pub(super) fn new(pck: SigningKey, attestation: SigningKey, chain: String) -> Self {
        Self { td: Td::default(), version: QuoteVersion::V4, defect: None, pck, attestation, chain }
    }

    /// Reads the machine in `folder`.
    pub fn load(folder: &Path) -> Result<Self, SoftwareError> {
        let stored: Stored = read_json(&folder.join(Self::FILE))?;
        let key = |bytes: &[u8; 32]| SigningKey::from_slice(bytes).map_err(|_| SoftwareError::Key);
        Ok(Self {
            td: stored.td,
            version: stored.version,
            defect: stored.defect,
            pck: key(&stored.pck_key)?,
            attestation: key(&stored.attestation_key)?,
            chain: stored.pck_chain,
        })
    }

    /// Keeps the machine in `folder`, in a file that only the owner may read.
    pub fn save(&self, folder: &Path) -> Result<(), SoftwareError> {
        let stored = Stored {
            pck_key: self.pck.to_bytes().into(),
            attestation_key: self.attestation.to_bytes().into(),
            pck_chain: self.chain.clone(),
            version: self.version,
            defect: self.defect,
            td: self.td.clone(),
        };
        fs::create_dir_all(folder).map_err(|error| SoftwareError::File { path: folder.to_owned(), error })?;
        write_json(&folder.join(Self::FILE), &stored)
    }

    /// The PCK's public key, `x ‖ y`, whose keccak256 is the platform id on L1.
    pub fn pck_key(&self) -> [u8; 64] {
        point(self.pck.verifying_key())
    }

    /// Serial number of the PCK certificate, as a revocation list names it.
    pub fn pck_serial(&self) -> [u8; 20] {
        super::authority::key_id(self.pck.verifying_key())
    }

    fn make(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, SoftwareError> {
        let version: u16 = match self.version {
            QuoteVersion::V4 => 4,
            QuoteVersion::V5 => 5,
        };
        // Attestation key type 2 is ECDSA over P-256.
        let header: Vec<u8> = [
            &version.to_le_bytes()[..],
            &2u16.to_le_bytes(),
            &TEE_TYPE_TDX.to_le_bytes(),
            &[0; 4],
            &QE_VENDOR,
            &[0; 20],
        ]
        .concat();
        let signed = [header, self.td.body(self.version, report_data)?].concat();
        let signature = self.sign_quote(&signed);
        let certification = certification("QE report", QE_REPORT_CERTIFICATION, &self.qe_report_data()?)?;
        let signature_data =
            [&signature[..], &point(self.attestation.verifying_key()), &certification].concat();
        let length: u32 = fit("signature data", signature_data.len())?;
        Ok([&signed[..], &length.to_le_bytes(), &signature_data].concat())
    }

    /// The attestation key signs header and TD report.
    fn sign_quote(&self, signed: &[u8]) -> [u8; 64] {
        let key = if self.defect == Some(Defect::QuoteSignature) { &self.pck } else { &self.attestation };
        sign(key, signed)
    }

    /// QE report, its signature by the PCK, authentication data, and the certificate chain.
    fn qe_report_data(&self) -> Result<Vec<u8>, SoftwareError> {
        let authentication: Vec<u8> = (0..32).collect();
        let vouched = if self.defect == Some(Defect::AttestationKey) { &self.pck } else { &self.attestation };
        let binding: [u8; 32] = Sha256::new()
            .chain_update(point(vouched.verifying_key()))
            .chain_update(&authentication)
            .finalize()
            .into();
        let report: Vec<u8> = [
            &CPU_SVN[..],
            &[0; 4],
            &[0; 28],
            &QE_ATTRIBUTES,
            &Sha256::digest(b"software TD quoting enclave"),
            &[0; 32],
            &QE_SIGNER,
            &[0; 96],
            &QE_PRODUCT.to_le_bytes(),
            &QE_SVN.to_le_bytes(),
            &[0; 60],
            &binding,
            &[0; 32],
        ]
        .concat();
        let key = if self.defect == Some(Defect::QeReportSignature) { &self.attestation } else { &self.pck };
        let length: u16 = fit("authentication data", authentication.len())?;
        // Intel's chains end with a zero byte.
        let chain = [self.chain.as_bytes(), &[0]].concat();
        Ok([
            &report[..],
            &sign(key, &report),
            &length.to_le_bytes(),
            &authentication,
            &certification("certificate chain", PEM_CERTIFICATION, &chain)?,
        ]
        .concat())
    }
}

impl Quoter for SoftwarePlatform {
    fn quote(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
        checked(self.make(report_data)?, report_data)
    }
}

impl std::fmt::Debug for SoftwarePlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftwarePlatform")
            .field("pck_key", &hex::encode(self.pck_key()))
            .field("version", &self.version)
            .field("defect", &self.defect)
            .finish_non_exhaustive()
    }
}

/// What a PCK certificate says of its machine.
pub(super) struct PckIdentity {
    /// Provisioning id.
    ppid: [u8; 16],
    /// Platform instance id.
    instance: [u8; 16],
}

impl PckIdentity {
    /// Ids that follow from the machine's key.
    pub(super) fn of(key: &VerifyingKey) -> Self {
        let id = |label: &[u8]| {
            let digest: [u8; 32] =
                Sha256::new().chain_update(label).chain_update(point(key)).finalize().into();
            digest.first_chunk().copied().unwrap_or_default()
        };
        Self { ppid: id(b"PPID"), instance: id(b"platform instance") }
    }

    /// Intel's SGX extensions (Intel PCK Certificate and CRL specification, table 2).
    pub(super) fn sgx_extensions(&self) -> Vec<u8> {
        let entry = |path: &[u8], value: Vec<u8>| {
            let id = [oid::SGX_EXTENSIONS, path].concat();
            der::sequence(&[&der::object_identifier(&id), &value])
        };
        let mut tcb: Vec<u8> =
            (1..).zip(CPU_SVN).flat_map(|(number, svn)| entry(&[2, number], der::integer(&[svn]))).collect();
        tcb.extend(entry(&[2, 17], der::integer(&[PCE_SVN])));
        tcb.extend(entry(&[2, 18], der::octet_string(&CPU_SVN)));
        let flags: Vec<u8> = (1..=3).flat_map(|number| entry(&[7, number], der::boolean_true())).collect();
        der::sequence(&[
            &entry(&[1], der::octet_string(&self.ppid)),
            &entry(&[2], der::sequence(&[&tcb])),
            &entry(&[3], der::octet_string(&[0; 2])),
            &entry(&[4], der::octet_string(&FMSPC)),
            &entry(&[5], der::enumerated(1)),
            &entry(&[6], der::octet_string(&self.instance)),
            &entry(&[7], der::sequence(&[&flags])),
        ])
    }
}

/// `r ‖ s` over the SHA-256 of `message`.
pub(super) fn sign(key: &SigningKey, message: &[u8]) -> [u8; 64] {
    let signature: Signature = key.sign(message);
    signature.to_bytes().into()
}

fn certification(what: &'static str, kind: u16, content: &[u8]) -> Result<Vec<u8>, SoftwareError> {
    let length: u32 = fit(what, content.len())?;
    Ok([&kind.to_le_bytes()[..], &length.to_le_bytes(), content].concat())
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, SoftwareError> {
    let bytes = fs::read(path).map_err(|error| SoftwareError::File { path: path.to_owned(), error })?;
    serde_json::from_slice(&bytes).map_err(|error| SoftwareError::Content { path: path.to_owned(), error })
}

/// Writes a file that only its owner may read.
pub(super) fn write_json<T: Serialize>(path: &Path, content: &T) -> Result<(), SoftwareError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};

    let failed = |error| SoftwareError::File { path: path.to_owned(), error };
    let bytes = serde_json::to_vec_pretty(content)
        .map_err(|error| SoftwareError::Content { path: path.to_owned(), error })?;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)
}
