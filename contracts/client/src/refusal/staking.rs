//! What the contracts of staking, of the rollup and of governance refuse with.

use alloy::{sol, sol_types::SolInterface};
use alloy_primitives::{Address, U256};
use contracts_bindings::{
    IEmissionController::IEmissionControllerErrors, IFaultCourt, IFaultCourt::IFaultCourtErrors,
    IGovernor::IGovernorErrors, IGovernor::ProposalState, IOperatorPool::IOperatorPoolErrors,
    IProverBonds::IProverBondsErrors, IProverRewards::IProverRewardsErrors, IRollup::IRollupErrors,
    IVPHA::IVPHAErrors,
};

use super::Refusal;
use crate::{amount, words};

sol! {
    /// What comes from the libraries beneath: `Tickets`, solady's ERC20Votes, OpenZeppelin's Governor.
    #[derive(Debug)]
    interface LibraryRefusals {
        error TooManyTickets(uint256 open);
        error NoSuchTicket(uint256 id);
        error TicketLocked(uint256 id, uint256 unlockAt);
        error ERC5805FutureLookup();
        error GovernorInvalidVoteType();
        error Overflow();
    }
}

impl Refusal {
    /// Whether a contract of staking says that it is too early: what is locked, stands behind batches that are not final, or is
    /// held by a case that is not over.
    pub fn is_too_early(&self) -> bool {
        use IFaultCourtErrors as Court;
        use IOperatorPoolErrors as Pool;
        use LibraryRefusals::LibraryRefusalsErrors as Library;
        let data = &self.0;
        matches!(Library::abi_decode_validate(data), Ok(Library::TicketLocked(_)))
            || matches!(Pool::abi_decode_validate(data), Ok(Pool::Exposed(_) | Pool::ReservedByCases(_)))
            || matches!(Court::abi_decode_validate(data), Ok(Court::NotYet(_)))
    }
}

/// What `data` means, if it is an error of theirs.
pub(super) fn explain(data: &[u8]) -> Option<String> {
    LibraryRefusals::LibraryRefusalsErrors::abi_decode_validate(data)
        .map(|error| library(&error))
        .or_else(|_| IVPHAErrors::abi_decode_validate(data).map(|error| vpha(&error)))
        .or_else(|_| IOperatorPoolErrors::abi_decode_validate(data).map(|error| pool(&error)))
        .or_else(|_| IProverBondsErrors::abi_decode_validate(data).map(|error| bonds(&error)))
        .or_else(|_| IFaultCourtErrors::abi_decode_validate(data).map(|error| court(&error)))
        .or_else(|_| IRollupErrors::abi_decode_validate(data).map(|error| rollup(&error)))
        .or_else(|_| IGovernorErrors::abi_decode_validate(data).map(|error| governor(&error)))
        .or_else(|_| IProverRewardsErrors::abi_decode_validate(data).map(|error| rewards(&error)))
        .or_else(|_| IEmissionControllerErrors::abi_decode_validate(data).map(|error| emission(&error)))
        .ok()
}

/// `wei` of PHA or vPHA.
fn units(wei: U256) -> String {
    amount::format(wei, 18)
}

fn not_allowed(caller: Address) -> String {
    format!("{caller} may not do this: it is for one of the chain's own contracts")
}

const NOTHING_MOVED: &str = "so little would be moved that it rounds to nothing: take more";
const INVALID_CONFIG: &str = "the contract was given values that make no sense together";

fn library(error: &LibraryRefusals::LibraryRefusalsErrors) -> String {
    use LibraryRefusals::LibraryRefusalsErrors as E;
    match error {
        E::TooManyTickets(e) => {
            format!("{} tickets are open, which is the most: claim or cancel one first", e.open)
        }
        E::NoSuchTicket(e) => format!("the account has no open ticket {}: see its tickets", e.id),
        E::TicketLocked(e) => {
            format!("ticket {} is locked until {}: come back then", e.id, words::time(e.unlockAt))
        }
        E::ERC5805FutureLookup(_) => "that time has not come yet".into(),
        E::GovernorInvalidVoteType(_) => "a vote is against, for, or abstain".into(),
        E::Overflow(_) => "the amount is more than the contract can count".into(),
    }
}

fn vpha(error: &IVPHAErrors) -> String {
    use IVPHAErrors as E;
    match error {
        E::DepositsPaused(_) => {
            "staking is paused: nothing can be staked until the timelock lifts it. Unstaking and claiming go on".into()
        }
        E::NothingMoved(_) => NOTHING_MOVED.into(),
        E::RewardTooSmall(e) => {
            format!("{} PHA are too little to stream over {} seconds", units(e.unstreamed), e.duration)
        }
        E::ZeroReceiver(_) => "shares cannot belong to the zero address".into(),
        E::NotAllowed(e) => not_allowed(e.caller),
        E::InvalidConfig(_) => INVALID_CONFIG.into(),
    }
}

