//! Running the cases of a file.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use alloy_primitives::{B256, Log, U256, keccak256, map::AddressSet};
use executor::{
    block::{BaseFeeRecipient, Evm, EvmError},
    state::StateError,
};
use rayon::prelude::*;
use revm::{
    context::{BlockEnv, CfgEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::hardfork::SpecId,
};
use serde_json::Value;

use crate::{
    fork,
    report::{Outcome, Report},
    state::PreState,
    suite::{Post, Suite, Test},
    transaction::NotATransaction,
};

/// The base fee where a test of London or later names none.
const DEFAULT_BASE_FEE: u64 = 10;

/// Why a case failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the state root is {found}, {expected} was expected")]
    StateRoot { found: B256, expected: B256 },
    #[error("the hash of the logs is {found}, {expected} was expected")]
    Logs { found: B256, expected: B256 },
    #[error("the transaction was run, the exception {0} was expected")]
    NoException(String),
    #[error("unexpected exception: {0}")]
    Exception(String),
    #[error(transparent)]
    NotATransaction(#[from] NotATransaction),
    #[error("{0} of the environment exceeds 64 bits")]
    Environment(&'static str),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the EVM failed: {0}")]
    Evm(EvmError),
}

/// Runs every case of the file at `path`.
pub(crate) fn run_file(path: &Path) -> Report {
    let mut report = Report::default();
    match read(path) {
        Ok(Some(tests)) => {
            for (name, test) in &tests {
                let label = format!("{}: {name}", path.display());
                report = report.merge(run_test(&label, test));
            }
        }
        Ok(None) => report.add(Outcome::Skipped("files of another kind than state tests".to_owned())),
        Err(error) => {
            report.add(Outcome::Failed(format!("{}: not a state test: {error}", path.display())));
        }
    }
    report
}

/// The tests of the file at `path`, or nothing if it is of another kind: folders of state tests hold
/// tests of blocks and of transactions as well, and indexes.
fn read(path: &Path) -> Result<Option<Suite>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map(Some).or_else(|error| {
        let json: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let is_state_test = |test: &Value| test.get("transaction").is_some() && test.get("post").is_some();
        let of_state = json.as_object().is_some_and(|tests| tests.values().any(is_state_test));
        if of_state { Err(error.to_string()) } else { Ok(None) }
    })
}

fn run_test(label: &str, test: &Test) -> Report {
    let pre = PreState::new(&test.pre);
    let cases: Vec<_> =
        test.post.iter().flat_map(|(fork, posts)| posts.iter().map(move |post| (fork, post))).collect();
    let outcomes = cases.into_par_iter().map(|(fork, post)| {
        let spec = match fork::rules(fork) {
            Ok(spec) => spec,
            Err(reason) => return Outcome::Skipped(format!("{fork}: {reason}")),
        };
        let run = AssertUnwindSafe(|| run_case(test, &pre, fork, spec, post));
        let failure = match catch_unwind(run) {
            Ok(Ok(Rules::Current)) => return Outcome::Passed,
            Ok(Ok(Rules::BeforeEip7610)) => return Outcome::PassedBeforeEip7610,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "panicked".to_owned(),
        };
        let crate::suite::Indexes { data, gas, value } = post.indexes;
        Outcome::Failed(format!("{label}: {fork} d{data} g{gas} v{value}: {failure}"))
    });
    let mut report = Report::default();
    for outcome in outcomes.collect::<Vec<_>>() {
        report.add(outcome);
    }
    report
}

/// By which rules a case passed.
enum Rules {
    Current,
    /// Its file was filled before EIP-7610, which came in 2024 and applies to all forks.
    BeforeEip7610,
}

fn run_case(test: &Test, pre: &PreState, fork: &str, spec: SpecId, post: &Post) -> Result<Rules, Failure> {
    let storage_only = pre.storage_only();
    let old = !storage_only.is_empty();
    match run_under(test, pre, fork, spec, post, storage_only) {
        Ok(()) => Ok(Rules::Current),
        Err(failure) if old => {
            let before = run_under(test, pre, fork, spec, post, AddressSet::default());
            before.map(|()| Rules::BeforeEip7610).map_err(|_| failure)
        }
        Err(failure) => Err(failure),
    }
}

/// Runs a case; no contract is created over the accounts `storage_only`.
fn run_under(
    test: &Test,
    pre: &PreState,
    fork: &str,
    spec: SpecId,
    post: &Post,
    storage_only: AddressSet,
) -> Result<(), Failure> {
    let (cfg, block) = environment(test, fork, spec)?;
    let tx = match test.transaction.choose(post.indexes, cfg.chain_id) {
        Ok(tx) => tx,
        Err(reason @ NotATransaction::Unencodable(_)) => return refused(post, &reason),
        Err(reason) => return Err(reason.into()),
    };
    let evm = Evm::new(cfg, block, BaseFeeRecipient::Burned, pre);
    let mut evm = evm.without_creation_at(storage_only);
    let result = match evm.transact(tx) {
        Ok(result) => result,
        Err(EvmError::Invalid(reason)) => return refused(post, &reason),
        Err(error) => return Err(Failure::Evm(error)),
    };
    if let Some(exception) = &post.expect_exception {
        return Err(Failure::NoException(exception.clone()));
    }
    check_logs(result.logs(), post)?;
    let (changes, _) = evm.into_changes();
    let found = pre.root_after(&changes)?;
    if found != post.hash {
        return Err(Failure::StateRoot { found, expected: post.hash });
    }
    Ok(())
}

/// A transaction that was refused for `reason`: right if an exception was expected.
///
/// Which one is not compared. The names in the files are those of the clients that filled them, and
/// where a transaction breaks two rules, clients differ in which they find first.
fn refused(post: &Post, reason: &dyn Display) -> Result<(), Failure> {
    match post.expect_exception {
        Some(_) => Ok(()),
        None => Err(Failure::Exception(reason.to_string())),
    }
}

fn check_logs(logs: &[Log], post: &Post) -> Result<(), Failure> {
    let mut encoded = Vec::new();
    alloy_rlp::encode_list(logs, &mut encoded);
    let found = keccak256(encoded);
    if found != post.logs {
        return Err(Failure::Logs { found, expected: post.logs });
    }
    Ok(())
}

/// The chain and the block of a test, under the rules of a fork.
fn environment(test: &Test, fork: &str, spec: SpecId) -> Result<(CfgEnv, BlockEnv), Failure> {
    let (env, config) = (&test.env, &test.config);
    let chain_id = env.current_chain_id.or(config.chainid.and_then(crate::number::Number::get));
    let chain_id = chain_id.map_or(Ok(1), |id| small(id, "currentChainID"))?;
    let blobs = config.blob_schedule.get(fork);
    let mut cfg = CfgEnv::new_with_spec(spec).with_chain_id(chain_id).enable_tx_chain_id_check();
    cfg.set_max_blobs_per_tx(fork::max_blobs(spec, blobs.map(|blobs| blobs.max)));
    cfg.blob_base_fee_update_fraction = blobs.map(|blobs| blobs.base_fee_update_fraction);

    let basefee = match env.current_base_fee {
        _ if !spec.is_enabled_in(SpecId::LONDON) => 0,
        Some(fee) => small(fee, "currentBaseFee")?,
        None => DEFAULT_BASE_FEE,
    };
    let excess = small(env.current_excess_blob_gas.unwrap_or_default(), "currentExcessBlobGas")?;
    let fraction = cfg.blob_base_fee_update_fraction();
    let block = BlockEnv {
        number: env.current_number,
        beneficiary: env.current_coinbase,
        timestamp: env.current_timestamp,
        // More gas than 64 bits can count is as good as no limit.
        gas_limit: env.current_gas_limit.saturating_to(),
        basefee,
        difficulty: env.current_difficulty.unwrap_or_default(),
        prevrandao: Some(env.current_random.unwrap_or_default().into()),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(excess, fraction)),
        slot_num: 0,
    };
    Ok((cfg, block))
}

fn small(number: U256, field: &'static str) -> Result<u64, Failure> {
    number.try_into().map_err(|_| Failure::Environment(field))
}
