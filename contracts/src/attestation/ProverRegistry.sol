// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlockHistory} from "../BlockHistory.sol";
import {IProverRegistry} from "./IProverRegistry.sol";
import {ProverRecord, ProverRecords} from "./ProverRecord.sol";
import {QuoteVerifier} from "./QuoteVerifier.sol";
import {TdxQuote} from "./TdxQuote.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";

/// @title ProverRegistry
/// @notice See {IProverRegistry}.
contract ProverRegistry is IProverRegistry, QuoteVerifier {
    using LibBitmap for LibBitmap.Bitmap;

    /// @inheritdoc IProverRegistry
    uint256 public constant override MAX_KEY_LIFETIME = 7 days;
    /// @inheritdoc IProverRegistry
    /// @dev As far as EIP-2935 remembers.
    uint256 public constant override MAX_REFERENCE_AGE = 8191;

    string internal constant REPORT_DATA_TAG = "phala-prover-v1";

    /// @inheritdoc IProverRegistry
    address public immutable override timelock;
    /// @inheritdoc IProverRegistry
    address public immutable override rollup;
    /// @inheritdoc IProverRegistry
    bytes32 public immutable override configHash;

    /// @dev Together with a bit of its workload and of its platform, all that `liveness` reads.
    mapping(address signer => ProverRecord) internal records;

    /// @dev Numbers count from 1 and are never given twice. They are short enough for a record, and put the bits that every
    /// signature check reads side by side.
    uint16 internal workloadCount;
    uint32 internal platformCount;
    /// @inheritdoc IProverRegistry
    mapping(bytes32 workloadId => uint256) public override workloadNumber;
    /// @inheritdoc IProverRegistry
    mapping(bytes32 platformId => uint256) public override platformNumber;
    LibBitmap.Bitmap internal allowedWorkloads;
    LibBitmap.Bitmap internal revokedPlatforms;

    modifier only(address allowed) {
        require(msg.sender == allowed, NotAuthorized(msg.sender, allowed));
        _;
    }

    constructor(Config memory config) QuoteVerifier(config) {
        timelock = config.timelock;
        rollup = config.rollup;
        configHash = config.configHash;
    }

    /// @inheritdoc IProverRegistry
    function register(bytes calldata quote, address signer, uint64 refBlockNumber) external override {
        require(signer != address(0), ZeroSigner());
        require(records[signer].operator() == address(0), SignerAlreadyRegistered(signer));
        (bytes32 platformId, uint256 certificatesExpireAt) = _verify(quote);
        _checkReportData(quote, signer, refBlockNumber);

        bytes32 workloadId = TdxQuote.workloadId(quote);
        uint256 workload = workloadNumber[workloadId];
        // Number 0, that of an unknown workload, is never allowed.
        require(allowedWorkloads.get(workload), WorkloadNotAllowed(workloadId));
        uint256 platform = _numberOf(platformId);
        require(!revokedPlatforms.get(platform), PlatformIsRevoked(platformId));

        uint256 expiresAt = _expiry(certificatesExpireAt);
        records[signer] = ProverRecords.pack(msg.sender, expiresAt, workload, platform);
        emit SignerRegistered(signer, msg.sender, platformId, workloadId, platform, expiresAt);
    }

    /// @inheritdoc IProverRegistry
    function allowWorkload(bytes32 workloadId) external override only(timelock) {
        require(workloadNumber[workloadId] == 0, WorkloadAlreadyKnown(workloadId));
        uint256 workload = ++workloadCount;
        workloadNumber[workloadId] = workload;
        allowedWorkloads.set(workload);
        emit WorkloadAllowed(workloadId, workload);
    }

    /// @inheritdoc IProverRegistry
    function removeWorkload(bytes32 workloadId) external override only(timelock) {
        uint256 workload = workloadNumber[workloadId];
        require(allowedWorkloads.get(workload), WorkloadUnknown(workloadId));
        allowedWorkloads.unset(workload);
        emit WorkloadRemoved(workloadId, workload);
    }

    /// @inheritdoc IProverRegistry
    function revokePlatform(bytes32 platformId) external override only(timelock) {
        uint256 platform = _numberOf(platformId);
        require(!revokedPlatforms.get(platform), PlatformAlreadyRevoked(platformId));
        revokedPlatforms.set(platform);
        emit PlatformRevoked(platformId, platform);
    }

    /// @inheritdoc IProverRegistry
    function revokeSigner(address signer) external override only(timelock) {
        _revoke(signer);
    }

    /// @inheritdoc IProverRegistry
    function revokeForConflict(address signer) external override only(rollup) {
        _revoke(signer);
    }

    /// @inheritdoc IProverRegistry
    function liveness(address signer) external view override returns (address operator, uint256 platform) {
        ProverRecord record = _answering(signer, 0);
        require(allowedWorkloads.get(record.workload()), SignerWorkloadRemoved(signer, record.workload()));
        require(!revokedPlatforms.get(record.platform()), SignerPlatformRevoked(signer, record.platform()));
        return (record.operator(), record.platform());
    }

    /// @inheritdoc IProverRegistry
    function accountability(address signer, uint256 grace)
        external
        view
        override
        returns (address operator, uint256 platform)
    {
        ProverRecord record = _answering(signer, grace);
        return (record.operator(), record.platform());
    }

    /// @inheritdoc IProverRegistry
    function signerOf(address signer) external view override returns (Signer memory) {
        ProverRecord record = records[signer];
        return Signer({
            operator: record.operator(),
            // 40 bits each, or fewer.
            // forge-lint: disable-next-line(unsafe-typecast)
            expiresAt: uint64(record.expiresAt()),
            // forge-lint: disable-next-line(unsafe-typecast)
            workload: uint64(record.workload()),
            // forge-lint: disable-next-line(unsafe-typecast)
            platform: uint64(record.platform()),
            revoked: record.isRevoked()
        });
    }

    /// @inheritdoc IProverRegistry
    function isWorkloadAllowed(bytes32 workloadId) external view override returns (bool) {
        return allowedWorkloads.get(workloadNumber[workloadId]);
    }

    /// @inheritdoc IProverRegistry
    function isPlatformRevoked(bytes32 platformId) external view override returns (bool) {
        return revokedPlatforms.get(platformNumber[platformId]);
    }

    /// @inheritdoc IProverRegistry
    function reportDataHash(address operator, address signer, uint64 refBlockNumber, bytes32 refBlockHash)
        public
        view
        override
        returns (bytes32)
    {
        return keccak256(
            abi.encode(REPORT_DATA_TAG, block.chainid, address(this), operator, signer, refBlockNumber, refBlockHash)
        );
    }

    /// @dev When a key registered now expires: the one place where a key's lifetime is decided. The verdict of the collateral
    /// contract (TCB level, revocation lists, quoting enclave's identity) belongs here and in `liveness`.
    function _expiry(uint256 certificatesExpireAt) internal view returns (uint256) {
        return FixedPointMathLib.min(block.timestamp + MAX_KEY_LIFETIME, certificatesExpireAt);
    }

    /// @dev The record of a signer that is registered, not revoked, and not expired for `grace` seconds or more.
    function _answering(address signer, uint256 grace) internal view returns (ProverRecord record) {
        record = records[signer];
        require(record.operator() != address(0), SignerUnknown(signer));
        require(!record.isRevoked(), SignerIsRevoked(signer));
        require(
            block.timestamp < record.expiresAt() + grace, SignerExpired(signer, record.expiresAt(), block.timestamp)
        );
    }

    /// @dev The quote was made for this chain, registry, operator (the caller) and signer, not long ago.
    function _checkReportData(bytes calldata quote, address signer, uint64 refBlockNumber) internal view {
        uint256 oldest = FixedPointMathLib.zeroFloorSub(block.number, MAX_REFERENCE_AGE);
        bytes32 refBlockHash = BlockHistory.hashOf(refBlockNumber);
        require(
            refBlockNumber >= oldest && refBlockNumber < block.number && refBlockHash != bytes32(0),
            StaleReference(refBlockNumber, oldest, block.number - 1)
        );
        (bytes32 first, bytes32 second) = TdxQuote.reportData(quote);
        bytes32 expected = reportDataHash(msg.sender, signer, refBlockNumber, refBlockHash);
        require(first == expected, WrongReportData(first, expected));
        require(second == configHash, WrongConfigHash(second, configHash));
    }

    /// @dev The platform's number; a new one if it has none.
    function _numberOf(bytes32 platformId) internal returns (uint256 platform) {
        platform = platformNumber[platformId];
        if (platform == 0) {
            platform = ++platformCount;
            platformNumber[platformId] = platform;
        }
    }

    function _revoke(address signer) internal {
        ProverRecord record = records[signer];
        require(record.operator() != address(0), SignerUnknown(signer));
        require(!record.isRevoked(), SignerIsRevoked(signer));
        records[signer] = record.revoke();
        emit SignerRevoked(signer, msg.sender);
    }
}
