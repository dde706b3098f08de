//! A client that polls, for the tests of this crate.

use ::http::{Request, StatusCode};
use axum::Router;
use axum::body::{Body, to_bytes};
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

/// A client that has opened a session by polling. Its requests go to a router, without a network.
pub(crate) struct TestPoller {
    http: Router,
    uri: String,
}

impl TestPoller {
    /// Opens a session with `io`, which `http` leads to. Returns the server's end, too.
    pub(crate) async fn connect(http: Router, io: &SocketIo) -> (Self, SocketRef) {
        let (sender, mut sockets) = mpsc::unbounded_channel();
        io.ns("/", async move |socket: SocketRef| sender.send(socket).unwrap());
        let uri = "/socket.io/?EIO=4&transport=polling";
        let open = respond(&http, Request::get(uri).body(Body::empty()).unwrap()).await;
        let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
        let uri = format!("{uri}&sid={}", open["sid"].as_str().unwrap());
        respond(&http, Request::post(&uri).body(Body::from("40")).unwrap()).await;
        let socket = sockets.recv().await.unwrap();
        (Self { http, uri }, socket)
    }

    /// Returns packets that the client has not fetched yet, as soon as there are some.
    pub(crate) async fn fetch(&self) -> String {
        respond(&self.http, Request::get(&self.uri).body(Body::empty()).unwrap()).await
    }
}

async fn respond(http: &Router, request: Request<Body>) -> String {
    let response = http.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}
