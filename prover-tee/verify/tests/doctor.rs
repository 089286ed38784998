//! The doctor's findings on machines that exist in software alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use alloy_primitives::B256;
use prover_quote::{
    Quoter,
    software::{Clock, CollateralSpec, SoftwarePki, TcbStatus},
};
use prover_verify::{
    collateral::CollateralFile,
    doctor::{Diagnosis, Examination, State, Subject},
    machine::{Guest, Interface, Machine},
    root::Root,
};

const NOW: Clock = Clock(1_795_226_400);

struct World {
    pki: SoftwarePki,
    root: Root,
    spec: CollateralSpec,
}

impl World {
    fn new() -> Self {
        let pki = SoftwarePki::new([7; 32], NOW);
        let root = Root::read(&pki.root_der()).unwrap();
        Self { pki, root, spec: CollateralSpec::new(NOW.minus(3600)) }
    }

    fn collateral(&self, spec: &CollateralSpec) -> CollateralFile {
        let json = serde_json::to_vec(&self.pki.collateral(spec).unwrap()).unwrap();
        CollateralFile::parse(&json).unwrap()
    }

    fn quote(&self) -> Vec<u8> {
        self.pki.machine("first").unwrap().quote(&[0; 64]).unwrap()
    }

    fn examination(&self) -> Examination<'_> {
        Examination {
            subject: Subject::Software,
            quote: Ok(self.quote()),
            collateral: Ok(self.collateral(&self.spec)),
            root: &self.root,
            at: NOW.0,
            allowed: &[],
        }
    }
}

fn state(diagnosis: &Diagnosis, what: &str) -> State {
    let finding = diagnosis.findings.iter().find(|finding| finding.what == what);
    finding.unwrap_or_else(|| panic!("no {what} in\n{diagnosis}")).state
}

/// Everything that is not as it must be comes with advice, and nobody can prove then.
fn diagnose(examination: &Examination<'_>) -> Diagnosis {
    let diagnosis = Diagnosis::of(examination).unwrap();
    for finding in &diagnosis.findings {
        let needs_advice = matches!(finding.state, State::Bad | State::Warning);
        // What to do about a status is said once, where L1 refuses it.
        let has_advice = finding.advice.is_some() || finding.what == "TCB status";
        assert!(!needs_advice || has_advice, "{} in\n{diagnosis}", finding.what);
        assert!(!diagnosis.can_prove || finding.state != State::Bad, "{diagnosis}");
    }
    diagnosis
}

#[test]
fn a_good_machine_can_prove() {
    let world = World::new();
    let diagnosis = diagnose(&world.examination());
    assert!(diagnosis.can_prove, "{diagnosis}");
    for what in ["quote", "platform", "collateral", "TCB status", "advisories", "L1"] {
        assert_eq!(state(&diagnosis, what), State::Good, "{diagnosis}");
    }
    let id = diagnosis.verdict.unwrap().workload_id.unwrap();
    let allowed = diagnose(&Examination { allowed: &[id], ..world.examination() });
    assert!(allowed.can_prove && state(&allowed, "workload") == State::Good, "{allowed}");
    let other = diagnose(&Examination { allowed: &[B256::ZERO], ..world.examination() });
    assert!(!other.can_prove && state(&other, "workload") == State::Bad, "{other}");
}

#[test]
fn an_old_machine_cannot() {
    let world = World::new();
    for status in [TcbStatus::OutOfDate, TcbStatus::ConfigurationNeeded, TcbStatus::Revoked] {
        let spec = CollateralSpec { platform: status, ..world.spec.clone() };
        let collateral = Ok(world.collateral(&spec));
        let diagnosis = diagnose(&Examination { collateral, ..world.examination() });
        assert!(!diagnosis.can_prove, "{diagnosis}");
        assert_eq!(state(&diagnosis, "TCB status"), State::Bad, "{diagnosis}");
        assert_eq!(state(&diagnosis, "L1"), State::Bad, "{diagnosis}");
    }
}

