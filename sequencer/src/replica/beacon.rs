//! Blobs from a beacon node (Ethereum Beacon APIs, `getBlobs`).

use std::{collections::HashMap, time::Duration};

use alloy::transports::http::reqwest::{self, Client, StatusCode, Url};
use alloy_consensus::Header;
use alloy_eips::eip4844::{Blob, kzg_to_versioned_hash};
use alloy_primitives::{B256, Bytes};
use executor::batch::{BlobError, BlobWithProof};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::OnceCell;

/// Time for one answer.
const LIMIT: Duration = Duration::from_secs(30);

/// Longest answer in bytes: a block's blobs in hexadecimal, and room to spare.
const MAX_ANSWER: usize = 64 << 20;

/// A beacon node. It is not trusted: what it gives must commit to the hashes asked for.
#[derive(Debug)]
pub struct BlobSource {
    url: Url,
    client: Client,
    clock: OnceCell<Slots>,
}

/// How slots are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slots {
    /// By time, as on Ethereum. Both in seconds.
    Since { genesis: u64, length: u64 },
    /// As blocks: development nodes know no slots, and tell no specification.
    Blocks,
}

/// Why there are no blobs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// The URL cannot be read.
    #[error("beacon node URL {url:?}: {reason}")]
    Url {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node cannot be reached, or broke off. Try again.
    #[error("{path}: {source}")]
    Http {
        /// What was asked for.
        path: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The node refuses. Old blobs are gone from most nodes: ask one that keeps them.
    #[error("{path}: status {status}")]
    Status {
        /// What was asked for.
        path: String,
        /// HTTP status.
        status: StatusCode,
    },
    /// More than any answer has.
    #[error("{path}: more than {MAX_ANSWER} bytes")]
    TooLong {
        /// What was asked for.
        path: String,
    },
    /// The answer is not what the API says.
    #[error("{path}: {reason}")]
    Answer {
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The block is older than the beacon chain.
    #[error("L1 block {number} is of {time}, before the beacon chain's first slot")]
    BeforeGenesis {
        /// The L1 block.
        number: u64,
        /// Unix seconds.
        time: u64,
    },
    /// No blob with this hash came back.
    #[error(
        "the beacon node does not have blob {hash} of L1 block {number}; nodes keep blobs for about 18 days"
    )]
    Missing {
        /// Its versioned hash.
        hash: B256,
        /// The L1 block.
        number: u64,
    },
    /// The commitment of a blob cannot be computed.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Genesis {
    genesis_time: String,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "SECONDS_PER_SLOT")]
    seconds_per_slot: String,
}

impl BlobSource {
    /// The node at `url`, such as `http://localhost:5052`. Connects on the first request.
    pub fn new(url: &str) -> Result<Self, BeaconError> {
        let wrong = |reason: String| BeaconError::Url { url: url.to_owned(), reason };
        let client = Client::builder().timeout(LIMIT).build().map_err(|error| wrong(error.to_string()))?;
        let url: Url = url.trim_end_matches('/').parse().map_err(|error| wrong(format!("{error}")))?;
        Ok(Self { url, client, clock: OnceCell::new() })
    }

    /// The blobs with these versioned hashes, in this order. `block` is the L1 block that holds them.
    pub async fn blobs(&self, block: &Header, hashes: &[B256]) -> Result<Vec<BlobWithProof>, BeaconError> {
        let slot = self.slot(block).await?;
        let query: Vec<String> = hashes.iter().map(|hash| format!("versioned_hashes={hash}")).collect();
        let path = format!("/eth/v1/beacon/blobs/{slot}?{}", query.join("&"));
        let given: Vec<Bytes> = self.get(&path).await?;
        let mut found = HashMap::new();
        for bytes in given {
            let blob = Blob::try_from(bytes.as_ref())
                .map_err(|_| wrong(&path, format!("a blob of {} bytes", bytes.len())))?;
            let blob = BlobWithProof::new(Box::new(blob))?;
            found.insert(kzg_to_versioned_hash(blob.commitment.as_slice()), blob);
        }
        let missing = |hash| BeaconError::Missing { hash, number: block.number };
        hashes.iter().map(|hash| found.get(hash).cloned().ok_or_else(|| missing(*hash))).collect()
    }

    async fn slot(&self, block: &Header) -> Result<u64, BeaconError> {
        match *self.clock.get_or_try_init(|| self.read_slots()).await? {
            Slots::Blocks => Ok(block.number),
            Slots::Since { genesis, length } => block
                .timestamp
                .checked_sub(genesis)
                .map(|seconds| seconds / length)
                .ok_or(BeaconError::BeforeGenesis { number: block.number, time: block.timestamp }),
        }
    }

    async fn read_slots(&self) -> Result<Slots, BeaconError> {
        let path = "/eth/v1/config/spec";
        let spec: Spec = match self.get(path).await {
            Err(BeaconError::Status { status: StatusCode::NOT_FOUND, .. }) => return Ok(Slots::Blocks),
            answer => answer?,
        };
        let length = seconds(path, &spec.seconds_per_slot)?;
        if length == 0 {
            return Err(wrong(path, "slots of no length".to_owned()));
        }
        let path = "/eth/v1/beacon/genesis";
        let genesis: Genesis = self.get(path).await?;
        Ok(Slots::Since { genesis: seconds(path, &genesis.genesis_time)?, length })
    }

    /// The `data` of the answer to `GET path`.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, BeaconError> {
        let failed = |source| BeaconError::Http { path: path.to_owned(), source };
        let url = format!("{}{path}", self.url.as_str().trim_end_matches('/'));
        let mut answer = self.client.get(url).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(BeaconError::Status { path: path.to_owned(), status: answer.status() });
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(failed)? {
            if body.len() + part.len() > MAX_ANSWER {
                return Err(BeaconError::TooLong { path: path.to_owned() });
            }
            body.extend_from_slice(&part);
        }
        let answer: Answer<T> =
            serde_json::from_slice(&body).map_err(|error| wrong(path, error.to_string()))?;
        Ok(answer.data)
    }
}

fn wrong(path: &str, reason: String) -> BeaconError {
    BeaconError::Answer { path: path.to_owned(), reason }
}

/// The Beacon APIs write numbers as decimal strings.
fn seconds(path: &str, text: &str) -> Result<u64, BeaconError> {
    text.parse().map_err(|_| wrong(path, format!("{text:?} is no number of seconds")))
}
