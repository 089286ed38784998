//! What the chains say of withdrawals: the facts that a stage follows from.

use alloy::{
    network::TransactionBuilder,
    rpc::types::{Filter, TransactionRequest},
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, U256};
use contracts_bindings::{
    ICouncilPause::withdrawalsPausedUntilCall,
    ICrossDomainMessenger::{failedMessagesCall, successfulMessagesCall},
    IPortal::{
        FINALIZATION_PERIOD_SECONDSCall, WithdrawalFinalized, councilPauseCall,
        finalizeWithdrawalTransactionCall, finalizedWithdrawalsCall, getL2OutputCall,
        getL2OutputIndexAfterCall, latestBlockNumberCall, latestOutputIndexCall, provenWithdrawalsCall,
        rollupCall,
    },
    IRollup::conflictSinceCall,
};

use crate::{
    Bridge,
    chain::{Chain, Error as ChainError},
    error::Error,
    stage::{Facts, MessageState, Obstacle, Stage},
    withdrawal::Withdrawal,
};

/// What holds for all withdrawals alike, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortalView {
    /// Number of L1's newest block.
    pub head: u64,
    /// See [`Facts`].
    pub now: u64,
    /// The last final output and the last L2 block that it covers.
    pub output: (u64, u64),
    /// See [`Facts`].
    pub conflict_since: Option<u64>,
    /// See [`Facts`].
    pub paused_until: u64,
    /// See [`Facts`].
    pub period: u64,
}

/// A final output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalOutput {
    /// Its number.
    pub index: u64,
    /// The output root.
    pub root: B256,
    /// The last L2 block that it covers.
    pub block: u64,
}

impl PortalView {
    /// Asks L1.
    pub async fn read(bridge: &Bridge) -> Result<Self, ChainError> {
        let (l1, portal) = (&bridge.l1, bridge.network.contracts.portal);
        let (head, index, covered, period, rollup, pause) = tokio::try_join!(
            l1.head(),
            l1.view(portal, latestOutputIndexCall {}),
            l1.view(portal, latestBlockNumberCall {}),
            l1.view(portal, FINALIZATION_PERIOD_SECONDSCall {}),
            l1.view(portal, rollupCall {}),
            l1.view(portal, councilPauseCall {}),
        )?;
        let (conflict, paused_until) = tokio::try_join!(
            l1.view(rollup, conflictSinceCall {}),
            l1.view(pause, withdrawalsPausedUntilCall {}),
        )?;
        let conflict_since = conflict.saturating_to::<u64>();
        Ok(Self {
            head: head.number,
            now: head.timestamp,
            output: (index.saturating_to(), covered.saturating_to()),
            conflict_since: (conflict_since != 0).then_some(conflict_since),
            paused_until: paused_until.saturating_to(),
            period: period.saturating_to(),
        })
    }

    /// Where a withdrawal stands.
    pub async fn facts(&self, bridge: &Bridge, withdrawal: &Withdrawal) -> Result<Facts, ChainError> {
        let (l1, portal, hash) = (&bridge.l1, bridge.network.contracts.portal, withdrawal.hash);
        let (proven, finalized) = tokio::try_join!(
            l1.view(portal, provenWithdrawalsCall { withdrawalHash: hash }),
            l1.view(portal, finalizedWithdrawalsCall { withdrawalHash: hash }),
        )?;
        let proven_at = u64::try_from(proven.timestamp).unwrap_or(u64::MAX);
        let mut facts = Facts {
            now: self.now,
            block: withdrawal.block,
            output: self.output,
            conflict_since: self.conflict_since,
            paused_until: self.paused_until,
            proven_at: (proven_at != 0).then_some(proven_at),
            period: self.period,
            finalized,
            call_succeeded: None,
            message: None,
            obstacle: None,
        };
        if finalized {
            facts.message = l1_message_state(bridge, withdrawal).await?;
            if facts.message.is_none_or(|state| state == MessageState::Unknown) {
                facts.call_succeeded = call_succeeded(bridge, hash, proven_at).await?;
            }
        } else if facts.stage() == Stage::ReadyToFinalize {
            facts.obstacle = obstacle(bridge, withdrawal).await?;
        }
        Ok(facts)
    }
}

