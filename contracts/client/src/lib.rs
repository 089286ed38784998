//! What a program needs that sends transactions to our contracts: `bridge` and `vpha-staking` are made with it.
//!
//! Nodes are not trusted. Chain ids are checked before anything is signed, answers are checked where they can be, and a
//! transaction that was signed is written down before it leaves, so that an interrupted program goes on instead of sending twice.
//!
//! | module | holds |
//! |---|---|
//! | [`network`] | files that name nodes and contracts |
//! | [`chain`] | questions to a node |
//! | [`simulate`] | what transactions would do, before they are signed |
//! | [`sender`], [`journal`] | getting a transaction into a block, once |
//! | [`keys`] | the user's key |
//! | [`file`] | files that are whole, also after a crash |
//! | [`token`], [`amount`] | tokens, and how much of them |
//! | [`refusal`], [`words`] | what goes wrong, in plain words |
//! | [`report`], [`progress`], [`exit`], [`telemetry`] | what is told on the way, and at the end |

pub mod amount;
pub mod chain;
pub mod exit;
pub mod file;
pub mod journal;
pub mod keys;
pub mod network;
pub mod progress;
pub mod refusal;
pub mod report;
pub mod sender;
pub mod simulate;
pub mod telemetry;
pub mod token;
pub mod words;