fn pool(error: &IOperatorPoolErrors) -> String {
    use IOperatorPoolErrors as E;
    match error {
        E::NoSuchClass(e) => format!("there is no class {}", e.class_),
        E::InvalidClass(_) => "the parameters of the class are out of their bounds".into(),
        E::PoolExists(e) => format!("{} has a pool already: its class is for good", e.operator),
        E::NoPool(e) => format!("{} has no pool: create one first", e.operator),
        E::PoolIsClosed(e) => format!(
            "the pool of {} was slashed to nothing and is closed for good: use another account",
            e.operator
        ),
        E::NothingMoved(_) => NOTHING_MOVED.into(),
        E::NotEnoughShares(e) => {
            format!("the pool has {} shares, {} were given", units(e.shares), units(e.given))
        }
        E::Exposed(e) => format!(
            "{} vPHA stand behind batches that are not final, and {} would remain: wait for finality, or thaw less",
            units(e.exposure),
            units(e.remaining)
        ),
        E::ReservedByCases(e) => format!(
            "open cases may take {} vPHA, and {} would remain: wait until they are decided",
            units(e.reserved),
            units(e.remaining)
        ),
        E::NotAllowed(e) => not_allowed(e.caller),
        E::InvalidConfig(_) => INVALID_CONFIG.into(),
    }
}

fn bonds(error: &IProverBondsErrors) -> String {
    use IProverBondsErrors as E;
    match error {
        E::NotEligible(e) => format!(
            "{} may not prove: its pool is missing, closed, below the least bond, or of a class that does not prove",
            e.operator
        ),
        E::BondExhausted(e) => format!(
            "the bond of {} is used up: {} of {} vPHA stand behind batches that are not final. Bond more, or wait",
            e.operator,
            units(e.exposure),
            units(e.active)
        ),
    }
}

fn court(error: &IFaultCourtErrors) -> String {
    use IFaultCourtErrors as E;
    match error {
        E::WrongStatus(e) => format!("case {} {}", e.id, status(e.status)),
        E::NotYet(e) => format!("case {} has to wait until {}", e.id, words::time(e.from)),
        E::TooLate(e) => format!("the time of case {} was over at {}", e.id, words::time(e.deadline)),
        E::AlreadyReported(_) => "the slot was reported before".into(),
        E::OutOfBounds(e) => format!("{} is more than {}, the most", e.given, e.most),
        E::NotAllowed(e) => not_allowed(e.caller),
        E::InvalidConfig(_) => INVALID_CONFIG.into(),
        E::ExitTooShort(e) => {
            format!("collateral leaves in {} seconds, and has to be held for {}", e.exitDelay, e.needed)
        }
    }
}

/// What a case in this state is, as the end of a sentence.
fn status(status: IFaultCourt::Status) -> &'static str {
    use IFaultCourt::Status as S;
    match status {
        S::None => "does not exist",
        S::Open => "is open: the timelock has to decide first",
        S::Upheld => "is upheld, but not executed",
        S::Executed => "is executed, but not settled",
        S::Settled => "is settled already",
        S::Dismissed => "was dismissed",
        S::Vetoed => "was vetoed",
        S::Expired => "has expired",
        _ => "is in a state that this version does not know",
    }
}

fn rollup(error: &IRollupErrors) -> String {
    use IRollupErrors as E;
    match error {
        E::InConflict(e) => format!(
            "provers contradict each other since {}: the timelock has to resolve that first",
            words::time(e.since)
        ),
        E::NotInConflict(_) => "there is no conflict".into(),
        E::DifferentInputs(_) => {
            "the two transitions have different inputs, which may have different results".into()
        }
        E::WrongConfig(e) => {
            format!("the transitions are for configuration {}, this chain has {}", e.given, e.expected)
        }
        E::SameResult(_) => "the two transitions are the same: they contradict nothing".into(),
        E::EquivocationKnown(e) => {
            format!("it is known already that {} signed two results of one input", e.signer)
        }
        E::ProofsTooLate(e) => {
            format!(
                "batch {} is final since {}: it takes no more proofs",
                e.index,
                words::time(e.finalizableAt)
            )
        }
        E::MalformedSignature(e) => {
            format!("signature {} is none", if e.position.is_zero() { "a" } else { "b" })
        }
        E::NoSuchBatch(e) => format!("there is no batch {}, the last one is {}", e.index, e.batchCount),
        E::AlreadyFinal(e) => format!("batches up to {} are final and stay", e.finalizedIndex),
        E::NotTimelock(e) => format!("only the timelock {} may do this", e.timelock),
        E::NotSequencer(e) => {
            format!("only the sequencer {} may submit before {}", e.sequencer, words::time(e.openFrom))
        }
        other => format!("{other:?}"),
    }
}

fn governor(error: &IGovernorErrors) -> String {
    use IGovernorErrors as E;
    match error {
        E::GovernorUnexpectedProposalState(e) => {
            format!("proposal {} {}", e.proposalId, proposal(e.current))
        }
        E::GovernorAlreadyCastVote(e) => format!("{} has voted already", e.voter),
        E::GovernorNonexistentProposal(e) => format!("there is no proposal {}", e.proposalId),
        E::GovernorInsufficientProposerVotes(e) => {
            format!("{} had {} votes, a proposer needs {}", e.proposer, units(e.votes), units(e.threshold))
        }
    }
}

