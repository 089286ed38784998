//! What is known, for people.

use contracts_client::words;

use crate::{
    collateral::{CaseView, Collateral, Signer},
    holdings::{Holdings, Ticket},
    rewards::Rewards,
};

/// A name and its value in two columns.
fn rows(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<String> = rows.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
    lines.join("\n")
}

/// Open tickets, a line each.
pub(super) fn tickets(tickets: &[Ticket], now: u64) -> String {
    let line = |ticket: &Ticket| {
        let time = if ticket.unlock_at <= now {
            "can be paid now".to_owned()
        } else {
            format!("can be paid {}", words::when(ticket.unlock_at, now))
        };
        format!("ticket {}  {}  {time}", ticket.id, ticket.amount)
    };
    tickets.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `vpha-staking status`.
pub(super) fn holdings(holdings: &Holdings) -> String {
    let delegate = match holdings.delegate {
        Some(delegate) if delegate == holdings.account => "delegated to itself".to_owned(),
        Some(delegate) => format!("delegated to {delegate}"),
        None => "its vPHA are delegated to nobody and count for nothing".to_owned(),
    };
    let mut text = rows(&[
        ("account", holdings.account.to_string()),
        ("PHA", holdings.pha.to_string()),
        ("vPHA", format!("{}, worth {}", holdings.vpha, holdings.worth)),
        ("price", format!("{} for one vPHA", holdings.price)),
        ("votes", format!("{}; {delegate}", holdings.votes)),
        ("staking", if holdings.paused { "paused: nothing can be staked now".into() } else { "open".into() }),
    ]);
    if !holdings.tickets.is_empty() {
        text = format!("{text}\n{}", tickets(&holdings.tickets, holdings.now));
    }
    text
}

/// `vpha-staking pool status`.
pub(super) fn pool(
    collateral: &Collateral,
    signers: &[Signer],
    earned: Option<&Result<Rewards, String>>,
    now: u64,
) -> String {
    let eligible = match (collateral.eligible, collateral.obstacles.0.is_empty()) {
        (true, true) => "yes".to_owned(),
        (true, false) => format!("may register, but: {}", collateral.obstacles),
        (false, _) => format!("no: {}", collateral.obstacles),
    };
    let mut lines = vec![
        ("operator", collateral.operator.to_string()),
        (
            "class",
            format!(
                "{}: counts from {} on, {} behind each batch",
                collateral.class, collateral.min_bond, collateral.bond_per_batch
            ),
        ),
        ("active", collateral.active.to_string()),
        ("leaving", collateral.exiting.to_string()),
        ("held by cases", collateral.reserved.to_string()),
        ("behind batches", format!("{}, the last one is {}", collateral.exposure, collateral.last_batch)),
        ("may prove", eligible),
    ];
    match earned {
        Some(Ok(earned)) => {
            lines.push(("work", format!("{} behind proofs that are final", earned.work)));
            lines.push(("owed", owed(earned)));
            lines.push(("claimable now", earned.claimable.to_string()));
        }
        Some(Err(reason)) => lines.push(("rewards", format!("cannot be told: {reason}"))),
        None => {}
    }
    let mut text = rows(&lines);
    for signer in signers {
        let state = match &signer.reason {
            None => format!("counts until {}", words::date(signer.expires_at)),
            Some(reason) => format!("does not count: {reason}"),
        };
        text = format!("{text}\nprover {}  {state}", signer.signer);
    }
    if signers.is_empty() {
        text = format!("{text}\nno prover registered lately: `vpha-staking pool register-prover`");
    }
    if !collateral.exits.is_empty() {
        text = format!("{text}\n{}", tickets(&collateral.exits, now));
    }
    text
}

/// `vpha-staking pool rewards`.
pub(super) fn rewards(rewards: &Rewards) -> String {
    let mut lines = vec![
        ("operator", rewards.operator.to_string()),
        ("work", format!("{} behind proofs that are final", rewards.work)),
        ("rate", format!("{} for each vPHA behind a final proof", rewards.rate)),
        ("owed", owed(rewards)),
        ("claimable now", rewards.claimable.to_string()),
        (
            "streamed",
            format!("{} for all providers, {} still to come", rewards.available, rewards.unstreamed),
        ),
    ];
    if rewards.unrecorded != 0 {
        let counted = if rewards.as_of_settlement { "not counted" } else { "counted" };
        lines.push((
            "not recorded",
            format!(
                "{} final batches, which are {counted} in above: claiming records them",
                rewards.unrecorded
            ),
        ));
    }
    rows(&lines)
}

/// What a provider is owed, and as of when.
fn owed(rewards: &Rewards) -> String {
    if rewards.as_of_settlement {
        format!("{} as of the last settlement: the node cannot simulate (eth_simulateV1)", rewards.owed)
    } else {
        rewards.owed.to_string()
    }
}

/// `vpha-staking pool cases`.
pub(super) fn cases(cases: &[CaseView], now: u64) -> String {
    let text = |case: &CaseView| {
        format!(
            "case {}: {} of {}, {}\n  opened {}, at most {}, taken {}\n  {}",
            case.id,
            case.fault,
            case.operator,
            case.state,
            words::date(case.opened_at),
            case.cap,
            case.taken,
            case.next(now),
        )
    };
    if cases.is_empty() { "none".to_owned() } else { cases.iter().map(text).collect::<Vec<_>>().join("\n") }
}
