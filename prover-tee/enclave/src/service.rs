//! One request in, one response out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::{Address, B256};
use executor::transition::{self, Transition};
use prover_core::{
    PROTOCOL_VERSION,
    enclave::{
        Attest, EnclaveRequest, EnclaveResponse, Failed, Info, Prepare, Prove, Quote, RefusalCode, Refused,
        Renew, Signed,
    },
    report::report_data,
};
use prover_quote::Quoter;

use crate::{
    EnclaveConfig, EnclaveKey,
    execution::{Execute, contained, execute, refused},
    outputs::{OutputError, Outputs},
};

/// The enclave behind its socket.
pub struct Service {
    config: EnclaveConfig,
    config_hash: B256,
    keys: Mutex<Keys>,
    quoter: Box<dyn Quoter>,
    execute: Execute,
    /// What any key of this process signed. Held while a batch runs, so that one runs at a time:
    /// execution uses every core, and two batches might not fit into memory.
    outputs: Mutex<Outputs>,
}

/// The keys of this process.
struct Keys {
    /// Signs.
    present: Arc<EnclaveKey>,
    /// Signs nothing yet: it is registered first.
    next: Option<Arc<EnclaveKey>>,
}

impl Service {
    /// An enclave for one chain, with its key and platform.
    pub fn new(config: EnclaveConfig, key: EnclaveKey, quoter: Box<dyn Quoter>) -> Self {
        Self::with_execution(config, key, quoter, execute)
    }

    /// The same with another execution in the place of the real one.
    fn with_execution(
        config: EnclaveConfig,
        key: EnclaveKey,
        quoter: Box<dyn Quoter>,
        execute: Execute,
    ) -> Self {
        let config_hash = config.chain.hash();
        let keys = Mutex::new(Keys { present: Arc::new(key), next: None });
        Self { config, config_hash, keys, quoter, execute, outputs: Mutex::default() }
    }

    /// Address of the key that signs.
    pub fn signer(&self) -> Address {
        lock(&self.keys).present.address()
    }

    /// Who this enclave is and what it proves.
    pub fn info(&self) -> Info {
        let (signer, next) = lock(&self.keys).addresses();
        Info {
            version: PROTOCOL_VERSION,
            signer,
            next: next.unwrap_or_default(),
            config_hash: self.config_hash,
            l1_chain_id: self.config.chain.l1_chain_id,
            rollup: self.config.rollup,
            registry: self.config.registry,
        }
    }

    /// Answers a request.
    pub fn respond(&self, request: &EnclaveRequest) -> EnclaveResponse {
        match request {
            EnclaveRequest::GetInfo(_) => self.info().into(),
            EnclaveRequest::Attest(attest) => response(self.attest(attest)),
            EnclaveRequest::Prove(prove) => response(self.prove(prove)),
            EnclaveRequest::Renew(renew) => response(self.renew(renew)),
            EnclaveRequest::Prepare(prepare) => response(self.prepare(prepare)),
        }
    }

    fn prepare(&self, prepare: &Prepare) -> Result<Info, Failed> {
        {
            let mut keys = lock(&self.keys);
            if keys.present.address() == prepare.signer && keys.next.is_none() {
                keys.next = Some(fresh()?);
            }
        }
        Ok(self.info())
    }

    fn renew(&self, renew: &Renew) -> Result<Info, Failed> {
        {
            let mut keys = lock(&self.keys);
            if keys.present.address() == renew.signer {
                keys.present = match keys.next.take() {
                    Some(next) => next,
                    None => fresh()?,
                };
            }
        }
        Ok(self.info())
    }

    fn attest(&self, attest: &Attest) -> Result<Quote, Failed> {
        let own = (self.config.chain.l1_chain_id, self.config.registry);
        let asked = (attest.l1_chain_id, attest.registry);
        if asked != own {
            let reason = format!(
                "this enclave registers at {} on L1 chain {}, not at {} on {}",
                own.1, own.0, asked.1, asked.0
            );
            return Err(Failed { reason });
        }
        let (present, next) = lock(&self.keys).addresses();
        let signer = attest.signer;
        if signer != present && Some(signer) != next {
            return Err(Failed { reason: format!("this enclave has no key {signer}, but {present}") });
        }
        let report_data = report_data(attest, self.config_hash);
        match self.quoter.quote(&report_data) {
            Ok(quote) => Ok(Quote { signer, quote: quote.into() }),
            Err(error) => Err(Failed { reason: error.to_string() }),
        }
    }

    fn prove(&self, prove: &Prove) -> Result<Signed, Refused> {
        let mut outputs = lock(&self.outputs);
        let transition = contained(self.execute, &self.config.chain, prove)?;
        self.sign(&mut outputs, transition)
    }

