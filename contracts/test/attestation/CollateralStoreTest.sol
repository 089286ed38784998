// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SoftwareCollateral} from "../base/SoftwareCollateral.sol";
import {CollateralStore} from "src/attestation/CollateralStore.sol";
import {ICollateralStore} from "src/attestation/ICollateralStore.sol";
import {IEvaluationListener} from "src/attestation/IEvaluationListener.sol";

/// @title EvaluationListener
/// @notice Remembers what it heard, or refuses to hear.
contract EvaluationListener is IEvaluationListener {
    error Deaf();

    uint32[] public heard;
    bool public deaf;

    function setDeaf(bool deaf_) external {
        deaf = deaf_;
    }

    /// @inheritdoc IEvaluationListener
    function onEvaluation(uint32 number) external override {
        require(!deaf, Deaf());
        heard.push(number);
    }

    function count() external view returns (uint256) {
        return heard.length;
    }
}

/// @title CollateralStoreTest
/// @notice A store that trusts the software root, and holds all collateral of a good platform.
abstract contract CollateralStoreTest is SoftwareCollateral {
    uint256 internal constant START_TIME = 1_795_000_000;
    uint256 internal constant PCK_KEY = uint256(keccak256("platform 1"));

    bytes32 internal platformCaName;
    bytes32 internal signer;
    EvaluationListener internal listener;
    CollateralStore internal store;

    function setUp() public virtual {
        vm.warp(START_TIME);
        platformCaName = keccak256(name(PLATFORM_CA_NAME));
        signer = keyHash(SIGNER_KEY);
        listener = new EvaluationListener();
        store = newStore();
        fill(store);
    }

    function newStore() internal returns (CollateralStore) {
        (bytes32 x, bytes32 y) = publicKey(ROOT_KEY);
        return new CollateralStore(x, y, address(listener));
    }

    function fill(CollateralStore target) internal {
        target.updateRootCrl(encode(goodRootCrl()));
        target.addAuthority(encode(platformCa()));
        target.addSigner(encode(tcbSigner()));
        target.updatePckCrl(encode(goodPckCrl()));
        string memory text = json(goodTcbInfo());
        target.updateTcbInfo(bytes(text), signatureOf(SIGNER_KEY, text), signer);
        text = json(goodQeIdentity());
        target.updateQeIdentity(bytes(text), signatureOf(SIGNER_KEY, text), signer);
    }

    /// @dev A platform that nothing is wrong with.
    function goodPlatform() internal view returns (ICollateralStore.Platform memory platform) {
        platform.issuer = platformCaName;
        platform.serial = serialOf(PCK_KEY);
        platform.fmspc = FMSPC;
        platform.cpuSvn = 0x03030202040100050000000000000000;
        platform.pceSvn = 11;
        platform.teeTcbSvn = 0x0b010300000000000000000000000000;
        platform.qeAttributes = 0x11000000000000000000000000000000;
        platform.qeSigner = QE_SIGNER;
        platform.qeProductId = 2;
        platform.qeSvn = 4;
    }

    function uploadTcbInfo(string memory text) internal returns (bool) {
        return store.updateTcbInfo(bytes(text), signatureOf(SIGNER_KEY, text), signer);
    }

    function uploadTcbInfo(TcbInfoSpec memory spec) internal returns (bool) {
        return uploadTcbInfo(json(spec));
    }

    function uploadQeIdentity(string memory text) internal returns (bool) {
        return store.updateQeIdentity(bytes(text), signatureOf(SIGNER_KEY, text), signer);
    }

    function uploadQeIdentity(QeIdentitySpec memory spec) internal returns (bool) {
        return uploadQeIdentity(json(spec));
    }

    function refuseTcbInfo(string memory text, bytes memory reason_) internal {
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectRevert(reason_);
        store.updateTcbInfo(bytes(text), signature, signer);
    }

    function refuseTcbInfo(string memory text, bytes4 selector) internal {
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectPartialRevert(selector);
        store.updateTcbInfo(bytes(text), signature, signer);
    }

    function refuseQeIdentity(string memory text, bytes memory reason_) internal {
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectRevert(reason_);
        store.updateQeIdentity(bytes(text), signature, signer);
    }

    function refuseQeIdentity(string memory text, bytes4 selector) internal {
        bytes memory signature = signatureOf(SIGNER_KEY, text);
        vm.expectPartialRevert(selector);
        store.updateQeIdentity(bytes(text), signature, signer);
    }

    /// @dev A newer root list that revokes `serial` alone.
    function revokeByRoot(uint256 serial) internal {
        CrlSpec memory crl = goodRootCrl();
        crl.number = store.rootCrl().number + 1;
        crl.serials = new uint256[](1);
        crl.serials[0] = serial;
        store.updateRootCrl(encode(crl));
    }

    function refuseAssessment(ICollateralStore.Platform memory platform, bytes memory reason_) internal {
        vm.expectRevert(reason_);
        store.assess(platform);
    }

    function assertStatus(ICollateralStore.Platform memory platform, ICollateralStore.TcbStatus status) internal view {
        vm.assertEq(uint256(store.assess(platform).status), uint256(status));
    }

    /// @dev `text` with the first `from`, which must be there, replaced. (`vm.replace` replaces all.)
    function swap(string memory text, string memory from, string memory to) internal pure returns (string memory) {
        bytes memory data = bytes(text);
        bytes memory wanted = bytes(from);
        for (uint256 i; i + wanted.length <= data.length; ++i) {
            if (keccak256(slice(data, i, wanted.length)) == keccak256(wanted)) {
                uint256 end = i + wanted.length;
                return string(bytes.concat(slice(data, 0, i), bytes(to), slice(data, end, data.length - end)));
            }
        }
        revert("not there");
    }
}
