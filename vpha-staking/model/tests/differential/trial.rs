//! The model and the contracts side by side.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256, hex};
use staking_model::{
    DEAD, Operation, Refusal, Setting, World,
    invariants::{self, Before},
};

use crate::{
    abi::{self, Returns},
    deployment::{deploy, users},
    machine::Machine,
    views::{View, Views},
};

/// All that can be seen is compared after so many steps; after each, what the step is about.
const COMPARE_ALL: u64 = 256;

/// One step: some time passes, then somebody does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) wait: u64,
    pub(crate) operation: Operation,
}

/// How the contracts differ from the model, or the model from its own invariants.
#[derive(Debug)]
pub(crate) struct Difference(pub(crate) String);

/// What an operation does on the contracts. A test replaces it, to see that a difference is found.
pub(crate) type Translate = fn(&Operation) -> Operation;

pub(crate) struct Trial {
    machine: Machine,
    pub(crate) world: World,
    translate: Translate,
    /// Nobody has acted in the name of the court or the emission controller.
    undisturbed: bool,
    steps: u64,
    /// Every ticket and exit that was seen: its time never moves.
    promised: BTreeMap<(Address, bool, U256), u64>,
}

impl Trial {
    pub(crate) fn new(setting: Setting, translate: Translate) -> Self {
        let (machine, world) = deploy(setting);
        Self { machine, world, translate, undisturbed: true, steps: 0, promised: BTreeMap::new() }
    }

    /// Does `step` on both. They must do, refuse, return and show the same.
    pub(crate) fn step(&mut self, step: &Step) -> Result<Result<U256, Refusal>, Difference> {
        self.world.pass(step.wait);
        self.machine.set_time(self.world.now);
        self.undisturbed &= !in_anothers_name(&step.operation, &self.world);
        let about = about(&step.operation, &self.world);
        let before = Before::of(&self.world, about.operators.first().copied());
        let modelled = self.world.apply(&step.operation);

        let call = abi::call_of(&(self.translate)(&step.operation), &self.world.setting.at);
        let answered = self.machine.call(call.caller, call.to, call.input);
        same(&modelled, &answered, call.returns)?;

        self.steps += 1;
        let mut views = Views::of(&self.world);
        views.sums();
        about.accounts.iter().for_each(|account| views.holder(*account));
        about.holders.iter().for_each(|holder| views.holder_in_full(*holder));
        about.operators.iter().for_each(|operator| views.operator(*operator));
        about.cases.iter().for_each(|id| views.case(*id));
        match &step.operation {
            Operation::Distribute { .. }
            | Operation::SetTreasury { .. }
            | Operation::NotifyProvers { .. } => {
                views.emission();
                views.rewards();
            }
            Operation::ClaimReward { .. } | Operation::SetRewardRate { .. } => views.rewards(),
            Operation::SetClass { .. } | Operation::SetSlots { .. } | Operation::Pause { .. } => {
                views.parameters()
            }
            _ => {}
        }
        let views = views.all;
        self.compare(&views)?;
        self.hold(&before, &step.operation)?;
        if self.steps.is_multiple_of(COMPARE_ALL) {
            self.compare_all()?;
        }
        Ok(modelled)
    }

    /// Compares everything that can be seen of everybody.
    pub(crate) fn compare_all(&mut self) -> Result<(), Difference> {
        let mut views = Views::of(&self.world);
        views.sums();
        views.parameters();
        let roles = self.world.setting.roles;
        for account in users().into_iter().chain([DEAD, roles.timelock, roles.council, roles.treasury]) {
            views.holder_in_full(account);
            views.operator(account);
        }
        (0..=self.world.court.cases.len() + 1).for_each(|id| views.case(U256::from(id)));
        let views = views.all;
        self.compare(&views)?;
        self.keep_promises()?;
        if self.undisturbed {
            invariants::check_cases(&self.world).map_err(|broken| Difference(broken.to_string()))?;
        }
        Ok(())
    }

    fn compare(&mut self, views: &[View]) -> Result<(), Difference> {
        for view in views {
            let shown = self.machine.call(Address::ZERO, view.to, view.input.clone());
            if shown.as_ref().map(|bytes| &bytes[..]) != Ok(&view.expected[..]) {
                return Err(Difference(format!(
                    "{} ({}): the model has {}, the contracts {}",
                    view.name,
                    hex::encode(&view.input),
                    words(&view.expected),
                    shown.map_or_else(|reason| format!("revert with {reason}"), |bytes| words(&bytes)),
                )));
            }
        }
        Ok(())
    }

    fn hold(&self, before: &Before, operation: &Operation) -> Result<(), Difference> {
        let checked = invariants::check(&self.world)
            .and_then(|()| invariants::check_step(before, &self.world, operation));
        checked.map_err(|broken| Difference(format!("the model breaks an invariant: {broken}")))
    }

    /// No unlock that was promised moves.
    fn keep_promises(&mut self) -> Result<(), Difference> {
        let holders = self.world.vpha.books.iter().map(|(owner, book)| (*owner, false, book));
        let exits = self.world.pools.of.iter().map(|(operator, pool)| (*operator, true, &pool.exits));
        for (owner, exit, book) in holders.chain(exits) {
            for ticket in book.open() {
                let promised = *self.promised.entry((owner, exit, ticket.id)).or_insert(ticket.unlock_at);
                if promised != ticket.unlock_at {
                    return Err(Difference(format!("ticket {} of {owner} moved", ticket.id)));
                }
            }
        }
        Ok(())
    }
}

