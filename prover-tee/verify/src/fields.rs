//! The fields of a quote, as they stand in it. Reading them verifies nothing.

use std::fmt;

use alloy_primitives::{B256, Bytes, FixedBytes, keccak256};
use dcap_qvl::intel::{PckExtension, parse_pck_extension};
use prover_quote::{QuoteFormatError, certificate, format};
use serde::Serialize;

const HEADER: usize = 48;
const BODY_DESCRIPTION: usize = 6;
const TD10: usize = 584;
const TD15: usize = 648;
const TD15_EX: usize = 885;
const QE_REPORT: usize = 384;

/// Why the fields of a quote cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldsError {
    /// Not a quote.
    #[error(transparent)]
    Format(#[from] QuoteFormatError),
    /// A body that is not one of the TD reports.
    #[error("body of type {kind} with {length} bytes; known are 2 (584), 3 (648) and 4 (885)")]
    Body {
        /// Type in the quote.
        kind: u16,
        /// Length in the quote.
        length: u32,
    },
    /// A field lies beyond the end.
    #[error("the quote ends before byte {needed}")]
    TooShort {
        /// Bytes that are needed.
        needed: usize,
    },
}

/// A quote's fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fields {
    /// Version of the quote's format, 4 or 5.
    pub version: u16,
    /// Kind of attestation key; 2 is ECDSA over P-256.
    pub attestation_key_type: u16,
    /// Kind of TEE; 0x81 is TDX.
    pub tee_type: u32,
    /// Bytes 8 to 12 of the header.
    pub reserved: FixedBytes<4>,
    /// Vendor of the quoting enclave.
    pub qe_vendor: FixedBytes<16>,
    /// The quoting enclave's id and other data of its own.
    pub user_data: FixedBytes<20>,
    /// Kind of TD report: 2 is TD 1.0, 3 is TD 1.5, 4 is TD 1.5 with extensions. A quote of version 4 holds a TD 1.0.
    pub body_type: u16,
    /// What the TDX module reports of the TD.
    pub td: TdReport,
    /// What TD 1.5 adds.
    pub td15: Option<Td15>,
    /// The extensions of body type 4, unread.
    pub td15_extension: Option<Bytes>,
    /// The quoting enclave.
    pub qe: QeReport,
    /// The machine, as its certificate describes it; absent if the quote carries no certificate that can be read.
    pub platform: Option<Platform>,
}

/// The TD 1.0 report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TdReport {
    /// Security versions of the TDX module and its loader when the TD was launched.
    pub tee_tcb_svn: FixedBytes<16>,
    /// Measurement of the TDX module.
    pub mr_seam: FixedBytes<48>,
    /// Signer of the TDX module; zero is Intel.
    pub mr_signer_seam: FixedBytes<48>,
    /// Attributes of the TDX module.
    pub seam_attributes: FixedBytes<8>,
    /// Attributes of the TD, little-endian.
    pub td_attributes: FixedBytes<8>,
    /// CPU features of the TD, little-endian.
    pub xfam: FixedBytes<8>,
    /// Initial memory: the firmware.
    pub mr_td: FixedBytes<48>,
    /// What the host committed to.
    pub mr_config_id: FixedBytes<48>,
    /// Owner that the host named.
    pub mr_owner: FixedBytes<48>,
    /// Owner's configuration that the host named.
    pub mr_owner_config: FixedBytes<48>,
    /// Firmware configuration.
    pub rtmr0: FixedBytes<48>,
    /// Boot loader and kernel.
    pub rtmr1: FixedBytes<48>,
    /// Command line and initial file system.
    pub rtmr2: FixedBytes<48>,
    /// What the guest extended itself.
    pub rtmr3: FixedBytes<48>,
    /// What the quote was made for.
    pub report_data: FixedBytes<64>,
}

/// What a TD 1.5 report adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Td15 {
    /// Security versions of the TDX module now.
    pub tee_tcb_svn2: FixedBytes<16>,
    /// Measurement of the service TDs bound to the TD; zero is none.
    pub mr_service_td: FixedBytes<48>,
}

