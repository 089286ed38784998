//! The command line, read by hand: an argument parser would be more code than it reads.

use std::{collections::BTreeMap, path::PathBuf};

use prover_core::Endpoint;
use prover_quote::{Quoter, dstack, tsm};

/// What `--help` prints.
pub const USAGE: &str = "\
Re-executes batches inside a TDX guest and signs what comes out.

Usage: prover-enclave --config FILE --listen ENDPOINT [--quoter KIND] [...]

  --config FILE          the chain, and the Rollup contract on L1 (JSON)
  --listen ENDPOINT      HOST:PORT (port 0: any), or unix:PATH
  --quoter KIND          where quotes come from: tsm (default) or dstack
  --tsm-root DIR         report folder of configfs [/sys/kernel/config/tsm/report]
  --dstack-socket PATH   socket of the dstack guest agent [/var/run/dstack.sock]
  --software-platform DIR
                         quotes from the software machine in this folder instead
                         (only in builds for devnets)
  --help                 print this

The signing key is made at start, and lost at the end. It is never written anywhere.";

/// How the enclave was asked to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// File of the configuration.
    pub config: PathBuf,
    /// Where to listen.
    pub listen: Endpoint,
    /// Where quotes come from.
    pub quoter: QuoterKind,
}

/// Where quotes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuoterKind {
    /// configfs-tsm, with this report folder.
    Tsm(PathBuf),
    /// The dstack guest agent on this socket.
    Dstack(PathBuf),
    /// The software machine in this folder.
    #[cfg(feature = "software")]
    Software(PathBuf),
}

/// What is wrong with the command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// Help was asked for.
    #[error("{USAGE}")]
    Help,
    /// No such option.
    #[error("unknown option {0:?}; see --help")]
    Unknown(String),
    /// The option was given without a value, or twice.
    #[error("option {0} takes one value, once; see --help")]
    OneValue(String),
    /// The option must be given.
    #[error("option {0} is missing; see --help")]
    Missing(&'static str),
    /// No such quoter.
    #[error("no quoter {0:?}; see --help")]
    Quoter(String),
    /// The software platform is not in this build, or another quoter was named besides.
    #[error("--software-platform goes with no --quoter, and only in builds for devnets; see --help")]
    Software,
}

const NAMES: [&str; 6] = ["--config", "--listen", "--quoter", "--tsm-root", "--dstack-socket", SOFTWARE];

const SOFTWARE: &str = "--software-platform";

impl Options {
    /// Reads the arguments after the program's name.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut values = BTreeMap::new();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--help" {
                return Err(UsageError::Help);
            }
            let name = NAMES
                .into_iter()
                .find(|name| *name == argument)
                .ok_or_else(|| UsageError::Unknown(argument.clone()))?;
            let value = arguments.next().ok_or_else(|| UsageError::OneValue(argument.clone()))?;
            if values.insert(name, value).is_some() {
                return Err(UsageError::OneValue(argument));
            }
        }
        let mut take = |name: &'static str| values.remove(name);
        let path =
            |value: Option<String>, default: &str| PathBuf::from(value.unwrap_or_else(|| default.to_owned()));
        let quoter = match (take(SOFTWARE), take("--quoter").as_deref()) {
            #[cfg(feature = "software")]
            (Some(folder), None) => QuoterKind::Software(folder.into()),
            (Some(_), _) => return Err(UsageError::Software),
            (None, None | Some("tsm")) => QuoterKind::Tsm(path(take("--tsm-root"), tsm::REPORT_ROOT)),
            (None, Some("dstack")) => QuoterKind::Dstack(path(take("--dstack-socket"), dstack::SOCKET)),
            (None, Some(other)) => return Err(UsageError::Quoter(other.to_owned())),
        };
        let config = take("--config").ok_or(UsageError::Missing("--config"))?.into();
        let listen = take("--listen").ok_or(UsageError::Missing("--listen"))?;
        let Ok(listen) = listen.parse();
        // What is left belongs to a quoter that was not chosen.
        match values.into_keys().next() {
            Some(unused) => Err(UsageError::Unknown(unused.to_owned())),
            None => Ok(Self { config, listen, quoter }),
        }
    }
}

impl QuoterKind {
    /// The quoter that was asked for.
    pub fn open(&self) -> Result<Box<dyn Quoter>, prover_quote::QuoteError> {
        Ok(match self {
            Self::Tsm(root) => Box::new(tsm::Tsm::new(root)),
            Self::Dstack(socket) => Box::new(dstack::Dstack::new(socket)),
            #[cfg(feature = "software")]
            Self::Software(folder) => Box::new(prover_quote::software::SoftwarePlatform::load(folder)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, UsageError> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        assert_eq!(
            parse("--listen 127.0.0.1:0 --config a.json"),
            Ok(Options {
                config: "a.json".into(),
                listen: Endpoint::Tcp("127.0.0.1:0".into()),
                quoter: QuoterKind::Tsm(tsm::REPORT_ROOT.into()),
            })
        );
        assert_eq!(
            parse("--listen unix:/run/e.sock --config a.json --quoter dstack --dstack-socket /d"),
            Ok(Options {
                config: "a.json".into(),
                listen: Endpoint::Unix("/run/e.sock".into()),
                quoter: QuoterKind::Dstack("/d".into()),
            })
        );
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse("--help"), Err(UsageError::Help));
        assert_eq!(parse("--config a"), Err(UsageError::Missing("--listen")));
        assert_eq!(parse("--listen a"), Err(UsageError::Missing("--config")));
        assert_eq!(parse("--listen a --config"), Err(UsageError::OneValue("--config".into())));
        assert_eq!(parse("--listen a --listen b"), Err(UsageError::OneValue("--listen".into())));
        assert_eq!(parse("--verbose"), Err(UsageError::Unknown("--verbose".into())));
        assert_eq!(parse("--config a --listen b --quoter sgx"), Err(UsageError::Quoter("sgx".into())));
        assert_eq!(
            parse("--config a --listen b --dstack-socket c"),
            Err(UsageError::Unknown("--dstack-socket".into())),
            "belongs to the other quoter"
        );
        assert_eq!(
            parse("--config a --listen b --quoter tsm --software-platform c"),
            Err(UsageError::Software)
        );
    }

    #[cfg(not(feature = "software"))]
    #[test]
    fn a_production_build_has_no_software_platform() {
        assert_eq!(parse("--config a --listen b --software-platform c"), Err(UsageError::Software));
    }
}
