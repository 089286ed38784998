//! Why an operation is refused.

/// One reason, named as the contracts name it. Where several hold, an operation gives the one that its description lists first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The caller may not do this.
    #[error("the caller may not do this")]
    NotAllowed,
    /// Less than nothing would be left, or more than 2^96 - 1 wei come together.
    #[error("an amount falls below zero or grows beyond its width")]
    Arithmetic,
    /// The amount is wider than any amount of PHA.
    #[error("the amount is too wide")]
    TooWide,

    /// The owner of PHA has too little of it.
    #[error("too little PHA")]
    TooLittlePha,
    /// PHA cannot be sent to the zero address.
    #[error("PHA cannot be sent to nobody")]
    InvalidReceiver,
    /// The owner of vPHA has too little of it.
    #[error("too little vPHA")]
    InsufficientBalance,
    /// The owner of vPHA allowed less.
    #[error("too little allowance")]
    InsufficientAllowance,
    /// A token refused to move what a contract wanted to pay.
    #[error("the token refused to pay out")]
    TransferFailed,
    /// A token refused to move what a contract wanted to take: too little is there, or allowed.
    #[error("the token refused to be taken")]
    TransferFromFailed,

    /// Deposits are stopped.
    #[error("deposits are stopped")]
    DepositsPaused,
    /// So little would be moved that it rounds to nothing.
    #[error("nothing would be moved")]
    NothingMoved,
    /// The reward would stream less than a wei each second.
    #[error("the reward is too small")]
    RewardTooSmall,
    /// Shares cannot belong to the zero address.
    #[error("the receiver is the zero address")]
    ZeroReceiver,
    /// Votes are known of the past only.
    #[error("the time is not over")]
    FutureLookup,

    /// 32 tickets are open.
    #[error("too many tickets are open")]
    TooManyTickets,
    /// No such ticket is open for the caller.
    #[error("no such ticket is open")]
    NoSuchTicket,
    /// The ticket's time has not come.
    #[error("the ticket is locked")]
    TicketLocked,

    /// There is no such class.
    #[error("no such class")]
    NoSuchClass,
    /// The class's parameters are out of their bounds.
    #[error("the class is invalid")]
    InvalidClass,
    /// The operator has a pool.
    #[error("the pool exists")]
    PoolExists,
    /// The operator has no pool.
    #[error("there is no pool")]
    NoPool,
    /// The pool is closed for good.
    #[error("the pool is closed")]
    PoolIsClosed,
    /// There are fewer shares.
    #[error("there are fewer shares")]
    NotEnoughShares,
    /// What would remain active is less than the exposure.
    #[error("the bond is exposed")]
    Exposed,
    /// The pool would have more than 2^96 - 1 wei.
    #[error("the bond does not fit")]
    DoesNotFit,
    /// What would remain is less than open cases may take.
    #[error("the bond is reserved by cases")]
    ReservedByCases,
    /// The operator may not prove.
    #[error("the operator is not eligible")]
    NotEligible,
    /// The operator's bond is taken up by batches that are not final.
    #[error("the bond is exhausted")]
    BondExhausted,

    /// The case is not in the state that this needs.
    #[error("the case is in another state")]
    WrongStatus,
    /// Too early.
    #[error("too early")]
    NotYet,
    /// Too late.
    #[error("too late")]
    TooLate,
    /// The slot was reported before.
    #[error("reported before")]
    AlreadyReported,
    /// The parameter is out of its bounds.
    #[error("out of bounds")]
    OutOfBounds,

    /// No day is over that was not paid and can be.
    #[error("nothing to distribute")]
    NothingToDistribute,
    /// The value makes no sense.
    #[error("the value makes no sense")]
    InvalidConfig,
}
