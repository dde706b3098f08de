//! The accept loop: HTTP/1.1 on each connection that the limiter permits, and an end to all of them.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::util::MapRequest;

use crate::metrics::Metrics;
use crate::net::backlog::BacklogSlot;
use crate::net::connection::Connection;
use crate::net::connection_guard::ConnectionGuard;
use crate::net::limiter::{ConnectionLimiter, PermitSlot, RETRY_AFTER_SECONDS, TOO_MANY_CONNECTIONS};
use crate::net::memory_budget::MemoryBudget;
use crate::net::timeout_stream::TimeoutStream;
use crate::net::trusted_proxies::TrustedProxies;

/// Time for the head of a request, including the idle time before it.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Size of the largest request head. Ours have a few hundred bytes, but a browser may add cookies of other ports.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Time between two attempts to accept when the system is out of file descriptors.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two log lines about such attempts.
const ACCEPT_WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// The accept loop of a server, and the router that serves its connections.
pub(crate) struct Acceptor {
    pub(crate) router: Router,
    pub(crate) limiter: ConnectionLimiter,
    pub(crate) proxies: TrustedProxies,
    pub(crate) memory: MemoryBudget,
    pub(crate) metrics: Metrics,
    /// Stops accepting, and lets each connection finish its current request.
    pub(crate) closing: CancellationToken,
    /// Ends every connection at once, upgraded ones included.
    pub(crate) abort: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Acceptor {
    /// Accepts until `closing` is cancelled.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut next_warning = Instant::now();
        while let Some(accepted) = self.closing.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => self.accept(stream, peer.ip().to_canonical()),
                Err(error) if is_of_one_connection(&error) => {
                    tracing::debug!(%error, "a connection was lost before it was accepted");
                }
                Err(error) => {
                    if next_warning <= Instant::now() {
                        tracing::warn!(%error, "connections wait, because accepting them fails");
                        next_warning = Instant::now() + ACCEPT_WARNING_INTERVAL;
                    }
                    tokio::time::sleep(ACCEPT_RETRY_INTERVAL).await;
                }
            }
        }
    }

    fn accept(&self, stream: TcpStream, peer: IpAddr) {
        let is_proxied = self.proxies.contains(peer);
        let permit = if is_proxied {
            self.limiter.try_connect_proxy(peer)
        } else {
            self.limiter.try_connect(peer)
        };
        let Some(permit) = permit else {
            tracing::debug!(%peer, "connection rejected: too many are open");
            // Best effort: a client that doesn't get the response sees the connection close.
            drop(stream.try_write(rejection().as_bytes()));
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY failed");
        }
        let backlog = Arc::new(BacklogSlot::default());
        let connection = Connection {
            peer,
            is_proxied,
            websocket_permit: PermitSlot::default(),
            is_reserve: permit.is_reserve(),
            backlog: backlog.downgrade(),
            account: self.memory.open(self.abort.child_token()),
        };
        let guard = ConnectionGuard::new(
            self.closing.clone(),
            connection.account.clone(),
            self.metrics.clone(),
            permit,
            connection.websocket_permit.clone(),
        );
        let stream = TimeoutStream::new(stream, guard, backlog);
        let proxies = self.proxies.clone();
        let service = MapRequest::new(self.router.clone(), move |mut request: Request<Incoming>| {
            let peer = proxies.client(connection.peer, request.headers());
            request.extensions_mut().insert(Connection {
                peer,
                ..connection.clone()
            });
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(MAX_HEADER_BYTES)
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .with_upgrades();
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let mut served = closing.run_until_cancelled(connection.as_mut()).await;
            if served.is_none() {
                connection.as_mut().graceful_shutdown();
                served = Some(connection.await);
            }
            if let Some(Err(error)) = served {
                tracing::debug!(%error, "connection ended early");
            }
        });
    }
}

/// Returns the response to a connection for which there is no permit.
fn rejection() -> String {
    let length = TOO_MANY_CONNECTIONS.len();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\
        retry-after: {RETRY_AFTER_SECONDS}\r\ncontent-length: {length}\r\n\r\n{TOO_MANY_CONNECTIONS}"
    )
}

/// Returns `true` if an error of `accept` concerns only the connection that would have been accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    //! - a request that is never finished is dropped

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::Config;

    #[tokio::test]
    async fn a_request_that_is_never_finished_is_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let acceptor = Acceptor {
            router: Router::new(),
            limiter: ConnectionLimiter::new(&Config::default()),
            proxies: TrustedProxies::new(&[]),
            memory: MemoryBudget::new(usize::MAX),
            metrics: Metrics::default(),
            closing: CancellationToken::new(),
            abort: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        tokio::spawn(acceptor.run(listener));
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ";
        client.write_all(request).await.unwrap();
        // The clock jumps ahead as soon as nothing can be done but wait.
        tokio::time::pause();
        let mut response = Vec::new();
        let dropped = client.read_to_end(&mut response);
        tokio::time::timeout(2 * HEADER_READ_TIMEOUT, dropped)
            .await
            .expect("the connection is closed")
            .unwrap();
    }
}
