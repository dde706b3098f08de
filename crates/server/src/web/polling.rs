//! Limits for clients that poll, also after their upgrade to a WebSocket.

use std::collections::HashMap;
use std::sync::Arc;

use ::http::header::{CONNECTION, CONTENT_LENGTH, RETRY_AFTER};
use ::http::{HeaderValue, Method, StatusCode, Uri};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::fanout::polling::{PollingSession, WeakPollingSession};
use crate::fanout::websocket::upgrade::{SOCKET_IO_PATH, query_value};
use crate::net::acceptor::{ConnectionEnd, Peer};
use crate::net::limiter::{ConnectionLimiter, PermitKind, RETRY_AFTER_SECONDS, TOO_MANY_CONNECTIONS};
use crate::net::memory_budget::MemoryBudget;
use crate::net::written_bytes::WrittenBytes;

/// The bound of the answer that opens a session.
const MAX_OPEN_BYTES: usize = 4_096;

/// The packet with which a client ends its session.
const CLOSE_PACKET: &str = "1";

/// The sessions of clients that poll, by their ids, and the limiter that counts them as connections.
#[derive(Clone)]
pub(crate) struct PollingSessions {
    limiter: ConnectionLimiter,
    memory: MemoryBudget,
    by_id: Arc<Mutex<HashMap<String, WeakPollingSession>>>,
}

impl PollingSessions {
    pub(crate) fn new(limiter: ConnectionLimiter, memory: MemoryBudget) -> Self {
        Self {
            limiter,
            memory,
            by_id: Arc::default(),
        }
    }

    fn add(&self, sid: String, session: &PollingSession) {
        let mut by_id = self.by_id.lock();
        if by_id.len() == by_id.capacity() {
            by_id.retain(|_, session| session.get().is_some());
        }
        by_id.insert(sid, session.downgrade());
    }

    /// Returns `true` if a request is one of a session that is open.
    fn has_session_of(&self, uri: &Uri) -> bool {
        uri.path().starts_with(SOCKET_IO_PATH) && query_value(uri, "sid").is_some_and(|sid| self.get(sid).is_some())
    }

    fn get(&self, sid: &str) -> Option<PollingSession> {
        self.by_id.lock().get(sid)?.get()
    }
}

/// Middleware that counts a session as a connection, and what waits for its client.
pub(super) async fn count_polling(
    State(sessions): State<PollingSessions>,
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
        let Some(permit) = sessions.limiter.try_open_session(peer) else {
            return too_many_connections();
        };
        let end = CancellationToken::new();
        let session = PollingSession::new(permit, sessions.memory.open(end.clone()));
        // socketioxide keeps the request as long as the session.
        request.extensions_mut().insert(session.clone());
        let response = next.clone().run(request).await;
        let (response, sid) = register(&sessions, &session, response).await;
        if let Some(sid) = sid {
            tokio::spawn(end_session(end, session.downgrade(), sid, next));
        }
        return response;
    };
    let is_poll = *request.method() == Method::GET && !is_websocket(request.uri());
    let written = request.extensions().get::<WrittenBytes>().cloned();
    let end = request.extensions().get::<ConnectionEnd>().cloned();
    let response = next.run(request).await;
    if let Some(session) = sessions.get(&sid) {
        if is_poll && response.status() == StatusCode::OK {
            session.remove(body_length(&response));
        } else if response.status() == StatusCode::SWITCHING_PROTOCOLS
            && let Some(written) = written
            && let Some(end) = end
        {
            session.upgrade(written, end);
        }
    }
    response
}

/// Middleware that keeps the connections beyond the limits for requests of sessions that are open.
pub(super) async fn keep_reserve(
    State(sessions): State<PollingSessions>,
    Extension(connection): Extension<PermitKind>,
    request: Request,
    next: Next,
) -> Response {
    let is_reserved = match connection {
        PermitKind::Reserve => true,
        PermitKind::Connection | PermitKind::Session => false,
    };
    if is_reserved && !sessions.has_session_of(request.uri()) {
        let mut response = too_many_connections();
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    next.run(request).await
}

fn too_many_connections() -> Response {
    let retry_after = [(RETRY_AFTER, RETRY_AFTER_SECONDS.to_string())];
    (StatusCode::SERVICE_UNAVAILABLE, retry_after, TOO_MANY_CONNECTIONS).into_response()
}

/// Registers the session that a response has opened, and returns its id.
async fn register(
    sessions: &PollingSessions,
    session: &PollingSession,
    response: Response,
) -> (Response, Option<String>) {
    if response.status() != StatusCode::OK {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_OPEN_BYTES).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), None);
    };
    let open: Option<Open> = bytes.get(1..).and_then(|open| serde_json::from_slice(open).ok());
    let sid = open.map(|open| open.sid);
    if let Some(sid) = &sid {
        sessions.add(sid.clone(), session);
    }
    (Response::from_parts(parts, bytes.into()), sid)
}

