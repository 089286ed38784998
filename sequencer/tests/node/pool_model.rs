//! The pool against a model: whatever comes in whatever order, blocks are in order.

use std::collections::BTreeMap;

use alloy::consensus::{Transaction as _, TxEip1559};
use alloy_primitives::{Address, U256};
use proptest::prelude::*;
use sequencer::pool::{Pool, PoolConfig, PoolError, SenderCode, SenderState};

use crate::{
    chain::CHAIN_ID,
    wallet::{Wallet, plain},
};

const BALANCE: U256 = U256::from_limbs([2_000_000_000_000_000, 0, 0, 0]);

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A wallet sends.
    Send { wallet: u8, ahead: u64, fee: u64, tip: u64, value: u64 },
    /// A block of at most `room` transactions is built; those whose number is in `refused` turn out
    /// invalid. It is sealed, or given up.
    Block { base_fee: u64, room: usize, refused: Vec<usize>, sealed: bool },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u8..5, 0u64..6, 1u64..40, 1u64..40, 0u64..400_000_000_000_000)
            .prop_map(|(wallet, ahead, fee, tip, value)| Event::Send { wallet, ahead, fee, tip, value }),
        1 => (1u64..30, 0usize..12, prop::collection::vec(0usize..12, 0..3), any::<bool>())
            .prop_map(|(base_fee, room, refused, sealed)| Event::Block { base_fee, room, refused, sealed }),
    ]
}

const GWEI: u64 = 1_000_000_000;

/// The chain that the pool believes in.
#[derive(Default)]
struct Model {
    head: u64,
    nonces: BTreeMap<Address, u64>,
}

impl Model {
    fn state(&self, sender: Address) -> SenderState {
        let nonce = self.nonces.get(&sender).copied().unwrap_or_default();
        SenderState { nonce, balance: BALANCE, code: SenderCode::Empty }
    }

    fn block(&mut self, pool: &Pool, base_fee: u64, room: usize, refused: &[usize], sealed: bool) {
        let base_fee = base_fee * GWEI;
        pool.open(base_fee);
        let mut next = self.nonces.clone();
        let mut served = 0;
        let mut pushed = 0;
        while let Some(candidate) = pool.best() {
            let transaction = &candidate.transaction;
            let expected = next.get(&candidate.sender).copied().unwrap_or_default();
            assert_eq!(transaction.nonce(), expected, "nonces of a sender are consecutive");
            assert!(transaction.max_fee_per_gas() >= u128::from(base_fee), "the base fee is paid");
            if refused.contains(&served) {
                pool.refused(&candidate);
                assert!(pool.get(transaction.tx_hash()).is_none());
            } else if pushed == room {
                pool.postponed(&candidate);
            } else {
                pushed += 1;
                next.insert(candidate.sender, expected + 1);
                pool.accepted(&candidate);
            }
            served += 1;
            assert!(served < 1_000, "the pool ends");
        }
        assert!(!pool.is_ready());
        if sealed {
            self.head += 1;
            self.nonces = next;
            let senders: Vec<Address> = self.nonces.keys().copied().collect();
            pool.follow(self.head, senders.into_iter().map(|sender| (sender, self.state(sender))));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn blocks_are_in_order_whatever_comes(events in prop::collection::vec(event(), 1..60)) {
        let config = PoolConfig { account_slots: 8, max_bytes: 24 * 700, ..PoolConfig::new(30_000_000) };
        let pool = Pool::new(CHAIN_ID, config, || {});
        let mut model = Model::default();
        for event in events {
            match event {
                Event::Send { wallet, ahead, fee, tip, value } => {
                    let wallet = Wallet::new(wallet);
                    let state = model.state(wallet.address());
                    let transaction = wallet.sign(TxEip1559 {
                        nonce: state.nonce + ahead,
                        max_fee_per_gas: u128::from(fee * GWEI),
                        max_priority_fee_per_gas: u128::from(tip.min(fee) * GWEI),
                        value: U256::from(value),
                        ..plain()
                    });
                    let hash = transaction.tx_hash();
                    let added = pool.add::<PoolError>(transaction, |_| Ok((model.head, state)));
                    prop_assert_eq!(added.is_ok() || added == Err(PoolError::AlreadyKnown), pool.get(hash).is_some());
                }
                Event::Block { base_fee, room, refused, sealed } => {
                    model.block(&pool, base_fee, room, &refused, sealed);
                }
            }
            let status = pool.status();
            prop_assert!(status.bytes <= config.max_bytes);
            prop_assert_eq!(status.bytes == 0, status.pending + status.queued == 0);
            prop_assert_eq!(pool.senders().is_empty(), status.bytes == 0);
            for sender in pool.senders() {
                prop_assert!(pool.next_nonce(sender).unwrap() >= model.state(sender).nonce);
            }
        }
        // With room and a low base fee, everything without a gap before it ends up in a block.
        model.block(&pool, 1, usize::MAX, &[], true);
        prop_assert_eq!(pool.status().pending, 0);
    }
}
