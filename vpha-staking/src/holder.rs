//! What holders do: stake, unstake, cancel, claim, delegate.

use alloy_primitives::{Address, U256};
use contracts_bindings::IVPHA::{
    cancelCall, claimCall, depositCall, maxDepositCall, pausedCall, previewDepositCall, previewRedeemCall,
    previewWithdrawCall, requestUnstakeCall, unstakeDelayCall,
};
use contracts_client::{token::Token, words};

use crate::{
    Error, Staking,
    governance::Votes,
    holdings::{self, Ticket},
    operation::Operation,
    plan::{Plan, Step},
    quantity::{Amount, Quantity, Unit},
};

/// Tickets of one owner that can be open at once.
pub const MAX_TICKETS: usize = 32;

/// Which tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that can be paid.
    All,
    /// One.
    One(U256),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|_| format!("{text:?} is neither a ticket's number nor `all`"))
    }
}

/// Stakes `amount` wei of PHA. Approves vPHA for exactly that before, if it has to.
pub async fn stake(staking: &Staking, account: Address, amount: &Amount) -> Result<Plan, Error> {
    let contracts = &staking.contracts;
    let key = Operation::Stake(amount).key(staking, account);
    let amount = match amount {
        Amount::All => staking.view(contracts.pha, Token::balanceOfCall { account }).await?,
        amount => amount.of(Unit::Pha)?,
    };
    let pha = Quantity::pha(amount);
    if amount.is_zero() {
        return Err(Error::Nothing { account, what: "PHA" });
    }
    if staking.view(contracts.vpha, pausedCall {}).await? {
        return Err(Error::Paused);
    }
    let most = staking.view(contracts.vpha, maxDepositCall { receiver: account }).await?;
    let balance = staking.view(contracts.pha, Token::balanceOfCall { account }).await?;
    if balance < amount || most < amount {
        let balance = Quantity::pha(balance.min(most));
        return Err(Error::Balance { account, balance, needed: pha });
    }
    let shares = Quantity::vpha(staking.view(contracts.vpha, previewDepositCall { assets: amount }).await?);
    let approval = staking.approval(account, ("PHA", contracts.pha), ("VPHA", contracts.vpha), pha).await?;
    let call = depositCall { assets: amount, receiver: account };
    let main = Step::new(format!("stake {pha} for about {shares}"), "VPHA", contracts.vpha, &call, key);
    let delay = staking.view(contracts.vpha, unstakeDelayCall {}).await?.saturating_to();
    let mut notes = vec![format!("leaving again takes {}, see `unstake`", words::span(delay))];
    let delegate = staking.view(contracts.vpha, Votes::delegatesCall { account }).await?;
    if delegate.is_zero() {
        notes.push("your vPHA have no votes until they are delegated: `vpha-staking delegate self`".into());
    }
    Ok(Plan {
        what: format!("stake {pha}"),
        steps: approval.into_iter().chain([main]).collect(),
        notes,
        watched: vec![
            staking.watch_pha("PHA", account),
            staking.watch_vpha("vPHA", account),
            staking
                .watch_votes("votes of your delegate", if delegate.is_zero() { account } else { delegate }),
        ],
    })
}

/// Opens a ticket for `amount`: vPHA, or as many as give so much PHA.
pub async fn unstake(staking: &Staking, account: Address, amount: &Amount) -> Result<Plan, Error> {
    let vpha = staking.contracts.vpha;
    let balance = staking.view(vpha, Token::balanceOfCall { account }).await?;
    let shares = match amount {
        Amount::All => balance,
        Amount::Some(_, Some(Unit::Pha)) => {
            staking.view(vpha, previewWithdrawCall { assets: amount.of(Unit::Pha)? }).await?
        }
        amount => amount.of(Unit::Vpha)?,
    };
    if shares.is_zero() {
        return Err(Error::Nothing {
            account,
            what: "vPHA (what is in a pool is thawed first: `pool thaw`)",
        });
    }
    if balance < shares {
        let (balance, needed) = (Quantity::vpha(balance), Quantity::vpha(shares));
        return Err(Error::Balance { account, balance, needed });
    }
    if holdings::tickets(staking, account).await?.len() >= MAX_TICKETS {
        return Err(Error::TooManyTickets("claim or cancel"));
    }
    let assets = Quantity::pha(staking.view(vpha, previewRedeemCall { shares }).await?);
    let delay: u64 = staking.view(vpha, unstakeDelayCall {}).await?.saturating_to();
    let now = staking.now().await?;
    let when = words::when(now.saturating_add(delay), now);
    let shares_shown = Quantity::vpha(shares);
    let key = Operation::Unstake(amount).key(staking, account);
    let call = requestUnstakeCall { shares };
    Ok(Plan {
        what: format!("unstake {shares_shown}"),
        steps: vec![Step::new(
            format!("give {shares_shown} for a ticket of about {assets}"),
            "VPHA",
            vpha,
            &call,
            key,
        )],
        notes: vec![
            format!(
                "the ticket pays {assets} {when}, to be claimed then; neither amount nor time will change"
            ),
            "until then it earns nothing and has no votes; `cancel` stakes it again".into(),
        ],
        watched: vec![staking.watch_vpha("vPHA", account), staking.watch_votes("your votes", account)],
    })
}

