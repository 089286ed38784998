//! The enclave: makes a key, has the platform vouch for it, re-executes batches and signs what
//! comes out, or refuses with a reason.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | which chain this enclave proves |
//! | [`key`] | the signing key, which never leaves memory |
//! | [`execution`] | bytes in, transition or refusal out |
//! | [`outputs`] | what was signed, so that nothing contrary ever is |
//! | [`service`] | one request in, one response out |
//! | [`server`] | sockets, frames and limits |
//! | [`options`] | the command line |
//!
//! Everything here is trusted: the signature counts on L1 because the code that makes it was
//! measured. So there is no async runtime, no database, no HTTP and no network beyond one
//! listening socket; `check-deps.sh` keeps it so. Nothing that the host sends is believed, and
//! nothing it sends can stop the process or make it sign a second output.

pub mod config;
pub mod execution;
pub mod key;
pub mod options;
pub mod outputs;
pub mod server;
pub mod service;

pub use config::EnclaveConfig;
pub use key::EnclaveKey;
pub use server::Server;
pub use service::Service;
