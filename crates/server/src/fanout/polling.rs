//! The way of events to a client that polls: socketioxide's queue, whose packets are counted, and here their bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError, TransportType};

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::outbound_queue::{DIRECT_HEADROOM, QUEUE_BYTES, QueueFull};
use crate::net::limiter::Permit;

/// The session of a client that polls, in the extensions of the request that opened it.
#[derive(Clone)]
pub(crate) struct PollingSession(Arc<Inner>);

struct Inner {
    /// Bytes that the client has not fetched yet.
    waiting: AtomicUsize,
    _permit: Permit,
}

/// A client whose session was opened by polling, and that may use a WebSocket since then.
#[derive(Clone)]
pub(crate) struct PollingClient {
    socket: SocketRef,
    session: Option<PollingSession>,
}

/// Bytes of a packet, and the bound that they have to fit in.
#[derive(Clone, Copy)]
pub(super) struct Room {
    bytes: usize,
    bound: usize,
}

impl PollingSession {
    /// Creates a session that counts as a connection until it ends.
    pub(crate) fn new(permit: Permit) -> Self {
        Self(Arc::new(Inner {
            waiting: AtomicUsize::new(0),
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

    fn try_add(&self, room: Room) -> Result<(), QueueFull> {
        let add = |waiting: usize| (waiting < room.bound).then_some(waiting + room.bytes);
        match self.0.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => Ok(()),
            Err(_) => Err(QueueFull),
        }
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
        self.emit(event, Room::of_broadcast(event.frame.bytes().len()))
    }

    /// Sends an event with the headroom of a direct message.
    pub(super) fn try_send_direct<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        self.emit(event, Room::of_direct(event.frame.bytes().len()))
    }

    /// Counts a packet that is sent next. Fails if too much waits already.
    pub(super) fn try_reserve(&self, room: Room) -> Result<(), QueueFull> {
        match (&self.session, self.socket.transport_type()) {
            (Some(session), TransportType::Polling) => session.try_add(room),
            // What a WebSocket has received is not known here.
            (Some(_), TransportType::Websocket) | (None, _) => Ok(()),
        }
    }

    /// Sends an acknowledgement. socketioxide drops it if its queue is full.
    pub(super) fn acknowledge(&self, sender: AckSender, argument: &impl Serialize) {
        if let Err(error) = sender.send(argument) {
            tracing::debug!(sid = %self.socket.id, %error, "acknowledgement dropped");
        }
    }

    fn emit<T: Serialize>(&self, event: &OutgoingEvent<'_, T>, room: Room) -> Result<(), QueueFull> {
        self.try_reserve(room)?;
        for argument in event.arguments {
            match self.socket.emit(event.name, argument) {
                Ok(()) => {}
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    if let Some(session) = &self.session {
                        session.remove(room.bytes);
                    }
                    return Err(QueueFull);
                }
                Err(error) => {
                    tracing::debug!(sid = %self.socket.id, event = event.name, %error, "event dropped");
                }
            }
        }
        Ok(())
    }
}

impl Room {
    pub(super) fn of_broadcast(bytes: usize) -> Self {
        Self {
            bytes,
            bound: QUEUE_BYTES,
        }
    }

    pub(super) fn of_direct(bytes: usize) -> Self {
        Self {
            bytes,
            bound: QUEUE_BYTES * DIRECT_HEADROOM,
        }
    }
}
