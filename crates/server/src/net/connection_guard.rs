//! The permit of an open connection, and the signal that aborts it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::net::limiter::Permit;

/// The permit of a connection and its abort signal.
///
/// It moves from the HTTP connection to the WebSocket that replaces it, so the connection counts until its socket is
/// closed.
pub(crate) struct ConnectionGuard {
    aborted: Pin<Box<WaitForCancellationFutureOwned>>,
    _permit: Permit,
}

impl ConnectionGuard {
    pub(crate) fn new(abort: CancellationToken, permit: Permit) -> Self {
        Self {
            aborted: Box::pin(abort.cancelled_owned()),
            _permit: permit,
        }
    }

    /// Fails once the connection is aborted; until then registers the task to be woken when it is.
    pub(crate) fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.aborted.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}
