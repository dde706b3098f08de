//! The session of a client that polls: the bytes that wait for it, and the WebSocket to which it is upgraded.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use socketioxide::extract::SocketRef;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::fanout::queue_bound::QueueFull;
use crate::net::backlog::{Backlog, WeakBacklogSlot};
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
    backlog: Arc<Backlog>,
    websocket: Mutex<Option<UpgradedWebSocket>>,
    _end: DropGuard,
    _permit: Permit,
}

/// The WebSocket to which a session is upgraded: not its connection, which would keep its permit until the session ends.
struct UpgradedWebSocket {
    backlog: WeakBacklogSlot,
    /// Closes the connection.
    closed: CancellationToken,
}

impl PollingSession {
    /// Creates a session that counts as a connection until it ends. Its end cancels the account's token.
    pub(crate) fn new(permit: Permit, account: MemoryAccount) -> Self {
        Self(Arc::new(Inner {
            websocket: Mutex::default(),
            _end: account.closed().clone().drop_guard(),
            backlog: Arc::new(Backlog::new(account)),
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
        self.0.backlog.account()
    }

    /// Counts what is written to a connection as fetched from now on. Returns `false` if the session has a WebSocket already.
    pub(crate) fn try_upgrade(&self, connection: &Connection) -> bool {
        let mut websocket = self.0.websocket.lock();
        // socketioxide takes no notice of a connection that was closed before its upgrade.
        if websocket.as_ref().is_some_and(|former| former.backlog.is_open()) {
            return false;
        }
        connection.backlog.set(Some(Arc::clone(&self.0.backlog)));
        *websocket = Some(UpgradedWebSocket {
            backlog: connection.backlog.clone(),
            closed: connection.account.closed().clone(),
        });
        true
    }

    /// Takes back an upgrade that was refused.
    pub(crate) fn cancel_upgrade(&self) {
        if let Some(websocket) = self.0.websocket.lock().take() {
            websocket.backlog.set(None);
        }
    }

    /// Closes the connection of the WebSocket, if there is one.
    pub(crate) fn close_websocket(&self) {
        if let Some(websocket) = &*self.0.websocket.lock() {
            websocket.closed.cancel();
        }
    }

    /// Counts bytes that are sent next. Fails if `bound` bytes wait already.
    pub(super) fn try_add(&self, bytes: usize, bound: usize) -> Result<(), QueueFull> {
        self.0.backlog.try_add(bytes, bound).then_some(()).ok_or(QueueFull)
    }

    /// Removes what the client has fetched.
    pub(crate) fn remove(&self, bytes: usize) {
        self.0.backlog.remove(bytes);
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.backlog.waiting()
    }
}

impl WeakPollingSession {
    /// Returns the session, unless it has ended.
    pub(crate) fn upgrade(&self) -> Option<PollingSession> {
        self.0.upgrade().map(PollingSession)
    }
}
