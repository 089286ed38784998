//! What L1 would say of a TDX quote, found out on this machine.
//!
//! The contracts' code is built in and runs in an EVM ([`contracts`]), so its verdict is L1's. `dcap-qvl` judges the
//! same quote independently ([`mod@reference`]); where the two differ, one of them is wrong, and [`check`] says so.
//!
//! | module | holds |
//! |---|---|
//! | [`input`] | files: quotes and event logs in every form |
//! | [`fields`], [`workload`] | what a quote says |
//! | [`event_log`], [`measure`] | replaying what was measured |
//! | [`collateral`], [`root`] | what a quote is judged by |
//! | [`evm`], [`contracts`] | L1, on this machine |
//! | [`mod@reference`], [`policy`] | `dcap-qvl`, and what this chain refuses in addition |
//! | [`refusal`], [`reasons`] | errors of the contracts in plain words |
//! | [`check`] | the verdict |
//! | [`machine`], [`doctor`] | whether this machine can prove |
#![forbid(unsafe_code)]

pub mod check;
pub mod collateral;
pub mod contracts;
pub mod doctor;
pub mod event_log;
pub mod evm;
pub mod fields;
pub mod input;
pub mod machine;
pub mod measure;
pub mod policy;
pub mod reasons;
pub mod reference;
pub mod refusal;
pub mod root;
mod text;
pub mod workload;
