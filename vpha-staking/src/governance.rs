//! Proposals and votes. Votes are delegated vPHA at the time that a proposal names.

use alloy::{rpc::types::Filter, sol, sol_types::SolEvent};
use alloy_primitives::{Address, Log, U256};
use contracts_bindings::IGovernor::{
    ProposalCreated, ProposalState, castVoteCall, castVoteWithReasonCall, getVotesCall, hasVotedCall,
    proposalDeadlineCall, proposalSnapshotCall, proposalVotesCall, quorumCall, stateCall,
};
use contracts_client::words;
use serde::Serialize;

use crate::{
    Error, Staking,
    operation::Operation,
    plan::{Plan, Step, Watched},
    quantity::{Quantity, Unit},
};

sol! {
    /// Delegated votes (ERC-5805), as vPHA has them.
    interface Votes {
        event DelegateChanged(address indexed delegator, address indexed from, address indexed to);

        function delegate(address delegatee) external;
        function delegates(address account) external view returns (address);
        function getVotes(address account) external view returns (uint256);
    }

    /// What OpenZeppelin's Governor logs of a vote.
    interface Ballots {
        event VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason);
    }
}

/// Most characters of a description that are shown.
const MAX_DESCRIPTION: usize = 200;

/// For or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Support {
    /// Against it.
    Against,
    /// For it.
    For,
    /// Neither, but counted for the quorum.
    Abstain,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Its number.
    #[serde(serialize_with = "words::decimal")]
    pub id: U256,
    /// Where it stands.
    pub state: &'static str,
    /// Who made it.
    pub proposer: Address,
    /// What it is for, shortened.
    pub description: String,
    /// Unix time whose votes count, in seconds.
    pub snapshot: u64,
    /// Unix time of the last second in which votes are cast.
    pub deadline: u64,
    /// Votes for.
    pub for_votes: Quantity,
    /// Votes against.
    pub against_votes: Quantity,
    /// Votes that abstain.
    pub abstain_votes: Quantity,
    /// Votes for and abstaining that it needs. `None` before its snapshot.
    pub quorum: Option<Quantity>,
}

impl Support {
    /// As the contract wants it.
    pub fn code(self) -> u8 {
        match self {
            Self::Against => 0,
            Self::For => 1,
            Self::Abstain => 2,
        }
    }
}

impl std::fmt::Display for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Against => "against",
            Self::For => "for",
            Self::Abstain => "abstain",
        })
    }
}

impl Staking {
    /// The governor, if it is known.
    pub fn governor(&self) -> Result<Address, Error> {
        self.contracts.governor.ok_or(Error::NoGovernor)
    }
}

/// Votes on proposal `id`, with a reason for everybody to read if there is one.
pub async fn vote(
    staking: &Staking,
    account: Address,
    id: U256,
    support: Support,
    reason: Option<&str>,
) -> Result<Plan, Error> {
    let governor = staking.governor()?;
    let state = staking.view(governor, stateCall { proposalId: id }).await?;
    let (deadline, snapshot, now) = (
        staking.view(governor, proposalDeadlineCall { proposalId: id }).await?.saturating_to(),
        staking.view(governor, proposalSnapshotCall { proposalId: id }).await?,
        staking.now().await?,
    );
    if state != ProposalState::Active {
        let later = state == ProposalState::Pending;
        let state = if later {
            format!("opens for votes {}", words::when(snapshot.saturating_to(), now))
        } else {
            format!("takes no votes: it is {}", name(state))
        };
        return Err(Error::NotVoting { id, state, later });
    }
    if staking.view(governor, hasVotedCall { proposalId: id, account }).await? {
        return Err(Error::Voted { account, id });
    }
    let weight = staking.view(governor, getVotesCall { account, timepoint: snapshot }).await?;
    if weight.is_zero() {
        return Err(Error::NoVotes { account, when: words::date(snapshot.saturating_to()) });
    }
    let weight = Quantity::votes(weight);
    let key = Operation::Vote(id).key(staking, account);
    let what = match support {
        Support::Abstain => format!("abstain from proposal {id} with {weight}"),
        _ => format!("vote {support} proposal {id} with {weight}"),
    };
    let support = support.code();
    let step = match reason {
        Some(reason) => {
            let call = castVoteWithReasonCall { proposalId: id, support, reason: reason.to_owned() };
            Step::new(what.clone(), "StakeGovernor", governor, &call, key)
        }
        None => {
            let call = castVoteCall { proposalId: id, support };
            Step::new(what.clone(), "StakeGovernor", governor, &call, key)
        }
    };
    let votes = proposalVotesCall { proposalId: id };
    let side = |name: &str, word| Watched::new(name, Unit::Votes, governor, &votes, word);
    Ok(Plan {
        what,
        steps: vec![step],
        notes: vec![
            "a vote cannot be changed".into(),
            format!("the voting ends {}", words::when(deadline, now)),
        ],
        watched: vec![side("votes against", 0), side("votes for", 1), side("votes that abstain", 2)],
    })
}

