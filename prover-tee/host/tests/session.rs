//! Sessions of a host, with peers that behave and peers that do not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256};
use prover_core::{
    PROTOCOL_VERSION,
    enclave::RefusalCode,
    sequencer::{Ping, Pong, ProverMessage, Rejected, Welcome},
    signature::recover,
};
use prover_tee::{
    enclave::EnclaveError,
    l1::L1,
    prove,
    registry::RegistrationError,
    sequencer::SequencerError,
    session::{self, SessionConfig, SessionError},
    transaction::{TransactionError, Wallet},
};
use support::{
    REGISTRY, digest,
    enclave::{Behaviour, FakeEnclave},
    l1::{FakeL1, LIFETIME, Signer},
    sequencer::{FakeSequencer, Prover},
    soon,
};
use tokio::task::JoinHandle;

/// A host and its three peers.
struct World {
    l1: FakeL1,
    enclave: FakeEnclave,
    sequencer: FakeSequencer,
}

fn operator() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x77)).unwrap()
}

impl World {
    async fn new() -> Self {
        Self {
            l1: FakeL1::start().await,
            enclave: FakeEnclave::start().await,
            sequencer: FakeSequencer::start().await,
        }
    }

    /// The same with the enclave's key registered for the operator, for so many seconds.
    async fn registered(left: u64) -> Self {
        let world = Self::new().await;
        world.register(operator().address(), left);
        world
    }

    fn register(&self, operator: Address, left: u64) {
        let mut state = self.l1.state();
        let expires_at = state.now + left;
        state.signers.insert(self.enclave.signer(), Signer { operator, expires_at, revoked: false });
    }

    fn config(&self) -> SessionConfig {
        SessionConfig {
            enclave: self.enclave.endpoint.clone(),
            sequencer: self.sequencer.endpoint(),
            registry: REGISTRY,
            renew_before: Duration::from_secs(3600),
        }
    }

    /// Starts a session.
    fn session(&self) -> JoinHandle<Result<(), SessionError>> {
        let (config, l1) = (self.config(), L1::new(&self.l1.url).unwrap());
        let wallet = Wallet::new(l1.clone(), operator());
        tokio::spawn(async move { session::run(&config, &l1, &wallet).await })
    }

    /// Starts the main loop.
    fn forever(&self) -> JoinHandle<SessionError> {
        let (config, l1) = (self.config(), L1::new(&self.l1.url).unwrap());
        let wallet = Wallet::new(l1.clone(), operator()).with_patience(Duration::from_millis(10));
        tokio::spawn(async move { prove::run(&config, &l1, &wallet).await })
    }

    /// Why a session fails that does not get as far as proving.
    async fn failure(&self) -> SessionError {
        soon(self.session()).await.unwrap().unwrap_err()
    }
}

