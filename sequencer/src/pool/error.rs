//! Why the pool refuses a transaction, in the words that wallets know from go-ethereum.

use alloy_primitives::U256;

/// A refusal. The text is go-ethereum's (`core/error.go`, `core/txpool/errors.go`,
/// `core/txpool/validation.go`): wallets and libraries match on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The bytes are not a transaction.
    #[error("rlp: {0}")]
    Malformed(String),
    /// Nothing follows the type byte.
    #[error("typed transaction too short")]
    TooShort,
    /// Blob transactions, deposits, and types nobody knows.
    #[error("transaction type not supported: tx type {0} not supported by this pool")]
    TypeNotSupported(u8),
    /// The pool has it already.
    #[error("already known")]
    AlreadyKnown,
    /// The signature recovers to no address.
    #[error("invalid sender")]
    InvalidSender,
    /// Signed for another chain.
    #[error("invalid sender: invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// The transaction's.
        have: u64,
        /// Ours.
        want: u64,
    },
    /// Signed for no chain in particular. Refused, as go-ethereum does by default: the deterministic
    /// deployment proxy, the usual reason to want such a transaction, is a predeploy of this chain.
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    NotReplayProtected,
    /// Larger than a transaction may be.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes of the encoding.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// EIP-3860.
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCode {
        /// Bytes of init code.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// EIP-7825.
    #[error("transaction gas limit too high (cap: {cap}, tx: {gas})")]
    GasLimitTooHigh {
        /// Gas that one transaction may ask for.
        cap: u64,
        /// Gas it asks for.
        gas: u64,
    },
    /// No block could hold it.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// EIP-1559.
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    /// EIP-2681.
    #[error("nonce has max value")]
    NonceMax,
    /// Not even the start of the transaction is paid for.
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas {
        /// Gas limit of the transaction.
        gas: u64,
        /// Gas it needs before it runs.
        needed: u64,
    },
    /// EIP-7623.
    #[error("insufficient gas for floor data gas cost: gas {gas}, minimum needed {needed}")]
    FloorDataGas {
        /// Gas limit of the transaction.
        gas: u64,
        /// Gas its data costs at least.
        needed: u64,
    },
    /// Offers less than the node asks for.
    #[error("transaction underpriced: gas tip cap {tip}, minimum needed {needed}")]
    Underpriced {
        /// Wei per gas offered to the sequencer.
        tip: u128,
        /// Wei per gas asked for.
        needed: u128,
    },
    /// EIP-7702 transactions carry at least one authorization.
    #[error("set code tx must have at least one authorization tuple")]
    EmptyAuthorizations,
    /// EIP-3607: accounts with code send nothing.
    #[error("sender not an eoa")]
    SenderNotEoa,
    /// The nonce was used.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The nonce that the sender's next transaction has.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// So far ahead that the gap will hardly be filled.
    #[error("nonce too high: tx nonce {nonce}, gapped nonce {next}")]
    NonceTooHigh {
        /// The first nonce that the pool misses.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// The sender cannot pay for this transaction.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", over(*balance, *cost))]
    InsufficientFunds {
        /// Wei that the sender has.
        balance: U256,
        /// Wei that the transaction may cost.
        cost: U256,
    },
    /// The sender cannot pay for this transaction and those that wait already.
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}, overshot {}",
        over(*balance, queued.saturating_add(*cost))
    )]
    Overdraft {
        /// Wei that the sender has.
        balance: U256,
        /// Wei that its waiting transactions may cost.
        queued: U256,
        /// Wei that this transaction may cost (on a replacement: costs more).
        cost: U256,
    },
    /// The price does not beat that of the transaction it would replace.
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    /// One account may fill only so much of the pool.
    #[error("account limit exceeded: pooled {0} txs")]
    AccountLimit(usize),
    /// An account that code may empty at any time gets few places (EIP-7702).
    #[error("in-flight transaction limit reached for delegated accounts")]
    DelegatedLimit,
    /// An account with code or authorizations in flight must keep its nonces in order (EIP-7702).
    #[error("gapped-nonce tx from delegated accounts")]
    DelegatedGap,
    /// An authority has more transactions in the pool than a delegated account may (EIP-7702).
    #[error("authority already reserved")]
    AuthorityReserved,
    /// The pool is full of transactions that pay more.
    #[error("txpool is full")]
    Full,
}

/// By how much `cost` exceeds `balance`.
fn over(balance: U256, cost: U256) -> U256 {
    cost.saturating_sub(balance)
}
