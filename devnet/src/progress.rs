//! Shows what is being done and how long it took.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The steps of the start. On a terminal the running step spins; elsewhere a finished step is a line.
#[derive(Debug)]
pub struct Progress {
    spinner: ProgressBar,
    step: Option<(String, Instant)>,
}

impl Default for Progress {
    fn default() -> Self {
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            spinner.set_style(style);
        }
        Self { spinner, step: None }
    }
}

impl Progress {
    /// Ends the running step and begins another.
    pub fn step(&mut self, what: &str) {
        self.finish();
        self.spinner.reset_elapsed();
        self.spinner.set_message(what.to_owned());
        self.spinner.enable_steady_tick(Duration::from_millis(100));
        self.step = Some((what.to_owned(), Instant::now()));
    }

    /// Ends the running step.
    pub fn finish(&mut self) {
        if let Some((what, since)) = self.step.take() {
            let line = format!("  {what}: {:.1} s", since.elapsed().as_secs_f64());
            if self.spinner.is_hidden() {
                println!("{line}");
            } else {
                self.spinner.println(line);
            }
        }
        self.spinner.disable_steady_tick();
        self.spinner.set_message("");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}
