//! The bounds of clients that poll.

use ::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use ::http::{Method, StatusCode, Uri};
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use socketioxide::SocketIo;

use crate::fanout::polling::PollingSession;
use crate::fanout::websocket::upgrade::{SOCKET_IO_PATH, query_value};
use crate::net::acceptor::Peer;
use crate::net::limiter::{ConnectionLimiter, RETRY_AFTER_SECONDS, TOO_MANY_CONNECTIONS};

/// The limiter of connections, and the sessions.
#[derive(Clone)]
pub(super) struct Polling {
    pub(super) limiter: ConnectionLimiter,
    pub(super) io: SocketIo,
}

/// Middleware that counts a session as a connection, and what waits for its client.
pub(super) async fn polling(
    State(Polling { limiter, io }): State<Polling>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_polling(request.uri()) {
        return next.run(request).await;
    }
    let sid = query_value(request.uri(), "sid").map(str::to_owned);
    let is_poll = *request.method() == Method::GET;
    let Some(sid) = sid else {
        let Some(permit) = limiter.try_acquire(peer) else {
            let rejection = (
                StatusCode::SERVICE_UNAVAILABLE,
                [(RETRY_AFTER, RETRY_AFTER_SECONDS.to_string())],
                TOO_MANY_CONNECTIONS,
            );
            return rejection.into_response();
        };
        // socketioxide keeps the request as long as the session.
        request.extensions_mut().insert(PollingSession::new(permit));
        return next.run(request).await;
    };
    let response = next.run(request).await;
    if is_poll
        && response.status() == StatusCode::OK
        && let Ok(sid) = sid.parse()
        && let Some(socket) = io.of("/").and_then(|namespace| namespace.get_socket(sid))
        && let Some(session) = PollingSession::of(&socket)
    {
        session.remove(body_length(&response));
    }
    response
}

/// Returns `true` for every request of Socket.IO that is not a WebSocket's, so that an unknown spelling counts as well.
fn is_polling(uri: &Uri) -> bool {
    uri.path().starts_with(SOCKET_IO_PATH) && query_value(uri, "transport") != Some("websocket")
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
    use axum::body::{Body, to_bytes};
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
                .layer(from_fn_with_state(Polling { limiter, io }, polling))
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
