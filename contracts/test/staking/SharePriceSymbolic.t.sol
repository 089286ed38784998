// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SharePrice} from "src/staking/SharePrice.sol";

/// @notice Proofs for all amounts of a width, by halmos: each `check_` function holds for every input. Forge runs none of them.
///
///     forge build --ast && halmos --match-contract SharePriceSymbolic
///
/// @dev The bound is what a solver decides within minutes: products and quotients of symbols are its hardest problem. The formulas
/// know no width; the fuzz tests and invariants run the same ones with 96 bits.
contract SharePriceSymbolic {
    uint8 internal constant BOUND = 16;

    modifier small(uint8 a, uint8 b, uint8 c) {
        if (a >= BOUND || b >= BOUND || c >= BOUND) return;
        _;
    }

    /// @dev Rounds down: what was bought costs no more than was paid, and one share more would.
    function check_SharesAreRoundedDown(uint8 assets, uint8 totalShares, uint8 totalAssets)
        public
        pure
        small(assets, totalShares, totalAssets)
    {
        uint256 shares = SharePrice.sharesFor(assets, totalShares, totalAssets);
        uint256 paid = uint256(assets) * (uint256(totalShares) + 1);
        assert(shares * (uint256(totalAssets) + 1) <= paid);
        assert((shares + 1) * (uint256(totalAssets) + 1) > paid);
    }

    function check_AssetsAreRoundedDown(uint8 shares, uint8 totalShares, uint8 totalAssets)
        public
        pure
        small(shares, totalShares, totalAssets)
    {
        uint256 assets = SharePrice.assetsFor(shares, totalShares, totalAssets);
        uint256 given = uint256(shares) * (uint256(totalAssets) + 1);
        assert(assets * (uint256(totalShares) + 1) <= given);
        assert((assets + 1) * (uint256(totalShares) + 1) > given);
    }

    /// @dev Rounds up: the cost covers the shares, and one wei less would not.
    function check_CostIsRoundedUp(uint8 shares, uint8 totalShares, uint8 totalAssets)
        public
        pure
        small(shares, totalShares, totalAssets)
    {
        uint256 cost = SharePrice.costOf(shares, totalShares, totalAssets);
        uint256 worth = uint256(shares) * (uint256(totalAssets) + 1);
        assert(cost * (uint256(totalShares) + 1) >= worth);
        assert(cost == 0 || (cost - 1) * (uint256(totalShares) + 1) < worth);
    }

    function check_SharesToRedeemAreRoundedUp(uint8 assets, uint8 totalShares, uint8 totalAssets)
        public
        pure
        small(assets, totalShares, totalAssets)
    {
        uint256 shares = SharePrice.sharesToRedeem(assets, totalShares, totalAssets);
        uint256 worth = uint256(assets) * (uint256(totalShares) + 1);
        assert(shares * (uint256(totalAssets) + 1) >= worth);
        assert(shares == 0 || (shares - 1) * (uint256(totalAssets) + 1) < worth);
    }

    // The price never falls: for whatever amount has the property that is proved of it above. The quotient itself is left out, which a
    // solver could not decide together with the products; nothing overflows below the bound, and no check asks for a quotient.

    function check_ADepositDoesNotLowerThePrice(
        uint256 assets,
        uint256 shares,
        uint256 totalShares,
        uint256 totalAssets
    ) public pure {
        if (assets >= BOUND || shares >= BOUND || totalShares >= BOUND || totalAssets >= BOUND) {
            return;
        }
        unchecked {
            // As `sharesFor` and `costOf` round.
            if (shares * (totalAssets + 1) > assets * (totalShares + 1)) return;
            notLower(totalAssets + assets, totalShares + shares, totalAssets, totalShares);
        }
    }

    /// @dev Unstaking and seizure alike: and there is always enough to promise or pay.
    function check_ABurnDoesNotLowerThePrice(uint256 assets, uint256 shares, uint256 totalShares, uint256 totalAssets)
        public
        pure
    {
        if (assets >= BOUND || shares >= BOUND || totalShares >= BOUND || totalAssets >= BOUND) return;
        unchecked {
            // As `assetsFor` rounds.
            if (assets * (totalShares + 1) > shares * (totalAssets + 1) || shares > totalShares) return;
            assert(assets <= totalAssets);
            notLower(totalAssets - assets, totalShares - shares, totalAssets, totalShares);
        }
    }

    function check_ARoundTripDoesNotProfit(
        uint256 assets,
        uint256 shares,
        uint256 back,
        uint256 totalShares,
        uint256 totalAssets
    ) public pure {
        if (assets >= BOUND || shares >= BOUND || totalShares >= BOUND || totalAssets >= BOUND) {
            return;
        }
        if (back >= BOUND) return;
        unchecked {
            if (shares * (totalAssets + 1) > assets * (totalShares + 1)) return;
            if (back * (totalShares + shares + 1) > shares * (totalAssets + assets + 1)) return;
            assert(back <= assets);
        }
    }

    function check_RewardsDoNotLowerThePrice(uint256 due, uint256 totalShares, uint256 totalAssets) public pure {
        if (due >= BOUND || totalShares >= BOUND || totalAssets >= BOUND) return;
        unchecked {
            notLower(totalAssets + due, totalShares, totalAssets, totalShares);
        }
    }

    function notLower(uint256 assets, uint256 shares, uint256 assetsBefore, uint256 sharesBefore) internal pure {
        unchecked {
            assert((assets + 1) * (sharesBefore + 1) >= (assetsBefore + 1) * (shares + 1));
        }
    }
}
