//! The permit of an open connection, and the signals that end it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::metrics::Metrics;
use crate::net::limiter::{Permit, PermitSlot};
use crate::net::memory_budget::MemoryAccount;

/// The permit and the account of a connection, and the signals that end it.
///
/// It moves from the HTTP connection to the WebSocket that replaces it, so the connection counts until its socket is
/// closed.
pub(crate) struct ConnectionGuard {
    aborted: Pin<Box<WaitForCancellationFutureOwned>>,
    closing: CancellationToken,
    account: MemoryAccount,
    metrics: Metrics,
    _permit: Permit,
    _websocket_permit: PermitSlot,
}

impl ConnectionGuard {
    /// `closing` announces the server's shutdown; the account's token ends this connection.
    pub(crate) fn new(
        closing: CancellationToken,
        account: MemoryAccount,
        metrics: Metrics,
        permit: Permit,
        websocket_permit: PermitSlot,
    ) -> Self {
        Self {
            aborted: Box::pin(account.closed().clone().cancelled_owned()),
            closing,
            account,
            metrics,
            _permit: permit,
            _websocket_permit: websocket_permit,
        }
    }

    /// Returns the account of what waits for the client.
    pub(crate) fn account(&self) -> &MemoryAccount {
        &self.account
    }

    /// Returns where the bytes of the connection are counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns `true` if the server is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Fails once the connection is aborted; until then registers the task to be woken when it is.
    pub(crate) fn poll_aborted(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.aborted.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}
