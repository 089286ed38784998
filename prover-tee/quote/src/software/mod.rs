//! A TDX platform in software, for devnets and tests.
//!
//! It makes what Intel makes, byte for byte in Intel's formats, under a root of its own: a root
//! and a platform authority ([`SoftwarePki`]), machines with certified keys
//! ([`SoftwarePlatform`]), quotes of version 4 and 5, revocation lists, TCB info and QE identity
//! ([`Collateral`]). The same verifiers accept it once they are told that root, and no verifier
//! that trusts Intel's root ever does.
//!
//! Everything that can be wrong in the real world can be made here: other hardware, certificates of any making
//! ([`CertificateSpec`]), revocations ([`CrlSpec`]), collateral of any content ([`Collateral::edit_tcb_info`]), signed by
//! whomever, and edited quotes signed again ([`SoftwarePlatform::resign`]).
//!
//! As in the real world, three parties hold three kinds of keys: the authority's are in a
//! [`SoftwarePki`], a machine's in its [`SoftwarePlatform`], and the enclave's own key is in
//! neither. The enclave asks its platform like a device.
//!
//! ```
//! use prover_quote::{Quoter, software::{Clock, SoftwarePki}};
//!
//! let pki = SoftwarePki::new([7; 32], Clock(1_800_000_000));
//! let machine = pki.machine("first")?;
//! let quote = machine.quote(&[1; 64])?;
//! assert_eq!(prover_quote::format::report_data(&quote)?, &[1; 64]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authority;
mod certificate;
mod clock;
mod collateral;
mod der;
mod hardware;
mod platform;
mod td;

pub use authority::SoftwarePki;
pub use certificate::{CertificateSpec, CrlSpec, Issuer, Usage};
pub use clock::Clock;
pub use collateral::{Collateral, CollateralSpec, TcbStatus};
pub use hardware::Hardware;
pub use platform::{Defect, SoftwarePlatform};
pub use td::{QuoteVersion, Td};

use std::{io, path::PathBuf};

/// Why the software platform failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareError {
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// A stored key is not a P-256 key.
    #[error("not a P-256 private key")]
    Key,
    /// PEM could not be made.
    #[error("PEM: {0}")]
    Pem(#[from] pem_rfc7468::Error),
    /// Something does not fit the length field that Intel's format has for it.
    #[error("{length} bytes of {what} do not fit the quote format")]
    TooLong {
        /// What does not fit.
        what: &'static str,
        /// Its length.
        length: usize,
    },
}

/// `length` as the integer that a quote has for it.
fn fit<T: TryFrom<usize>>(what: &'static str, length: usize) -> Result<T, SoftwareError> {
    T::try_from(length).map_err(|_| SoftwareError::TooLong { what, length })
}
