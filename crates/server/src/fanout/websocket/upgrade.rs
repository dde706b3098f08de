//! The upgrade to a WebSocket, for connections that begin as one.
//!
//! Long polling and the upgrade of a polling client are left to socketioxide.

use std::sync::{Arc, Weak};

use ::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::Service as _;

use crate::fanout::websocket::mux_stream::MuxStream;
use crate::fanout::websocket::outbound_queue::OutboundQueue;
use crate::net::timeout_stream::TimeoutStream;

/// The text of a response to a request that is no WebSocket's, though it says so.
const NOT_A_WEBSOCKET: &str = "A WebSocket's request needs EIO=4 in its query, and the headers Connection: Upgrade, Upgrade: \
    websocket, Sec-WebSocket-Version: 13 and Sec-WebSocket-Key. A proxy may have removed them.\n";

/// The path of Socket.IO.
pub(crate) const SOCKET_IO_PATH: &str = "/socket.io";

/// socketioxide, with the HTTP routes behind it.
pub(crate) type Sockets = SocketIoService<Router>;

/// Upgrades a request that begins a session as a WebSocket. Responds 400 to a WebSocket's request that is not one of RFC 6455:
/// socketioxide needs no more than the key, and opens a session without the bounds that are set here. Passes every other
/// request on.
pub(crate) async fn upgrade(State(sockets): State<Sockets>, mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    if !is_socket_io(uri) || !is_websocket(uri) {
        return next.run(request).await;
    }
    let Some(key) = websocket_key(uri, request.headers()) else {
        return (StatusCode::BAD_REQUEST, NOT_A_WEBSOCKET).into_response();
    };
    if query_value(uri, "sid").is_some() {
        return next.run(request).await;
    }
    let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let upgraded = hyper::upgrade::on(&mut request);
    // socketioxide needs nothing but the URI. It is copied, since it shares the buffer of the whole request, which
    // would stay in memory as long as the connection.
    let Ok(uri) = request.uri().to_string().parse() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    drop(request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => serve(sockets, upgraded, uri),
            Err(error) => tracing::debug!(%error, "upgrade failed"),
        }
    });
    let headers = [
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// Returns `true` for a request that socketioxide serves.
pub(crate) fn is_socket_io(uri: &Uri) -> bool {
    let rest = uri.path().strip_prefix(SOCKET_IO_PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns `true` for a WebSocket's request. Every other one of Socket.IO counts as polling, whatever its spelling.
pub(crate) fn is_websocket(uri: &Uri) -> bool {
    query_value(uri, "transport") == Some("websocket")
}

/// Returns the `Sec-WebSocket-Key` of a WebSocket's request, if it has all that RFC 6455 and Engine.IO ask for.
fn websocket_key<'a>(uri: &Uri, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let header_lists = |name: HeaderName, wanted: &str| {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        text.is_some_and(|text| text.split(',').any(|item| item.trim().eq_ignore_ascii_case(wanted)))
    };
    let is_valid = query_value(uri, "EIO") == Some("4")
        && header_lists(UPGRADE, "websocket")
        && header_lists(CONNECTION, "upgrade")
        && header_lists(SEC_WEBSOCKET_VERSION, "13");
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_valid)
}

/// Returns the value of a field of the query, up to another `=`, as socketioxide reads it: no spelling may get past the
/// bounds that are set here.
pub(crate) fn query_value<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let value = |pair: &'a str| pair.strip_prefix(name)?.strip_prefix('=')?.split('=').next();
    uri.query()?.split('&').find_map(value)
}

/// Hands the connection to socketioxide, with its outbound queue in the request's extensions.
fn serve(mut sockets: Sockets, upgraded: Upgraded, uri: Uri) {
    let Ok(parts) = upgraded.downcast::<TokioIo<TimeoutStream>>() else {
        return tracing::error!("an upgraded connection is not a TimeoutStream, though the acceptor makes no other");
    };
    let (stream, guard) = parts.io.into_inner().into_parts();
    let (queue, stream) = MuxStream::new(stream, &parts.read_buf, guard);
    let mut request = ::http::Request::new(());
    *request.uri_mut() = uri;
    // Weak, since socketioxide keeps the request of a client that left before it was accepted until `CONNECT_TIMEOUT`, and
    // the queue would keep the socket.
    request
        .extensions_mut()
        .insert::<Weak<OutboundQueue>>(Arc::downgrade(&queue));
    if let Err(error) = sockets.call((stream, request)).into_inner() {
        tracing::debug!(?error, "socketioxide rejected a connection");
    }
}
