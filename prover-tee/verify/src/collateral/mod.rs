//! A file of collateral, taken apart into what is uploaded to L1.

mod head;
mod json;
mod revocations;

pub use head::Head;
pub use revocations::Revocations;

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolCall;
use contracts_bindings::ICollateralStore::{
    addAuthorityCall, addSignerCall, updatePckCrlCall, updateQeIdentityCall, updateRootCrlCall,
    updateTcbInfoCall,
};
use dcap_qvl::QuoteCollateralV3;
use pem_rfc7468::{LineEnding, encode_string};
use prover_quote::certificate;
use serde::Serialize;

use crate::text;

/// Why a file is no collateral.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollateralError {
    /// Not text.
    #[error("not JSON: the file is not UTF-8")]
    Encoding,
    /// Not an object of JSON.
    #[error("not the JSON of dcap-qvl's QuoteCollateralV3: {0}")]
    Json(#[from] serde_json::Error),
    /// TCB info or QE identity is not there.
    #[error("no {field} in the collateral")]
    Missing {
        /// The part.
        field: &'static str,
    },
    /// A part in none of the forms that are read.
    #[error("{field} is neither text nor bytes in a form that is known")]
    Bytes {
        /// The part.
        field: &'static str,
    },
}

/// Collateral as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateralFile {
    /// For `dcap-qvl`, without a chain of the platform.
    pub collateral: QuoteCollateralV3,
    /// The platform's chain, PEM, if the file has one.
    pub platform_chain: Option<String>,
}

/// One upload to the collateral store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What it is.
    pub part: Part,
    /// Call of the store.
    pub call: Bytes,
}

/// The parts of collateral, in the order in which they are uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The root's revocation list.
    RootCrl,
    /// The authority that issued the platform's certificate.
    Authority,
    /// The signer of TCB info or QE identity.
    Signer,
    /// The authority's revocation list.
    PckCrl,
    /// What is known of the platform's security versions.
    TcbInfo,
    /// What is known of the quoting enclave's.
    QeIdentity,
}

impl Part {
    /// What Intel calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RootCrl => "root CRL",
            Self::Authority => "PCK authority certificate",
            Self::Signer => "TCB signing certificate",
            Self::PckCrl => "PCK CRL",
            Self::TcbInfo => "TCB info",
            Self::QeIdentity => "QE identity",
        }
    }
}

impl CollateralFile {
    /// Reads the JSON of `QuoteCollateralV3`, in the forms in which it is found.
    pub fn parse(content: &[u8]) -> Result<Self, CollateralError> {
        json::parse(content)
    }

    /// What is uploaded before a quote with this certificate chain (DER, platform first) can be verified.
    ///
    /// What cannot be read is left out: L1 then says what it misses.
    /// The root, by its key `x ‖ y`, is not uploaded.
    pub fn uploads(&self, chain: &[Vec<u8>], root: &[u8; 64]) -> Vec<Upload> {
        let collateral = &self.collateral;
        let certificates = text::pem_blocks;
        let is_root = |der: &&Vec<u8>| certificate::p256_key(der).is_some_and(|key| key == *root);
        let upload = |part, call: Vec<u8>| Upload { part, call: call.into() };
        let mut uploads = vec![upload(
            Part::RootCrl,
            updateRootCrlCall { der: collateral.root_ca_crl.clone().into() }.abi_encode(),
        )];

        // The chain's own authorities, then those of the revocation list. Equal ones are uploaded once.
        let issuers = certificates(&collateral.pck_crl_issuer_chain);
        let authorities = chain.iter().skip(1).chain(&issuers).filter(|der| !is_root(der));
        for der in distinct(authorities.cloned()) {
            uploads.push(upload(Part::Authority, addAuthorityCall { der: der.into() }.abi_encode()));
        }
        let tcb_signer = certificates(&collateral.tcb_info_issuer_chain).into_iter().next();
        let qe_signer = certificates(&collateral.qe_identity_issuer_chain).into_iter().next();
        let (tcb_signer_key, qe_signer_key) = (key_hash(&tcb_signer), key_hash(&qe_signer));
        for der in distinct(tcb_signer.into_iter().chain(qe_signer)) {
            uploads.push(upload(Part::Signer, addSignerCall { der: der.into() }.abi_encode()));
        }

        let pck_crl = updatePckCrlCall { der: collateral.pck_crl.clone().into() };
        uploads.push(upload(Part::PckCrl, pck_crl.abi_encode()));
        let tcb_info = updateTcbInfoCall {
            json: collateral.tcb_info.clone().into_bytes().into(),
            signature: collateral.tcb_info_signature.clone().into(),
            signer: tcb_signer_key,
        };
        uploads.push(upload(Part::TcbInfo, tcb_info.abi_encode()));
        let qe_identity = updateQeIdentityCall {
            json: collateral.qe_identity.clone().into_bytes().into(),
            signature: collateral.qe_identity_signature.clone().into(),
            signer: qe_signer_key,
        };
        uploads.push(upload(Part::QeIdentity, qe_identity.abi_encode()));
        uploads
    }

    /// The platform's chain in lines of 64 characters (RFC 7468), as quoting services write it and L1 reads it.
    pub fn platform_chain_pem(&self) -> Option<String> {
        let blocks = text::pem_blocks(self.platform_chain.as_deref()?);
        let pem = |der: &Vec<u8>| encode_string("CERTIFICATE", LineEnding::LF, der).ok();
        blocks.iter().map(pem).collect()
    }

    /// Which machines the collateral is for, and how old it is; none if it does not say so in Intel's form.
    pub fn head(&self) -> Option<Head> {
        Head::read(&self.collateral.tcb_info, &self.collateral.qe_identity)
    }

    /// Evaluation number of TCB info or QE identity; none for other parts, and if it does not say so in Intel's form.
    pub fn evaluation_number(&self, part: Part) -> Option<u32> {
        match part {
            Part::TcbInfo => head::evaluation_number(&self.collateral.tcb_info),
            Part::QeIdentity => head::evaluation_number(&self.collateral.qe_identity),
            Part::RootCrl | Part::Authority | Part::Signer | Part::PckCrl => None,
        }
    }

    /// What a revocation list says; none for other parts, and if it cannot be read.
    pub fn revocations(&self, part: Part) -> Option<Revocations> {
        match part {
            Part::RootCrl => Revocations::read(&self.collateral.root_ca_crl),
            Part::PckCrl => Revocations::read(&self.collateral.pck_crl),
            Part::Authority | Part::Signer | Part::TcbInfo | Part::QeIdentity => None,
        }
    }
}

/// keccak256(x ‖ y) of a certificate's key; zero without one.
fn key_hash(certificate: &Option<Vec<u8>>) -> B256 {
    certificate.as_deref().and_then(certificate::p256_key).map(keccak256).unwrap_or_default()
}

/// Each of them once, the first ones first.
fn distinct(certificates: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen = BTreeMap::new();
    certificates.filter(|der| seen.insert(der.clone(), ()).is_none()).collect()
}
