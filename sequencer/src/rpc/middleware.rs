//! Around every JSON-RPC request: words, limits and measurements.

use std::time::Instant;

use jsonrpsee::{
    core::{
        middleware::{Batch, BatchEntry, Notification, Request, RpcServiceT},
        server::{BatchResponseBuilder, MethodResponse, Methods},
    },
    types::{ErrorObject, ErrorObjectOwned, Id},
};

use super::{
    RpcError,
    body::OverHttp,
    error::{INVALID_REQUEST, METHOD_NOT_FOUND},
};

/// Wraps the service that runs the methods.
#[derive(Clone, Debug)]
pub(super) struct RequestLayer {
    /// All methods, to tell which do not exist.
    pub methods: Methods,
    /// Requests in one batch.
    pub max_batch: usize,
    /// Bytes of the answer to one batch.
    pub max_response_bytes: usize,
}

impl<S> tower::Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestService { inner, layer: self.clone() }
    }
}

/// A service behind a [`RequestLayer`].
#[derive(Clone, Debug)]
pub(super) struct RequestService<S> {
    inner: S,
    layer: RequestLayer,
}

impl<S> RequestService<S> {
    /// What stands against running the request at all.
    fn refusal(&self, request: &Request<'_>) -> Option<ErrorObjectOwned> {
        let method = request.method_name();
        if self.layer.methods.method(method).is_none() {
            let shown: String = method.chars().take(200).collect();
            let message = format!("the method {shown} does not exist/is not available");
            return Some(ErrorObject::owned(METHOD_NOT_FOUND, message, None::<()>));
        }
        let notifies = matches!(method, "eth_subscribe" | "eth_unsubscribe");
        if notifies && request.extensions().get::<OverHttp>().is_some() {
            return Some(RpcError::NoNotifications.into());
        }
        None
    }
}

impl<S> RpcServiceT for RequestService<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.clone();
        async move {
            if let Some(refusal) = service.refusal(&request) {
                metrics::counter!("rpc_refused_total").increment(1);
                return MethodResponse::error(request.id, refusal);
            }
            let method = request.method_name().to_owned();
            let started = Instant::now();
            let response = service.inner.call(request).await;
            let outcome = if response.is_success() { "ok" } else { "error" };
            metrics::histogram!("rpc_seconds", "method" => method, "outcome" => outcome)
                .record(started.elapsed());
            response
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.clone();
        async move {
            let invalid = |message| ErrorObject::borrowed(INVALID_REQUEST, message, None);
            if batch.is_empty() {
                return MethodResponse::error(Id::Null, invalid("empty batch"));
            }
            if batch.len() > service.layer.max_batch {
                return MethodResponse::error(Id::Null, invalid("batch too large"));
            }
            let mut responses = BatchResponseBuilder::new_with_limit(service.layer.max_response_bytes);
            for entry in batch {
                let response = match entry {
                    Ok(BatchEntry::Call(request)) => service.call(request).await,
                    Ok(BatchEntry::Notification(_)) => continue,
                    Err(error) => {
                        let (error, id) = error.into_parts();
                        MethodResponse::error(id, error)
                    }
                };
                if let Err(too_large) = responses.append(response) {
                    return too_large;
                }
            }
            if responses.is_empty() {
                return MethodResponse::notification();
            }
            MethodResponse::from_batch(responses.finish())
        }
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
