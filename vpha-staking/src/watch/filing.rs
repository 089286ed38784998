//! What is done with evidence: it is written to a file, and taken to L1 if there is a key.
//!
//! A report revokes the keys of both signatures. Of one key that signed twice that is right at once. Of two keys one is likely
//! honest, and after the report no second signature of the guilty one can be shown any more, which would cost it everything. So a
//! dispute waits a while for one, unless a false output is on L1 and may become final.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use alloy::sol_types::{SolCall as _, SolInterface as _};
use alloy_primitives::{B256, keccak256};
use contracts_bindings::{IProverRegistry::IProverRegistryErrors, IRollup};
use contracts_client::{
    report::Logged,
    sender::{Call, SendError, Sender},
};
use metrics::counter;
use tokio::time::Instant;
use tracing::info;

use crate::evidence::{Evidence, EvidenceError, Verdict};

/// Failed attempts after which a run may end without having reported.
const PATIENCE: u32 = 5;

/// Where evidence goes.
#[derive(Debug)]
pub struct Filing {
    /// Where files are written.
    folder: PathBuf,
    /// Sends reports.
    sender: Option<Sender>,
    /// How long a dispute waits.
    dispute_wait: Duration,
    /// By what identifies the evidence.
    cases: HashMap<B256, Case>,
}

#[derive(Debug)]
struct Case {
    since: Instant,
    failures: u32,
    reported: Option<B256>,
}

/// What became of a report.
#[derive(Debug)]
pub enum Outcome {
    /// Nobody is there to sign it.
    NoKey,
    /// It is in this transaction.
    Reported(B256),
    /// It was taken to L1 just now, in this transaction: the keys are revoked.
    New(B256),
    /// Somebody else was faster.
    ByOthers,
    /// It waits for better evidence.
    Waits,
    /// It failed, and is tried again.
    Failed(SendError),
    /// It failed so often that nothing waits for it. It is tried again all the same.
    Hopeless(SendError),
}

impl Filing {
    /// Files go to `folder`. Without a `sender` nothing is reported.
    pub fn new(folder: PathBuf, sender: Option<Sender>, dispute_wait: Duration) -> Self {
        Self { folder, sender, dispute_wait, cases: HashMap::new() }
    }

    /// Writes evidence down, once. Returns where.
    pub fn write(&self, evidence: &Evidence) -> Result<PathBuf, EvidenceError> {
        let file = self.folder.join(format!("evidence-{}.json", identity(evidence)));
        if !file.exists() {
            let at = |error| EvidenceError::File { path: self.folder.display().to_string(), error };
            std::fs::create_dir_all(&self.folder).map_err(at)?;
            evidence.write(&file)?;
            info!(file = %file.display(), "evidence written: vpha-staking report takes it to L1");
        }
        Ok(file)
    }

    /// Takes evidence to L1, unless that was done or it waits. An urgent case does not wait.
    pub async fn report(&mut self, evidence: &Evidence, verdict: Verdict, is_urgent: bool) -> Outcome {
        let Some(sender) = &self.sender else { return Outcome::NoKey };
        let new = || Case { since: Instant::now(), failures: 0, reported: None };
        let case = self.cases.entry(identity(evidence)).or_insert_with(new);
        if let Some(transaction) = case.reported {
            return Outcome::Reported(transaction);
        }
        let may_wait = matches!(verdict, Verdict::Dispute { .. }) && !is_urgent;
        if may_wait && case.since.elapsed() < self.dispute_wait {
            return Outcome::Waits;
        }
        match send(sender, evidence).await {
            Ok(transaction) => {
                counter!("watch_reports").increment(1);
                case.reported = Some(transaction);
                Outcome::New(transaction)
            }
            Err(error) if is_reported(&error) => Outcome::ByOthers,
            Err(error) => {
                counter!("watch_report_failures").increment(1);
                case.failures += 1;
                if case.failures < PATIENCE { Outcome::Failed(error) } else { Outcome::Hopeless(error) }
            }
        }
    }
}

/// What identifies evidence: the same two results may be signed by two keys first, and then by one.
fn identity(evidence: &Evidence) -> B256 {
    let (id, a, b) = (evidence.id(), &evidence.a.signature, &evidence.b.signature);
    keccak256([id.as_slice(), a.as_slice(), b.as_slice()].concat())
}

async fn send(sender: &Sender, evidence: &Evidence) -> Result<B256, SendError> {
    let (a, b) = (&evidence.a, &evidence.b);
    let call = IRollup::reportConflictCall {
        a: a.argument(),
        signatureA: a.signature.to_vec().into(),
        b: b.argument(),
        signatureB: b.signature.to_vec().into(),
    };
    let call = Call::new(evidence.rollup, call.abi_encode());
    let key = sender.key("report", &identity(evidence).to_string());
    let receipt = sender.send(&key, "report of a conflict", &call, &Logged).await?;
    sender.journal().close(&key)?;
    Ok(receipt.transaction_hash)
}

/// Whether L1 refuses a report because one of the keys is revoked already.
fn is_reported(error: &SendError) -> bool {
    let SendError::Chain(error) = error else { return false };
    error.refusal().is_some_and(|refusal| {
        matches!(
            IProverRegistryErrors::abi_decode(refusal.data()),
            Ok(IProverRegistryErrors::SignerIsRevoked(_))
        )
    })
}
