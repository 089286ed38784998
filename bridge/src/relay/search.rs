//! Finding withdrawals on L2, and staying right when it is rolled back.

use std::sync::Arc;

use alloy::{rpc::types::Filter, sol_types::SolEvent};
use contracts_bindings::IMessagePasser::MessagePassed;
use metrics::gauge;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    Known, Relayer, RoundError, as_f64,
    state::{Checkpoint, Open},
};
use crate::{chain::LOG_RANGE, error::Error, network::MESSAGE_PASSER, withdrawal::Withdrawal};

impl Relayer {
    /// Finds the withdrawals up to L2 block `last`.
    pub(super) async fn search(&mut self, last: u64) -> Result<(), RoundError> {
        self.check_rollback().await?;
        let filter = Filter::new().address(MESSAGE_PASSER).event_signature(MessagePassed::SIGNATURE_HASH);
        while self.state.next_block() <= last {
            let first = self.state.next_block();
            let end = last.min(first.saturating_add(LOG_RANGE - 1));
            let header = self.bridge.l2.header(end).await.map_err(Error::from)?;
            let logs = self.bridge.l2.logs(&filter, first, end).await.map_err(Error::from)?;
            let found = Withdrawal::all_from_logs(&logs).map_err(Error::from)?;
            if !found.is_empty() {
                info!(found = found.len(), first, end, "new withdrawals");
            }
            let open = found.into_iter().map(|withdrawal| self.remember(withdrawal)).collect::<Vec<_>>();
            self.state.extend(Checkpoint { block: end, hash: header.hash }, open);
            self.file.save(&self.state)?;
        }
        gauge!("bridge_relay_l2_block").set(as_f64(self.state.next_block().saturating_sub(1)));
        Ok(())
    }

    /// Goes back to where the chain is still the one that was searched.
    async fn check_rollback(&mut self) -> Result<(), RoundError> {
        let head = self.bridge.l2.head().await.map_err(Error::from)?.number;
        while let Some(last) = self.state.checkpoints.last().copied() {
            if last.block <= head {
                let header = self.bridge.l2.header(last.block).await.map_err(Error::from)?;
                if header.hash == last.hash {
                    return Ok(());
                }
            }
            warn!(block = last.block, "L2 was rolled back: searching again");
            self.state.forget_from(last.block);
            self.known.clear();
        }
        Ok(())
    }

    fn remember(&mut self, withdrawal: Withdrawal) -> Open {
        let open = Open {
            hash: withdrawal.hash,
            l2_transaction: withdrawal.l2_transaction,
            block: withdrawal.block,
        };
        let withdrawal = Arc::new(withdrawal);
        self.known.insert(
            open.hash,
            Known { withdrawal, next_look: Instant::now(), failures: 0, possible: None, done_since: None },
        );
        open
    }

    /// Reads the contents of withdrawals that an earlier run left open.
    pub(super) async fn recall(&mut self) -> Result<(), RoundError> {
        let unknown: Vec<Open> =
            self.state.open.iter().filter(|open| !self.known.contains_key(&open.hash)).copied().collect();
        for open in unknown {
            let receipt = self.bridge.l2.receipt(open.l2_transaction).await.map_err(Error::from)?;
            let withdrawals = receipt
                .map(|receipt| Withdrawal::all_from_logs(&receipt.logs))
                .transpose()
                .map_err(Error::from)?;
            let same = |withdrawal: &Withdrawal| withdrawal.hash == open.hash;
            match withdrawals.into_iter().flatten().find(same) {
                Some(withdrawal) => {
                    self.remember(withdrawal);
                }
                None => {
                    warn!(withdrawal = %open.hash, "L2 does not have the withdrawal any more");
                    self.drop_open(open.hash);
                }
            }
        }
        Ok(())
    }
}