/// Proposals of the last `blocks` L1 blocks, newest first.
pub async fn proposals(staking: &Staking, blocks: u64) -> Result<Vec<Proposal>, Error> {
    let governor = staking.governor()?;
    let head = staking.chain.head().await?.number;
    let filter = Filter::new().address(governor).event_signature(ProposalCreated::SIGNATURE_HASH);
    let logs = staking.chain.logs(&filter, head.saturating_sub(blocks), head).await?;
    let mut proposals = Vec::new();
    for log in logs.iter().rev() {
        proposals.push(proposal(staking, governor, &created(&log.inner)?).await?);
    }
    Ok(proposals)
}

/// What was proposed. The governor takes any bytes for a text: without validation those that are not UTF-8 are replaced, so that
/// nobody can hide all proposals behind one of theirs.
fn created(log: &Log) -> Result<ProposalCreated, Error> {
    let created = ProposalCreated::decode_log(log)
        .map_err(|_| Error::Nonsense("a proposal that cannot be read".into()))?;
    Ok(created.data)
}

async fn proposal(
    staking: &Staking,
    governor: Address,
    created: &ProposalCreated,
) -> Result<Proposal, Error> {
    let id = created.proposalId;
    let votes = staking.view(governor, proposalVotesCall { proposalId: id }).await?;
    let state = staking.view(governor, stateCall { proposalId: id }).await?;
    let quorum = match state {
        ProposalState::Pending => None,
        _ => {
            let call = quorumCall { timepoint: created.voteStart };
            Some(Quantity::votes(staking.view(governor, call).await?))
        }
    };
    Ok(Proposal {
        id,
        state: name(state),
        proposer: created.proposer,
        description: words::printable(&created.description, MAX_DESCRIPTION),
        snapshot: created.voteStart.saturating_to(),
        deadline: created.voteEnd.saturating_to(),
        for_votes: Quantity::votes(votes.forVotes),
        against_votes: Quantity::votes(votes.againstVotes),
        abstain_votes: Quantity::votes(votes.abstainVotes),
        quorum,
    })
}

impl Proposal {
    /// For people.
    pub fn text(&self, now: u64) -> String {
        let quorum = self.quorum.map(|quorum| format!(", quorum {}", quorum.number())).unwrap_or_default();
        let time = match self.state {
            "pending" => format!("votes are taken {}", words::when(self.snapshot, now)),
            "open for votes" => format!("voting ends {}", words::when(self.deadline, now)),
            _ => format!("voting ended {}", words::date(self.deadline)),
        };
        format!(
            "{}\n  {}, {time}\n  for {}, against {}, abstaining {}{quorum}\n  {}",
            self.id,
            self.state,
            self.for_votes.number(),
            self.against_votes.number(),
            self.abstain_votes.number(),
            self.description,
        )
    }
}

fn name(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Pending => "pending",
        ProposalState::Active => "open for votes",
        ProposalState::Canceled => "cancelled",
        ProposalState::Defeated => "defeated",
        ProposalState::Succeeded => "accepted",
        ProposalState::Queued => "waiting for the timelock",
        ProposalState::Expired => "expired",
        ProposalState::Executed => "executed",
        _ => "in a state that this version does not know",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_utf8_is_shown_as_far_as_it_is() {
        let proposed = ProposalCreated {
            proposalId: U256::from(7),
            proposer: Address::repeat_byte(1),
            targets: vec![Address::repeat_byte(2)],
            values: vec![U256::ZERO],
            signatures: vec![String::new()],
            calldatas: vec![Default::default()],
            voteStart: U256::from(100),
            voteEnd: U256::from(200),
            description: "raise the ##rate".into(),
        };
        let mut log = Log { address: Address::ZERO, data: proposed.encode_log_data() };
        let mut data = log.data.data.to_vec();
        let at = data.windows(2).position(|bytes| bytes == b"##").unwrap();
        data[at] = 0xff;
        data[at + 1] = 0xc3;
        log.data.data = data.into();
        assert!(ProposalCreated::decode_log_validate(&log).is_err(), "it is not UTF-8");
        let read = created(&log).unwrap();
        assert_eq!(read.description, "raise the \u{fffd}\u{fffd}rate");
        assert_eq!((read.proposalId, read.voteEnd), (U256::from(7), U256::from(200)));

        log.data.data = log.data.data.slice(..64);
        assert!(matches!(created(&log), Err(Error::Nonsense(_))));
    }
}
