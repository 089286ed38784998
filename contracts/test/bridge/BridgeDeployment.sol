// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RollupTest} from "../rollup/RollupTest.sol";
import {CouncilPause} from "src/bridge/CouncilPause.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";
import {IWithdrawalQuota} from "src/bridge/IWithdrawalQuota.sol";
import {L1CrossDomainMessenger} from "src/bridge/L1CrossDomainMessenger.sol";
import {L1StandardBridge} from "src/bridge/L1StandardBridge.sol";
import {Portal} from "src/bridge/Portal.sol";
import {UpgradeTimelock} from "src/governance/UpgradeTimelock.sol";
import {UpgradeableProxy} from "src/governance/UpgradeableProxy.sol";

/// @title BridgeDeployment
/// @notice The bridge on L1 as it is deployed: portal, messenger and bridge behind proxies of the upgrade timelock.
abstract contract BridgeDeployment is RollupTest {
    uint256 internal constant FINALIZATION_PERIOD = 1 hours;
    uint256 internal constant QUOTA_WINDOW = 1 days;
    /// @dev L2 blocks between outputs.
    uint256 internal constant SUBMISSION_INTERVAL = 10;
    /// @dev Contracts that `deployBridge` deploys before the timelock.
    uint256 private constant BEFORE_TIMELOCK = 7;

    UpgradeTimelock internal upgradeTimelock;
    CouncilPause internal councilPause;
    IPortal internal portal;
    ICrossDomainMessenger internal messenger;
    IL1StandardBridge internal bridge;

    function deployBridge() internal {
        address admin = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + BEFORE_TIMELOCK);
        councilPause = new CouncilPause(account("council"), admin, 7 days);
        Portal portalCode = new Portal(
            IPortal.Config({
                rollup: address(rollupContract),
                councilPause: address(councilPause),
                timelock: admin,
                quotaWindow: QUOTA_WINDOW,
                finalizationPeriod: FINALIZATION_PERIOD,
                submissionInterval: SUBMISSION_INTERVAL,
                l2BlockTime: 1
            })
        );
        portal = IPortal(proxy(address(portalCode), admin, abi.encodeCall(IPortal.initialize, ())));
        L1CrossDomainMessenger messengerCode = new L1CrossDomainMessenger(
            L1CrossDomainMessenger.Config({portal: address(portal), councilPause: address(councilPause)})
        );
        messenger = ICrossDomainMessenger(proxy(address(messengerCode), admin, ""));
        L1StandardBridge bridgeCode = new L1StandardBridge(
            L1StandardBridge.Config({
                messenger: address(messenger),
                councilPause: address(councilPause),
                timelock: admin,
                quotaWindow: QUOTA_WINDOW
            })
        );
        bridge = IL1StandardBridge(proxy(address(bridgeCode), admin, ""));
        upgradeTimelock = new UpgradeTimelock(
            SLOW_DELAY + FINALIZATION_PERIOD + 1,
            new address[](0),
            new address[](0),
            address(rollupContract),
            address(portal)
        );
        vm.assertEq(address(upgradeTimelock), admin);
    }

    function proxy(address implementation, address admin, bytes memory initData) private returns (address payable) {
        return payable(new UpgradeableProxy(implementation, admin, initData));
    }

    /// @dev As the timelock does.
    function setQuota(address limited, address token, uint256 amount) internal {
        vm.prank(address(upgradeTimelock));
        IWithdrawalQuota(limited).setQuota(token, amount);
    }
}
