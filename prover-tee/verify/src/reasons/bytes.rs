//! Errors of `IEncodingErrors`.

use super::{Reason, reason};

const DAMAGED: &str = "The file is damaged or was edited: fetch it again from Intel's service or your PCCS.";

pub(super) const REASONS: &[Reason] = &[
    reason("MalformedDer(uint256)", "A certificate or revocation list cannot be read.", DAMAGED),
    reason(
        "MalformedPem(uint256)",
        "The certificate chain is not PEM as Intel's services write it.",
        "Take the quote as the platform made it; if it came from there like this, report the platform.",
    ),
    reason("MalformedJson(uint256)", "TCB info or QE identity is not the JSON that is expected.", DAMAGED),
    reason("DuplicateKey(uint256)", "TCB info or QE identity has a key twice.", DAMAGED),
    reason("MissingKeys(uint256,uint256)", "TCB info or QE identity lacks a key that it must have.", DAMAGED),
    reason(
        "UnknownCriticalExtension(bytes)",
        "A certificate has a critical extension that the contract does not know.",
        "Intel changed its certificates, or this is none of Intel's: report it.",
    ),
];
