//! Stake PHA, stand behind provers with vPHA, and watch the chain.

pub mod evidence;
pub mod watch;