async fn signature(prover: &mut Prover, number: u8, signer: Address) {
    match prover.next().await.unwrap() {
        ProverMessage::Signature(signature) => {
            assert_eq!(signature.batch, 70 + u64::from(number));
            assert_eq!(signature.digest, digest(number.into()));
            assert_eq!(recover(signature.digest, &signature.signature), Ok(signer));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn jobs_become_signatures() {
    let world = World::registered(LIFETIME).await;
    let session = world.session();
    let (mut prover, hello) = world.sequencer.hello().await;
    assert_eq!(hello.version, PROTOCOL_VERSION);
    assert_eq!((hello.operator, hello.signer), (operator().address(), world.enclave.signer()));
    prover.say(Welcome { version: PROTOCOL_VERSION }).await;
    for number in 0..3 {
        prover.job(Behaviour::Sign, number).await;
        signature(&mut prover, number, world.enclave.signer()).await;
    }
    assert!(world.l1.state().sent.is_empty(), "a live key costs no transaction");
    drop(prover);
    let error = soon(session).await.unwrap().unwrap_err();
    assert!(matches!(error, SessionError::Sequencer(SequencerError::Frame(_))), "{error}");
}

#[tokio::test]
async fn an_unknown_key_is_registered_first() {
    let world = World::new().await;
    let _session = world.session();
    let mut prover = world.sequencer.welcome().await;
    {
        let state = world.l1.state();
        assert_eq!(state.sent.len(), 2, "the intermediate, and the registration");
        assert_eq!(state.signers[&world.enclave.signer()].operator, operator().address());
    }
    prover.job(Behaviour::Sign, 1).await;
    signature(&mut prover, 1, world.enclave.signer()).await;

    // The next key finds the intermediate there.
    world.enclave.change_key();
    drop(prover);
    let _next = world.session();
    world.sequencer.welcome().await;
    assert_eq!(world.l1.state().sent.len(), 3);
}

#[tokio::test]
async fn pings_are_answered_while_a_job_runs() {
    let world = World::registered(LIFETIME).await;
    let _session = world.session();
    let mut prover = world.sequencer.welcome().await;
    prover.job(Behaviour::Wait, 4).await;
    for number in [8, 9] {
        prover.say(Ping { number }).await;
        assert_eq!(prover.next().await.unwrap(), Pong { number }.into());
    }
    world.enclave.release();
    signature(&mut prover, 4, world.enclave.signer()).await;
}

#[tokio::test]
async fn refusals_are_passed_on_and_proving_goes_on() {
    let world = World::registered(LIFETIME).await;
    let _session = world.session();
    let mut prover = world.sequencer.welcome().await;
    prover.job(Behaviour::Refuse, 1).await;
    match prover.next().await.unwrap() {
        ProverMessage::Refused(refused) => {
            assert_eq!((refused.batch, refused.digest), (71, digest(1)));
            assert_eq!((refused.code, refused.reason.as_str()), (RefusalCode::Witness, "a node is missing"));
        }
        other => panic!("{other:?}"),
    }
    // A job whose digest is not that of its batch.
    let mut job = prover_core::sequencer::Job {
        batch: 5,
        digest: B256::repeat_byte(9),
        input: support::enclave::input(Behaviour::Sign, 2),
        witness: Default::default(),
    };
    prover.say(job.clone()).await;
    match prover.next().await.unwrap() {
        ProverMessage::Refused(refused) => assert_eq!(refused.code, RefusalCode::Claim),
        other => panic!("{other:?}"),
    }
    job.digest = digest(2);
    prover.say(job).await;
    assert!(matches!(prover.next().await.unwrap(), ProverMessage::Signature(_)));
}

#[tokio::test]
async fn a_second_job_at_once_breaks_the_protocol() {
    let world = World::registered(LIFETIME).await;
    let session = world.session();
    let mut prover = world.sequencer.welcome().await;
    prover.job(Behaviour::Wait, 1).await;
    prover.job(Behaviour::Sign, 2).await;
    let error = soon(session).await.unwrap().unwrap_err();
    assert!(matches!(error, SessionError::Sequencer(SequencerError::Unexpected(_))), "{error}");
}

#[tokio::test]
async fn a_restarted_enclave_ends_the_session_and_is_registered_again() {
    let world = World::registered(LIFETIME).await;
    let _host = world.forever();
    let mut prover = world.sequencer.welcome().await;
    // The key changes between two jobs: its signature is not sent, because it would count for nothing.
    world.enclave.change_key();
    prover.job(Behaviour::Sign, 1).await;
    assert!(prover.next().await.is_err(), "the host hangs up");
    let mut prover = world.sequencer.welcome().await;
    assert!(world.l1.state().signers.contains_key(&world.enclave.signer()), "registered by itself");
    prover.job(Behaviour::Sign, 1).await;
    signature(&mut prover, 1, world.enclave.signer()).await;
    // And one that dies over a job.
    prover.job(Behaviour::Die, 2).await;
    assert!(prover.next().await.is_err());
    let mut prover = world.sequencer.welcome().await;
    prover.job(Behaviour::Sign, 2).await;
    signature(&mut prover, 2, world.enclave.signer()).await;
}

#[tokio::test]
async fn a_host_that_is_turned_away_tries_again() {
    let world = World::registered(LIFETIME).await;
    let _host = world.forever();
    for _ in 0..2 {
        let (mut prover, _) = world.sequencer.hello().await;
        prover.say(Rejected { reason: "not live yet".into() }).await;
        assert!(prover.next().await.is_err());
    }
    let mut prover = world.sequencer.welcome().await;
    prover.job(Behaviour::Sign, 1).await;
    signature(&mut prover, 1, world.enclave.signer()).await;
}

#[tokio::test]
async fn l1_may_be_away_for_a_while() {
    let world = World::new().await;
    world.l1.state().down = true;
    let error = world.failure().await;
    assert!(matches!(error, SessionError::L1(_)), "{error}");
    let host = world.forever();
    assert!(!host.is_finished());
    world.l1.state().down = false;
    let mut prover = world.sequencer.welcome().await;
    // Once a session runs, L1 is not needed.
    world.l1.state().down = true;
    prover.job(Behaviour::Sign, 1).await;
    signature(&mut prover, 1, world.enclave.signer()).await;
}

#[tokio::test]
async fn keys_are_replaced_before_they_expire() {
    // One that expires soon, and one that has expired.
    for left in [3599, 0] {
        let world = World::registered(left).await;
        let old = world.enclave.signer();
        let _session = world.session();
        let (_, hello) = world.sequencer.hello().await;
        assert_ne!(hello.signer, old);
        assert_eq!(hello.signer, world.enclave.signer());
        assert!(world.l1.state().signers.contains_key(&hello.signer));
    }
}

#[tokio::test]
async fn a_session_ends_in_time_for_the_next_key() {
    // One second more than the margin: the key is used for that second.
    let world = World::registered(3601).await;
    let old = world.enclave.signer();
    let _host = world.forever();
    let (mut prover, hello) = world.sequencer.hello().await;
    assert_eq!(hello.signer, old);
    prover.say(Welcome { version: PROTOCOL_VERSION }).await;
    world.l1.state().now += 2;
    assert!(prover.next().await.is_err(), "the host hangs up by itself");
    let (_, hello) = world.sequencer.hello().await;
    assert_ne!(hello.signer, old);
}

#[tokio::test]
async fn what_waiting_cannot_mend_is_final() {
    let world = World::registered(LIFETIME).await;
    world.enclave.set_registry(Address::repeat_byte(9));
    let error = world.failure().await;
    assert!(error.is_final() && matches!(error, SessionError::Mismatch { what: "registry", .. }), "{error}");

    let world = World::new().await;
    world.register(Address::repeat_byte(9), LIFETIME);
    let error = world.failure().await;
    assert!(error.is_final() && matches!(error, SessionError::OtherOperator { .. }), "{error}");

    let world = World::registered(LIFETIME).await;
    world.l1.state().signers.values_mut().for_each(|signer| signer.revoked = true);
    let error = soon(world.forever()).await.unwrap();
    assert!(matches!(&error, SessionError::Barred { reason, .. } if reason.contains("Revoked")), "{error}");
}

#[tokio::test]
async fn an_operator_without_funds_is_told() {
    let world = World::new().await;
    world.l1.state().balance = alloy_primitives::U256::from(1);
    let error = world.failure().await;
    assert!(
        matches!(
            error,
            SessionError::Registration(RegistrationError::Transaction(TransactionError::Funds { .. }))
        ),
        "{error}"
    );
    assert!(world.l1.state().sent.is_empty());
}

#[tokio::test]
async fn fees_rise_until_a_block_takes_the_transaction() {
    let world = World::new().await;
    world.l1.state().base_fee = 6_000_000_000;
    let _host = world.forever();
    world.sequencer.welcome().await;
    let state = world.l1.state();
    assert_eq!(state.mined.len(), 2);
    assert!(state.sent.len() > 4, "{} sent", state.sent.len());
}

#[tokio::test]
async fn an_absent_enclave_is_waited_for() {
    let mut world = World::registered(LIFETIME).await;
    let present = world.enclave.endpoint.clone();
    world.enclave.endpoint = prover_core::Endpoint::Tcp("127.0.0.1:1".into());
    let error = world.failure().await;
    assert!(matches!(error, SessionError::Enclave(EnclaveError::Unreachable { .. })), "{error}");
    assert!(!error.is_final());
    world.enclave.endpoint = present;
    let _session = world.session();
    world.sequencer.welcome().await;
}
