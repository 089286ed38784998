// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlockHistory} from "../BlockHistory.sol";
import {IOperatorPool} from "../staking/IOperatorPool.sol";
import {IProverBonds} from "../staking/IProverBonds.sol";
import {ICollateralStore} from "./ICollateralStore.sol";
import {IEvaluationListener} from "./IEvaluationListener.sol";
import {IProverRegistry} from "./IProverRegistry.sol";
import {IQuoteVerifier} from "./IQuoteVerifier.sol";
import {ProverRecord, ProverRecords} from "./ProverRecord.sol";
import {RegistryPolicies, RegistryPolicy} from "./RegistryPolicy.sol";
import {TdReport} from "./TdReport.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBitmap} from "solady/utils/LibBitmap.sol";

/// @title ProverRegistry
/// @notice See {IProverRegistry}.
contract ProverRegistry is IProverRegistry, IEvaluationListener {
    using LibBitmap for LibBitmap.Bitmap;

    /// @inheritdoc IProverRegistry
    uint256 public constant override MAX_KEY_LIFETIME = 7 days;
    /// @inheritdoc IProverRegistry
    uint256 public constant override MAX_RECOVERY_GRACE = 365 days;
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
    /// @inheritdoc IProverRegistry
    address public immutable override verifier;
    /// @inheritdoc IProverRegistry
    address public immutable override collateralStore;
    /// @inheritdoc IProverRegistry
    address public immutable override bonds;
    /// @inheritdoc IProverRegistry
    uint256 public immutable override activationDelay;
    /// @inheritdoc IProverRegistry
    uint256 public immutable override recoveryGrace;

    /// @dev Together with the policy, all that `liveness` reads of a signer on one of the first platforms.
    mapping(address signer => ProverRecord) internal records;

    RegistryPolicy internal policy;
    /// @dev Allowed workloads and revoked platforms that the policy has no bit for.
    LibBitmap.Bitmap internal laterWorkloads;
    LibBitmap.Bitmap internal laterPlatforms;

    /// @dev Numbers count from 1 and are never given twice. They are short enough for a record, and put the bits that every
    /// signature check reads side by side.
    uint16 internal workloadCount;
    uint32 internal platformCount;
    /// @inheritdoc IProverRegistry
    mapping(bytes32 workloadId => uint256) public override workloadNumber;
    /// @inheritdoc IProverRegistry
    mapping(bytes32 platformId => uint256) public override platformNumber;

    modifier only(address allowed) {
        require(msg.sender == allowed, NotAuthorized(msg.sender, allowed));
        _;
    }

    constructor(Config memory config) {
        require(
            config.activationDelay < MAX_KEY_LIFETIME && config.recoveryGrace <= MAX_RECOVERY_GRACE,
            UnsafeDelays(config.activationDelay, config.recoveryGrace)
        );
        address store = IQuoteVerifier(config.verifier).collateralStore();
        address listener = ICollateralStore(store).listener();
        require(listener == address(this), WrongListener(listener, address(this)));
        address bonded = IOperatorPool(config.bonds).rollup();
        require(bonded == config.rollup, WrongBonds(bonded, config.rollup));
        timelock = config.timelock;
        rollup = config.rollup;
        configHash = config.configHash;
        verifier = config.verifier;
        collateralStore = store;
        bonds = config.bonds;
        activationDelay = config.activationDelay;
        recoveryGrace = config.recoveryGrace;
        // Rises from before this contract was there have no grace: nobody was registered.
        policy = RegistryPolicies.start(ICollateralStore(store).evaluationNumber());
    }

    /// @inheritdoc IProverRegistry
    function register(bytes calldata quote, address signer, uint64 refBlockNumber) external override {
        require(signer != address(0), ZeroSigner());
        require(records[signer].operator() == address(0), SignerAlreadyRegistered(signer));
        if (!IProverBonds(bonds).isEligible(msg.sender)) revert IProverBonds.NotEligible(msg.sender);
        IQuoteVerifier.Report memory report = IQuoteVerifier(verifier).verify(quote);
        require(report.status == IQuoteVerifier.TcbStatus.UpToDate, TcbNotUpToDate(uint8(report.status)));
        _checkReportData(report.body, signer, refBlockNumber);

        RegistryPolicy policy_ = policy;
        uint256 least = policy_.floorAt(block.timestamp);
        require(report.evaluationNumber >= least, CollateralOutdated(report.evaluationNumber, least));
        bytes32 workloadId = TdReport.workloadId(report.body);
        uint256 workload = workloadNumber[workloadId];
        require(_allows(policy_, workload), WorkloadNotAllowed(workloadId));
        uint256 platform = _numberOf(report.platformId);
        require(!_revokes(policy_, platform), PlatformIsRevoked(report.platformId));

        // The one place where a key's lifetime is decided.
        uint256 activeFrom = block.timestamp + activationDelay;
        uint256 expiresAt = FixedPointMathLib.min(block.timestamp + MAX_KEY_LIFETIME, report.expiresAt);
        require(activeFrom < expiresAt, NeverActive(activeFrom, expiresAt));
        records[signer] =
            ProverRecords.pack(msg.sender, activeFrom, expiresAt, report.evaluationNumber, workload, platform);
        emit SignerRegistered(signer, msg.sender, report.platformId, workloadId, platform, expiresAt);
    }

    /// @inheritdoc IProverRegistry
    function reportRevokedPlatform(bytes calldata certificate) external override {
        _revokePlatform(IQuoteVerifier(verifier).revokedPlatform(certificate));
    }

    /// @inheritdoc IProverRegistry
    function onEvaluation(uint32 number) external override(IProverRegistry, IEvaluationListener) only(collateralStore) {
        RegistryPolicy raised = policy.raise(number, block.timestamp, recoveryGrace);
        policy = raised;
        emit EvaluationRaised(raised.next(), raised.nextFrom());
    }

    /// @inheritdoc IProverRegistry
    function allowWorkload(bytes32 workloadId) external override only(timelock) {
        require(workloadNumber[workloadId] == 0, WorkloadAlreadyKnown(workloadId));
        uint256 workload = ++workloadCount;
        workloadNumber[workloadId] = workload;
        if (workload < RegistryPolicies.FIRST) policy = policy.allow(workload);
        else laterWorkloads.set(workload);
        emit WorkloadAllowed(workloadId, workload);
    }

    /// @inheritdoc IProverRegistry
    function removeWorkload(bytes32 workloadId) external override only(timelock) {
        uint256 workload = workloadNumber[workloadId];
        require(_allows(policy, workload), WorkloadUnknown(workloadId));
        if (workload < RegistryPolicies.FIRST) policy = policy.disallow(workload);
        else laterWorkloads.unset(workload);
        emit WorkloadRemoved(workloadId, workload);
    }

    /// @inheritdoc IProverRegistry
    function revokePlatform(bytes32 platformId) external override only(timelock) {
        _revokePlatform(platformId);
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
    /// @dev Every signature of every batch pays for this. `require` would compute an error's values even where all is well.
    function liveness(address signer) external view override returns (address operator, uint256 platform) {
        ProverRecord record = records[signer];
        if (record.operator() == address(0)) revert SignerUnknown(signer);
        if (record.isRevoked()) revert SignerIsRevoked(signer);
        if (block.timestamp >= record.expiresAt()) revert SignerExpired(signer, record.expiresAt(), block.timestamp);
        if (block.timestamp < record.activeFrom()) {
            revert SignerNotActive(signer, record.activeFrom(), block.timestamp);
        }
        RegistryPolicy policy_ = policy;
        uint256 least = policy_.floorAt(block.timestamp);
        if (record.evaluation() < least) revert SignerOutdated(signer, record.evaluation(), least);
        uint256 workload = record.workload();
        if (!_allows(policy_, workload)) revert SignerWorkloadRemoved(signer, workload);
        (operator, platform) = (record.operator(), record.platform());
        if (_revokes(policy_, platform)) revert SignerPlatformRevoked(signer, platform);
    }

    /// @inheritdoc IProverRegistry
    function accountability(address signer, uint256 grace)
        external
        view
        override
        returns (address operator, bool revoked)
    {
        ProverRecord record = records[signer];
        require(record.operator() != address(0), SignerUnknown(signer));
        uint256 expiresAt = record.expiresAt();
        require(block.timestamp < expiresAt + grace, SignerExpired(signer, expiresAt, block.timestamp));
        return (record.operator(), record.isRevoked());
    }

    /// @inheritdoc IProverRegistry
    function signerOf(address signer) external view override returns (Signer memory) {
        ProverRecord record = records[signer];
        return Signer({
            operator: record.operator(),
            activeFrom: record.activeFrom(),
            expiresAt: record.expiresAt(),
            evaluationNumber: record.evaluation(),
            workload: record.workload(),
            platform: record.platform(),
            revoked: record.isRevoked()
        });
    }

    /// @inheritdoc IProverRegistry
    function isWorkloadAllowed(bytes32 workloadId) external view override returns (bool) {
        return _allows(policy, workloadNumber[workloadId]);
    }

    /// @inheritdoc IProverRegistry
    function isPlatformRevoked(bytes32 platformId) external view override returns (bool) {
        return _revokes(policy, platformNumber[platformId]);
    }

    /// @inheritdoc IProverRegistry
    function evaluationFloor() external view override returns (uint32 current, uint32 next, uint64 nextFrom) {
        RegistryPolicy policy_ = policy;
        current = policy_.floorAt(block.timestamp);
        if (policy_.next() > current) (next, nextFrom) = (policy_.next(), policy_.nextFrom());
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

    /// @dev Number 0, that of an unknown workload, is never allowed.
    function _allows(RegistryPolicy policy_, uint256 workload) internal view returns (bool) {
        return workload < RegistryPolicies.FIRST ? policy_.allows(workload) : laterWorkloads.get(workload);
    }

    function _revokes(RegistryPolicy policy_, uint256 platform) internal view returns (bool) {
        return platform < RegistryPolicies.FIRST ? policy_.revokes(platform) : laterPlatforms.get(platform);
    }

    /// @dev The quote was made for this chain, registry, operator (the caller) and signer, not long ago.
    function _checkReportData(bytes memory body, address signer, uint64 refBlockNumber) internal view {
        (bytes32 first, bytes32 second) = TdReport.reportData(body);
        require(second == configHash, WrongConfigHash(second, configHash));
        // The opcode is cheaper, but it answers for 256 blocks only, and a development node answers wrongly for blocks from
        // before its last start. What it does not confirm is asked of the history contract.
        bytes32 refBlockHash = blockhash(refBlockNumber);
        if (refBlockHash != 0 && first == reportDataHash(msg.sender, signer, refBlockNumber, refBlockHash)) return;

        uint256 oldest = FixedPointMathLib.zeroFloorSub(block.number, MAX_REFERENCE_AGE);
        refBlockHash = BlockHistory.hashOf(refBlockNumber);
        require(
            refBlockNumber >= oldest && refBlockNumber < block.number && refBlockHash != 0,
            StaleReference(refBlockNumber, oldest, block.number - 1)
        );
        bytes32 expected = reportDataHash(msg.sender, signer, refBlockNumber, refBlockHash);
        require(first == expected, WrongReportData(first, expected));
    }

    /// @dev The platform's number; a new one if it has none.
    function _numberOf(bytes32 platformId) internal returns (uint256 platform) {
        platform = platformNumber[platformId];
        if (platform == 0) {
            platform = ++platformCount;
            platformNumber[platformId] = platform;
        }
    }

    function _revokePlatform(bytes32 platformId) internal {
        uint256 platform = _numberOf(platformId);
        require(!_revokes(policy, platform), PlatformAlreadyRevoked(platformId));
        if (platform < RegistryPolicies.FIRST) policy = policy.revoke(platform);
        else laterPlatforms.set(platform);
        emit PlatformRevoked(platformId, platform);
    }

    function _revoke(address signer) internal {
        ProverRecord record = records[signer];
        require(record.operator() != address(0), SignerUnknown(signer));
        require(!record.isRevoked(), SignerIsRevoked(signer));
        records[signer] = record.revoke();
        emit SignerRevoked(signer, msg.sender);
    }
}
