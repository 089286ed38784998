//! `prover-tee check` and `doctor` as an operator runs them, with the software platform.
#![cfg(feature = "software")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use prover_quote::{
    Quoter,
    software::{Clock, CollateralSpec, SoftwarePki, TcbStatus},
};
use serde_json::Value;
use tempfile::TempDir;

const NOW: Clock = Clock(1_795_226_400);

/// A folder with the files that the commands take.
struct Files {
    folder: TempDir,
    pki: SoftwarePki,
}

impl Files {
    fn new() -> Self {
        let (folder, pki) = (tempfile::tempdir().unwrap(), SoftwarePki::new([7; 32], NOW));
        let files = Self { folder, pki };
        let machine = files.pki.machine("first").unwrap();
        machine.save(&files.path("machine")).unwrap();
        fs::write(files.path("root.der"), files.pki.root_der()).unwrap();
        fs::write(files.path("quote.bin"), machine.quote(&[1; 64]).unwrap()).unwrap();
        fs::create_dir(files.path("collateral")).unwrap();
        fs::write(files.path("collateral/notes.json"), "{}").unwrap();
        files.collateral("collateral/old.json", TcbStatus::Revoked, 7200);
        files.collateral("collateral/new.json", TcbStatus::UpToDate, 3600);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn collateral(&self, name: &str, platform: TcbStatus, age: u64) {
        let spec = CollateralSpec { platform, ..CollateralSpec::new(NOW.minus(age)) };
        let json = serde_json::to_vec(&self.pki.collateral(&spec).unwrap()).unwrap();
        fs::write(self.path(name), json).unwrap();
    }

    fn run(&self, line: &str) -> Output {
        let at = NOW.0.to_string();
        Command::new(env!("CARGO_BIN_EXE_prover-tee"))
            .current_dir(self.folder.path())
            .args(line.split(' '))
            .args(["--root-ca", "root.der", "--at", &at])
            .output()
            .unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn check_says_what_l1_would() {
    let files = Files::new();
    let good = files.run("check --quote quote.bin --collateral collateral/new.json --json");
    assert_eq!(good.status.code(), Some(0), "{}", text(&good));
    let verdict: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!((&verdict["accepted"], &verdict["agree"]), (&Value::Bool(true), &Value::Bool(true)));

    let id = verdict["workloadId"].as_str().unwrap();
    let known = files.run(&format!("check --quote quote.bin --collateral collateral/new.json --allow {id}"));
    assert_eq!(known.status.code(), Some(0), "{}", text(&known));
    let other = format!("0x{}", "11".repeat(32));
    let unknown =
        files.run(&format!("check --quote quote.bin --collateral collateral/new.json --allow {other}"));
    assert_eq!(unknown.status.code(), Some(4), "{}", text(&unknown));

    let revoked = files.run("check --quote quote.bin --collateral collateral/old.json");
    assert_eq!(revoked.status.code(), Some(4), "{}", text(&revoked));
    let missing = files.run("check --quote nothing --collateral collateral/old.json");
    assert_eq!(missing.status.code(), Some(1), "{}", text(&missing));
}

#[test]
fn doctor_goes_all_the_way_with_the_software_platform() {
    let files = Files::new();
    // Of the files in a folder the newest one counts.
    for collateral in ["collateral", "collateral/new.json"] {
        let output = files.run(&format!("doctor --software-platform machine --collateral {collateral}"));
        let shown = text(&output);
        assert_eq!(output.status.code(), Some(0), "{shown}");
        assert!(shown.contains("This machine can prove."), "{shown}");
        assert!(shown.contains("would accept this quote, at about"), "{shown}");
    }
    let revoked = files.run("doctor --software-platform machine --collateral collateral/old.json --json");
    assert_eq!(revoked.status.code(), Some(4), "{}", text(&revoked));
    let diagnosis: Value = serde_json::from_slice(&revoked.stdout).unwrap();
    assert_eq!(diagnosis["canProve"], false);
    let absent = files.run("doctor --software-platform machine --collateral nowhere.json");
    assert_eq!(absent.status.code(), Some(4), "{}", text(&absent));
}

#[test]
fn doctor_says_that_a_machine_without_tdx_cannot_prove() {
    let files = Files::new();
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if flags.contains("tdx_guest") {
        return;
    }
    let output = files.run("doctor --collateral collateral");
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(4), "{shown}");
    assert!(shown.contains("This machine can NOT prove."), "{shown}");
}
