// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IPortal
/// @notice The way between L1 and L2: whatever is deposited here is executed on L2, in order, and the sequencer cannot leave
/// it out; whatever L2 sent to L1 is proved here and executed.
///
/// The ABI is that of OptimismPortal 2.8.1 and of L2OutputOracle, so that the clients of OP chains work unmodified.
///
/// L2 gas of deposits is metered as OP does: at most `MAX_RESOURCE_LIMIT` per L1 block, at an EIP-1559 price that is paid
/// by burning L1 gas. So L2 gas cannot be had for nothing, and the deposits of an L1 block always fit an L2 block.
///
/// A withdrawal is proved against an output that is final on L1, and finalised `FINALIZATION_PERIOD_SECONDS` later. The
/// oracle's functions show final outputs alone: what they name can no longer be overturned.
///
/// While a conflict between provers is open, and while the council has paused withdrawals, nothing is proved or finalised.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IPortal {
    /// @notice A deposit. Its L2 transaction has the source hash `keccak256(0^32 ‖ keccak256(l1BlockHash ‖ logIndex))`.
    /// @param from The caller, aliased if it is a contract.
    /// @param to Recipient on L2; zero for a contract creation.
    /// @param version Of `opaqueData`: 0.
    /// @param opaqueData Packed: uint256 mint ‖ uint256 value ‖ uint64 gasLimit ‖ bool isCreation ‖ data.
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);

    /// @notice A withdrawal was proved. It can be finalised `FINALIZATION_PERIOD_SECONDS` later.
    event WithdrawalProven(bytes32 indexed withdrawalHash, address indexed from, address indexed to);

    /// @notice A withdrawal was executed, for ever. `success` says whether its call on L1 went through.
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);

    /// @notice A message that L2 sent to L1, as `L2ToL1MessagePasser.MessagePassed` tells it.
    struct WithdrawalTransaction {
        uint256 nonce;
        address sender;
        address target;
        /// Wei.
        uint256 value;
        /// Least gas of the call on L1.
        uint256 gasLimit;
        bytes data;
    }

    /// @notice What an output root commits to: `keccak256(abi.encode(this))`.
    struct OutputRootProof {
        /// 0.
        bytes32 version;
        bytes32 stateRoot;
        /// Storage root of L2ToL1MessagePasser.
        bytes32 messagePasserStorageRoot;
        bytes32 latestBlockhash;
    }

    /// @notice An output as L2OutputOracle tells it.
    struct OutputProposal {
        bytes32 outputRoot;
        /// Unix time of its submission, in seconds.
        uint128 timestamp;
        /// The last L2 block that it covers.
        uint128 l2BlockNumber;
    }

    /// @notice Constructor arguments: fixed for the life of an implementation.
    struct Config {
        /// The rollup whose outputs count.
        address rollup;
        /// The council's pause.
        address councilPause;
        /// Sets the quota of ether.
        address timelock;
        /// Seconds in which a quota is given back.
        uint256 quotaWindow;
        /// Seconds from the proof of a withdrawal until it can be finalised.
        uint256 finalizationPeriod;
        /// L2 blocks between outputs, about. At least 1.
        uint256 submissionInterval;
        /// Seconds between L2 blocks. At least 1.
        uint256 l2BlockTime;
    }

    /// @notice A contract creation names no recipient.
    error CreationWithRecipient(address to);
    /// @notice The gas limit does not pay for the deposit's own data.
    error GasLimitTooLow(uint64 given, uint64 least);
    /// @notice More data than one deposit may carry.
    error DataTooLarge(uint256 given, uint256 most);
    /// @notice The L2 gas for deposits of this L1 block is used up.
    error ResourceLimitExceeded(uint256 wanted, uint256 limit);

    /// @notice The council has paused deposits or withdrawals until `until` (Unix seconds).
    error Paused(uint256 until);
    /// @notice Provers contradict each other: nothing leaves until the timelock has resolved the conflict.
    error InConflict(uint256 since);
    /// @notice The output is not final, or does not exist.
    error OutputNotFinal(uint256 index);
    /// @notice The parts do not hash to the output root.
    error WrongOutputRoot(bytes32 given, bytes32 expected);
    /// @notice Node `node` of the proof is missing, is none, is not the one that the nodes before it lead to, does not lead to the
    /// withdrawal, or is one too many.
    error InvalidProof(uint256 node);
    /// @notice A withdrawal of these contents is proved already.
    error AlreadyProven(bytes32 withdrawalHash);
    /// @notice Nobody has proved this withdrawal.
    error NotProven(bytes32 withdrawalHash);
    /// @notice The withdrawal can be finalised from this time on, in Unix seconds.
    error TooEarly(uint256 readyAt);
    /// @notice The withdrawal was executed before.
    error AlreadyFinalized(bytes32 withdrawalHash);
    /// @notice A withdrawal cannot call the portal or what it trusts.
    error ForbiddenTarget(address target);
    /// @notice A withdrawal's call cannot finalise another one.
    error Reentered();
    /// @notice Not enough gas is left for the call that the withdrawal asks for. `wanted` includes what has to remain.
    error NotEnoughGas(uint256 wanted, uint256 left);
    /// @notice The portal does not hold the ether that the withdrawal takes.
    error NotEnoughEther(uint256 wanted, uint256 held);
    /// @notice The withdrawal's call failed, and the transaction is sent by 0x01, which only estimates gas.
    error GasEstimation();
    /// @notice The portal was initialised before.
    error AlreadyInitialized();
    /// @notice The constructor was given values that make no sense together.
    error InvalidConfig();

    /// @notice Makes a proxy ready. By anyone, once: there is nothing to choose.
    function initialize() external;

    /// @notice Deposits a transaction. The ether sent is minted to the sender on L2.
    /// @param to Recipient on L2; zero for a contract creation.
    /// @param value Wei that the L2 transaction sends along, out of the sender's L2 balance.
    /// @param gasLimit L2 gas.
    /// @param isCreation Whether `data` is init code.
    /// @param data Call data or init code.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

    /// @notice Proves that the withdrawal was sent on L2. By anyone, once.
    /// @param l2OutputIndex A final output that covers the block of the withdrawal.
    /// @param outputRootProof What the output commits to.
    /// @param withdrawalProof Trie nodes from the storage root of L2ToL1MessagePasser to the withdrawal's slot, root first. A
    /// leaf that lies inside its parent (less than 32 bytes) may be repeated at the end, as clients do.
    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 l2OutputIndex,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external;

    /// @notice Executes a proved withdrawal. By anyone, once. If its call fails it is spent nonetheless: messengers keep
    /// failed messages and let them be tried again. If it exceeds a quota, or comes with too little gas, it reverts and can
    /// be tried again.
    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external;

    /// @notice Takes ether that is not credited on L2.
    function donateETH() external payable;

    /// @notice With which output a withdrawal was proved, and when (Unix seconds). Zeros if it was not.
    function provenWithdrawals(bytes32 withdrawalHash)
        external
        view
        returns (bytes32 outputRoot, uint128 timestamp, uint128 l2OutputIndex);

    /// @notice Whether the withdrawal was executed.
    function finalizedWithdrawals(bytes32 withdrawalHash) external view returns (bool);

    /// @notice The sender on L2 of the withdrawal that is being executed; 0x000000000000000000000000000000000000dEaD otherwise.
    function l2Sender() external view returns (address);

    /// @notice Whether withdrawals are stopped, by the council or by a conflict.
    function paused() external view returns (bool);

    /// @notice The council's pause.
    function councilPause() external view returns (address);
    /// @notice The council, under OP's name.
    function guardian() external view returns (address);
    /// @notice The rollup whose outputs count.
    function rollup() external view returns (address);

    // L2OutputOracle: indices are those of the rollup's outputs.

    /// @notice The oracle of outputs: this contract.
    function l2Oracle() external view returns (address);
    /// @notice Output `index`. Reverts if it is not final.
    function getL2Output(uint256 index) external view returns (OutputProposal memory);
    /// @notice The latest final output, if it covers `l2Block`; reverts with the words of L2OutputOracle otherwise.
    function getL2OutputIndexAfter(uint256 l2Block) external view returns (uint256);
    /// @notice That output.
    function getL2OutputAfter(uint256 l2Block) external view returns (OutputProposal memory);
    /// @notice Number of the latest final output.
    function latestOutputIndex() external view returns (uint256);
    /// @notice Number of the next output to become final.
    function nextOutputIndex() external view returns (uint256);
    /// @notice The last L2 block that a final output covers.
    function latestBlockNumber() external view returns (uint256);
    /// @notice Number of the L2 genesis block.
    function startingBlockNumber() external view returns (uint256);
    /// @notice Unix time of the L2 genesis block, in seconds.
    function startingTimestamp() external view returns (uint256);
    /// @notice Whether output `index` is final.
    function isOutputFinalized(uint256 index) external view returns (bool);
    /// @notice L2 blocks between outputs, about: what clients multiply with `L2_BLOCK_TIME` to know when to look again.
    function SUBMISSION_INTERVAL() external view returns (uint256);
    function submissionInterval() external view returns (uint256);
    /// @notice Seconds between L2 blocks.
    function L2_BLOCK_TIME() external view returns (uint256);
    function l2BlockTime() external view returns (uint256);
    /// @notice Seconds from the proof of a withdrawal until it can be finalised.
    function FINALIZATION_PERIOD_SECONDS() external view returns (uint256);
    function finalizationPeriodSeconds() external view returns (uint256);

    /// @notice Least L2 gas for a deposit with `dataLength` bytes of data.
    function minimumGasLimit(uint64 dataLength) external pure returns (uint64);

    /// @notice The state of the metering: price in wei per gas, gas bought in `prevBlockNum`, the last L1 block with a deposit.
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum);

    /// @notice The version of OptimismPortal whose ABI this is.
    function version() external pure returns (string memory);

    /// @notice L2 gas that deposits may use per L1 block.
    function MAX_RESOURCE_LIMIT() external view returns (uint256);
    /// @notice Bytes of data that one deposit may carry.
    function MAX_DATA_LENGTH() external view returns (uint256);
    /// @notice L2 gas of a deposit made by sending plain ether.
    function RECEIVE_DEFAULT_GAS_LIMIT() external view returns (uint64);

    /// @notice Deposits the ether to the sender's own address on L2. A contract's ether goes to its alias.
    receive() external payable;
}
