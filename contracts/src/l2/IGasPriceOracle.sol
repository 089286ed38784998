// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title IGasPriceOracle
/// @notice What a transaction costs besides its L2 gas: nothing. Predeploy 0x420000000000000000000000000000000000000F, the ABI
/// of OP's, which clients of OP chains ask for the L1 data fee and the operator fee.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface IGasPriceOracle {
    /// @notice Always 0. @param unsignedTransaction The transaction, RLP-encoded.
    function getL1Fee(bytes calldata unsignedTransaction) external view returns (uint256);
    /// @notice Always 0. @param unsignedSize Bytes of the transaction, RLP-encoded.
    function getL1FeeUpperBound(uint256 unsignedSize) external view returns (uint256);
    /// @notice Always 0. @param unsignedTransaction The transaction, RLP-encoded.
    function getL1GasUsed(bytes calldata unsignedTransaction) external view returns (uint256);
    /// @notice Always 0. @param gasUsed L2 gas of the transaction.
    function getOperatorFee(uint256 gasUsed) external view returns (uint256);

    /// @notice Base fee of this L2 block, in wei per gas.
    function gasPrice() external view returns (uint256);
    /// @notice Base fee of this L2 block, in wei per gas.
    function baseFee() external view returns (uint256);
    /// @notice Base fee of the L1 origin, in wei per gas.
    function l1BaseFee() external view returns (uint256);
    /// @notice Blob base fee of the L1 origin, in wei per gas.
    function blobBaseFee() external view returns (uint256);

    /// @notice Always 0: what the fees above are multiplied with.
    function baseFeeScalar() external view returns (uint32);
    /// @notice Always 0.
    function blobBaseFeeScalar() external view returns (uint32);
    /// @notice Always 0.
    function overhead() external view returns (uint256);
    /// @notice Always 0.
    function scalar() external view returns (uint256);
    /// @notice Decimals of the scalars.
    function decimals() external view returns (uint256);
    function DECIMALS() external view returns (uint256);

    /// @notice True: clients then ask `getL1Fee`, or multiply with scalars, which are 0.
    function isEcotone() external view returns (bool);
    /// @notice True: clients may ask `getL1FeeUpperBound`.
    function isFjord() external view returns (bool);
    /// @notice True: clients may ask `getOperatorFee`.
    function isIsthmus() external view returns (bool);
    /// @notice True.
    function isJovian() external view returns (bool);
    function version() external view returns (string memory);
}
