// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IPortal
/// @notice The way from L1 to L2: whatever is deposited here is executed on L2, in order, and the sequencer cannot leave
/// it out.
///
/// The ABI is that of OptimismPortal. Withdrawals come with the bridge.
///
/// L2 gas of deposits is metered as OP does: at most `MAX_RESOURCE_LIMIT` per L1 block, at an EIP-1559 price that is paid
/// by burning L1 gas. So L2 gas cannot be had for nothing, and the deposits of an L1 block always fit an L2 block.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IPortal {
    /// @notice A deposit. Its L2 transaction has the source hash `keccak256(0^32 ‖ keccak256(l1BlockHash ‖ logIndex))`.
    /// @param from The caller, aliased if it is a contract.
    /// @param to Recipient on L2; zero for a contract creation.
    /// @param version Of `opaqueData`: 0.
    /// @param opaqueData Packed: uint256 mint ‖ uint256 value ‖ uint64 gasLimit ‖ bool isCreation ‖ data.
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);

    /// @notice A contract creation names no recipient.
    error CreationWithRecipient(address to);
    /// @notice The gas limit does not pay for the deposit's own data.
    error GasLimitTooLow(uint64 given, uint64 least);
    /// @notice More data than one deposit may carry.
    error DataTooLarge(uint256 given, uint256 most);
    /// @notice The L2 gas for deposits of this L1 block is used up.
    error ResourceLimitExceeded(uint256 wanted, uint256 limit);

    /// @notice Deposits a transaction. The ether sent is minted to the sender on L2.
    /// @param to Recipient on L2; zero for a contract creation.
    /// @param value Wei that the L2 transaction sends along, out of the sender's L2 balance.
    /// @param gasLimit L2 gas.
    /// @param isCreation Whether `data` is init code.
    /// @param data Call data or init code.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

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
