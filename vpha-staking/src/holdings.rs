//! What holders have: balances, tickets, votes, and what their stake earns.

use alloy_primitives::{Address, U256};
use contracts_bindings::IVPHA::{
    convertToAssetsCall, pausedCall, rewardRateCall, ticketsCall, totalAssetsCall, unstreamedCall,
};
use contracts_client::{token::Token, words};
use serde::Serialize;

use crate::{
    Error, Staking,
    governance::Votes,
    quantity::{DECIMALS, Quantity, mul_div},
};

/// Seconds of a year of 365 days.
const YEAR: u64 = 365 * 86_400;
/// More tickets than an honest contract shows.
const MAX_SHOWN: usize = 1000;

/// A promise to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Its number.
    #[serde(serialize_with = "words::decimal")]
    pub id: U256,
    /// What it pays.
    pub amount: Quantity,
    /// From when on, in Unix seconds.
    pub unlock_at: u64,
}

/// What the reward stream gives stakers now, as a simple rate. It changes with the stream and with how much is staked: nobody
/// promises it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Yield {
    /// Hundredths of a percent a year: rate * 365 days / all that is staked. The greatest number if more.
    pub basis_points: u64,
    /// PHA that stream to all stakers in a day.
    pub daily: Quantity,
    /// All PHA that is staked.
    pub staked: Quantity,
    /// Until when the stream lasts if nothing is added, in Unix seconds. `None` if there is none.
    pub until: Option<u64>,
}

/// What an account has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holdings {
    /// Whose.
    pub account: Address,
    /// PHA that is not staked.
    pub pha: Quantity,
    /// vPHA, without what is in a pool.
    pub vpha: Quantity,
    /// What they would be promised if they were unstaked now.
    pub worth: Quantity,
    /// PHA for one vPHA.
    pub price: Quantity,
    /// Who has its votes.
    pub delegate: Option<Address>,
    /// Votes that it has, its own and those given to it.
    pub votes: Quantity,
    /// Open tickets.
    pub tickets: Vec<Ticket>,
    /// Whether staking is stopped.
    pub paused: bool,
    /// Time of L1's newest block, in Unix seconds.
    pub now: u64,
}

/// Open tickets of `account`, the first to be paid first.
pub async fn tickets(staking: &Staking, account: Address) -> Result<Vec<Ticket>, Error> {
    let open = staking.view(staking.contracts.vpha, ticketsCall { owner: account }).await?;
    zip(open.ids, open.assets, open.unlockAt, Quantity::pha)
}

/// Three columns of a table.
pub(crate) fn zip(
    ids: Vec<U256>,
    amounts: Vec<U256>,
    times: Vec<U256>,
    unit: fn(U256) -> Quantity,
) -> Result<Vec<Ticket>, Error> {
    if ids.len() != amounts.len() || ids.len() != times.len() || ids.len() > MAX_SHOWN {
        return Err(Error::Nonsense("tickets without amounts or times".into()));
    }
    let rows = ids.into_iter().zip(amounts).zip(times);
    let ticket = |((id, amount), time): ((U256, U256), U256)| Ticket {
        id,
        amount: unit(amount),
        unlock_at: time.saturating_to(),
    };
    let mut tickets: Vec<Ticket> = rows.map(ticket).collect();
    tickets.sort_by_key(|ticket| (ticket.unlock_at, ticket.id));
    Ok(tickets)
}

/// What stakers earn now.
pub async fn annual_yield(staking: &Staking) -> Result<Yield, Error> {
    let vpha = staking.contracts.vpha;
    let rate = staking.view(vpha, rewardRateCall {}).await?;
    let unstreamed = staking.view(vpha, unstreamedCall {}).await?;
    let staked = staking.view(vpha, totalAssetsCall {}).await?;
    Ok(Yield::of(rate, unstreamed, staked, staking.now().await?))
}

