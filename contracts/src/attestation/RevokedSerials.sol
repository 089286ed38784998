// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Crl} from "./Crl.sol";
import {ICollateralStore} from "./ICollateralStore.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title RevokedSerials
/// @notice A revocation list as it is stored: its serial numbers are the code of an account of their own.
library RevokedSerials {
    /// @dev All that a look-up reads is in the first slot. A list that was never there has no `nextUpdate`.
    struct Stored {
        address serials;
        uint40 thisUpdate;
        uint40 nextUpdate;
        uint16 count;
        uint256 number;
    }

    /// @dev As many as fit into the code of an account (EIP-170), whose first byte is STOP.
    uint256 internal constant MAX_COUNT = 24_575 / Crl.SERIAL_LENGTH;

    /// @notice Replaces what is stored by `list`, which must be newer.
    /// @return changed False if what is stored was made at the same time.
    function replace(Stored storage self, Crl.List memory list) internal returns (bool changed) {
        require(
            list.number >= self.number && list.thisUpdate >= self.thisUpdate,
            ICollateralStore.OlderRevocationList(list.number, list.thisUpdate, self.number, self.thisUpdate)
        );
        if (list.number == self.number && list.thisUpdate == self.thisUpdate) return false;
        uint256 count = list.serials.length / Crl.SERIAL_LENGTH;
        require(count <= MAX_COUNT, ICollateralStore.TooManyRevoked(count, MAX_COUNT));

        self.serials = count == 0 ? address(0) : SSTORE2.write(list.serials);
        // Years have four digits: times fit into 40 bits.
        // forge-lint: disable-next-item(unsafe-typecast)
        (self.thisUpdate, self.nextUpdate, self.count) =
        (uint40(list.thisUpdate), uint40(list.nextUpdate), uint16(count));
        self.number = list.number;
        return true;
    }

    /// @notice Whether `serial` is revoked.
    function contains(Stored storage self, uint256 serial) internal view returns (bool) {
        uint256 high = self.count;
        if (high == 0) return false;
        bytes memory packed = SSTORE2.read(self.serials);
        uint256 low;
        while (low < high) {
            unchecked {
                // Positions in a code.
                uint256 middle = (low + high) >> 1;
                uint256 found = _at(packed, middle);
                if (found == serial) return true;
                if (found < serial) low = middle + 1;
                else high = middle;
            }
        }
        return false;
    }

    /// @notice What is stored, without the serial numbers.
    function summary(Stored storage self) internal view returns (ICollateralStore.RevocationList memory) {
        return ICollateralStore.RevocationList({
            number: self.number, thisUpdate: self.thisUpdate, nextUpdate: self.nextUpdate, count: self.count
        });
    }

    function _at(bytes memory packed, uint256 index) private pure returns (uint256 serial) {
        assembly ("memory-safe") {
            serial := shr(96, mload(add(add(packed, 0x20), mul(index, 20))))
        }
    }
}
