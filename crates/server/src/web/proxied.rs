//! The limit of connections for clients behind a trusted proxy.

use ::http::StatusCode;
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::fanout::engine_io_request::EngineIoRequest;
use crate::net::connection::Connection;
use crate::net::limiter::ConnectionLimiter;
use crate::web::polling::too_many_connections;

/// Middleware that counts a WebSocket as one of the client for which a proxy opens it. Sessions of clients that poll count
/// anyway, and other requests are short.
pub(super) async fn count_proxied(
    State(limiter): State<ConnectionLimiter>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let is_websocket = EngineIoRequest::of(request.uri()).is_some_and(|address| address.is_websocket);
    if !connection.is_proxied || !is_websocket {
        return next.run(request).await;
    }
    let Some(permit) = limiter.try_open_proxied(connection.peer) else {
        return too_many_connections();
    };
    let response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        connection.websocket_permit.keep(permit);
    }
    response
}