/// What a proposal in this state is, as the end of a sentence.
fn proposal(state: ProposalState) -> &'static str {
    use ProposalState as S;
    match state {
        S::Pending => "is not open for votes yet",
        S::Active => "is open for votes",
        S::Canceled => "was cancelled",
        S::Defeated => "was defeated",
        S::Succeeded => "has succeeded: the voting is over",
        S::Queued => "waits for the timelock: the voting is over",
        S::Expired => "has expired",
        S::Executed => "was executed",
        _ => "is in a state that this version does not know",
    }
}

fn rewards(error: &IProverRewardsErrors) -> String {
    use IProverRewardsErrors as E;
    match error {
        E::RewardTooSmall(e) => {
            format!("{} PHA are too little to stream over {} seconds", units(e.unstreamed), e.duration)
        }
        E::OutOfBounds(e) => format!("{} is more than {}, the most", e.given, e.most),
        E::NotAllowed(e) => not_allowed(e.caller),
        E::InvalidConfig(_) => INVALID_CONFIG.into(),
    }
}

fn emission(error: &IEmissionControllerErrors) -> String {
    use IEmissionControllerErrors as E;
    match error {
        E::NothingToDistribute(e) => format!(
            "nothing can be paid out: day {} is next, today is day {}, or the contract holds too little",
            e.nextDay, e.today
        ),
        E::NotAllowed(e) => not_allowed(e.caller),
        E::InvalidConfig(_) => INVALID_CONFIG.into(),
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolError;
    use contracts_bindings::{IGovernor, IOperatorPool, IProverBonds, IRollup, IVPHA};

    use super::*;

    fn told(error: impl SolError) -> String {
        Refusal::new(error.abi_encode().into()).to_string()
    }

    fn pha(whole: u64) -> U256 {
        U256::from(whole) * U256::from(10).pow(U256::from(18))
    }

    #[test]
    fn errors_say_what_to_do() {
        assert_eq!(
            told(LibraryRefusals::TicketLocked { id: U256::from(33), unlockAt: U256::from(1_700_000_000) }),
            "ticket 33 is locked until 2023-11-14T22:13:20Z: come back then"
        );
        assert_eq!(
            told(LibraryRefusals::TooManyTickets { open: U256::from(32) }),
            "32 tickets are open, which is the most: claim or cancel one first"
        );
        assert!(told(IVPHA::DepositsPaused {}).starts_with("staking is paused"));
        assert_eq!(
            told(IOperatorPool::Exposed { remaining: pha(1), exposure: pha(5) }),
            "5 vPHA stand behind batches that are not final, and 1 would remain: wait for finality, or thaw less"
        );
        assert!(told(IProverBonds::NotEligible { operator: Address::ZERO }).contains("may not prove"));
        let executed = IFaultCourt::WrongStatus { id: U256::from(2), status: IFaultCourt::Status::Settled };
        assert_eq!(told(executed), "case 2 is settled already");
        assert!(told(IRollup::SameResult {}).contains("contradict nothing"));
        assert!(
            told(IRollup::EquivocationKnown { signer: Address::ZERO }).starts_with("it is known already")
        );
        let voted = IGovernor::GovernorAlreadyCastVote { voter: Address::ZERO };
        assert!(told(voted).ends_with("has voted already"));
    }

    #[test]
    fn what_is_too_early_is_told_from_what_is_refused() {
        let early = |data: Vec<u8>| Refusal::new(data.into()).is_too_early();
        let (id, one) = (U256::ONE, U256::ONE);
        assert!(early(LibraryRefusals::TicketLocked { id, unlockAt: one }.abi_encode()));
        assert!(early(IOperatorPool::Exposed { remaining: one, exposure: one }.abi_encode()));
        assert!(early(IOperatorPool::ReservedByCases { remaining: one, reserved: one }.abi_encode()));
        assert!(early(IFaultCourt::NotYet { id, from: one }.abi_encode()));
        assert!(!early(LibraryRefusals::NoSuchTicket { id }.abi_encode()));
        assert!(!early(IOperatorPool::NothingMoved {}.abi_encode()));
        assert!(!early(Vec::new()));
    }

    /// An error of no values that nobody explained would be shown as a name in Rust's form.
    #[test]
    fn every_error_of_staking_is_explained() {
        let selectors = [
            IVPHAErrors::SELECTORS,
            IOperatorPoolErrors::SELECTORS,
            IProverBondsErrors::SELECTORS,
            IFaultCourtErrors::SELECTORS,
            IProverRewardsErrors::SELECTORS,
            IEmissionControllerErrors::SELECTORS,
            IGovernorErrors::SELECTORS,
        ];
        for selector in selectors.concat() {
            // All their values are words, and zero is one of each type.
            let words = (0..4).find_map(|words| {
                let data = [&selector[..], &vec![0; 32 * words]].concat();
                explain(&data)
            });
            let text = words.unwrap_or_default();
            assert!(text.contains(' '), "{selector:02x?} is not explained: {text:?}");
        }
    }
}
