//! What runs in a guest, and what L1 calls it.

use std::fmt;

use alloy_primitives::{B256, FixedBytes, keccak256};
use serde::Serialize;

use crate::fields::Fields;

/// What the registry's allow-list tells workloads apart by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Initial memory: the firmware.
    pub mr_td: FixedBytes<48>,
    /// Firmware configuration.
    pub rtmr0: FixedBytes<48>,
    /// Boot loader and kernel.
    pub rtmr1: FixedBytes<48>,
    /// Command line and initial file system.
    pub rtmr2: FixedBytes<48>,
    /// What the host committed to; in dstack, the application.
    pub mr_config_id: FixedBytes<48>,
    /// Attributes of the TD.
    pub td_attributes: FixedBytes<8>,
    /// CPU features of the TD.
    pub xfam: FixedBytes<8>,
}

impl Workload {
    /// The workload that a quote is about.
    pub fn of(fields: &Fields) -> Self {
        let td = &fields.td;
        Self {
            mr_td: td.mr_td,
            rtmr0: td.rtmr0,
            rtmr1: td.rtmr1,
            rtmr2: td.rtmr2,
            mr_config_id: td.mr_config_id,
            td_attributes: td.td_attributes,
            xfam: td.xfam,
        }
    }
}

/// `keccak256(MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ MRCONFIGID ‖ TDATTRIBUTES ‖ XFAM)`, as `IProverRegistry` defines it.
pub fn workload_id(workload: &Workload) -> B256 {
    let Workload { mr_td, rtmr0, rtmr1, rtmr2, mr_config_id, td_attributes, xfam } = workload;
    let measurements = [mr_td, rtmr0, rtmr1, rtmr2, mr_config_id].map(FixedBytes::as_slice).concat();
    keccak256([&measurements[..], td_attributes.as_slice(), xfam.as_slice()].concat())
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in [
            ("MRTD", &self.mr_td[..]),
            ("RTMR0", &self.rtmr0[..]),
            ("RTMR1", &self.rtmr1[..]),
            ("RTMR2", &self.rtmr2[..]),
            ("MRCONFIGID", &self.mr_config_id[..]),
            ("TDATTRIBUTES", &self.td_attributes[..]),
            ("XFAM", &self.xfam[..]),
        ] {
            writeln!(f, "{name:<13}{}", hex::encode(value))?;
        }
        Ok(())
    }
}