/// Whom and what an operation is about.
#[derive(Default)]
struct About {
    accounts: Vec<Address>,
    holders: Vec<Address>,
    operators: Vec<Address>,
    cases: Vec<U256>,
}

fn about(operation: &Operation, world: &World) -> About {
    let mut about = About::default();
    match operation {
        Operation::SendPha { by, to, .. } => about.accounts.extend([*by, *to]),
        Operation::Send { by, to, .. } => about.accounts.extend([*by, *to, world.vpha.votes.delegate(*to)]),
        Operation::SendFrom { from, to, .. } => about.accounts.extend([*from, *to]),
        Operation::Deposit { by, receiver, .. } | Operation::Mint { by, receiver, .. } => {
            about.holders.push(*by);
            about.accounts.push(*receiver);
        }
        Operation::ApprovePha { by, .. }
        | Operation::RequestUnstake { by, .. }
        | Operation::Cancel { by, .. }
        | Operation::Claim { by, .. }
        | Operation::Approve { by, .. } => about.holders.push(*by),
        Operation::Delegate { by, to } => {
            about.accounts.extend([*by, *to, world.vpha.votes.delegate(*by)]);
        }
        Operation::PayOut { to, .. } | Operation::Seize { to, .. } => about.accounts.extend([*to, DEAD]),
        Operation::CreatePool { by, .. }
        | Operation::Bond { by, .. }
        | Operation::Thaw { by, .. }
        | Operation::Finish { by, .. } => {
            about.operators.push(*by);
            about.accounts.push(*by);
        }
        Operation::ClaimReward { operator } => {
            about.operators.push(*operator);
            about.accounts.push(*operator);
        }
        Operation::SettlePool { operator }
        | Operation::SettleReward { operator }
        | Operation::Slash { operator, .. }
        | Operation::ReserveForCase { operator, .. }
        | Operation::ReleaseFromCase { operator, .. } => about.operators.push(*operator),
        Operation::Reserve { operators, .. }
        | Operation::Submit { operators }
        | Operation::AddProofs { operators, .. } => about.operators.extend(operators),
        Operation::Equivocation { operator, .. } | Operation::MissedSlot { operator, .. } => {
            about.operators.push(*operator);
            about.cases.push(U256::from(world.court.cases.len() + 1));
        }
        Operation::Dispute { operators: (first, second), .. } => {
            about.operators.extend([*first, *second]);
            about.cases.extend([1, 2].map(|more| U256::from(world.court.cases.len() + more)));
        }
        Operation::Uphold { id, .. }
        | Operation::Dismiss { id, .. }
        | Operation::Veto { id, .. }
        | Operation::Execute { id }
        | Operation::SettleCase { id }
        | Operation::Expire { id } => {
            about.cases.push(*id);
            if let Some(case) = world.court.case(*id) {
                about.operators.push(case.operator);
                about.accounts.extend([case.recipient, DEAD]);
            }
        }
        Operation::Accrue
        | Operation::NotifyStakers { .. }
        | Operation::Pause { .. }
        | Operation::Unpause { .. }
        | Operation::PastVotes { .. }
        | Operation::PastTotal { .. }
        | Operation::SetClass { .. }
        | Operation::Finalize { .. }
        | Operation::Discard { .. }
        | Operation::SetSlots { .. }
        | Operation::NotifyProvers { .. }
        | Operation::SetRewardRate { .. }
        | Operation::Distribute { .. }
        | Operation::SetTreasury { .. } => {}
    }
    about
}

/// Whether a contract is impersonated that would not do this by itself.
fn in_anothers_name(operation: &Operation, world: &World) -> bool {
    match operation {
        Operation::Slash { by, .. }
        | Operation::ReserveForCase { by, .. }
        | Operation::ReleaseFromCase { by, .. }
        | Operation::PayOut { by, .. } => *by == world.setting.at.court,
        _ => false,
    }
}

fn same(
    modelled: &Result<U256, Refusal>,
    answered: &Result<Bytes, Bytes>,
    returns: Returns,
) -> Result<(), Difference> {
    let expected = match (modelled, returns) {
        (Ok(_), Returns::Nothing) => Ok(Vec::new()),
        (Ok(_), Returns::True) => Ok(U256::ONE.to_be_bytes_vec()),
        (Ok(number), Returns::Number) => Ok(number.to_be_bytes_vec()),
        (Err(refusal), _) => Err(abi::selector_of(*refusal)),
    };
    let equal = match (&expected, answered) {
        (Ok(expected), Ok(returned)) => returned[..] == expected[..],
        (Err(selector), Err(reason)) => reason.starts_with(selector),
        _ => false,
    };
    let shown = |bytes: &Bytes| if bytes.len() == 32 { words(bytes) } else { bytes.to_string() };
    if equal {
        return Ok(());
    }
    Err(Difference(format!(
        "the model says {}, the contracts {}",
        modelled.map_or_else(|refusal| format!("no: {refusal:?}"), |number| format!("yes: {number}")),
        answered
            .as_ref()
            .map_or_else(|no| format!("no: {}", shown(no)), |yes| format!("yes: {}", shown(yes))),
    )))
}

/// Bytes as the numbers of a contract.
fn words(bytes: &[u8]) -> String {
    let words: Vec<_> = bytes.chunks(32).map(|word| U256::from_be_slice(word).to_string()).collect();
    words.join(" ")
}
