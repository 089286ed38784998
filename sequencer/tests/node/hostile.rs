//! Requests that are none. The server answers each, and goes on.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::{
    chain::{LOOPER, TestChain},
    http::{Refused, Served, Socket, connect, exchange, refused},
};

fn error(body: &str) -> (Value, Refused) {
    let response: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}"));
    (response["id"].clone(), refused(&response["error"]))
}

fn is_alive(served: &Served) {
    assert_eq!(served.call("eth_chainId", json!([])), "0x1d01");
}

#[test]
fn what_is_not_json_is_a_parse_error() {
    let served = Served::new(TestChain::new());
    let deep =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\",\"params\":{}", "[".repeat(100_000));
    for body in [
        "",
        " ",
        "hello",
        "{",
        "[",
        "{\"jsonrpc\":\"2.0\",\"id\":1",
        "\"eth_chainId\"",
        "7",
        "null",
        "\u{0}",
        &deep,
    ] {
        let (_, answer) = served.post(body.as_bytes());
        let (id, error) = error(&answer);
        assert_eq!((id, error.code), (Value::Null, -32700), "{}: {answer}", &body[..body.len().min(40)]);
    }
    let (_, answer) = served.post(&[0xff, 0xfe, b'{', 0x80]);
    assert_eq!(error(&answer).1.code, -32700);
    is_alive(&served);
}

#[test]
fn what_is_json_and_no_request_is_an_invalid_request() {
    let served = Served::new(TestChain::new());
    for (body, id) in [
        (json!({}), Value::Null),
        (json!({ "id": 5 }), json!(5)),
        (json!({ "jsonrpc": "2.0", "id": 5 }), json!(5)),
        (json!({ "jsonrpc": "1.0", "id": 5, "method": "eth_chainId" }), json!(5)),
        (json!({ "jsonrpc": "2.0", "id": 5, "method": 7 }), json!(5)),
        (json!({ "id": "x", "method": "eth_chainId" }), json!("x")),
    ] {
        let (_, answer) = served.post(body.to_string().as_bytes());
        let (got, error) = error(&answer);
        // Without an id there is nothing to tell a bad request from other JSON.
        let expected = if id.is_null() { [-32600, -32700] } else { [-32600, -32600] };
        assert!(expected.contains(&error.code) && got == id, "{body}: {answer}");
    }
    is_alive(&served);
}

#[test]
fn unknown_methods_are_named() {
    let served = Served::new(TestChain::new());
    for method in ["eth_mine", "", "debug_traceTransaction", "\u{1F600}"] {
        let refused = served.refusal(method, json!([]));
        let message = format!("the method {method} does not exist/is not available");
        assert_eq!((refused.code, refused.message), (-32601, message));
    }
    let long = "x".repeat(100_000);
    assert!(served.refusal(&long, json!([])).message.len() < 300);
    let refused = served.refusal("eth_subscribe", json!(["newHeads"]));
    assert_eq!((refused.code, refused.message.as_str()), (-32601, "notifications not supported"));
}

#[test]
fn wrong_parameters_are_named() {
    let served = Served::new(TestChain::new());
    let address = json!("0x00000000000000000000000000000000000a0001");
    for (method, params, words) in [
        ("eth_getBalance", json!([]), "missing value for required argument 0"),
        ("eth_getBalance", json!([null, "latest"]), "missing value for required argument 0"),
        ("eth_getBalance", json!({ "address": address }), "non-array args"),
        ("eth_getBalance", json!("latest"), "non-array args"),
        ("eth_getBalance", json!([address, "latest", 1]), "too many arguments, want at most 2"),
        ("eth_getBalance", json!(["0x12", "latest"]), "invalid argument 0: "),
        ("eth_getBalance", json!([7, "latest"]), "invalid argument 0: "),
        ("eth_getBalance", json!([address, "newest"]), "invalid argument 1: "),
        ("eth_getBalance", json!([address, 7]), "invalid argument 1: "),
        ("eth_getBalance", json!([address, { "blockHash": "0x12" }]), "invalid argument 1: "),
        (
            "eth_getStorageAt",
            json!([address, format!("0x{}", "1".repeat(65)), "latest"]),
            "invalid argument 1: ",
        ),
        ("eth_getStorageAt", json!([address, "0xzz", "latest"]), "invalid argument 1: "),
        ("eth_getTransactionByHash", json!(["0x12"]), "invalid argument 0: "),
        ("eth_getTransactionReceipt", json!([[]]), "invalid argument 0: "),
        ("eth_sendRawTransaction", json!(["hello"]), "invalid argument 0: "),
        ("eth_sendRawTransaction", json!([{}]), "invalid argument 0: "),
        ("eth_call", json!(["0x"]), "invalid argument 0: "),
        ("eth_call", json!([{ "to": "0x12" }, "latest"]), "invalid argument 0: "),
        ("eth_call", json!([{ "value": "-0x1" }, "latest"]), "invalid argument 0: "),
        ("eth_getBlockByNumber", json!(["latest", "yes"]), "invalid argument 1: "),
        ("eth_getBlockByNumber", json!([{}, true]), "invalid argument 0: "),
        ("eth_getLogs", json!([{ "topics": "0x12" }]), "invalid argument 0: "),
        ("eth_feeHistory", json!(["many", "latest", []]), "invalid argument 0: "),
        ("eth_feeHistory", json!([4, "latest", [50, 10]]), "invalid reward percentile: "),
        ("eth_getProof", json!([address, vec!["0x1"; 1025], "latest"]), "too many keys: "),
        ("optimism_outputAtBlock", json!(["latest"]), "invalid argument 0: "),
        ("eth_chainId", json!([1]), "too many arguments, want at most 0"),
    ] {
        let refused = served.refusal(method, params.clone());
        assert_eq!(refused.code, -32602, "{method} {params}: {refused:?}");
        assert!(refused.message.starts_with(words), "{method} {params}: {}", refused.message);
    }
    is_alive(&served);
}

