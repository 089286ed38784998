// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SharePrice} from "../staking/SharePrice.sol";
import {Tickets} from "../staking/Tickets.sol";
import {IVPHA} from "./IVPHA.sol";
import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC20Votes} from "solady/tokens/ERC20Votes.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title VPHA
/// @notice See {IVPHA}.
///
/// @dev The token is solady's ERC20Votes, with three of its freedoms taken away: shares cannot be sent or minted to the zero address (the
/// votes' total would count that as a burn), and Permit2 has no allowance by itself.
contract VPHA is IVPHA, ERC20Votes {
    using SafeCastLib for uint256;
    using SafeTransferLib for address;
    using Tickets for Tickets.Book;

    /// @dev What a deposit moves. One slot. PHA has 10^27 wei: any amount of it fits into 90 bits.
    struct Stake {
        /// A, as of `accruedAt`.
        uint96 assets;
        /// N, as of `accruedAt`.
        uint96 unstreamed;
        /// Unix time in seconds.
        uint40 accruedAt;
        bool paused;
    }

    /// @notice PHA that the deployer leaves with nobody, so that the price cannot be moved by whoever comes first.
    uint256 public constant SEED = 1000 ether;
    /// @notice Who holds the seed's shares.
    address public constant DEAD = 0x000000000000000000000000000000000000dEaD;
    /// @dev No delay is longer.
    uint256 internal constant MAX_DELAY = 365 days;
    /// @dev No reward is streamed faster: who enters for a moment and leaves with it must get next to nothing.
    uint256 internal constant MIN_REWARD_DURATION = 7 days;

    /// @inheritdoc IVPHA
    address public immutable override asset;
    /// @inheritdoc IVPHA
    address public immutable override timelock;
    /// @inheritdoc IVPHA
    address public immutable override council;
    /// @inheritdoc IVPHA
    address public immutable override emission;
    /// @inheritdoc IVPHA
    address public immutable override operatorPool;
    /// @inheritdoc IVPHA
    uint256 public immutable override unstakeDelay;
    /// @inheritdoc IVPHA
    uint256 public immutable override rewardDuration;

    Stake internal stake;
    uint96 internal promised;
    uint96 internal rate;
    mapping(address owner => Tickets.Book) internal books;

    /// @dev The deployer must have approved this address for `SEED` PHA.
    constructor(Config memory config) {
        require(
            config.pha != address(0) && config.timelock != address(0) && config.unstakeDelay <= MAX_DELAY
                && config.rewardDuration >= MIN_REWARD_DURATION && config.rewardDuration <= MAX_DELAY,
            InvalidConfig()
        );
        asset = config.pha;
        timelock = config.timelock;
        council = config.council;
        emission = config.emission;
        operatorPool = config.operatorPool;
        unstakeDelay = config.unstakeDelay;
        rewardDuration = config.rewardDuration;

        // A constant far below 2^96.
        // forge-lint: disable-next-line(unsafe-typecast)
        stake.assets = uint96(SEED);
        stake.accruedAt = uint40(block.timestamp);
        _mint(DEAD, SEED);
        emit Deposit(msg.sender, DEAD, SEED, SEED);
        config.pha.safeTransferFrom(msg.sender, address(this), SEED);
    }

    /// @inheritdoc IVPHA
    function deposit(uint256 assets, address receiver) external override returns (uint256 shares) {
        Stake memory now_ = _accrued();
        shares = SharePrice.sharesFor(assets.toUint96(), totalSupply(), now_.assets);
        _enter(now_, assets, shares, receiver);
    }

    /// @inheritdoc IVPHA
    function mint(uint256 shares, address receiver) external override returns (uint256 assets) {
        Stake memory now_ = _accrued();
        assets = SharePrice.costOf(shares.toUint96(), totalSupply(), now_.assets);
        _enter(now_, assets, shares, receiver);
    }

    /// @inheritdoc IVPHA
    function requestUnstake(uint256 shares) external override returns (uint256 id) {
        Stake memory now_ = _accrued();
        uint96 assets = SharePrice.assetsFor(shares.toUint96(), totalSupply(), now_.assets).toUint96();
        require(assets != 0, NothingMoved());
        uint256 unlockAt = block.timestamp + unstakeDelay;

        now_.assets -= assets;
        stake = now_;
        promised += assets;
        id = books[msg.sender].add(assets, unlockAt, 0);
        _burn(msg.sender, shares);
        emit UnstakeRequested(msg.sender, id, shares, assets, unlockAt);
    }

    /// @inheritdoc IVPHA
    function cancel(uint256 id) external override returns (uint256 shares) {
        Stake memory now_ = _accrued();
        // Written from 96 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint96 assets = uint96(books[msg.sender].close(id).amount);
        shares = SharePrice.sharesFor(assets, totalSupply(), now_.assets);
        require(shares != 0, NothingMoved());

        now_.assets += assets;
        stake = now_;
        promised -= assets;
        _mint(msg.sender, shares);
        emit UnstakeCancelled(msg.sender, id, assets, shares);
    }

    /// @inheritdoc IVPHA
    function claim(uint256 id) external override returns (uint256 assets) {
        assets = books[msg.sender].redeem(id).amount;
        // Written from 96 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        promised -= uint96(assets);
        emit Claimed(msg.sender, id, assets);
        asset.safeTransfer(msg.sender, assets);
    }

    /// @inheritdoc IVPHA
    function accrue() external override {
        stake = _accrued();
    }

    /// @inheritdoc IVPHA
    function notifyReward(uint256 assets) external override {
        require(msg.sender == emission, NotAllowed(msg.sender));
        asset.safeTransferFrom(msg.sender, address(this), assets);

        Stake memory now_ = _accrued();
        now_.unstreamed += assets.toUint96();
        uint256 rate_ = now_.unstreamed / rewardDuration;
        require(rate_ != 0, RewardTooSmall(now_.unstreamed, rewardDuration));
        stake = now_;
        rate = rate_.toUint96();
        emit RewardNotified(assets, rate_);
    }

    /// @inheritdoc IVPHA
    function seize(uint256 shares, address to) external override returns (uint256 assets) {
        require(msg.sender == operatorPool, NotAllowed(msg.sender));
        Stake memory now_ = _accrued();
        assets = SharePrice.assetsFor(shares.toUint96(), totalSupply(), now_.assets);

        now_.assets -= assets.toUint96();
        stake = now_;
        _burn(msg.sender, shares);
        emit Seized(to, shares, assets);
        if (assets != 0) asset.safeTransfer(to, assets);
    }

    /// @inheritdoc IVPHA
    function pause() external override {
        require(msg.sender == council || msg.sender == timelock, NotAllowed(msg.sender));
        stake.paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IVPHA
    function unpause() external override {
        require(msg.sender == timelock, NotAllowed(msg.sender));
        stake.paused = false;
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IVPHA
    function tickets(address owner)
        external
        view
        override
        returns (uint256[] memory ids, uint256[] memory assets, uint256[] memory unlockAt)
    {
        Tickets.Ticket[] memory open;
        (ids, open) = books[owner].list();
        (assets, unlockAt) = (new uint256[](open.length), new uint256[](open.length));
        for (uint256 i; i < open.length; ++i) {
            (assets[i], unlockAt[i]) = (open[i].amount, open[i].unlockAt);
        }
    }

    /// @inheritdoc IVPHA
    function unstaking() external view override returns (uint256) {
        return promised;
    }

    /// @inheritdoc IVPHA
    function unstreamed() external view override returns (uint256) {
        return _accrued().unstreamed;
    }

    /// @inheritdoc IVPHA
    function rewardRate() external view override returns (uint256) {
        return rate;
    }

    /// @inheritdoc IVPHA
    function paused() external view override returns (bool) {
        return stake.paused;
    }

    /// @inheritdoc IVPHA
    function totalAssets() public view override returns (uint256) {
        return _accrued().assets;
    }

    /// @inheritdoc IVPHA
    function convertToShares(uint256 assets) public view override returns (uint256) {
        return SharePrice.sharesFor(assets, totalSupply(), totalAssets());
    }

    /// @inheritdoc IVPHA
    function convertToAssets(uint256 shares) public view override returns (uint256) {
        return SharePrice.assetsFor(shares, totalSupply(), totalAssets());
    }

    /// @inheritdoc IVPHA
    function maxDeposit(address) public view override returns (uint256) {
        return stake.paused ? 0 : type(uint96).max - totalAssets();
    }

    /// @inheritdoc IVPHA
    function maxMint(address receiver) external view override returns (uint256) {
        return FixedPointMathLib.min(convertToShares(maxDeposit(receiver)), type(uint96).max);
    }

    /// @inheritdoc IVPHA
    function maxWithdraw(address) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IVPHA
    function maxRedeem(address) external pure override returns (uint256) {
        return 0;
    }

    /// @inheritdoc IVPHA
    function previewDeposit(uint256 assets) external view override returns (uint256) {
        return convertToShares(assets);
    }

    /// @inheritdoc IVPHA
    function previewMint(uint256 shares) external view override returns (uint256) {
        return SharePrice.costOf(shares, totalSupply(), totalAssets());
    }

    /// @inheritdoc IVPHA
    function previewWithdraw(uint256 assets) external view override returns (uint256) {
        return SharePrice.sharesToRedeem(assets, totalSupply(), totalAssets());
    }

    /// @inheritdoc IVPHA
    function previewRedeem(uint256 shares) external view override returns (uint256) {
        return convertToAssets(shares);
    }

    /// @inheritdoc ERC20
    function name() public pure override returns (string memory) {
        return "Staked Phala";
    }

    /// @inheritdoc ERC20
    function symbol() public pure override returns (string memory) {
        return "vPHA";
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 amount) public override returns (bool) {
        require(to != address(0), ZeroReceiver());
        return super.transfer(to, amount);
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        require(to != address(0), ZeroReceiver());
        return super.transferFrom(from, to, amount);
    }

    /// @inheritdoc ERC20Votes
    /// @dev Every stake and unstake asks for the zero address, which can neither call nor sign: that slot need not be read.
    function delegates(address delegator) public view override returns (address) {
        return delegator == address(0) ? address(0) : super.delegates(delegator);
    }

    /// @notice Time of votes: Unix time in seconds (ERC-6372).
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice See `clock`.
    // The standard's own name.
    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc IVPHA
    function getPastTotalSupply(uint256 timepoint) external view override returns (uint256) {
        return getPastVotesTotalSupply(timepoint);
    }

    /// @dev Takes `assets` of the caller for `shares` of `receiver`. The transfer comes last: until it has succeeded, nothing of
    /// the new stake can leave, since that takes a ticket that is locked or reverts with it.
    function _enter(Stake memory now_, uint256 assets, uint256 shares, address receiver) internal {
        require(!now_.paused, DepositsPaused());
        require(receiver != address(0), ZeroReceiver());
        require(shares != 0 && assets != 0, NothingMoved());
        now_.assets += assets.toUint96();
        stake = now_;
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
        asset.safeTransferFrom(msg.sender, address(this), assets);
    }

    /// @dev The stake with the rewards that are due until now: p = rate * dt, but never more than there are.
    function _accrued() internal view returns (Stake memory now_) {
        now_ = stake;
        uint256 elapsed = block.timestamp - now_.accruedAt;
        now_.accruedAt = uint40(block.timestamp);
        // At most what is unstreamed.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint96 due = uint96(FixedPointMathLib.min(rate * elapsed, now_.unstreamed));
        now_.assets += due;
        now_.unstreamed -= due;
    }

    function _constantNameHash() internal pure override returns (bytes32) {
        return keccak256("Staked Phala");
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
