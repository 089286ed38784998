//! The commands.

use std::process::ExitCode;

use alloy_primitives::{Address, B256};
use clap::Parser;
use contracts_client::{progress::Progress, telemetry};
use eyre::{Result, WrapErr, bail};
use serde::Serialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    Amount, Cli, Command, Deposit, Depth, Finish, History, Relay, Replay, Status, Withdraw,
    connect::{Account, Connection},
    documents::{AccountDocument, Assets, Balance, Movement},
    exit,
};
use crate::{
    amount,
    chain::Layer,
    deposit, finish,
    finish::{Goal, Patience},
    history, locate,
    locate::Found,
    relay::{self, Relayer, budget::Limit, state::StateFile},
    stage::Stage,
    token::Asset,
    withdraw,
    withdrawal::Withdrawal,
};

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

/// What commands need beside their own flags.
struct Session {
    connection: Connection,
    progress: Progress,
    json: bool,
    assets: Assets,
}

async fn command(cli: Cli) -> Result<u8> {
    let connection = cli.network.connect().await?;
    let progress = Progress::new(cli.json);
    let mut session = Session { connection, progress, json: cli.json, assets: Assets::default() };
    match cli.command {
        Command::Deposit(args) => session.deposit(args).await,
        Command::Withdraw(args) => session.withdraw(args).await,
        Command::Prove(args) => session.finish(args, Goal::Proven).await,
        Command::Finalize(args) => session.finish(args, Goal::Finalized).await,
        Command::Status(args) => session.status(args).await,
        Command::History(args) => session.history(args).await,
        Command::Replay(args) => session.replay(args).await,
        Command::Relay(args) => session.relay(args).await,
    }
}

impl Session {
    async fn deposit(&mut self, args: Deposit) -> Result<u8> {
        let account = args.key.account(&self.connection)?;
        let (asset, amount) = self.amount(&args.amount, Layer::L1, args.remote_token).await?;
        let to = args.to.unwrap_or(account.l1.account());
        let request = deposit::Request { asset, amount, to, l2_gas: args.l2_gas };
        let bridge = &self.connection.bridge;
        let (deposit, arrival, key) = deposit::deposit(bridge, &account.l1, &request, &self.progress).await?;
        let movement = self.assets.deposit(bridge, &deposit, arrival).await?;
        let code = self.show_one(&movement)?;
        // Only now, so that nobody who is interrupted before deposits again.
        account.l1.journal().close(&key)?;
        Ok(code)
    }

    async fn withdraw(&mut self, args: Withdraw) -> Result<u8> {
        let account = args.key.account(&self.connection)?;
        let (asset, amount) = self.amount(&args.amount, Layer::L2, args.remote_token).await?;
        let to = args.to.unwrap_or(account.l2.account());
        let request = withdraw::Request { asset, amount, to, l1_gas: args.l1_gas };
        let bridge = &self.connection.bridge;
        let (withdrawal, key) = withdraw::withdraw(bridge, &account.l2, &request, &self.progress).await?;
        if args.wait {
            let wait = Patience::Wait;
            finish::advance(bridge, &account.l1, &withdrawal, Goal::Finalized, wait, &self.progress).await?;
        }
        let (_, code) = self.show_withdrawals(&[withdrawal]).await?;
        account.l2.journal().close(&key)?;
        // Without --wait, the first step was all that was asked for.
        Ok(if args.wait { code } else { exit::DONE })
    }

    async fn finish(&mut self, args: Finish, goal: Goal) -> Result<u8> {
        let account = args.key.account(&self.connection)?;
        let bridge = &self.connection.bridge;
        let withdrawals = locate::withdrawals(bridge, args.hash).await?;
        let patience = if args.wait { Patience::Wait } else { Patience::Now };
        for withdrawal in &withdrawals {
            let stage =
                finish::advance(bridge, &account.l1, withdrawal, goal, patience, &self.progress).await?;
            if stage.is_over() {
                account.l1.journal().close_by_transaction(withdrawal.l2_transaction)?;
            }
        }
        let (stages, code) = self.show_withdrawals(&withdrawals).await?;
        let proven = goal == Goal::Proven && stages.iter().all(Stage::is_proven);
        Ok(if proven { exit::DONE } else { code })
    }

