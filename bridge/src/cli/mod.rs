//! The command line.

mod amount;
mod connect;
mod documents;
pub mod exit;
mod progress;
mod run;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};

pub use amount::Amount;
pub use connect::{KeyArgs, NetworkArgs};
pub use run::main;

/// Moves ETH and ERC-20 tokens between L1 and L2.
///
/// Every command can be interrupted and run again: it picks up where it stands, and nothing is sent twice.
///
/// Exit codes: 0 done; 1 failed; 2 wrong usage; 3 not over yet, run it again later; 4 over, but it did not arrive (reverted,
/// returned, or its message failed and can be replayed); 5 a node did not answer, run it again; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "bridge", version)]
pub struct Cli {
    /// Log as JSON.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// Print one JSON document, and progress as JSON lines on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// Chains and contracts.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Move from L1 to L2, and wait until it is there.
    Deposit(Deposit),
    /// Move from L2 to L1. Without --wait this is the first of three steps: prove and finalize follow.
    Withdraw(Withdraw),
    /// Prove a withdrawal on L1, once a final output covers it.
    Prove(Finish),
    /// Finalise a withdrawal on L1, and prove it before if nobody has.
    Finalize(Finish),
    /// Where a deposit or a withdrawal stands, or what an address has and waits for.
    Status(Status),
    /// Deposits and withdrawals of an address, newest first.
    History(History),
    /// Try a message again that failed on its chain. Anybody may.
    Replay(Replay),
    /// Prove and finalise everybody's withdrawals, within a budget, until stopped.
    Relay(Relay),
}

/// `bridge deposit`.
#[derive(Debug, Args)]
pub struct Deposit {
    /// How much of what: "1.5 ETH", 1.5 eth, 20 pha, or 20 and the token's address on L1.
    #[arg(required = true, num_args = 1..=2)]
    pub amount: Vec<String>,
    /// Recipient on L2 [default: the account itself].
    #[arg(long)]
    pub to: Option<Address>,
    /// The token on L2, if it cannot be found or you want to vouch for it.
    #[arg(long)]
    pub remote_token: Option<Address>,
    /// Gas for the delivery on L2.
    #[arg(long)]
    pub l2_gas: Option<u32>,
    /// The account.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `bridge withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// How much of what: "1.5 ETH", 1.5 eth, 20 pha, or 20 and the token's address on L2.
    #[arg(required = true, num_args = 1..=2)]
    pub amount: Vec<String>,
    /// Recipient on L1 [default: the account itself].
    #[arg(long)]
    pub to: Option<Address>,
    /// The token on L1, if it cannot be found or you want to vouch for it.
    #[arg(long)]
    pub remote_token: Option<Address>,
    /// Gas for paying out on L1.
    #[arg(long)]
    pub l1_gas: Option<u32>,
    /// Go through all stages until it is finalised on L1.
    #[arg(long)]
    pub wait: bool,
    /// The account, on both chains.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `bridge prove` and `bridge finalize`.
#[derive(Debug, Args)]
pub struct Finish {
    /// The withdrawal, or its transaction on L2.
    pub hash: B256,
    /// Wait until it is possible.
    #[arg(long)]
    pub wait: bool,
    /// The account on L1 that pays. It need not be the recipient.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `bridge status`.
#[derive(Debug, Args)]
pub struct Status {
    /// A transaction on either chain, a withdrawal, or an address.
    #[arg(value_name = "HASH|ADDRESS")]
    pub subject: String,
    /// How far to look for an address's open withdrawals.
    #[command(flatten)]
    pub depth: Depth,
}

/// `bridge history`.
#[derive(Debug, Args)]
pub struct History {
    /// Whose.
    pub address: Address,
    /// How far to look.
    #[command(flatten)]
    pub depth: Depth,
}

/// How far to look.
#[derive(Clone, Copy, Debug, Args)]
pub struct Depth {
    /// At most so many transactions on each chain.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// At most so many blocks back on each chain.
    #[arg(long, default_value_t = 1_000_000)]
    pub blocks: u64,
}

/// `bridge replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The deposit's transaction on L1, the withdrawal, or its transaction on L2.
    pub hash: B256,
    /// The account that pays, on the chain where the message failed.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// `bridge relay`.
#[derive(Debug, Args)]
pub struct Relay {
    /// Most to spend on gas within the window.
    #[arg(long, value_name = "AMOUNT", default_value = "0.1 ETH")]
    pub budget: Amount,
    /// The window: 1h, 1day, ...
    #[arg(long, value_name = "TIME", default_value = "1day", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// Withdrawals that ask for more L1 gas than this are left to their owners.
    #[arg(long, default_value_t = 1_000_000)]
    pub max_gas: u64,
    /// Time that owners have to take a step themselves before the relayer does.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub patience: Duration,
    /// Look for withdrawals so often.
    #[arg(long, value_name = "TIME", default_value = "12s", value_parser = humantime::parse_duration)]
    pub interval: Duration,
    /// Address on which metrics are served.
    #[arg(long, default_value = "127.0.0.1")]
    pub metrics_addr: IpAddr,
    /// Port on which metrics are served. Without it they are not.
    #[arg(long)]
    pub metrics_port: Option<u16>,
    /// Where the relayer remembers what it has seen and spent [default: relay.json in the folder of --state-dir].
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The account on L1 that pays. Nothing else should send from it. --max-cost is the most for one transaction.
    #[command(flatten)]
    pub key: KeyArgs,
}

impl Cli {
    /// From which level on it logs: the relayer tells what it does, the others show progress instead.
    pub fn log_level(&self) -> &'static str {
        if matches!(self.command, Command::Relay(_)) { "info" } else { "warn" }
    }
}

impl Relay {
    /// Where metrics are served, if they are.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics_port.map(|port| SocketAddr::new(self.metrics_addr, port))
    }
}

impl From<Depth> for crate::history::Depth {
    fn from(depth: Depth) -> Self {
        Self { transactions: depth.limit, blocks: depth.blocks }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn amounts_are_one_word_or_two() {
        for words in [&["1.5 ETH"][..], &["1.5", "eth"], &["1.5eth"]] {
            let line = ["bridge", "deposit"].iter().chain(words).copied();
            let cli = Cli::try_parse_from(line).unwrap();
            assert!(matches!(cli.command, Command::Deposit(deposit) if deposit.amount == words));
        }
        assert!(Cli::try_parse_from(["bridge", "deposit"]).is_err());
    }

    #[test]
    fn no_key_can_be_given_on_the_command_line() {
        let parse = |more: &[&str]| {
            Cli::try_parse_from(["bridge", "withdraw", "1", "eth"].iter().chain(more).copied())
        };
        assert!(parse(&["--key-file", "k"]).is_ok());
        assert!(parse(&["--keystore", "k", "--password-file", "p"]).is_ok());
        assert!(parse(&["--keystore", "k", "--key-file", "k"]).is_err());
        for flag in ["--key", "--private-key", "--password"] {
            assert!(parse(&[flag, "k"]).is_err(), "{flag}");
        }
    }
}
