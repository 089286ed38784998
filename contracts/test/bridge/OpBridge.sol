// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "../base/Test.sol";
import {ICrossDomainMessenger} from "src/bridge/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IPortal} from "src/bridge/IPortal.sol";

/// @notice The functions of OP's contracts that a deployment needs, and that ours do not have.
interface IOpProxyAdmin {
    function setAddressManager(address manager) external;
    function setProxyType(address proxy, uint8 proxyType) external;
    function setImplementationName(address proxy, string calldata name) external;
    function upgradeAndCall(address proxy, address implementation, bytes calldata data) external payable;
}

interface IOpAddressManager {
    function transferOwnership(address owner) external;
}

interface IOpSuperchainConfig {
    function initialize(address guardian, bool paused) external;
}

interface IOpOutputOracle {
    function initialize(
        uint256 submissionInterval,
        uint256 l2BlockTime,
        uint256 startingBlockNumber,
        uint256 startingTimestamp,
        address proposer,
        address challenger,
        uint256 finalizationPeriodSeconds
    ) external;
    function nextBlockNumber() external view returns (uint256);
    function nextOutputIndex() external view returns (uint256);
    function proposeL2Output(bytes32 outputRoot, uint256 l2BlockNumber, bytes32 l1BlockHash, uint256 l1BlockNumber)
        external
        payable;
}

interface IOpSystemConfig {
    struct ResourceConfig {
        uint32 maxResourceLimit;
        uint8 elasticityMultiplier;
        uint8 baseFeeMaxChangeDenominator;
        uint32 minimumBaseFee;
        uint32 systemTxMaxGas;
        uint128 maximumBaseFee;
    }

    struct Addresses {
        address l1CrossDomainMessenger;
        address l1ERC721Bridge;
        address l1StandardBridge;
        address disputeGameFactory;
        address optimismPortal;
        address optimismMintableERC20Factory;
        address gasPayingToken;
    }

    function initialize(
        address owner,
        uint32 basefeeScalar,
        uint32 blobbasefeeScalar,
        bytes32 batcherHash,
        uint64 gasLimit,
        address unsafeBlockSigner,
        ResourceConfig calldata config,
        address batchInbox,
        Addresses calldata addresses
    ) external;
}

/// @dev Portal, messenger and bridge are all initialised with three addresses.
interface IOpInitializable {
    function initialize(address first, address second, address third) external;
}

/// @title OpBridge
/// @notice OP's L1 contracts, from the code that OP publishes in its npm package, deployed as on OP Mainnet: the messenger
/// behind a ResolvedDelegateProxy, the bridge behind an L1ChugSplashProxy, all others behind a Proxy, with one ProxyAdmin.
abstract contract OpBridge is Test {
    string private constant ARTIFACTS = "node_modules/@eth-optimism/contracts-bedrock/forge-artifacts/";
    string private constant MESSENGER_NAME = "OVM_L1CrossDomainMessenger";
    /// @dev ProxyAdmin.ProxyType.
    uint8 private constant CHUGSPLASH = 1;
    uint8 private constant RESOLVED = 2;

    address internal opProposer = account("OP proposer");
    IOpOutputOracle internal opOracle;
    IPortal internal opPortal;
    ICrossDomainMessenger internal opMessenger;
    IL1StandardBridge internal opBridge;

    IOpProxyAdmin private _admin;

    /// @dev L2 blocks take a second, the first has number `genesisBlock` and time `genesisTime`.
    function deployOpBridge(
        uint256 genesisBlock,
        uint256 genesisTime,
        uint256 submissionInterval,
        uint256 finalizationPeriod
    ) internal {
        _admin = IOpProxyAdmin(deployOp("ProxyAdmin", abi.encode(address(this))));
        address manager = deployOp("AddressManager", "");
        _admin.setAddressManager(manager);
        IOpAddressManager(manager).transferOwnership(address(_admin));

        address superchainConfig = opProxy();
        address systemConfig = opProxy();
        opOracle = IOpOutputOracle(opProxy());
        opPortal = IPortal(payable(opProxy()));
        opMessenger = ICrossDomainMessenger(deployOp("ResolvedDelegateProxy", abi.encode(manager, MESSENGER_NAME)));
        _admin.setProxyType(address(opMessenger), RESOLVED);
        _admin.setImplementationName(address(opMessenger), MESSENGER_NAME);
        opBridge = IL1StandardBridge(payable(deployOp("L1ChugSplashProxy", abi.encode(address(_admin)))));
        _admin.setProxyType(address(opBridge), CHUGSPLASH);

        opInitialize(
            superchainConfig,
            "SuperchainConfig",
            abi.encodeCall(IOpSuperchainConfig.initialize, (account("OP guardian"), false))
        );
        opInitialize(systemConfig, "SystemConfig", systemConfigCall());
        opInitialize(
            address(opOracle),
            "L2OutputOracle",
            abi.encodeCall(
                IOpOutputOracle.initialize,
                (
                    submissionInterval,
                    1,
                    genesisBlock,
                    genesisTime,
                    opProposer,
                    account("OP challenger"),
                    finalizationPeriod
                )
            )
        );
        opInitialize(
            address(opPortal),
            "OptimismPortal",
            abi.encodeCall(IOpInitializable.initialize, (address(opOracle), systemConfig, superchainConfig))
        );
        opInitialize(
            address(opMessenger),
            "L1CrossDomainMessenger",
            abi.encodeCall(IOpInitializable.initialize, (superchainConfig, address(opPortal), systemConfig))
        );
        opInitialize(
            address(opBridge),
            "L1StandardBridge",
            abi.encodeCall(IOpInitializable.initialize, (address(opMessenger), superchainConfig, systemConfig))
        );
    }

    /// @return index The output's.
    function proposeToOp(bytes32 outputRoot) internal returns (uint256 index) {
        index = opOracle.nextOutputIndex();
        uint256 number = opOracle.nextBlockNumber();
        vm.prank(opProposer);
        opOracle.proposeL2Output(outputRoot, number, 0, 0);
    }

    /// @dev Constants.DEFAULT_RESOURCE_CONFIG of OP; ether pays for gas.
    function systemConfigCall() private view returns (bytes memory) {
        IOpSystemConfig.Addresses memory addresses;
        addresses.l1CrossDomainMessenger = address(opMessenger);
        addresses.l1StandardBridge = address(opBridge);
        addresses.optimismPortal = address(opPortal);
        return abi.encodeCall(
            IOpSystemConfig.initialize,
            (
                account("OP owner"),
                1368,
                810_949,
                bytes32(uint256(1)),
                60_000_000,
                account("OP sequencer"),
                IOpSystemConfig.ResourceConfig({
                    maxResourceLimit: 20_000_000,
                    elasticityMultiplier: 10,
                    baseFeeMaxChangeDenominator: 8,
                    minimumBaseFee: 1 gwei,
                    systemTxMaxGas: 1_000_000,
                    maximumBaseFee: type(uint128).max
                }),
                account("OP batch inbox"),
                addresses
            )
        );
    }

    function opProxy() private returns (address) {
        return deployOp("Proxy", abi.encode(address(_admin)));
    }

    function opInitialize(address proxy, string memory contractName, bytes memory call_) private {
        _admin.upgradeAndCall(proxy, deployOp(contractName, ""), call_);
    }

    function deployOp(string memory contractName, bytes memory arguments) internal returns (address deployed) {
        string memory path = string.concat(ARTIFACTS, contractName, ".sol/", contractName, ".json");
        bytes memory code = bytes.concat(vm.getCode(path), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        vm.assertTrue(deployed != address(0), contractName);
    }
}
