//! The accept loop: a cap on connections in total and per address, a deadline for a request's head, and an end to them all.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::Config;

/// How long a client may take over the head of a request, the idle time ahead of the next one included.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The largest head of a request. Ours have a few hundred bytes; a browser's cookies for other ports may be in it.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a client may leave everything unread before its connection ends.
pub(crate) const STALLED_AFTER: Duration = Duration::from_secs(30);
/// How long to wait when the system has no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\
    retry-after: 5\r\ncontent-length: 60\r\n\r\nThis server has as many connections as it can take just now\n";

/// What the accept loop lives by.
pub(crate) struct Accept {
    pub(crate) pages: Router,
    pub(crate) places: Places,
    /// Stops accepting.
    pub(crate) closing: CancellationToken,
    /// Cuts every connection, whatever it is doing.
    pub(crate) cut: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Accept {
    /// Accepts until `closing`.
    pub(crate) async fn run(self, listener: TcpListener) {
        while let Some(accepted) = self.closing.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => self.take(stream, peer.ip().to_canonical()),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: IpAddr) {
        let Some(place) = self.places.take(peer) else {
            tracing::debug!(%peer, "too many connections");
            // Whoever doesn't hear it sees the connection end.
            drop(stream.try_write(FULL));
            return;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let io = Io {
            stream,
            stalled: None,
            admission: Admission {
                cut: Box::pin(self.cut.clone().cancelled_owned()),
                _place: place,
            },
        };
        let pages = self
            .pages
            .clone()
            .map_request(|request: ::http::Request<hyper::body::Incoming>| request.map(Body::new));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(HEAD_BYTES)
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(io), TowerToHyperService::new(pages))
            .with_upgrades();
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// The places for connections.
#[derive(Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    in_total: usize,
    per_address: usize,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by: HashMap<IpAddr, usize>,
}

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            taken: Arc::default(),
            in_total: config.max_connections,
            per_address: config.max_connections_per_address,
        }
    }

    fn take(&self, peer: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = taken.by.get(&peer).copied().unwrap_or_default();
        let is_full = taken.total >= self.in_total || (!peer.is_loopback() && of_peer >= self.per_address);
        if is_full {
            return None;
        }
        taken.total += 1;
        taken.by.insert(peer, of_peer + 1);
        Some(Place {
            taken: Arc::clone(&self.taken),
            peer,
        })
    }
}

/// A place, until it is dropped.
struct Place {
    taken: Arc<Mutex<Taken>>,
    peer: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if let Some(count) = taken.by.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.by.remove(&self.peer);
            }
        }
    }
}

/// What a connection lives by: it holds its place as long as it is open (a WebSocket outlives the HTTP that it began with),
/// and can be cut from outside even while something waits for it.
pub(crate) struct Admission {
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: Place,
}

impl Admission {
    /// An error when the connection was cut; else `context` is called when it is.
    pub(crate) fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

/// A connection that fails when its peer stops reading: engineioxide waits for such a peer for ever, and would count it
/// among those who are here.
pub(crate) struct Io {
    stream: TcpStream,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    admission: Admission,
}

impl Io {
    pub(crate) fn into_parts(self) -> (TcpStream, Admission) {
        (self.stream, self.admission)
    }

    /// The outcome of a write, or an error when writes have waited too long without any progress.
    fn or_stalled<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED_AFTER)));
        stalled
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.admission.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.admission.check(context)?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_stalled(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.admission.check(context)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.or_stalled(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_loopback_is_excepted() {
        let config = Config {
            max_connections: 4,
            max_connections_per_address: 2,
            ..Config::default()
        };
        let places = Places::new(&config);
        let ada: IpAddr = "192.168.1.7".parse().unwrap();
        let first = places.take(ada);
        let second = places.take(ada);
        assert!(first.is_some() && second.is_some());
        assert!(places.take(ada).is_none());
        drop(first);
        let again = places.take(ada);
        assert!(again.is_some());
        let here: Vec<_> = (0..3).map(|_| places.take("::1".parse().unwrap()).is_some()).collect();
        assert_eq!(here, [true, true, true], "each was given back at once");
        let kept: Vec<_> = (0..3)
            .filter_map(|_| places.take("127.0.0.1".parse().unwrap()))
            .collect();
        assert_eq!(kept.len(), 2, "four in total");
    }

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
    }
}
