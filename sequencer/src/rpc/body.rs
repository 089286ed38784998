//! Requests over HTTP: how large they may be, and what becomes of those that are not JSON-RPC.
//!
//! A body that is too large is read to its end and thrown away before it is answered with 413. A
//! server that answers and closes while the client still sends would reset the connection, and the
//! client would never see the answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body_util::BodyExt as _;
use jsonrpsee::{
    core::BoxError,
    server::{
        HttpBody, HttpRequest, HttpResponse,
        http::response::{internal_error, too_large},
    },
};
use tower::{Layer, Service};

/// How many bytes of a body that is too large are read before the connection is closed all the same.
const MAX_DISCARDED: usize = 64 << 20;
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Marks a request that came as an HTTP body, so that its connection cannot be notified.
#[derive(Clone, Copy, Debug)]
pub(super) struct OverHttp;

/// Limits the bodies of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimit {
    /// Bytes allowed.
    pub max_bytes: u32,
}

impl<S> Layer<S> for BodyLimit {
    type Service = BodyLimited<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLimited { inner, max_bytes: self.max_bytes }
    }
}

/// A service behind a [`BodyLimit`].
#[derive(Clone, Debug)]
pub(super) struct BodyLimited<S> {
    inner: S,
    max_bytes: u32,
}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

impl<S> Service<HttpRequest> for BodyLimited<S>
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest) -> Answer {
        let (mut parts, body) = request.into_parts();
        let fresh = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, fresh);
        if parts.headers.contains_key("upgrade") {
            return Box::pin(ready.call(HttpRequest::from_parts(parts, body)));
        }
        parts.extensions.insert(OverHttp);
        let max_bytes = self.max_bytes;
        Box::pin(async move {
            let body = match tokio::time::timeout(MAX_WAIT, read(body, max_bytes as usize)).await {
                Ok(body) => body,
                Err(_) => {
                    let late = HttpResponse::builder().status(408).body(HttpBody::empty());
                    return Ok(late.unwrap_or_else(|_| internal_error()));
                }
            };
            match body {
                Ok(Some(body)) => {
                    parts.headers.remove("transfer-encoding");
                    parts.headers.insert("content-length", body.len().into());
                    ready.call(HttpRequest::from_parts(parts, HttpBody::from(body))).await
                }
                Ok(None) => Ok(too_large(max_bytes)),
                Err(error) => {
                    tracing::debug!(%error, "request body broke off");
                    Ok(internal_error())
                }
            }
        })
    }
}

/// The whole body, or `None` if it is larger than `limit`.
async fn read(mut body: HttpBody, limit: usize) -> Result<Option<Vec<u8>>, BoxError> {
    let mut bytes = Vec::new();
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
            if seen > limit.saturating_add(MAX_DISCARDED) {
                break;
            }
        }
    }
    Ok((seen <= limit).then_some(bytes))
}
