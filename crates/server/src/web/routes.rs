//! The HTTP routes, with Socket.IO among them.

use std::sync::Arc;

use ::http::header::CACHE_CONTROL;
use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use ichat_protocol::{Challenge, PROTOCOLS};
use tower_http::compression::CompressionLayer;

use crate::base_path::HEALTH_PATHS;
use crate::fanout::websocket::upgrade::{Sockets, upgrade};
use crate::net::limiter::ConnectionLimiter;
use crate::session::state::SharedState;
use crate::web::below_base_path::below_base_path;
use crate::web::guard::{Guard, guard};
use crate::web::health::{Readiness, is_alive, is_ready};
use crate::web::polling::{keep_reserve, serve_polling};
use crate::web::polling_sessions::PollingSessions;
use crate::web::post_timeout::post_timeout;
use crate::web::proxied::count_proxied;
use crate::web::security_headers::security_headers;
use crate::web::web_ui::web_ui;

/// Returns the routes behind Socket.IO.
pub(crate) fn inner_routes(state: &SharedState, readiness: Readiness) -> Router {
    let [alive, ready] = HEALTH_PATHS;
    Router::new()
        .route(ready, get(is_ready).with_state(readiness))
        .route(alive, get(is_alive))
        .route("/api/hello", get(hello))
        .fallback(web_ui)
        .layer(CompressionLayer::new())
        .with_state(Arc::clone(state))
}

/// Returns all routes. `sockets` serves Socket.IO, and passes other requests on to [`inner_routes`].
pub(crate) fn routes(
    state: &SharedState,
    sockets: Sockets,
    sessions: PollingSessions,
    limiter: ConnectionLimiter,
) -> Router {
    let hosts = Guard::new(&state.config.allowed_hosts, state.config.metrics.clone());
    Router::new()
        .fallback_service(sockets.clone())
        .layer(from_fn_with_state(sockets, upgrade))
        .layer(from_fn_with_state(sessions.clone(), serve_polling))
        .layer(from_fn_with_state(limiter, count_proxied))
        .layer(from_fn_with_state(sessions, keep_reserve))
        .layer(from_fn(post_timeout))
        .layer(from_fn_with_state(state.config.base_path.clone(), below_base_path))
        .layer(from_fn_with_state(hosts, guard))
        .layer(from_fn(security_headers))
}

/// Issues the challenge that a client with a key signs.
async fn hello(State(state): State<SharedState>) -> Response {
    let challenge = Challenge {
        server: state.info(),
        protocols: PROTOCOLS.to_vec(),
        nonce: state.nonces.issue(),
        guests: state.config.guests,
    };
    ([(CACHE_CONTROL, "no-store")], Json(challenge)).into_response()
}
