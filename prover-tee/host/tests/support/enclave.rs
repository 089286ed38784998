//! An enclave that signs what it is told to.

use std::sync::{Arc, Mutex};

use alloy_primitives::{Address, Bytes};
use k256::ecdsa::SigningKey;
use prover_core::{
    Endpoint, PROTOCOL_VERSION,
    enclave::{EnclaveRequest, EnclaveResponse, Info, Quote, RefusalCode, Refused, Signed},
    frame::MAX_BATCH,
    report::report_data,
    signature,
};
use prover_quote::{
    Quoter,
    software::{Clock, SoftwarePki, SoftwarePlatform},
};
use prover_tee::stream;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use super::{L1_CHAIN, REGISTRY, ROLLUP, transition};

/// What the enclave does with a job, named by the first byte of its input. The second is the number of
/// the transition.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Behaviour {
    /// Signs.
    Sign = 1,
    /// Refuses.
    Refuse = 2,
    /// Signs only after [`FakeEnclave::release`].
    Wait = 3,
    /// Hangs up.
    Die = 4,
}

/// Input for a job.
pub(crate) fn input(behaviour: Behaviour, number: u8) -> Bytes {
    Bytes::from(vec![behaviour as u8, number])
}

/// A listening enclave.
pub(crate) struct FakeEnclave {
    /// Where it listens.
    pub(crate) endpoint: Endpoint,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    key: Mutex<u8>,
    registry: Mutex<Address>,
    platform: SoftwarePlatform,
    released: Notify,
}

impl Drop for FakeEnclave {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeEnclave {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::Tcp(listener.local_addr().unwrap().to_string());
        let platform = SoftwarePki::new([1; 32], Clock(1_795_226_400)).machine("one").unwrap();
        let shared = Arc::new(Shared {
            key: Mutex::new(1),
            registry: Mutex::new(REGISTRY),
            platform,
            released: Notify::new(),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (receiver, sender) = stream.into_split();
                tokio::spawn(serve(Arc::clone(&serving), Box::new(receiver), Box::new(sender)));
            }
        });
        Self { endpoint, shared, task }
    }

    pub(crate) fn signer(&self) -> Address {
        self.shared.signer()
    }

    /// As after a restart.
    pub(crate) fn change_key(&self) {
        *self.shared.key.lock().unwrap() += 1;
    }

    pub(crate) fn set_registry(&self, registry: Address) {
        *self.shared.registry.lock().unwrap() = registry;
    }

    pub(crate) fn release(&self) {
        self.shared.released.notify_one();
    }
}

impl Shared {
    fn key(&self) -> SigningKey {
        SigningKey::from_slice(&[*self.key.lock().unwrap(); 32]).unwrap()
    }

    fn signer(&self) -> Address {
        signature::address(self.key().verifying_key())
    }

    fn info(&self) -> EnclaveResponse {
        Info {
            version: PROTOCOL_VERSION,
            signer: self.signer(),
            config_hash: transition(0).configHash,
            l1_chain_id: L1_CHAIN,
            rollup: ROLLUP,
            registry: *self.registry.lock().unwrap(),
        }
        .into()
    }

    fn sign(&self, number: u8) -> EnclaveResponse {
        let transition = transition(number.into());
        let digest = executor::transition::digest(&transition, L1_CHAIN, ROLLUP);
        Signed { signature: signature::sign(&self.key(), digest), transition }.into()
    }
}

async fn serve(shared: Arc<Shared>, mut receiver: stream::Receiver, mut sender: stream::Sender) {
    while let Ok(request) = stream::receive::<EnclaveRequest>(&mut receiver, MAX_BATCH).await {
        let response = match request {
            EnclaveRequest::GetInfo(_) => shared.info(),
            EnclaveRequest::Attest(attest) => {
                let data = report_data(&attest, shared.signer(), transition(0).configHash);
                let quote = shared.platform.quote(&data).unwrap().into();
                Quote { signer: shared.signer(), quote }.into()
            }
            EnclaveRequest::Renew(renew) => {
                if renew.signer == shared.signer() {
                    *shared.key.lock().unwrap() += 1;
                }
                shared.info()
            }
            EnclaveRequest::Prove(prove) => match (prove.input[0], prove.input[1]) {
                (1, number) => shared.sign(number),
                (3, number) => {
                    shared.released.notified().await;
                    shared.sign(number)
                }
                (4, _) => return,
                _ => Refused { code: RefusalCode::Witness, reason: "a node is missing".into() }.into(),
            },
        };
        if stream::send(&mut sender, &response).await.is_err() {
            return;
        }
    }
}
