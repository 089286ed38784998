//! Exit codes. Scripts rely on them.

pub use contracts_client::exit::{DONE, FAILED, NOT_YET, TEMPORARY, run};

use crate::Error;

/// For an error.
pub fn of_error(error: &eyre::Report) -> u8 {
    if let Some(error) = error.downcast_ref::<Error>() {
        return match (error.is_temporary(), error.is_too_early()) {
            (true, _) => TEMPORARY,
            (false, true) => NOT_YET,
            (false, false) => FAILED,
        };
    }
    let chain = error.downcast_ref::<contracts_client::chain::Error>();
    if chain.is_some_and(contracts_client::chain::Error::is_temporary) { TEMPORARY } else { FAILED }
}