#[test]
fn oversized_bodies_are_answered_and_not_cut_off() {
    let served = Served::with(TestChain::new(), |config| config.max_request_bytes = 10_000);
    let padded = |length| {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] }).to_string();
        format!("{request}{}", " ".repeat(length - request.len()))
    };
    assert_eq!(served.post(padded(10_000).as_bytes()).0, 200);
    // More than socket buffers hold, so that an early close would break the client's writing.
    for length in [10_001, 100_000, 20_000_000] {
        let (status, answer) = served.post(padded(length).as_bytes());
        assert_eq!(status, 413, "{length}");
        assert_eq!(error(&answer).1.message, "Request is too big");
        is_alive(&served);
    }
    // Chunked, without saying how much is to come.
    let mut chunked = Vec::new();
    for _ in 0..100 {
        write!(chunked, "400\r\n{}\r\n", " ".repeat(0x400)).unwrap();
    }
    chunked.extend(b"0\r\n\r\n");
    let headers = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
    assert_eq!(exchange(served.address, "POST / HTTP/1.1", headers, &chunked).0, 413);
    is_alive(&served);
}

#[test]
fn oversized_messages_on_a_socket_leave_it_open() {
    let served = Served::with(TestChain::new(), |config| config.max_request_bytes = 10_000);
    let mut socket = Socket::open(served.address);
    socket.send(&" ".repeat(20_000));
    assert_eq!(socket.receive()["error"]["message"], "Request is too big");
    socket.send("no json");
    assert_eq!(socket.receive()["error"]["code"], -32700);
    socket.send("{\"id\":3}");
    assert_eq!(socket.receive()["error"]["code"], -32600);
    assert_eq!(socket.call("eth_mine", json!([]))["error"]["code"], -32601);
    assert_eq!(socket.call("eth_chainId", json!([]))["result"], "0x1d01");
}

#[test]
fn batches_are_answered_one_by_one_and_limited() {
    let served = Served::with(TestChain::new(), |config| config.max_batch = 4);
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" },
        7,
        { "jsonrpc": "2.0", "id": 2, "method": "eth_mine", "params": [] },
        { "jsonrpc": "2.0", "method": "eth_chainId", "params": [] },
    ]);
    let (_, answer) = served.post(batch.to_string().as_bytes());
    let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
    assert_eq!(answers.len(), 3, "a notification is not answered: {answer}");
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!(1), &json!("0x1d01")));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&Value::Null, &json!(-32600)));
    assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&json!(2), &json!(-32601)));

    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" });
    let (_, answer) = served.post(json!(vec![call; 5]).to_string().as_bytes());
    let (_, refused) = error(&answer);
    assert_eq!((refused.code, refused.message.as_str()), (-32600, "batch too large"));
    let (_, answer) = served.post(b"[]");
    let (_, refused) = error(&answer);
    assert_eq!((refused.code, refused.message.as_str()), (-32600, "empty batch"));
    let (_, answer) = served.post(b"[1,2");
    assert_eq!(error(&answer).1.code, -32700);
}

#[test]
fn answers_are_limited_too() {
    let served = Served::with(TestChain::new(), |config| config.max_response_bytes = 2_000);
    let refused =
        served.refusal("eth_getCode", json!(["0xca11bde05977b3631167028862be2a173976ca11", "latest"]));
    assert!(refused.message.contains("too big"), "{refused:?}");
    let call =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["0x0", false] });
    let (_, answer) = served.post(json!(vec![call; 9]).to_string().as_bytes());
    assert!(answer.contains("too large") || answer.contains("too big"), "{answer}");
    is_alive(&served);
}

#[test]
fn http_that_is_not_a_request() {
    let served = Served::new(TestChain::new());
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" }).to_string();
    let length = format!("content-length: {}\r\n", body.len());
    let post = |kind: &str| {
        let headers = format!("{length}content-type: {kind}\r\n");
        exchange(served.address, "POST / HTTP/1.1", &headers, body.as_bytes()).0
    };
    assert_eq!(post("application/json"), 200);
    assert_eq!(post("application/json; charset=utf-8"), 200);
    assert_eq!(post("text/plain"), 415);
    assert_eq!(exchange(served.address, "GET / HTTP/1.1", "", b"").0, 405);
    assert_eq!(exchange(served.address, "PUT / HTTP/1.1", &length, body.as_bytes()).0, 405);
    let (status, health) = exchange(served.address, "GET /health HTTP/1.1", "", b"");
    assert_eq!((status, health.contains("\"head\":0")), (200, true), "{health}");

    let mut stream = connect(served.address);
    stream.write_all(b"\x16\x03\x01 this is TLS, or so\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    is_alive(&served);
}

#[test]
fn browsers_may_call() {
    let served = Served::new(TestChain::new());
    let headers = "origin: https://wallet.example\r\naccess-control-request-method: POST\r\n\
                   access-control-request-headers: content-type\r\n";
    let mut stream = connect(served.address);
    write!(stream, "OPTIONS / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("access-control-allow-origin: *"), "{answer}");
}

#[test]
fn endless_calls_take_turns_and_light_ones_pass_them() {
    let served = Served::with(TestChain::new(), |config| config.max_heavy_requests = 1);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| served.refusal("eth_call", json!([{ "to": LOOPER }, "latest"]))))
            .collect();
        is_alive(&served);
        for call in calls {
            assert_eq!(call.join().unwrap().message, "out of gas");
        }
    });
}
