// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title SharePrice
/// @notice What shares of a stake are worth: with S shares and A assets, a share costs (A + 1) / (S + 1).
///
/// The one that is added to both stands for a share and an asset that nobody owns. Every rounding is in favour of those
/// who stay, so that no operation lowers the price. Amounts are below 2^96: no product overflows.
library SharePrice {
    /// @notice Shares that `assets` buy, rounded down.
    function sharesFor(uint256 assets, uint256 totalShares, uint256 totalAssets) internal pure returns (uint256) {
        return assets * (totalShares + 1) / (totalAssets + 1);
    }

    /// @notice Assets that `shares` are worth, rounded down.
    function assetsFor(uint256 shares, uint256 totalShares, uint256 totalAssets) internal pure returns (uint256) {
        return shares * (totalAssets + 1) / (totalShares + 1);
    }

    /// @notice Assets that `shares` cost, rounded up.
    function costOf(uint256 shares, uint256 totalShares, uint256 totalAssets) internal pure returns (uint256) {
        return (shares * (totalAssets + 1) + totalShares) / (totalShares + 1);
    }

    /// @notice Shares that must be given for `assets`, rounded up.
    function sharesToRedeem(uint256 assets, uint256 totalShares, uint256 totalAssets) internal pure returns (uint256) {
        return (assets * (totalShares + 1) + totalAssets) / (totalAssets + 1);
    }
}
