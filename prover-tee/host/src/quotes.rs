//! `prover-tee measure` and `prover-tee check`: quotes that lie in files. No network, no key, no TDX.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use eyre::{Result, WrapErr};
use prover_verify::{
    check::{Question, Verdict},
    input,
    measure::Measurements,
    root::Root,
};
use serde::Serialize;

use crate::{
    cli::{Check, Measure},
    source,
};

/// Exit code for a quote that L1 would refuse, and for registers that do not replay.
pub(crate) const REFUSED: u8 = 4;
/// Exit code for judges that differ.
const DIFFERENT: u8 = 5;

/// Replays an event log against a quote.
pub fn measure(args: &Measure) -> Result<ExitCode> {
    let content = input::read(&args.quote)?;
    let quote = input::quote(&content).wrap_err_with(|| args.quote.display().to_string())?;
    let log = match &args.event_log {
        Some(path) => {
            let content = input::read(path)?;
            Some(input::event_log(&content).wrap_err_with(|| path.display().to_string())?)
        }
        None => quote.event_log,
    };
    let measurements = Measurements::take(&quote.quote, log.as_ref())?;
    show(&measurements, args.json)?;
    let contradicted = measurements.registers.iter().any(|register| register.replays == Some(false));
    Ok(if contradicted { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

/// Says whether L1 would accept a quote.
pub fn check(args: &Check) -> Result<ExitCode> {
    let content = input::read(&args.quote)?;
    let quote = input::alleged_quote(&content).wrap_err_with(|| args.quote.display().to_string())?;
    let collateral = source::read(&args.collateral)?;
    let root = root(args.root_ca.as_deref())?;
    let verdict = Verdict::of(Question {
        quote: &quote,
        collateral: &collateral,
        root: &root,
        at: args.at.map_or_else(now, Ok)?,
        allowed: &args.allow,
    })?;
    show(&verdict, args.json)?;
    Ok(match (verdict.agree, verdict.accepted) {
        (false, _) => ExitCode::from(DIFFERENT),
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(REFUSED),
    })
}

/// The root in a file; Intel's without one.
pub(crate) fn root(path: Option<&Path>) -> Result<Root> {
    match path {
        Some(path) => Root::read(&input::read(path)?).wrap_err_with(|| path.display().to_string()),
        None => Ok(Root::intel()?),
    }
}

/// Unix time in seconds.
pub(crate) fn now() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.wrap_err("the clock of this machine is before 1970")?.as_secs())
}

/// Prints an answer. Nobody has to read it to its end.
pub(crate) fn show<T: Serialize + fmt::Display>(answer: &T, json: bool) -> Result<()> {
    let text = if json { serde_json::to_string_pretty(answer)? + "\n" } else { answer.to_string() };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
