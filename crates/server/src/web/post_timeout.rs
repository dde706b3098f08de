//! The time limit of requests that have a body.

use std::time::Duration;

use ::http::header::CONNECTION;
use ::http::{Method, StatusCode};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Time for a whole `POST`. The longest body is one packet of a client that polls.
const POST_TIMEOUT: Duration = Duration::from_secs(30);

/// Middleware that ends a `POST` whose body arrives too slowly. Other requests have no body that anything waits for.
pub(super) async fn post_timeout(request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    tokio::time::timeout(POST_TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| {
            let text = "The request took too long.\n";
            (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")], text).into_response()
        })
}
