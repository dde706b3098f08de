//! The base path: the only place that knows that a server may have a part of a host name only. All that it passes on has the paths
//! that a server without a base path has.

use ::http::header::{CONNECTION, LOCATION};
use ::http::uri::PathAndQuery;
use ::http::{StatusCode, Uri};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ichat_protocol::NOTHING_HERE;

use crate::base_path::{BasePath, HEALTH_PATHS};

/// Middleware that takes the base path off the paths of requests. The health checks are at the root, too: what asks for them
/// doesn't come through a proxy. Responds 404 to other requests outside, with the path of the chat.
///
/// These responses end the connection: it may be one beyond the limits, which is only for sessions that are open.
pub(super) async fn below_base_path(State(base): State<BasePath>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if base.is_root() || HEALTH_PATHS.contains(&path) {
        return next.run(request).await;
    }
    let close = (CONNECTION, "close");
    let Some(rest) = base.strip(path) else {
        if path == base.without_slash() {
            let headers = [close, (LOCATION, base.as_str())];
            return (StatusCode::TEMPORARY_REDIRECT, headers).into_response();
        }
        return (StatusCode::NOT_FOUND, [close], nothing_here(&base)).into_response();
    };
    let Some(uri) = with_path(request.uri(), rest) else {
        return (
            StatusCode::BAD_REQUEST,
            [close],
            "The address of the request can't be read.\n",
        )
            .into_response();
    };
    *request.uri_mut() = uri;
    next.run(request).await
}

/// Returns the text of a response to a request for a path where there is nothing.
pub(super) fn nothing_here(base: &BasePath) -> String {
    format!("{NOTHING_HERE}{base}.\n")
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}
