//! Limits for clients that poll, also after their upgrade to a WebSocket.

use std::sync::Arc;

use ::http::header::{CONNECTION, RETRY_AFTER};
use ::http::{HeaderValue, Method, StatusCode};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::fanout::engine_io_request::{EngineIoRequest, SOCKET_IO_PATH};
use crate::fanout::polling::session::{PollingSession, WeakPollingSession};
use crate::net::connection::Connection;
use crate::net::limiter::{RETRY_AFTER_SECONDS, TOO_MANY_CONNECTIONS};
use crate::net::memory_budget::MemoryShare;
use crate::web::polling_sessions::PollingSessions;

/// The bound of the answer that opens a session.
const MAX_OPEN_BYTES: usize = 4_096;

/// The packet with which a client ends its session.
const CLOSE_PACKET: &str = "1";

/// The packet that opens a session.
#[derive(Deserialize)]
struct Open {
    sid: String,
}

/// Packets that the client has fetched and not read yet: they wait for its connection.
struct Unread {
    packets: Bytes,
    _share: MemoryShare,
}

impl AsRef<[u8]> for Unread {
    fn as_ref(&self) -> &[u8] {
        &self.packets
    }
}

/// Middleware that serves clients that poll: their sessions count as connections, and the bytes that wait for them.
pub(super) async fn serve_polling(
    State(sessions): State<PollingSessions>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let Some(address) = EngineIoRequest::of(request.uri()) else {
        return next.run(request).await;
    };
    match (address.sid.map(str::to_owned), address.is_websocket) {
        (None, true) => next.run(request).await,
        (None, false) => open_session(&sessions, &connection, request, next).await,
        (Some(sid), true) => upgrade_session(&sessions, &sid, &connection, request, next).await,
        (Some(sid), false) => serve_session(&sessions, &sid, &connection, request, next).await,
    }
}

