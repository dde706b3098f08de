//! The bounds of clients that poll, or have begun so.

use std::collections::HashMap;
use std::sync::Arc;

use ::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use ::http::{Method, StatusCode, Uri};
use axum::body::to_bytes;
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde::Deserialize;

use crate::fanout::polling::{PollingSession, WeakPollingSession};
use crate::fanout::websocket::upgrade::{SOCKET_IO_PATH, query_value};
use crate::net::acceptor::Peer;
use crate::net::limiter::{ConnectionLimiter, RETRY_AFTER_SECONDS, TOO_MANY_CONNECTIONS};
use crate::net::written_bytes::WrittenBytes;

/// The bound of the answer that opens a session.
const MAX_OPEN_BYTES: usize = 4_096;

/// The limiter of connections, and the sessions by their ids.
#[derive(Clone)]
pub(super) struct Polling {
    limiter: ConnectionLimiter,
    sessions: Arc<Mutex<HashMap<String, WeakPollingSession>>>,
}

impl Polling {
    pub(super) fn new(limiter: ConnectionLimiter) -> Self {
        Self {
            limiter,
            sessions: Arc::default(),
        }
    }

    fn add(&self, sid: String, session: &PollingSession) {
        let mut sessions = self.sessions.lock();
        if sessions.len() == sessions.capacity() {
            sessions.retain(|_, session| session.get().is_some());
        }
        sessions.insert(sid, session.downgrade());
    }

    fn get(&self, sid: &str) -> Option<PollingSession> {
        self.sessions.lock().get(sid)?.get()
    }
}

/// Middleware that counts a session as a connection, and what waits for its client.
pub(super) async fn polling(
    State(polling): State<Polling>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with(SOCKET_IO_PATH) {
        return next.run(request).await;
    }
    let Some(sid) = query_value(request.uri(), "sid").map(str::to_owned) else {
        if is_websocket(request.uri()) {
            return next.run(request).await;
        }
        let Some(permit) = polling.limiter.try_acquire(peer) else {
            let rejection = (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, RETRY_AFTER_SECONDS.to_string())],
                TOO_MANY_CONNECTIONS,
            );
            return rejection.into_response();
        };
        let session = PollingSession::new(permit);
        // socketioxide keeps the request as long as the session.
        request.extensions_mut().insert(session.clone());
        return opened(&polling, &session, next.run(request).await).await;
    };
    let is_poll = *request.method() == Method::GET && !is_websocket(request.uri());
    let written = request.extensions().get::<WrittenBytes>().cloned();
    let response = next.run(request).await;
    if let Some(session) = polling.get(&sid) {
        if is_poll && response.status() == StatusCode::OK {
            session.remove(body_length(&response));
        } else if response.status() == StatusCode::SWITCHING_PROTOCOLS
            && let Some(written) = written
        {
            session.upgrade(written);
        }
    }
    response
}

/// Notes the session that a response has opened.
async fn opened(polling: &Polling, session: &PollingSession, response: Response) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_OPEN_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let open: Option<Open> = bytes.get(1..).and_then(|open| serde_json::from_slice(open).ok());
    if let Some(Open { sid }) = open {
        polling.add(sid, session);
    }
    Response::from_parts(parts, bytes.into())
}

/// The packet that opens a session.
#[derive(Deserialize)]
struct Open {
    sid: String,
}

/// Returns `true` for a WebSocket's request. Every other one of Socket.IO counts as polling, whatever its spelling.
fn is_websocket(uri: &Uri) -> bool {
    query_value(uri, "transport") == Some("websocket")
}

fn body_length(response: &Response) -> usize {
    let length = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    //! - what a client has fetched no longer counts, whatever its length
    //! - of an event that doesn't fit as a whole, what is queued counts until it is fetched

    use std::net::{IpAddr, Ipv4Addr};

    use ::http::Request;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use socketioxide::extract::SocketRef;
    use tokio::sync::mpsc;
    use tower::ServiceExt as _;

    use super::*;
    use crate::Config;
    use crate::fanout::outgoing_event::OutgoingEvent;
    use crate::fanout::transport::Transport;
    use crate::fanout::websocket::outbound_queue::{QUEUE_FRAMES, QueueFull};
    use crate::session::socket_io;

    /// A client that polls, with both ends of its connection.
    struct Poller {
        router: Router,
        uri: String,
        transport: Transport,
        session: PollingSession,
    }

    impl Poller {
        async fn connect() -> Self {
            let (service, io) = socket_io::service(Router::new());
            let (sender, mut sockets) = mpsc::unbounded_channel();
            io.ns("/", async move |socket: SocketRef| sender.send(socket).unwrap());
            let limiter = ConnectionLimiter::new(&Config::default());
            let router = Router::new()
                .fallback_service(service)
                .layer(from_fn_with_state(Polling::new(limiter), polling))
                .layer(Extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST))));
            let uri = "/socket.io/?EIO=4&transport=polling";
            let open = respond(&router, Request::get(uri).body(Body::empty()).unwrap()).await;
            let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
            let uri = format!("{uri}&sid={}", open["sid"].as_str().unwrap());
            respond(&router, Request::post(&uri).body(Body::from("40")).unwrap()).await;
            let socket = sockets.recv().await.unwrap();
            let poller = Self {
                router,
                uri,
                transport: Transport::of(&socket),
                session: PollingSession::of(&socket).unwrap(),
            };
            assert!(poller.fetch().await.starts_with("40{"));
            poller
        }

        async fn fetch(&self) -> String {
            respond(&self.router, Request::get(&self.uri).body(Body::empty()).unwrap()).await
        }
    }

    async fn respond(router: &Router, request: Request<Body>) -> String {
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_a_client_has_fetched_no_longer_counts() {
        let poller = Poller::connect().await;
        for length in [10, 300, 70_000].repeat(20) {
            let arguments = ["x".repeat(length)];
            poller
                .transport
                .try_send(&OutgoingEvent::new("said", &arguments))
                .unwrap();
            assert_eq!(poller.fetch().await.len(), length + 13);
            assert_eq!(poller.session.waiting(), 0, "{length}");
        }
    }

    #[tokio::test]
    async fn what_is_queued_of_an_event_counts_until_it_is_fetched() {
        let poller = Poller::connect().await;
        let arguments = vec!["x"; QUEUE_FRAMES + 10];
        let sent = poller.transport.try_send(&OutgoingEvent::new("said", &arguments));
        assert!(matches!(sent, Err(QueueFull)));
        assert_eq!(poller.session.waiting(), QUEUE_FRAMES * "42['said','x']".len());
        let mut fetched = 0;
        while fetched < QUEUE_FRAMES {
            fetched += poller.fetch().await.split('\u{1e}').count();
        }
        assert_eq!(poller.session.waiting(), 0);
    }
}
