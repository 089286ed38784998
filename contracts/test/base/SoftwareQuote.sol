// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoftwareCollateral} from "./SoftwareCollateral.sol";

/// @title SoftwareQuote
/// @notice TDX quotes of version 4 and 5 as Intel's quoting service makes them, from keys that tests know.
abstract contract SoftwareQuote is SoftwareCollateral {
    /// @dev Everything in a quote that a check looks at.
    struct QuoteSpec {
        uint16 version;
        uint16 keyType;
        bytes4 teeType;
        bytes16 qeVendor;
        /// Of version 5.
        uint16 bodyType;
        uint256 bodySize;
        bytes16 teeTcbSvn;
        bytes mrSignerSeam;
        bytes8 seamAttributes;
        bytes8 tdAttributes;
        bytes8 xfam;
        /// MRTD, RTMR0, RTMR1, RTMR2, MRCONFIGID, 48 bytes each.
        bytes[5] measurements;
        bytes32 reportDataFirst;
        bytes32 reportDataSecond;
        /// Of TD 1.5.
        bytes16 teeTcbSvn2;
        bytes mrServiceTd;
        uint256 attestationKey;
        uint256 pckKey;
        QeSpec qe;
        bytes authentication;
        /// Zero for the right one.
        bytes32 qeReportData;
        bytes32 qeReportPadding;
        uint16 outerCertification;
        uint16 innerCertification;
        bytes pemChain;
    }

    /// @dev What the quoting enclave's report says of it.
    struct QeSpec {
        bytes4 miscSelect;
        bytes16 attributes;
        bytes32 signer;
        uint256 productId;
        uint256 svn;
    }

    bytes8 internal constant TD_ATTRIBUTES = 0x0000001000000000;
    bytes8 internal constant XFAM = 0xe702060000000000;
    bytes16 internal constant TEE_TCB_SVN = 0x0b010300000000000000000000000000;

    /// @dev A quote of the platform with `pckKey` that nothing is wrong with.
    function goodQuote(uint256 pckKey) internal pure returns (QuoteSpec memory spec) {
        spec.version = 4;
        spec.keyType = 2;
        spec.teeType = 0x81000000;
        spec.qeVendor = 0x939a7233f79c4ca9940a0db3957f0607;
        spec.bodyType = 2;
        spec.bodySize = 584;
        spec.teeTcbSvn = TEE_TCB_SVN;
        spec.mrSignerSeam = new bytes(48);
        spec.tdAttributes = TD_ATTRIBUTES;
        spec.xfam = XFAM;
        spec.measurements = [
            measurement("MRTD"),
            measurement("RTMR0"),
            measurement("RTMR1"),
            measurement("RTMR2"),
            measurement("MRCONFIGID")
        ];
        spec.attestationKey = uint256(keccak256("attestation key"));
        spec.pckKey = pckKey;
        spec.qe = QeSpec({
            miscSelect: 0, attributes: 0x1500000000000000e700000000000000, signer: QE_SIGNER, productId: 2, svn: 6
        });
        spec.authentication = hex"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        spec.outerCertification = 6;
        spec.innerCertification = 5;
        spec.pemChain = fullChain(encode(pckLeaf(pckKey)));
    }

    /// @dev The same as a quote of version 5 with a body of `bodyType`.
    function goodQuote(uint256 pckKey, uint16 bodyType) internal pure returns (QuoteSpec memory spec) {
        spec = goodQuote(pckKey);
        spec.version = 5;
        spec.bodyType = bodyType;
        spec.bodySize = bodyType == 2 ? 584 : bodyType == 3 ? 648 : 885;
        spec.teeTcbSvn2 = TEE_TCB_SVN;
        spec.mrServiceTd = new bytes(48);
    }

    /// @dev The platform certificate in DER instead of its chain.
    function compact(QuoteSpec memory spec, bytes memory leaf) internal pure returns (QuoteSpec memory) {
        spec.innerCertification = 4;
        spec.pemChain = leaf;
        return spec;
    }

    /// @dev As quoting services write it, with the zero that ends it as a string of C.
    function fullChain(bytes memory leaf) internal pure returns (bytes memory) {
        return bytes.concat(pem(leaf), pem(encode(platformCa())), pem(encode(rootCertificate())), hex"00");
    }

    function measurement(string memory label) internal pure returns (bytes memory) {
        return abi.encodePacked(keccak256(bytes(label)), bytes16(keccak256(abi.encode(label))));
    }

    function workloadOf(QuoteSpec memory spec) internal pure returns (bytes32) {
        bytes[5] memory m = spec.measurements;
        return keccak256(bytes.concat(m[0], m[1], m[2], m[3], m[4], spec.tdAttributes, spec.xfam));
    }

    function encode(QuoteSpec memory spec) internal pure returns (bytes memory) {
        bytes memory typed =
            spec.version == 5 ? bytes.concat(little16(spec.bodyType), little32(spec.bodySize)) : bytes("");
        bytes memory signed = bytes.concat(header(spec), typed, body(spec));
        (bytes32 x, bytes32 y) = publicKey(spec.attestationKey);
        bytes memory key = bytes.concat(x, y);
        bytes memory data = bytes.concat(
            signature(spec.attestationKey, signed), key, certification(spec.outerCertification, qeData(spec, key))
        );
        return bytes.concat(signed, little32(data.length), data);
    }

    function header(QuoteSpec memory spec) private pure returns (bytes memory) {
        return bytes.concat(
            little16(spec.version), little16(spec.keyType), spec.teeType, bytes4(0), spec.qeVendor, bytes20(0)
        );
    }

    function body(QuoteSpec memory spec) internal pure returns (bytes memory) {
        bytes[5] memory m = spec.measurements;
        bytes memory module =
            bytes.concat(spec.teeTcbSvn, measurement("MRSEAM"), spec.mrSignerSeam, spec.seamAttributes);
        // MRCONFIGID, then MROWNER and MROWNERCONFIG.
        bytes memory identity = bytes.concat(spec.tdAttributes, spec.xfam, m[0], m[4], new bytes(96));
        bytes memory registers = bytes.concat(m[1], m[2], m[3], measurement("RTMR3"));
        bytes memory base = bytes.concat(module, identity, registers, spec.reportDataFirst, spec.reportDataSecond);
        if (spec.version == 4 || spec.bodyType == 2) return base;
        base = bytes.concat(base, spec.teeTcbSvn2, spec.mrServiceTd);
        return spec.bodyType == 4 ? bytes.concat(base, new bytes(885 - 648)) : base;
    }

    /// @dev QE report, its signature, authentication data, certificate chain.
    function qeData(QuoteSpec memory spec, bytes memory key) private pure returns (bytes memory) {
        bytes32 reported = spec.qeReportData == 0 ? sha256(bytes.concat(key, spec.authentication)) : spec.qeReportData;
        QeSpec memory qe = spec.qe;
        bytes memory report =
            bytes.concat(bytes16(0), qe.miscSelect, bytes28(0), qe.attributes, new bytes(64), qe.signer);
        report = bytes.concat(report, new bytes(96), little16(qe.productId), little16(qe.svn), new bytes(60));
        report = bytes.concat(report, reported, spec.qeReportPadding);
        return bytes.concat(
            report,
            signature(spec.pckKey, report),
            little16(spec.authentication.length),
            spec.authentication,
            certification(spec.innerCertification, spec.pemChain)
        );
    }

    function certification(uint16 kind, bytes memory data) private pure returns (bytes memory) {
        return bytes.concat(little16(kind), little32(data.length), data);
    }

    function signature(uint256 key, bytes memory data) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key % P256_ORDER, sha256(data));
        return bytes.concat(r, s);
    }

    function little16(uint256 value) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(value), uint8(value >> 8));
    }

    function little32(uint256 value) internal pure returns (bytes memory) {
        return bytes.concat(little16(value), little16(value >> 16));
    }
}
