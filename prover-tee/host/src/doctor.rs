//! `prover-tee doctor`: gets a quote and collateral wherever it is run, and has both judged.

use std::{path::Path, process::ExitCode};

use alloy_primitives::{Address, B256};
use eyre::Result;
use prover_core::{Endpoint, enclave::Attest};
use prover_quote::{QuoteError, Quoter, dstack::Dstack, tsm::Tsm};
use prover_verify::{
    doctor::{Diagnosis, Examination, Subject},
    machine::{Interface, Machine},
};

use crate::{
    cli::Doctor,
    enclave::{EnclaveClient, EnclaveError},
    quotes::{self, REFUSED},
};

/// What a quote of the doctor is about: nothing. It registers no key.
const NOTHING: [u8; 64] = [0; 64];

/// Says whether this machine can prove.
pub async fn doctor(args: &Doctor) -> Result<ExitCode> {
    let machine = Machine::look(Path::new("/"));
    let (subject, quote) = match (&args.enclave, software_quote(args)) {
        (Some(enclave), _) => {
            let quote = enclave_quote(enclave).await.map_err(|error| error.to_string());
            (Subject::Enclave(enclave.to_string()), quote)
        }
        (None, Some(quote)) => (Subject::Software, quote.map_err(|error| error.to_string())),
        (None, None) => {
            let quote = machine_quote(&machine);
            (Subject::Machine(&machine), quote)
        }
    };
    let collateral = match &quote {
        Ok(quote) => args.collateral.find(quote).await.map_err(|error| error.to_string()),
        Err(_) => Err("not looked for: there is no quote to say for which machine".to_owned()),
    };
    let root = quotes::root(args.root_ca.as_deref())?;
    let diagnosis = Diagnosis::of(&Examination {
        subject,
        quote,
        collateral,
        root: &root,
        at: args.at.map_or_else(quotes::now, Ok)?,
        allowed: &args.allow,
    })?;
    quotes::show(&diagnosis, args.json)?;
    Ok(if diagnosis.can_prove { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// A quote of this machine, from the first interface that gives one.
fn machine_quote(machine: &Machine) -> Result<Vec<u8>, String> {
    let mut failures = Vec::new();
    for interface in &machine.interfaces {
        let quote = match interface {
            Interface::Tsm(path) => Tsm::new(path).quote(&NOTHING),
            Interface::Dstack(path) => Dstack::new(path).quote(&NOTHING),
        };
        match quote {
            Ok(quote) => return Ok(quote),
            Err(error) => failures.push(error.to_string()),
        }
    }
    if failures.is_empty() {
        failures.push("there is no interface to ask for one".to_owned());
    }
    Err(failures.join("; "))
}

/// A quote of the software platform, if one was named.
fn software_quote(args: &Doctor) -> Option<Result<Vec<u8>, QuoteError>> {
    #[cfg(feature = "software")]
    if let Some(folder) = &args.software_platform {
        let platform = prover_quote::software::SoftwarePlatform::load(folder);
        return Some(platform.map_err(Into::into).and_then(|platform| platform.quote(&NOTHING)));
    }
    let _ = args;
    None
}

/// A quote of the machine that an enclave runs on. It names no operator, so it registers nothing.
async fn enclave_quote(endpoint: &Endpoint) -> Result<Vec<u8>, EnclaveError> {
    let mut enclave = EnclaveClient::connect(endpoint).await?;
    let info = enclave.info().await?;
    let attest = Attest {
        signer: info.signer,
        l1_chain_id: info.l1_chain_id,
        registry: info.registry,
        operator: Address::ZERO,
        ref_block_number: 0,
        ref_block_hash: B256::ZERO,
    };
    Ok(enclave.attest(attest).await?.quote.to_vec())
}
