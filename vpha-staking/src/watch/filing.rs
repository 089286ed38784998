//! What is done with evidence: it is written to a file, and taken to L1 if there is a key.
//!
//! A report revokes the keys of both signatures. Of one key that signed twice that is right at once. Of two keys one is likely
//! honest, and after the report no second signature of the guilty one can be shown any more, which would cost it everything. So a
//! dispute waits a while for one, unless a false output is on L1 and may become final.
//!
//! A reorganisation may take a report away again: then its keys answer as before, and it is asked for once more. The journal keeps
//! the transaction of each report, so that this is the one that is sent again, and L1 never takes both.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use alloy::sol_types::{SolCall as _, SolInterface as _};
use alloy_primitives::{B256, keccak256};
use contracts_bindings::{
    IProverRegistry::IProverRegistryErrors,
    IRollup::{IRollupErrors, reportConflictCall},
};
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
/// How long a report is taken to be on L1 though its keys still answer. Nodes behind one address do not learn of a block at the
/// same time, and after a reorganisation a transaction mostly gets into a block again by itself.
const REPORT_HOLDS: Duration = Duration::from_secs(180);

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
    /// The transaction of the last report, and when it was seen in a block.
    reported: Option<(B256, Instant)>,
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

    /// Writes evidence down, unless it is there. Returns where.
    pub fn write(&self, evidence: &Evidence) -> Result<PathBuf, EvidenceError> {
        let file = self.folder.join(format!("evidence-{}.json", identity(evidence)));
        // One that is damaged is as good as none.
        if !Evidence::read(&file).is_ok_and(|written| written == *evidence) {
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
        if let Some(transaction) = case.holds(Instant::now()) {
            return Outcome::Reported(transaction);
        }
        let may_wait = matches!(verdict, Verdict::Dispute { .. }) && !is_urgent;
        if may_wait && case.since.elapsed() < self.dispute_wait {
            return Outcome::Waits;
        }
        match send(sender, evidence).await {
            Ok(transaction) => {
                if case.reported.is_none_or(|(known, _)| known != transaction) {
                    counter!("watch_reports").increment(1);
                }
                case.reported = Some((transaction, Instant::now()));
                Outcome::New(transaction)
            }
            Err(error) if is_reported(&error, verdict) => Outcome::ByOthers,
            Err(error) => {
                counter!("watch_report_failures").increment(1);
                case.failures += 1;
                if case.failures < PATIENCE { Outcome::Failed(error) } else { Outcome::Hopeless(error) }
            }
        }
    }
}

impl Case {
    /// The transaction of a report that can be taken to be on L1.
    fn holds(&self, now: Instant) -> Option<B256> {
        let (transaction, at) = self.reported?;
        (now.saturating_duration_since(at) < REPORT_HOLDS).then_some(transaction)
    }
}

/// What identifies evidence: the same two results may be signed by two keys first, and then by one.
fn identity(evidence: &Evidence) -> B256 {
    let (id, a, b) = (evidence.id(), &evidence.a.signature, &evidence.b.signature);
    keccak256([id.as_slice(), a.as_slice(), b.as_slice()].concat())
}

/// Sends a report, or what the journal has of it, and waits until that is in a block.
async fn send(sender: &Sender, evidence: &Evidence) -> Result<B256, SendError> {
    let (a, b) = (&evidence.a, &evidence.b);
    let call = reportConflictCall {
        a: a.argument(),
        signatureA: a.signature.to_vec().into(),
        b: b.argument(),
        signatureB: b.signature.to_vec().into(),
    };
    let call = Call::new(evidence.rollup, call.abi_encode());
    let key = sender.key("report", &identity(evidence).to_string());
    // The journal is left open. Closed, and with the block gone, this would be another transaction, beside one that waits again.
    let receipt = sender.send(&key, "report of a conflict", &call, &Logged).await?;
    Ok(receipt.transaction_hash)
}

