//! Runs a whole devnet for one test: real processes, free ports, a folder of its own.

use std::{
    fs::File,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use devnet::record::{self, Record};
use eyre::{Context, OptionExt, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

/// How long a devnet may take until it is ready, on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// How long a devnet may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// A running devnet. Dropping it ends every one of its processes.
#[derive(Debug)]
pub struct Devnet {
    folder: TempDir,
    ports: Ports,
    process: Option<Child>,
    record: Record,
}

/// Free ports, chosen by the operating system.
#[derive(Clone, Copy, Debug)]
struct Ports {
    l1: u16,
    l2: u16,
    prover: u16,
    enclave: u16,
    metrics: u16,
}

impl Devnet {
    /// Starts a devnet with nothing in it and waits until it is ready.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ports = Ports::free()?;
        let process = Some(spawn(folder.path(), ports)?);
        let placeholder = Record {
            l1: record::L1 { rpc: String::new(), chain_id: 0 },
            l2: record::L2 { rpc: String::new(), ws: String::new(), chain_id: 0 },
            contracts: record::Contracts::default(),
            accounts: Vec::new(),
            provers: Vec::new(),
        };
        let mut devnet = Self { folder, ports, process, record: placeholder };
        devnet.wait_ready().await?;
        Ok(devnet)
    }

    /// Stops everything in order, as Ctrl-C does.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        signal(process.id(), "TERM")?;
        until("the devnet has stopped", STOP_LIMIT, async || Ok(process.try_wait()?)).await?;
        Ok(())
    }

    /// Starts again on the same folder and ports.
    pub async fn resume(&mut self) -> Result<()> {
        self.process = Some(spawn(self.folder.path(), self.ports)?);
        self.wait_ready().await
    }

    /// What `devnet.json` says.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The log of one of the programs.
    pub fn log(&self, program: &str) -> String {
        let path = self.state_dir().join(format!("logs/{program}.log"));
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    }

    /// A client of L1.
    pub fn l1(&self) -> Result<DynProvider> {
        Ok(ProviderBuilder::new().connect_http(self.record.l1.rpc.parse()?).erased())
    }

    /// A client of L2.
    pub fn l2(&self) -> Result<DynProvider> {
        Ok(ProviderBuilder::new().connect_http(self.record.l2.rpc.parse()?).erased())
    }

    /// The process id of one of the programs: `l1`, `sequencer`, `enclave-0`, `prover-0`, ...
    pub fn pid(&self, program: &str) -> Result<u32> {
        let pids: Value = record::read(&self.state_dir().join("pids.json"))?.ok_or_eyre("no pids.json")?;
        let pid = pids.get(program).and_then(Value::as_u64).ok_or_eyre("no such program")?;
        Ok(u32::try_from(pid)?)
    }

    /// Sends a signal to one of the programs.
    pub fn signal(&self, program: &str, name: &str) -> Result<()> {
        signal(self.pid(program)?, name)
    }

    /// Kills a program with SIGKILL and waits until the devnet has started it again.
    pub async fn kill_and_wait_restarted(&self, program: &str) -> Result<()> {
        let old = self.pid(program)?;
        signal(old, "KILL")?;
        until(&format!("{program} runs again"), READY_LIMIT, async || {
            Ok(self.pid(program).ok().filter(|new| *new != old))
        })
        .await?;
        Ok(())
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let path = self.state_dir().join("devnet.json");
        let process = self.process.as_mut().ok_or_eyre("the devnet does not run")?;
        let log = self.folder.path().join("devnet.log");
        let record = until("the devnet is ready", READY_LIMIT, async || {
            if let Some(status) = process.try_wait()? {
                bail!("the devnet ended with {status}:\n{}", std::fs::read_to_string(&log)?);
            }
            record::read::<Record>(&path)
        })
        .await?;
        self.record = record;
        Ok(())
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // The whole process group: also programs whose devnet is gone.
        let group = format!("-{}", process.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        let deadline = Instant::now() + Duration::from_secs(20);
        while matches!(process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = process.wait();
        if std::thread::panicking() {
            eprintln!("--- devnet.log");
            eprintln!(
                "{}",
                std::fs::read_to_string(self.folder.path().join("devnet.log")).unwrap_or_default()
            );
            for program in ["sequencer", "prover-0", "enclave-0"] {
                let log = self.log(program);
                let lines: Vec<&str> = log.lines().rev().take(40).collect();
                eprintln!("--- {program} (its last lines)");
                lines.iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
    }
}

impl Ports {
    fn free() -> Result<Self> {
        // Held together until all are chosen, so that they differ. Enclaves and metrics take
        // consecutive ports, which are looked for as a run.
        let held: Vec<TcpListener> =
            (0..3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let mut ports = held.iter().map(|listener| Ok(listener.local_addr()?.port()));
        let mut next = || ports.next().unwrap_or_else(|| bail!("three ports were bound"));
        let (l1, l2, prover) = (next()?, next()?, next()?);
        let (enclave, _enclave_run) = free_run(2)?;
        let (metrics, _metrics_run) = free_run(3)?;
        Ok(Self { l1, l2, prover, enclave, metrics })
    }
}

/// The first of `count` consecutive free ports, with the listeners that hold them.
fn free_run(count: u16) -> Result<(u16, Vec<TcpListener>)> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        let rest: Result<Vec<TcpListener>, _> =
            (1..count).map(|offset| TcpListener::bind(("127.0.0.1", port.saturating_add(offset)))).collect();
        if let Ok(mut run) = rest {
            run.push(first);
            return Ok((port, run));
        }
    }
    bail!("no {count} consecutive ports are free")
}

fn spawn(folder: &Path, ports: Ports) -> Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("devnet.log"))?;
    Command::new(program("devnet")?)
        .arg("--state-dir")
        .arg(folder.join("state"))
        .arg("--contracts")
        .arg(repository().join("contracts"))
        .args(["--l1-port", &ports.l1.to_string()])
        .args(["--l2-port", &ports.l2.to_string()])
        .args(["--prover-port", &ports.prover.to_string()])
        .args(["--enclave-port", &ports.enclave.to_string()])
        .args(["--metrics-port", &ports.metrics.to_string()])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .wrap_err("starting the devnet")
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// One of our programs, beside the folder of the running test.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(2).ok_or_eyre("the test has no target folder")?;
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{} is not built: run `make build`", path.display());
    }
    Ok(path)
}

