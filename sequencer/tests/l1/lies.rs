//! An L1 node that lies: a proxy in front of an honest one that changes answers.

use std::sync::Arc;

use alloy_primitives::B256;
use sequencer::l1::{L1Client, L1Error};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{anvil::Anvil, watch::Watch};

type Lie = Arc<dyn Fn(&str, &mut Value) + Send + Sync>;

/// Serves what `anvil` answers after `lie` has changed it. Returns the URL.
async fn proxy(anvil: &Anvil, lie: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = anvil.url.trim_start_matches("http://").to_owned();
    let lie: Lie = Arc::new(lie);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, target.clone(), Arc::clone(&lie)));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, target: String, lie: Lie) {
    while let Some(request) = read_body(&mut stream).await {
        let method =
            serde_json::from_slice::<Value>(&request).unwrap()["method"].as_str().unwrap().to_owned();
        let mut honest = TcpStream::connect(&target).await.unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            request.len()
        );
        honest.write_all(&[head.as_bytes(), &request].concat()).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&read_body(&mut honest).await.unwrap()).unwrap();
        lie(&method, &mut answer["result"]);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()).await.unwrap();
    }
}

/// The body of the next HTTP message, which must say how long it is.
async fn read_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        let byte = stream.read_u8().await.ok()?;
        bytes.push(byte);
        if bytes.ends_with(b"\r\n\r\n") {
            break String::from_utf8(bytes).unwrap().to_lowercase();
        }
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.trim().parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

fn client(url: &str) -> L1Client {
    L1Client::new(url, std::time::Duration::from_secs(2), 1).unwrap()
}

#[tokio::test]
async fn a_changed_header_is_found_out() {
    let anvil = Anvil::still().await;
    anvil.mine(3).await;
    for (field, value) in [
        ("stateRoot", json!(B256::repeat_byte(1))),
        ("timestamp", json!("0x1")),
        ("parentHash", json!(B256::repeat_byte(2))),
        ("receiptsRoot", json!(B256::repeat_byte(3))),
        ("mixHash", json!(B256::repeat_byte(4))),
        ("hash", json!(B256::repeat_byte(5))),
        ("excessBlobGas", json!("0x77")),
    ] {
        let url = proxy(&anvil, move |method, result| {
            if method == "eth_getBlockByNumber" {
                result[field] = value.clone();
            }
        });
        let answer = client(&url.await).header(2.into()).await;
        assert!(matches!(answer, Err(L1Error::WrongHeaderHash { number: 2, .. })), "{field}: {answer:?}");
    }
}

#[tokio::test]
async fn another_block_than_the_one_asked_for_is_found_out() {
    let anvil = Anvil::still().await;
    anvil.mine(3).await;
    let other = anvil.rpc("eth_getBlockByNumber", json!(["0x1", false])).await;
    let url = proxy(&anvil, move |_, result| *result = other.clone()).await;
    let answer = client(&url).header(2.into()).await;
    assert!(matches!(answer, Err(L1Error::WrongNumber { wanted: 2, got: 1 })), "{answer:?}");
}

#[tokio::test]
async fn receipts_of_another_block_are_found_out() {
    let anvil = Anvil::still().await;
    let accounts = anvil.rpc("eth_accounts", json!([])).await;
    anvil.rpc("eth_sendTransaction", json!([{"from": accounts[0], "to": accounts[1], "value": "0x1"}])).await;
    anvil.mine(2).await;
    let header = client(&anvil.url).existing_header(1.into()).await.unwrap();
    assert_eq!(client(&anvil.url).receipts(&header).await.unwrap().len(), 1);

    let url = proxy(&anvil, |method, result| {
        if method == "eth_getBlockReceipts" {
            *result = json!([]);
        }
    });
    let answer = client(&url.await).receipts(&header).await;
    assert!(matches!(answer, Err(L1Error::WrongReceiptsRoot { number: 1, .. })), "{answer:?}");
    let url = proxy(&anvil, |method, result| {
        if method == "eth_getBlockReceipts" {
            result[0]["status"] = json!("0x0");
        }
    });
    let answer = client(&url.await).receipts(&header).await;
    assert!(matches!(answer, Err(L1Error::WrongReceiptsRoot { number: 1, .. })), "{answer:?}");
    let url = proxy(&anvil, |method, result| {
        if method == "eth_getBlockReceipts" {
            *result = Value::Null;
        }
    });
    let answer = client(&url.await).receipts(&header).await;
    assert!(matches!(answer, Err(L1Error::NoReceipts { number: 1, .. })), "{answer:?}");
}

#[tokio::test]
async fn nonsense_is_an_error() {
    let anvil = Anvil::still().await;
    for nonsense in [json!(7), json!("0x"), json!({"number": "0x2"}), json!([]), json!({"hash": null})] {
        let url = proxy(&anvil, move |_, result| *result = nonsense.clone()).await;
        let client = client(&url);
        assert!(client.header(2.into()).await.is_err());
        assert!(client.blob_base_fee().await.is_err() || client.nonce(Default::default()).await.is_ok());
    }
}

#[tokio::test]
async fn a_liar_makes_no_row() {
    let anvil = Anvil::still().await;
    let url = proxy(&anvil, |method, result| {
        if method == "eth_getBlockByNumber" && result["number"] == json!("0x2") {
            result["extraData"] = json!("0x6c6965");
        }
    });
    let watch = Watch::new(&anvil, &url.await, |_| {}).await;
    watch.watcher.check_chain().await.unwrap();
    anvil.mine(3).await;
    assert!(matches!(watch.watcher.step().await, Err(L1Error::WrongHeaderHash { number: 2, .. })));
    assert_eq!(watch.store.snapshot().unwrap().last_l1_block().unwrap().unwrap().header.number, 1);
}
