// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice All that a batch reads and writes of an operator, in one word:
/// C in wei (bits 0..96) | older exposure (96..136) | its last batch (136..168) | newer exposure (168..208) | its last batch, which is
/// the last of all (208..240) | class (240..248) | closed (248). Exposure is in units of 10^15 wei: all of PHA fits.
type Bond is uint256;

using Bonds for Bond global;

/// @title Bonds
/// @dev Written by hand: every proof of every batch pays for this.
library Bonds {
    /// @notice A part does not fit. Exposure never exceeds C, which is 96 bits of PHA.
    error DoesNotFit(uint256 value, uint256 bits);

    uint256 private constant ACTIVE = (1 << 96) - 1;
    uint256 private constant EXPOSURE = (1 << 40) - 1;
    uint256 private constant BATCH = (1 << 32) - 1;
    uint256 private constant CLOSED = 1 << 248;
    /// @dev Both parts, and the last batch of the older one.
    uint256 private constant PARTS = ((1 << 112) - 1) << 96;

    /// @notice C.
    function active(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) & ACTIVE;
    }

    /// @notice Part of the exposure.
    function older(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) >> 96 & EXPOSURE;
    }

    /// @notice Number of the last batch that is in the older part.
    function olderLast(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) >> 136 & BATCH;
    }

    /// @notice The other part: later batches.
    function newer(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) >> 168 & EXPOSURE;
    }

    /// @notice Number of the last batch of all.
    function last(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) >> 208 & BATCH;
    }

    /// @notice Number of the class; zero if there is no pool.
    function class_(Bond bond) internal pure returns (uint256) {
        return Bond.unwrap(bond) >> 240 & 0xff;
    }

    function isClosed(Bond bond) internal pure returns (bool) {
        return Bond.unwrap(bond) & CLOSED != 0;
    }

    /// @notice E, in units.
    function exposure(Bond bond) internal pure returns (uint256) {
        unchecked {
            // Of 40 bits each.
            return bond.older() + bond.newer();
        }
    }

    function withActive(Bond bond, uint256 active_) internal pure returns (Bond) {
        return Bond.wrap(Bond.unwrap(bond) & ~ACTIVE | _fit(active_, 96));
    }

    function withClass(Bond bond, uint256 number) internal pure returns (Bond) {
        return Bond.wrap(Bond.unwrap(bond) & ~(uint256(0xff) << 240) | _fit(number, 8) << 240);
    }

    function close(Bond bond) internal pure returns (Bond) {
        return Bond.wrap(Bond.unwrap(bond) | CLOSED);
    }

    /// @notice The same parts with less in each: a slash.
    function withExposures(Bond bond, uint256 older_, uint256 newer_) internal pure returns (Bond) {
        uint256 last_ = bond.olderLast();
        // `release` looks at the older part first: one that is nothing would hide the other.
        if (older_ == 0) (older_, newer_, last_) = (newer_, 0, bond.last());
        uint256 rest = Bond.unwrap(bond) & ~PARTS;
        return Bond.wrap(rest | _fit(older_, 40) << 96 | last_ << 136 | _fit(newer_, 40) << 168);
    }

    /// @notice With `units` more for batch `index`, which is the last of all.
    function reserve(Bond bond, uint256 units, uint256 index) internal pure returns (Bond) {
        uint256 word = Bond.unwrap(bond) & ~(BATCH << 208) | _fit(index, 32) << 208;
        if (bond.older() == 0) return Bond.wrap(word & ~(BATCH << 136) | _fit(units, 40) << 96 | index << 136);
        return Bond.wrap(word & ~(EXPOSURE << 168) | _fit(bond.newer() + units, 40) << 168);
    }

    /// @notice Without the parts all of whose batches are final.
    /// @return left The rest; the newer part takes the place of the older one.
    /// @return released Units.
    function release(Bond bond, uint256 finalizedIndex) internal pure returns (Bond left, uint256 released) {
        (uint256 older_, uint256 last_) = (bond.older(), bond.last());
        if (older_ == 0 || bond.olderLast() > finalizedIndex) return (bond, 0);
        uint256 newer_ = bond.newer();
        uint256 rest = Bond.unwrap(bond) & ~PARTS;
        if (last_ <= finalizedIndex) return (Bond.wrap(rest | last_ << 136), older_ + newer_);
        return (Bond.wrap(rest | newer_ << 96 | last_ << 136), older_);
    }

    function _fit(uint256 value, uint256 bits) private pure returns (uint256) {
        if (value >> bits != 0) revert DoesNotFit(value, bits);
        return value;
    }
}
