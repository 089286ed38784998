//! `eth_call` and `eth_estimateGas`.

use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};

use crate::{
    chain::{BALANCE, FUNDS, LOOPER, REVERTER, TestChain, WRITER, word, words},
    http::Served,
    wallet::{Wallet, raw},
};

/// `Error("nope")`.
const NOPE: [u8; 100] = hex!(
    "08c379a0"
    "0000000000000000000000000000000000000000000000000000000000000020"
    "0000000000000000000000000000000000000000000000000000000000000004"
    "6e6f706500000000000000000000000000000000000000000000000000000000"
);

#[test]
fn calls_answer_and_revert() {
    let served = Served::new(TestChain::new());
    let wallet = Wallet::new(1).address();
    let call = |request: Value| served.try_call("eth_call", json!([request, "latest"]));
    let balance = call(json!({ "from": wallet, "to": BALANCE })).unwrap();
    assert_eq!(balance, json!(alloy_primitives::B256::from(FUNDS)));
    assert_eq!(call(json!({ "to": Address::repeat_byte(1), "data": "0x12" })).unwrap(), "0x");

    let data = format!("0x{}", hex::encode(NOPE));
    for method in ["eth_call", "eth_estimateGas"] {
        let refused = served.refusal(method, json!([{ "to": REVERTER, "input": data }]));
        assert_eq!((refused.code, refused.message.as_str()), (3, "execution reverted: nope"));
        assert_eq!(refused.data, Some(json!(data)));
    }
    let refused = call(json!({ "to": REVERTER })).unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (3, "execution reverted"));
    assert_eq!(refused.data, Some(json!("0x")));
    let refused = call(json!({ "to": LOOPER })).unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (-32000, "out of gas"));
    let created = call(json!({ "data": "0x60015ff3" })).unwrap();
    assert_eq!(created, "0x00", "a creation returns the code");
}

