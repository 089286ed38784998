//! Keeps the programs running until the devnet is asked to stop.

use std::time::Duration;

use eyre::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{process::Process, state_dir::StateDir};

/// How often the programs are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// A terminal sends Ctrl-C to the programs as well as to us: one that ended this close to a request
/// to stop did not crash.
const GRACE: Duration = Duration::from_millis(500);

/// A request to stop.
#[derive(Debug)]
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Listens for Ctrl-C and SIGTERM from now on.
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the request.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Starts every program again that dies, until asked to stop.
///
/// # Errors
///
/// If a program keeps dying.
pub(crate) async fn until_stopped(
    processes: &mut [Process],
    state: &StateDir,
    stop: &mut Stop,
) -> Result<()> {
    loop {
        tokio::select! {
            () = stop.requested() => return Ok(()),
            () = tokio::time::sleep(LOOK) => {}
        }
        for index in 0..processes.len() {
            let Some(process) = processes.get_mut(index) else { continue };
            let Some(status) = process.try_ended()? else { continue };
            if tokio::time::timeout(GRACE, stop.requested()).await.is_ok() {
                return Ok(());
            }
            println!("{} ended ({status}) and is started again", process.name());
            process.restart()?;
            state.write_pids(processes.iter())?;
        }
    }
}

/// Stops the programs, the last started first: provers before the sequencer, the L1 at the end.
pub(crate) async fn stop(mut processes: Vec<Process>) -> Result<()> {
    while let Some(process) = processes.pop() {
        process.stop().await?;
    }
    Ok(())
}
