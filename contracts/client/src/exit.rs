//! Exit codes that all programs share, and how they come about. Scripts rely on them.

use std::process::ExitCode;

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

/// Runs a command until it ends or somebody presses Ctrl-C. An error is printed: as a JSON document on standard output, or
/// as a line on standard error.
pub async fn run(
    command: impl Future<Output = eyre::Result<u8>>,
    json: bool,
    of_error: fn(&eyre::Report) -> u8,
) -> ExitCode {
    let ended = tokio::select! {
        ended = command => ended,
        _ = ctrl_c() => {
            eprintln!("interrupted: the same command goes on from here");
            Ok(INTERRUPTED)
        }
    };
    let code = ended.unwrap_or_else(|error| {
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
