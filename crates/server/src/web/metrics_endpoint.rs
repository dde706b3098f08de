//! `/metrics`, on an address of its own: what it tells is for the administrator alone, and everyone can reach the other one.

use std::sync::Arc;

use ::http::StatusCode;
use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Config;
use crate::fanout::hub::Channel;
use crate::metrics::{self, Metrics, Readings, ReadingsGuard, TransportKind};
use crate::net::acceptor::Acceptor;
use crate::net::limiter::ConnectionLimiter;
use crate::net::memory_budget::MemoryBudget;
use crate::net::trusted_proxies::TrustedProxies;
use crate::session::state::{ServerState, SharedState};
use crate::web::guard::{Guard, guard};
use crate::web::security_headers::security_headers;

/// Connections of programs that read metrics. There are two or three.
const MAX_READERS: usize = 16;

/// Serves the metrics of the server with this configuration at `/metrics`, until `shutdown` is cancelled. Like the server itself
/// it answers to the hosts that the configuration allows.
pub async fn serve_metrics(listener: TcpListener, config: &Config, shutdown: CancellationToken) {
    // Readers are no clients: nothing of them counts.
    let own = Metrics::default();
    let router = Router::new()
        .route("/metrics", get(read))
        .with_state(config.metrics.clone())
        .layer(from_fn_with_state(
            Guard::new(&config.allowed_hosts, own.clone()),
            guard,
        ))
        .layer(from_fn(security_headers));
    let limits = Config {
        max_connections: MAX_READERS,
        max_connections_per_address: MAX_READERS,
        metrics: own.clone(),
        ..config.clone()
    };
    let acceptor = Acceptor {
        router,
        limiter: ConnectionLimiter::new(&limits),
        proxies: TrustedProxies::new(&[]),
        memory: MemoryBudget::new(config.max_memory),
        metrics: own,
        abort: shutdown.clone(),
        closing: shutdown,
        tasks: TaskTracker::new(),
    };
    acceptor.run(listener).await;
}

/// Responds with all metrics.
async fn read(State(metrics): State<Metrics>) -> Response {
    let encoded = tokio::task::spawn_blocking(move || metrics.encode()).await;
    match encoded {
        Ok(Ok(text)) => {
            let headers = [(CONTENT_TYPE, metrics::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Ok(Err(_)) | Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "The metrics can't be read.\n").into_response(),
    }
}

/// Lets the metrics of a server have what it has at the moment of each scrape, until the guard is dropped.
pub(crate) fn read_from(state: &SharedState, limiter: &ConnectionLimiter, memory: &MemoryBudget) -> ReadingsGuard {
    let (server, limiter, memory) = (Arc::clone(state), limiter.clone(), memory.clone());
    state
        .config
        .metrics
        .read_from(move || readings(&server, &limiter, &memory))
}

fn readings(state: &ServerState, limiter: &ConnectionLimiter, memory: &MemoryBudget) -> Readings {
    let connections = state.hub.subscribers(Channel::Everyone);
    let websockets = connections
        .iter()
        .filter(|connection| connection.client.transport.kind() == TransportKind::Websocket)
        .count();
    Readings {
        people: state.online.len(),
        websockets,
        polling: connections.len() - websockets,
        open_connections: limiter.open(),
        max_connections: state.config.max_connections,
        queued_bytes: memory.used(),
        max_queued_bytes: state.config.max_memory,
        write_queue: state.writer.readings(),
        publish_queue: state.publisher.readings(),
        people_budgets: state.budgets.people_readings(),
        address_budgets: state.budgets.address_readings(),
        database_bytes: state.store.database_bytes(),
    }
}
