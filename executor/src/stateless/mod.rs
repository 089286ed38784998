//! Stateless execution: what the enclave signs.

mod input;

pub use input::BatchInput;
