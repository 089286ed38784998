//! Messages and frames: what goes in comes out, and nothing else is accepted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::io::Cursor;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, hex, keccak256};
use executor::transition::Transition;
use proptest::prelude::*;
use prover_core::{
    FrameError, Message, MessageError,
    enclave::{
        self, Attest, EnclaveRequest, EnclaveResponse, Failed, GetInfo, Info, Prepare, Prove, Quote,
        RefusalCode, Renew, Signed,
    },
    frame::{self, MAX_BATCH, MAX_CONTROL},
    sequencer::{
        self, Contradiction, Hello, Job, Ping, Pong, ProverMessage, Rejected, SequencerMessage, Signature,
        Welcome,
    },
};

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from)
}

fn hash() -> impl Strategy<Value = B256> {
    any::<[u8; 32]>().prop_map(B256::from)
}

fn code() -> impl Strategy<Value = RefusalCode> {
    prop::sample::select(&RefusalCode::ALL[..])
}

fn signature() -> impl Strategy<Value = FixedBytes<65>> {
    prop::collection::vec(any::<u8>(), 65).prop_map(|bytes| FixedBytes::from_slice(&bytes))
}

fn transition() -> impl Strategy<Value = Transition> {
    (prop::array::uniform5(any::<[u8; 32]>()), prop::array::uniform3(any::<u64>())).prop_map(
        |([config, parent, output, origin, da], [block, time, number])| Transition {
            configHash: config.into(),
            parentOutputRoot: parent.into(),
            outputRoot: output.into(),
            lastL2Block: block,
            lastL2Timestamp: time,
            l1OriginNumber: number,
            l1OriginHash: origin.into(),
            daHash: da.into(),
        },
    )
}

fn sequencer_message() -> impl Strategy<Value = SequencerMessage> {
    prop_oneof![
        any::<u64>().prop_map(|version| Welcome { version }.into()),
        any::<String>().prop_map(|reason| Rejected { reason }.into()),
        (any::<u64>(), hash(), bytes(), bytes()).prop_map(|(batch, digest, input, witness)| Job {
            batch,
            digest,
            input,
            witness
        }
        .into()),
        any::<u64>().prop_map(|number| Ping { number }.into()),
    ]
}

fn prover_message() -> impl Strategy<Value = ProverMessage> {
    prop_oneof![
        (any::<u64>(), address(), address(), hash()).prop_map(|(version, operator, signer, config_hash)| {
            Hello { version, operator, signer, config_hash }.into()
        }),
        (any::<u64>(), hash(), signature()).prop_map(|(batch, digest, signature)| Signature {
            batch,
            digest,
            signature
        }
        .into()),
        (any::<u64>(), hash(), code(), any::<String>()).prop_map(|(batch, digest, code, reason)| {
            sequencer::Refused { batch, digest, code, reason }.into()
        }),
        any::<u64>().prop_map(|number| Pong { number }.into()),
        (any::<u64>(), hash(), transition(), signature()).prop_map(
            |(batch, digest, transition, signature)| {
                Contradiction { batch, digest, signed: Signed { transition, signature } }.into()
            }
        ),
    ]
}

fn enclave_request() -> impl Strategy<Value = EnclaveRequest> {
    prop_oneof![
        any::<u64>().prop_map(|version| GetInfo { version }.into()),
        (address(), any::<u64>(), address(), address(), any::<u64>(), hash()).prop_map(
            |(signer, l1_chain_id, registry, operator, ref_block_number, ref_block_hash)| {
                Attest { signer, l1_chain_id, registry, operator, ref_block_number, ref_block_hash }.into()
            }
        ),
        (bytes(), bytes()).prop_map(|(input, witness)| Prove { input, witness }.into()),
        address().prop_map(|signer| Renew { signer }.into()),
        address().prop_map(|signer| Prepare { signer }.into()),
    ]
}

fn enclave_response() -> impl Strategy<Value = EnclaveResponse> {
    prop_oneof![
        (any::<u64>(), [address(), address(), address(), address()], hash(), any::<u64>()).prop_map(
            |(version, [signer, next, rollup, registry], config_hash, l1_chain_id)| {
                Info { version, signer, next, config_hash, l1_chain_id, rollup, registry }.into()
            }
        ),
        (address(), bytes()).prop_map(|(signer, quote)| Quote { signer, quote }.into()),
        (transition(), signature())
            .prop_map(|(transition, signature)| Signed { transition, signature }.into()),
        (code(), any::<String>()).prop_map(|(code, reason)| enclave::Refused { code, reason }.into()),
        any::<String>().prop_map(|reason| Failed { reason }.into()),
    ]
}

/// Encodes, decodes, and tries every truncation and an appended byte.
fn one_encoding<M: Message + PartialEq + std::fmt::Debug>(message: M) {
    let mut payload = Vec::new();
    message.encode_payload(&mut payload);
    assert_eq!(M::decode_payload(&payload).as_ref(), Ok(&message));
    for end in 0..payload.len() {
        assert!(M::decode_payload(&payload[..end]).is_err(), "{end} of {} bytes decode", payload.len());
    }
    payload.push(0);
    assert!(M::decode_payload(&payload).is_err());

    let frame = frame::encode(&message).unwrap();
    assert_eq!(frame::read::<M>(&mut Cursor::new(&frame), MAX_BATCH).unwrap(), message);
    assert!(matches!(
        frame::read::<M>(&mut Cursor::new(&frame), frame.len() - 5),
        Err(FrameError::TooLong { length, limit }) if length == frame.len() - 4 && limit == length - 1
    ));
    for end in 1..frame.len() {
        let error = frame::read::<M>(&mut Cursor::new(&frame[..end]), MAX_BATCH).unwrap_err();
        assert!(matches!(error, FrameError::Io(_)), "{error}");
    }
}

