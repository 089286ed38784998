// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AbiText} from "../base/AbiText.sol";

/// @notice Every function and event of OP's contracts, as OP publishes them, is here with the same types: clients work
/// unmodified. What is left out is listed with the reason, and is really left out.
contract OpAbiTest is AbiText {
    string private constant OP_ARTIFACTS = "node_modules/@eth-optimism/contracts-bedrock/forge-artifacts/";

    string[] private _leftOut;

    function test_PortalAnswersAsOptimismPortal() public {
        // Behind a proxy, but initialised by its own rules.
        leaveOut("function initialize(address,address,address)");
        leaveOut("event Initialized(uint8)");
        // There is no SuperchainConfig and no SystemConfig. OP's clients read neither.
        leaveOut("function superchainConfig() view returns (address)");
        leaveOut("function systemConfig() view returns (address)");
        // Ether alone pays for gas.
        leaveOut("function balance() view returns (uint256)");
        leaveOut("function depositERC20Transaction(address,uint256,uint256,uint64,bool,bytes)");
        leaveOut("function setGasPayingToken(address,uint8,bytes32,bytes32)");
        compare("Portal", "OptimismPortal");
    }

    function test_PortalAnswersAsL2OutputOracle() public {
        leaveOut("function initialize(uint256,uint256,uint256,uint256,address,address,uint256)");
        leaveOut("event Initialized(uint8)");
        // Outputs come from the rollup, with proofs: nobody proposes them on his word, nobody deletes them.
        leaveOut("function CHALLENGER() view returns (address)");
        leaveOut("function PROPOSER() view returns (address)");
        leaveOut("function challenger() view returns (address)");
        leaveOut("function proposer() view returns (address)");
        leaveOut("function deleteL2Outputs(uint256)");
        leaveOut("function proposeL2Output(bytes32,uint256,bytes32,uint256) payable");
        leaveOut("event OutputProposed(bytes32 indexed,uint256 indexed,uint256 indexed,uint256)");
        leaveOut("event OutputsDeleted(uint256 indexed,uint256 indexed)");
        // For proposers: outputs end at any block, and blocks may be missing.
        leaveOut("function computeL2Timestamp(uint256) view returns (uint256)");
        leaveOut("function nextBlockNumber() view returns (uint256)");
        compare("Portal", "L2OutputOracle");
    }

    function test_L1Messenger() public {
        leaveOut("function initialize(address,address,address)");
        leaveOut("event Initialized(uint8)");
        leaveOut("function superchainConfig() view returns (address)");
        leaveOut("function systemConfig() view returns (address)");
        compare("L1CrossDomainMessenger", "L1CrossDomainMessenger");
    }

    function test_L1Bridge() public {
        leaveOut("function initialize(address,address,address)");
        leaveOut("event Initialized(uint8)");
        leaveOut("function superchainConfig() view returns (address)");
        leaveOut("function systemConfig() view returns (address)");
        // The names that L2 bridges called before Bedrock. Ours never did.
        leaveOut("function finalizeERC20Withdrawal(address,address,address,address,uint256,bytes)");
        leaveOut("function finalizeETHWithdrawal(address,address,uint256,bytes) payable");
        compare("L1StandardBridge", "L1StandardBridge");
    }

    function test_L2Messenger() public {
        leaveOut("function initialize(address)");
        leaveOut("event Initialized(uint8)");
        compare("L2CrossDomainMessenger", "L2CrossDomainMessenger");
    }

    function test_L2Bridge() public {
        leaveOut("function initialize(address)");
        leaveOut("event Initialized(uint8)");
        compare("L2StandardBridge", "L2StandardBridge");
    }

    function test_Factory() public {
        leaveOut("function initialize(address)");
        leaveOut("event Initialized(uint8)");
        compare("OptimismMintableERC20Factory", "OptimismMintableERC20Factory");
    }

    function test_MintableToken() public {
        // Not ERC-20, and gone from OpenZeppelin's tokens since version 5.
        leaveOut("function decreaseAllowance(address,uint256) returns (bool)");
        leaveOut("function increaseAllowance(address,uint256) returns (bool)");
        compare("OptimismMintableERC20", "OptimismMintableERC20");
    }

    function test_GasPriceOracle() public {
        // OP's switches between the fee rules of its forks.
        leaveOut("function setEcotone()");
        leaveOut("function setFjord()");
        compare("GasPriceOracle", "GasPriceOracle");
    }

    function test_WETH() public {
        // WETH9 has none.
        leaveOut("function version() view returns (string)");
        compare("WETH9", "WETH");
    }

    function test_MessagePasser() public {
        // Withdrawn ether stays in the message passer, where everybody can see it.
        leaveOut("function burn()");
        leaveOut("event WithdrawerBalanceBurnt(uint256 indexed)");
        compare("L2ToL1MessagePasser", "L2ToL1MessagePasser");
    }

    function test_L1Block() public {
        // The executor writes the origin with a call of its own.
        leaveOut("function setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)");
        leaveOut("function setL1BlockValuesEcotone()");
        // Ether alone pays for gas.
        leaveOut("function setGasPayingToken(address,uint8,bytes32,bytes32)");
        leaveOut("event GasPayingTokenSet(address indexed,uint8 indexed,bytes32,bytes32)");
        leaveOut("function gasPayingToken() view returns (address,uint8)");
        leaveOut("function gasPayingTokenName() view returns (string)");
        leaveOut("function gasPayingTokenSymbol() view returns (string)");
        leaveOut("function isCustomGasToken() view returns (bool)");
        // The fee rule from before Ecotone.
        leaveOut("function l1FeeOverhead() view returns (uint256)");
        leaveOut("function l1FeeScalar() view returns (uint256)");
        compare("L1Block", "L1Block");
    }

    function test_FeeVault() public {
        // OP's name from before Bedrock for `recipient`, and the event of that time.
        leaveOut("function l1FeeWallet() view returns (address)");
        leaveOut("event Withdrawal(uint256,address,address)");
        // Answers the value besides, as OP's newer vaults do.
        leaveOut("function withdraw()");
        compare("FeeVault", "SequencerFeeVault");
    }

    function leaveOut(string memory line) internal {
        _leftOut.push(line);
    }

    function compare(string memory name, string memory opName) internal {
        string[] memory ours = abiOf(string.concat("out/", name, ".sol/", name, ".json"));
        string[] memory theirs = abiOf(string.concat(OP_ARTIFACTS, opName, ".sol/", opName, ".json"));
        // Not a comparison with nothing.
        vm.assertGe(theirs.length, 5);

        string memory missing;
        for (uint256 i; i < theirs.length; ++i) {
            if (!contains(ours, theirs[i]) && !contains(_leftOut, theirs[i])) {
                missing = string.concat(missing, "\n", theirs[i]);
            }
        }
        vm.assertTrue(bytes(missing).length == 0, string.concat(name, " lacks:", missing));
        for (uint256 i; i < _leftOut.length; ++i) {
            vm.assertTrue(contains(theirs, _leftOut[i]), string.concat("not OP's: ", _leftOut[i]));
            vm.assertTrue(!contains(ours, _leftOut[i]), string.concat("not left out: ", _leftOut[i]));
        }
    }
}
