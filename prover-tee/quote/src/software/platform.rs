//! A machine: its certified key, its quoting enclave, and the TD that asks for quotes.

use std::{fs, path::Path};

use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{QuoteVersion, SoftwareError, Td, authority::point, fit};
use crate::{
    QuoteError, Quoter, checked,
    format::{
        PEM_CERTIFICATION, QE_REPORT_CERTIFICATION, QE_REPORT_LENGTH, QuoteFormatError, REPORT_DATA_LENGTH,
        TEE_TYPE_TDX, signature_offset,
    },
};

/// Version of the TD quoting enclave.
pub(super) const QE_SVN: u16 = 6;
/// Product number of the TD quoting enclave.
pub(super) const QE_PRODUCT: u16 = 2;
/// Intel's signer of quoting enclaves.
pub(super) const QE_SIGNER: [u8; 32] = [
    0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f,
    0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5,
];
/// The processor's security versions in the quoting enclave's report, which nobody judges.
const QE_CPU_SVN: [u8; 16] = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
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

    /// Signs an edited quote again: header and body by the attestation key, the quoting enclave's report by the PCK.
    /// So anything in them can be wrong and nothing else is. The attestation key that the report vouches for stays.
    pub fn resign(&self, quote: &mut [u8]) -> Result<(), QuoteFormatError> {
        let at = signature_offset(quote)?;
        let report = at.saturating_add(4 + 64 + 64 + 6);
        let needed = report.saturating_add(QE_REPORT_LENGTH + 64);
        let short = QuoteFormatError::TooShort { length: quote.len(), needed };
        let (signed, rest) = quote.split_at_mut_checked(at).ok_or(short)?;
        let signature = rest.get_mut(4..4 + 64).ok_or(short)?;
        signature.copy_from_slice(&sign(&self.attestation, signed));
        let report = rest.get_mut(4 + 64 + 64 + 6..).ok_or(short)?;
        let (report, rest) = report.split_at_mut_checked(QE_REPORT_LENGTH).ok_or(short)?;
        rest.get_mut(..64).ok_or(short)?.copy_from_slice(&sign(&self.pck, report));
        Ok(())
    }

    fn make(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, SoftwareError> {
        let version: u16 = match self.version {
            QuoteVersion::V4 => 4,
            QuoteVersion::V5Td10 | QuoteVersion::V5 | QuoteVersion::V5Td15Ex => 5,
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
            &QE_CPU_SVN[..],
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