    /// The only place where a transition is signed.
    fn sign(&self, outputs: &mut Outputs, transition: Transition) -> Result<Signed, Refused> {
        if transition.configHash != self.config_hash {
            let reason = format!("config {}, this enclave's is {}", transition.configHash, self.config_hash);
            return Err(refused(RefusalCode::Internal, &reason));
        }
        let digest = transition::digest(&transition, self.config.chain.l1_chain_id, self.config.rollup);
        outputs.admit(&transition, digest).map_err(|error| match error {
            OutputError::Conflict { .. } => refused(RefusalCode::Conflict, &error),
            OutputError::Full => refused(RefusalCode::Internal, &error),
        })?;
        let key = Arc::clone(&lock(&self.keys).present);
        Ok(Signed { signature: key.sign(digest), transition })
    }
}

impl Keys {
    fn addresses(&self) -> (Address, Option<Address>) {
        (self.present.address(), self.next.as_ref().map(|key| key.address()))
    }
}

fn response<T: Into<EnclaveResponse>, E: Into<EnclaveResponse>>(outcome: Result<T, E>) -> EnclaveResponse {
    outcome.map_or_else(Into::into, Into::into)
}

fn fresh() -> Result<Arc<EnclaveKey>, Failed> {
    EnclaveKey::generate().map(Arc::new).map_err(|error| Failed { reason: error.to_string() })
}

