// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IL1Block
/// @notice The L1 origin of the newest L2 block. Predeploy 0x4200000000000000000000000000000000000015, OP's getters.
///
/// Storage, which provers read: slot 0 = number (bits 0..64) | timestamp (bits 64..128); slot 1 = basefee; slot 2 = hash;
/// slot 3 = blobBaseFee.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IL1Block {
    /// @notice Only the protocol itself may set the origin.
    error NotSystem(address caller, address system);

    /// @notice Sets the origin. Called by the protocol from `DEPOSITOR_ACCOUNT` at the start of a block whose origin moved.
    function setL1Origin(
        uint64 originNumber,
        uint64 originTimestamp,
        uint256 originBasefee,
        bytes32 originHash,
        uint256 originBlobBaseFee
    ) external;

    function number() external view returns (uint64);
    function timestamp() external view returns (uint64);
    function basefee() external view returns (uint256);
    function hash() external view returns (bytes32);
    function blobBaseFee() external view returns (uint256);
    /// @notice Always 0: blocks are not numbered within their origin.
    function sequenceNumber() external view returns (uint64);
    /// @notice Always 0: who may submit is up to the contract on L1.
    function batcherHash() external view returns (bytes32);
    /// @notice Always 0: there is no L1 data fee.
    function baseFeeScalar() external view returns (uint32);
    /// @notice Always 0: there is no L1 data fee.
    function blobBaseFeeScalar() external view returns (uint32);
    /// @notice Always 0: there is no operator fee.
    function operatorFeeScalar() external view returns (uint32);
    /// @notice Always 0: there is no operator fee.
    function operatorFeeConstant() external view returns (uint64);
    /// @notice The caller that may set the origin: 0xfffffffffffffffffffffffffffffffffffffffe, as of Ethereum's own system calls.
    function DEPOSITOR_ACCOUNT() external view returns (address);
    function version() external pure returns (string memory);
}
