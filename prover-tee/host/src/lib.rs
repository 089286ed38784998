//! The prover host: what an operator runs beside an enclave.
//!
//! It takes batches from the sequencer, feeds the enclave and returns signatures; and it registers
//! the enclave's key on L1, which costs a transaction a week. It is not trusted: it holds the
//! operator's account, which pays, and never the enclave's key.
//!
//! | module | holds |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`prove`] | the main loop: sessions, one after another |
//! | [`session`] | one session: enclave, registration, sequencer |
//! | [`keys`] | which key counts, and the next one |
//! | [`keeper`], [`source`] | keeping L1's collateral fresh |
//! | [`registry`] | registering a key on L1 |
//! | [`transaction`] | getting a transaction into an L1 block |
//! | [`l1`] | questions to an L1 node |
//! | [`enclave`] | the enclave's socket |
//! | [`sequencer`] | the sequencer's socket |
//! | [`stream`] | frames on async streams |
//! | [`status`] | what `prover-tee status` shows |
//! | [`quotes`] | `prover-tee measure` and `check`: quotes and their files |
//! | [`doctor`] | `prover-tee doctor`: whether this machine can prove |
//! | [`pccs`] | collateral from Intel's service |
//! | [`operator`] | the operator's key |
//! | [`telemetry`] | metrics |

pub mod cli;
pub mod doctor;
pub mod enclave;
pub mod keeper;
pub mod keys;
pub mod l1;
pub mod operator;
pub mod pccs;
pub mod prove;
pub mod quotes;
pub mod registry;
pub mod sequencer;
pub mod session;
pub mod source;
pub mod status;
pub mod stream;
pub mod telemetry;
pub mod transaction;
