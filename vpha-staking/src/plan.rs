//! Transactions that belong together: checked and simulated, shown, then carried out.
//!
//! The last step is what was asked for. The ones before it make it possible, and show on the chain when they are done: whoever
//! plans again after an interruption leaves them out. The last step is in the journal under a key that follows from what was asked
//! for, until its result was shown: so it is never sent twice.

use alloy::{
    rpc::types::Log,
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, U256};
use contracts_bindings::IOperatorPool::poolOfCall;
use contracts_client::{
    chain::Receipt,
    journal::Key,
    report::Report,
    sender::{Call, Sender},
    token::Token,
    words,
};
use serde::Serialize;

use crate::{
    Error, Staking,
    error::attestation,
    governance::Votes,
    quantity::{Quantity, Unit},
};

/// Gas limits are a quarter above what a simulation used, as [`Sender`] sets them.
const GAS_MARGIN: (u64, u64) = (5, 4);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In words.
    pub what: String,
    /// The transactions, in their order. At least one.
    pub steps: Vec<Step>,
    /// What the user should know before.
    pub notes: Vec<String>,
    /// What it changes, as far as it is worth showing.
    pub watched: Vec<Watched>,
}

/// One transaction.
#[derive(Clone, Debug)]
pub struct Step {
    /// In words: what it does, and what it moves.
    pub what: String,
    /// Name of the contract.
    pub contract: &'static str,
    /// The call.
    pub call: Call,
    /// Under which the journal knows it.
    pub key: Key,
}

/// A number on the chain that is shown before and after.
#[derive(Clone, Debug)]
pub struct Watched {
    name: String,
    unit: Unit,
    call: Call,
    /// Which word of the answer.
    word: usize,
}

/// What a plan would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// What it is.
    pub what: String,
    /// Its transactions.
    pub steps: Vec<StepPreview>,
    /// What it would change. Empty where the node cannot simulate.
    pub changes: Vec<Change>,
    /// What the user should know before.
    pub notes: Vec<String>,
}

/// What a transaction would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepPreview {
    /// In words.
    pub what: String,
    /// Name of the contract.
    pub contract: &'static str,
    /// Its address.
    pub to: Address,
    /// Gas limit, as it would be signed now. `None` where the node cannot simulate.
    pub gas: Option<u64>,
    /// Most wei that the gas would cost at today's fees.
    #[serde(serialize_with = "decimal_or_null")]
    pub max_cost: Option<U256>,
}

/// A number before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What it is.
    pub name: String,
    /// Now.
    pub before: Quantity,
    /// After the plan, in the next block.
    pub after: Quantity,
}

impl Plan {
    /// What would change. Fails if a step would, with the contract's reason. Nothing is signed.
    pub async fn preview(&self, staking: &Staking, account: Address) -> Result<Preview, Error> {
        let views = || self.watched.iter().map(|watched| watched.call.clone());
        let steps = self.steps.iter().map(|step| step.call.clone());
        let calls: Vec<Call> = views().chain(steps).chain(views()).collect();
        let outcomes = match staking.chain.simulate(account, &calls).await {
            // The node knows no `eth_simulateV1`. What it estimates when a transaction is signed is checked all the same.
            Err(error) if error.is_declined() => {
                let blind = |step: &Step| step.preview(None, None);
                let mut notes = self.notes.clone();
                notes
                    .push("the node cannot simulate (eth_simulateV1): what would change is not shown".into());
                let steps = self.steps.iter().map(blind).collect();
                return Ok(Preview { what: self.what.clone(), steps, changes: Vec::new(), notes });
            }
            outcomes => outcomes?,
        };
        let fee = U256::from(staking.chain.fees().await?.max_fee_per_gas);
        let (before, rest) = outcomes.split_at(self.watched.len());
        let (done, after) = rest.split_at(self.steps.len());

        let mut steps = Vec::new();
        for (step, outcome) in self.steps.iter().zip(done) {
            if let Err(refusal) = &outcome.result {
                return Err(attestation(refusal.data()).map_or_else(
                    || Error::WouldFail { what: step.what.clone(), refusal: refusal.clone() },
                    |refusal| Error::Attestation(Box::new(refusal)),
                ));
            }
            let gas = outcome.gas.saturating_mul(GAS_MARGIN.0) / GAS_MARGIN.1;
            steps.push(step.preview(Some(gas), Some(fee.saturating_mul(U256::from(gas)))));
        }
        let mut changes = Vec::new();
        for (watched, (before, after)) in self.watched.iter().zip(before.iter().zip(after)) {
            let (Ok(before), Ok(after)) = (&before.result, &after.result) else { continue };
            let (before, after) = (watched.read(before)?, watched.read(after)?);
            changes.push(Change { name: watched.name.clone(), before, after });
        }
        Ok(Preview { what: self.what.clone(), steps, changes, notes: self.notes.clone() })
    }

