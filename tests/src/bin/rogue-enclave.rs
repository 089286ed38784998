//! An enclave whose protection is broken: it signs what an enclave must never sign. For tests only; no production code knows of it.
//!
//! It speaks the protocol of the real one and proves honestly, so that L1 and sequencer take it for one. Once the file `go` is in its
//! folder, it answers the next batch with another output than the true one. The true one it signs with the same key and lays down in
//! the folder as `true.json`, as somebody would who sells it. So each of the two signatures reaches the watchtower on a way of its own:
//! one by the host and the sequencer, which take nothing but the truth for a proof, and one as a file.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Mutex,
};

use alloy::primitives::B256;
use executor::transition::{Transition, digest};
use eyre::{OptionExt, Result, bail};
use k256::ecdsa::SigningKey;
use prover_core::{
    PROTOCOL_VERSION,
    enclave::{Attest, EnclaveRequest, EnclaveResponse, Failed, Info, Quote, Signed},
    frame::{self, MAX_BATCH},
    report::report_data,
    signature,
};
use prover_enclave::{EnclaveConfig, execution::execute};
use prover_quote::{Quoter, software::SoftwarePlatform};
use vpha_staking::evidence::SignedTransition;

/// The output that it signs beside the true one.
const FALSE_OUTPUT: B256 = B256::repeat_byte(0xbd);

struct Rogue {
    config: EnclaveConfig,
    key: SigningKey,
    platform: SoftwarePlatform,
    folder: PathBuf,
    /// Whether it has done what it is here for.
    done: Mutex<bool>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, platform, listen, folder] = arguments.as_slice() else {
        bail!("usage: rogue-enclave CONFIG PLATFORM-FOLDER ADDRESS FOLDER");
    };
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&std::process::id().to_be_bytes().repeat(2));
    let rogue = Rogue {
        config: EnclaveConfig::load(Path::new(config))?,
        key: SigningKey::from_slice(&secret)?,
        platform: SoftwarePlatform::load(Path::new(platform))?,
        folder: folder.into(),
        done: Mutex::new(false),
    };
    let listener = TcpListener::bind(listen)?;
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            let (mut stream, rogue) = (stream?, &rogue);
            scope.spawn(move || {
                while let Ok(request) = frame::read::<EnclaveRequest>(&mut stream, MAX_BATCH) {
                    let response = rogue.respond(request).unwrap_or_else(|error| {
                        eprintln!("{error}");
                        Failed { reason: error.to_string() }.into()
                    });
                    if frame::write(&mut stream, &response).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(())
    })
}

impl Rogue {
    fn respond(&self, request: EnclaveRequest) -> Result<EnclaveResponse> {
        Ok(match request {
            EnclaveRequest::Attest(attest) => self.attest(&attest)?.into(),
            EnclaveRequest::Prove(prove) => match execute(&self.config.chain, &prove) {
                Ok(transition) => self.prove(transition)?.into(),
                Err(refused) => refused.into(),
            },
            // Its key lives as long as it does.
            EnclaveRequest::GetInfo(_) | EnclaveRequest::Prepare(_) | EnclaveRequest::Renew(_) => {
                self.info().into()
            }
        })
    }

    fn info(&self) -> Info {
        Info {
            version: PROTOCOL_VERSION,
            signer: signature::address(self.key.verifying_key()),
            next: Default::default(),
            config_hash: self.config.chain.hash(),
            l1_chain_id: self.config.chain.l1_chain_id,
            rollup: self.config.rollup,
            registry: self.config.registry,
        }
    }

    fn attest(&self, attest: &Attest) -> Result<Quote> {
        let quote = self.platform.quote(&report_data(attest, self.config.chain.hash()))?;
        Ok(Quote { signer: attest.signer, quote: quote.into() })
    }

    fn prove(&self, honest: Transition) -> Result<Signed> {
        let mut done = self.done.lock().ok().ok_or_eyre("a thread panicked")?;
        if *done || !self.folder.join("go").exists() {
            return Ok(self.sign(honest));
        }
        let forged = self.sign(Transition { outputRoot: FALSE_OUTPUT, ..honest });
        let honest = self.sign(honest);
        let text =
            serde_json::to_string_pretty(&SignedTransition::new(&honest.transition, honest.signature))?;
        // Whoever reads it finds all of it.
        let unfinished = self.folder.join("unfinished");
        fs::write(&unfinished, text)?;
        fs::rename(unfinished, self.folder.join("true.json"))?;
        *done = true;
        Ok(forged)
    }

    fn sign(&self, transition: Transition) -> Signed {
        let digest = digest(&transition, self.config.chain.l1_chain_id, self.config.rollup);
        Signed { signature: signature::sign(&self.key, digest), transition }
    }
}