#[test]
fn collateral_that_ends_soon_is_told_before_it_does() {
    let world = World::new();
    let end = world.spec.next_update;
    let at = |clock: Clock| diagnose(&Examination { at: clock.0, ..world.examination() });
    assert_eq!(state(&at(end.minus(8 * 86_400)), "collateral"), State::Good);
    let soon = at(end.minus(6 * 86_400));
    assert!(soon.can_prove && state(&soon, "collateral") == State::Warning, "{soon}");
    let over = at(end.plus(1));
    assert!(!over.can_prove && state(&over, "collateral") == State::Bad, "{over}");
}

#[test]
fn a_revoked_machine_is_told_so() {
    let world = World::new();
    let serial = world.pki.machine("first").unwrap().pck_serial();
    let spec = CollateralSpec { revoked: vec![serial], ..CollateralSpec::new(world.spec.issued) };
    let collateral = Ok(world.collateral(&spec));
    let diagnosis = diagnose(&Examination { collateral, ..world.examination() });
    let refusal = diagnosis.verdict.as_ref().and_then(|verdict| verdict.contract.refusal.as_ref());
    assert_eq!(refusal.unwrap().error, "PlatformCertificateRevoked", "{diagnosis}");
}

#[test]
fn what_is_missing_is_told() {
    let world = World::new();
    let machine = |guest, kernel: &str, interfaces| Machine { guest, kernel: kernel.to_owned(), interfaces };
    let tsm = || vec![Interface::Tsm("/sys/kernel/config/tsm/report".into())];
    let dstack = || vec![Interface::Dstack("/var/run/dstack.sock".into())];
    for (machine, expected) in [
        (machine(Guest::Tdx, "6.8.0", tsm()), [State::Good, State::Good, State::Good]),
        (machine(Guest::Tdx, "6.1.0", dstack()), [State::Good, State::Good, State::Good]),
        (machine(Guest::Tdx, "6.1.0", vec![]), [State::Good, State::Bad, State::Bad]),
        (machine(Guest::Other, "6.8.0", dstack()), [State::Unknown, State::Good, State::Good]),
        (machine(Guest::Other, "6.8.0", vec![]), [State::Bad, State::Good, State::Bad]),
        (machine(Guest::Azure, "6.8.0", tsm()), [State::Bad, State::Good, State::Good]),
        (machine(Guest::Other, "", vec![]), [State::Bad, State::Unknown, State::Bad]),
    ] {
        let subject = Subject::Machine(&machine);
        let quoted = diagnose(&Examination { subject: subject.clone(), ..world.examination() });
        let found = ["TDX guest", "kernel", "interface"].map(|what| state(&quoted, what));
        assert_eq!(found, expected, "{quoted}");
        assert_eq!(quoted.can_prove, !expected.contains(&State::Bad), "{quoted}");

        let quote = Err("no answer".to_owned());
        let silent = diagnose(&Examination { subject, quote, ..world.examination() });
        assert!(!silent.can_prove && silent.verdict.is_none(), "{silent}");
        assert!(silent.to_string().contains("no answer"), "{silent}");
    }
    let collateral = Err("not found".to_owned());
    let without = diagnose(&Examination { collateral, ..world.examination() });
    assert!(!without.can_prove && state(&without, "collateral") == State::Bad, "{without}");
    let elsewhere = Subject::Enclave("unix:/run/enclave".to_owned());
    let elsewhere = diagnose(&Examination { subject: elsewhere, ..world.examination() });
    assert!(elsewhere.can_prove && state(&elsewhere, "machine") == State::Unknown, "{elsewhere}");
}

#[test]
fn bytes_that_are_no_quote_are_judged_like_others() {
    let world = World::new();
    for quote in [vec![], vec![4; 100], world.quote()[..900].to_vec()] {
        let diagnosis = diagnose(&Examination { quote: Ok(quote), ..world.examination() });
        assert!(!diagnosis.can_prove, "{diagnosis}");
        assert_eq!(state(&diagnosis, "platform"), State::Bad, "{diagnosis}");
    }
}