/// Whether L1 refuses a report because there was one.
fn is_reported(error: &SendError, verdict: Verdict) -> bool {
    let SendError::Chain(error) = error else { return false };
    let Some(refusal) = error.refusal() else { return false };
    let (of_rollup, of_registry) = (
        IRollupErrors::abi_decode(refusal.data()).ok(),
        IProverRegistryErrors::abi_decode(refusal.data()).ok(),
    );
    // A key that is revoked answers for two results that it signed all the same.
    let is_dispute = matches!(verdict, Verdict::Dispute { .. });
    matches!(of_rollup, Some(IRollupErrors::EquivocationKnown(_)))
        || is_dispute && matches!(of_registry, Some(IProverRegistryErrors::SignerIsRevoked(_)))
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolError;
    use alloy_primitives::{Address, FixedBytes};
    use contracts_bindings::{IProverRegistry, IRollup};
    use contracts_client::{
        chain::{Error as ChainError, Layer},
        refusal::Refusal,
    };
    use executor::transition::Transition;

    use super::*;
    use crate::evidence::SignedTransition;

    fn evidence() -> Evidence {
        let signed = |output| {
            let transition = Transition {
                configHash: B256::repeat_byte(1),
                parentOutputRoot: B256::repeat_byte(2),
                outputRoot: B256::repeat_byte(output),
                lastL2Block: 12,
                lastL2Timestamp: 13,
                l1OriginNumber: 40,
                l1OriginHash: B256::repeat_byte(4),
                daHash: B256::repeat_byte(5),
            };
            SignedTransition::new(&transition, FixedBytes::repeat_byte(output))
        };
        Evidence { chain_id: 1, rollup: Address::ZERO, a: signed(6), b: signed(7) }
    }

    #[test]
    fn a_torn_file_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let filing = Filing::new(folder.path().join("evidence"), None, Duration::ZERO);
        let path = filing.write(&evidence()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(filing.write(&evidence()).unwrap(), path);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        assert_eq!(std::fs::read_dir(folder.path().join("evidence")).unwrap().count(), 1);
    }

    #[test]
    fn a_report_holds_for_a_while() {
        let (at, transaction) = (Instant::now(), B256::repeat_byte(1));
        let mut case = Case { since: at, failures: 0, reported: None };
        assert_eq!(case.holds(at), None);
        case.reported = Some((transaction, at));
        assert_eq!(case.holds(at), Some(transaction));
        assert_eq!(case.holds(at + REPORT_HOLDS / 2), Some(transaction));
        // Its keys are asked about again, and still answer.
        assert_eq!(case.holds(at + REPORT_HOLDS), None);
    }

    #[tokio::test]
    async fn nobody_reports_without_a_key() {
        let verdict = Verdict::Equivocation { signer: Address::ZERO };
        let mut filing = Filing::new("nowhere".into(), None, Duration::ZERO);
        assert!(matches!(filing.report(&evidence(), verdict, true).await, Outcome::NoKey));
    }

    #[test]
    fn what_others_have_reported_depends_on_what_it_is() {
        let refused = |error: Vec<u8>| {
            let refusal = Refusal::new(error.into());
            SendError::Chain(ChainError::Refused { layer: Layer::L1, refusal })
        };
        let signer = Address::repeat_byte(1);
        let known = refused(IRollup::EquivocationKnown { signer }.abi_encode());
        let revoked = refused(IProverRegistry::SignerIsRevoked { signer }.abi_encode());
        let other = refused(IRollup::SameResult {}.abi_encode());
        let (twice, dispute) =
            (Verdict::Equivocation { signer }, Verdict::Dispute { a: signer, b: Address::ZERO });
        assert!(is_reported(&known, twice) && !is_reported(&revoked, twice));
        assert!(is_reported(&revoked, dispute));
        assert!(!is_reported(&other, twice) && !is_reported(&other, dispute));
        assert!(!is_reported(&SendError::Stuck { layer: Layer::L1, hash: B256::ZERO }, dispute));
    }
}
