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
use crate::net::limiter::{ConnectionLimiter, TOO_MANY_CONNECTIONS};

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
                [(RETRY_AFTER, "5")],
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
