// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice Parameters of a class of providers, in one word: least bond in wei of vPHA (bits 0..96) | bond for each batch, in units of
/// 10^15 wei (96..136) | weight in basis points (136..168).
type ProviderClass is uint256;

using ProviderClasses for ProviderClass global;

/// @title ProviderClasses
/// @dev Written by hand: every proof of every batch reads this.
library ProviderClasses {
    /// @dev All within the bounds that `OperatorPool` sets.
    function pack(uint256 minBond_, uint256 bondPerBatch_, uint256 weight_) internal pure returns (ProviderClass) {
        return ProviderClass.wrap(minBond_ | bondPerBatch_ << 96 | weight_ << 136);
    }

    function minBond(ProviderClass class_) internal pure returns (uint256) {
        return uint96(ProviderClass.unwrap(class_));
    }

    /// @notice In units; zero if the class proves no batches.
    function bondPerBatch(ProviderClass class_) internal pure returns (uint256) {
        return ProviderClass.unwrap(class_) >> 96 & 0xffffffffff;
    }

    function weight(ProviderClass class_) internal pure returns (uint256) {
        return ProviderClass.unwrap(class_) >> 136 & 0xffffffff;
    }
}
