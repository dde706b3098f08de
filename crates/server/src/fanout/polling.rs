//! Sends events to clients that poll, or began by polling, through socketioxide's queue. It bounds packets, and this module
//! their bytes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError};
use tokio_util::sync::DropGuard;

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::frame::Frame;
use crate::fanout::websocket::outbound_queue::{DIRECT_HEADROOM, QUEUE_BYTES, QueueFull};
use crate::net::acceptor::ConnectionEnd;
use crate::net::limiter::Permit;
use crate::net::memory_budget::MemoryAccount;
use crate::net::written_bytes::WrittenBytes;

/// The session of a client that polls, in the extensions of the request that opened it.
#[derive(Clone)]
pub(crate) struct PollingSession(Arc<Inner>);

/// A session that may have ended.
pub(crate) struct WeakPollingSession(Weak<Inner>);

struct Inner {
    /// Bytes that the client has not fetched yet.
    waiting: AtomicUsize,
    /// The WebSocket to which the session is upgraded.
    websocket: Mutex<Option<UpgradedConnection>>,
    account: MemoryAccount,
    _end: DropGuard,
    _permit: Permit,
}

/// A connection to which a session was upgraded.
struct UpgradedConnection {
    written: WrittenBytes,
    end: ConnectionEnd,
}

/// A client whose session was opened by polling, and that may use a WebSocket since then.
#[derive(Clone)]
pub(crate) struct PollingClient {
    socket: SocketRef,
    session: Option<PollingSession>,
}

/// Bytes of packets that are sent next, and the bound of all that wait.
#[derive(Clone, Copy)]
pub(super) struct Reservation {
    bytes: usize,
    bound: usize,
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

    /// Returns the account of what waits for the client.
    pub(crate) fn account(&self) -> &MemoryAccount {
        &self.0.account
    }

    /// Returns the session of a socket, if it was opened by polling.
    pub(crate) fn of(socket: &SocketRef) -> Option<Self> {
        socket.req_parts().extensions.get().cloned()
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

    /// Begins to count what is written to a WebSocket as fetched.
    pub(crate) fn upgrade(&self, written: WrittenBytes, end: ConnectionEnd) {
        // What the connection has carried before is no part of the session.
        written.take();
        // An upgrade that fails may be repeated.
        *self.0.websocket.lock() = Some(UpgradedConnection { written, end });
    }

    /// Ends the WebSocket, if the session is upgraded to one. Returns `false` if it is not.
    pub(crate) fn end_websocket(&self) -> bool {
        let websocket = self.0.websocket.lock();
        if let Some(UpgradedConnection { end, .. }) = &*websocket {
            end.0.cancel();
        }
        websocket.is_some()
    }

    pub(crate) fn downgrade(&self) -> WeakPollingSession {
        WeakPollingSession(Arc::downgrade(&self.0))
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    fn try_add(&self, reservation: Reservation) -> Result<(), QueueFull> {
        if let Some(websocket) = &*self.0.websocket.lock() {
            // A little more than was queued: each packet is in a frame.
            self.remove(websocket.written.take());
        }
        let add = |waiting: usize| (waiting < reservation.bound).then_some(waiting + reservation.bytes);
        match self.0.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => {
                self.0.account.add(reservation.bytes);
                Ok(())
            }
            Err(_) => Err(QueueFull),
        }
    }
}

impl WeakPollingSession {
    pub(crate) fn get(&self) -> Option<PollingSession> {
        self.0.upgrade().map(PollingSession)
    }
}

impl PollingClient {
    pub(super) fn new(socket: &SocketRef) -> Self {
        Self {
            socket: socket.clone(),
            session: PollingSession::of(socket),
        }
    }

    /// Returns the account of what waits for the client.
    pub(super) fn account(&self) -> Option<&MemoryAccount> {
        self.session.as_ref().map(PollingSession::account)
    }

    /// Sends an event within the bound of broadcasts.
    pub(super) fn try_send<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        self.emit(event, Reservation::of_broadcast(&event.frame))
    }

    /// Sends an event with the headroom of a direct message.
    pub(super) fn try_send_direct<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        self.emit(event, Reservation::of_direct(&event.frame))
    }

    /// Counts packets that are sent next. Fails if too much waits already.
    pub(super) fn try_reserve(&self, reservation: Reservation) -> Result<(), QueueFull> {
        self.session
            .as_ref()
            .map_or(Ok(()), |session| session.try_add(reservation))
    }

    /// Sends an acknowledgement that is counted already. socketioxide drops it if its queue is full.
    pub(super) fn acknowledge(&self, sender: AckSender, argument: &impl Serialize, reservation: Reservation) {
        if let Err(error) = sender.send(argument) {
            self.release(reservation.bytes);
            tracing::debug!(sid = %self.socket.id, %error, "acknowledgement dropped");
        }
    }

    fn emit<T: Serialize>(&self, event: &OutgoingEvent<'_, T>, reservation: Reservation) -> Result<(), QueueFull> {
        self.try_reserve(reservation)?;
        let mut unsent = reservation.bytes;
        let mut result = Ok(());
        for (argument, length) in event.arguments.iter().zip(event.frame.packet_lengths()) {
            match self.socket.emit(event.name, argument) {
                Ok(()) => unsent -= length,
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    result = Err(QueueFull);
                    break;
                }
                Err(error) => {
                    tracing::debug!(sid = %self.socket.id, event = event.name, %error, "event dropped");
                }
            }
        }
        self.release(unsent);
        result
    }

    /// Takes back bytes that were counted and not sent.
    fn release(&self, bytes: usize) {
        if let Some(session) = &self.session {
            session.remove(bytes);
        }
    }
}

impl Reservation {
    pub(super) fn of_broadcast(frame: &Frame) -> Self {
        Self {
            bytes: frame.packet_lengths().sum(),
            bound: QUEUE_BYTES,
        }
    }

    pub(super) fn of_direct(frame: &Frame) -> Self {
        Self {
            bytes: frame.packet_lengths().sum(),
            bound: QUEUE_BYTES * DIRECT_HEADROOM,
        }
    }
}
