// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title Tickets
/// @notice Promises of one owner that may be redeemed from a time on, which never moves. At most 32 are open at once.
///
/// A ticket's number is 32 times its serial plus its place: no number is ever given twice, so that a late transaction cannot
/// redeem another ticket than the one it means. A book is one slot and one for each place.
library Tickets {
    /// @notice One promise. One slot.
    struct Ticket {
        /// Assets or shares, in wei.
        uint128 amount;
        /// Unix time from which on it can be redeemed, in seconds.
        uint40 unlockAt;
        /// What the owner's contract needs to know about the time of opening.
        uint32 epoch;
        uint48 serial;
    }

    /// @notice All tickets of one owner.
    struct Book {
        /// A bit for each place that has an open ticket.
        uint32 open;
        /// Serial of the last ticket.
        uint48 serial;
        Ticket[32] places;
    }

    /// @notice All places are taken.
    error TooManyTickets(uint256 open);
    /// @notice No ticket of this number is open for the caller.
    error NoSuchTicket(uint256 id);
    /// @notice The ticket can be redeemed from `unlockAt` on.
    error TicketLocked(uint256 id, uint256 unlockAt);

    uint256 internal constant PLACES = 32;

    /// @notice Opens a ticket.
    /// @return id Its number.
    function add(Book storage book, uint128 amount, uint256 unlockAt, uint32 epoch) internal returns (uint256 id) {
        uint32 open = book.open;
        require(open != type(uint32).max, TooManyTickets(PLACES));
        uint256 place = LibBit.ffs(~uint256(open));
        uint48 serial = book.serial + 1;
        // The place is below 32, and so are the bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        (book.open, book.serial) = (open | uint32(1 << place), serial);
        // Block times have fewer than 40 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        book.places[place] = Ticket({amount: amount, unlockAt: uint40(unlockAt), epoch: epoch, serial: serial});
        return uint256(serial) * PLACES + place;
    }

    /// @notice Closes ticket `id`, whether or not it is unlocked.
    function close(Book storage book, uint256 id) internal returns (Ticket memory ticket) {
        uint256 place = id % PLACES;
        ticket = book.places[place];
        require(ticket.serial != 0 && ticket.serial == id / PLACES, NoSuchTicket(id));
        // forge-lint: disable-next-line(unsafe-typecast)
        book.open &= ~uint32(1 << place);
        delete book.places[place];
    }

    /// @notice Closes ticket `id`, which must be unlocked.
    function redeem(Book storage book, uint256 id) internal returns (Ticket memory ticket) {
        ticket = close(book, id);
        require(block.timestamp >= ticket.unlockAt, TicketLocked(id, ticket.unlockAt));
    }

    /// @notice The open tickets and their numbers.
    function list(Book storage book) internal view returns (uint256[] memory ids, Ticket[] memory tickets) {
        uint256 open = book.open;
        uint256 count = LibBit.popCount(open);
        (ids, tickets) = (new uint256[](count), new Ticket[](count));
        for (uint256 i; i < count; ++i) {
            uint256 place = LibBit.ffs(open);
            open &= open - 1;
            tickets[i] = book.places[place];
            ids[i] = uint256(tickets[i].serial) * PLACES + place;
        }
    }
}
