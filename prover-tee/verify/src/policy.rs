//! This chain's policy on top of `dcap-qvl`: what L1 refuses although the quote is genuine.
//!
//! Written from the interfaces of the contracts, not from their code: the two are held against each other.

use std::fmt;

use dcap_qvl::QuoteCollateralV3;
use serde::{Deserialize, Serialize};

use crate::fields::Fields;

/// What the policy has against a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Objection {
    /// Not a quote of a TD: `dcap-qvl` verifies those of SGX enclaves too.
    NotTdx,
    /// A TCB status other than UpToDate.
    Status(String),
    /// The TCB info is for another provisioning certification enclave.
    PceId {
        /// Of the platform's certificate, hex.
        given: String,
        /// Of the TCB info, hex.
        expected: String,
    },
    /// A QE identity of another version than 2, which Intel publishes for TDX.
    QeIdentityVersion(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TcbInfoHead {
    pce_id: String,
}

#[derive(Deserialize)]
struct QeIdentityHead {
    version: u64,
}

/// What the policy has against a genuine quote with this TCB status, whose fields are none if it is not of a TD.
pub fn objections(status: &str, fields: Option<&Fields>, collateral: &QuoteCollateralV3) -> Vec<Objection> {
    let mut objections = Vec::new();
    if fields.is_none() {
        objections.push(Objection::NotTdx);
    }
    if status != "UpToDate" {
        objections.push(Objection::Status(status.to_owned()));
    }
    let platform = fields.and_then(|fields| fields.platform.as_ref());
    let head = serde_json::from_str::<TcbInfoHead>(&collateral.tcb_info).ok();
    if let (Some(platform), Some(TcbInfoHead { pce_id: expected })) = (platform, head) {
        let given = hex::encode(&platform.pce_id);
        if !given.eq_ignore_ascii_case(&expected) {
            objections.push(Objection::PceId { given, expected });
        }
    }
    if let Ok(QeIdentityHead { version }) = serde_json::from_str(&collateral.qe_identity)
        && version != 2
    {
        objections.push(Objection::QeIdentityVersion(version));
    }
    objections
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTdx => write!(f, "not a quote of a TD"),
            Self::Status(status) => write!(f, "the TCB status is {status}, not UpToDate"),
            Self::PceId { given, expected } => {
                write!(f, "the certificate is of PCE id {given}, the TCB info of {expected}")
            }
            Self::QeIdentityVersion(version) => write!(f, "QE identity of version {version}, not 2"),
        }
    }
}
