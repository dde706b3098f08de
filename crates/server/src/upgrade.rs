//! The upgrade to a WebSocket, for connections that begin as one: they get a [`Lane`].
//!
//! Everything else is socketioxide's: long polling, the upgrade of a polling client, and the words for requests that are wrong.

use std::sync::Arc;

use ::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use ::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::Service as _;

use crate::accept::Io;
use crate::http::SOCKET_IO;
use crate::lane::Lane;

/// socketioxide, with the pages for what isn't its own.
pub(crate) type Sockets = SocketIoService<Router>;

/// Takes over what begins as a WebSocket, and passes everything else on.
pub(crate) async fn upgrade(State(sockets): State<Sockets>, mut request: Request, next: Next) -> Response {
    let Some(key) = new_websocket(request.uri(), request.headers()) else {
        return next.run(request).await;
    };
    let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let upgraded = hyper::upgrade::on(&mut request);
    // Of the whole request only the address is asked for later. It is a part of the buffer into which all was read, which
    // would live as long as the connection: so it is copied.
    let Ok(uri) = request.uri().to_string().parse() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    drop(request);
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => hand_over(sockets, upgraded, uri),
            Err(error) => tracing::debug!(%error, "an upgrade was not completed"),
        }
    });
    let headers = [
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The key of a request that begins a session as a WebSocket, and that socketioxide would accept.
fn new_websocket<'a>(uri: &Uri, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let has = |name, wanted: &str| {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        text.is_some_and(|text| text.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted)))
    };
    let query = |wanted: &str| uri.query().unwrap_or_default().split('&').any(|pair| pair == wanted);
    let begins = uri
        .path()
        .strip_prefix(SOCKET_IO)
        .is_some_and(|rest| matches!(rest, "" | "/"))
        && query("EIO=4")
        && query("transport=websocket")
        && !uri.query().unwrap_or_default().contains("sid=")
        && has(UPGRADE, "websocket")
        && has(CONNECTION, "upgrade")
        && has(SEC_WEBSOCKET_VERSION, "13");
    headers.get(SEC_WEBSOCKET_KEY).filter(|_| begins)
}

fn hand_over(mut sockets: Sockets, upgraded: Upgraded, uri: Uri) {
    let Ok(parts) = upgraded.downcast::<TokioIo<Io>>() else {
        // The accept loop makes no other streams.
        return tracing::error!("a connection is not of the kind that was accepted");
    };
    let (stream, admission) = parts.io.into_inner().into_parts();
    let (lane, stream) = Lane::open(stream, &parts.read_buf, admission);
    let mut request = ::http::Request::new(());
    *request.uri_mut() = uri;
    request.extensions_mut().insert::<Arc<Lane>>(lane);
    if let Err(error) = sockets.call((stream, request)).into_inner() {
        tracing::debug!(?error, "a connection was refused");
    }
}
