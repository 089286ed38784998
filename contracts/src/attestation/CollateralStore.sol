// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralHeader} from "./CollateralHeader.sol";
import {CollateralReader} from "./CollateralReader.sol";
import {Crl} from "./Crl.sol";
import {ICollateralStore} from "./ICollateralStore.sol";
import {IEvaluationListener} from "./IEvaluationListener.sol";
import {P256} from "./P256.sol";
import {QeIdentity} from "./QeIdentity.sol";
import {RevokedSerials} from "./RevokedSerials.sol";
import {TcbLevels} from "./TcbLevels.sol";
import {TcbStatuses} from "./TcbStatuses.sol";
import {X509} from "./X509.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title CollateralStore
/// @notice See {ICollateralStore}.
contract CollateralStore is ICollateralStore {
    using RevokedSerials for RevokedSerials.Stored;
    using TcbStatuses for TcbStatus;

    /// @dev An authority's or signer's certificate.
    struct Certified {
        bytes32 x;
        bytes32 y;
        /// The rest in one slot: what `assess` reads. Whoever was never added has no `notAfter`.
        uint160 serial;
        uint40 notBefore;
        uint40 notAfter;
    }

    /// @dev Intel SGX Root CA.
    bytes32 internal constant INTEL_ROOT_X = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
    bytes32 internal constant INTEL_ROOT_Y = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;
    uint256 internal constant ETHEREUM_MAINNET = 1;

    bytes32 internal constant SIGNER_NAME = "Intel SGX TCB Signing";

    bytes32 internal immutable rootX;
    bytes32 internal immutable rootY;
    /// @inheritdoc ICollateralStore
    address public immutable override listener;
    CollateralReader internal immutable reader;

    mapping(bytes32 name => Certified) internal authorities;
    mapping(bytes32 keyHash => Certified) internal signers;
    /// @inheritdoc ICollateralStore
    mapping(bytes32 hash => bytes32 name) public override issuerOfCertificate;

    RevokedSerials.Stored internal revokedByRoot;
    mapping(bytes32 name => RevokedSerials.Stored) internal revokedBy;

    /// @dev Packed: the codes of accounts of their own. Zero if there is none.
    mapping(bytes6 fmspc => address) internal tcbInfos;
    address internal qe;
    /// @inheritdoc ICollateralStore
    uint32 public override evaluationNumber;

    constructor(bytes32 rootX_, bytes32 rootY_, address listener_) {
        require(
            block.chainid != ETHEREUM_MAINNET || (rootX_ == INTEL_ROOT_X && rootY_ == INTEL_ROOT_Y),
            NotIntelRoot(rootX_, rootY_)
        );
        rootX = rootX_;
        rootY = rootY_;
        listener = listener_;
        reader = new CollateralReader();
    }

    /// @inheritdoc ICollateralStore
    function addAuthority(bytes calldata der) external override returns (bool changed) {
        (X509.Certificate memory certificate,) = reader.certificate(der);
        uint256 usage = X509.KEY_CERT_SIGN | X509.CRL_SIGN;
        require(
            certificate.isAuthority && certificate.keyUsage & usage == usage,
            NotAnAuthority(certificate.isAuthority, certificate.keyUsage)
        );
        _checkIssuedByRoot(certificate);

        bytes32 name = certificate.subject;
        bytes32 heldX = authorities[name].x;
        changed = _replace(authorities[name], certificate);
        if (changed) {
            // What another key signed does not count under this one.
            if (heldX != certificate.x) delete revokedBy[name];
            emit AuthorityAdded(name, _keyHash(certificate.x, certificate.y), certificate.notAfter);
        }
        bytes32 hash = keccak256(der);
        if (issuerOfCertificate[hash] == name) return changed;
        issuerOfCertificate[hash] = name;
        issuerOfCertificate[reader.pemHash(der)] = name;
        return true;
    }

    /// @inheritdoc ICollateralStore
    function addSigner(bytes calldata der) external override returns (bool changed) {
        (X509.Certificate memory certificate, bytes32 commonName) = reader.certificate(der);
        uint256 usage = certificate.keyUsage;
        require(
            commonName == SIGNER_NAME && !certificate.isAuthority && usage & X509.DIGITAL_SIGNATURE != 0
                && usage & X509.KEY_CERT_SIGN == 0,
            NotATcbSigner(commonName, certificate.isAuthority, usage)
        );
        _checkIssuedByRoot(certificate);

        bytes32 keyHash = _keyHash(certificate.x, certificate.y);
        changed = _replace(signers[keyHash], certificate);
        if (changed) emit SignerAdded(keyHash, certificate.notAfter);
    }

    /// @inheritdoc ICollateralStore
    function updateRootCrl(bytes calldata der) external override returns (bool changed) {
        Crl.List memory list = reader.revocationList(der);
        require(P256.verify(list.tbsHash, list.r, list.s, rootX, rootY), NotSignedByRoot());
        _checkCurrent(list);
        changed = revokedByRoot.replace(list);
        if (changed) emit RootCrlUpdated(list.thisUpdate, list.nextUpdate, list.serials.length / Crl.SERIAL_LENGTH);
    }

    /// @inheritdoc ICollateralStore
    function updatePckCrl(bytes calldata der) external override returns (bool changed) {
        Crl.List memory list = reader.revocationList(der);
        bytes32 name = list.issuer;
        (bytes32 x, bytes32 y) = issuerKey(name);
        require(P256.verify(list.tbsHash, list.r, list.s, x, y), NotSignedByAuthority(name));
        uint256 serial = authorities[name].serial;
        require(!isRevokedByRoot(serial), CertificateRevoked(serial));
        _checkCurrent(list);
        changed = revokedBy[name].replace(list);
        if (changed) {
            emit PckCrlUpdated(name, list.thisUpdate, list.nextUpdate, list.serials.length / Crl.SERIAL_LENGTH);
        }
    }

    /// @inheritdoc ICollateralStore
    function updateTcbInfo(bytes calldata json, bytes calldata signature, bytes32 signer)
        external
        override
        returns (bool changed)
    {
        _checkSigned(json, signature, signer);
        (bytes6 fmspc, CollateralHeader.Header memory header, bytes memory packed) = reader.tcbInfo(json);
        _completeHeader(header, signer);
        if (!_isNewer(header, tcbInfos[fmspc])) return false;

        tcbInfos[fmspc] = SSTORE2.write(bytes.concat(CollateralHeader.pack(header), packed));
        // 32 bits, as it was read.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 number = uint32(header.evaluationNumber);
        emit TcbInfoUpdated(fmspc, number, header.issueDate, header.nextUpdate);
        _raise(number);
        return true;
    }

    /// @inheritdoc ICollateralStore
    function updateQeIdentity(bytes calldata json, bytes calldata signature, bytes32 signer)
        external
        override
        returns (bool changed)
    {
        _checkSigned(json, signature, signer);
        (CollateralHeader.Header memory header, bytes memory packed) = reader.qeIdentity(json);
        _completeHeader(header, signer);
        if (!_isNewer(header, qe)) return false;

        qe = SSTORE2.write(bytes.concat(CollateralHeader.pack(header), packed));
        // 32 bits, as it was read.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 number = uint32(header.evaluationNumber);
        emit QeIdentityUpdated(number, header.issueDate, header.nextUpdate);
        _raise(number);
        return true;
    }

    /// @inheritdoc ICollateralStore
    function assess(Platform calldata platform) external view override returns (Assessment memory assessment) {
        uint256 expiresAt = _checkIssuer(platform.issuer, platform.serial);
        CollateralHeader.Header memory header;
        bytes memory packed;
        (packed, header) = _load(tcbInfos[platform.fmspc]);
        require(packed.length != 0, TcbInfoMissing(platform.fmspc));
        require(
            block.timestamp <= header.nextUpdate, TcbInfoExpired(platform.fmspc, header.nextUpdate, block.timestamp)
        );
        expiresAt = FixedPointMathLib.min(expiresAt, _checkSigner(header));
        uint256 number = header.evaluationNumber;
        TcbStatus launched = _statusOf(packed, platform);
        // Most often it still runs what it was launched with.
        TcbStatus current = platform.hasTeeTcbSvn2 && platform.teeTcbSvn2 != platform.teeTcbSvn
            ? TcbLevels.statusOf(packed, platform, platform.teeTcbSvn2)
            : launched;

        (packed, header) = _load(qe);
        require(packed.length != 0, QeIdentityMissing());
        require(block.timestamp <= header.nextUpdate, QeIdentityExpired(header.nextUpdate, block.timestamp));
        TcbStatus ofQe = QeIdentity.statusOf(packed, platform);
        // Both fit, as they were read.
        // forge-lint: disable-start(unsafe-typecast)
        assessment.expiresAt = uint64(FixedPointMathLib.min(expiresAt, _checkSigner(header)));
        assessment.evaluationNumber = uint32(FixedPointMathLib.min(number, header.evaluationNumber));
        // forge-lint: disable-end(unsafe-typecast)
        assessment.status = _merge(launched.converge(ofQe), current.converge(ofQe));
    }

    /// @inheritdoc ICollateralStore
    function issuerKey(bytes32 name) public view override returns (bytes32 x, bytes32 y) {
        Certified storage authority = authorities[name];
        (x, y) = (authority.x, authority.y);
        // No key of P-256 has x = 0 and y = 0.
        require(x | y != 0, UnknownAuthority(name));
    }

    /// @inheritdoc ICollateralStore
    function authorityOf(bytes32 name) external view override returns (Certificate memory) {
        return _describe(authorities[name]);
    }

    /// @inheritdoc ICollateralStore
    function signerOf(bytes32 keyHash) external view override returns (Certificate memory) {
        return _describe(signers[keyHash]);
    }

    /// @inheritdoc ICollateralStore
    function rootCrl() external view override returns (RevocationList memory) {
        return revokedByRoot.summary();
    }

    /// @inheritdoc ICollateralStore
    function pckCrl(bytes32 name) external view override returns (RevocationList memory) {
        return revokedBy[name].summary();
    }

    /// @inheritdoc ICollateralStore
    function tcbInfo(bytes6 fmspc) external view override returns (Collateral memory) {
        return _summary(tcbInfos[fmspc]);
    }

    /// @inheritdoc ICollateralStore
    function qeIdentity() external view override returns (Collateral memory) {
        return _summary(qe);
    }

    /// @inheritdoc ICollateralStore
    function isRevokedByRoot(uint256 serial) public view override returns (bool) {
        return revokedByRoot.contains(serial);
    }

    /// @inheritdoc ICollateralStore
    function isRevoked(bytes32 name, uint256 serial) external view override returns (bool) {
        return revokedBy[name].contains(serial);
    }

    /// @inheritdoc ICollateralStore
    function rootKey() external view override returns (bytes32 x, bytes32 y) {
        return (rootX, rootY);
    }

    /// @dev The root signed the certificate, did not revoke it, and it is not the root's own.
    function _checkIssuedByRoot(X509.Certificate memory certificate) internal view {
        require(certificate.x != rootX || certificate.y != rootY, CertificateOfRoot());
        _checkValidity(certificate.notBefore, certificate.notAfter);
        require(X509.isSignedBy(certificate, rootX, rootY), NotSignedByRoot());
        require(!isRevokedByRoot(certificate.serial), CertificateRevoked(certificate.serial));
    }

    /// @dev Puts a newer certificate in the place of `held`: one that begins later, or together and ends later.
    /// @return changed False if it is the one that is held.
    function _replace(Certified storage held, X509.Certificate memory certificate) internal returns (bool changed) {
        (uint256 notBefore, uint256 notAfter) = (certificate.notBefore, certificate.notAfter);
        if (
            notBefore == held.notBefore && notAfter == held.notAfter && certificate.serial == held.serial
                && certificate.x == held.x && certificate.y == held.y
        ) return false;
        require(
            notBefore > held.notBefore || (notBefore == held.notBefore && notAfter > held.notAfter),
            OlderCertificate(notBefore, held.notBefore)
        );
        (held.x, held.y) = (certificate.x, certificate.y);
        // At most 20 bytes, and years of four digits.
        // forge-lint: disable-next-item(unsafe-typecast)
        (held.serial, held.notBefore, held.notAfter) =
        (uint160(certificate.serial), uint40(notBefore), uint40(notAfter));
        return true;
    }

    /// @dev The list counts now. The end is its first second after, as in dcap-qvl; others' is the last one in it.
    function _checkCurrent(Crl.List memory list) internal view {
        require(
            list.thisUpdate <= block.timestamp && block.timestamp < list.nextUpdate,
            NotCurrent(list.thisUpdate, list.nextUpdate, block.timestamp)
        );
    }

    /// @dev `signer` may sign collateral now, and signed `json`.
    function _checkSigned(bytes calldata json, bytes calldata signature, bytes32 signer) internal view {
        Certified memory held = signers[signer];
        require(held.notAfter != 0, UnknownSigner(signer));
        _checkValidity(held.notBefore, held.notAfter);
        require(!isRevokedByRoot(held.serial), CertificateRevoked(held.serial));
        require(signature.length == 64, WrongSignatureLength(signature.length));
        require(P256.verify(sha256(json), signature, held.x, held.y), NotSignedBySigner(signer));
    }

    /// @dev Checks that what was issued counts now, and adds what is remembered of its signer.
    function _completeHeader(CollateralHeader.Header memory header, bytes32 signer) internal view {
        require(
            header.issueDate <= block.timestamp && block.timestamp <= header.nextUpdate,
            NotCurrent(header.issueDate, header.nextUpdate, block.timestamp)
        );
        Certified storage held = signers[signer];
        header.signerNotAfter = held.notAfter;
        header.signerSerial = held.serial;
    }

    /// @dev Whether `header` may take the place of what is at `pointer`. What a revoked signer signed holds nothing back.
    /// @return False if it is as new; reverts if it is older.
    function _isNewer(CollateralHeader.Header memory header, address pointer) internal view returns (bool) {
        (bytes memory packed, CollateralHeader.Header memory held) = _load(pointer);
        if (packed.length == 0 || isRevokedByRoot(held.signerSerial)) return true;
        (uint256 number, uint256 heldNumber) = (header.evaluationNumber, held.evaluationNumber);
        if (number == heldNumber && header.issueDate == held.issueDate) return false;
        require(
            number > heldNumber || (number == heldNumber && header.issueDate > held.issueDate),
            // 32 bits, as they were read.
            // forge-lint: disable-next-line(unsafe-typecast)
            OlderCollateral(uint32(number), header.issueDate, uint32(heldNumber), held.issueDate)
        );
        return true;
    }

    function _raise(uint32 number) internal {
        if (number <= evaluationNumber) return;
        evaluationNumber = number;
        emit EvaluationRaised(number);
        if (listener != address(0)) IEvaluationListener(listener).onEvaluation(number);
    }

    /// @dev The authority may issue certificates, and did not revoke that of the platform.
    /// @return expiresAt The earliest end of its certificate and of both revocation lists.
    function _checkIssuer(bytes32 name, uint256 serial) internal view returns (uint256 expiresAt) {
        expiresAt = revokedByRoot.nextUpdate;
        require(expiresAt != 0, RootCrlMissing());
        require(block.timestamp < expiresAt, RootCrlExpired(expiresAt, block.timestamp));

        Certified storage authority = authorities[name];
        uint256 notAfter = authority.notAfter;
        require(notAfter != 0, UnknownAuthority(name));
        require(block.timestamp <= notAfter, AuthorityExpired(name, notAfter, block.timestamp));
        require(!isRevokedByRoot(authority.serial), CertificateRevoked(authority.serial));

        RevokedSerials.Stored storage list = revokedBy[name];
        uint256 nextUpdate = list.nextUpdate;
        require(nextUpdate != 0, PckCrlMissing(name));
        require(block.timestamp < nextUpdate, PckCrlExpired(name, nextUpdate, block.timestamp));
        require(!list.contains(serial), PlatformCertificateRevoked(serial));
        expiresAt = FixedPointMathLib.min(FixedPointMathLib.min(expiresAt, notAfter), nextUpdate);
    }

    /// @dev Who signed the collateral may still do so.
    /// @return The earlier end of the collateral and its signer's certificate.
    function _checkSigner(CollateralHeader.Header memory header) internal view returns (uint256) {
        (uint256 serial, uint256 notAfter) = (header.signerSerial, header.signerNotAfter);
        require(block.timestamp <= notAfter, SignerExpired(serial, notAfter, block.timestamp));
        require(!isRevokedByRoot(serial), CertificateRevoked(serial));
        return FixedPointMathLib.min(notAfter, header.nextUpdate);
    }

    /// @dev The platform's status as the TD was launched, its TDX module's properties checked.
    function _statusOf(bytes memory packed, Platform calldata platform) internal pure returns (TcbStatus) {
        bytes2 expected = TcbLevels.pceId(packed);
        require(platform.pceId == expected, WrongPceId(platform.pceId, expected));
        TcbLevels.checkModule(packed, platform);
        return TcbLevels.statusOf(packed, platform, platform.teeTcbSvn);
    }

    /// @dev A revoked one is final. As in dcap-qvl, unlike in Intel's library, so is that of the current TCB.
    function _merge(TcbStatus launched, TcbStatus current) internal pure returns (TcbStatus) {
        if (current == TcbStatus.Revoked) return current;
        return launched.relaunch(current);
    }

    function _load(address pointer) internal view returns (bytes memory packed, CollateralHeader.Header memory header) {
        if (pointer == address(0)) return (packed, header);
        packed = SSTORE2.read(pointer);
        header = CollateralHeader.unpack(packed);
    }

    function _summary(address pointer) internal view returns (Collateral memory) {
        (, CollateralHeader.Header memory header) = _load(pointer);
        // All fit, as they were read.
        // forge-lint: disable-start(unsafe-typecast)
        return Collateral({
            evaluationNumber: uint32(header.evaluationNumber),
            issueDate: uint64(header.issueDate),
            nextUpdate: uint64(header.nextUpdate),
            signerSerial: header.signerSerial
        });
        // forge-lint: disable-end(unsafe-typecast)
    }

    function _describe(Certified storage held) internal view returns (Certificate memory) {
        return
            Certificate({x: held.x, y: held.y, serial: held.serial, notBefore: held.notBefore, notAfter: held.notAfter});
    }

    function _checkValidity(uint256 notBefore, uint256 notAfter) internal view {
        require(
            notBefore <= block.timestamp && block.timestamp <= notAfter,
            CertificateNotValid(notBefore, notAfter, block.timestamp)
        );
    }

    function _keyHash(bytes32 x, bytes32 y) internal pure returns (bytes32) {
        return keccak256(abi.encode(x, y));
    }
}
