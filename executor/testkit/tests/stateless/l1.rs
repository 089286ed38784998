//! Deposits and origins are those of L1, or there is no proof.

use alloy_consensus::ReceiptEnvelope;
use alloy_primitives::{Address, Log, LogData};
use executor::{chain::DataMode::Auditable, derive::DeriveError, stateless::Refusal};
use executor_testkit::{Deposit, ORIGIN_NUMBER, PORTAL, TestChain};

use crate::workload::{Case, rich, small};

fn derive_error(refusal: Refusal) -> DeriveError {
    match refusal {
        Refusal::Derive(error) => error,
        refusal => panic!("{refusal}"),
    }
}

fn logs(receipt: &mut ReceiptEnvelope) -> &mut Vec<Log> {
    &mut receipt.as_receipt_with_bloom_mut().unwrap().receipt.logs
}

/// The deposits of a block are held by its receipts root, which its hash holds, which the next
/// header holds, up to the hash that L1 knows.
#[test]
fn deposits_changed_missing_added_or_reordered() {
    let case = rich(Auditable);
    let changes: [fn(&mut Vec<ReceiptEnvelope>); 7] = [
        |receipts| drop(receipts.remove(0)),
        |receipts| receipts.swap(0, 1),
        |receipts| receipts.push(receipts[0].clone()),
        |receipts| drop(logs(&mut receipts[0]).remove(1)),
        |receipts| logs(&mut receipts[1]).swap(0, 1),
        |receipts| logs(&mut receipts[3]).push(Deposit::of(Address::repeat_byte(1), 1).log(PORTAL)),
        |receipts| {
            let log = &mut logs(&mut receipts[0])[1];
            let mut data = log.data.data.to_vec();
            data[64 + 31] ^= 1;
            log.data = LogData::new_unchecked(log.topics().to_vec(), data.into());
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let error = derive_error(case.run_with(|input| change(&mut input.receipts[0].1)).unwrap_err());
        assert!(matches!(error, DeriveError::ReceiptsRoot { number: 101, .. }), "{index}: {error}");
    }
}

#[test]
fn receipts_of_the_blocks_that_need_them_and_no_others() {
    let case = rich(Auditable);
    assert_eq!(case.input.receipts.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [101, 103]);
    let error = derive_error(case.run_with(|input| drop(input.receipts.remove(0))).unwrap_err());
    assert_eq!(error, DeriveError::MissingReceipts(101));
    let error = derive_error(case.run_with(|input| input.receipts.swap(0, 1)).unwrap_err());
    assert_eq!(error, DeriveError::MissingReceipts(101));
    let (_, quiet) = case.chain.l1.block(104).clone();
    let error = derive_error(case.run_with(|input| input.receipts.push((104, quiet))).unwrap_err());
    assert_eq!(error, DeriveError::UnexpectedReceipts(104));
}

#[test]
fn headers_link_the_origins() {
    let case = rich(Auditable);
    let refused = |change: &dyn Fn(&mut Vec<executor::Header>)| {
        derive_error(case.run_with(|input| change(&mut input.l1_headers)).unwrap_err())
    };
    let error = refused(&|headers| drop(headers.remove(0)));
    assert_eq!(error, DeriveError::HeaderNumber { expected: 101, got: 102 });
    let error = refused(&|headers| drop(headers.pop()));
    assert_eq!(error, DeriveError::UnknownOrigin { wanted: 104, newest: 103 });
    let error = refused(&|headers| headers[1].gas_used ^= 1);
    assert!(matches!(error, DeriveError::ParentHash { number: 103, .. }), "{error}");
    let error = refused(&|headers| headers[0].parent_hash.0[0] ^= 1);
    assert!(matches!(error, DeriveError::ParentHash { number: 101, .. }), "{error}");
    let error = refused(&|headers| {
        let mut next = headers[3].clone();
        (next.parent_hash, next.number) = (headers[3].hash_slow(), 105);
        headers.push(next);
    });
    assert_eq!(error, DeriveError::UnusedHeaders { origin: 104, newest: 105 });
}

/// A bloom filter that hides the deposits makes another header, so another origin hash.
#[test]
fn a_forged_origin_is_another_origin() {
    let case = small(Auditable);
    let refusal = case
        .run_with(|input| {
            input.l1_headers[0].logs_bloom = Default::default();
            input.receipts.clear();
        })
        .unwrap_err();
    assert!(!matches!(refusal, Refusal::Claim { field: "configHash", .. }), "{refusal}");

    let mut forged = TestChain::new(Auditable, Default::default());
    let mut honest = TestChain::new(Auditable, Default::default());
    let origin = forged.l1.mine(&[]);
    honest.l1.mine(&[Deposit::of(Address::repeat_byte(1), 1)]);
    forged.build(origin, []);
    honest.build(origin, []);
    let (forged, honest) = (Case::new(forged, 1), Case::new(honest, 1));
    // Proved on an L1 that is not there: the hash says so, and the contract compares it.
    assert_ne!(forged.run().unwrap().l1OriginHash, honest.run().unwrap().l1OriginHash);
}

/// A deposit is known by its place among all logs of its block.
#[test]
fn deposits_are_numbered_by_log() {
    let mut chain = TestChain::new(Auditable, Default::default());
    let one = Deposit::of(Address::repeat_byte(1), 1);
    // Each is emitted between two logs of others.
    let number = chain.l1.mine(&[one.clone(), one]);
    let hash = chain.l1.block(number).0.hash_slow();
    let hashes: Vec<_> =
        chain.l1.deposits(number).unwrap().iter().map(|deposit| deposit.source_hash).collect();
    assert_eq!(hashes, [1, 4].map(|index| executor::deposit::source_hash(hash, index)));
}

/// Nothing that only the portal's bloom shows is taken for a deposit.
#[test]
fn events_of_others_are_not_deposits() {
    let mut chain = TestChain::new(Auditable, Default::default());
    let mut foreign = Deposit::of(Address::repeat_byte(1), 1).log(PORTAL);
    foreign.address = Address::repeat_byte(2);
    let mut other = Deposit::of(Address::repeat_byte(1), 1).log(PORTAL);
    other.data = LogData::new_unchecked(vec![Default::default()], Default::default());
    let origin = chain.l1.mine_logs(vec![vec![foreign, other]]);
    chain.build(origin, []);
    let case = Case::new(chain, 1);
    assert_eq!(case.input.receipts.len(), 1, "the bloom filter matches");
    assert!(case.chain.head().sealed.block.body.transactions.is_empty());
    assert_eq!(case.run().unwrap(), case.input.expected);
}

#[test]
fn a_malformed_event_of_the_portal_stops_the_chain() {
    let mut chain = TestChain::new(Auditable, Default::default());
    chain.build(ORIGIN_NUMBER, []);
    let mut log = Deposit::of(Address::repeat_byte(1), 1).log(PORTAL);
    log.data = LogData::new_unchecked(log.topics().to_vec(), Default::default());
    let number = chain.l1.mine_logs(vec![vec![log]]);
    let case = Case::new(chain, 1);
    let (headers, receipts) = case.chain.l1.range(number..=number);
    let refusal =
        case.run_with(|input| (input.l1_headers, input.receipts) = (headers, receipts)).unwrap_err();
    assert!(matches!(derive_error(refusal), DeriveError::Deposit { number: 101, .. }));
}
