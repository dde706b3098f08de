//! A client that polls, for the tests of this crate.

use std::net::Ipv4Addr;

use ::http::{Request, StatusCode};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::Config;
use crate::fanout::polling::session::PollingSession;
use crate::net::limiter::ConnectionLimiter;
use crate::net::memory_budget::MemoryBudget;

/// A client that has opened a session by polling. Its requests go to a router, without a network.
pub(crate) struct TestPoller {
    http: Router,
    uri: String,
}

impl TestPoller {
    /// Opens a session at the router `http`, which serves `io`. Returns the server's end, too.
    pub(crate) async fn connect(http: Router, io: &SocketIo) -> (Self, SocketRef) {
        let (sender, mut sockets) = mpsc::unbounded_channel();
        io.ns("/", async move |socket: SocketRef| sender.send(socket).unwrap());
        let uri = "/socket.io/?EIO=4&transport=polling";
        let mut request = Request::get(uri).body(Body::empty()).unwrap();
        request.extensions_mut().insert(unlimited_session());
        let open = text(send(&http, request).await).await;
        let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
        let uri = format!("{uri}&sid={}", open["sid"].as_str().unwrap());
        send(&http, Request::post(&uri).body(Body::from("40")).unwrap()).await;
        let socket = sockets.recv().await.unwrap();
        (Self { http, uri }, socket)
    }

    /// Returns packets that the client has not fetched yet, as soon as there are some.
    pub(crate) async fn fetch(&self) -> String {
        text(self.poll().await).await
    }

    /// Polls, and returns the response before its body is read.
    pub(crate) async fn poll(&self) -> Response {
        send(&self.http, Request::get(&self.uri).body(Body::empty()).unwrap()).await
    }
}

/// Returns a session for routers that don't make one themselves.
fn unlimited_session() -> PollingSession {
    let permit = ConnectionLimiter::new(&Config::default()).try_open_session(Ipv4Addr::LOCALHOST.into());
    let account = MemoryBudget::new(usize::MAX).open(CancellationToken::new());
    PollingSession::new(permit.unwrap(), account)
}

async fn send(http: &Router, request: Request<Body>) -> Response {
    let response = http.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}