/// The last final output.
pub async fn latest_output(bridge: &Bridge) -> Result<FinalOutput, ChainError> {
    let index = bridge.l1.view(bridge.network.contracts.portal, latestOutputIndexCall {}).await?;
    output(bridge, index.saturating_to()).await
}

/// Output `index`. Refused if it is not final.
pub async fn output(bridge: &Bridge, index: u64) -> Result<FinalOutput, ChainError> {
    let call = getL2OutputCall { index: U256::from(index) };
    let output = bridge.l1.view(bridge.network.contracts.portal, call).await?;
    let block = u64::try_from(output.l2BlockNumber).unwrap_or(u64::MAX);
    Ok(FinalOutput { index, root: output.outputRoot, block })
}

/// A final output that covers L2 block `block`.
pub async fn output_after(bridge: &Bridge, block: u64) -> Result<FinalOutput, Error> {
    let call = getL2OutputIndexAfterCall { l2Block: U256::from(block) };
    let index = bridge.l1.view(bridge.network.contracts.portal, call).await?;
    let found = output(bridge, index.saturating_to()).await?;
    if found.block < block {
        return Err(Error::WrongOutput { index: found.index, covered: found.block, block });
    }
    Ok(found)
}

/// What a messenger remembers of a message.
pub async fn message_state(
    chain: &Chain,
    messenger: Address,
    hash: B256,
) -> Result<MessageState, ChainError> {
    let (delivered, failed) = tokio::try_join!(
        chain.view(messenger, successfulMessagesCall { msgHash: hash }),
        chain.view(messenger, failedMessagesCall { msgHash: hash }),
    )?;
    Ok(match (delivered, failed) {
        (true, _) => MessageState::Delivered,
        (false, true) => MessageState::Failed,
        (false, false) => MessageState::Unknown,
    })
}

async fn l1_message_state(
    bridge: &Bridge,
    withdrawal: &Withdrawal,
) -> Result<Option<MessageState>, ChainError> {
    let contracts = &bridge.network.contracts;
    let Some(message) = withdrawal.message(contracts) else { return Ok(None) };
    message_state(&bridge.l1, contracts.l1_messenger, message.hash).await.map(Some)
}

/// What the event says of the withdrawal's call. `None` if no event is found.
async fn call_succeeded(bridge: &Bridge, hash: B256, proven_at: u64) -> Result<Option<bool>, ChainError> {
    let filter = Filter::new()
        .address(bridge.network.contracts.portal)
        .event_signature(WithdrawalFinalized::SIGNATURE_HASH)
        .topic1(hash);
    let head = bridge.l1.head().await?.number;
    let first = first_block_from(&bridge.l1, proven_at, head).await?;
    let logs = bridge.l1.logs(&filter, first, head).await?;
    let event = logs.last().and_then(|log| WithdrawalFinalized::decode_log_data_validate(log.data()).ok());
    Ok(event.map(|event| event.success))
}

/// The first block that is not older than `time`, at most `head`.
async fn first_block_from(chain: &Chain, time: u64, head: u64) -> Result<u64, ChainError> {
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low) / 2;
        if chain.header(middle).await?.timestamp < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Why finalising would revert now.
async fn obstacle(bridge: &Bridge, withdrawal: &Withdrawal) -> Result<Option<Obstacle>, ChainError> {
    let call = finalizeWithdrawalTransactionCall { withdrawal: withdrawal.transaction.clone() };
    let request =
        TransactionRequest::default().with_to(bridge.network.contracts.portal).with_input(call.abi_encode());
    let Err(error) = bridge.l1.call(&request).await else { return Ok(None) };
    let Some(refusal) = error.refusal() else { return Err(error) };
    // Some nodes try calls in the newest block, whose time is still before the next one's.
    if refusal.is_done_already() {
        return Ok(None);
    }
    Ok(Some(match refusal.quota() {
        Some((token, available, retry_at)) => Obstacle::Quota { token, available, retry_at },
        None => Obstacle::Other(refusal.to_string()),
    }))
}
