//! Promises that are redeemed later.

use alloy_primitives::U256;

use crate::Refusal;

/// Most tickets that an owner has open at once.
pub const PLACES: usize = 32;

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// 32 times the serial, plus the place.
    pub id: U256,
    /// Wei of PHA, or exit shares.
    pub amount: U256,
    /// Unix time in seconds.
    pub unlock_at: u64,
    /// How often the pool's exit shares had become void.
    pub epoch: u64,
}

/// All open tickets of an owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    places: [Option<Ticket>; PLACES],
    /// How many were ever opened.
    serial: u64,
}

impl Book {
    /// The open tickets, by place.
    pub fn open(&self) -> impl Iterator<Item = &Ticket> {
        self.places.iter().flatten()
    }

    /// Refused if all places are taken.
    pub(crate) fn has_place(&self) -> Result<(), Refusal> {
        if self.places.iter().all(Option::is_some) { Err(Refusal::TooManyTickets) } else { Ok(()) }
    }

    /// Opens a ticket in the first free place. The caller made sure that there is one.
    pub(crate) fn add(&mut self, amount: U256, unlock_at: u64, epoch: u64) -> Result<U256, Refusal> {
        let free = self.places.iter_mut().enumerate().find(|(_, place)| place.is_none());
        let (number, place) = free.ok_or(Refusal::TooManyTickets)?;
        self.serial = self.serial.saturating_add(1);
        let id =
            U256::from(self.serial).saturating_mul(U256::from(PLACES)).saturating_add(U256::from(number));
        *place = Some(Ticket { id, amount, unlock_at, epoch });
        Ok(id)
    }

    /// Ticket `id`, if it is open.
    pub(crate) fn get(&self, id: U256) -> Result<Ticket, Refusal> {
        self.open().find(|ticket| ticket.id == id).copied().ok_or(Refusal::NoSuchTicket)
    }

    /// Ticket `id`, if it is open and unlocked.
    pub(crate) fn due(&self, id: U256, now: u64) -> Result<Ticket, Refusal> {
        let ticket = self.get(id)?;
        if now < ticket.unlock_at { Err(Refusal::TicketLocked) } else { Ok(ticket) }
    }

    pub(crate) fn remove(&mut self, id: U256) {
        for place in &mut self.places {
            if place.is_some_and(|ticket| ticket.id == id) {
                *place = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_and_a_number_never() {
        let mut book = Book::default();
        let first = book.add(U256::ONE, 5, 0).unwrap();
        assert_eq!(first, U256::from(32));
        assert_eq!(book.due(first, 4), Err(Refusal::TicketLocked));
        book.remove(first);
        assert_eq!(book.get(first), Err(Refusal::NoSuchTicket));
        assert_eq!(book.add(U256::ONE, 5, 0), Ok(U256::from(64)));
        for _ in 1..PLACES {
            book.has_place().unwrap();
            book.add(U256::ONE, 5, 0).unwrap();
        }
        assert_eq!(book.has_place(), Err(Refusal::TooManyTickets));
    }
}
