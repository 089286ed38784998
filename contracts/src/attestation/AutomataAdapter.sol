// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IQuoteVerifier} from "./IQuoteVerifier.sol";

/// @title AutomataAdapter
/// @notice The quote verifier in the shape of Automata's DCAP attestation (automata-dcap-attestation, EVM version 1.1), for
/// contracts that were written for it.
///
/// The output is packed as there: quote version 2 bytes, body type 2 (2 to 4, see {IQuoteVerifier}), TCB status 1, FMSPC 6, the
/// TD report body. Where it differs:
///
/// - There are no advisory ids at the end, as where Automata finds none: the collateral store keeps no text.
/// - TD reports of type 4 are read too, and quotes of SGX enclaves are not.
/// - No fee: a call that sends ether fails. Nothing is recorded, and no evaluation number can be chosen.
/// - A refused quote answers false and the error's ABI encoding (selector and values), not a text. The status Revoked is
///   refused, as there. Every other status is accepted, as there: look at it.
contract AutomataAdapter {
    /// @notice The TCB status was revoked: the platform's keys may be known to others.
    error TcbRevoked();

    /// @notice What checks the quotes.
    IQuoteVerifier public immutable verifier;

    /// @dev Automata's number of each of our statuses, in order, one a byte.
    bytes9 internal constant STATUSES = 0x000103020405060809;

    constructor(IQuoteVerifier quoteVerifier) {
        verifier = quoteVerifier;
    }

    /// @notice Verifies `rawQuote`.
    /// @return success Whether it is genuine and its TCB is not revoked.
    /// @return output The packed report; the reason if it is refused.
    function verifyAndAttestOnChain(bytes calldata rawQuote) external view returns (bool success, bytes memory output) {
        try verifier.verify(rawQuote) returns (IQuoteVerifier.Report memory report) {
            if (report.status == IQuoteVerifier.TcbStatus.Revoked) {
                return (false, abi.encodeWithSelector(TcbRevoked.selector));
            }
            return (
                true,
                abi.encodePacked(
                    report.quoteVersion, report.bodyType, STATUSES[uint256(report.status)], report.fmspc, report.body
                )
            );
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }
}
