//! Sends events to clients that poll, or began by polling, through socketioxide's queue. It bounds packets, and this module
//! their bytes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError};

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::frame::Frame;
use crate::fanout::websocket::outbound_queue::{DIRECT_HEADROOM, QUEUE_BYTES, QueueFull};
use crate::net::limiter::Permit;
use crate::net::written_bytes::WrittenBytes;

/// The session of a client that polls, in the extensions of the request that opened it.
#[derive(Clone)]
pub(crate) struct PollingSession(Arc<Inner>);

/// A session that may have ended.
pub(crate) struct WeakPollingSession(Weak<Inner>);

struct Inner {
    /// Bytes that the client has not fetched yet.
    waiting: AtomicUsize,
    /// The bytes of the WebSocket to which the session is upgraded.
    websocket: Mutex<Option<WrittenBytes>>,
    _permit: Permit,
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
    /// Creates a session that counts as a connection until it ends.
    pub(crate) fn new(permit: Permit) -> Self {
        Self(Arc::new(Inner {
            waiting: AtomicUsize::new(0),
            websocket: Mutex::default(),
            _permit: permit,
        }))
    }

    /// Returns the session of a socket, if it was opened by polling.
    pub(crate) fn of(socket: &SocketRef) -> Option<Self> {
        socket.req_parts().extensions.get().cloned()
    }

    /// Removes what the client has fetched.
    pub(crate) fn remove(&self, bytes: usize) {
        let remove = |waiting: usize| Some(waiting.saturating_sub(bytes));
        // It always succeeds, since `remove` returns a value.
        let _: Result<usize, usize> = self
            .0
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, remove);
    }

    /// Begins to count what is written to a WebSocket as fetched.
    pub(crate) fn upgrade(&self, websocket: WrittenBytes) {
        // What the connection has carried before is no part of the session.
        websocket.take();
        // An upgrade that fails may be repeated.
        *self.0.websocket.lock() = Some(websocket);
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
            self.remove(websocket.take());
        }
        let add = |waiting: usize| (waiting < reservation.bound).then_some(waiting + reservation.bytes);
        match self.0.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => Ok(()),
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
