//! A node that lacks a method: a proxy in front of one that has it.

use alloy::transports::http::reqwest;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Serves what the node at `target` answers, but for `method`, which it does not know. Returns the URL.
pub(crate) async fn without(method: &'static str, target: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = target.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, method, target.clone()));
        }
    });
    url
}

/// Answers one request.
async fn serve(mut stream: TcpStream, method: &str, target: String) {
    let Some(request) = body(&mut stream).await else { return };
    let asked: Value = serde_json::from_slice(&request).unwrap();
    let answer = if asked["method"] == method {
        let error = json!({ "code": -32601, "message": format!("the method {method} does not exist") });
        json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error }).to_string()
    } else {
        let client = reqwest::Client::new();
        let question = client.post(target).header("content-type", "application/json").body(request);
        question.send().await.unwrap().text().await.unwrap()
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()).await.unwrap();
}

/// The body of a request, which says how long it is. `None` if none comes.
async fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.trim().parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}
