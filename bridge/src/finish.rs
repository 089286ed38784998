//! From L2 to L1: proving and finalising, and another try for messages that failed.

use alloy::{network::TransactionBuilder, rpc::types::TransactionRequest, sol_types::SolCall};
use alloy_primitives::{Address, B256, U256, address};
use contracts_bindings::IPortal::{finalizeWithdrawalTransactionCall, proveWithdrawalTransactionCall};
use tokio::time::sleep;

use crate::{
    Bridge,
    chain::{Chain, Error as ChainError, Layer, Receipt},
    deposit::{self, Arrival, Deposit},
    error::Error,
    network::L2_MESSENGER,
    proof::{NodeAnswer, Proof},
    report::{Event, Report, Step},
    sender::{Call, Sender},
    stage::{MessageState, Stage},
    view::{self, PortalView},
    withdrawal::{Message, Withdrawal},
};

/// How far a withdrawal is to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    /// It is proved.
    Proven,
    /// It is executed on L1.
    Finalized,
}

/// What to do when there is nothing to do yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Say so.
    Now,
    /// Wait.
    Wait,
}

/// Who asks a messenger for gas from here is told what the message's own call needs. For others a call that keeps the message as
/// failed is a success.
const ESTIMATION_ADDRESS: Address = address!("0000000000000000000000000000000000000001");

