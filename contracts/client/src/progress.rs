//! What is shown on the way, on standard error.

use std::{fmt, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::report::{Event, Report};

/// JSON lines for programs, a spinner on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub enum Progress {
    /// JSON lines.
    Json,
    /// A spinner, or plain lines.
    People(ProgressBar),
}

impl Progress {
    /// For programs if `json`, otherwise for people.
    pub fn new(json: bool) -> Self {
        if json {
            return Self::Json;
        }
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            spinner.set_style(style);
        }
        Self::People(spinner)
    }

    /// Nothing more is under way.
    pub fn finish(&self) {
        if let Self::People(spinner) = self {
            spinner.finish_and_clear();
        }
    }

    /// Shows an event: for programs as it is, for people by its `line`, which stays on the screen if it is `lasting`.
    pub fn show(&self, event: &impl Serialize, lasting: bool, line: impl fmt::Display) {
        match self {
            Self::Json => {
                if let Ok(line) = serde_json::to_string(event) {
                    eprintln!("{line}");
                }
            }
            Self::People(spinner) if spinner.is_hidden() => eprintln!("{line}"),
            Self::People(spinner) if lasting => spinner.println(format!("  {line}")),
            Self::People(spinner) => {
                spinner.reset_elapsed();
                spinner.set_message(line.to_string());
                spinner.enable_steady_tick(Duration::from_millis(100));
            }
        }
    }
}

impl Report for Progress {
    fn tell(&self, event: &Event) {
        self.show(event, event.is_lasting(), event.line());
    }
}
