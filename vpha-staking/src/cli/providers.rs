//! The commands of providers.

use alloy_primitives::{Address, U256};
use eyre::{Result, bail};
use serde_json::json;

use super::{
    Of, Pool, QuoteArgs,
    connect::{Session, SignArgs},
    documents, exit, outcome,
};
use crate::{
    Error, collateral,
    holder::Which,
    operation::Operation,
    prover::{self, Attested},
    provider,
    quantity::Amount,
    rewards,
};

impl Session {
    pub(super) async fn pool(&self, pool: Pool) -> Result<u8> {
        match pool {
            Pool::Create { class, sign } => self.create(&sign, class).await,
            Pool::Bond { amount, sign } => self.bond(&sign, &amount).await,
            Pool::Thaw { amount, sign } => self.thaw(&sign, &amount).await,
            Pool::Finish { ticket, sign } => self.finish(&sign, ticket).await,
            Pool::RegisterProver { quote, sign } => self.register_prover(&sign, &quote).await,
            Pool::Rewards(of) => self.rewards(&of).await,
            Pool::ClaimRewards { operator, sign } => self.claim_rewards(&sign, operator).await,
            Pool::Cases { all, of } => self.cases(all, &of).await,
            Pool::Status { blocks, of } => self.pool_status(blocks, &of).await,
        }
    }

    async fn create(&self, sign: &SignArgs, class: U256) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = provider::create(staking, sender.account(), class);
        let done = |receipts: &[_]| outcome::created(staking, receipts);
        self.act(sign, &sender, Some(Operation::Create(class)), plan, done).await
    }

    async fn bond(&self, sign: &SignArgs, amount: &Amount) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = provider::bond(staking, sender.account(), amount);
        let done = |receipts: &[_]| outcome::bonded(staking, receipts);
        self.act(sign, &sender, Some(Operation::Bond(amount)), plan, done).await
    }

    async fn thaw(&self, sign: &SignArgs, amount: &Amount) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = provider::thaw(staking, sender.account(), amount);
        let done = |receipts: &[_]| outcome::thawed(staking, receipts);
        self.act(sign, &sender, Some(Operation::Thaw(amount)), plan, done).await
    }

    async fn finish(&self, sign: &SignArgs, which: Which) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = provider::finish(staking, sender.account(), which);
        let operation = if let Which::One(id) = which { Some(Operation::Finish(id)) } else { None };
        let done = |receipts: &[_]| outcome::finished(staking, receipts);
        self.act(sign, &sender, operation, plan, done).await
    }

    async fn register_prover(&self, sign: &SignArgs, quote: &QuoteArgs) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let attested = self.attested(quote, sender.account()).await?;
        let plan = prover::register(staking, sender.account(), &attested);
        let done = |receipts: &[_]| outcome::registered(staking, receipts);
        self.act(sign, &sender, Some(Operation::Register(attested.signer)), plan, done).await
    }

    async fn attested(&self, args: &QuoteArgs, operator: Address) -> Result<Attested> {
        let attested = match (&args.enclave, &args.quote, args.signer, args.reference_block) {
            (Some(enclave), ..) => prover::attest(&self.staking, &self.l1_rpc, enclave, operator).await,
            (None, Some(file), Some(signer), Some(reference)) => prover::read(file, signer, reference),
            _ => bail!("give --enclave, or --quote with --signer and --reference-block"),
        };
        Ok(attested.map_err(Error::from)?)
    }

    async fn rewards(&self, of: &Of) -> Result<u8> {
        let rewards = rewards::of(&self.staking, of.account()?).await?;
        self.show(&rewards, &documents::rewards(&rewards))?;
        Ok(exit::DONE)
    }

    async fn claim_rewards(&self, sign: &SignArgs, operator: Option<Address>) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let operator = operator.unwrap_or(sender.account());
        let contract = staking.prover_rewards()?;
        let plan = rewards::claim(staking, sender.account(), operator);
        let done = |receipts: &[_]| outcome::rewarded(contract, receipts);
        self.act(sign, &sender, Some(Operation::ClaimRewards(operator)), plan, done).await
    }

    async fn cases(&self, all: bool, of: &Of) -> Result<u8> {
        let operator = if all { None } else { Some(of.account()?) };
        let cases = collateral::cases(&self.staking, operator).await?;
        let now = self.staking.now().await?;
        self.show(&json!({ "now": now, "cases": cases }), &documents::cases(&cases, now))?;
        Ok(exit::DONE)
    }

    async fn pool_status(&self, blocks: u64, of: &Of) -> Result<u8> {
        let (staking, operator) = (&self.staking, of.account()?);
        let collateral = collateral::of(staking, operator).await?;
        let signers = collateral::signers(staking, operator, blocks).await?;
        let earned = match staking.contracts.rewards {
            Some(_) => match rewards::of(staking, operator).await {
                Err(error) if error.is_temporary() => return Err(error.into()),
                // What it has posted is shown all the same.
                earned => Some(earned.map_err(|error| error.to_string())),
            },
            None => None,
        };
        let now = staking.now().await?;
        let text = documents::pool(&collateral, &signers, earned.as_ref(), now);
        let (earned, trouble) = match earned {
            Some(Err(reason)) => (None, Some(reason)),
            earned => (earned.and_then(Result::ok), None),
        };
        let document = json!({
            "now": now, "collateral": collateral, "signers": signers, "rewards": earned, "rewardsError": trouble,
        });
        self.show(&document, &text)?;
        Ok(exit::DONE)
    }
}
