// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../rollup/IRollup.sol";
import {IVPHA} from "../token/IVPHA.sol";
import {Bond} from "./Bond.sol";
import {IOperatorPool} from "./IOperatorPool.sol";
import {IProverBonds} from "./IProverBonds.sol";
import {ProviderClass, ProviderClasses} from "./ProviderClass.sol";
import {Tickets} from "./Tickets.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title OperatorPool
/// @notice See {IOperatorPool} and {IProverBonds}.
///
/// @dev One contract for all pools, not one for each from a factory. A batch then calls one account, whose address is fixed, instead of
/// one more cold account for each operator; there is one set of parameters, one vPHA balance, and one address that VPHA
/// lets seize. Pools share no accounting but `slashedUnpaid`.
contract OperatorPool is IOperatorPool, IProverBonds {
    using SafeCastLib for uint256;
    using SafeTransferLib for address;
    using Tickets for Tickets.Book;

    /// @dev See {IOperatorPool.PoolState}.
    struct Pool {
        Bond bond;
        uint96 exiting;
        uint128 reserved;
        uint32 epoch;
        uint128 shares;
        uint128 exitShares;
        uint128 work;
        Tickets.Book tickets;
    }

    /// @dev Wei of vPHA. See {Bond}.
    uint256 internal constant EXPOSURE_UNIT = 1e15;
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev Bounds of parameters.
    uint256 internal constant MAX_MIN_BOND = 1_000_000 ether;
    uint256 internal constant MAX_WEIGHT = 10 * BASIS_POINTS;
    uint256 internal constant MAX_CLASSES = 32;
    uint256 internal constant MAX_DELAY = 365 days;
    /// @dev A pool whose shares are worth less than one part of this is closed.
    uint256 internal constant CLOSING_RATIO = 1e9;

    /// @inheritdoc IOperatorPool
    address public immutable override vpha;
    /// @inheritdoc IOperatorPool
    address public immutable override rollup;
    /// @inheritdoc IOperatorPool
    address public immutable override court;
    /// @inheritdoc IOperatorPool
    address public immutable override timelock;
    /// @inheritdoc IOperatorPool
    uint256 public immutable override exitDelay;

    mapping(address operator => Pool) internal pools;
    mapping(uint256 number => ProviderClass) internal classes;
    /// @inheritdoc IOperatorPool
    uint256 public override classCount;
    /// @inheritdoc IOperatorPool
    uint256 public override slashedUnpaid;

    modifier only(address allowed) {
        require(msg.sender == allowed, NotAllowed(msg.sender));
        _;
    }

    constructor(Config memory config) {
        require(
            IVPHA(config.vpha).operatorPool() == address(this) && config.rollup != address(0)
                && config.court != address(0) && config.timelock != address(0) && config.exitDelay <= MAX_DELAY
                && config.classes.length != 0,
            InvalidConfig()
        );
        vpha = config.vpha;
        rollup = config.rollup;
        court = config.court;
        timelock = config.timelock;
        exitDelay = config.exitDelay;
        for (uint256 i; i < config.classes.length; ++i) {
            _setClass(i + 1, config.classes[i]);
        }
    }

    /// @inheritdoc IOperatorPool
    function createPool(uint256 class_) external override {
        require(class_ != 0 && class_ <= classCount, NoSuchClass(class_));
        Pool storage pool = pools[msg.sender];
        require(pool.bond.class_() == 0, PoolExists(msg.sender));
        pool.bond = pool.bond.withClass(class_);
        emit PoolCreated(msg.sender, class_);
    }

    /// @inheritdoc IOperatorPool
    function bond(uint256 amount) external override returns (uint256 shares) {
        Pool storage pool = pools[msg.sender];
        Bond stored = pool.bond;
        require(stored.class_() != 0, NoPool(msg.sender));
        require(!stored.isClosed(), PoolIsClosed(msg.sender));
        uint256 total = pool.shares;
        // A pool that is not closed has no shares if and only if it has nothing.
        shares = total == 0 ? amount : uint256(amount.toUint96()) * total / stored.active();
        require(shares != 0, NothingMoved());

        pool.bond = stored.withActive(stored.active() + amount.toUint96());
        pool.shares = (total + shares).toUint128();
        emit Bonded(msg.sender, amount, shares);
        vpha.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IOperatorPool
    function thaw(uint256 shares) external override returns (uint256 id) {
        Pool storage pool = pools[msg.sender];
        Bond stored = _release(pool, pool.bond, IRollup(rollup).recordedFinalizedIndex());
        uint256 total = pool.shares;
        require(shares <= total, NotEnoughShares(shares, total));
        uint256 amount = total == 0 ? 0 : shares * stored.active() / total;
        require(amount != 0, NothingMoved());
        uint256 remaining = stored.active() - amount;
        uint256 exposure = _exposure(stored);
        require(remaining >= exposure, Exposed(remaining, exposure));

        (uint256 exiting, uint256 exitTotal) = (pool.exiting, pool.exitShares);
        // Without exits one share is one wei. Exit shares are for what is moved, which was rounded: not for more.
        // slither-disable-next-line divide-before-multiply
        uint256 exitShares = exiting == 0 ? amount : amount * exitTotal / exiting;
        require(exitShares != 0, NothingMoved());
        pool.bond = stored.withActive(remaining);
        pool.shares = (total - shares).toUint128();
        pool.exiting = (exiting + amount).toUint96();
        pool.exitShares = (exitTotal + exitShares).toUint128();
        uint256 unlockAt = block.timestamp + exitDelay;
        id = pool.tickets.add(exitShares.toUint128(), unlockAt, pool.epoch);
        emit Thawed(msg.sender, id, shares, amount, exitShares, unlockAt);
    }

    /// @inheritdoc IOperatorPool
    function finish(uint256 id) external override returns (uint256 amount) {
        Pool storage pool = pools[msg.sender];
        Tickets.Ticket memory ticket = pool.tickets.redeem(id);
        (uint256 exiting, uint256 exitTotal) = (pool.exiting, pool.exitShares);
        if (ticket.epoch == pool.epoch) {
            amount = uint256(ticket.amount) * exiting / exitTotal;
            uint256 remaining = pool.bond.active() + exiting - amount;
            require(remaining >= pool.reserved, ReservedByCases(remaining, pool.reserved));
            pool.exiting = (exiting - amount).toUint96();
            pool.exitShares = (exitTotal - ticket.amount).toUint128();
        }
        emit Finished(msg.sender, id, amount);
        if (amount != 0) vpha.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IOperatorPool
    function settle(address operator) external override returns (uint256 work) {
        Pool storage pool = pools[operator];
        pool.bond = _release(pool, pool.bond, IRollup(rollup).recordedFinalizedIndex());
        return pool.work;
    }

    /// @inheritdoc IProverBonds
    function reserve(address[] calldata operators, uint256 batchIndex, uint256 finalizedIndex)
        external
        override
        only(rollup)
    {
        for (uint256 i; i < operators.length; ++i) {
            address operator = operators[i];
            Pool storage pool = pools[operator];
            Bond stored = pool.bond;
            ProviderClass class_ = classes[stored.class_()];
            if (!_isEligible(stored, class_)) revert NotEligible(operator);
            if (batchIndex <= stored.last() || batchIndex <= finalizedIndex) continue;
            stored = _release(pool, stored, finalizedIndex);
            uint256 units = class_.bondPerBatch();
            if ((stored.exposure() + units) * EXPOSURE_UNIT > stored.active()) {
                revert BondExhausted(operator, _exposure(stored), stored.active());
            }
            pool.bond = stored.reserve(units, batchIndex);
        }
    }

    /// @inheritdoc IOperatorPool
    function slash(address operator, uint256 amount) external override only(court) returns (uint256 taken) {
        Pool storage pool = pools[operator];
        Bond stored = pool.bond;
        (uint256 active, uint256 exiting) = (stored.active(), pool.exiting);
        taken = FixedPointMathLib.min(amount, active + exiting);
        if (taken == 0) return 0;
        // Rounded down: what that leaves over comes from the active part, which has it, since taken <= active + exiting.
        uint256 fromExiting = taken * exiting / (active + exiting);
        uint256 fromActive = taken - fromExiting;

        exiting -= fromExiting;
        pool.exiting = exiting.toUint96();
        if (exiting == 0 && pool.exitShares != 0) {
            pool.exitShares = 0;
            ++pool.epoch;
        }
        if (fromActive != 0) {
            uint256 left = active - fromActive;
            // Exposure stays covered.
            stored = stored.withExposures(left * stored.older() / active, left * stored.newer() / active);
            stored = stored.withActive(left);
        }
        if (!stored.isClosed() && stored.active() * CLOSING_RATIO < pool.shares) {
            stored = stored.close();
            emit PoolClosed(operator);
        }
        pool.bond = stored;
        slashedUnpaid += taken;
        emit Slashed(operator, fromActive, fromExiting);
    }

    /// @inheritdoc IOperatorPool
    function reserveForCase(address operator, uint256 amount) external override only(court) {
        pools[operator].reserved += amount.toUint128();
    }

    /// @inheritdoc IOperatorPool
    function releaseFromCase(address operator, uint256 amount) external override only(court) {
        pools[operator].reserved -= amount.toUint128();
    }

    /// @inheritdoc IOperatorPool
    function payOut(uint256 amount, address to) external override only(court) returns (uint256 assets) {
        slashedUnpaid -= amount;
        assets = IVPHA(vpha).seize(amount, to);
        emit PaidOut(to, amount, assets);
    }

    /// @inheritdoc IOperatorPool
    function setClass(uint256 number, Class calldata parameters) external override only(timelock) {
        _setClass(number, parameters);
    }

    /// @inheritdoc IProverBonds
    function isEligible(address operator) external view override returns (bool) {
        Bond stored = pools[operator].bond;
        return _isEligible(stored, classes[stored.class_()]);
    }

    /// @inheritdoc IOperatorPool
    function poolOf(address operator) external view override returns (PoolState memory) {
        Pool storage pool = pools[operator];
        Bond stored = pool.bond;
        return PoolState({
            class_: stored.class_(),
            closed: stored.isClosed(),
            active: stored.active(),
            shares: pool.shares,
            exiting: pool.exiting,
            exitShares: pool.exitShares,
            epoch: pool.epoch,
            reserved: pool.reserved,
            exposure: _exposure(stored),
            lastBatch: stored.last(),
            work: pool.work
        });
    }

    /// @inheritdoc IOperatorPool
    function slashable(address operator) external view override returns (uint256) {
        return pools[operator].bond.active() + pools[operator].exiting;
    }

    /// @inheritdoc IOperatorPool
    function exits(address operator)
        external
        view
        override
        returns (uint256[] memory ids, uint256[] memory amounts, uint256[] memory unlockAt)
    {
        Pool storage pool = pools[operator];
        Tickets.Ticket[] memory open;
        (ids, open) = pool.tickets.list();
        (amounts, unlockAt) = (new uint256[](open.length), new uint256[](open.length));
        for (uint256 i; i < open.length; ++i) {
            if (open[i].epoch == pool.epoch) amounts[i] = uint256(open[i].amount) * pool.exiting / pool.exitShares;
            unlockAt[i] = open[i].unlockAt;
        }
    }

    /// @inheritdoc IOperatorPool
    function classOf(uint256 number) external view override returns (Class memory) {
        require(number != 0 && number <= classCount, NoSuchClass(number));
        ProviderClass class_ = classes[number];
        return Class({
            minBond: class_.minBond(), bondPerBatch: class_.bondPerBatch() * EXPOSURE_UNIT, weight: class_.weight()
        });
    }

    /// @dev `stored` without the parts of the exposure that are final, which count as work. The caller writes it.
    function _release(Pool storage pool, Bond stored, uint256 finalizedIndex) internal returns (Bond) {
        (Bond left, uint256 released) = stored.release(finalizedIndex);
        if (released != 0) {
            uint256 work = released * EXPOSURE_UNIT * classes[stored.class_()].weight() / BASIS_POINTS;
            pool.work += work.toUint128();
        }
        return left;
    }

    function _setClass(uint256 number, Class memory parameters) internal {
        require(
            parameters.minBond != 0 && parameters.minBond <= MAX_MIN_BOND
                && parameters.bondPerBatch <= parameters.minBond && parameters.bondPerBatch % EXPOSURE_UNIT == 0
                && parameters.weight <= MAX_WEIGHT,
            InvalidClass()
        );
        uint256 count = classCount;
        require(number != 0 && number <= count + 1 && number <= MAX_CLASSES, NoSuchClass(number));
        if (number > count) classCount = number;
        classes[number] =
            ProviderClasses.pack(parameters.minBond, parameters.bondPerBatch / EXPOSURE_UNIT, parameters.weight);
        emit ClassSet(number, parameters.minBond, parameters.bondPerBatch, parameters.weight);
    }

    /// @dev No pool is of class 0, whose bond for a batch is zero.
    function _isEligible(Bond stored, ProviderClass class_) internal pure returns (bool) {
        return !stored.isClosed() && class_.bondPerBatch() != 0 && stored.active() >= class_.minBond();
    }

    /// @dev E in wei.
    function _exposure(Bond stored) internal pure returns (uint256) {
        return stored.exposure() * EXPOSURE_UNIT;
    }
}
