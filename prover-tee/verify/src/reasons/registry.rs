//! Errors of `IProverRegistry`.

use super::{Reason, reason};

const AGAIN: &str = "Restart the enclave, so that it makes a new key, and register that.";
const TIMELOCK: &str = "Only the timelock can do this: make it a proposal.";
const DEPLOYMENT: &str = "Deploy again with other arguments; see the interface for what they must be.";

pub(super) const REASONS: &[Reason] = &[
    reason("SignerUnknown(address)", "Nobody registered this key.", "Register it: prover-tee register."),
    reason(
        "SignerExpired(address,uint256,uint256)",
        "The key's time is over; none lasts longer than seven days or its collateral.",
        "Let `prover-tee prove` run: it registers the next key in time. Otherwise restart the enclave and register.",
    ),
    reason("SignerIsRevoked(address)", "The key was revoked for good.", AGAIN),
    reason(
        "SignerNotActive(address,uint256,uint256)",
        "The key was registered, and counts only after the activation delay.",
        "Wait until the time that the error names.",
    ),
    reason(
        "SignerOutdated(address,uint256,uint256)",
        "The key was registered before a TCB recovery, whose grace is over.",
        "Update the machine if Intel's current collateral calls for it, then register a new key.",
    ),
    reason(
        "SignerWorkloadRemoved(address,uint256)",
        "The image that the key was made in is no longer allowed.",
        "Start the image that is allowed now, and register its key.",
    ),
    reason(
        "SignerPlatformRevoked(address,uint256)",
        "The machine was revoked for good.",
        "Prove on another machine.",
    ),
    reason("SignerAlreadyRegistered(address)", "A key can be registered once.", AGAIN),
    reason("ZeroSigner()", "The zero address is no key.", "Report it: the prover host never asks for this."),
    reason(
        "StaleReference(uint256,uint256,uint256)",
        "The quote names an L1 block that is too old or not there.",
        "Take a new quote and register it within a day. Check that host and registry are on the same L1.",
    ),
    reason(
        "WrongReportData(bytes32,bytes32)",
        "The quote was made for another chain, registry, operator, key or block.",
        "Register with the operator account that the quote was asked for, at the registry that the enclave names.",
    ),
    reason(
        "WrongConfigHash(bytes32,bytes32)",
        "The enclave proves another chain configuration.",
        "Start the enclave with this chain's configuration.",
    ),
    reason(
        "WorkloadNotAllowed(bytes32)",
        "The image that runs in this guest is not in the allow-list.",
        "Start the allowed image, or have the workload id that `prover-tee measure` prints allowed through the timelock.",
    ),
    reason("PlatformIsRevoked(bytes32)", "This machine was revoked for good.", "Prove on another machine."),
    reason(
        "TcbNotUpToDate(uint8)",
        "The machine's TCB is not UpToDate by Intel's current collateral.",
        "The host's operator must update BIOS, microcode, TDX module and quoting enclave to Intel's current release, \
         apply the configuration that Intel's advisories name, and register the platform with Intel again. After a \
         TD-preserving update, start the guest again.",
    ),
    reason(
        "CollateralOutdated(uint256,uint256)",
        "The machine was judged by collateral from before a TCB recovery.",
        "Upload the newest TCB info and QE identity for this machine: anyone may.",
    ),
    reason(
        "NeverActive(uint256,uint256)",
        "The key would expire before it counts.",
        "Upload newer collateral first, so that the key lasts longer than the activation delay.",
    ),
    reason(
        "NumberTooLarge(uint256,uint256)",
        "The registry has no number left for another workload or platform.",
        "Report it: the registry must be replaced.",
    ),
    reason("NotAuthorized(address,address)", "Another account than yours may do this.", TIMELOCK),
    reason(
        "WorkloadAlreadyKnown(bytes32)",
        "The workload was allowed before; a removed one never comes back.",
        "If it was removed, build another image.",
    ),
    reason("WorkloadUnknown(bytes32)", "The workload is not in the allow-list.", "Check the workload id."),
    reason(
        "PlatformAlreadyRevoked(bytes32)",
        "The platform was revoked before.",
        "There is nothing left to do.",
    ),
    reason(
        "UnsafeDelays(uint256,uint256)",
        "Activation delay or recovery grace is out of bounds.",
        DEPLOYMENT,
    ),
    reason(
        "WrongListener(address,address)",
        "The collateral store reports TCB recoveries to another contract than the registry.",
        DEPLOYMENT,
    ),
    reason(
        "WrongBonds(address,address)",
        "The bonds are those of another rollup than the registry's.",
        DEPLOYMENT,
    ),
    reason(
        "NotEligible(address)",
        "The operator's pool has no bond, too small a bond, is closed, or is of a class that does not prove.",
        "Post vPHA as collateral before the prover is registered: vpha-staking pool status ADDRESS says what is missing.",
    ),
    reason(
        "BondExhausted(address,uint256,uint256)",
        "The operator's bond is taken up by batches that are not final.",
        "Post more vPHA, or wait until batches are final.",
    ),
];
