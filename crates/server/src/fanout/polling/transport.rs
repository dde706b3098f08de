//! Sends events to clients that poll, or began by polling, through socketioxide's queue. It bounds packets, and their session
//! bounds the bytes.

use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError};

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::polling::session::PollingSession;
use crate::fanout::queue_bound::{DIRECT_HEADROOM, QUEUE_BYTES, QueueFull};
use crate::fanout::websocket::frame::Frame;
use crate::net::memory_budget::MemoryAccount;

/// The way to a client whose session was opened by polling, and that may use a WebSocket since then.
#[derive(Clone)]
pub(crate) struct PollingTransport {
    socket: SocketRef,
    session: PollingSession,
}

/// Bytes of packets that are sent next, and the bound of all that wait.
#[derive(Clone, Copy)]
pub(in crate::fanout) struct Reservation {
    bytes: usize,
    bound: usize,
}

impl PollingTransport {
    /// Returns the transport of a socket, or `None` if its session was not opened by polling.
    pub(in crate::fanout) fn of(socket: &SocketRef) -> Option<Self> {
        Some(Self {
            session: PollingSession::of(socket)?,
            socket: socket.clone(),
        })
    }

    /// Returns the account of the bytes that wait for the client.
    pub(in crate::fanout) fn account(&self) -> &MemoryAccount {
        self.session.account()
    }

    /// Ends the session.
    pub(in crate::fanout) fn end(&self) {
        self.session.account().closed().cancel();
    }

    /// Sends an event within the bound of broadcasts.
    pub(in crate::fanout) fn try_send<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        self.emit(event, Reservation::of_broadcast(&event.frame))
    }

    /// Sends an event with the headroom of a direct message.
    pub(in crate::fanout) fn try_send_direct<T: Serialize>(
        &self,
        event: &OutgoingEvent<'_, T>,
    ) -> Result<(), QueueFull> {
        self.emit(event, Reservation::of_direct(&event.frame))
    }

    /// Counts packets that are sent next. Fails if too much waits already.
    pub(in crate::fanout) fn try_reserve(&self, reservation: Reservation) -> Result<(), QueueFull> {
        self.session.try_add(reservation.bytes, reservation.bound)
    }

    /// Sends an acknowledgement that is counted already. If socketioxide's queue is full, which drops it, ends the session: a client
    /// can't detect that an acknowledgement is missing, but it notices a session that has ended.
    pub(in crate::fanout) fn acknowledge(
        &self,
        sender: AckSender,
        argument: &impl Serialize,
        reservation: Reservation,
    ) {
        if let Err(error) = sender.send(argument) {
            self.session.remove(reservation.bytes);
            tracing::debug!(sid = %self.socket.id, %error, "a session ends, since an acknowledgement was dropped");
            self.end();
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
        self.session.remove(unsent);
        result
    }
}

impl Reservation {
    pub(in crate::fanout) fn of_broadcast(frame: &Frame) -> Self {
        Self {
            bytes: frame.packet_lengths().sum(),
            bound: QUEUE_BYTES,
        }
    }

    pub(in crate::fanout) fn of_direct(frame: &Frame) -> Self {
        Self {
            bytes: frame.packet_lengths().sum(),
            bound: QUEUE_BYTES * DIRECT_HEADROOM,
        }
    }
}
