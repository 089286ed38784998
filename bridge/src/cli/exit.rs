//! Exit codes. Scripts rely on them.

pub use contracts_client::exit::{DONE, FAILED, NOT_YET, TEMPORARY, run};

use crate::{deposit::Arrival, error::Error, stage::Stage};

/// It is over, but it did not arrive.
pub const NOT_ARRIVED: u8 = 4;

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
