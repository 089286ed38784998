// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IL1StandardBridge} from "src/bridge/IL1StandardBridge.sol";
import {IOptimismMintableERC20} from "src/l2/IOptimismMintableERC20.sol";

/// @title HonestToken
/// @notice A plain ERC-20 token of which anybody can have any amount, and which others spoil.
contract HonestToken {
    mapping(address account => uint256) internal balances;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function give(address to, uint256 amount) external {
        balances[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return balances[account];
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
        return true;
    }

    function move(address from, address to, uint256 amount) internal virtual {
        balances[from] -= amount;
        balances[to] += amount;
    }
}

/// @notice Keeps a percent of what moves.
contract FeeToken is HonestToken {
    function move(address from, address to, uint256 amount) internal override {
        balances[from] -= amount;
        balances[to] += amount - amount / 100;
    }
}

/// @notice Gives more than it was told to.
contract GenerousToken is HonestToken {
    function move(address from, address to, uint256 amount) internal override {
        balances[from] -= amount;
        balances[to] += amount + 1;
    }
}

/// @notice Every balance changes at once.
contract RebasingToken is HonestToken {
    uint256 public percent = 100;

    function rebase(uint256 to) external {
        percent = to;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return balances[account] * percent / 100;
    }
}

/// @notice Says no instead of reverting.
contract FalseToken is HonestToken {
    bool public refuses = true;

    function refuse(bool value) external {
        refuses = value;
    }

    function transfer(address to, uint256 amount) external override returns (bool) {
        if (refuses) return false;
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        if (refuses) return false;
        move(from, to, amount);
        return true;
    }
}

/// @notice Moves what it is told to, and returns nothing.
contract SilentToken is HonestToken {
    function transfer(address to, uint256 amount) external override returns (bool) {
        move(msg.sender, to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        move(from, to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Returns a megabyte, and answers no question shorter.
contract BombToken is HonestToken {
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        move(from, to, amount);
        assembly {
            mstore(0, 1)
            return(0, 1000000)
        }
    }

    function supportsInterface(bytes4) external pure {
        assembly {
            return(0, 1000000)
        }
    }
}

/// @notice Burns all gas of a question that it does not know.
contract BurningToken is HonestToken {
    fallback() external {
        assembly {
            invalid()
        }
    }
}

/// @notice Calls its holder before it moves anything, as ERC-777 does, and can be told to move something else.
contract ReentrantToken is HonestToken {
    address internal hook;
    bytes internal hookData;
    uint256 public instead = type(uint256).max;

    function callBefore(address target, bytes calldata data) external {
        (hook, hookData) = (target, data);
    }

    function moveInstead(uint256 amount) external {
        instead = amount;
    }

    function move(address from, address to, uint256 amount) internal override {
        address target = hook;
        if (target != address(0)) {
            hook = address(0);
            (bool success, bytes memory returned) = target.call(hookData);
            if (!success) {
                assembly {
                    revert(add(returned, 32), mload(returned))
                }
            }
            if (instead != type(uint256).max) amount = instead;
        }
        balances[from] -= amount;
        balances[to] += amount;
    }
}

/// @notice Who holds a reentrant token and bridges while it is bridged.
contract ReentrantHolder {
    IL1StandardBridge internal immutable bridge;
    ReentrantToken internal immutable token;

    constructor(IL1StandardBridge bridge_, ReentrantToken token_) {
        (bridge, token) = (bridge_, token_);
    }

    function run(uint256 outer, uint256 inner) external {
        token.approve(address(bridge), type(uint256).max);
        token.callBefore(address(this), abi.encodeCall(this.deposit, (inner)));
        deposit(outer);
    }

    function deposit(uint256 amount) public {
        bridge.bridgeERC20To(address(token), address(1), address(this), amount, 200_000, "");
    }
}

/// @notice A representation whose mint does what it is told to.
contract StubbornToken is HonestToken, IOptimismMintableERC20 {
    enum Mood {
        Mints,
        Reverts,
        Bomb,
        BurnsAllGas,
        NeedsMuchGas
    }

    address public override remoteToken;
    address public override bridge;
    Mood public mood;

    constructor(address bridge_, address remoteToken_) {
        (bridge, remoteToken) = (bridge_, remoteToken_);
    }

    function setMood(Mood value) external {
        mood = value;
    }

    function mint(address to, uint256 amount) external override {
        if (mood == Mood.Reverts) revert NotBridge(msg.sender, bridge);
        if (mood == Mood.Bomb) {
            assembly {
                revert(0, 1000000)
            }
        }
        if (mood == Mood.BurnsAllGas) {
            assembly {
                invalid()
            }
        }
        if (mood == Mood.NeedsMuchGas) {
            uint256 before = gasleft();
            while (before - gasleft() < 600_000) {}
        }
        balances[to] += amount;
    }

    function burn(address from, uint256 amount) external override {
        balances[from] -= amount;
    }

    function supportsInterface(bytes4) external pure override returns (bool) {
        return true;
    }
}
