//! Runs a whole devnet for one test: real processes, free ports, a folder of its own.

use std::{
    ffi::OsStr,
    fs::File,
    net::TcpListener,
    ops::Range,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use alloy::{
    primitives::Address,
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use contracts_bindings::{IProverRegistry::SignerRegistered, IRollup::BatchSubmitted};
use devnet::record::{self, Record};
use eyre::{Context, OptionExt, Result, bail, eyre};
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
    arguments: Vec<String>,
    process: Option<Child>,
    record: Record,
}

/// A run of ports that no other test uses.
///
/// They are below those that systems give to whoever asks for any, so that nothing takes one while a
/// devnet starts or is down. The first port of a run is held for as long as the run is in use.
#[derive(Debug)]
struct Ports {
    first: u16,
    _held: TcpListener,
}

impl Devnet {
    /// Starts a devnet with nothing in it and waits until it is ready.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same with more arguments for the devnet.
    pub async fn start_with(arguments: &[&str]) -> Result<Self> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let folder = tempfile::tempdir()?;
        let ports = Ports::free()?;
        let process = Some(spawn(folder.path(), &ports, &arguments)?);
        let placeholder = Record {
            l1: record::L1 { rpc: String::new(), chain_id: 0 },
            l2: record::L2 { rpc: String::new(), ws: String::new(), chain_id: 0 },
            contracts: record::Contracts::default(),
            accounts: Vec::new(),
            provers: Vec::new(),
        };
        let mut devnet = Self { folder, ports, arguments, process, record: placeholder };
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
        self.process = Some(spawn(self.folder.path(), &self.ports, &self.arguments)?);
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

    /// A port that the devnet does not use: 0, 1 or 2.
    pub const fn spare_port(&self, index: u16) -> u16 {
        self.ports.first + Ports::SPARE + index
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

    /// Every registration of a key, in order.
    pub async fn registrations(&self) -> Result<Vec<SignerRegistered>> {
        let registry = self.record.contracts.prover_registry.ok_or_eyre("no registry")?;
        Ok(self.events(registry).await?.into_iter().map(|(_, event)| event).collect())
    }

    /// Every batch that was submitted, in order, with the number of its L1 block.
    pub async fn submissions(&self) -> Result<Vec<(u64, BatchSubmitted)>> {
        self.events(self.record.contracts.rollup.ok_or_eyre("no rollup")?).await
    }

    /// Every event of one kind of a contract on L1, in order, with the number of its block.
    pub async fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<(u64, E)>> {
        let filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).from_block(0);
        let logs = self.l1()?.get_logs(&filter).await?;
        let event = |log: &Log| {
            let number = log.block_number.ok_or_eyre("a log without a block")?;
            Ok((number, E::decode_log_data(log.data())?))
        };
        logs.iter().map(event).collect()
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
    /// Where runs begin, and how long one is.
    const RUNS: Range<u16> = 20_000..32_000;
    const LENGTH: u16 = 16;
    /// Where the ports begin that no program of the devnet takes.
    const SPARE: u16 = 13;

    /// A run that is free. Processes begin to look in different places.
    fn free() -> Result<Self> {
        let runs = Self::RUNS.step_by(usize::from(Self::LENGTH));
        let skipped = usize::try_from(std::process::id())? % runs.len();
        for first in runs.clone().skip(skipped).chain(runs) {
            let listen = |port| TcpListener::bind(("127.0.0.1", port));
            let Ok(held) = listen(first) else { continue };
            if (first + 1..first + Self::LENGTH).all(|port| listen(port).is_ok()) {
                return Ok(Self { first, _held: held });
            }
        }
        bail!("no {} consecutive ports are free within {:?}", Self::LENGTH, Self::RUNS)
    }

    /// The devnet's flags.
    fn arguments(&self) -> impl Iterator<Item = String> {
        // Enclaves and metrics take as many as there are programs.
        let places = [("l1", 1), ("l2", 2), ("prover", 3), ("enclave", 4), ("metrics", 8)];
        places.into_iter().map(|(name, place)| format!("--{name}-port={}", self.first + place))
    }
}

fn spawn(folder: &Path, ports: &Ports, arguments: &[String]) -> Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("devnet.log"))?;
    Command::new(program("devnet")?)
        .arg("--state-dir")
        .arg(folder.join("state"))
        .arg("--contracts")
        .arg(repository().join("contracts"))
        .args(ports.arguments())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .wrap_err("starting the devnet")
}

/// A program of ours that runs beside the devnet. Dropping it kills it.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts `name`. What it prints goes to the file `log`.
    pub fn start<A: AsRef<OsStr>>(name: &str, arguments: &[A], log: &Path) -> Result<Self> {
        let log = File::create(log)?;
        let child = Command::new(program(name)?)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .wrap_err_with(|| format!("starting {name}"))?;
        Ok(Self(child))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// One of our programs, beside the running program or, for a test, beside its folder.
pub fn program(name: &str) -> Result<PathBuf> {
    let running = std::env::current_exe()?;
    let found =
        running.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| eyre!("{name} is not built beside {}: run `make build`", running.display()))
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
