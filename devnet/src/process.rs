//! Child processes: started, logged to a file, started again when they die, stopped in order.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use eyre::{Context, OptionExt, Result, bail};
use tokio::process::{Child, Command};

/// How long a process may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(15);
/// A program that dies this often in a row, each time within [`EARLY`], is not started again.
const EARLY_DEATHS: u32 = 5;
/// A program that lives longer than this did start: it was killed, or it crashed at its work.
const EARLY: Duration = Duration::from_secs(3);

/// A program with its arguments, and where its output goes.
#[derive(Clone, Debug)]
pub struct Program {
    /// Short name, for messages and the log file.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables beside the devnet's own.
    pub env: Vec<(String, String)>,
    /// Receives standard output and standard error.
    pub log: PathBuf,
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    program: Program,
    child: Child,
    started: Instant,
    early_deaths: u32,
}

impl Process {
    /// Starts `program`. It shares the devnet's process group, so that nothing survives the group.
    pub fn start(program: Program) -> Result<Self> {
        let child = spawn(&program)?;
        Ok(Self { program, child, started: Instant::now(), early_deaths: 0 })
    }

    /// The short name of the program.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// The operating system's id of the process, or `None` once it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Whether the process has ended, and how.
    pub fn try_ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Starts the program again after it died.
    ///
    /// # Errors
    ///
    /// If it dies again and again as soon as it is started: the message carries the end of its log.
    pub fn restart(&mut self) -> Result<()> {
        let early = self.started.elapsed() < EARLY;
        self.early_deaths = if early { self.early_deaths.saturating_add(1) } else { 0 };
        if self.early_deaths >= EARLY_DEATHS {
            bail!("{} keeps dying; the end of its log:\n{}", self.program.name, self.log_tail());
        }
        self.child = spawn(&self.program)?;
        self.started = Instant::now();
        Ok(())
    }

    /// The last lines of the program's log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.program.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Asks the process to stop, waits, and kills it if it does not.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(pid) = self.child.id() {
            signal(pid, "TERM").await?;
            if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
                tracing::warn!(program = self.program.name, "did not stop in time and is killed");
                self.child.kill().await?;
            }
        }
        Ok(())
    }
}

fn spawn(program: &Program) -> Result<Child> {
    let log = open_log(&program.log)?;
    Command::new(&program.path)
        .args(&program.args)
        .envs(program.env.iter().map(|(name, value)| (name, value)))
        // An error is the last thing in the log then, and is shown.
        .env("RUST_LIB_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .wrap_err_with(|| format!("starting {} ({})", program.name, program.path.display()))
}

fn open_log(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .wrap_err_with(|| format!("opening the log {}", path.display()))
}

/// Sends a signal through `kill`, which every Unix has: the standard library cannot.
pub async fn signal(pid: u32, name: &str) -> Result<()> {
    Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .stderr(Stdio::null())
        .status()
        .await
        .wrap_err("running kill")?;
    Ok(())
}

/// The folder of the devnet's own executable, where its sibling programs are.
pub fn sibling(program: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.parent().ok_or_eyre("the devnet's executable has no folder")?.join(program);
    if !path.is_file() {
        bail!("{} is not built: run `make build`", path.display());
    }
    Ok(path)
}