/// The quoting enclave's own SGX report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QeReport {
    /// Security versions of the processor.
    pub cpu_svn: FixedBytes<16>,
    /// Extended features.
    pub misc_select: FixedBytes<4>,
    /// SGX attributes.
    pub attributes: FixedBytes<16>,
    /// Measurement.
    pub mr_enclave: B256,
    /// Signer.
    pub mr_signer: B256,
    /// Product number.
    pub product_id: u16,
    /// Security version.
    pub svn: u16,
    /// Bytes of authentication data that the attestation key's hash covers.
    pub authentication_length: u16,
    /// Kind of certification data; 5 is a PEM chain.
    pub certification_type: u16,
}

/// The machine, by its PCK certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    /// keccak256(x ‖ y) of the certificate's key: the platform's name on L1.
    pub platform_id: B256,
    /// Family, model, stepping, platform type and custom SKU: which TCB info it is judged by.
    pub fmspc: FixedBytes<6>,
    /// Id of the provisioning certification enclave.
    pub pce_id: Bytes,
    /// Security versions of the processor that the certificate vouches for.
    pub cpu_svn: FixedBytes<16>,
    /// Security version of the provisioning certification enclave.
    pub pce_svn: u16,
}

impl Fields {
    /// Reads `quote`, which is exactly as long as its length fields say. The machine's certificate is the
    /// first of `chain` where one is given, else of the quote's own.
    pub fn read(quote: &[u8], chain: Option<&str>) -> Result<Self, FieldsError> {
        format::length(quote)?;
        let mut reader = Reader { bytes: quote, position: 0 };
        let version = reader.u16()?;
        let attestation_key_type = reader.u16()?;
        let tee_type = reader.u32()?;
        let (reserved, qe_vendor, user_data) = (reader.fixed()?, reader.fixed()?, reader.fixed()?);
        let (body_type, length) = if version == 4 {
            (2, TD10)
        } else {
            let (kind, length) = (reader.u16()?, reader.u32()?);
            (kind, usize::try_from(length).unwrap_or(usize::MAX))
        };
        let expected = match body_type {
            2 => TD10,
            3 => TD15,
            4 => TD15_EX,
            _ => usize::MAX,
        };
        if length != expected {
            return Err(FieldsError::Body {
                kind: body_type,
                length: u32::try_from(length).unwrap_or(u32::MAX),
            });
        }
        debug_assert!(matches!(reader.position, HEADER) || reader.position == HEADER + BODY_DESCRIPTION);
        let td = reader.td()?;
        let td15 = match body_type {
            2 => None,
            _ => Some(Td15 { tee_tcb_svn2: reader.fixed()?, mr_service_td: reader.fixed()? }),
        };
        let td15_extension = match body_type {
            4 => Some(Bytes::copy_from_slice(reader.take(TD15_EX - TD15)?)),
            _ => None,
        };
        // Length of the signature data, signature, attestation key, certification type and length.
        reader.take(4 + 64 + 64 + 6)?;
        let qe = reader.qe()?;
        let platform = platform(quote, chain);
        Ok(Self {
            version,
            attestation_key_type,
            tee_type,
            reserved,
            qe_vendor,
            user_data,
            body_type,
            td,
            td15,
            td15_extension,
            qe,
            platform,
        })
    }

    /// Whether nothing but RTMR3 can say which application runs.
    pub fn names_no_application(&self) -> bool {
        self.td.mr_config_id.is_zero() && !self.td.rtmr3.is_zero()
    }
}

