//! What the server answers over HTTP, and Socket.IO under it.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use ::http::{HeaderValue, StatusCode};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use ichat_protocol::limits::MAX_PACKET_BYTES;
use ichat_protocol::{Challenge, PROTOCOLS};
use socketioxide::{ParserConfig, SocketIo};
use tower_http::compression::CompressionLayer;

use crate::guard::guard;
use crate::house::Shared;
use crate::pages::page;
use crate::upgrade::{Sockets, upgrade};

/// Where Socket.IO lives.
pub(crate) const SOCKET_IO: &str = "/socket.io";

/// What Engine.IO and WebSocket put around a packet, with room to spare.
const FRAMING_BYTES: usize = 1024;
/// Packets that wait for one client. Beyond it broadcasts pass by that client, which then finds the gap.
const BUFFERED_PACKETS: usize = 512;
/// How long a client may take from the transport's opening to its `auth` payload.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What a connection reads at once; a longer packet takes several reads. Each connection has a buffer of this size.
const READ_BYTES: usize = 512;

/// Socket.IO with this product's limits, on both transports, ahead of the pages.
pub(crate) fn socket_io(pages: Router) -> (Sockets, SocketIo) {
    SocketIo::builder()
        .req_path(SOCKET_IO)
        .max_payload(MAX_PACKET_BYTES as u64)
        .ws_max_message_size(MAX_PACKET_BYTES + FRAMING_BYTES)
        .ws_max_frame_size(MAX_PACKET_BYTES + FRAMING_BYTES)
        .ws_read_buffer_size(READ_BYTES)
        .max_buffer_size(BUFFERED_PACKETS)
        .connect_timeout(CONNECT_WITHIN)
        // No event has binary data: a packet that declares attachments ends the connection.
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(0)
                .max_incoming_binary_buf_size(0),
        )
        .build_with_inner_svc(pages)
}

/// What is not Socket.IO.
pub(crate) fn pages(house: &Shared) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/api/hello", get(hello))
        .fallback(page)
        .layer(CompressionLayer::new())
        .with_state(Arc::clone(house))
}

/// Every path of the server.
pub(crate) fn routes(house: &Shared, sockets: Sockets) -> Router {
    Router::new()
        .fallback_service(sockets.clone())
        .layer(from_fn_with_state(sockets, upgrade))
        .layer(from_fn_with_state(Arc::clone(house), guard))
        .layer(from_fn(protect))
}

/// Whether the server can do its work: it is up, and its store can be read.
async fn health(State(house): State<Shared>) -> Response {
    match house.store.head(house.lobby()).await {
        Ok(Some(_)) => "ok\n".into_response(),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "The store has no lobby.\n").into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("The store can't be read: {error}\n"),
        )
            .into_response(),
    }
}

/// The challenge that a client with a key signs.
async fn hello(State(house): State<Shared>) -> Response {
    let challenge = Challenge {
        server: house.info(),
        protocols: PROTOCOLS.to_vec(),
        nonce: house.nonces.issue(),
        guests: house.config.guests,
    };
    ([(CACHE_CONTROL, "no-store")], Json(challenge)).into_response()
}

/// Tells browsers to run nothing that did not come from here.
async fn protect(request: Request, next: Next) -> Response {
    let policy = policy(request.headers().get(HOST));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn policy(host: Option<&HeaderValue>) -> HeaderValue {
    // WebKit before 15.4 does not count WebSockets among 'self'. The host has no character that could end the directive.
    let is_plain = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    let sockets = match host.and_then(|host| host.to_str().ok()).filter(is_plain) {
        Some(host) => format!(" ws://{host} wss://{host}"),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self'; manifest-src 'self'; connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_holds_whatever_the_host_says() {
        let with = |host: &'static str| {
            policy(Some(&HeaderValue::from_static(host)))
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert!(with("192.168.1.7:4242").contains("connect-src 'self' ws://192.168.1.7:4242 wss://192.168.1.7:4242;"));
        assert!(with("x; script-src *").contains("connect-src 'self';"));
    }
}
