//! The session of a client that polls: the bytes that wait for it, and the WebSocket to which it is upgraded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use socketioxide::extract::SocketRef;
use tokio_util::sync::DropGuard;

use crate::fanout::websocket::outbound_queue::QueueFull;
use crate::net::connection::Connection;
use crate::net::limiter::Permit;
use crate::net::memory_budget::MemoryAccount;

/// The session of a client that polls, in the extensions of the request that opened it. Clones share it.
#[derive(Clone)]
pub(crate) struct PollingSession(Arc<Inner>);

/// A session that may have ended.
pub(crate) struct WeakPollingSession(Weak<Inner>);

struct Inner {
    /// Bytes that the client has not fetched yet.
    waiting: AtomicUsize,
    /// The connection of the WebSocket to which the session is upgraded.
    websocket: Mutex<Option<Connection>>,
    account: MemoryAccount,
    _end: DropGuard,
    _permit: Permit,
}

impl PollingSession {
    /// Creates a session that counts as a connection until it ends. Its end cancels the account's token.
    pub(crate) fn new(permit: Permit, account: MemoryAccount) -> Self {
        Self(Arc::new(Inner {
            waiting: AtomicUsize::new(0),
            websocket: Mutex::default(),
            _end: account.closed().clone().drop_guard(),
            account,
            _permit: permit,
        }))
    }

    /// Returns the session of a socket, if it was opened by polling.
    pub(crate) fn of(socket: &SocketRef) -> Option<Self> {
        socket.req_parts().extensions.get().cloned()
    }

    pub(crate) fn downgrade(&self) -> WeakPollingSession {
        WeakPollingSession(Arc::downgrade(&self.0))
    }

    /// Returns the account of the bytes that wait for the client.
    pub(crate) fn account(&self) -> &MemoryAccount {
        &self.0.account
    }

    /// Begins to count what is written to a connection as fetched. Returns `false` if the session has a WebSocket already.
    pub(crate) fn try_upgrade(&self, connection: Connection) -> bool {
        let mut websocket = self.0.websocket.lock();
        if websocket.is_some() {
            return false;
        }
        // What the connection has carried before is no part of the session.
        connection.written.take();
        *websocket = Some(connection);
        true
    }

    /// Takes back an upgrade that was refused.
    pub(crate) fn cancel_upgrade(&self) {
        *self.0.websocket.lock() = None;
    }

    /// Closes the connection of the WebSocket, if there is one.
    pub(crate) fn close_websocket(&self) {
        if let Some(connection) = &*self.0.websocket.lock() {
            connection.account.closed().cancel();
        }
    }

    /// Counts bytes that are sent next. Fails if `bound` bytes wait already.
    pub(super) fn try_add(&self, bytes: usize, bound: usize) -> Result<(), QueueFull> {
        if let Some(connection) = &*self.0.websocket.lock() {
            // The headers of frames count as well, which only makes the bound looser.
            self.remove(connection.written.take());
        }
        // The account first, so that `remove` never takes more from it than it has.
        self.0.account.add(bytes);
        let add = |waiting: usize| (waiting < bound).then_some(waiting + bytes);
        let added = self.0.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.map(drop).map_err(|_| {
            self.0.account.remove(bytes);
            QueueFull
        })
    }

    /// Removes what the client has fetched.
    pub(crate) fn remove(&self, bytes: usize) {
        let remove = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let removed = self
            .0
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, remove);
        // It always succeeds, since `remove` returns a value.
        self.0.account.remove(removed.unwrap_or_default().min(bytes));
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

impl WeakPollingSession {
    /// Returns the session, unless it has ended.
    pub(crate) fn upgrade(&self) -> Option<PollingSession> {
        self.0.upgrade().map(PollingSession)
    }
}
