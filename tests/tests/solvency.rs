//! A thousand random operations of the bridge, with crashes and reorganisations of L1 in between: in the
//! end L2 owes what L1 holds, to the last wei.

#![expect(clippy::indexing_slicing, reason = "a failure in a test is the message")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use alloy::{
    consensus::{Transaction as _, Typed2718 as _},
    eips::Encodable2718 as _,
    network::{EthereumWallet, NetworkTransactionBuilder as _, TransactionBuilder as _},
    primitives::{Address, Bytes, TxHash, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol,
    sol_types::{SolCall, SolEvent},
};
use contracts_bindings::{
    IL1Block,
    IL1StandardBridge::{self, ERC20BridgeFinalized},
    IL2StandardBridge::{self, ERC20BridgeInitiated},
    IMessagePasser::{MessagePassed, initiateWithdrawalCall},
    IPortal, predeploys,
};
use devnet::record::{Contracts, Record};
use e2e::{Devnet, until};
use eyre::{OptionExt, Result, ensure};
use serde_json::Value;

const OPERATIONS: usize = 1000;
/// Operations that a user has under way together.
const AT_ONCE: usize = 4;
const LIMIT: Duration = Duration::from_secs(120);
const USERS: usize = 8;
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
/// Added to the address of a contract that deposits.
const ALIAS_OFFSET: U256 = alloy::primitives::uint!(0x1111000000000000000000000000000000001111_U256);

sol! {
    #[sol(rpc)]
    interface IERC20 {
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
        function totalSupply() external view returns (uint256);
    }
}

/// Where the contracts are.
#[derive(Clone, Copy)]
struct Places {
    portal: Address,
    l1_bridge: Address,
    l1_messenger: Address,
    pha: Address,
    l2_bridge: Address,
    l2_pha: Address,
}

impl Places {
    fn of(contracts: &Contracts) -> Option<Self> {
        Some(Self {
            portal: contracts.portal?,
            l1_bridge: contracts.l1_standard_bridge?,
            l1_messenger: contracts.l1_cross_domain_messenger?,
            pha: contracts.pha?,
            l2_bridge: contracts.l2_standard_bridge?,
            l2_pha: contracts.l2_pha?,
        })
    }
}

/// splitmix64: the same operations in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A user with a wallet on both chains.
struct User {
    own: Address,
    others: Vec<Address>,
    l1: DynProvider,
    l2: DynProvider,
    at: Places,
    dice: Dice,
}

impl User {
    fn new(record: &Record, at: Places, index: usize) -> Result<Self> {
        let signer = PrivateKeySigner::from_bytes(&record.accounts[index].private_key)?;
        let client = |url: &str| -> Result<DynProvider> {
            let wallet = EthereumWallet::from(signer.clone());
            Ok(ProviderBuilder::new().wallet(wallet).connect_http(url.parse()?).erased())
        };
        Ok(Self {
            own: signer.address(),
            others: record.accounts[..USERS].iter().map(|account| account.address).collect(),
            l1: client(&record.l1.rpc)?,
            l2: client(&record.l2.rpc)?,
            at,
            dice: Dice(index as u64),
        })
    }

