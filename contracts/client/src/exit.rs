//! Exit codes that all programs share. Scripts rely on them.

/// It is done.
pub const DONE: u8 = 0;
/// It failed.
pub const FAILED: u8 = 1;
/// It is not over: the same command goes on later.
pub const NOT_YET: u8 = 3;
/// A node did not answer: the same command may go well now.
pub const TEMPORARY: u8 = 5;
/// Somebody pressed Ctrl-C.
pub const INTERRUPTED: u8 = 130;
