//! `eth_subscribe`: new heads and logs, over WebSocket.

use std::{ops::RangeInclusive, sync::Arc};

use alloy::rpc::types::Log;
use jsonrpsee::{PendingSubscriptionSink, SubscriptionSink, types::Params};
use serde::Serialize;

use super::{
    Api, Args, RpcError, blocks,
    logs::{LogMatcher, matching},
    methods,
};

/// Blocks that a subscriber is told of at once; one that is further behind misses the rest.
const MAX_CATCH_UP: u64 = 128;

/// What a subscriber wants to hear of.
enum Topic {
    Heads,
    Logs(LogMatcher),
}

/// Serves one subscription until the client or the node goes.
pub(super) async fn subscribe(params: Params<'static>, pending: PendingSubscriptionSink, api: Arc<Api>) {
    let topic = match topic(&params) {
        Ok(topic) => topic,
        Err(error) => return pending.reject(error).await,
    };
    let mut latest = api.heads.latest.subscribe();
    let mut told = latest.borrow_and_update().number;
    let Ok(sink) = pending.accept().await else { return };
    let topic = Arc::new(topic);
    loop {
        tokio::select! {
            () = sink.closed() => return,
            changed = latest.changed() => if changed.is_err() { return },
        }
        let head = latest.borrow_and_update().number;
        // After an unwinding the numbers come again.
        let first = (told + 1).min(head).max(head.saturating_sub(MAX_CATCH_UP));
        told = head;
        let (api, topic) = (Arc::clone(&api), Arc::clone(&topic));
        let news = methods::blocking(move || news(&api, &topic, first..=head)).await;
        let Ok(news) = news else { continue };
        for item in news {
            if send(&sink, &item).await.is_err() {
                return;
            }
        }
    }
}

fn topic(params: &Params<'_>) -> Result<Topic, RpcError> {
    let args = Args::parse(params, 2)?;
    let name: String = args.required(0)?;
    match name.as_str() {
        "newHeads" => Ok(Topic::Heads),
        "logs" => Ok(Topic::Logs(args.optional(1)?.unwrap_or_default())),
        other => Err(RpcError::Params(format!("no \"{other}\" subscription in eth namespace"))),
    }
}

/// What there is to tell of these blocks.
fn news(api: &Api, topic: &Topic, blocks: RangeInclusive<u64>) -> Result<Vec<News>, RpcError> {
    let snapshot = api.store.snapshot()?;
    let mut news = Vec::new();
    for header in snapshot.headers(blocks)? {
        let header = header?;
        match topic {
            Topic::Heads => news.push(News::Head(Box::new(blocks::rpc_header(header)))),
            Topic::Logs(matcher) => {
                let mut logs = Vec::new();
                matching(&snapshot, &header, matcher, &mut logs)?;
                news.extend(logs.into_iter().map(|log| News::Log(Box::new(log))));
            }
        }
    }
    Ok(news)
}

/// One notification.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum News {
    Head(Box<alloy::rpc::types::Header>),
    Log(Box<Log>),
}

async fn send(sink: &SubscriptionSink, news: &News) -> Result<(), ()> {
    let message = serde_json::value::to_raw_value(news).map_err(|_| ())?;
    sink.send(message).await.map_err(|_| ())
}
