// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralHeader} from "./CollateralHeader.sol";
import {Crl} from "./Crl.sol";
import {Json} from "./Json.sol";
import {PemWriter} from "./PemWriter.sol";
import {QeIdentity} from "./QeIdentity.sol";
import {TcbInfo} from "./TcbInfo.sol";
import {X509} from "./X509.sol";

/// @title CollateralReader
/// @notice Reads what is uploaded to the store, which makes it in its constructor: one contract's code would be too long for
/// both. It has no state, and checks form alone: signatures, times and what follows from them are the store's.
contract CollateralReader {
    /// @notice Reads the certificate of an authority or signer.
    /// @return parsed What it says.
    /// @return commonName Its subject's, left-aligned; zero if it has none of at most 32 bytes.
    function certificate(bytes calldata der)
        external
        view
        returns (X509.Certificate memory parsed, bytes32 commonName)
    {
        bytes memory copy = der;
        parsed = X509.parse(copy);
        commonName = X509.commonName(copy, parsed.subjectPosition);
    }

    /// @notice keccak256 of a certificate's PEM text, from the first dash to the last.
    function pemHash(bytes calldata der) external pure returns (bytes32) {
        return keccak256(PemWriter.encode(der));
    }

    /// @notice Reads a certificate revocation list.
    function revocationList(bytes calldata der) external view returns (Crl.List memory) {
        return Crl.parse(der);
    }

    /// @notice Reads a TCB info.
    /// @return fmspc The kind of platforms that it is about.
    /// @return header What it has in common with a QE identity; nothing of the signer is filled in.
    /// @return packed The rest, see TcbInfo.
    function tcbInfo(bytes calldata json)
        external
        pure
        returns (bytes6 fmspc, CollateralHeader.Header memory header, bytes memory packed)
    {
        TcbInfo.Parsed memory info = TcbInfo.parse(Json.copy(json));
        return (info.fmspc, info.header, TcbInfo.pack(info));
    }

    /// @notice Reads a QE identity.
    /// @return header What it has in common with a TCB info; nothing of the signer is filled in.
    /// @return packed The rest, see QeIdentity.
    function qeIdentity(bytes calldata json)
        external
        pure
        returns (CollateralHeader.Header memory header, bytes memory packed)
    {
        QeIdentity.Parsed memory identity = QeIdentity.parse(Json.copy(json));
        return (identity.header, QeIdentity.pack(identity));
    }
}
