//! Collateral from Intel's service or a cache of it (PCCS), which speak the same API, version 4.

use std::time::Duration;

use alloy::transports::http::reqwest::{self, Client, StatusCode};
use alloy_primitives::hex;
use prover_quote::certificate;
use prover_verify::{
    collateral::{CollateralError, CollateralFile},
    fields::Fields,
};
use serde_json::json;

/// Intel's own service.
const INTEL: &str = "api.trustedservices.intel.com";

/// Where Intel has the root's revocation list. A cache has it below its own address.
const INTEL_ROOT_CRL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

/// Time for one answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Longest answer in bytes. Revocation lists are the longest, with a few hundred kilobytes.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Name of the authority that issues certificates for machines with one processor, in their certificates.
const PROCESSOR_CA: &[u8] = b"Intel SGX PCK Processor CA";

/// Why there is no collateral.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PccsError {
    /// The quote names no machine.
    #[error(
        "the quote carries no platform certificate that can be read, so that it is not known what to ask for"
    )]
    Platform,
    /// The service cannot be reached, or broke off.
    #[error("{url}: {}", causes(error))]
    Http {
        /// What was asked for.
        url: String,
        /// What happened.
        error: reqwest::Error,
    },
    /// The service does not have it.
    #[error("{url}: status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: StatusCode,
    },
    /// More than anything of this kind has.
    #[error("{url}: more than {MAX_ANSWER} bytes")]
    TooLong {
        /// What was asked for.
        url: String,
    },
    /// What was answered is no collateral.
    #[error(transparent)]
    Collateral(#[from] CollateralError),
}

/// The last cause says most: that a name is unknown, a certificate wrong, a port closed.
fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => causes(cause),
        None => error.to_string(),
    }
}

/// Family of the machine that made `quote`.
pub fn fmspc(quote: &[u8]) -> Option<[u8; 6]> {
    Some(Fields::read(quote, None).ok()?.platform?.fmspc.0)
}

/// Asks the service at `url` (such as `https://pccs.example:8081`) for all that a verification of `quote` needs.
pub async fn fetch(url: &str, quote: &[u8]) -> Result<CollateralFile, PccsError> {
    let fmspc = hex::encode_upper(fmspc(quote).ok_or(PccsError::Platform)?);
    let chain = certificate::chain(quote).map_err(|_| PccsError::Platform)?;
    let leaf = chain.first().ok_or(PccsError::Platform)?;
    let is_processor = leaf.windows(PROCESSOR_CA.len()).any(|window| window == PROCESSOR_CA);
    let authority = if is_processor { "processor" } else { "platform" };

    let base = url.trim_end_matches('/');
    let base = ["/sgx/certification/v4", "/tdx/certification/v4"]
        .into_iter()
        .find_map(|path| base.strip_suffix(path))
        .unwrap_or(base);
    let client = Client::builder().timeout(LIMIT).build();
    let client = client.map_err(|error| PccsError::Http { url: base.to_owned(), error })?;
    let get = |path: String| get(&client, path);
    let pck_crl = get(format!("{base}/sgx/certification/v4/pckcrl?ca={authority}&encoding=der")).await?;
    let tcb_info = get(format!("{base}/tdx/certification/v4/tcb?fmspc={fmspc}")).await?;
    let qe_identity = get(format!("{base}/tdx/certification/v4/qe/identity")).await?;
    let root_ca_crl = if base.contains(INTEL) {
        get(INTEL_ROOT_CRL.to_owned()).await?
    } else {
        get(format!("{base}/sgx/certification/v4/rootcacrl")).await?
    };
    let document = json!({
        "root_ca_crl": hex::encode(&root_ca_crl.body),
        "pck_crl": hex::encode(&pck_crl.body),
        "pck_crl_issuer_chain": pck_crl.issuer_chain,
        "tcb_info": String::from_utf8_lossy(&tcb_info.body),
        "tcb_info_issuer_chain": tcb_info.issuer_chain,
        "qe_identity": String::from_utf8_lossy(&qe_identity.body),
        "qe_identity_issuer_chain": qe_identity.issuer_chain,
    });
    Ok(CollateralFile::parse(document.to_string().as_bytes())?)
}

/// What the service answers: a document, and in a header the certificates of who signed it.
struct Answer {
    body: Vec<u8>,
    issuer_chain: String,
}

async fn get(client: &Client, url: String) -> Result<Answer, PccsError> {
    let failed = |error| PccsError::Http { url: url.clone(), error };
    let mut response = client.get(&url).send().await.map_err(failed)?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(PccsError::Status { url, status });
    }
    // `TCB-Info-Issuer-Chain`, `SGX-PCK-CRL-Issuer-Chain` and `SGX-Enclave-Identity-Issuer-Chain`; one at most.
    let header = response.headers().iter().find(|(name, _)| name.as_str().ends_with("-issuer-chain"));
    let chain = header.and_then(|(_, value)| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Err(PccsError::TooLong { url });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { body, issuer_chain: chain })
}
