//! Stake PHA, stand behind provers with vPHA, and watch the chain.

pub mod watch;