/// Whatever decodes encodes to the same bytes.
fn canonical<M: Message>(payload: &[u8]) {
    if let Ok(message) = M::decode_payload(payload) {
        let mut again = Vec::new();
        message.encode_payload(&mut again);
        assert_eq!(again, payload);
    }
}

proptest! {
    #[test]
    fn sequencer_messages_have_one_encoding(message in sequencer_message()) { one_encoding(message) }
    #[test]
    fn prover_messages_have_one_encoding(message in prover_message()) { one_encoding(message) }
    #[test]
    fn enclave_requests_have_one_encoding(message in enclave_request()) { one_encoding(message) }
    #[test]
    fn enclave_responses_have_one_encoding(message in enclave_response()) { one_encoding(message) }

    #[test]
    fn garbage_never_decodes_to_something_else(
        mut payload in prop::collection::vec(any::<u8>(), 0..200), tag in 0usize..10,
    ) {
        const TAGS: [u8; 10] = [1, 2, 3, 4, 5, 0x81, 0x82, 0x83, 0x84, 0x85];
        if let Some(first) = payload.first_mut() { *first = TAGS[tag]; }
        canonical::<SequencerMessage>(&payload);
        canonical::<ProverMessage>(&payload);
        canonical::<EnclaveRequest>(&payload);
        canonical::<EnclaveResponse>(&payload);
    }

    #[test]
    fn a_flipped_bit_is_noticed_or_stays_canonical(message in enclave_response(), at: prop::sample::Index) {
        let mut payload = Vec::new();
        message.encode_payload(&mut payload);
        let bit = at.index(payload.len() * 8);
        payload[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = EnclaveResponse::decode_payload(&payload) {
            prop_assert_ne!(other, message);
        }
        canonical::<EnclaveResponse>(&payload);
    }
}

#[test]
fn end_of_stream_between_frames_is_told_from_one_inside() {
    let read = |bytes: &[u8]| frame::read::<ProverMessage>(&mut Cursor::new(bytes), MAX_CONTROL);
    assert!(matches!(read(&[]), Err(FrameError::Closed)));
    assert!(matches!(read(&[1]), Err(FrameError::Io(_))));
    assert!(matches!(read(&[1, 0, 0, 0]), Err(FrameError::Io(_))));
    assert!(matches!(read(&[0, 0, 0, 0]), Err(FrameError::Message(MessageError::Empty))));
    assert!(matches!(read(&[1, 0, 0, 0, 0x77]), Err(FrameError::Message(MessageError::UnknownTag(0x77)))));
    assert!(matches!(read(&[0xff; 4]), Err(FrameError::TooLong { length: 0xffff_ffff, limit: MAX_CONTROL })));
}

/// The bytes of one message of each kind. A change here is a change of the protocol: raise
/// `PROTOCOL_VERSION`.
#[test]
fn format_is_pinned() {
    let byte = |value: u8| (Address::repeat_byte(value), B256::repeat_byte(value));
    let mut all = Vec::new();
    let mut add = |frame: Result<Vec<u8>, FrameError>| all.extend(frame.unwrap());
    add(frame::encode(&ProverMessage::from(Hello {
        version: 1,
        operator: byte(1).0,
        signer: byte(2).0,
        config_hash: byte(3).1,
    })));
    add(frame::encode(&ProverMessage::from(Signature {
        batch: 300,
        digest: byte(4).1,
        signature: FixedBytes([5; 65]),
    })));
    add(frame::encode(&SequencerMessage::from(Job {
        batch: 300,
        digest: byte(4).1,
        input: Bytes::from_static(b"input"),
        witness: Bytes::from_static(b"witness"),
    })));
    add(frame::encode(&EnclaveRequest::from(Attest {
        signer: byte(2).0,
        l1_chain_id: 1,
        registry: byte(6).0,
        operator: byte(1).0,
        ref_block_number: 70_000,
        ref_block_hash: byte(7).1,
    })));
    let signed = Signed {
        transition: Transition {
            configHash: byte(9).1,
            parentOutputRoot: byte(10).1,
            outputRoot: byte(11).1,
            lastL2Block: 12,
            lastL2Timestamp: 13,
            l1OriginNumber: 14,
            l1OriginHash: byte(15).1,
            daHash: byte(16).1,
        },
        signature: FixedBytes([8; 65]),
    };
    add(frame::encode(&ProverMessage::from(Contradiction {
        batch: 300,
        digest: byte(4).1,
        signed: signed.clone(),
    })));
    add(frame::encode(&EnclaveResponse::from(signed)));
    add(frame::encode(&EnclaveResponse::from(enclave::Refused {
        code: RefusalCode::Witness,
        reason: "unused node".into(),
    })));
    assert_eq!(
        hex::encode(frame::encode(&SequencerMessage::from(Ping { number: 128 })).unwrap()),
        "0400000084c28180"
    );
    assert_eq!(
        keccak256(&all).to_string(),
        "0x88e96de5751923bc4a3ca5a3db4d3398e4c630cd9562a78236ad93a2b9bab12a"
    );
}
