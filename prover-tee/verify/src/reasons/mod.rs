//! What each error of the contracts means to an operator, and what to do about it.
//!
//! One entry per error, by its Solidity signature; a test holds the tables against the interfaces.

mod bytes;
mod collateral;
mod quote;
mod registry;

/// An error in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The error's signature.
    pub error: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// For what is no error of the contracts.
pub const UNKNOWN: Reason = Reason {
    error: "",
    meaning: "The contract stopped without one of its own errors.",
    advice: "This should not happen: keep the files and report it.",
};

/// The error with this signature.
pub fn of(signature: &str) -> Option<&'static Reason> {
    all().find(|reason| reason.error == signature)
}

/// Every error.
pub fn all() -> impl Iterator<Item = &'static Reason> {
    [quote::REASONS, collateral::REASONS, bytes::REASONS, registry::REASONS].into_iter().flatten()
}

const fn reason(error: &'static str, meaning: &'static str, advice: &'static str) -> Reason {
    Reason { error, meaning, advice }
}
