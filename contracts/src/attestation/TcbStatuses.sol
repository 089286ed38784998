// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICollateralStore} from "./ICollateralStore.sol";
import {IEncodingErrors} from "./IEncodingErrors.sol";
import {Json} from "./Json.sol";

/// @title TcbStatuses
/// @notice Names of TCB statuses, and how Intel's library merges them.
library TcbStatuses {
    /// @dev What may stand in a TCB info, a TDX module's identity and a QE identity: a bit each, by the number of the status.
    uint256 internal constant OF_TCB_INFO = 0x7f;
    uint256 internal constant OF_MODULE = 1 << uint256(UP_TO_DATE) | 1 << uint256(OUT_OF_DATE) | 1 << uint256(REVOKED);
    uint256 internal constant OF_QE = OF_MODULE | 1 << uint256(ICollateralStore.TcbStatus.ConfigurationNeeded) | 1
        << uint256(OUT_OF_DATE_CONFIGURATION);

    ICollateralStore.TcbStatus private constant UP_TO_DATE = ICollateralStore.TcbStatus.UpToDate;
    ICollateralStore.TcbStatus private constant OUT_OF_DATE = ICollateralStore.TcbStatus.OutOfDate;
    ICollateralStore.TcbStatus private constant OUT_OF_DATE_CONFIGURATION =
    ICollateralStore.TcbStatus.OutOfDateConfigurationNeeded;
    ICollateralStore.TcbStatus private constant REVOKED = ICollateralStore.TcbStatus.Revoked;

    /// @notice The status in the string at `cursor`, one of those in `allowed`.
    /// @return status Its number in ICollateralStore.TcbStatus.
    function read(bytes memory text, uint256 cursor, uint256 allowed)
        internal
        pure
        returns (uint256 status, uint256 next)
    {
        bytes32 name;
        (name, next) = Json.readHash(text, cursor);
        if (name == keccak256("UpToDate")) status = 0;
        else if (name == keccak256("OutOfDate")) status = 4;
        else if (name == keccak256("SWHardeningNeeded")) status = 1;
        else if (name == keccak256("ConfigurationNeeded")) status = 2;
        else if (name == keccak256("ConfigurationAndSWHardeningNeeded")) status = 3;
        else if (name == keccak256("OutOfDateConfigurationNeeded")) status = 5;
        else if (name == keccak256("Revoked")) status = 6;
        else revert IEncodingErrors.MalformedJson(cursor);
        require(allowed >> status & 1 != 0, IEncodingErrors.MalformedJson(cursor));
    }

    /// @notice The status of a platform one of whose components, TDX module or quoting enclave, has a status of its own: only
    /// OutOfDate and Revoked count (Intel QVL, convergeTcbStatuses).
    function converge(ICollateralStore.TcbStatus status, ICollateralStore.TcbStatus component)
        internal
        pure
        returns (ICollateralStore.TcbStatus)
    {
        if (component == REVOKED) return REVOKED;
        if (component != OUT_OF_DATE || status >= OUT_OF_DATE) return status;
        return needsConfiguration(status) ? OUT_OF_DATE_CONFIGURATION : OUT_OF_DATE;
    }

    /// @notice The status of a TD that was launched with one and runs with another (Intel QVL, checkForRelaunch).
    function relaunch(ICollateralStore.TcbStatus launched, ICollateralStore.TcbStatus current)
        internal
        pure
        returns (ICollateralStore.TcbStatus)
    {
        bool outOfDate = launched == OUT_OF_DATE || launched == OUT_OF_DATE_CONFIGURATION;
        if (!outOfDate || current >= OUT_OF_DATE) return launched;
        return launched == OUT_OF_DATE_CONFIGURATION || needsConfiguration(current)
            ? ICollateralStore.TcbStatus.TDRelaunchAdvisedConfigurationNeeded
            : ICollateralStore.TcbStatus.TDRelaunchAdvised;
    }

    /// @dev Of the statuses before OutOfDate, those that ask for a configuration.
    function needsConfiguration(ICollateralStore.TcbStatus status) private pure returns (bool) {
        return status == ICollateralStore.TcbStatus.ConfigurationNeeded
            || status == ICollateralStore.TcbStatus.ConfigurationAndSWHardeningNeeded;
    }
}
