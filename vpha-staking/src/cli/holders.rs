//! The commands of holders, and those of anyone.

use std::path::Path;

use alloy_primitives::{Address, U256};
use eyre::{Result, bail};
use serde_json::json;

use super::{
    Of,
    connect::{Session, SignArgs},
    documents, exit, outcome,
};
use crate::{
    evidence::Evidence, fault, governance, governance::Support, holder, holder::Which, holdings,
    operation::Operation, quantity::Amount,
};

impl Session {
    pub(super) async fn stake(&self, sign: &SignArgs, amount: &Amount) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = holder::stake(staking, sender.account(), amount);
        let done = |receipts: &[_]| outcome::staked(staking, receipts);
        self.act(sign, &sender, Some(Operation::Stake(amount)), plan, done).await
    }

    pub(super) async fn unstake(&self, sign: &SignArgs, amount: &Amount) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = holder::unstake(staking, sender.account(), amount);
        let done = |receipts: &[_]| outcome::unstaked(staking, receipts);
        self.act(sign, &sender, Some(Operation::Unstake(amount)), plan, done).await
    }

    pub(super) async fn cancel(&self, sign: &SignArgs, id: U256) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = holder::cancel(staking, sender.account(), id);
        let done = |receipts: &[_]| outcome::cancelled(staking, receipts);
        self.act(sign, &sender, Some(Operation::Cancel(id)), plan, done).await
    }

    pub(super) async fn claim(&self, sign: &SignArgs, which: Which) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = holder::claim(staking, sender.account(), which);
        let operation = if let Which::One(id) = which { Some(Operation::Claim(id)) } else { None };
        let done = |receipts: &[_]| outcome::claimed(staking, receipts);
        self.act(sign, &sender, operation, plan, done).await
    }

    pub(super) async fn delegate(&self, sign: &SignArgs, to: &str) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let delegatee = match to {
            "self" => sender.account(),
            to => match to.parse::<Address>() {
                Ok(address) if !address.is_zero() => address,
                _ => bail!("{to:?} is neither an address nor `self`"),
            },
        };
        let plan = holder::delegate(staking, sender.account(), delegatee);
        let done = |receipts: &[_]| outcome::delegated(staking, receipts);
        self.act(sign, &sender, Some(Operation::Delegate(delegatee)), plan, done).await
    }

    pub(super) async fn vote(
        &self,
        sign: &SignArgs,
        proposal: U256,
        support: Support,
        reason: Option<&str>,
    ) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let governor = staking.governor()?;
        let plan = governance::vote(staking, sender.account(), proposal, support, reason);
        let done = |receipts: &[_]| outcome::voted(governor, receipts);
        self.act(sign, &sender, Some(Operation::Vote(proposal)), plan, done).await
    }

    pub(super) async fn tickets(&self, of: &Of) -> Result<u8> {
        let tickets = holdings::tickets(&self.staking, of.account()?).await?;
        let now = self.staking.now().await?;
        let text = documents::tickets(&tickets, now);
        self.show(&json!({ "now": now, "tickets": tickets }), if text.is_empty() { "none" } else { &text })?;
        Ok(exit::DONE)
    }

    pub(super) async fn apy(&self) -> Result<u8> {
        let given = holdings::annual_yield(&self.staking).await?;
        let now = self.staking.now().await?;
        let mut document = serde_json::to_value(&given)?;
        if let serde_json::Value::Object(fields) = &mut document {
            fields.insert("percent".into(), given.percent().into());
            fields.insert("promised".into(), false.into());
        }
        self.show(&document, &given.text(now))?;
        Ok(exit::DONE)
    }

    pub(super) async fn status(&self, of: &Of) -> Result<u8> {
        let holdings = holdings::of(&self.staking, of.account()?).await?;
        self.show(&holdings, &documents::holdings(&holdings))?;
        Ok(exit::DONE)
    }

    pub(super) async fn proposals(&self, blocks: u64) -> Result<u8> {
        let proposals = governance::proposals(&self.staking, blocks).await?;
        let now = self.staking.now().await?;
        let texts: Vec<String> = proposals.iter().map(|proposal| proposal.text(now)).collect();
        let text =
            if texts.is_empty() { format!("none in the last {blocks} blocks") } else { texts.join("\n\n") };
        self.show(&json!({ "now": now, "proposals": proposals }), &text)?;
        Ok(exit::DONE)
    }

    pub(super) async fn report(&self, sign: &SignArgs, file: &Path) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let evidence = Evidence::read(file).map_err(crate::Error::from)?;
        let plan = fault::report(staking, sender.account(), &evidence);
        let done = |receipts: &[_]| outcome::reported(staking, receipts);
        self.act(sign, &sender, Some(Operation::Report(evidence.id())), plan, done).await
    }

    pub(super) async fn settle(&self, sign: &SignArgs, case: U256) -> Result<u8> {
        let (staking, sender) = (&self.staking, self.sender(sign)?);
        let plan = fault::settle(staking, sender.account(), case);
        let done = |receipts: &[_]| outcome::settled(staking, receipts);
        self.act(sign, &sender, Some(Operation::Settle(case)), plan, done).await
    }
}
