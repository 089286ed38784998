//! The verdict of `dcap-qvl`, and this chain's policy on top of it. Nothing here knows the contracts:
//! it is what they are held against.

use std::fmt;

use dcap_qvl::{
    QuoteCollateralV3,
    verify::{QuoteVerifier, VerifiedReport},
};
use serde::Serialize;

use crate::{
    fields::Fields,
    policy::{self, Objection},
    root::Root,
};

/// What `dcap-qvl` and the policy say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// TCB status, if the quote is genuine and not revoked.
    pub status: Option<String>,
    /// Intel's security advisories against the platform.
    pub advisories: Vec<String>,
    /// Why `dcap-qvl` refuses, if it does.
    pub refusal: Option<String>,
    /// What the policy of this chain has against it.
    pub objections: Vec<Objection>,
}

impl Reference {
    /// Judges `quote` at the Unix time `at`. `fields` are the quote's, if it is one of a TD.
    pub fn judge(
        root: &Root,
        quote: &[u8],
        fields: Option<&Fields>,
        collateral: &QuoteCollateralV3,
        at: u64,
    ) -> Self {
        let verdict = QuoteVerifier::new(root.certificate().to_vec()).verify(quote, collateral, at);
        match verdict {
            Ok(VerifiedReport { status, advisory_ids, .. }) => {
                let objections = policy::objections(&status, fields, collateral);
                Self { status: Some(status), advisories: advisory_ids, refusal: None, objections }
            }
            Err(error) => Self {
                status: None,
                advisories: Vec::new(),
                refusal: Some(format!("{error:#}")),
                objections: Vec::new(),
            },
        }
    }

    /// Whether this is the contracts' verdict too: `status` is what they report, and none if they refuse the quote.
    pub fn agrees_with(&self, status: Option<&str>) -> bool {
        // A bad status the verifier reports and the registry refuses; everything else the verifier refuses itself.
        let must_refuse = self.objections.iter().any(|objection| !matches!(objection, Objection::Status(_)));
        match (self.status.as_deref(), status) {
            (Some(_), None) => must_refuse,
            (Some(theirs), Some(ours)) => theirs == ours && !must_refuse,
            // `dcap-qvl` refuses what is revoked.
            (None, Some(ours)) => ours == "Revoked",
            (None, None) => true,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.status, &self.refusal) {
            (Some(status), _) => write!(f, "{status}")?,
            (None, Some(refusal)) => write!(f, "refused: {refusal}")?,
            (None, None) => write!(f, "no verdict")?,
        }
        for objection in &self.objections {
            write!(f, "; policy: {objection}")?;
        }
        Ok(())
    }
}