impl Yield {
    /// `rate` in wei a second while `unstreamed` lasts, for `staked` wei.
    pub fn of(rate: U256, unstreamed: U256, staked: U256, now: u64) -> Self {
        let rate = if unstreamed.is_zero() { U256::ZERO } else { rate };
        let yearly = rate.saturating_mul(U256::from(YEAR));
        let lasts: Option<u64> = unstreamed.checked_div(rate).map(|seconds| seconds.saturating_to());
        Self {
            basis_points: mul_div(yearly, U256::from(10_000), staked).saturating_to(),
            daily: Quantity::pha(rate.saturating_mul(U256::from(86_400))),
            staked: Quantity::pha(staked),
            until: lasts.map(|seconds| now.saturating_add(seconds)),
        }
    }

    /// As a percentage with two digits.
    pub fn percent(&self) -> String {
        format!("{}.{:02} %", self.basis_points / 100, self.basis_points % 100)
    }

    /// For people.
    pub fn text(&self, now: u64) -> String {
        let Some(until) = self.until else {
            return "0.00 % a year: no rewards are streaming now".to_owned();
        };
        format!(
            "{} a year, as a simple rate: {} a day for {} staked.\nThe stream lasts until {} ({}) if nothing is added. \
             It changes with the stream and with what others stake: nobody promises it.",
            self.percent(),
            self.daily,
            self.staked,
            words::date(until),
            words::span(until.saturating_sub(now)),
        )
    }
}

/// What `account` has.
pub async fn of(staking: &Staking, account: Address) -> Result<Holdings, Error> {
    let contracts = &staking.contracts;
    let vpha = contracts.vpha;
    let balance = staking.view(vpha, Token::balanceOfCall { account }).await?;
    let one = U256::from(10).pow(U256::from(DECIMALS));
    let delegate = staking.view(vpha, Votes::delegatesCall { account }).await?;
    Ok(Holdings {
        account,
        pha: Quantity::pha(staking.view(contracts.pha, Token::balanceOfCall { account }).await?),
        vpha: Quantity::vpha(balance),
        worth: Quantity::pha(staking.view(vpha, convertToAssetsCall { shares: balance }).await?),
        price: Quantity::pha(staking.view(vpha, convertToAssetsCall { shares: one }).await?),
        delegate: (!delegate.is_zero()).then_some(delegate),
        votes: Quantity::votes(staking.view(vpha, Votes::getVotesCall { account }).await?),
        tickets: tickets(staking, account).await?,
        paused: staking.view(vpha, pausedCall {}).await?,
        now: staking.now().await?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_yield_is_what_a_year_of_the_stream_gives() {
        let day = |pha: u64| U256::from(pha) * U256::from(10).pow(U256::from(18)) / U256::from(86_400);
        let staked = U256::from(36_500) * U256::from(10).pow(U256::from(18));
        // 10 a day are 3,650 a year: a tenth.
        let given = Yield::of(day(10), day(10) * U256::from(7 * 86_400), staked, 1000);
        assert_eq!(given.basis_points, 999, "rounded down");
        assert_eq!(given.until, Some(1000 + 7 * 86_400));
        assert_eq!(given.percent(), "9.99 %");
        let ended = Yield::of(day(10), U256::ZERO, staked, 1000);
        assert_eq!((ended.basis_points, ended.until), (0, None));
        assert!(ended.text(1000).contains("no rewards"));
    }

    proptest! {
        #[test]
        fn no_answer_of_a_node_panics(rate: [u8; 32], left: [u8; 32], staked: [u8; 32], now: u64) {
            let number = |bytes: [u8; 32]| U256::from_be_bytes(bytes);
            let given = Yield::of(number(rate), number(left), number(staked), now);
            prop_assert!(!given.text(now).is_empty());
        }
    }

    #[test]
    fn tables_with_holes_are_refused() {
        let one = || vec![U256::ONE];
        assert!(zip(one(), one(), one(), Quantity::pha).is_ok());
        assert!(zip(one(), one(), vec![], Quantity::pha).is_err());
        assert!(zip(one(), vec![], one(), Quantity::pha).is_err());
    }
}