    async fn status(&mut self, args: Status) -> Result<u8> {
        if let Ok(address) = args.subject.parse::<Address>() {
            return self.account_status(address, args.depth).await;
        }
        let Ok(hash) = args.subject.parse::<B256>() else {
            bail!("{:?} is neither a hash nor an address", args.subject);
        };
        let bridge = &self.connection.bridge;
        match locate::find(bridge, hash).await? {
            Found::Withdrawals(withdrawals) => Ok(self.show_withdrawals(&withdrawals).await?.1),
            Found::Deposits(deposits) => {
                let mut movements = Vec::new();
                for deposit in &deposits {
                    let arrival = deposit::arrival(bridge, deposit).await?;
                    movements.push(self.assets.deposit(bridge, deposit, arrival).await?);
                }
                self.show_all(&movements)
            }
            Found::L2Transaction { block, succeeded } => {
                let document = json!({ "kind": "l2Transaction", "l2Block": block, "succeeded": succeeded });
                let ending = if succeeded { "went well" } else { "failed" };
                self.show(
                    &document,
                    &format!("L2 transaction in block {block}, {ending}; it does not withdraw"),
                )?;
                Ok(if succeeded { exit::DONE } else { exit::NOT_ARRIVED })
            }
        }
    }

    async fn account_status(&mut self, address: Address, depth: Depth) -> Result<u8> {
        let mut open = self.movements(address, depth).await?;
        open.retain(Movement::is_open);
        let bridge = &self.connection.bridge;
        let mut assets = vec![Asset::ether()];
        if let Some((l1, l2)) = bridge.network.contracts.pha {
            assets.push(Asset::of_pair(bridge, crate::withdrawal::TokenPair { l1, l2 }).await?);
        }
        let mut balances = Vec::new();
        for asset in assets {
            let (l1, l2) = tokio::try_join!(
                asset.balance(bridge, Layer::L1, address),
                asset.balance(bridge, Layer::L2, address)
            )?;
            let show = |units| amount::format(units, asset.decimals);
            balances.push(Balance { l1: show(l1), l2: show(l2), symbol: asset.symbol });
        }
        let document = AccountDocument { address, balances, open };
        self.show(&document, &document.text())?;
        Ok(if document.open.is_empty() { exit::DONE } else { exit::NOT_YET })
    }

    async fn history(&mut self, args: History) -> Result<u8> {
        let movements = self.movements(args.address, args.depth).await?;
        let texts: Vec<String> = movements.iter().map(Movement::text).collect();
        let text = if texts.is_empty() { "nothing".to_owned() } else { texts.join("\n") };
        self.show(&movements, &text)?;
        Ok(exit::DONE)
    }

    /// Deposits and withdrawals of an account, newest first.
    async fn movements(&mut self, account: Address, depth: Depth) -> Result<Vec<Movement>> {
        let bridge = &self.connection.bridge;
        let (deposits, withdrawals) = tokio::try_join!(
            history::deposits(bridge, account, depth.into()),
            history::withdrawals(bridge, account, depth.into()),
        )?;
        let mut dated = Vec::new();
        for deposit in &deposits {
            let arrival = deposit::arrival(bridge, deposit).await?;
            let time = bridge.l1.header(deposit.l1_block).await?.timestamp;
            dated.push((time, self.assets.deposit(bridge, deposit, arrival).await?));
        }
        for withdrawal in &withdrawals {
            let (now, stage) = finish::look(bridge, withdrawal).await?;
            let time = bridge.l2.header(withdrawal.block).await?.timestamp;
            dated.push((time, self.assets.withdrawal(bridge, withdrawal, stage, now).await?));
        }
        dated.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        Ok(dated.into_iter().map(|(_, movement)| movement).collect())
    }

