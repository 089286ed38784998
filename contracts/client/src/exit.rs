//! Exit codes that all programs share, and how they come about. Scripts rely on them.

use std::{io, process::ExitCode};

use serde_json::json;
use tokio::signal::ctrl_c;

/// It is done.
pub const DONE: u8 = 0;
/// It failed.
pub const FAILED: u8 = 1;
/// It is not over: the same command goes on later.
pub const NOT_YET: u8 = 3;
/// A node did not answer: the same command may go well now.
pub const TEMPORARY: u8 = 5;
/// Somebody pressed Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// Runs a command until it ends or somebody presses Ctrl-C, be it at a prompt. An error is printed: as a JSON document on
/// standard output, or as a line on standard error.
pub async fn run(
    command: impl Future<Output = eyre::Result<u8>>,
    json: bool,
    of_error: fn(&eyre::Report) -> u8,
) -> ExitCode {
    let ended = tokio::select! {
        // In this order: the key is listened for before a command asks for anything.
        biased;
        _ = ctrl_c() => Ok(interrupted()),
        ended = command => ended,
    };
    let code = ended.unwrap_or_else(|error| {
        if is_interruption(&error) {
            return interrupted();
        }
        let code = of_error(&error);
        if json {
            let (temporary, early) = (code == TEMPORARY, code == NOT_YET);
            println!(
                "{}",
                json!({ "error": format!("{error:#}"), "temporary": temporary, "tooEarly": early })
            );
        } else {
            eprintln!("Error: {error:#}");
        }
        code
    });
    ExitCode::from(code)
}

fn interrupted() -> u8 {
    eprintln!("interrupted: the same command goes on from here");
    INTERRUPTED
}

/// Whether somebody pressed Ctrl-C at a prompt: a terminal that is being asked takes the key for an answer, and fails.
fn is_interruption(error: &eyre::Report) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use eyre::WrapErr as _;

    use super::*;
    use crate::keys::KeyError;

    #[test]
    fn ctrl_c_at_a_prompt_is_no_failure() {
        let pressed = || io::Error::new(io::ErrorKind::Interrupted, "read interrupted");
        assert!(is_interruption(&eyre::Report::from(pressed())));
        assert!(is_interruption(&eyre::Report::from(KeyError::Prompt(pressed()))));
        let wrapped = Err::<(), _>(pressed()).wrap_err("asking").unwrap_err();
        assert!(is_interruption(&wrapped));
        assert!(!is_interruption(&eyre::Report::from(io::Error::from(io::ErrorKind::UnexpectedEof))));
        assert!(!is_interruption(&eyre::eyre!("read interrupted")));
    }

    #[tokio::test]
    async fn an_interrupted_command_has_a_code_of_its_own() {
        let of_error = |_: &eyre::Report| FAILED;
        let pressed = async { Err(eyre::Report::from(io::Error::from(io::ErrorKind::Interrupted))) };
        assert_eq!(run(pressed, true, of_error).await, ExitCode::from(INTERRUPTED));
        let failed = async { Err(eyre::eyre!("no")) };
        assert_eq!(run(failed, true, of_error).await, ExitCode::from(FAILED));
    }
}
