//! A client that speaks HTTP and WebSocket byte by byte, so that it can misspeak.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use sequencer::rpc::{Api, RpcConfig, RpcServer};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::chain::TestChain;

/// A chain with its RPC.
pub(crate) struct Served {
    pub(crate) chain: TestChain,
    pub(crate) address: SocketAddr,
    _server: RpcServer,
    _runtime: Runtime,
}

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Served {
    pub(crate) fn new(chain: TestChain) -> Self {
        Self::with(chain, |_| {})
    }

    pub(crate) fn with(chain: TestChain, change: impl FnOnce(&mut RpcConfig)) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut config = RpcConfig::new("127.0.0.1:0".parse().unwrap());
        change(&mut config);
        let api = Api {
            chain: chain.config.clone(),
            store: chain.store.clone(),
            pool: chain.pool.clone(),
            heads: chain.heads.clone(),
            config,
        };
        let server = runtime.block_on(async { RpcServer::start(api) }).unwrap();
        Self { chain, address: server.address(), _server: server, _runtime: runtime }
    }

    /// Calls a method.
    pub(crate) fn try_call(&self, method: &str, params: Value) -> Result<Value, Refused> {
        call(self.address, method, params)
    }

    /// Calls a method that must succeed.
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Calls a method that must not.
    pub(crate) fn refusal(&self, method: &str, params: Value) -> Refused {
        match self.try_call(method, params.clone()) {
            Err(refused) => refused,
            Ok(value) => panic!("{method} {params}: {value}"),
        }
    }

    /// Posts a body as JSON.
    pub(crate) fn post(&self, body: &[u8]) -> (u16, String) {
        post(self.address, body)
    }
}

/// Calls a method at an address.
pub(crate) fn call(address: SocketAddr, method: &str, params: Value) -> Result<Value, Refused> {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (status, body) = post(address, request.to_string().as_bytes());
    assert_eq!(status, 200, "{body}");
    let mut response: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&response["jsonrpc"], &response["id"]), (&json!("2.0"), &json!(7)), "{body}");
    match response["error"].take() {
        Value::Null => Ok(response["result"].take()),
        error => Err(refused(&error)),
    }
}

/// Reads an error object.
pub(crate) fn refused(error: &Value) -> Refused {
    Refused {
        code: error["code"].as_i64().unwrap(),
        message: error["message"].as_str().unwrap().to_owned(),
        data: error.get("data").cloned(),
    }
}

fn post(address: SocketAddr, body: &[u8]) -> (u16, String) {
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    exchange(address, "POST / HTTP/1.1", &head, body)
}

/// Sends a request with these headers, and reads the answer to its end.
pub(crate) fn exchange(address: SocketAddr, request: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = connect(address);
    write!(stream, "{request}\r\nhost: test\r\nconnection: close\r\n{headers}\r\n").unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// A WebSocket connection.
pub(crate) struct Socket(TcpStream);

impl Socket {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut stream = connect(address);
        write!(
            stream,
            "GET / HTTP/1.1\r\nhost: test\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    /// Sends a text message.
    pub(crate) fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            len @ ..126 => frame.push(0x80 | u8::try_from(len).unwrap()),
            len => {
                frame.push(0x80 | 127);
                frame.extend((len as u64).to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).unwrap();
    }

    /// Reads the next text message.
    pub(crate) fn receive(&mut self) -> Value {
        loop {
            let mut head = [0; 2];
            self.0.read_exact(&mut head).unwrap();
            let length = match head[1] {
                126 => {
                    let mut length = [0; 2];
                    self.0.read_exact(&mut length).unwrap();
                    usize::from(u16::from_be_bytes(length))
                }
                127 => {
                    let mut length = [0; 8];
                    self.0.read_exact(&mut length).unwrap();
                    usize::try_from(u64::from_be_bytes(length)).unwrap()
                }
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).unwrap();
            match head[0] & 0x0f {
                1 => return serde_json::from_slice(&payload).unwrap(),
                9 => continue,
                other => panic!("opcode {other}: {payload:?}"),
            }
        }
    }

    /// Calls a method; answers to other things in between are lost.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string());
        loop {
            let message = self.receive();
            if message["id"] == 1 {
                return message;
            }
        }
    }
}