/// Middleware that keeps the connections beyond the limits for requests of sessions that are open.
pub(super) async fn keep_reserve(
    State(sessions): State<PollingSessions>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    if connection.is_reserve && !sessions.has_session_of(request.uri()) {
        sessions.count_refusal();
        let mut response = too_many_connections();
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    next.run(request).await
}

/// Opens a session, if the limits permit one more.
async fn open_session(
    sessions: &PollingSessions,
    connection: &Connection,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(session) = sessions.try_open(connection.peer) else {
        return too_many_connections();
    };
    // socketioxide keeps the request as long as the session, which may outlive the connection.
    request.extensions_mut().remove::<Connection>();
    request.extensions_mut().insert(session.clone());
    request.extensions_mut().insert(connection.address());
    let response = next.clone().run(request).await;
    let (response, sid) = register(sessions, &session, response).await;
    if let Some(sid) = sid {
        let end = session.account().closed().clone();
        tokio::spawn(close_session(end, session.downgrade(), sid, next));
    }
    response
}

/// Upgrades a session, but not twice: socketioxide would take no notice of the second WebSocket.
async fn upgrade_session(
    sessions: &PollingSessions,
    sid: &str,
    connection: &Connection,
    request: Request,
    next: Next,
) -> Response {
    let Some(session) = sessions.get(sid) else {
        return next.run(request).await;
    };
    if !session.try_upgrade(connection) {
        return (StatusCode::BAD_REQUEST, "This session has a WebSocket already.\n").into_response();
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        session.cancel_upgrade();
    }
    response
}

/// Serves a request of a session. What a poll fetches waits for its connection from then on.
async fn serve_session(
    sessions: &PollingSessions,
    sid: &str,
    connection: &Connection,
    request: Request,
    next: Next,
) -> Response {
    let is_poll = *request.method() == Method::GET;
    let received = Arc::new(Mutex::new(connection.account.share(0)));
    let response = next.run(count_body(request, Arc::clone(&received))).await;
    drop(received);
    if !is_poll || response.status() != StatusCode::OK {
        return response;
    }
    let (parts, body) = response.into_parts();
    // socketioxide limits the packets of one response.
    let Ok(packets) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let share = connection.account.share(packets.len());
    if let Some(session) = sessions.get(sid) {
        session.remove(packets.len());
    }
    let body = Bytes::from_owner(Unread { packets, _share: share });
    Response::from_parts(parts, body.into())
}

/// Counts what has arrived of the body: socketioxide keeps it until its end arrives.
fn count_body(request: Request, received: Arc<Mutex<MemoryShare>>) -> Request {
    let mut bytes = 0;
    request.map(|body| {
        Body::new(body.map_frame(move |frame| {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            received.lock().set_unfinished(bytes);
            frame
        }))
    })
}

pub(super) fn too_many_connections() -> Response {
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

/// Closes a session when its account is closed. A session that ends by itself closes its account, too.
async fn close_session(end: CancellationToken, session: WeakPollingSession, sid: String, next: Next) {
    end.cancelled().await;
    let Some(session) = session.upgrade() else {
        return;
    };
    session.close_websocket();
    drop(session);
    // socketioxide has no other way than the client's own to end a session whose queue is full. It refuses the packet of one
    // that is upgraded.
    let uri = format!("{SOCKET_IO_PATH}/?EIO=4&transport=polling&sid={sid}");
    match Request::post(uri).body(Body::from(CLOSE_PACKET)) {
        Ok(request) => drop(next.run(request).await),
        Err(error) => tracing::error!(%error, "the id of a session is no part of a URI"),
    }
}

#[cfg(test)]
mod tests {
    //! - what a client has fetched no longer counts, whatever its length
    //! - of an event that doesn't fit as a whole, what is queued counts until it is fetched
    //! - what is fetched waits for the connection until it is read
    //! - after an upgrade, what is written counts as fetched at once; what the connection has carried before doesn't
    //! - a session can be upgraded again if the connection of its upgrade has closed

    use std::net::Ipv4Addr;

    use axum::Router;
    use axum::middleware::from_fn_with_state;

    use super::*;
    use crate::Config;
    use crate::fanout::outgoing_event::OutgoingEvent;
    use crate::fanout::polling::test_poller::TestPoller;
    use crate::fanout::queue_bound::{QUEUE_FRAMES, QueueFull};
    use crate::fanout::transport::Transport;
    use crate::net::backlog::BacklogSlot;
    use crate::net::limiter::{ConnectionLimiter, PermitSlot};
    use crate::net::memory_budget::MemoryBudget;
    use crate::session::socket_io;

    /// A client that polls, with both ends of its connection.
    struct Fixture {
        poller: TestPoller,
        transport: Transport,
        session: PollingSession,
        /// The connection of the client's requests.
        connection: Connection,
    }

    impl Fixture {
        async fn new() -> Self {
            let (service, io) = socket_io::service(Router::new());
            let memory = MemoryBudget::new(usize::MAX);
            let slot = Arc::<BacklogSlot>::default();
            let connection = connection(&memory, &slot);
            let sessions = PollingSessions::new(ConnectionLimiter::new(&Config::default()), memory);
            let http = Router::new()
                .fallback_service(service)
                .layer(from_fn_with_state(sessions, serve_polling))
                .layer(Extension(connection.clone()));
            let (poller, socket) = TestPoller::connect(http, &io).await;
            assert!(poller.fetch().await.starts_with("40{"));
            Self {
                poller,
                transport: Transport::of(&socket).unwrap(),
                session: PollingSession::of(&socket).unwrap(),
                connection,
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

    fn connection(memory: &MemoryBudget, slot: &Arc<BacklogSlot>) -> Connection {
        Connection {
            peer: Ipv4Addr::LOCALHOST.into(),
            is_proxied: false,
            websocket_permit: PermitSlot::default(),
            is_reserve: false,
            backlog: slot.downgrade(),
            account: memory.open(CancellationToken::new()),
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
    async fn what_is_fetched_waits_for_the_connection_until_it_is_read() {
        let fixture = Fixture::new().await;
        let sent = fixture.send(1_000);
        let response = fixture.poller.poll().await;
        assert_eq!(fixture.session.waiting(), 0);
        assert_eq!(fixture.connection.account.bytes(), sent);
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap().len(), sent);
        assert_eq!(fixture.connection.account.bytes(), 0);
    }

    #[tokio::test]
    async fn what_is_written_to_the_websocket_no_longer_counts() {
        let fixture = Fixture::new().await;
        let slot = Arc::<BacklogSlot>::default();
        let connection = connection(&MemoryBudget::new(usize::MAX), &slot);
        slot.remove_written(100_000);
        let waiting = fixture.send(1_000);
        assert!(fixture.session.try_upgrade(&connection));
        assert_eq!(fixture.session.waiting(), waiting);
        slot.remove_written(500);
        assert_eq!(fixture.session.account().bytes(), waiting - 500);
        slot.remove_written(waiting);
        assert_eq!(fixture.session.account().bytes(), 0);
    }

    #[tokio::test]
    async fn a_session_can_be_upgraded_again_after_its_connection_has_closed() {
        let fixture = Fixture::new().await;
        let memory = MemoryBudget::new(usize::MAX);
        let (closed, open) = (Arc::default(), Arc::default());
        assert!(fixture.session.try_upgrade(&connection(&memory, &closed)));
        assert!(!fixture.session.try_upgrade(&connection(&memory, &open)));
        drop(closed);
        assert!(fixture.session.try_upgrade(&connection(&memory, &open)));
    }
}