/// Ends a session when its account is closed. A session that ends by itself closes its account, too.
async fn end_session(end: CancellationToken, session: WeakPollingSession, sid: String, next: Next) {
    end.cancelled().await;
    let is_websocket = session.get().map(|session| session.end_websocket());
    if is_websocket != Some(false) {
        return;
    }
    // socketioxide has no other way than the client's own to end a session whose queue is full.
    let uri = format!("{SOCKET_IO_PATH}/?EIO=4&transport=polling&sid={sid}");
    match Request::post(uri).body(Body::from(CLOSE_PACKET)) {
        Ok(request) => drop(next.run(request).await),
        Err(error) => tracing::error!(%error, "the id of a session is no part of a URI"),
    }
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
    //! - what a connection has carried before the upgrade, such as a page's files, doesn't count as fetched

    use std::net::{IpAddr, Ipv4Addr};

    use axum::Router;
    use axum::middleware::from_fn_with_state;

    use super::*;
    use crate::Config;
    use crate::fanout::outgoing_event::OutgoingEvent;
    use crate::fanout::test_poller::TestPoller;
    use crate::fanout::transport::Transport;
    use crate::fanout::websocket::outbound_queue::{QUEUE_FRAMES, QueueFull};
    use crate::session::socket_io;

    /// A client that polls, with both ends of its connection.
    struct Fixture {
        poller: TestPoller,
        transport: Transport,
        session: PollingSession,
    }

    impl Fixture {
        async fn new() -> Self {
            let (service, io) = socket_io::service(Router::new());
            let sessions = PollingSessions::new(
                ConnectionLimiter::new(&Config::default()),
                MemoryBudget::new(usize::MAX),
            );
            let http = Router::new()
                .fallback_service(service)
                .layer(from_fn_with_state(sessions, count_polling))
                .layer(Extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST))));
            let (poller, socket) = TestPoller::connect(http, &io).await;
            assert!(poller.fetch().await.starts_with("40{"));
            Self {
                poller,
                transport: Transport::of(&socket),
                session: PollingSession::of(&socket).unwrap(),
            }
        }

        /// Sends an event with a text, and returns the length of its packet.
        fn send(&self, length: usize) -> usize {
            let arguments = ["x".repeat(length)];
            self.transport
                .try_send(&OutgoingEvent::new("said", &arguments))
                .unwrap();
            length + "42['said','']".len()
        }
    }

    #[tokio::test]
    async fn what_a_client_has_fetched_no_longer_counts() {
        let fixture = Fixture::new().await;
        for length in [10, 300, 70_000].repeat(20) {
            let sent = fixture.send(length);
            assert_eq!(fixture.poller.fetch().await.len(), sent);
            assert_eq!(fixture.session.waiting(), 0, "{length}");
        }
    }

    #[tokio::test]
    async fn what_is_queued_of_an_event_counts_until_it_is_fetched() {
        let fixture = Fixture::new().await;
        let arguments = vec!["x"; QUEUE_FRAMES + 10];
        let sent = fixture.transport.try_send(&OutgoingEvent::new("said", &arguments));
        assert!(matches!(sent, Err(QueueFull)));
        assert_eq!(fixture.session.waiting(), QUEUE_FRAMES * "42['said','x']".len());
        let mut fetched = 0;
        while fetched < QUEUE_FRAMES {
            fetched += fixture.poller.fetch().await.split('\u{1e}').count();
        }
        assert_eq!(fixture.session.waiting(), 0);
    }

    #[tokio::test]
    async fn what_a_connection_carried_before_the_upgrade_fetches_nothing() {
        let fixture = Fixture::new().await;
        let mut waiting = fixture.send(1_000);
        // The second is the repetition of an upgrade that has failed.
        for _ in 0..2 {
            let connection = WrittenBytes::default();
            connection.add(100_000);
            fixture
                .session
                .upgrade(connection.clone(), ConnectionEnd(CancellationToken::new()));
            waiting += fixture.send(1_000);
            assert_eq!(fixture.session.waiting(), waiting);
            connection.add(500);
            waiting += fixture.send(1_000) - 500;
            assert_eq!(fixture.session.waiting(), waiting);
        }
    }
}
