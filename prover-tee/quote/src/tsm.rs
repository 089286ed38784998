//! Quotes from the kernel, through configfs-tsm.
//!
//! The interface is `Documentation/ABI/testing/configfs-tsm-report` of Linux 6.7 and later: making
//! a directory below `/sys/kernel/config/tsm/report` makes its attributes appear, writing `inblob`
//! sets the report data, reading `outblob` makes the quote. `generation` counts writes, which
//! shows whether somebody else used the same directory meanwhile.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{MAX_QUOTE_LENGTH, QuoteError, Quoter, REPORT_DATA_LENGTH, checked};

/// Where Linux has its report requests.
pub const REPORT_ROOT: &str = "/sys/kernel/config/tsm/report";

/// The provider of TDX guests.
const PROVIDER: &str = "tdx_guest";

/// How often a directory name that exists already is replaced by another.
const NAME_ATTEMPTS: usize = 64;

/// How often a report that others interfered with is asked for.
const REPORT_ATTEMPTS: usize = 3;

/// Quotes from configfs-tsm.
#[derive(Debug)]
pub struct Tsm<F = Kernel> {
    root: PathBuf,
    files: F,
    next: AtomicU64,
}

/// The files of the running kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kernel;

/// What configfs-tsm does on file operations: the kernel's, or a model of it in tests.
pub trait ReportFiles: Send + Sync {
    /// Makes a report request.
    fn create(&self, request: &Path) -> io::Result<()>;
    /// Removes a report request.
    fn remove(&self, request: &Path) -> io::Result<()>;
    /// Reads an attribute, at most `limit` bytes.
    fn read(&self, attribute: &Path, limit: usize) -> io::Result<Vec<u8>>;
    /// Writes an attribute in one call.
    fn write(&self, attribute: &Path, content: &[u8]) -> io::Result<()>;
}

impl Tsm {
    /// Quotes from the kernel that runs.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::with_files(root, Kernel)
    }
}

impl<F: ReportFiles> Tsm<F> {
    /// Quotes from a kernel that `files` stands for.
    pub fn with_files(root: impl Into<PathBuf>, files: F) -> Self {
        Self { root: root.into(), files, next: AtomicU64::new(0) }
    }

    fn create(&self) -> Result<Request<'_, F>, QuoteError> {
        for _ in 0..NAME_ATTEMPTS {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(format!("prover-{}-{number}", std::process::id()));
            match self.files.create(&path) {
                Ok(()) => return Ok(Request { path, files: &self.files }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(QuoteError::Unavailable { path: self.root.clone(), error }),
            }
        }
        let error = io::ErrorKind::AlreadyExists.into();
        Err(QuoteError::Unavailable { path: self.root.clone(), error })
    }
}

impl<F: ReportFiles> Quoter for Tsm<F> {
    fn quote(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
        let request = self.create()?;
        request.check_provider()?;
        let mut attempt = 1;
        loop {
            match request.report(report_data) {
                Err(QuoteError::Interfered { .. }) if attempt < REPORT_ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
                Ok(answer) => return checked(answer, report_data),
            }
        }
    }
}

/// One report request, removed when dropped.
struct Request<'a, F: ReportFiles> {
    path: PathBuf,
    files: &'a F,
}

impl<F: ReportFiles> Request<'_, F> {
    fn check_provider(&self) -> Result<(), QuoteError> {
        let got = self.text("provider")?;
        if got != PROVIDER {
            return Err(QuoteError::WrongProvider { expected: PROVIDER, got });
        }
        Ok(())
    }

    fn report(&self, report_data: &[u8; REPORT_DATA_LENGTH]) -> Result<Vec<u8>, QuoteError> {
        let expected = self.generation()?.wrapping_add(1);
        let path = self.path.join("inblob");
        self.files.write(&path, report_data).map_err(|error| QuoteError::Platform { path, error })?;
        let quote = match self.read("outblob", MAX_QUOTE_LENGTH) {
            // The kernel says that options changed while it made the report.
            Err(QuoteError::Platform { error, .. }) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(QuoteError::Interfered { expected, got: self.generation()? });
            }
            other => other?,
        };
        let got = self.generation()?;
        if got != expected {
            return Err(QuoteError::Interfered { expected, got });
        }
        Ok(quote)
    }

    fn generation(&self) -> Result<u64, QuoteError> {
        let text = self.text("generation")?;
        text.parse().map_err(|_| QuoteError::Answer(format!("generation is {text:?}, not a number")))
    }

    fn text(&self, attribute: &str) -> Result<String, QuoteError> {
        let bytes = self.read(attribute, 4096)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    fn read(&self, attribute: &str, limit: usize) -> Result<Vec<u8>, QuoteError> {
        let path = self.path.join(attribute);
        self.files.read(&path, limit).map_err(|error| QuoteError::Platform { path, error })
    }
}

impl<F: ReportFiles> Drop for Request<'_, F> {
    fn drop(&mut self) {
        // An empty request that stays behind costs a little kernel memory and nothing else.
        let _ = self.files.remove(&self.path);
    }
}

impl ReportFiles for Kernel {
    fn create(&self, request: &Path) -> io::Result<()> {
        fs::create_dir(request)
    }

    fn remove(&self, request: &Path) -> io::Result<()> {
        fs::remove_dir(request)
    }

    fn read(&self, attribute: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        io::Read::read_to_end(&mut io::Read::take(fs::File::open(attribute)?, limit), &mut content)?;
        Ok(content)
    }

    fn write(&self, attribute: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).open(attribute)?;
        // Each write call replaces the attribute, so all of it must go in one.
        let written = io::Write::write(&mut file, content)?;
        if written != content.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        Ok(())
    }
}
