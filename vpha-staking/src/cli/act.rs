//! From a plan to its result: show, ask, send, tell.

use std::{fmt, future::Future, io::IsTerminal};

use alloy_primitives::U256;
use console::Term;
use contracts_client::{amount, chain::Receipt, sender::Sender, words};
use eyre::{Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    connect::{Session, SignArgs},
    exit,
};
use crate::{
    Error,
    operation::Operation,
    plan::{Plan, Preview},
};

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// For programs.
    pub(crate) document: Value,
    /// For people.
    pub(crate) text: String,
}

/// A transaction that is in a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mined {
    hash: alloy_primitives::B256,
    block: u64,
    #[serde(serialize_with = "words::decimal")]
    cost: U256,
}

impl Session {
    /// Does what `operation` asks for: goes on with what an earlier run has sent, or carries out the plan.
    ///
    /// Several operations may be one plan (`claim all`); then there is none to go on with.
    pub(crate) async fn act(
        &self,
        sign: &SignArgs,
        sender: &Sender,
        operation: Option<Operation<'_>>,
        plan: impl Future<Output = Result<Plan, Error>>,
        outcome: impl Fn(&[Receipt]) -> Result<Outcome, Error>,
    ) -> Result<u8> {
        let account = sender.account();
        let pending = operation.map(|operation| operation.key(&self.staking, account));
        if sign.dry_run {
            return self.dry_run(sender, pending.as_ref(), plan).await;
        }
        if let Some(key) = &pending
            && let Some(receipt) = sender.resume(key, &self.progress).await.map_err(Error::from)?
        {
            return self.tell(sender, std::slice::from_ref(key), &[receipt], outcome);
        }
        let plan = plan.await?;
        let preview = plan.preview(&self.staking, account).await?;
        if !self.json {
            eprintln!("{preview}");
        }
        if !sign.yes && !self.agreed()? {
            bail!("nothing was sent");
        }
        let receipts = plan.carry_out(sender, &self.progress).await?;
        let keys: Vec<_> = plan.steps.iter().map(|step| step.key.clone()).collect();
        self.tell(sender, &keys, &receipts, outcome)
    }

    /// Shows what would change.
    async fn dry_run(
        &self,
        sender: &Sender,
        pending: Option<&contracts_client::journal::Key>,
        plan: impl Future<Output = Result<Plan, Error>>,
    ) -> Result<u8> {
        if let Some(key) = pending
            && let Some(entry) = sender.journal().find(key)?
        {
            let transaction = entry.attempts.last().map(|attempt| attempt.hash);
            let text = format!(
                "an earlier run has sent this already: {}\nwithout --dry-run this goes on waiting for it",
                entry.what
            );
            self.show(&json!({ "dryRun": true, "sent": transaction, "what": entry.what }), &text)?;
            return Ok(exit::DONE);
        }
        let preview = plan.await?.preview(&self.staking, sender.account()).await?;
        let mut document = serde_json::to_value(&preview)?;
        if let Value::Object(fields) = &mut document {
            fields.insert("dryRun".into(), Value::Bool(true));
        }
        self.show(&document, &format!("{preview}\ndry run: nothing was sent"))?;
        Ok(exit::DONE)
    }

    /// Tells what came of it. Only then is the operation over for the journal, so that nobody who is interrupted before does it again.
    fn tell(
        &self,
        sender: &Sender,
        keys: &[contracts_client::journal::Key],
        receipts: &[Receipt],
        outcome: impl Fn(&[Receipt]) -> Result<Outcome, Error>,
    ) -> Result<u8> {
        let close = || keys.iter().try_for_each(|key| sender.journal().close(key));
        let Outcome { document, text } = match outcome(receipts) {
            Ok(outcome) => outcome,
            Err(error) => {
                close()?;
                return Err(error.into());
            }
        };
        let mined = |receipt: &Receipt| Mined {
            hash: receipt.transaction_hash,
            block: receipt.block(),
            cost: receipt.cost(),
        };
        let transactions: Vec<Mined> = receipts.iter().map(mined).collect();
        self.show(&json!({ "result": document, "transactions": transactions }), &text)?;
        close()?;
        Ok(exit::DONE)
    }

    /// Asks whoever sits at the terminal. Programs are not asked: they were shown nothing.
    fn agreed(&self) -> Result<bool> {
        let terminal = Term::stderr();
        if self.json || !terminal.is_term() || !std::io::stdin().is_terminal() {
            bail!("nobody is here to ask: give --yes to sign this, or --dry-run to look at it");
        }
        terminal.write_str("Sign and send? [y/N] ")?;
        Ok(matches!(terminal.read_line()?.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Prints the one or the other.
    pub(crate) fn show(&self, document: &impl Serialize, text: &str) -> Result<()> {
        self.progress.finish();
        if self.json {
            println!("{}", serde_json::to_string_pretty(document)?);
        } else {
            println!("{text}");
        }
        Ok(())
    }
}

/// What would happen, for people.
impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.what)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {}. {}", number + 1, step.what)?;
            write!(f, "     {} {}", step.contract, step.to)?;
            match (step.gas, step.max_cost) {
                (Some(gas), Some(cost)) => {
                    writeln!(f, ", gas at most {gas}: {} ETH at today's fees", amount::format(cost, 18))?;
                }
                _ => writeln!(f)?,
            }
        }
        if !self.changes.is_empty() {
            writeln!(f)?;
        }
        let width = self.changes.iter().map(|change| change.name.len()).max().unwrap_or_default();
        for change in &self.changes {
            let same = if change.before == change.after { "  (unchanged)" } else { "" };
            writeln!(
                f,
                "  {:width$}  {} -> {}{same}",
                change.name,
                change.before.number(),
                change.after.number()
            )?;
        }
        for note in &self.notes {
            write!(f, "\n  - {note}")?;
        }
        if self.notes.is_empty() { Ok(()) } else { writeln!(f) }
    }
}