    /// A few operations at once; returns how many went well. What fails (a node is down, a transaction was reorganised
    /// away or would revert) fails.
    async fn operate(&mut self) -> usize {
        let mut sent = Vec::new();
        for _ in 0..AT_ONCE {
            match self.send().await {
                Ok(transaction) => sent.push(transaction),
                // The node may be starting.
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut succeeded = 0;
        for (chain, hash) in sent {
            while Instant::now() < deadline {
                if let Ok(Some(receipt)) = chain.get_transaction_receipt(hash).await {
                    succeeded += usize::from(receipt.status());
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        succeeded
    }

    /// Sends one random operation to one of the chains.
    async fn send(&mut self) -> Result<(DynProvider, TxHash)> {
        let at = self.at;
        let amount = U256::from(1 + self.dice.below(1_000_000_000_000));
        let to = self.others[usize::try_from(self.dice.below(USERS as u64))?];
        let gas = 200_000_u32;
        let nothing = Bytes::new;
        let (on_l1, target, value, data) = match self.dice.below(10) {
            // Ether to L2: plainly, in a call that fails there, and through the bridge.
            0 => (true, at.portal, amount, deposit(to, amount)),
            1 => (true, at.portal, amount, deposit(to, U256::MAX)),
            2 => {
                let call = IL1StandardBridge::bridgeETHToCall { to, minGasLimit: gas, extraData: nothing() };
                (true, at.l1_bridge, amount, call.abi_encode())
            }
            3 | 4 => {
                let call = IL1StandardBridge::bridgeERC20ToCall {
                    localToken: at.pha,
                    remoteToken: at.l2_pha,
                    to,
                    amount,
                    minGasLimit: gas,
                    extraData: nothing(),
                };
                (true, at.l1_bridge, U256::ZERO, call.abi_encode())
            }
            5 => (false, to, amount, Vec::new()),
            6 => (false, at.l2_pha, U256::ZERO, IERC20::transferCall { to, amount }.abi_encode()),
            7 => {
                let call =
                    initiateWithdrawalCall { target: to, gasLimit: U256::from(50_000), data: nothing() };
                (false, MESSAGE_PASSER, amount, call.abi_encode())
            }
            8 => {
                let call = IL2StandardBridge::bridgeETHToCall { to, minGasLimit: gas, extraData: nothing() };
                (false, at.l2_bridge, amount, call.abi_encode())
            }
            _ => {
                let call = IL2StandardBridge::withdrawToCall {
                    l2Token: at.l2_pha,
                    to,
                    amount,
                    minGasLimit: gas,
                    extraData: nothing(),
                };
                (false, at.l2_bridge, U256::ZERO, call.abi_encode())
            }
        };
        let chain = if on_l1 { &self.l1 } else { &self.l2 };
        let request = TransactionRequest::default()
            .with_from(self.own)
            .with_to(target)
            .with_value(value)
            .with_input(data)
            .with_gas_limit(1_000_000);
        let hash = *chain.send_transaction(request).await?.tx_hash();
        Ok((chain.clone(), hash))
    }
}

/// A deposit that has its sender send `value` wei on L2.
fn deposit(to: Address, value: U256) -> Vec<u8> {
    let call = IPortal::depositTransactionCall {
        to,
        value,
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    };
    call.abi_encode()
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_owes_what_l1_holds_whatever_happens() -> Result<()> {
    let devnet = Devnet::start_with(&["--l1-block-time", "1", "--relayer-patience", "0"]).await?;
    let record = devnet.record().clone();
    let at = Places::of(&record.contracts).ok_or_eyre("devnet.json lacks a contract")?;
    check(&devnet, at).await?;

    let done = Arc::new(AtomicUsize::new(0));
    let mut users = Vec::new();
    for index in 0..USERS {
        let mut user = User::new(&record, at, index)?;
        let done = Arc::clone(&done);
        users.push(tokio::spawn(async move {
            let pha = IERC20::new(at.pha, user.l1.clone());
            pha.approve(at.l1_bridge, U256::MAX).send().await?.get_receipt().await?;
            let mut succeeded = 0_usize;
            while done.fetch_add(AT_ONCE, Ordering::SeqCst) < OPERATIONS {
                succeeded += user.operate().await;
            }
            Ok::<_, eyre::Report>(succeeded)
        }));
    }
    for (round, fault) in [
        "reorg 1",
        "sequencer",
        "reorg 3",
        "relayer",
        "prover-0",
        "reorg 2",
        "enclave-1",
        "sequencer",
        "reorg 4",
    ]
    .into_iter()
    .enumerate()
    {
        until("operations go on", LIMIT, async || {
            Ok((done.load(Ordering::SeqCst) >= (round + 1) * OPERATIONS / 10).then_some(()))
        })
        .await?;
        println!("{fault} after {} operations", done.load(Ordering::SeqCst));
        match fault.strip_prefix("reorg ") {
            Some(depth) => reorganise(&devnet, depth.parse()?).await?,
            None => devnet.kill_and_wait_restarted(fault).await?,
        }
    }
    let mut succeeded = 0;
    for user in users {
        succeeded += user.await??;
    }
    println!("{succeeded} of {OPERATIONS} operations succeeded");
    ensure!(succeeded > OPERATIONS / 3, "only {succeeded} operations succeeded");
    check(&devnet, at).await
}

/// Replaces L1's last blocks by empty ones. Their transactions come again in later blocks, as they do from every node's
/// pool, but for those of the first user, who has meanwhile sent others.
async fn reorganise(devnet: &Devnet, depth: u64) -> Result<()> {
    let l1 = devnet.l1()?;
    let head = l1.get_block_number().await?;
    let mut orphans = Vec::new();
    for number in head + 1 - depth..=head {
        let block = l1.get_block_by_number(number.into()).full().await?.ok_or_eyre("no block")?;
        orphans
            .extend(block.transactions.into_transactions().map(|transaction| transaction.into_recovered()));
    }
    let _: Value = l1.raw_request("anvil_reorg".into(), (depth, Vec::<Value>::new())).await?;
    // A reorganisation sets the clock back. Refused if L1 has come to that time by itself.
    let now = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let _: Result<Value, _> = l1.raw_request("evm_setNextBlockTimestamp".into(), (now,)).await;

    let first = &devnet.record().accounts[0];
    let wallet = EthereumWallet::from(PrivateKeySigner::from_bytes(&first.private_key)?);
    for orphan in orphans {
        // Whoever sent blobs sends them again: nobody else has them.
        if orphan.is_eip4844() {
            continue;
        }
        let again = if orphan.signer() == first.address {
            let other = TransactionRequest::default()
                .with_chain_id(devnet.record().l1.chain_id)
                .with_nonce(orphan.nonce())
                .with_to(first.address)
                .with_gas_limit(21_000)
                .with_max_fee_per_gas(10_000_000_000)
                .with_max_priority_fee_per_gas(1_000_000_000);
            other.build(&wallet).await?.encoded_2718()
        } else {
            orphan.into_inner().encoded_2718()
        };
        // Refused if it has been sent again already.
        let _ = l1.send_raw_transaction(&again).await;
    }
    Ok(())
}

/// Waits until L2 has all deposits and all withdrawals are finalised, and adds up.
async fn check(devnet: &Devnet, at: Places) -> Result<()> {
    let (l1, l2) = (devnet.l1()?, devnet.l2()?);
    let head = l1.get_block_number().await?;
    until("L2 has every deposit", LIMIT, async || {
        let Ok(origin) = IL1Block::new(L1_BLOCK, &l2).number().call().await else { return Ok(None) };
        Ok((origin >= head).then_some(()))
    })
    .await?;
    let sent: Vec<MessagePassed> = events(&l2, MESSAGE_PASSER).await?;
    let portal = IPortal::new(at.portal, &l1);
    until(&format!("the relayer has finalised {} withdrawals", sent.len()), LIMIT, async || {
        for withdrawal in &sent {
            if !portal.finalizedWithdrawals(withdrawal.withdrawalHash).call().await? {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await?;

    let mut ether = U256::ZERO;
    for account in accounts(devnet, at)? {
        ether += l2.get_balance(account).await?;
    }
    // What was withdrawn stays with the message passer.
    ether -= l2.get_balance(MESSAGE_PASSER).await?;
    let mut held = U256::ZERO;
    for contract in [at.portal, at.l1_messenger, at.l1_bridge] {
        held += l1.get_balance(contract).await?;
    }
    assert_eq!(ether, held, "wei that L2 owes, and that L1 holds");

    let left: Vec<ERC20BridgeInitiated> = events(&l2, at.l2_bridge).await?;
    let arrived: Vec<ERC20BridgeFinalized> = events(&l1, at.l1_bridge).await?;
    let left: U256 = left.iter().map(|event| event.amount).sum();
    let arrived: U256 = arrived.iter().map(|event| event.amount).sum();
    let on_l2 = IERC20::new(at.l2_pha, &l2).totalSupply().call().await?;
    let held = IERC20::new(at.pha, &l1).balanceOf(at.l1_bridge).call().await?;
    assert_eq!(on_l2 + left - arrived, held, "PHA that L2 owes, and that L1 holds");
    let deposited = IL1StandardBridge::new(at.l1_bridge, &l1).deposits(at.pha, at.l2_pha).call().await?;
    assert_eq!(deposited, held);
    println!("{} withdrawals; {ether} wei and {held} of PHA on both sides", sent.len());
    Ok(())
}

/// Every account of L2 that can hold ether in this test, but the message passer twice.
fn accounts(devnet: &Devnet, at: Places) -> Result<Vec<Address>> {
    let mut accounts: Vec<Address> = devnet.record().accounts.iter().map(|account| account.address).collect();
    accounts.extend(predeploys()?.into_keys());
    let alias = U256::from_be_slice(at.l1_messenger.as_slice()) + ALIAS_OFFSET;
    accounts.push(Address::from_slice(&alias.to_be_bytes::<32>()[12..]));
    accounts.push(Address::ZERO);
    Ok(accounts)
}

async fn events<E: SolEvent>(chain: &DynProvider, contract: Address) -> Result<Vec<E>> {
    let filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).from_block(0);
    let logs = chain.get_logs(&filter).await?;
    Ok(logs.iter().map(|log| E::decode_log_data(log.data())).collect::<Result<_, _>>()?)
}