/// The machine that the quote's certificate describes, if one can be read.
fn platform(quote: &[u8], chain: Option<&str>) -> Option<Platform> {
    let chain = match chain {
        Some(pem) => certificate::from_pem(pem).ok()?,
        None => certificate::chain(quote).ok()?,
    };
    let leaf = chain.first()?;
    let PckExtension { fmspc, pce_id, cpu_svn, pce_svn, .. } = parse_pck_extension(leaf).ok()?;
    Some(Platform {
        platform_id: keccak256(certificate::p256_key(leaf)?),
        fmspc: fmspc.into(),
        pce_id: pce_id.into(),
        cpu_svn: cpu_svn.into(),
        pce_svn,
    })
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "  {name:<18}{value}");
        let body = match self.body_type {
            2 => "TD 1.0",
            3 => "TD 1.5",
            _ => "TD 1.5 extended",
        };
        line("quote", &format_args!("version {}, {body}", self.version))?;
        match &self.platform {
            Some(platform) => {
                line("FMSPC", &hex::encode(platform.fmspc))?;
                line(
                    "CPUSVN, PCESVN",
                    &format_args!("{}, {}", hex::encode(platform.cpu_svn), platform.pce_svn),
                )?;
                line("platform id", &platform.platform_id)?;
            }
            None => line("FMSPC", &"unknown: no platform certificate that can be read")?,
        }
        line("TEE_TCB_SVN", &hex::encode(self.td.tee_tcb_svn))?;
        if let Some(td15) = &self.td15 {
            line("TEE_TCB_SVN2", &hex::encode(td15.tee_tcb_svn2))?;
            line("MRSERVICETD", &hex::encode(td15.mr_service_td))?;
        }
        line("quoting enclave", &format_args!("product {}, version {}", self.qe.product_id, self.qe.svn))?;
        for (name, value) in [
            ("TD attributes", &self.td.td_attributes[..]),
            ("XFAM", &self.td.xfam[..]),
            ("MRTD", &self.td.mr_td[..]),
            ("RTMR0", &self.td.rtmr0[..]),
            ("RTMR1", &self.td.rtmr1[..]),
            ("RTMR2", &self.td.rtmr2[..]),
            ("RTMR3", &self.td.rtmr3[..]),
            ("MRCONFIGID", &self.td.mr_config_id[..]),
            ("report data", &self.td.report_data[..]),
        ] {
            line(name, &hex::encode(value))?;
        }
        Ok(())
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FieldsError> {
        let needed = self.position.saturating_add(count);
        let taken = self.bytes.get(self.position..needed).ok_or(FieldsError::TooShort { needed })?;
        self.position = needed;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<FixedBytes<N>, FieldsError> {
        let needed = self.position.saturating_add(N);
        self.take(N)?.first_chunk().map(FixedBytes::from).ok_or(FieldsError::TooShort { needed })
    }

    fn u16(&mut self) -> Result<u16, FieldsError> {
        self.fixed().map(|bytes| u16::from_le_bytes(bytes.0))
    }

    fn u32(&mut self) -> Result<u32, FieldsError> {
        self.fixed().map(|bytes| u32::from_le_bytes(bytes.0))
    }

    fn td(&mut self) -> Result<TdReport, FieldsError> {
        Ok(TdReport {
            tee_tcb_svn: self.fixed()?,
            mr_seam: self.fixed()?,
            mr_signer_seam: self.fixed()?,
            seam_attributes: self.fixed()?,
            td_attributes: self.fixed()?,
            xfam: self.fixed()?,
            mr_td: self.fixed()?,
            mr_config_id: self.fixed()?,
            mr_owner: self.fixed()?,
            mr_owner_config: self.fixed()?,
            rtmr0: self.fixed()?,
            rtmr1: self.fixed()?,
            rtmr2: self.fixed()?,
            rtmr3: self.fixed()?,
            report_data: self.fixed()?,
        })
    }

    fn qe(&mut self) -> Result<QeReport, FieldsError> {
        let start = self.position;
        let cpu_svn = self.fixed()?;
        let misc_select = self.fixed()?;
        self.take(28)?;
        let attributes = self.fixed()?;
        let mr_enclave = self.fixed()?;
        self.take(32)?;
        let mr_signer = self.fixed()?;
        self.take(96)?;
        let (product_id, svn) = (self.u16()?, self.u16()?);
        self.position = start.saturating_add(QE_REPORT + 64);
        let authentication_length = self.u16()?;
        self.take(usize::from(authentication_length))?;
        let certification_type = self.u16()?;
        Ok(QeReport {
            cpu_svn,
            misc_select,
            attributes,
            mr_enclave,
            mr_signer,
            product_id,
            svn,
            authentication_length,
            certification_type,
        })
    }
}
