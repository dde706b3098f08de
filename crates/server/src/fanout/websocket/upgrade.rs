//! The upgrade to a WebSocket, for connections that begin as one.
//!
//! Long polling and the upgrade of a polling client are left to socketioxide.

use std::sync::{Arc, Weak};

use ::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use ::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::Service as _;

use crate::fanout::engine_io_request::EngineIoRequest;
use crate::fanout::websocket::mux_stream::MuxStream;
use crate::fanout::websocket::outbound_queue::OutboundQueue;
use crate::net::client_address::ClientAddress;
use crate::net::connection::Connection;
use crate::net::timeout_stream::TimeoutStream;

/// The text of a response to a request that is no WebSocket's, though it says so.
const NOT_A_WEBSOCKET: &str = "A WebSocket's request is a GET of HTTP/1.1 with EIO=4 in its query, and the headers Connection: Upgrade, Upgrade: \
    websocket, Sec-WebSocket-Version: 13 and Sec-WebSocket-Key. A proxy may have removed them.\n";

/// socketioxide, with the HTTP routes behind it.
pub(crate) type Sockets = SocketIoService<Router>;

/// Upgrades a request that begins a session as a WebSocket. Responds 400 to a WebSocket's request that is not one of RFC 6455:
/// socketioxide needs no more than the key, and opens a session without the bounds that are set here. Passes every other
/// request on.
pub(crate) async fn upgrade(State(sockets): State<Sockets>, mut request: Request, next: Next) -> Response {
    let Some(address) = EngineIoRequest::of(request.uri()).filter(|address| address.is_websocket) else {
        return next.run(request).await;
    };
    let Some(key) = websocket_key(&request).filter(|_| address.version == Some("4")) else {
        return (StatusCode::BAD_REQUEST, NOT_A_WEBSOCKET).into_response();
    };
    if address.sid.is_some() {
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
    let peer = request.extensions().get::<Connection>().map(Connection::address);
    drop(request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => serve(sockets, upgraded, uri, peer),
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

/// Returns the `Sec-WebSocket-Key` of a request, if it has all that RFC 6455 asks for (section 4.2.1).
fn websocket_key(request: &Request) -> Option<&HeaderValue> {
    let headers = request.headers();
    // A list may come in several lines.
    let header_lists = |name: HeaderName, wanted: &str| {
        let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
        let mut items = lines.flat_map(|line| line.split(','));
        items.any(|item| item.trim().eq_ignore_ascii_case(wanted))
    };
    let is_valid = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && header_lists(UPGRADE, "websocket")
        && header_lists(CONNECTION, "upgrade")
        && header_lists(SEC_WEBSOCKET_VERSION, "13");
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_valid)
}

/// Hands the connection to socketioxide, with its outbound queue and its address in the request's extensions.
fn serve(mut sockets: Sockets, upgraded: Upgraded, uri: Uri, peer: Option<ClientAddress>) {
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
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    if let Err(error) = sockets.call((stream, request)).into_inner() {
        tracing::debug!(?error, "socketioxide rejected a connection");
    }
}