#[test]
fn requests_that_make_no_sense() {
    let served = Served::new(TestChain::new());
    let wallet = Wallet::new(1).address();
    for (request, words) in [
        (
            json!({ "to": WRITER, "gasPrice": "0x1", "maxFeePerGas": "0x1" }),
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ),
        (json!({ "to": WRITER, "chainId": "0x1" }), "chainId does not match node's (have=1, want=7425)"),
        (
            json!({ "to": WRITER, "data": "0x12", "input": "0x34" }),
            "both \"data\" and \"input\" are set and not equal.",
        ),
        (
            json!({ "to": WRITER, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2" }),
            "max priority fee per gas higher than max fee per gas",
        ),
        (
            json!({ "to": WRITER, "from": Address::repeat_byte(9), "value": "0x1" }),
            "insufficient funds for gas * price + value: address 0x0909090909090909090909090909090909090909 have 0 want 1",
        ),
        (json!({ "to": WRITER, "gas": "0x5207" }), "intrinsic gas too low: have 20999, want 21000"),
        (
            json!({ "from": wallet, "to": WRITER, "gasPrice": "0x1" }),
            "max fee per gas less than block base fee",
        ),
    ] {
        let refused = served.refusal("eth_call", json!([request, "latest"]));
        assert_eq!(refused.code, -32000, "{request}");
        assert!(refused.message.starts_with(words), "{request}: {}", refused.message);
    }
}

#[test]
fn estimates_are_enough_and_little_more() {
    let mut served = Served::new(TestChain::new());
    let wallet = Wallet::new(1);
    let estimate = |request: Value| {
        let gas = served.call("eth_estimateGas", json!([request]));
        u64::from_str_radix(&gas.as_str().unwrap()[2..], 16).unwrap()
    };
    let from = wallet.address();
    assert_eq!(estimate(json!({ "from": from, "to": Address::repeat_byte(1), "value": "0x1" })), 21_000);
    let input = words([5, 6]);
    let gas = estimate(json!({ "from": from, "to": WRITER, "input": input, "gasPrice": "0x3b9aca00" }));
    let created = estimate(json!({ "from": from, "data": "0x60015ff3" }));
    assert!((53_000..60_000).contains(&created), "{created}");

    let call = alloy::consensus::TxEip1559 {
        to: WRITER.into(),
        input,
        gas_limit: gas,
        value: U256::ZERO,
        ..crate::wallet::plain()
    };
    let hash = served.call("eth_sendRawTransaction", json!([raw(&wallet.sign(call))]));
    served.chain.seal();
    let receipt = served.call("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    let used = u64::from_str_radix(&receipt["gasUsed"].as_str().unwrap()[2..], 16).unwrap();
    assert!(used <= gas && gas < used + used / 20 + 3_000, "used {used}, estimated {gas}");
}

#[test]
fn estimates_that_cannot_be() {
    let served = Served::new(TestChain::new());
    let refusal = |request: Value| served.refusal("eth_estimateGas", json!([request]));
    let looping = refusal(json!({ "to": LOOPER }));
    assert_eq!(looping.message, "gas required exceeds allowance (16777216)");
    let small = refusal(json!({ "to": WRITER, "input": words([1, 1]), "gas": "0x6000" }));
    assert_eq!(small.message, "gas required exceeds allowance (24576)");
    let poor = refusal(json!({ "from": Address::repeat_byte(9), "to": WRITER, "value": "0x1" }));
    assert!(poor.message.contains("insufficient funds"), "{poor:?}");
    let poor = refusal(
        json!({ "from": Address::repeat_byte(9), "to": WRITER, "value": "0x1", "gasPrice": "0x3b9aca00" }),
    );
    assert_eq!(poor.message, "insufficient funds for transfer");
}

#[test]
fn authorizations_count_in_an_estimate() {
    let served = Served::new(TestChain::new());
    let authority = Wallet::new(2);
    let authorization = authority.authorize(0, WRITER);
    let request = json!({
        "from": Wallet::new(1).address(),
        "to": authority.address(),
        "input": words([1, 7]),
        "authorizationList": [authorization],
    });
    let gas = served.call("eth_estimateGas", json!([request]));
    let gas = u64::from_str_radix(&gas.as_str().unwrap()[2..], 16).unwrap();
    assert!(gas > 21_000 + 12_500 + 20_000, "{gas}");
}

#[test]
fn state_can_be_imagined() {
    let served = Served::new(TestChain::new());
    let someone = Address::repeat_byte(0x55);
    let overrides = json!({ someone.to_string(): { "balance": "0x2a" } });
    let balance = served.call("eth_call", json!([{ "from": someone, "to": BALANCE }, "latest", overrides]));
    assert_eq!(balance, json!(word(42)));
    // Returns the value of slot 1.
    let code = json!("0x60015460005260206000f3");
    for (storage, expected) in [
        (json!({ "code": code, "stateDiff": { word(1).to_string(): word(9) } }), 9),
        (json!({ "code": code, "state": { word(1).to_string(): word(8) } }), 8),
        (json!({ "code": code, "state": {} }), 0),
    ] {
        let overrides = json!({ someone.to_string(): storage });
        let answer = served.call("eth_call", json!([{ "to": someone }, "latest", overrides]));
        assert_eq!(answer, json!(word(expected)));
    }
    let both = json!({ someone.to_string(): { "state": {}, "stateDiff": {} } });
    let refused = served.refusal("eth_call", json!([{ "to": someone }, "latest", both]));
    assert!(refused.message.contains("has both 'state' and 'stateDiff'"), "{refused:?}");
}

#[test]
fn calls_see_the_state_of_their_block() {
    let mut chain = TestChain::new();
    chain.add(Wallet::new(1).transfer(0, 1)).unwrap();
    chain.seal();
    let served = Served::new(chain);
    let wallet = Wallet::new(1).address();
    let at = |block: &str| served.call("eth_call", json!([{ "from": wallet, "to": BALANCE }, block]));
    assert_eq!(at("0x0"), json!(alloy_primitives::B256::from(FUNDS)));
    assert_ne!(at("0x1"), at("0x0"));
}
