//! A beacon node that lies.

use alloy::transports::http::reqwest;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Serves what the beacon node at `target` answers after `lie` has changed it. Returns the URL.
pub(crate) async fn proxy(target: &str, lie: fn(&mut Value)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let target = target.to_owned();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            let honest = reqwest::get(format!("{target}{path}")).await.unwrap();
            let status = honest.status().as_u16();
            let mut body = honest.text().await.unwrap();
            if path.contains("/blobs/") {
                let mut answer = serde_json::from_str(&body).unwrap();
                lie(&mut answer);
                body = answer.to_string();
            }
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.unwrap();
        }
    });
    url
}
