// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DerWriter} from "./DerWriter.sol";
import {SoftwarePki} from "./SoftwarePki.sol";

/// @title SoftwareCollateral
/// @notice Collateral of the shape that Intel issues, from keys that tests know: revocation lists, TCB infos, QE identities.
abstract contract SoftwareCollateral is SoftwarePki {
    using DerWriter for bytes;

    struct CrlSpec {
        string issuerName;
        uint256 issuerKey;
        uint256 number;
        uint256 thisUpdate;
        uint256 nextUpdate;
        uint256[] serials;
    }

    /// @dev A level that turns on one number.
    struct SvnLevelSpec {
        uint256 svn;
        string status;
    }

    struct ModuleSpec {
        /// Empty for that of the TCB info itself, which has no levels either.
        string id;
        bytes signer;
        bytes8 attributes;
        bytes8 mask;
        SvnLevelSpec[] levels;
    }

    struct LevelSpec {
        bytes16 sgx;
        uint256 pceSvn;
        bytes16 tdx;
        string status;
    }

    struct TcbInfoSpec {
        uint256 issueDate;
        uint256 nextUpdate;
        bytes6 fmspc;
        bytes2 pceId;
        uint256 evaluationNumber;
        ModuleSpec module;
        ModuleSpec[] identities;
        LevelSpec[] levels;
    }

    struct QeIdentitySpec {
        uint256 issueDate;
        uint256 nextUpdate;
        uint256 evaluationNumber;
        bytes4 miscSelect;
        bytes4 miscSelectMask;
        bytes16 attributes;
        bytes16 attributesMask;
        bytes32 signer;
        uint256 productId;
        SvnLevelSpec[] levels;
    }

    uint256 internal constant SIGNER_KEY = uint256(keccak256("TCB signing"));
    string internal constant SIGNER_NAME = "Intel SGX TCB Signing";
    bytes6 internal constant FMSPC = 0xb0c06f000000;
    bytes32 internal constant QE_SIGNER = 0xdc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5;

    function tcbSigner() internal pure returns (CertificateSpec memory) {
        return
            CertificateSpec(
                ROOT_NAME, SIGNER_NAME, ROOT_KEY, SIGNER_KEY, 1_746_523_500, 1_967_448_300, signerExtensions()
            );
    }

    function signerExtensions() internal pure returns (bytes memory) {
        return bytes.concat(identifiers(75), keyUsage(hex"06c0"), basicConstraints(""));
    }

    // Revocation lists.

    /// @dev Of the root, made now: a year, nothing revoked.
    function goodRootCrl() internal view returns (CrlSpec memory) {
        return CrlSpec(ROOT_NAME, ROOT_KEY, 1, block.timestamp, block.timestamp + 365 days, new uint256[](0));
    }

    /// @dev Of the platform CA, made now: 30 days, as many revoked as Intel's newest ones.
    function goodPckCrl() internal view returns (CrlSpec memory) {
        uint256[] memory serials = new uint256[](57);
        for (uint256 i; i < serials.length; ++i) {
            serials[i] = revokedSerial(i);
        }
        return CrlSpec(PLATFORM_CA_NAME, PLATFORM_CA_KEY, 1, block.timestamp, block.timestamp + 30 days, serials);
    }

    function revokedSerial(uint256 index) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("revoked", index))) >> 96;
    }

    function serialOf(uint256 subjectKey) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(subjectKey))) >> 96;
    }

    function encode(CrlSpec memory spec) internal pure returns (bytes memory) {
        return signedBy(spec.issuerKey, crlBody(spec, entries(spec), crlNumber(spec.number)));
    }

    /// @dev The part that is signed. `entries_` may be empty.
    function crlBody(CrlSpec memory spec, bytes memory entries_, bytes memory extensions)
        internal
        pure
        returns (bytes memory)
    {
        return bytes.concat(
                hex"020101",
                ECDSA_WITH_SHA256,
                name(spec.issuerName),
                time(spec.thisUpdate),
                time(spec.nextUpdate),
                entries_,
                DerWriter.element(0xa0, extensions.sequence())
            ).sequence();
    }

    function entries(CrlSpec memory spec) internal pure returns (bytes memory list) {
        if (spec.serials.length == 0) return list;
        bytes memory rest = bytes.concat(time(spec.thisUpdate), reason(1).sequence());
        for (uint256 i; i < spec.serials.length; ++i) {
            list = bytes.concat(list, bytes.concat(DerWriter.integer(spec.serials[i]), rest).sequence());
        }
        return list.sequence();
    }

    function reason(uint8 code) internal pure returns (bytes memory) {
        return extension(hex"551d15", false, bytes.concat(hex"0a01", bytes1(code)));
    }

    function crlNumber(uint256 number) internal pure returns (bytes memory) {
        bytes memory id = DerWriter.element(0x80, new bytes(20)).sequence();
        return bytes.concat(
            extension(hex"551d14", false, DerWriter.integer(number)), extension(OID_AUTHORITY_KEY_IDENTIFIER, false, id)
        );
    }

    // TCB info.

    /// @dev Issued now, for 30 days: the levels and identities of Intel's newest one for these platforms.
    function goodTcbInfo() internal view returns (TcbInfoSpec memory spec) {
        spec.issueDate = block.timestamp;
        spec.nextUpdate = block.timestamp + 30 days;
        spec.fmspc = FMSPC;
        spec.evaluationNumber = 20;
        spec.module = module("", new SvnLevelSpec[](0));

        spec.identities = new ModuleSpec[](2);
        SvnLevelSpec[] memory levels = new SvnLevelSpec[](2);
        (levels[0], levels[1]) = (SvnLevelSpec(5, "UpToDate"), SvnLevelSpec(3, "OutOfDate"));
        spec.identities[0] = module("TDX_03", levels);
        levels = new SvnLevelSpec[](4);
        (levels[0], levels[1]) = (SvnLevelSpec(11, "UpToDate"), SvnLevelSpec(6, "OutOfDate"));
        (levels[2], levels[3]) = (SvnLevelSpec(4, "OutOfDate"), SvnLevelSpec(2, "OutOfDate"));
        spec.identities[1] = module("TDX_01", levels);

        spec.levels = new LevelSpec[](4);
        spec.levels[0] =
            LevelSpec(0x03030202040100050000000000000000, 11, 0x05000300000000000000000000000000, "UpToDate");
        spec.levels[1] =
            LevelSpec(0x02020202030100050000000000000000, 11, 0x05000200000000000000000000000000, "OutOfDate");
        spec.levels[2] =
            LevelSpec(0x02020202030100030000000000000000, 11, 0x03000200000000000000000000000000, "OutOfDate");
        spec.levels[3] =
            LevelSpec(0x02020202030100030000000000000000, 5, 0x03000200000000000000000000000000, "OutOfDate");
    }

    function module(string memory id, SvnLevelSpec[] memory levels) internal pure returns (ModuleSpec memory) {
        return ModuleSpec(id, new bytes(48), 0, 0xffffffffffffffff, levels);
    }

    function json(TcbInfoSpec memory spec) internal pure returns (string memory) {
        string memory head = string.concat(
            '{"id":"TDX","version":3,',
            dates(spec.issueDate, spec.nextUpdate),
            ',"fmspc":"',
            hexadecimal(abi.encodePacked(spec.fmspc)),
            '","pceId":"',
            hexadecimal(abi.encodePacked(spec.pceId)),
            '","tcbType":0,"tcbEvaluationDataNumber":',
            vm.toString(spec.evaluationNumber)
        );
        string memory identities;
        for (uint256 i; i < spec.identities.length; ++i) {
            identities = listed(identities, json(spec.identities[i]));
        }
        string memory levels;
        for (uint256 i; i < spec.levels.length; ++i) {
            levels = listed(levels, json(spec.levels[i]));
        }
        return string.concat(
            string.concat(head, ',"tdxModule":', json(spec.module)),
            string.concat(',"tdxModuleIdentities":[', identities, '],"tcbLevels":[', levels, "]}")
        );
    }

    function json(ModuleSpec memory spec) internal pure returns (string memory) {
        string memory identity = string.concat(
            '"mrsigner":"',
            hexadecimal(spec.signer),
            '","attributes":"',
            hexadecimal(abi.encodePacked(spec.attributes)),
            '","attributesMask":"',
            hexadecimal(abi.encodePacked(spec.mask)),
            '"'
        );
        if (bytes(spec.id).length == 0) return string.concat("{", identity, "}");
        return string.concat('{"id":"', spec.id, '",', identity, ',"tcbLevels":', json(spec.levels), "}");
    }

    function json(SvnLevelSpec[] memory levels) internal pure returns (string memory list) {
        for (uint256 i; i < levels.length; ++i) {
            list = listed(
                list,
                string.concat(
                    '{"tcb":{"isvsvn":', vm.toString(levels[i].svn), '},"tcbDate":"', verdict(levels[i].status), "}"
                )
            );
        }
        return string.concat("[", list, "]");
    }

    function json(LevelSpec memory level) internal pure returns (string memory) {
        return string.concat(
            string.concat('{"tcb":{"sgxtcbcomponents":[', components(level.sgx, true)),
            string.concat('],"pcesvn":', vm.toString(level.pceSvn), ',"tdxtcbcomponents":['),
            string.concat(components(level.tdx, false), ']},"tcbDate":"', verdict(level.status), "}")
        );
    }

    /// @dev From the value of tcbDate on.
    function verdict(string memory status) private pure returns (string memory) {
        string memory advisories;
        if (bytes(status).length != 8) {
            advisories = string.concat(
                ',"advisoryIDs":["INTEL-SA-01036","INTEL-SA-01099","INTEL-SA-01103",',
                '"INTEL-SA-01111","INTEL-SA-01192","INTEL-SA-01245","INTEL-SA-01312","INTEL-SA-01313"]'
            );
        }
        return string.concat('2025-08-13T00:00:00Z","tcbStatus":"', status, '"', advisories);
    }

    /// @dev With the same remarks as Intel's.
    function components(bytes16 svns, bool ofSgx) private pure returns (string memory list) {
        for (uint256 i; i < 16; ++i) {
            string memory remark = ofSgx ? sgxRemark(i) : tdxRemark(i);
            list = listed(list, string.concat('{"svn":', vm.toString(uint8(svns[i])), remark, "}"));
        }
    }

    function sgxRemark(uint256 component) private pure returns (string memory) {
        if (component == 0) return ',"category":"BIOS","type":"Early Microcode Update"';
        if (component == 1) return ',"category":"OS/VMM","type":"SGX Late Microcode Update"';
        if (component == 2) return ',"category":"OS/VMM","type":"TXT SINIT"';
        if (component == 7) return ',"category":"OS/VMM","type":"SEAMLDR ACM"';
        return component < 6 ? ',"category":"BIOS"' : "";
    }

    function tdxRemark(uint256 component) private pure returns (string memory) {
        if (component == 2) return ',"category":"OS/VMM","type":"TDX Late Microcode Update"';
        return component < 2 ? ',"category":"OS/VMM","type":"TDX Module"' : "";
    }

    // QE identity.

    /// @dev Issued now, for 30 days: Intel's values.
    function goodQeIdentity() internal view returns (QeIdentitySpec memory spec) {
        spec.issueDate = block.timestamp;
        spec.nextUpdate = block.timestamp + 30 days;
        spec.evaluationNumber = 20;
        spec.miscSelectMask = 0xffffffff;
        spec.attributes = 0x11000000000000000000000000000000;
        spec.attributesMask = 0xfbffffffffffffff0000000000000000;
        spec.signer = QE_SIGNER;
        spec.productId = 2;
        spec.levels = new SvnLevelSpec[](1);
        spec.levels[0] = SvnLevelSpec(4, "UpToDate");
    }

    function json(QeIdentitySpec memory spec) internal pure returns (string memory) {
        string memory head = string.concat(
            '{"id":"TD_QE","version":2,',
            dates(spec.issueDate, spec.nextUpdate),
            ',"tcbEvaluationDataNumber":',
            vm.toString(spec.evaluationNumber)
        );
        string memory misc = string.concat(
            ',"miscselect":"',
            hexadecimal(abi.encodePacked(spec.miscSelect)),
            '","miscselectMask":"',
            hexadecimal(abi.encodePacked(spec.miscSelectMask))
        );
        string memory attributes = string.concat(
            '","attributes":"',
            hexadecimal(abi.encodePacked(spec.attributes)),
            '","attributesMask":"',
            hexadecimal(abi.encodePacked(spec.attributesMask))
        );
        return string.concat(
            string.concat(head, misc, attributes, '","mrsigner":"', hexadecimal(abi.encodePacked(spec.signer))),
            string.concat('","isvprodid":', vm.toString(spec.productId), ',"tcbLevels":', json(spec.levels), "}")
        );
    }

    // Text.

    /// @dev r ‖ s of `text`.
    function signatureOf(uint256 key, string memory text) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key % P256_ORDER, sha256(bytes(text)));
        return bytes.concat(r, s);
    }

    function dates(uint256 issueDate, uint256 nextUpdate) private pure returns (string memory) {
        return string.concat('"issueDate":"', rfc3339(issueDate), '","nextUpdate":"', rfc3339(nextUpdate), '"');
    }

    /// @dev Out of "YYYYMMDDhhmmssZ".
    function rfc3339(uint256 timestamp) internal pure returns (string memory) {
        bytes memory digits = time(timestamp);
        bool full = digits[0] == 0x18;
        bytes memory date = bytes.concat(full ? bytes("") : bytes("20"), slice(digits, 2, digits.length - 2));
        return string(
            bytes.concat(
                bytes.concat(slice(date, 0, 4), "-", slice(date, 4, 2), "-", slice(date, 6, 2), "T"),
                bytes.concat(slice(date, 8, 2), ":", slice(date, 10, 2), ":", slice(date, 12, 3))
            )
        );
    }

    function listed(string memory list, string memory item) private pure returns (string memory) {
        return bytes(list).length == 0 ? item : string.concat(list, ",", item);
    }

    /// @dev In upper case, as Intel writes it.
    function hexadecimal(bytes memory data) internal pure returns (string memory) {
        bytes memory digits = "0123456789ABCDEF";
        bytes memory text = new bytes(2 * data.length);
        for (uint256 i; i < data.length; ++i) {
            text[2 * i] = digits[uint8(data[i]) >> 4];
            text[2 * i + 1] = digits[uint8(data[i]) & 0x0f];
        }
        return string(text);
    }
}
