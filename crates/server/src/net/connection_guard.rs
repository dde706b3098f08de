//! The permit of an open connection, and the signals that end it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::net::limiter::Permit;

/// The permit of a connection, and the signals that end it.
///
/// It moves from the HTTP connection to the WebSocket that replaces it, so the connection counts until its socket is
/// closed.
pub(crate) struct ConnectionGuard {
    aborted: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: CancellationToken,
    _permit: Permit,
}

impl ConnectionGuard {
    /// `closing` announces the end of all connections, `abort` enforces it.
    pub(crate) fn new(closing: CancellationToken, abort: CancellationToken, permit: Permit) -> Self {
        Self {
            aborted: Box::pin(abort.cancelled_owned()),
            closing,
            _permit: permit,
        }
    }

    /// Returns `true` if the server is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Fails once the connection is aborted; until then registers the task to be woken when it is.
    pub(crate) fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.aborted.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}
