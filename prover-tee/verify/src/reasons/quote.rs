//! Errors of `IQuoteVerifier`.

use super::{Reason, reason};

const CUT: &str =
    "Take the quote again, as the platform made it; files and hexadecimal text are easily cut short.";
const FORGED: &str = "The quote or its certificates were changed after they were made, or mixed up with those of another \
    machine: take a new quote. If it happens again, the machine is not to be trusted.";
const NOT_TDX: &str = "Take the quote inside a TDX guest, from configfs-tsm or the dstack agent. Azure's vTPM guests and SGX \
    enclaves cannot prove.";

pub(super) const REASONS: &[Reason] = &[
    reason("QuoteTooShort(uint256,uint256)", "The quote ends before what its length fields say.", CUT),
    reason("UnsupportedQuoteVersion(uint256)", "Not a TDX quote of version 4 or 5.", NOT_TDX),
    reason(
        "UnsupportedAttestationKeyType(uint256)",
        "The quote is not signed with ECDSA over P-256.",
        NOT_TDX,
    ),
    reason("NotTdx(bytes4)", "The quote is of another kind of TEE than TDX.", NOT_TDX),
    reason(
        "WrongQeVendor(bytes16,bytes16)",
        "The quote was not made by Intel's quoting enclave.",
        "The host must run Intel's TDX quoting enclave: ask whoever runs the host.",
    ),
    reason(
        "UnsupportedBodyType(uint256)",
        "The quote's body is none of the TD reports that are known.",
        NOT_TDX,
    ),
    reason("WrongBodySize(uint256,uint256)", "The quote's body has not the size of its type.", CUT),
    reason(
        "WrongAuthenticationLength(uint256,uint256)",
        "The quoting enclave's authentication data have another length than Intel's.",
        "The host must run Intel's TDX quoting enclave: ask whoever runs the host.",
    ),
    reason(
        "UnsupportedCertificationData(uint256)",
        "The quote carries no certificate chain of its platform.",
        "The host's quoting service must be registered with Intel, so that quotes carry the PCK chain (type 5): ask \
         whoever runs the host, or give a collateral file that has the chain.",
    ),
    reason(
        "WrongAttestationKey(bytes32,bytes32)",
        "The key that signed the quote is not the one that the quoting enclave vouches for.",
        FORGED,
    ),
    reason("InvalidQuoteSignature()", "The quote is not signed by its attestation key.", FORGED),
    reason(
        "InvalidQeReportSignature()",
        "The quoting enclave is not vouched for by the platform's certificate.",
        FORGED,
    ),
    reason(
        "DebugTd(bytes8)",
        "A debug guest: whoever runs the host can read its memory and its keys.",
        "Start the guest without the debug attribute (QEMU: no debug=on in the tdx-guest object).",
    ),
    reason(
        "UnsafeTdAttributes(bytes8,bytes8,bytes8)",
        "The guest runs with attributes that weaken it: migratable, profiled, bound to a service TD, reserved bits, or \
         without SEPT_VE_DISABLE.",
        "Start the guest as a plain TD: not migratable, no performance monitoring of the host, sept-ve-disable=on.",
    ),
    reason(
        "ServiceTdBound(bytes32,bytes16)",
        "The guest is bound to a service TD, such as a migration TD, which could move it elsewhere.",
        "Start the guest without a service TD.",
    ),
    reason(
        "NotAPlatformCertificate()",
        "The first certificate of the chain is not a platform certificate (PCK).",
        FORGED,
    ),
    reason(
        "CertificateNotValid(uint256,uint256,uint256)",
        "A certificate is not valid yet, or no more.",
        "Check the clock. If it is right, fetch new certificates; the host's operator renews the platform's by \
         registering it with Intel again.",
    ),
    reason("InvalidPckSignature()", "The platform's certificate is not signed by its issuer.", FORGED),
    reason(
        "IssuerNotInChain(bytes32)",
        "The chain in the quote does not hold the certificate of the platform certificate's issuer that L1 knows.",
        "Upload the issuer's certificate, or leave it out of the quote: the prover host does both by itself.",
    ),
    reason(
        "TooManyCertificates(uint256)",
        "The chain in the quote holds more certificates than a chain has.",
        FORGED,
    ),
    reason(
        "CertificateNotRevoked(bytes32,uint256)",
        "The certificate is not in its issuer's revocation list.",
        "There is nothing to report: upload a newer revocation list first if you expect it there.",
    ),
];
