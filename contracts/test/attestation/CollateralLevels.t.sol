// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CollateralStoreTest} from "./CollateralStoreTest.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {TcbStatuses} from "src/attestation/TcbStatuses.sol";

/// @notice TCB levels: which one a platform meets, and how statuses merge; against a model that is written as dcap-qvl is.
contract CollateralLevelsTest is CollateralStoreTest {
    string[7] internal statuses = [
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
        "Revoked"
    ];

    // Platform.

    function test_TheFirstLevelThatIsMetCounts() public {
        TcbInfoSpec memory spec = newerTcbInfo();
        spec.levels[1].status = "SWHardeningNeeded";
        spec.levels[2].status = "ConfigurationNeeded";
        spec.levels[3].status = "ConfigurationAndSWHardeningNeeded";
        uploadTcbInfo(spec);
        ICollateralStore.Platform memory platform = goodPlatform();
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        platform.cpuSvn = 0x02030202040100050000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.SWHardeningNeeded);
        platform.cpuSvn = 0x02030202040100040000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.ConfigurationNeeded);
        platform.pceSvn = 10;
        assertStatus(platform, ICollateralStore.TcbStatus.ConfigurationAndSWHardeningNeeded);
        platform.pceSvn = 4;
        refuseAssessment(platform, noLevel(platform, platform.teeTcbSvn));
    }

    /// @dev Each component by itself: one less is one level down.
    function test_EveryComponentIsLookedAt() public {
        TcbInfoSpec memory spec = newerTcbInfo();
        spec.levels = new LevelSpec[](2);
        bytes16 all = 0x80808080808080808080808080808080;
        spec.levels[0] = LevelSpec(all, 300, all, "UpToDate");
        spec.levels[1] = LevelSpec(0, 0, 0, "OutOfDate");
        uploadTcbInfo(spec);
        ICollateralStore.Platform memory platform = goodPlatform();
        (platform.cpuSvn, platform.pceSvn) = (all, 300);
        platform.teeTcbSvn = 0x80008080808080808080808080808080;
        // A module of version 0 meets 0x80 in component 1 never.
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.teeTcbSvn = 0x0b018080808080808080808080808080;
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        platform.pceSvn = 299;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.pceSvn = 300;
        for (uint256 i; i < 16; ++i) {
            bytes16 one = bytes16(uint128(1) << uint128(120 - 8 * i));
            platform.cpuSvn = bytes16(uint128(all) - uint128(one));
            assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
            platform.cpuSvn = bytes16(uint128(all) + uint128(one));
            assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
            platform.cpuSvn = all;
            if (i < 2) continue;
            bytes16 good = platform.teeTcbSvn;
            platform.teeTcbSvn = bytes16(uint128(good) - uint128(one));
            assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
            platform.teeTcbSvn = good;
        }
    }

    /// @dev A module of version 0 has no identity: its components count as all others do.
    function test_AModuleOfVersionZeroIsJudgedByTheLevels() public view {
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.teeTcbSvn = 0x05000300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        platform.teeTcbSvn = 0x04000300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
    }

    // TDX module.

    function test_AModuleIsJudgedByItsIdentity() public {
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.teeTcbSvn = 0x0a010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.teeTcbSvn = 0x02010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.teeTcbSvn = 0x05030300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        platform.teeTcbSvn = 0x01010300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoTdxModuleLevel.selector, 1, 1));
        platform.teeTcbSvn = 0x0b020300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.UnknownTdxModule.selector, 2));
        // The same of the current module.
        platform = goodPlatform();
        platform.hasTeeTcbSvn2 = true;
        platform.teeTcbSvn2 = 0x01010300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoTdxModuleLevel.selector, 1, 1));
        platform.teeTcbSvn2 = 0x0b020300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.UnknownTdxModule.selector, 2));
        platform.teeTcbSvn2 = 0x0b010000000000000000000000000000;
        refuseAssessment(platform, noLevel(platform, platform.teeTcbSvn2));
    }

    /// @dev In the text's order, unlike the platform's levels: the first one that is met, and the first identity.
    function test_TheModulesLevelsStayInOrder() public {
        TcbInfoSpec memory spec = newerTcbInfo();
        spec.identities = new ModuleSpec[](3);
        SvnLevelSpec[] memory levels = new SvnLevelSpec[](2);
        (levels[0], levels[1]) = (SvnLevelSpec(1, "OutOfDate"), SvnLevelSpec(5, "UpToDate"));
        spec.identities[0] = module("tdx_1f", levels);
        levels = new SvnLevelSpec[](1);
        levels[0] = SvnLevelSpec(0, "UpToDate");
        spec.identities[1] = module("TDX_1F", levels);
        spec.identities[2] = module("TDX_01", new SvnLevelSpec[](0));
        uploadTcbInfo(spec);
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.teeTcbSvn = 0x091f0300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.teeTcbSvn = 0x001f0300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoTdxModuleLevel.selector, 0x1f, 0));
        platform.teeTcbSvn = 0xff010300000000000000000000000000;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoTdxModuleLevel.selector, 1, 0xff));
    }

    // Quoting enclave.

    function test_TheFirstLevelOfTheQuotingEnclaveThatIsMetCounts() public {
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = 21;
        identity.levels = new SvnLevelSpec[](3);
        identity.levels[0] = SvnLevelSpec(300, "UpToDate");
        identity.levels[1] = SvnLevelSpec(200, "OutOfDate");
        identity.levels[2] = SvnLevelSpec(4, "Revoked");
        uploadQeIdentity(identity);
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.qeSvn = 300;
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        platform.qeSvn = 299;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        platform.qeSvn = 199;
        assertStatus(platform, ICollateralStore.TcbStatus.Revoked);
        platform.qeSvn = 3;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoQeLevel.selector, 3));
        identity.evaluationNumber = 22;
        identity.levels = new SvnLevelSpec[](0);
        uploadQeIdentity(identity);
        platform.qeSvn = 300;
        refuseAssessment(platform, abi.encodeWithSelector(ICollateralStore.NoQeLevel.selector, 300));
    }

    // Statuses.

    function test_StatusesMergeAsInTheModel() public pure {
        for (uint8 a; a < 7; ++a) {
            for (uint8 b; b < 7; ++b) {
                (ICollateralStore.TcbStatus first, ICollateralStore.TcbStatus second) =
                    (ICollateralStore.TcbStatus(a), ICollateralStore.TcbStatus(b));
                vm.assertEq(uint256(TcbStatuses.converge(first, second)), modelConverge(a, b));
                vm.assertEq(uint256(TcbStatuses.relaunch(first, second)), modelRelaunch(a, b));
            }
        }
    }

    /// @dev Each status of the platform with each of the module and of the quoting enclave.
    function test_EveryStatusOfEveryPart() public {
        for (uint256 p; p < 7; ++p) {
            for (uint256 m; m < 7; m += m == 0 ? 4 : 2) {
                for (uint256 q; q < 7; ++q) {
                    if (q == 1 || q == 3) continue;
                    uploadStatuses(p, m, q, 100 + 100 * p + 10 * m + q);
                    uint256 expected = modelConverge(modelConverge(p, m), q);
                    vm.assertEq(uint256(store.assess(goodPlatform()).status), expected);
                }
            }
        }
    }

    function test_ALaterModuleThanTheOneItWasLaunchedWith() public {
        ICollateralStore.Platform memory platform = goodPlatform();
        platform.teeTcbSvn = 0x06010300000000000000000000000000;
        platform.hasTeeTcbSvn2 = true;
        platform.teeTcbSvn2 = 0x0b010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.TDRelaunchAdvised);
        platform.teeTcbSvn2 = 0x06010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.OutOfDate);
        // An earlier one changes nothing.
        (platform.teeTcbSvn, platform.teeTcbSvn2) = (0x0b010300000000000000000000000000, platform.teeTcbSvn);
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);
        // The second one is nothing unless the quote has it.
        platform.teeTcbSvn2 = 0xff020000000000000000000000000000;
        platform.hasTeeTcbSvn2 = false;
        assertStatus(platform, ICollateralStore.TcbStatus.UpToDate);

        TcbInfoSpec memory spec = newerTcbInfo();
        spec.levels[0].status = "ConfigurationNeeded";
        spec.identities[1].levels[3].status = "Revoked";
        uploadTcbInfo(spec);
        platform.hasTeeTcbSvn2 = true;
        platform.teeTcbSvn = 0x06010300000000000000000000000000;
        platform.teeTcbSvn2 = 0x0b010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.TDRelaunchAdvisedConfigurationNeeded);
        platform.teeTcbSvn2 = 0x02010300000000000000000000000000;
        assertStatus(platform, ICollateralStore.TcbStatus.Revoked);
    }

    // Everything at random.

    /// @dev Numbers are small, so that levels are met, equal and out of order often.
    function testFuzz_AgreesWithTheModel(uint256 seed) public {
        TcbInfoSpec memory spec = newerTcbInfo();
        spec.levels = new LevelSpec[](1 + pick(seed, 1, 6));
        for (uint256 i; i < spec.levels.length; ++i) {
            uint256 salt = 100 * (i + 1);
            spec.levels[i] = LevelSpec(
                svns(seed, salt, 3),
                pick(seed, salt + 50, 3),
                svns(seed, salt + 51, 3),
                statuses[pick(seed, salt + 99, 7)]
            );
        }
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = 21;
        identity.levels = svnLevels(seed, 2000, 5);
        spec.identities[0].levels = svnLevels(seed, 3000, 3);
        spec.identities[1].levels = svnLevels(seed, 4000, 3);
        uploadTcbInfo(spec);
        uploadQeIdentity(identity);

        ICollateralStore.Platform memory platform = goodPlatform();
        for (uint256 i; i < 8; ++i) {
            uint256 salt = 10_000 * (i + 1);
            platform.cpuSvn = svns(seed, salt, 4) | svns(seed, salt + 1, 3);
            platform.pceSvn = uint16(pick(seed, salt + 2, 4));
            platform.teeTcbSvn = teeSvns(seed, salt + 3);
            platform.teeTcbSvn2 = teeSvns(seed, salt + 500);
            platform.hasTeeTcbSvn2 = pick(seed, salt + 998, 2) == 0;
            platform.qeSvn = uint16(pick(seed, salt + 999, 5));
            check(spec, identity, platform);
        }
    }

    function check(TcbInfoSpec memory spec, QeIdentitySpec memory identity, ICollateralStore.Platform memory platform)
        private
        view
    {
        (bool known, uint256 expected) = model(spec, identity, platform);
        (bool success, bytes memory answer) = address(store).staticcall(abi.encodeCall(store.assess, (platform)));
        vm.assertEq(success, known);
        if (success) {
            ICollateralStore.Assessment memory given = abi.decode(answer, (ICollateralStore.Assessment));
            vm.assertEq(uint256(given.status), expected);
        } else {
            bytes4 reason_ = bytes4(answer);
            vm.assertTrue(
                reason_ == ICollateralStore.NoTcbLevel.selector || reason_ == ICollateralStore.UnknownTdxModule.selector
                    || reason_ == ICollateralStore.NoTdxModuleLevel.selector
                    || reason_ == ICollateralStore.NoQeLevel.selector
            );
        }
    }

    // The model.

    function model(TcbInfoSpec memory spec, QeIdentitySpec memory identity, ICollateralStore.Platform memory platform)
        private
        view
        returns (bool known, uint256 status)
    {
        sort(spec.levels);
        (bool knownQe, uint256 ofQe) = firstMet(identity.levels, platform.qeSvn);
        (known, status) = modelTdx(spec, platform, platform.teeTcbSvn);
        status = modelConverge(status, ofQe);
        known = known && knownQe;
        if (!platform.hasTeeTcbSvn2) return (known, status);
        (bool knownCurrent, uint256 current) = modelTdx(spec, platform, platform.teeTcbSvn2);
        current = modelConverge(current, ofQe);
        if (status == 6 || current == 6) return (known && knownCurrent, 6);
        return (known && knownCurrent, modelRelaunch(status, current));
    }

    function modelTdx(TcbInfoSpec memory spec, ICollateralStore.Platform memory platform, bytes16 tee)
        private
        view
        returns (bool known, uint256 status)
    {
        for (uint256 i; i < spec.levels.length && !known; ++i) {
            LevelSpec memory level = spec.levels[i];
            known = platform.pceSvn >= level.pceSvn;
            for (uint256 j; j < 16; ++j) {
                if (platform.cpuSvn[j] < level.sgx[j]) known = false;
                if (tee[j] < level.tdx[j] && (j > 1 || tee[1] == 0)) known = false;
            }
            status = statusNumber(level.status);
        }
        if (!known || tee[1] == 0) return (known, status);
        for (uint256 i; i < spec.identities.length; ++i) {
            bytes memory id = bytes(spec.identities[i].id);
            if (uint8(id[5]) - 0x30 != uint8(tee[1])) continue;
            (bool knownModule, uint256 ofModule) = firstMet(spec.identities[i].levels, uint8(tee[0]));
            return (knownModule, modelConverge(status, ofModule));
        }
        return (false, 0);
    }

    function firstMet(SvnLevelSpec[] memory levels, uint256 svn) private view returns (bool, uint256) {
        for (uint256 i; i < levels.length; ++i) {
            if (svn >= levels[i].svn) return (true, statusNumber(levels[i].status));
        }
        return (false, 0);
    }

    /// @dev Descending by SGX components, PCESVN, TDX components; stable.
    function sort(LevelSpec[] memory levels) private pure {
        for (uint256 i = 1; i < levels.length; ++i) {
            for (uint256 j = i; j > 0 && isLower(levels[j - 1], levels[j]); --j) {
                (levels[j - 1], levels[j]) = (levels[j], levels[j - 1]);
            }
        }
    }

    function isLower(LevelSpec memory a, LevelSpec memory b) private pure returns (bool) {
        if (a.sgx != b.sgx) return a.sgx < b.sgx;
        if (a.pceSvn != b.pceSvn) return a.pceSvn < b.pceSvn;
        return a.tdx < b.tdx;
    }

    /// @dev Table of dcap-qvl's converge_with_component.
    function modelConverge(uint256 status, uint256 component) private pure returns (uint256) {
        if (component == 6) return 6;
        if (component == 4 && (status == 0 || status == 1)) return 4;
        if (component == 4 && (status == 2 || status == 3)) return 5;
        return status;
    }

    /// @dev Table of dcap-qvl's check_for_relaunch.
    function modelRelaunch(uint256 launched, uint256 current) private pure returns (uint256) {
        if ((launched != 4 && launched != 5) || current > 3) return launched;
        return launched == 5 || current == 2 || current == 3 ? 8 : 7;
    }

    function statusNumber(string memory status) private view returns (uint256 number) {
        while (keccak256(bytes(statuses[number])) != keccak256(bytes(status))) ++number;
    }

    // Material.

    function newerTcbInfo() private view returns (TcbInfoSpec memory spec) {
        spec = goodTcbInfo();
        spec.evaluationNumber = 21;
    }

    function uploadStatuses(uint256 p, uint256 m, uint256 q, uint256 number) private {
        TcbInfoSpec memory spec = goodTcbInfo();
        spec.evaluationNumber = number;
        spec.levels[0].status = statuses[p];
        spec.identities[1].levels[0].status = statuses[m];
        uploadTcbInfo(spec);
        QeIdentitySpec memory identity = goodQeIdentity();
        identity.evaluationNumber = number;
        identity.levels[0].status = statuses[q];
        uploadQeIdentity(identity);
    }

    function svnLevels(uint256 seed, uint256 salt, uint256 kinds) private pure returns (SvnLevelSpec[] memory levels) {
        string[5] memory names =
            ["UpToDate", "OutOfDate", "Revoked", "ConfigurationNeeded", "OutOfDateConfigurationNeeded"];
        levels = new SvnLevelSpec[](1 + pick(seed, salt, 3));
        for (uint256 i; i < levels.length; ++i) {
            levels[i] = SvnLevelSpec(pick(seed, salt + 2 * i + 1, 4), names[pick(seed, salt + 2 * i + 2, kinds)]);
        }
    }

    /// @dev Three components of interest, so that levels are close to one another.
    function svns(uint256 seed, uint256 salt, uint256 most) private pure returns (bytes16) {
        uint256 value = pick(seed, salt, most) << 120 | pick(seed, salt + 1001, most) << 104;
        return bytes16(uint128(value | pick(seed, salt + 1002, most)));
    }

    function teeSvns(uint256 seed, uint256 salt) private pure returns (bytes16) {
        uint8[4] memory versions = [0, 1, 3, 2];
        uint256 version = versions[pick(seed, salt + 2000, 16) % (pick(seed, salt + 2001, 8) == 0 ? 4 : 3)];
        return svns(seed, salt, 5) | bytes16(uint128(version << 112));
    }

    function pick(uint256 seed, uint256 salt, uint256 count) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt))) % count;
    }

    function noLevel(ICollateralStore.Platform memory platform, bytes16 tee) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralStore.NoTcbLevel.selector, platform.cpuSvn, platform.pceSvn, tee);
    }
}