/// Runs one of Foundry's programs as a user would and returns what it printed.
pub async fn foundry(name: &str, args: &[&str]) -> Result<String> {
    let pinned = repository().join("contracts/node_modules/.bin").join(name);
    let program = if pinned.is_file() { pinned } else { name.into() };
    run(&program, &repository().join("contracts"), args).await
}

/// Runs a script of `tests/scripts` with Node.js and returns what it printed.
pub async fn script(name: &str, args: &[&str]) -> Result<String> {
    let script = repository().join("tests/scripts").join(name);
    let mut all = vec![script.to_str().ok_or_eyre("the path is not UTF-8")?];
    all.extend(args);
    run(Path::new("node"), &repository().join("tests"), &all).await
}

async fn run(program: &Path, folder: &Path, args: &[&str]) -> Result<String> {
    let output = tokio::process::Command::new(program)
        .args(args)
        .current_dir(folder)
        .kill_on_drop(true)
        .output()
        .await
        .wrap_err_with(|| format!("running {}", program.display()))?;
    let stdout = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() {
        bail!(
            "{} {args:?} ended with {}:\n{stdout}\n{}",
            program.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(stdout)
}

/// Polls until `condition` gives a value, and fails with `what` when `limit` has passed.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if Instant::now() > deadline {
            bail!("waited {limit:?} in vain until {what}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status()?;
    if status.success() { Ok(()) } else { bail!("process {pid} cannot be signalled") }
}