/// Gives a ticket back and stakes its PHA again.
pub async fn cancel(staking: &Staking, account: Address, id: U256) -> Result<Plan, Error> {
    let ticket = find(&holdings::tickets(staking, account).await?, account, id)?;
    let vpha = staking.contracts.vpha;
    let shares = staking.view(vpha, previewDepositCall { assets: ticket.amount.units }).await?;
    let key = Operation::Cancel(id).key(staking, account);
    let what = format!("give ticket {id} of {} back for about {}", ticket.amount, Quantity::vpha(shares));
    Ok(Plan {
        what: format!("cancel ticket {id}"),
        steps: vec![Step::new(what, "VPHA", vpha, &cancelCall { id }, key)],
        notes: vec!["it is staked again at today's price, which is not below the one it left at".into()],
        watched: vec![staking.watch_vpha("vPHA", account), staking.watch_votes("your votes", account)],
    })
}

/// Takes the PHA of tickets whose time has come.
pub async fn claim(staking: &Staking, account: Address, which: Which) -> Result<Plan, Error> {
    let (tickets, now) = (holdings::tickets(staking, account).await?, staking.now().await?);
    let step = |ticket: &Ticket| {
        let (id, vpha) = (ticket.id, staking.contracts.vpha);
        let what = format!("take {} of ticket {id}", ticket.amount);
        Step::new(what, "VPHA", vpha, &claimCall { id }, Operation::Claim(id).key(staking, account))
    };
    let ready = payable(&tickets, account, which, now)?;
    let notes = match tickets.iter().find(|ticket| ticket.unlock_at > now) {
        Some(next) if which == Which::All => {
            vec![format!("the next ticket, {}, can be paid {}", next.id, words::when(next.unlock_at, now))]
        }
        _ => Vec::new(),
    };
    Ok(Plan {
        what: "claim what is due".into(),
        steps: ready.iter().map(step).collect(),
        notes,
        watched: vec![staking.watch_pha("PHA", account)],
    })
}

/// Those of `tickets` that are meant and can be paid. Not none.
pub(crate) fn payable(
    tickets: &[Ticket],
    account: Address,
    which: Which,
    now: u64,
) -> Result<Vec<Ticket>, Error> {
    if let Which::One(id) = which {
        let ticket = find(tickets, account, id)?;
        let locked = ticket.unlock_at > now;
        return if locked { Err(Error::locked(id, ticket.unlock_at, now)) } else { Ok(vec![ticket]) };
    }
    let ready: Vec<Ticket> = tickets.iter().filter(|ticket| ticket.unlock_at <= now).cloned().collect();
    match tickets.iter().min_by_key(|ticket| ticket.unlock_at) {
        None => Err(Error::Nothing { account, what: "open tickets" }),
        Some(first) if ready.is_empty() => Err(Error::locked(first.id, first.unlock_at, now)),
        Some(_) => Ok(ready),
    }
}

fn find(tickets: &[Ticket], account: Address, id: U256) -> Result<Ticket, Error> {
    tickets.iter().find(|ticket| ticket.id == id).cloned().ok_or_else(|| {
        let open: Vec<String> = tickets.iter().map(|ticket| ticket.id.to_string()).collect();
        let open = if open.is_empty() { "it has none".into() } else { format!("it has {}", open.join(", ")) };
        Error::NoTicket { account, id, open }
    })
}

/// Gives the votes of all vPHA of the account to `delegatee`, which may be the account itself.
pub async fn delegate(staking: &Staking, account: Address, delegatee: Address) -> Result<Plan, Error> {
    let vpha = staking.contracts.vpha;
    let present = staking.view(vpha, Votes::delegatesCall { account }).await?;
    if present == delegatee {
        return Err(Error::Already(format!("{delegatee} has the votes of {account}")));
    }
    let key = Operation::Delegate(delegatee).key(staking, account);
    let what = format!("give the votes of your vPHA to {delegatee}");
    let mut watched = vec![staking.watch_votes("votes of the delegate", delegatee)];
    if !present.is_zero() {
        watched.push(staking.watch_votes("votes of the delegate before", present));
    }
    Ok(Plan {
        what: format!("delegate to {delegatee}"),
        steps: vec![Step::new(what, "VPHA", vpha, &Votes::delegateCall { delegatee }, key)],
        notes: vec!["it moves no vPHA, and holds for those that come later too".into()],
        watched,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: u64, unlock_at: u64) -> Ticket {
        Ticket { id: U256::from(id), amount: Quantity::pha(U256::from(5)), unlock_at }
    }

    #[test]
    fn only_what_can_be_paid_is_paid() {
        let (account, tickets) = (Address::ZERO, [ticket(32, 100), ticket(65, 50), ticket(98, 150)]);
        let ids = |which, now| -> Result<Vec<U256>, Error> {
            Ok(payable(&tickets, account, which, now)?.iter().map(|ticket| ticket.id).collect())
        };
        assert_eq!(ids(Which::All, 100).unwrap(), [U256::from(32), U256::from(65)]);
        assert_eq!(ids(Which::One(U256::from(98)), 150).unwrap(), [U256::from(98)]);
        // The first that comes is named.
        assert!(matches!(ids(Which::All, 49), Err(Error::Locked { id, .. }) if id == U256::from(65)));
        assert!(matches!(ids(Which::One(U256::from(32)), 99), Err(Error::Locked { .. })));
        let unknown = ids(Which::One(U256::from(7)), 100).unwrap_err();
        assert!(unknown.to_string().ends_with("it has 32, 65, 98"), "{unknown}");
        assert!(matches!(payable(&[], account, Which::All, 1), Err(Error::Nothing { .. })));
    }

    #[test]
    fn tickets_are_named_by_number_or_all() {
        assert_eq!("all".parse(), Ok(Which::All));
        assert_eq!("33".parse(), Ok(Which::One(U256::from(33))));
        assert!("x".parse::<Which>().is_err());
    }
}
