//! The command line.

mod act;
mod connect;
mod documents;
pub mod exit;
mod holders;
mod outcome;
mod providers;

use std::{path::PathBuf, process::ExitCode};

use alloy_primitives::{Address, U256};
use clap::{Args, Parser, Subcommand};
use contracts_client::telemetry;
use prover_core::Endpoint;

pub use connect::{NetworkArgs, SignArgs};

use crate::{governance::Support, holder::Which, quantity::Amount, watch::WatchArgs};

/// Stakes PHA, posts vPHA as collateral for provers, and reports faults.
///
/// Every transaction is simulated and explained before it is signed. Every command can be interrupted and run again: it picks up where
/// it stands, and nothing is sent twice.
///
/// Exit codes: 0 done; 1 failed, or refused by you; 2 wrong usage; 3 too early, run it again later; 5 a node did not answer, run it
/// again; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "vpha-staking", version)]
pub struct Cli {
    /// Log as JSON.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// Print one JSON document, and progress as JSON lines on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// Chain and contracts.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stake PHA and get vPHA. Approves vPHA for exactly the amount before, if it has to.
    Stake {
        /// PHA: 100, 1.5, or all.
        amount: Amount,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Give vPHA for a ticket that pays a fixed amount of PHA at a fixed time.
    Unstake {
        /// vPHA, or "10 PHA" for as many as give that, or all.
        amount: Amount,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Give a ticket back, and stake its PHA again.
    Cancel {
        /// Number of the ticket.
        ticket: U256,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Take the PHA of tickets whose time has come.
    Claim {
        /// Number of a ticket, or all.
        #[arg(default_value = "all")]
        ticket: Which,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Open tickets.
    Tickets(Of),
    /// Give the votes of your vPHA to an account.
    Delegate {
        /// The account, or self.
        #[arg(value_name = "ADDRESS|self")]
        to: String,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Vote on a proposal.
    Vote {
        /// Its number.
        proposal: U256,
        /// How.
        support: Support,
        /// Why, for everybody to read.
        #[arg(long)]
        reason: Option<String>,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// What the reward stream gives stakers now, as a simple annual rate. It is not promised.
    Apy,
    /// Balances, worth, votes and tickets of an account.
    Status(Of),
    /// Proposals and how their votes stand.
    Proposals {
        /// At most so many L1 blocks back.
        #[arg(long, default_value_t = 250_000)]
        blocks: u64,
    },
    /// What compute providers do: collateral, provers, rewards, cases.
    #[command(subcommand)]
    Pool(Pool),
    /// Report a fault: two signed transitions that cannot both be true.
    Report {
        /// File with the evidence, as `watch` writes it.
        file: PathBuf,
        /// The account, which gets the reporter's part.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Executes every batch of L1 again, looks for signatures that contradict each other, and raises the alarm.
    ///
    /// Ends at the first alarm, once what can be done about it is done. With a key it reports conflicting signatures to L1.
    /// It can be interrupted and run again: nothing is reported twice.
    ///
    /// Exit codes: 0 all is well (--once); 1 failed; 2 wrong usage; 3 L1 holds a false batch; 4 a key signed what another signature
    /// or execution contradicts; 5 a node did not answer (--once); 6 the L2 node has other blocks than L1's batches give; 7 a
    /// conflict is open on L1; 130 interrupted. Of several alarms the least code counts.
    Watch(Box<Watch>),
    /// Bring a case to its end: execute it if it is upheld, pay it out, or close it if its time is over.
    Settle {
        /// Number of the case.
        case: U256,
        /// The account that pays the gas.
        #[command(flatten)]
        sign: SignArgs,
    },
}

/// `vpha-staking watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// What is watched, and how.
    #[command(flatten)]
    pub args: WatchArgs,
    /// Signs reports. Without a key nothing is reported.
    #[command(flatten)]
    pub key: connect::KeyArgs,
    /// Most that the gas of one report may cost, in ether. A node that asks for more is not believed.
    #[arg(long, value_name = "ETHER", default_value = "0.1", value_parser = connect::ether)]
    pub max_cost: U256,
}

/// `vpha-staking pool`.
#[derive(Debug, Subcommand)]
pub enum Pool {
    /// Make a pool, once for an account.
    Create {
        /// Class of the hardware: 1 is a TDX prover. `pool status` shows its parameters.
        class: U256,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Post vPHA as collateral. Approves the pool for exactly the amount before, if it has to.
    Bond {
        /// vPHA, or all.
        amount: Amount,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Start the exit of collateral.
    Thaw {
        /// vPHA, or all.
        amount: Amount,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Take out exits whose time has come.
    Finish {
        /// Number of an exit's ticket, or all.
        #[arg(default_value = "all")]
        ticket: Which,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Register an enclave's key, by its quote.
    RegisterProver {
        /// The quote, and where it comes from.
        #[command(flatten)]
        quote: QuoteArgs,
        /// The account.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// What a provider has earned.
    Rewards(Of),
    /// Pay a provider what it has earned.
    ClaimRewards {
        /// Which provider [default: the account itself].
        #[arg(value_name = "ADDRESS")]
        operator: Option<Address>,
        /// The account that pays the gas.
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Cases against a provider.
    Cases {
        /// Of all providers.
        #[arg(long)]
        all: bool,
        /// Whose.
        #[command(flatten)]
        of: Of,
    },
    /// Collateral, exits, provers, and whether they may prove.
    Status {
        /// Look for registered keys so many L1 blocks back. A key counts for a week at most.
        #[arg(long, default_value_t = 60_000)]
        blocks: u64,
        /// Whose.
        #[command(flatten)]
        of: Of,
    },
}

/// Whose.
#[derive(Debug, Args)]
pub struct Of {
    /// The account [default: that of the key].
    #[arg(value_name = "ADDRESS")]
    pub account: Option<Address>,
    /// Its key.
    #[command(flatten)]
    pub key: connect::KeyArgs,
}

/// Where a quote comes from.
#[derive(Debug, Args)]
pub struct QuoteArgs {
    /// Socket of the enclave: HOST:PORT, or unix:PATH.
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "quote", conflicts_with = "quote")]
    pub enclave: Option<Endpoint>,
    /// File with the quote: bytes, or hexadecimal.
    #[arg(long, value_name = "FILE", requires_all = ["signer", "reference_block"])]
    pub quote: Option<PathBuf>,
    /// The key that the quote is over.
    #[arg(long, value_name = "ADDRESS", requires = "quote")]
    pub signer: Option<Address>,
    /// The L1 block that the quote names.
    #[arg(long, value_name = "NUMBER", requires = "quote")]
    pub reference_block: Option<u64>,
}

impl Cli {
    /// From which level on logs are shown: a watcher runs by itself, all else is watched.
    pub const fn log_level(&self) -> &'static str {
        if matches!(self.command, Command::Watch(_)) { "info" } else { "warn" }
    }
}

/// Runs the command that the arguments name, prints what it has to say and returns its exit code.
///
/// Not in `main.rs`: an async function is compiled where it is polled, and that is once here, but again in each program and test.
#[tokio::main]
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::logs(cli.log_json, cli.log_level());
    let json = cli.json;
    exit::run(command(cli), json, exit::of_error).await
}

async fn command(cli: Cli) -> eyre::Result<u8> {
    let command = match cli.command {
        Command::Watch(watch) => {
            let (l1, rollup) = cli.network.rollup()?;
            let reporter = watch.key.optional_wallet()?.map(|wallet| (wallet, watch.max_cost));
            return watch.args.run(l1, rollup, cli.network.file(), reporter).await;
        }
        command => command,
    };
    let session = cli.network.connect(cli.json).await?;
    match command {
        Command::Stake { amount, sign } => session.stake(&sign, &amount).await,
        Command::Unstake { amount, sign } => session.unstake(&sign, &amount).await,
        Command::Cancel { ticket, sign } => session.cancel(&sign, ticket).await,
        Command::Claim { ticket, sign } => session.claim(&sign, ticket).await,
        Command::Tickets(of) => session.tickets(&of).await,
        Command::Delegate { to, sign } => session.delegate(&sign, &to).await,
        Command::Vote { proposal, support, reason, sign } => {
            session.vote(&sign, proposal, support, reason.as_deref()).await
        }
        Command::Apy => session.apy().await,
        Command::Status(of) => session.status(&of).await,
        Command::Proposals { blocks } => session.proposals(blocks).await,
        Command::Pool(pool) => session.pool(pool).await,
        Command::Report { file, sign } => session.report(&sign, &file).await,
        Command::Settle { case, sign } => session.settle(&sign, case).await,
        Command::Watch(_) => Err(eyre::eyre!("a watch needs no session")),
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

    fn parses(line: &str) -> bool {
        Cli::try_parse_from(["vpha-staking"].into_iter().chain(line.split(' '))).is_ok()
    }

    #[test]
    fn no_key_can_be_given_on_the_command_line() {
        assert!(parses("stake 1 --key-file k"));
        assert!(parses("stake 1 --keystore k --password-file p --yes --dry-run"));
        assert!(!parses("stake 1 --keystore k --key-file k"));
        for flag in ["--key", "--private-key", "--password"] {
            assert!(!parses(&format!("stake 1 {flag} k")), "{flag}");
        }
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for line in [
            "stake",
            "stake x",
            "stake -1",
            "stake 1 ETH",
            "vote 1 maybe",
            "claim x",
            "cancel",
            "pool",
            "pool bond",
            "watch --data-dir d",
            "watch --l1-beacon http://b --data-dir d --once --keep-watching",
        ] {
            assert!(!parses(line), "{line}");
        }
        for line in [
            "claim",
            "claim all",
            "claim 33",
            "unstake all",
            "vote 1 for --reason why",
            "pool thaw 1.5",
            "settle 1",
            "watch --l1-beacon http://b --data-dir d --once --key-file k",
            "watch --l1-beacon http://b --data-dir d --keep-watching --rollup 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        ] {
            assert!(parses(line), "{line}");
        }
    }

    #[test]
    fn a_quote_comes_from_an_enclave_or_from_a_file_with_what_belongs_to_it() {
        let signer = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        assert!(parses("pool register-prover --enclave 127.0.0.1:9550"));
        assert!(parses(&format!("pool register-prover --quote q --signer {signer} --reference-block 5")));
        for wrong in [
            "",
            " --quote q",
            " --quote q --reference-block 5",
            " --enclave a:1 --quote q",
            " --reference-block 5",
        ] {
            assert!(!parses(&format!("pool register-prover{wrong}")), "{wrong}");
        }
    }
}
