//! The enclave's program.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use prover_enclave::{
    EnclaveConfig, EnclaveKey, Server, Service,
    options::{Options, USAGE, UsageError},
};

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(UsageError::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match start(&options) {
        Ok((server, service)) => server.run(&service),
        Err(error) => {
            eprintln!("prover-enclave: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: &Options) -> Result<(Server, Arc<Service>), Box<dyn std::error::Error>> {
    let config = EnclaveConfig::load(&options.config)?;
    // Beside everything else: whoever needs it before it is loaded waits for it.
    std::thread::spawn(executor::batch::trusted_setup);
    let service = Service::new(config, EnclaveKey::generate()?, options.quoter.open()?);
    let server = Server::bind(&options.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let info = service.info();
    eprintln!(
        "prover-enclave: signer={} config={} l1={} rollup={}",
        info.signer, info.config_hash, info.l1_chain_id, info.rollup
    );
    // Whoever started this process waits for the line and reads the address from it.
    println!("listening on {}", server.endpoint());
    io::stdout().flush()?;
    Ok((server, Arc::new(service)))
}