    async fn replay(&mut self, args: Replay) -> Result<u8> {
        let account = args.key.account(&self.connection)?;
        let bridge = &self.connection.bridge;
        match locate::find(bridge, args.hash).await? {
            Found::Deposits(deposits) => {
                let mut movements = Vec::new();
                for deposit in &deposits {
                    let arrival =
                        finish::replay_deposit(bridge, &account.l2, deposit, &self.progress).await?;
                    movements.push(self.assets.deposit(bridge, deposit, arrival).await?);
                }
                self.show_all(&movements)
            }
            Found::Withdrawals(withdrawals) => {
                for withdrawal in &withdrawals {
                    finish::replay_withdrawal(bridge, &account.l1, withdrawal, &self.progress).await?;
                }
                Ok(self.show_withdrawals(&withdrawals).await?.1)
            }
            Found::L2Transaction { .. } => {
                bail!("the L2 transaction does not withdraw; a deposit is named by its transaction on L1")
            }
        }
    }

    async fn relay(&mut self, args: Relay) -> Result<u8> {
        if let Some(listen) = args.metrics() {
            telemetry::metrics(listen).wrap_err_with(|| format!("metrics on {listen}"))?;
            relay::describe_metrics();
        }
        let Account { l1, .. } = args.key.account(&self.connection)?;
        let config = relay::Config {
            limit: Limit { wei: args.budget.wei()?, window: args.window },
            most_for_one: args.key.max_cost()?,
            most_gas: args.max_gas,
            patience: args.patience,
            interval: args.interval,
        };
        let file = args.state.unwrap_or_else(|| self.connection.folder.join("relay.json"));
        tracing::info!(account = %l1.account(), state = %file.display(), "relaying");
        let relayer = Relayer::new(self.connection.bridge.clone(), l1, config, StateFile::open(file)?)?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            error = relayer.run() => Err(error.into()),
            _ = terminate.recv() => Ok(exit::DONE),
        }
    }

    /// What the words of an amount mean on `layer`.
    async fn amount(
        &self,
        words: &[String],
        layer: Layer,
        remote: Option<Address>,
    ) -> Result<(Asset, alloy_primitives::U256)> {
        let amount: Amount = words.join(" ").parse()?;
        let asset = Asset::find(&self.connection.bridge, amount.token, layer, remote).await?;
        let units = amount.units(asset.decimals)?;
        Ok((asset, units))
    }

    /// Where withdrawals stand now.
    async fn show_withdrawals(&mut self, withdrawals: &[Withdrawal]) -> Result<(Vec<Stage>, u8)> {
        let bridge = &self.connection.bridge;
        let (mut movements, mut stages) = (Vec::new(), Vec::new());
        for withdrawal in withdrawals {
            let (now, stage) = finish::look(bridge, withdrawal).await?;
            stages.push(stage.clone());
            movements.push(self.assets.withdrawal(bridge, withdrawal, stage, now).await?);
        }
        Ok((stages, self.show_all(&movements)?))
    }

    /// Shows them, and says by the exit code how the one stands that is farthest from its end.
    fn show_all(&self, movements: &[Movement]) -> Result<u8> {
        if let [movement] = movements {
            return self.show_one(movement);
        }
        let texts: Vec<String> = movements.iter().map(Movement::text).collect();
        self.show(&movements, &texts.join("\n"))?;
        let codes: Vec<u8> = movements.iter().map(Movement::exit_code).collect();
        let worst = [exit::NOT_YET, exit::NOT_ARRIVED].into_iter().find(|code| codes.contains(code));
        Ok(worst.unwrap_or(exit::DONE))
    }

    fn show_one(&self, movement: &Movement) -> Result<u8> {
        self.show(movement, &movement.text())?;
        Ok(movement.exit_code())
    }

    fn show(&self, document: &impl Serialize, text: &str) -> Result<()> {
        self.progress.finish();
        if self.json {
            println!("{}", serde_json::to_string_pretty(document)?);
        } else {
            println!("{text}");
        }
        Ok(())
    }
}
