//! An L2 node that lies: the command line sends nothing on its word.

use std::sync::{Arc, Mutex};

use alloy::providers::{DynProvider, Provider};
use e2e::Devnet;
use eyre::{OptionExt, Result, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    ALONE,
    cli::{Cli, text},
};

/// What a lie makes of an answer to a method.
type Lie = fn(&str, &mut Value);

/// Passes questions on to the real node, and its answers back as a lie makes them.
struct Liar {
    url: String,
    lie: Arc<Mutex<Lie>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_on_the_word_of_a_lying_node() -> Result<()> {
    let devnet = Devnet::start_with(&[ALONE]).await?;
    let user = Cli::new(&devnet, 4)?;
    let liar = Liar::start(devnet.l2()?, devnet.spare_port(1)).await?;
    let nonce = async || Ok::<_, eyre::Report>(devnet.l1()?.get_transaction_count(user.address()).await?);

    let ended = user.run(&["withdraw", "0.3 eth"]).await?;
    ensure!(ended.code == 0, "{}", ended.document);
    let (hash, transaction) = (text(&ended.document["withdrawal"]), text(&ended.document["l2Transaction"]));
    let honest = user.run(&["prove", &hash, "--wait", "--l2-rpc", &liar.url]).await?;
    ensure!(honest.code == 0, "the liar does not even pass on the truth: {}", honest.document);

    let second = user.run(&["withdraw", "0.3 eth"]).await?;
    let second = text(&second.document["withdrawal"]);
    let before = nonce().await?;
    // Its own proof and that of eth_getProof, and every part of both.
    for (lie, words) in [
        (no_own_proof_and_wrong_nodes as Lie, "does not hold"),
        (no_own_proof_and_wrong_storage_root, "output root"),
        (no_own_proof_and_wrong_state_root, "output root"),
    ] {
        liar.tell(lie)?;
        let refused = user.run(&["prove", &second, "--wait", "--l2-rpc", &liar.url]).await?;
        assert_eq!(refused.code, 1, "{}", refused.document);
        assert!(refused.document["error"].to_string().contains(words), "{}", refused.document);
    }
    liar.tell(other_contents)?;
    let refused = user.run(&["finalize", &transaction, "--l2-rpc", &liar.url]).await?;
    assert!(refused.document["error"].to_string().contains("hash to"), "{}", refused.document);
    liar.tell(other_chain)?;
    for line in [&["deposit", "1 eth"][..], &["withdraw", "1 eth"], &["prove", &second]] {
        let refused = user.run(&[line, &["--l2-rpc", &liar.url]].concat()).await?;
        assert!(refused.document["error"].to_string().contains("chain id"), "{}", refused.document);
    }
    assert_eq!(nonce().await?, before, "nothing was sent");

    // A wrong proof of the node's own is passed over as long as eth_getProof tells the truth.
    liar.tell(wrong_own_proof)?;
    let proved = user.run(&["prove", &second, "--wait", "--l2-rpc", &liar.url]).await?;
    assert_eq!(proved.code, 0, "{}", proved.document);
    Ok(())
}

fn no_own_proof(method: &str, answer: &mut Value) {
    if method == "phala_getWithdrawalProof" {
        *answer = json!([]);
    }
}

fn no_own_proof_and_wrong_nodes(method: &str, answer: &mut Value) {
    no_own_proof(method, answer);
    if method == "eth_getProof"
        && let Some(nodes) = answer["storageProof"][0]["proof"].as_array_mut()
    {
        nodes.iter_mut().for_each(change);
    }
}

fn no_own_proof_and_wrong_storage_root(method: &str, answer: &mut Value) {
    no_own_proof(method, answer);
    if method == "eth_getProof" {
        change(&mut answer["storageHash"]);
    }
}

fn no_own_proof_and_wrong_state_root(method: &str, answer: &mut Value) {
    no_own_proof(method, answer);
    if method == "eth_getBlockByNumber" {
        change(&mut answer["stateRoot"]);
    }
}

fn wrong_own_proof(method: &str, answer: &mut Value) {
    if method == "phala_getWithdrawalProof"
        && let Some(nodes) = answer[0]["withdrawalProof"].as_array_mut()
    {
        nodes.iter_mut().for_each(change);
    }
}

/// The withdrawal pays more than it does.
fn other_contents(method: &str, answer: &mut Value) {
    if method == "eth_getTransactionReceipt"
        && let Some(logs) = answer["logs"].as_array_mut()
    {
        logs.iter_mut().for_each(|log| change(&mut log["data"]));
    }
}

fn other_chain(method: &str, answer: &mut Value) {
    if method == "eth_chainId" {
        *answer = json!("0x1");
    }
}

/// Another digit in the place of one of the first.
fn change(hexadecimal: &mut Value) {
    if let Some(digits) = hexadecimal.as_str().filter(|digits| digits.len() > 60) {
        let place = 40;
        let other = if digits.as_bytes()[place] == b'7' { "8" } else { "7" };
        *hexadecimal = format!("{}{other}{}", &digits[..place], &digits[place + 1..]).into();
    }
}

impl Liar {
    async fn start(node: DynProvider, port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let lie: Arc<Mutex<Lie>> = Arc::new(Mutex::new(|_, _| ()));
        let told = lie.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, node.clone(), told.clone()));
            }
        });
        Ok(Self { url: format!("http://127.0.0.1:{port}"), lie })
    }

    fn tell(&self, lie: Lie) -> Result<()> {
        *self.lie.lock().map_err(|_| eyre::eyre!("the liar has died"))? = lie;
        Ok(())
    }
}

/// One connection. The program asks one thing at a time on each, and never in batches.
async fn serve(mut stream: TcpStream, node: DynProvider, lie: Arc<Mutex<Lie>>) -> Result<()> {
    let mut read = Vec::new();
    loop {
        let body = loop {
            if let Some(body) = body(&read) {
                break body;
            }
            let mut some = [0; 4096];
            match stream.read(&mut some).await? {
                0 => return Ok(()),
                count => read.extend_from_slice(&some[..count]),
            }
        };
        read.clear();
        let question: Value = serde_json::from_slice(&body)?;
        let method = text(&question["method"]);
        let mut response = json!({ "jsonrpc": "2.0", "id": question["id"] });
        let name = method.clone().into();
        match node.raw_request::<Value, Value>(name, question["params"].clone()).await {
            Ok(mut answer) => {
                let lie = *lie.lock().map_err(|_| eyre::eyre!("the test has died"))?;
                lie(&method, &mut answer);
                response["result"] = answer;
            }
            Err(error) => {
                let error = error.as_error_resp().ok_or_eyre("the node does not answer")?;
                let data: Option<Value> =
                    error.data.as_ref().and_then(|data| serde_json::from_str(data.get()).ok());
                response["error"] = json!({ "code": error.code, "message": error.message, "data": data });
            }
        }
        let response = response.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            response.len()
        );
        stream.write_all(format!("{head}{response}").as_bytes()).await?;
    }
}

/// The body of a whole request.
fn body(read: &[u8]) -> Option<Vec<u8>> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse::<usize>().ok()?;
    read.get(end..end + length).map(<[u8]>::to_vec)
}
