//! What goes wrong, and what to do about it.

use alloy_primitives::{Address, B256, U256};
use contracts_client::{
    amount::AmountError, chain::Error as ChainError, journal::JournalError, network::NetworkError,
    refusal::Refusal, sender::SendError, words,
};
use prover_verify::refusal::Refusal as AttestationRefusal;

use crate::{
    collateral::Obstacles,
    evidence::EvidenceError,
    prover::ProverError,
    quantity::{ParseError, Quantity},
};

/// Why something was not done. Nothing was sent unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node did not answer, or a contract refuses.
    #[error(transparent)]
    Chain(ChainError),
    /// The contracts that judge quotes and signers refuse.
    #[error("L1 refuses: {0} {advice}", advice = .0.advice)]
    Attestation(Box<AttestationRefusal>),
    /// A transaction did not get into a block, or not well.
    #[error(transparent)]
    Send(SendError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The network is not known.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Not an amount.
    #[error(transparent)]
    Amount(#[from] ParseError),
    /// Evidence that proves nothing.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The enclave gave no quote.
    #[error(transparent)]
    Prover(#[from] ProverError),
    /// A contract is another one than its neighbours say.
    #[error(
        "{what} is named as {named}, the other contracts say {found}: one of them, or the node, is wrong"
    )]
    OtherContract {
        /// Which.
        what: &'static str,
        /// What the user says.
        named: Address,
        /// What the contracts say.
        found: Address,
    },
    /// A step would fail.
    #[error("{what} would fail: {refusal}")]
    WouldFail {
        /// The step.
        what: String,
        /// Why.
        refusal: Refusal,
    },
    /// A transaction is in a block and did something else than what was asked for.
    #[error("transaction {transaction} is not what was asked for: {reason}")]
    Unexpected {
        /// Its hash.
        transaction: B256,
        /// What is wrong.
        reason: String,
    },
    /// Too little.
    #[error("{account} has {balance}, {needed} are needed")]
    Balance {
        /// The account.
        account: Address,
        /// What it has.
        balance: Quantity,
        /// What it needs.
        needed: Quantity,
    },
    /// Nothing.
    #[error("{account} has no {what}")]
    Nothing {
        /// The account.
        account: Address,
        /// Of what.
        what: &'static str,
    },
    /// Staking is paused.
    #[error(
        "staking is paused: nothing can be staked until the timelock lifts it. Unstaking and claiming go on"
    )]
    Paused,
    /// No such ticket.
    #[error("{account} has no open ticket {id}; {open}")]
    NoTicket {
        /// The account.
        account: Address,
        /// The number.
        id: U256,
        /// Those that it has, in words.
        open: String,
    },
    /// Not yet.
    #[error("ticket {id} is locked: it can be paid {when}")]
    Locked {
        /// The ticket.
        id: U256,
        /// When it is not, in words.
        when: String,
    },
    /// No room for another ticket.
    #[error("32 tickets are open, which is the most: {0} one first")]
    TooManyTickets(&'static str),
    /// The governor is not named.
    #[error("the governor is not known: name it (--governor)")]
    NoGovernor,
    /// The proposal is not open for votes.
    #[error("proposal {id} {state}")]
    NotVoting {
        /// Its number.
        id: U256,
        /// Where it stands, as the end of a sentence.
        state: String,
        /// Whether votes will be taken later.
        later: bool,
    },
    /// It has voted.
    #[error("{account} has voted on proposal {id} already")]
    Voted {
        /// The account.
        account: Address,
        /// The proposal.
        id: U256,
    },
    /// It has no say.
    #[error(
        "{account} had no votes {when}, when they were counted for this proposal. For later ones: `vpha-staking delegate self`"
    )]
    NoVotes {
        /// The account.
        account: Address,
        /// When they were counted, in words.
        when: String,
    },
    /// It is so already.
    #[error("nothing to do: {0}")]
    Already(String),
    /// No such class.
    #[error("there is no class {given}: they are 1 to {count}")]
    NoClass {
        /// What was given.
        given: U256,
        /// How many there are.
        count: U256,
    },
    /// It has a pool.
    #[error(
        "{account} has a pool of class {class} already, which is for good; another class needs another account"
    )]
    PoolExists {
        /// The account.
        account: Address,
        /// Its class.
        class: U256,
    },
    /// It has no pool.
    #[error("{0} has no pool: `vpha-staking pool create CLASS` makes one")]
    NoPool(Address),
    /// The pool is closed.
    #[error("the pool of {0} was slashed to nothing and is closed for good: a new one needs another account")]
    PoolClosed(Address),
    /// The collateral stands behind batches that are not final.
    #[error(
        "{exposure} stand behind batches that are not final, and only {remaining} would remain: {advice}"
    )]
    Exposed {
        /// What stands behind them.
        exposure: Quantity,
        /// What would remain.
        remaining: Quantity,
        /// When to come back, in words.
        advice: String,
    },
    /// The operator may not prove.
    #[error("{account} may not prove: {obstacles}")]
    NotEligible {
        /// The operator.
        account: Address,
        /// Why not.
        obstacles: Obstacles,
    },
    /// No contract pays rewards.
    #[error("no contract that pays provers is known: name it (--prover-rewards)")]
    NoRewards,
    /// There is no such case.
    #[error("there is no case {id}, the last one is {count}")]
    NoCase {
        /// Its number.
        id: U256,
        /// How many there are.
        count: U256,
    },
    /// The case cannot be brought further now.
    #[error("case {id} {state}")]
    CaseWaits {
        /// Its number.
        id: U256,
        /// Where it stands, as the end of a sentence.
        state: String,
        /// Whether it goes on later.
        later: bool,
    },
    /// The evidence is of another chain configuration.
    #[error("the evidence is for configuration {given}, the rollup has {expected}")]
    OtherConfig {
        /// What it is for.
        given: B256,
        /// What the rollup has.
        expected: B256,
    },
    /// The node answered something that cannot be.
    #[error("the node answered nonsense: {0}")]
    Nonsense(String),
}