/// A panic while a lock is held leaves nothing half done: see [`contained`].
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use executor::chain::{BlobFraction, ChainConfig, DataMode};
    use prover_core::signature::recover;
    use prover_quote::{QuoteError, REPORT_DATA_LENGTH};

    use super::*;

    /// Quotes nothing but the report data themselves.
    struct Echo;

    impl Quoter for Echo {
        fn quote(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
            Ok(report_data.to_vec())
        }
    }

    struct Broken;

    impl Quoter for Broken {
        fn quote(&self, _: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
            Err(QuoteError::Answer("no TDX here".into()))
        }
    }

    fn config() -> EnclaveConfig {
        EnclaveConfig {
            rollup: Address::repeat_byte(7),
            registry: Address::repeat_byte(1),
            chain: ChainConfig {
                chain_id: 2,
                l1_chain_id: 1,
                portal: Address::repeat_byte(8),
                genesis_hash: B256::repeat_byte(9),
                gas_limit: 60_000_000,
                elasticity: 6,
                base_fee_change_denominator: 250,
                min_base_fee: 1,
                data_mode: DataMode::Auditable,
                l1_blob_schedule: vec![BlobFraction { activation_time: 0, update_fraction: 5_007_716 }],
            },
        }
    }

    fn attest(signer: Address) -> Attest {
        Attest {
            signer,
            l1_chain_id: 1,
            registry: Address::repeat_byte(1),
            operator: Address::repeat_byte(2),
            ref_block_number: 3,
            ref_block_hash: B256::repeat_byte(4),
        }
    }

    fn service(execute: Execute) -> Service {
        Service::with_execution(config(), EnclaveKey::generate().unwrap(), Box::new(Echo), execute)
    }

    /// A transition whose output is the input's first byte, and whose data is its second.
    fn by_input(config: &ChainConfig, prove: &Prove) -> Result<Transition, Refused> {
        Ok(Transition {
            configHash: config.hash(),
            parentOutputRoot: B256::ZERO,
            outputRoot: B256::repeat_byte(prove.input[0]),
            lastL2Block: 1,
            lastL2Timestamp: 1,
            l1OriginNumber: 1,
            l1OriginHash: B256::ZERO,
            daHash: B256::repeat_byte(prove.input[1]),
        })
    }

    fn prove(service: &Service, input: &'static [u8]) -> EnclaveResponse {
        service.respond(&Prove { input: Bytes::from_static(input), witness: Bytes::new() }.into())
    }

    fn code(response: EnclaveResponse) -> RefusalCode {
        match response {
            EnclaveResponse::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_transition_is_signed_for_the_configured_rollup() {
        let service = service(by_input);
        let EnclaveResponse::Signed(signed) = prove(&service, &[1, 2]) else { panic!() };
        let digest = transition::digest(&signed.transition, 1, Address::repeat_byte(7));
        assert_eq!(recover(digest, &signed.signature), Ok(service.signer()));
        assert_eq!(prove(&service, &[1, 2]), signed.into(), "asked again, the same bytes");
    }

    #[test]
    fn a_contrary_output_is_never_signed() {
        let service = service(by_input);
        assert!(matches!(prove(&service, &[1, 2]), EnclaveResponse::Signed(_)));
        assert_eq!(code(prove(&service, &[9, 2])), RefusalCode::Conflict);
        assert!(matches!(prove(&service, &[9, 3]), EnclaveResponse::Signed(_)));
    }

    #[test]
    fn a_new_key_takes_the_place_of_the_old_one_and_inherits_its_word() {
        let service = service(by_input);
        let old = service.signer();
        assert!(matches!(prove(&service, &[1, 2]), EnclaveResponse::Signed(_)));
        let renew = EnclaveRequest::from(Renew { signer: old });
        let EnclaveResponse::Info(info) = service.respond(&renew) else { panic!() };
        assert_ne!(info.signer, old);
        assert_eq!(service.respond(&renew), info.clone().into(), "asked again, nothing happens");

        assert_eq!(code(prove(&service, &[9, 2])), RefusalCode::Conflict);
        let EnclaveResponse::Signed(signed) = prove(&service, &[1, 2]) else { panic!() };
        let digest = transition::digest(&signed.transition, 1, Address::repeat_byte(7));
        assert_eq!(recover(digest, &signed.signature), Ok(info.signer));
    }

    #[test]
    fn the_next_key_is_quoted_first_and_signs_later() {
        let service = service(by_input);
        let present = service.signer();
        let prepare = EnclaveRequest::from(Prepare { signer: present });
        let EnclaveResponse::Info(info) = service.respond(&prepare) else { panic!() };
        assert_eq!(info.signer, present);
        assert!(info.next != present && info.next != Address::ZERO);
        assert_eq!(service.respond(&prepare), info.clone().into(), "asked again, the same key");

        for signer in [present, info.next] {
            let EnclaveResponse::Quote(quote) = service.respond(&attest(signer).into()) else { panic!() };
            assert_eq!(quote.signer, signer);
            assert_eq!(quote.quote[..], report_data(&attest(signer), config().chain.hash()));
        }
        assert!(matches!(service.respond(&attest(Address::ZERO).into()), EnclaveResponse::Failed(_)));

        let signer_of = |response| {
            let EnclaveResponse::Signed(signed) = response else { panic!("{response:?}") };
            let digest = transition::digest(&signed.transition, 1, Address::repeat_byte(7));
            recover(digest, &signed.signature).unwrap()
        };
        assert_eq!(signer_of(prove(&service, &[1, 2])), present);
        let renew = EnclaveRequest::from(Renew { signer: present });
        let EnclaveResponse::Info(renewed) = service.respond(&renew) else { panic!() };
        assert_eq!((renewed.signer, renewed.next), (info.next, Address::ZERO));
        assert_eq!(signer_of(prove(&service, &[1, 2])), info.next);
        assert_eq!(service.respond(&prepare), renewed.into(), "a late request changes nothing");
        assert!(matches!(service.respond(&attest(present).into()), EnclaveResponse::Failed(_)));
    }

    #[test]
    fn a_panic_is_a_refusal_and_the_next_request_is_served() {
        let service = service(by_input);
        // Indexing the empty input panics.
        assert_eq!(code(prove(&service, &[])), RefusalCode::Internal);
        assert!(matches!(prove(&service, &[1, 2]), EnclaveResponse::Signed(_)));
    }

    #[test]
    fn a_foreign_config_is_never_signed() {
        let service = service(|config, prove| {
            by_input(config, prove).map(|transition| Transition { configHash: B256::ZERO, ..transition })
        });
        assert_eq!(code(prove(&service, &[1, 2])), RefusalCode::Internal);
    }

    #[test]
    fn garbage_is_malformed_to_the_real_execution() {
        assert_eq!(code(prove(&service(execute), b"garbage")), RefusalCode::Malformed);
        assert_eq!(code(prove(&service(execute), b"")), RefusalCode::Malformed);
    }

    #[test]
    fn a_quote_binds_everything() {
        let service = service(by_input);
        let attest = attest(service.signer());
        let EnclaveResponse::Quote(quote) = service.respond(&attest.clone().into()) else { panic!() };
        assert_eq!(quote.signer, service.signer());
        assert_eq!(quote.quote[..], report_data(&attest, config().chain.hash()));

        for elsewhere in [
            Attest { l1_chain_id: 5, ..attest.clone() },
            Attest { registry: Address::repeat_byte(5), ..attest },
        ] {
            assert!(matches!(service.respond(&elsewhere.into()), EnclaveResponse::Failed(_)));
        }

        let broken =
            Service::with_execution(config(), EnclaveKey::generate().unwrap(), Box::new(Broken), by_input);
        let attest = Attest { signer: broken.signer(), ..attest };
        let EnclaveResponse::Failed(failed) = broken.respond(&attest.into()) else { panic!() };
        assert!(failed.reason.contains("no TDX here"), "{}", failed.reason);
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let text = "ä".repeat(5000);
        let cut = refused(RefusalCode::Block, &text).reason;
        assert!(cut.len() <= 1000 && text.starts_with(&cut));
        assert_eq!(refused(RefusalCode::Block, &"short").reason, "short");
    }
}
