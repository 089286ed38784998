//! Errors of `ICollateralStore`.

use super::{Reason, reason};

const FETCH: &str = "Fetch current collateral from Intel's service or your PCCS, and upload it: anyone may.";
const FOREIGN: &str = "This is not Intel's collateral, or it was changed: fetch it again from Intel's service. For a devnet's \
    software platform, give its root certificate with --root-ca.";
const NEWER: &str = "Nothing to do: L1 has newer collateral than this file.";
const CLOCK: &str =
    "Check the clock of this machine and --at. If the time is right, fetch current collateral.";
const UPDATE: &str = "The host's operator must update BIOS, microcode and TDX module to Intel's current release, and register \
    the platform with Intel again.";
const TDX_COLLATERAL: &str =
    "Fetch the collateral of TDX (Intel's API version 4, below /tdx/), not that of SGX.";
const NOT_INTEL_QE: &str =
    "The host must run Intel's TDX quoting enclave in its production build: ask whoever runs the host.";
const NOT_INTEL_MODULE: &str =
    "The host must run Intel's own production TDX module: ask whoever runs the host.";

pub(super) const REASONS: &[Reason] = &[
    reason(
        "NotIntelRoot(bytes32,bytes32)",
        "Ethereum mainnet accepts no other root certificate than Intel's.",
        "Leave out --root-ca for real machines. Software platforms never prove on a production chain.",
    ),
    reason("NotSignedByRoot()", "The certificate or revocation list is not signed by the root.", FOREIGN),
    reason("CertificateOfRoot()", "The root's own certificate was uploaded as another.", FOREIGN),
    reason("CertificateRevoked(uint256)", "Intel revoked the certificate of an authority or signer.", FETCH),
    reason(
        "NotAnAuthority(bool,uint256)",
        "The certificate may not issue platform certificates and revocation lists.",
        FOREIGN,
    ),
    reason(
        "NotATcbSigner(bytes32,bool,uint256)",
        "The certificate is not that of Intel's TCB signing key.",
        FOREIGN,
    ),
    reason(
        "UnknownAuthority(bytes32)",
        "L1 does not know the authority that issued the platform's certificate.",
        "Upload the authority's certificate (it is in the quote's chain and in the collateral's PCK CRL chain).",
    ),
    reason(
        "UnknownSigner(bytes32)",
        "L1 does not know the key that signed TCB info or QE identity.",
        "Upload the TCB signing certificate (it is in the collateral's TCB info chain).",
    ),
    reason("NotSignedByAuthority(bytes32)", "The PCK revocation list is not signed by its issuer.", FOREIGN),
    reason(
        "NotSignedBySigner(bytes32)",
        "TCB info or QE identity is not signed by Intel's TCB signing key.",
        FOREIGN,
    ),
    reason(
        "WrongSignatureLength(uint256)",
        "The signature of TCB info or QE identity has not 64 bytes.",
        FOREIGN,
    ),
    reason("NotCurrent(uint256,uint256,uint256)", "The collateral is not valid yet, or no more.", CLOCK),
    reason("OlderCertificate(uint256,uint256)", "L1 has a newer certificate.", NEWER),
    reason("OlderRevocationList(uint256,uint256,uint256,uint256)", "L1 has a newer revocation list.", NEWER),
    reason("OlderCollateral(uint32,uint256,uint32,uint256)", "L1 has newer TCB info or QE identity.", NEWER),
    reason(
        "TooManyRevoked(uint256,uint256)",
        "The revocation list has more entries than L1 can store.",
        "Report it: the contract must be replaced before this list can be used.",
    ),
    reason(
        "WrongCollateralId(bytes32,bytes32)",
        "TCB info or QE identity is of another kind than TDX's.",
        TDX_COLLATERAL,
    ),
    reason(
        "UnsupportedVersion(uint256,uint256)",
        "TCB info or QE identity is of another version than the contracts read.",
        TDX_COLLATERAL,
    ),
    reason(
        "UnsupportedTcbType(uint256,uint256)",
        "The TCB info's levels are of another type than the contracts read.",
        TDX_COLLATERAL,
    ),
    reason("RootCrlMissing()", "L1 has no revocation list of the root.", FETCH),
    reason("RootCrlExpired(uint256,uint256)", "The root's revocation list on L1 has run out.", FETCH),
    reason(
        "PckCrlMissing(bytes32)",
        "L1 has no revocation list of the platform certificate's issuer.",
        FETCH,
    ),
    reason("PckCrlExpired(bytes32,uint256,uint256)", "The PCK revocation list on L1 has run out.", FETCH),
    reason(
        "PlatformCertificateRevoked(uint256)",
        "Intel revoked this machine's certificate.",
        "This machine cannot prove with this certificate. If only an old TCB was revoked, have the host's operator \
         update the machine and register it with Intel again.",
    ),
    reason("TcbInfoMissing(bytes6)", "L1 has no TCB info for machines of this model (FMSPC).", FETCH),
    reason("TcbInfoExpired(bytes6,uint256,uint256)", "The TCB info on L1 has run out.", FETCH),
    reason("QeIdentityMissing()", "L1 has no QE identity.", FETCH),
    reason("QeIdentityExpired(uint256,uint256)", "The QE identity on L1 has run out.", FETCH),
    reason(
        "AuthorityExpired(bytes32,uint256,uint256)",
        "The certificate of the authority that issued the platform's has run out.",
        FETCH,
    ),
    reason(
        "SignerExpired(uint256,uint256,uint256)",
        "The certificate that signed TCB info or QE identity has run out.",
        FETCH,
    ),
    reason(
        "WrongPceId(bytes2,bytes2)",
        "The TCB info is for machines with another provisioning enclave.",
        "Fetch the TCB info of this machine's FMSPC and PCE id.",
    ),
    reason(
        "NoTcbLevel(bytes16,uint16,bytes16)",
        "The machine is older than every security level that Intel lists.",
        UPDATE,
    ),
    reason(
        "UnknownTdxModule(uint8)",
        "Intel's TCB info does not know a TDX module of this version.",
        "Fetch newer collateral; if the module is newer than any, wait for Intel to list it.",
    ),
    reason(
        "NoTdxModuleLevel(uint8,uint8)",
        "The TDX module is older than every level that Intel lists.",
        UPDATE,
    ),
    reason(
        "WrongModuleSigner(bytes32,bytes16,bytes32,bytes16)",
        "The TDX module is not signed by Intel.",
        NOT_INTEL_MODULE,
    ),
    reason(
        "WrongSeamAttributes(bytes8,bytes8,bytes8)",
        "The TDX module's attributes are not those of a production module.",
        NOT_INTEL_MODULE,
    ),
    reason(
        "DebugQe(bytes16)",
        "The quoting enclave is a debug one: whoever runs the host can read its keys.",
        NOT_INTEL_QE,
    ),
    reason("WrongQeSigner(bytes32,bytes32)", "The quoting enclave is not signed by Intel.", NOT_INTEL_QE),
    reason(
        "WrongQeProduct(uint16,uint16)",
        "The quoting enclave is another product than Intel's for TDX.",
        NOT_INTEL_QE,
    ),
    reason(
        "WrongQeMiscSelect(bytes4,bytes4,bytes4)",
        "The quoting enclave runs with other features than Intel's.",
        NOT_INTEL_QE,
    ),
    reason(
        "WrongQeAttributes(bytes16,bytes16,bytes16)",
        "The quoting enclave runs with other attributes than Intel's.",
        NOT_INTEL_QE,
    ),
    reason(
        "NoQeLevel(uint16)",
        "The quoting enclave is older than every level that Intel lists.",
        "The host's operator must update Intel's TDX quoting enclave (DCAP).",
    ),
];