impl Error {
    /// Whether it may be gone at the next attempt.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Chain(error) => error.is_temporary(),
            Self::Send(error) => error.is_temporary(),
            Self::Prover(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// Whether the same goes well later, without anybody's doing.
    pub fn is_too_early(&self) -> bool {
        match self {
            Self::Locked { .. } | Self::Exposed { .. } => true,
            Self::NotVoting { later, .. } | Self::CaseWaits { later, .. } => *later,
            Self::WouldFail { refusal, .. } | Self::Chain(ChainError::Refused { refusal, .. }) => {
                refusal.is_too_early()
            }
            _ => false,
        }
    }

    /// A ticket that is locked until `unlock_at`.
    pub fn locked(id: U256, unlock_at: u64, now: u64) -> Self {
        Self::Locked { id, when: words::when(unlock_at, now) }
    }
}

impl From<ChainError> for Error {
    fn from(error: ChainError) -> Self {
        // The contracts of attestation have their own explanations, with advice.
        let attestation = error.refusal().and_then(|refusal| attestation(refusal.data()));
        attestation.map_or(Self::Chain(error), |refusal| Self::Attestation(Box::new(refusal)))
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Chain(error) => error.into(),
            SendError::Journal(error) => error.into(),
            error => Self::Send(error),
        }
    }
}

impl From<AmountError> for Error {
    fn from(error: AmountError) -> Self {
        Self::Amount(error.into())
    }
}

/// The refusal, if it is of a contract that judges quotes and signers.
pub(crate) fn attestation(data: &[u8]) -> Option<AttestationRefusal> {
    let refusal = AttestationRefusal::decode(data);
    (!matches!(refusal.error.as_str(), "unknown" | "Error" | "Panic")).then_some(refusal)
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolError;
    use contracts_bindings::{IOperatorPool, IProverRegistry, IVPHA};
    use contracts_client::chain::Layer;
    use prover_tee::{l1::L1Error, registry::RegistrationError};

    use super::*;

    fn refused(error: impl SolError) -> Error {
        let refusal = Refusal::new(error.abi_encode().into());
        ChainError::Refused { layer: Layer::L1, refusal }.into()
    }

    #[test]
    fn refusals_of_the_registry_come_with_advice() {
        let error = refused(IProverRegistry::SignerAlreadyRegistered { signer: Address::ZERO });
        let Error::Attestation(refusal) = &error else { panic!("{error}") };
        assert!(error.to_string().contains(&refusal.advice) && refusal.advice.len() > 10, "{error}");
        assert!(refused(IVPHA::DepositsPaused {}).to_string().contains("staking is paused"));
    }

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        assert!(Error::locked(U256::ONE, 100, 40).is_too_early());
        assert_eq!(
            Error::locked(U256::ONE, 100, 40).to_string(),
            "ticket 1 is locked: it can be paid in 1 min (1970-01-01 00:01 UTC)"
        );
        assert!(!Error::Paused.is_too_early() && !Error::Paused.is_temporary());

        // Held by a case: told by a simulation, or by a node that cannot simulate.
        let held = IOperatorPool::ReservedByCases { remaining: U256::ZERO, reserved: U256::ONE };
        let refusal = Refusal::new(held.abi_encode().into());
        assert!(Error::WouldFail { what: "take 1 vPHA of ticket 1".into(), refusal }.is_too_early());
        assert!(refused(held).is_too_early());
        assert!(!refused(IOperatorPool::NothingMoved {}).is_too_early());
    }

    #[test]
    fn an_l1_that_is_away_while_a_prover_is_asked_may_come_back() {
        let away = || L1Error::Timeout { method: "eth_getBlockByNumber" };
        assert!(Error::from(ProverError::from(away())).is_temporary());
        assert!(Error::from(ProverError::from(RegistrationError::from(away()))).is_temporary());
        let url = L1Error::Url { url: "l1".into(), reason: "no scheme".into() };
        assert!(!Error::from(ProverError::from(url)).is_temporary());
        let expected = Address::ZERO;
        let changed = RegistrationError::KeyChanged { expected, got: Address::repeat_byte(1) };
        assert!(!Error::from(ProverError::from(changed)).is_temporary());
    }
}
