//! Exit codes. Scripts rely on them.

use crate::{deposit::Arrival, error::Error, stage::Stage};

/// It is done.
pub const DONE: u8 = 0;
/// It failed.
pub const FAILED: u8 = 1;
/// It is not over: the same command goes on later.
pub const NOT_YET: u8 = 3;
/// It is over, but it did not arrive.
pub const NOT_ARRIVED: u8 = 4;
/// A node did not answer: the same command may go well now.
pub const TEMPORARY: u8 = 5;
/// Somebody pressed Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// For a withdrawal.
pub fn of_stage(stage: &Stage) -> u8 {
    match stage {
        Stage::Finalized => DONE,
        Stage::MessageFailed | Stage::CallFailed => NOT_ARRIVED,
        _ => NOT_YET,
    }
}

/// For a deposit.
pub fn of_arrival(arrival: &Arrival) -> u8 {
    match arrival {
        Arrival::Delivered { .. } => DONE,
        Arrival::Waiting => NOT_YET,
        _ => NOT_ARRIVED,
    }
}

/// For an error.
pub fn of_error(error: &eyre::Report) -> u8 {
    let temporary = error.downcast_ref::<Error>().is_some_and(Error::is_temporary)
        || error.downcast_ref::<crate::chain::Error>().is_some_and(crate::chain::Error::is_temporary);
    if temporary { TEMPORARY } else { FAILED }
}