/// Brings a withdrawal as far as `goal`, from wherever it stands, and says where it stands then. `sender` is an account on L1.
pub async fn advance(
    bridge: &Bridge,
    sender: &Sender,
    withdrawal: &Withdrawal,
    goal: Goal,
    patience: Patience,
    report: &dyn Report,
) -> Result<Stage, Error> {
    let hash = withdrawal.hash;
    let mut told = None;
    loop {
        let (now, stage) = match look(bridge, withdrawal).await {
            Err(error) if error.is_temporary() && patience == Patience::Wait => {
                report.tell(&Event::Trouble { error: error.to_string() });
                sleep(Stage::ReadyToFinalize.look_again_in(0)).await;
                continue;
            }
            answer => answer?,
        };
        if told.as_ref() != Some(&stage) {
            report.tell_step(&Step::Stage { withdrawal: hash, stage: stage.clone(), now });
            told = Some(stage.clone());
            forget(sender, hash, &stage)?;
        }
        if stage.is_over() || (goal == Goal::Proven && stage.is_proven()) {
            return Ok(stage);
        }
        let done = match stage {
            Stage::ReadyToProve { .. } => prove(bridge, sender, withdrawal, report).await,
            Stage::ReadyToFinalize => finalize(bridge, sender, withdrawal, report).await,
            _ if patience == Patience::Now => return Ok(stage),
            _ => {
                sleep(stage.look_again_in(now)).await;
                continue;
            }
        };
        match done {
            Ok(_) => {}
            // Somebody else was faster: the next look tells.
            Err(error) if error.is_done_already() => {}
            // The newest block's time is not the next one's, and quotas are used up by others.
            Err(Error::Send(crate::sender::SendError::Chain(error)))
                if patience == Patience::Wait && error.refusal().is_some_and(|refusal| refusal.passes()) =>
            {
                sleep(stage.look_again_in(now)).await;
            }
            Err(error) if error.is_temporary() && patience == Patience::Wait => {
                report.tell(&Event::Trouble { error: error.to_string() });
                sleep(stage.look_again_in(now)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Removes from the journal what an interrupted run left there and the chain has overtaken.
fn forget(sender: &Sender, hash: B256, stage: &Stage) -> Result<(), Error> {
    if stage.is_proven() {
        sender.journal().close(&sender.key("prove", &hash.to_string()))?;
    }
    if stage.is_over() {
        sender.journal().close(&sender.key("finalize", &hash.to_string()))?;
    }
    Ok(())
}

/// Where a withdrawal stands, and the time of L1's newest block.
pub async fn look(bridge: &Bridge, withdrawal: &Withdrawal) -> Result<(u64, Stage), Error> {
    let portal = PortalView::read(bridge).await?;
    Ok((portal.now, portal.facts(bridge, withdrawal).await?.stage()))
}

/// Proves a withdrawal on L1. Nothing is sent if the L2 node's proof does not hold against L1's output.
pub async fn prove(
    bridge: &Bridge,
    sender: &Sender,
    withdrawal: &Withdrawal,
    report: &dyn Report,
) -> Result<Receipt, Error> {
    send_proof(sender, withdrawal, &prove_call(bridge, withdrawal).await?, report).await
}

/// Sends what [`prove_call`] made.
pub async fn send_proof(
    sender: &Sender,
    withdrawal: &Withdrawal,
    call: &Call,
    report: &dyn Report,
) -> Result<Receipt, Error> {
    let what = format!("prove withdrawal {}", withdrawal.hash);
    step(sender, "prove", withdrawal.hash, &what, call, report).await
}

/// The call that proves a withdrawal, with a proof that has been checked.
pub async fn prove_call(bridge: &Bridge, withdrawal: &Withdrawal) -> Result<Call, Error> {
    let (output_index, proof) = match node_proof(bridge, withdrawal).await? {
        Some(proved) => proved,
        None => {
            let output = view::output_after(bridge, withdrawal.block).await?;
            let proof = Proof::fetch(&bridge.l2, withdrawal.hash, output.block).await?;
            proof.verify(withdrawal.hash, output.block, output.root)?;
            (output.index, proof)
        }
    };
    let call = proveWithdrawalTransactionCall {
        withdrawal: withdrawal.transaction.clone(),
        l2OutputIndex: U256::from(output_index),
        outputRootProof: proof.output,
        withdrawalProof: proof.nodes,
    };
    Ok(Call::new(bridge.network.contracts.portal, call.abi_encode()))
}

/// The proof that a node of this rollup makes by itself, if it holds against an output on L1.
async fn node_proof(bridge: &Bridge, withdrawal: &Withdrawal) -> Result<Option<(u64, Proof)>, Error> {
    let NodeAnswer::Proved(proved) = NodeAnswer::ask(&bridge.l2, withdrawal.hash).await? else {
        return Ok(None);
    };
    let (index, proof) = proved.into_proof();
    let output = match view::output(bridge, index).await {
        Ok(output) => output,
        // The node is ahead of L1's, or names nonsense.
        Err(error) if error.refusal().is_some() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(proof.verify(withdrawal.hash, output.block, output.root).is_ok().then_some((index, proof)))
}

/// Finalises a withdrawal on L1.
pub async fn finalize(
    bridge: &Bridge,
    sender: &Sender,
    withdrawal: &Withdrawal,
    report: &dyn Report,
) -> Result<Receipt, Error> {
    send_finalization(sender, withdrawal, &finalize_call(bridge, withdrawal).await?, report).await
}

/// Sends what [`finalize_call`] made.
pub async fn send_finalization(
    sender: &Sender,
    withdrawal: &Withdrawal,
    call: &Call,
    report: &dyn Report,
) -> Result<Receipt, Error> {
    let what = format!("finalise withdrawal {}", withdrawal.hash);
    step(sender, "finalize", withdrawal.hash, &what, call, report).await
}

/// The call that finalises a withdrawal, with gas enough for the message in it to go through, if it can.
pub async fn finalize_call(bridge: &Bridge, withdrawal: &Withdrawal) -> Result<Call, Error> {
    let call = finalizeWithdrawalTransactionCall { withdrawal: withdrawal.transaction.clone() };
    let mut call = Call::new(bridge.network.contracts.portal, call.abi_encode());
    match gas_to_succeed(&bridge.l1, &call).await {
        Ok(gas) => call.least_gas = gas,
        Err(error) if error.refusal().is_some() => {}
        Err(error) => return Err(error.into()),
    }
    Ok(call)
}

/// Gas with which not only the messenger is content, but the call of its message too. Refused if that would fail.
async fn gas_to_succeed(chain: &Chain, call: &Call) -> Result<u64, ChainError> {
    let request = TransactionRequest::default()
        .with_from(ESTIMATION_ADDRESS)
        .with_to(call.to)
        .with_input(call.input.clone());
    Ok(chain.gas(&request).await?.saturating_mul(5) / 4)
}

/// A transaction after which nothing of its operation is left.
async fn step(
    sender: &Sender,
    kind: &str,
    hash: B256,
    what: &str,
    call: &Call,
    report: &dyn Report,
) -> Result<Receipt, Error> {
    let key = sender.key(kind, &hash.to_string());
    let receipt = sender.send(&key, what, call, report).await?;
    sender.journal().close(&key)?;
    Ok(receipt)
}

/// Tries the message of a finalised withdrawal again on L1. `sender` is an account on L1.
pub async fn replay_withdrawal(
    bridge: &Bridge,
    sender: &Sender,
    withdrawal: &Withdrawal,
    report: &dyn Report,
) -> Result<MessageState, Error> {
    let messenger = bridge.network.contracts.l1_messenger;
    let Some(message) = withdrawal.message(&bridge.network.contracts) else {
        return Err(Error::NothingToReplay("the withdrawal carries no message to the messenger".into()));
    };
    replay(sender, messenger, &message, report).await
}

/// Tries the message of a deposit again on L2. `sender` is an account on L2.
pub async fn replay_deposit(
    bridge: &Bridge,
    sender: &Sender,
    deposit: &Deposit,
    report: &dyn Report,
) -> Result<Arrival, Error> {
    let Some(message) = deposit::message(&bridge.network.contracts, deposit) else {
        return Err(Error::NothingToReplay("the deposit carries no message to the messenger".into()));
    };
    replay(sender, L2_MESSENGER, &message, report).await?;
    deposit::arrival(bridge, deposit).await
}

async fn replay(
    sender: &Sender,
    messenger: Address,
    message: &Message,
    report: &dyn Report,
) -> Result<MessageState, Error> {
    let chain = sender.chain();
    match view::message_state(chain, messenger, message.hash).await? {
        MessageState::Delivered => {
            return Err(Error::NothingToReplay("the message is delivered already".into()));
        }
        MessageState::Unknown => {
            let side = if chain.layer() == Layer::L1 { "finalised" } else { "tried" };
            return Err(Error::NothingToReplay(format!("the message has not been {side} yet")));
        }
        MessageState::Failed => {}
    }
    let mut call = Call::new(messenger, message.relay.abi_encode());
    call.least_gas = gas_to_succeed(chain, &call).await?;
    let what = format!("replay message {}", message.hash);
    step(sender, "replay", message.hash, &what, &call, report).await?;
    Ok(view::message_state(chain, messenger, message.hash).await?)
}
