//! TDX quotes: what a guest asks its platform for, and how.
//!
//! | module | asks |
//! |---|---|
//! | [`tsm`] | the kernel, through configfs |
//! | [`dstack`] | the dstack guest agent, through its socket |
//! | [`software`] | a software platform for devnets and tests; only with the feature of that name |
//!
//! [`format`](mod@format) knows where things stand in a quote, [`certificate`] reads the certificates that
//! one carries, and [`calldata`] makes it as short as L1 takes it; none verifies anything: that is done on L1.

pub mod calldata;
pub mod certificate;
pub mod dstack;
pub mod format;
#[cfg(feature = "software")]
pub mod software;
pub mod tsm;

use std::{io, path::PathBuf};

pub use format::{QuoteFormatError, REPORT_DATA_LENGTH};

/// Longest quote that is accepted, in bytes. Genuine ones have about 5,000.
pub const MAX_QUOTE_LENGTH: usize = 64 * 1024;

/// A platform that can vouch for this guest.
pub trait Quoter: Send + Sync {
    /// A quote over `report_data`, exactly as long as its length fields say.
    ///
    /// The answer was checked to carry `report_data`; nothing else about it was.
    fn quote(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError>;
}

/// Why there is no quote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// The interface of the platform is not there: this is no TDX guest of that kind.
    #[error("{} cannot be used: {error}", path.display())]
    Unavailable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Reports come from another kind of TEE.
    #[error("reports come from provider {got:?}, not {expected:?}")]
    WrongProvider {
        /// The provider of TDX reports.
        expected: &'static str,
        /// The provider of this kernel.
        got: String,
    },
    /// Somebody else wrote to the report request at the same time. Ask again.
    #[error("the report was changed meanwhile: generation {got}, expected {expected}")]
    Interfered {
        /// Generation after our own write.
        expected: u64,
        /// Generation that was found.
        got: u64,
    },
    /// The platform failed. Asking again may help.
    #[error("{} failed: {error}", path.display())]
    Platform {
        /// What was used.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The guest agent answered something else than 200.
    #[error("the guest agent answered status {status}: {body}")]
    Status {
        /// HTTP status.
        status: u16,
        /// Start of the answer.
        body: String,
    },
    /// The answer is not of the form that the interface documents.
    #[error("unexpected answer of the platform: {0}")]
    Answer(String),
    /// What the platform answered is not a TDX quote.
    #[error(transparent)]
    Format(#[from] QuoteFormatError),
    /// The quote is about something else than what was asked.
    #[error("the quote carries report data {got}, asked was {expected}")]
    WrongReportData {
        /// What was asked, hex.
        expected: String,
        /// What the quote says, hex.
        got: String,
    },
    /// The software platform could not sign.
    #[cfg(feature = "software")]
    #[error(transparent)]
    Software(#[from] software::SoftwareError),
}

/// Cuts padding off `answer` and checks that it is a quote over `report_data`.
fn checked(mut answer: Vec<u8>, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
    answer.truncate(format::length(&answer)?);
    let got = format::report_data(&answer)?;
    if got != report_data {
        return Err(QuoteError::WrongReportData {
            expected: hex::encode(report_data),
            got: hex::encode(got),
        });
    }
    Ok(answer)
}
