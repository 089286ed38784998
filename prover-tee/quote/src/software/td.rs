//! The TD that a software platform pretends to run.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha384};

use super::{SoftwareError, fit};
use crate::format::REPORT_DATA_LENGTH;

/// Which quote a platform makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuoteVersion {
    /// Version 4 with a TD 1.0 report.
    #[default]
    V4,
    /// Version 5 with a TD 1.0 report.
    V5Td10,
    /// Version 5 with a TD 1.5 report.
    V5,
    /// Version 5 with a TD 1.5 report and its extension (body type 4).
    V5Td15Ex,
}

impl QuoteVersion {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::V4, Self::V5Td10, Self::V5, Self::V5Td15Ex];
}

/// Bytes that a body of type 4 adds to a TD 1.5 report. A TD without service TDs has zeros there, but for its id.
const EXTENSION_LENGTH: usize = 237;

/// What a TD report says, but for the report data: every field as its bytes stand in a quote.
///
/// The default is a TD as it should be; a test changes what it wants refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Td {
    /// Security version numbers of the TDX module and its loader.
    #[serde(with = "hex::serde")]
    pub tee_tcb_svn: [u8; 16],
    /// Measurement of the TDX module.
    #[serde(with = "hex::serde")]
    pub mr_seam: [u8; 48],
    /// Signer of the TDX module: zero for Intel's.
    #[serde(with = "hex::serde")]
    pub mr_signer_seam: [u8; 48],
    /// Attributes of the TDX module.
    #[serde(with = "hex::serde")]
    pub seam_attributes: [u8; 8],
    /// Attributes of the TD: bit 0 DEBUG, bit 28 SEPT_VE_DISABLE, bit 29 MIGRATABLE.
    #[serde(with = "hex::serde")]
    pub td_attributes: [u8; 8],
    /// CPU features of the TD.
    #[serde(with = "hex::serde")]
    pub xfam: [u8; 8],
    /// Measurement of the TD's initial memory.
    #[serde(with = "hex::serde")]
    pub mr_td: [u8; 48],
    /// Configuration that the host committed to.
    #[serde(with = "hex::serde")]
    pub mr_config_id: [u8; 48],
    /// Owner that the host named.
    #[serde(with = "hex::serde")]
    pub mr_owner: [u8; 48],
    /// Owner's configuration that the host named.
    #[serde(with = "hex::serde")]
    pub mr_owner_config: [u8; 48],
    /// Runtime measurement: firmware configuration.
    #[serde(with = "hex::serde")]
    pub rtmr0: [u8; 48],
    /// Runtime measurement: kernel.
    #[serde(with = "hex::serde")]
    pub rtmr1: [u8; 48],
    /// Runtime measurement: command line and initial file system.
    #[serde(with = "hex::serde")]
    pub rtmr2: [u8; 48],
    /// Runtime measurement: what the guest extended itself.
    #[serde(with = "hex::serde")]
    pub rtmr3: [u8; 48],
    /// TD 1.5 only: security version numbers that the module reports now.
    #[serde(with = "hex::serde")]
    pub tee_tcb_svn2: [u8; 16],
    /// TD 1.5 only: measurement of a bound service TD; zero if there is none.
    #[serde(with = "hex::serde")]
    pub mr_service_td: [u8; 48],
}

impl Default for Td {
    fn default() -> Self {
        let svn = [5, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Self {
            tee_tcb_svn: svn,
            mr_seam: measurement("TDX module"),
            mr_signer_seam: [0; 48],
            seam_attributes: [0; 8],
            td_attributes: [0, 0, 0, 0x10, 0, 0, 0, 0],
            xfam: [0xe7, 0x02, 0x06, 0, 0, 0, 0, 0],
            mr_td: measurement("MRTD"),
            mr_config_id: [0; 48],
            mr_owner: [0; 48],
            mr_owner_config: [0; 48],
            rtmr0: measurement("RTMR0"),
            rtmr1: measurement("RTMR1"),
            rtmr2: measurement("RTMR2"),
            rtmr3: [0; 48],
            tee_tcb_svn2: svn,
            mr_service_td: [0; 48],
        }
    }
}

/// A measurement for something that the software platform does not have.
fn measurement(of: &str) -> [u8; 48] {
    Sha384::new().chain_update(b"software TDX platform: ").chain_update(of).finalize().into()
}

impl Td {
    /// `MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID ‖ TDATTRIBUTES ‖ XFAM`, whose keccak256 is the workload id that the
    /// registry on L1 has a list of.
    pub fn workload(&self) -> Vec<u8> {
        let measurements = [self.mr_td, self.rtmr0, self.rtmr1, self.rtmr2, self.mr_config_id].concat();
        [&measurements[..], &self.td_attributes, &self.xfam].concat()
    }

    /// What follows the header in a quote, up to the signature data.
    pub(super) fn body(
        &self,
        version: QuoteVersion,
        report_data: &[u8; REPORT_DATA_LENGTH],
    ) -> Result<Vec<u8>, SoftwareError> {
        let mut report: Vec<u8> = [
            &self.tee_tcb_svn[..],
            &self.mr_seam,
            &self.mr_signer_seam,
            &self.seam_attributes,
            &self.td_attributes,
            &self.xfam,
            &self.mr_td,
            &self.mr_config_id,
            &self.mr_owner,
            &self.mr_owner_config,
            &self.rtmr0,
            &self.rtmr1,
            &self.rtmr2,
            &self.rtmr3,
            report_data,
        ]
        .concat();
        let body_type: u16 = match version {
            QuoteVersion::V4 => return Ok(report),
            QuoteVersion::V5Td10 => 2,
            QuoteVersion::V5 => 3,
            QuoteVersion::V5Td15Ex => 4,
        };
        if body_type > 2 {
            report.extend(self.tee_tcb_svn2);
            report.extend(self.mr_service_td);
        }
        if body_type > 3 {
            report.extend([0; EXTENSION_LENGTH]);
        }
        let length: u32 = fit("TD report", report.len())?;
        Ok([&body_type.to_le_bytes()[..], &length.to_le_bytes(), &report].concat())
    }
}