    /// Sends the steps, each once the one before it is in a block. The journal forgets all but the last, which is the caller's to
    /// close when it has told its user.
    pub async fn carry_out(&self, sender: &Sender, report: &dyn Report) -> Result<Vec<Receipt>, Error> {
        let mut receipts = Vec::new();
        for step in &self.steps {
            if !self.is_last(step) {
                forget_if_over(sender, &step.key).await?;
            }
            receipts.push(sender.send(&step.key, &step.what, &step.call, report).await?);
            if !self.is_last(step) {
                sender.journal().close(&step.key)?;
            }
        }
        Ok(receipts)
    }

    fn is_last(&self, step: &Step) -> bool {
        self.steps.last().is_some_and(|last| last.key == step.key)
    }
}

/// Makes the journal forget a preparation that is in a block. The plan follows from what the chain says now: where it needs the
/// step, the earlier one was used up since.
async fn forget_if_over(sender: &Sender, key: &Key) -> Result<(), Error> {
    let Some(entry) = sender.journal().find(key)? else { return Ok(()) };
    for attempt in &entry.attempts {
        if sender.chain().receipt(attempt.hash).await?.is_some() {
            sender.journal().close(key)?;
        }
    }
    Ok(())
}

impl Step {
    /// A call of `contract` at `to` that sends no ether.
    pub fn new(what: String, contract: &'static str, to: Address, call: &impl SolCall, key: Key) -> Self {
        Self { what, contract, call: Call::new(to, call.abi_encode()), key }
    }

    fn preview(&self, gas: Option<u64>, max_cost: Option<U256>) -> StepPreview {
        let (what, contract) = (self.what.clone(), self.contract);
        StepPreview { what, contract, to: self.call.to, gas, max_cost }
    }
}

impl Watched {
    /// Word `word` of what `call` answers.
    pub fn new(name: impl Into<String>, unit: Unit, to: Address, call: &impl SolCall, word: usize) -> Self {
        Self { name: name.into(), unit, call: Call::new(to, call.abi_encode()), word }
    }

    fn read(&self, answer: &[u8]) -> Result<Quantity, Error> {
        let start = self.word * 32;
        let word = answer
            .get(start..start + 32)
            .ok_or_else(|| Error::Nonsense(format!("{} bytes for {:?}", answer.len(), self.name)))?;
        Ok(Quantity { units: U256::from_be_slice(word), unit: self.unit })
    }
}

impl Staking {
    /// PHA of `account`.
    pub(crate) fn watch_pha(&self, name: &str, account: Address) -> Watched {
        Watched::new(name, Unit::Pha, self.contracts.pha, &Token::balanceOfCall { account }, 0)
    }

    /// vPHA of `account`.
    pub(crate) fn watch_vpha(&self, name: &str, account: Address) -> Watched {
        Watched::new(name, Unit::Vpha, self.contracts.vpha, &Token::balanceOfCall { account }, 0)
    }

    /// Votes of `account`.
    pub(crate) fn watch_votes(&self, name: &str, account: Address) -> Watched {
        Watched::new(name, Unit::Votes, self.contracts.vpha, &Votes::getVotesCall { account }, 0)
    }

    /// C and X of the operator's pool.
    pub(crate) fn watch_pool(&self, operator: Address) -> [Watched; 2] {
        let call = poolOfCall { operator };
        let field = |name: &str, word| Watched::new(name, Unit::Vpha, self.contracts.pool, &call, word);
        [field("active collateral", 2), field("leaving collateral", 4)]
    }

    /// Lets `spender` take exactly `amount`, unless it may take that much already.
    pub(crate) async fn approval(
        &self,
        account: Address,
        token: (&'static str, Address),
        spender: (&'static str, Address),
        amount: Quantity,
    ) -> Result<Option<Step>, Error> {
        let ((token_name, token), (spender_name, spender)) = (token, spender);
        let allowed = self.view(token, Token::allowanceCall { owner: account, spender }).await?;
        if allowed >= amount.units {
            return Ok(None);
        }
        let what = format!("allow {spender_name} {spender} to take {amount}, and no more");
        let key = self.key(account, "approve", &format!("{token} {spender} {}", amount.units));
        let call = Token::approveCall { spender, amount: amount.units };
        Ok(Some(Step::new(what, token_name, token, &call, key)))
    }
}

/// What the transaction says that it did: the first event of this kind that `contract` logged.
pub fn event<E: SolEvent>(receipt: &Receipt, contract: Address) -> Result<E, Error> {
    events(receipt, contract).next().ok_or_else(|| Error::Unexpected {
        transaction: receipt.transaction_hash,
        reason: format!("it logged no {}", E::SIGNATURE),
    })
}

/// All events of this kind that `contract` logged.
pub fn events<E: SolEvent>(receipt: &Receipt, contract: Address) -> impl Iterator<Item = E> {
    let of_contract = move |log: &&Log| log.address() == contract;
    receipt
        .logs
        .iter()
        .filter(of_contract)
        .filter_map(|log| E::decode_log_validate(&log.inner).ok())
        .map(|log| log.data)
}

fn decimal_or_null<S: serde::Serializer>(number: &Option<U256>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => words::decimal(number, serializer),
        None => serializer.serialize_none(),
    }
}
