// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../rollup/IRollup.sol";
import {Delegation} from "./Delegation.sol";
import {ICouncilPause} from "./ICouncilPause.sol";
import {IPortal} from "./IPortal.sol";
import {IWithdrawalQuota} from "./IWithdrawalQuota.sol";
import {OutputOracle} from "./OutputOracle.sol";
import {ResourceMetering} from "./ResourceMetering.sol";
import {StorageProof} from "./StorageProof.sol";
import {WithdrawalQuota} from "./WithdrawalQuota.sol";
import {WithdrawalRecord, WithdrawalRecords} from "./WithdrawalRecord.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBytes} from "solady/utils/LibBytes.sol";

/// @title Portal
/// @notice See {IPortal}.
///
/// @dev For a proxy: all configuration is immutable, and storage holds state alone. Slots: 0 the metering, 1 the quotas, 2 the
/// withdrawals. An upgrade must keep them.
contract Portal is OutputOracle, ResourceMetering, WithdrawalQuota {
    /// @inheritdoc IPortal
    uint256 public constant override MAX_RESOURCE_LIMIT = MAX_GAS_PER_BLOCK;
    /// @inheritdoc IPortal
    uint256 public constant override MAX_DATA_LENGTH = 120_000;
    /// @inheritdoc IPortal
    uint64 public constant override RECEIVE_DEFAULT_GAS_LIMIT = 100_000;

    /// @dev Version of the event's `opaqueData`.
    uint256 internal constant DEPOSIT_VERSION = 0;

    /// @dev Added to the address of a contract that deposits, so that whoever owns the same address on L2, which may be
    /// somebody else, cannot be impersonated.
    uint160 internal constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @dev What `l2Sender` answers outside of a withdrawal.
    address internal constant NO_SENDER = 0x000000000000000000000000000000000000dEaD;

    /// @dev Who sends a transaction that is only there to find out how much gas it needs. Nobody has its key.
    address internal constant ESTIMATOR = address(1);

    /// @dev Gas that a withdrawal's call needs beside its own: at most 36,600 for a call that sends ether to a new account, and
    /// some for what comes before and after it.
    uint256 internal constant CALL_RESERVE = 40_000;

    /// @dev Where `abi.encode` puts a withdrawal's data: behind six words and the data's length, and that of the bytes themselves.
    uint256 internal constant ENCODED_DATA_OFFSET = 0x20 + 7 * 0x20;

    /// @dev No finalisation period is longer: sums of times cannot overflow.
    uint256 internal constant MAX_FINALIZATION_PERIOD = 365 days;

    /// @inheritdoc IPortal
    address public immutable override councilPause;
    /// @inheritdoc IPortal
    uint256 public immutable override finalizationPeriodSeconds;

    mapping(bytes32 withdrawalHash => WithdrawalRecord) private withdrawals;

    /// @dev Sender on L2 of the withdrawal that is being executed; zero, which sends nothing on L2, if there is none.
    address private transient sender;

    constructor(Config memory config)
        OutputOracle(config.rollup, config.submissionInterval, config.l2BlockTime)
        WithdrawalQuota(config.timelock, config.quotaWindow)
    {
        require(
            config.councilPause != address(0) && config.finalizationPeriod <= MAX_FINALIZATION_PERIOD, InvalidConfig()
        );
        councilPause = config.councilPause;
        finalizationPeriodSeconds = config.finalizationPeriod;
        // The implementation itself is of no use to anybody, and cannot be initialised any more.
        _startMetering();
    }

    receive() external payable override {
        _deposit(msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, false, LibBytes.emptyCalldata());
    }

    /// @inheritdoc IPortal
    function initialize() external override {
        require(!_isMetering(), AlreadyInitialized());
        _startMetering();
    }

    /// @inheritdoc IPortal
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
        override
    {
        _deposit(to, value, gasLimit, isCreation, data);
    }

    /// @inheritdoc IPortal
    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 l2OutputIndex,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external override {
        _requireOpen();
        address target = withdrawal.target;
        require(
            target != address(this) && target != rollup && target != councilPause && target != timelock,
            ForbiddenTarget(target)
        );
        _recordFinality(l2OutputIndex);
        bytes32 expected = IRollup(rollup).output(l2OutputIndex).outputRoot;
        bytes32 given = EfficientHashLib.hash(
            outputRootProof.version,
            outputRootProof.stateRoot,
            outputRootProof.messagePasserStorageRoot,
            outputRootProof.latestBlockhash
        );
        require(given == expected, WrongOutputRoot(given, expected));

        bytes32 withdrawalHash = keccak256(_encode(withdrawal));
        require(!withdrawals[withdrawalHash].isProven(), AlreadyProven(withdrawalHash));
        // The slot of `sentMessages[withdrawalHash]`; tries hash it once more.
        bytes32 slot = EfficientHashLib.hash(withdrawalHash, bytes32(0));
        StorageProof.requireOne(outputRootProof.messagePasserStorageRoot, EfficientHashLib.hash(slot), withdrawalProof);
        withdrawals[withdrawalHash] = WithdrawalRecords.proved(block.timestamp, l2OutputIndex);
        emit WithdrawalProven(withdrawalHash, withdrawal.sender, target);
    }

    /// @inheritdoc IPortal
    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external override {
        require(sender == address(0), Reentered());
        _requireOpen();
        bytes memory encoded = _encode(withdrawal);
        bytes32 withdrawalHash = keccak256(encoded);
        WithdrawalRecord record = withdrawals[withdrawalHash];
        require(record.isProven(), NotProven(withdrawalHash));
        require(!record.isFinalized(), AlreadyFinalized(withdrawalHash));
        uint256 readyAt = record.provenAt() + finalizationPeriodSeconds;
        require(block.timestamp >= readyAt, TooEarly(readyAt));
        withdrawals[withdrawalHash] = record.finalized();

        uint256 value = withdrawal.value;
        if (value != 0) {
            require(value <= address(this).balance, NotEnoughEther(value, address(this).balance));
            _spendQuota(address(0), value);
        }
        sender = withdrawal.sender;
        bool success = _call(withdrawal.target, value, withdrawal.gasLimit, encoded, withdrawal.data.length);
        sender = address(0);

        emit WithdrawalFinalized(withdrawalHash, success);
        // So that an estimation finds the gas with which the call succeeds, even if that is more than it asks for.
        require(success || tx.origin != ESTIMATOR, GasEstimation());
    }

    /// @inheritdoc IPortal
    function donateETH() external payable override {}

    /// @inheritdoc IPortal
    function provenWithdrawals(bytes32 withdrawalHash)
        external
        view
        override
        returns (bytes32 outputRoot, uint128 timestamp, uint128 l2OutputIndex)
    {
        WithdrawalRecord record = withdrawals[withdrawalHash];
        if (!record.isProven()) return (0, 0, 0);
        (timestamp, l2OutputIndex) = (uint128(record.provenAt()), uint128(record.outputIndex()));
        outputRoot = IRollup(rollup).output(l2OutputIndex).outputRoot;
    }

    /// @inheritdoc IPortal
    function finalizedWithdrawals(bytes32 withdrawalHash) external view override returns (bool) {
        return withdrawals[withdrawalHash].isFinalized();
    }

    /// @inheritdoc IPortal
    function l2Sender() external view override returns (address) {
        return sender == address(0) ? NO_SENDER : sender;
    }

    /// @inheritdoc IPortal
    function paused() external view override returns (bool) {
        return
            block.timestamp < ICouncilPause(councilPause).withdrawalsPausedUntil()
                || IRollup(rollup).conflictSince() != 0;
    }

    /// @inheritdoc IPortal
    function guardian() external view override returns (address) {
        return ICouncilPause(councilPause).council();
    }

    /// @inheritdoc IPortal
    function FINALIZATION_PERIOD_SECONDS() external view override returns (uint256) {
        return finalizationPeriodSeconds;
    }

    /// @inheritdoc IPortal
    function params() external view override returns (uint128, uint64, uint64) {
        return (metering.price, metering.bought, metering.blockNumber);
    }

    /// @inheritdoc IPortal
    function version() external pure override returns (string memory) {
        return "2.8.1";
    }

    /// @inheritdoc IPortal
    /// @dev The floor of EIP-7623 if no byte is zero: 10 gas a token, 4 tokens a byte.
    function minimumGasLimit(uint64 dataLength) public pure override returns (uint64) {
        return 21_000 + 40 * dataLength;
    }

    function _deposit(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        internal
        metered(gasLimit)
    {
        uint256 until = ICouncilPause(councilPause).depositsPausedUntil();
        require(block.timestamp >= until, Paused(until));
        require(!isCreation || to == address(0), CreationWithRecipient(to));
        require(data.length <= MAX_DATA_LENGTH, DataTooLarge(data.length, MAX_DATA_LENGTH));
        // The length is at most MAX_DATA_LENGTH.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint64 least = minimumGasLimit(uint64(data.length));
        require(gasLimit >= least, GasLimitTooLow(gasLimit, least));

        emit TransactionDeposited(
            _l2Sender(), to, DEPOSIT_VERSION, abi.encodePacked(msg.value, value, gasLimit, isCreation, data)
        );
    }

    /// @dev Output `index` must be final. If that takes a walk over outputs, the next proof is spared it.
    function _recordFinality(uint256 index) internal {
        uint256 recorded = IRollup(rollup).recordedFinalizedIndex();
        if (index <= recorded) return;
        require(IRollup(rollup).advanceFinality(index - recorded) == index, OutputNotFinal(index));
    }

    /// @dev Calls the target of a withdrawal, whose data is in `encoded`, with at least `gasLimit` gas. What the call returns is
    /// not copied, so that it cannot cost anything. Reverts with too little gas. Reverts as well, with the target's own words, if
    /// the target says that the withdrawal has to wait: `QuotaExceeded` or `Paused`.
    function _call(address target, uint256 value, uint256 gasLimit, bytes memory encoded, uint256 length)
        internal
        returns (bool success)
    {
        unchecked {
            // A call gets at most 63 of 64 parts of the gas (EIP-150). No transaction has 2^64 gas.
            uint256 wanted = gasLimit >> 64 == 0 ? gasLimit + gasLimit / 63 + 1 + CALL_RESERVE : type(uint256).max;
            uint256 left = gasleft();
            require(left >= wanted, NotEnoughGas(wanted, left));
        }
        assembly ("memory-safe") {
            success := call(gas(), target, value, add(encoded, ENCODED_DATA_OFFSET), length, 0, 0)
        }
        if (success) return true;
        bytes4 selector;
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
            // Only what has the size of one of the two errors is looked at.
            if or(eq(size, 0x84), eq(size, 0x24)) {
                returndatacopy(0, 0, 4)
                selector := mload(0)
            }
        }
        if (
            (size == 0x84 && selector == IWithdrawalQuota.QuotaExceeded.selector)
                || (size == 0x24 && selector == Paused.selector)
        ) {
            assembly ("memory-safe") {
                let free := mload(0x40)
                returndatacopy(free, 0, size)
                revert(free, size)
            }
        }
    }

    /// @dev Withdrawals are stopped by the council's pause and by a conflict.
    function _requireOpen() internal view {
        uint256 until = ICouncilPause(councilPause).withdrawalsPausedUntil();
        require(block.timestamp >= until, Paused(until));
        uint256 since = IRollup(rollup).conflictSince();
        require(since == 0, InConflict(since));
    }

    function _held(address) internal view override returns (uint256) {
        return address(this).balance;
    }

    /// @dev The caller as L2 will see it. An account that only delegates its code (EIP-7702) still belongs to its key.
    function _l2Sender() internal view returns (address) {
        if (msg.sender == tx.origin || Delegation.isDelegated(msg.sender)) return msg.sender;
        unchecked {
            return address(uint160(msg.sender) + ALIAS_OFFSET);
        }
    }

    /// @dev What a withdrawal is the hash of.
    function _encode(WithdrawalTransaction calldata withdrawal) internal pure returns (bytes memory) {
        return abi.encode(
            withdrawal.nonce,
            withdrawal.sender,
            withdrawal.target,
            withdrawal.value,
            withdrawal.gasLimit,
            withdrawal.data
        );
    }
}
