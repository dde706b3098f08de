//! The way of events to one client.

use std::sync::Arc;

use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::outbound_queue::{OutboundQueue, QueueFull};

/// The way of events to one client.
#[derive(Clone)]
pub(crate) enum Transport {
    /// Straight to the TCP socket.
    WebSocket(Arc<OutboundQueue>),
    /// Through socketioxide's queue, for a client that polls.
    Polling(SocketRef),
}

impl Transport {
    pub(crate) fn of(socket: &SocketRef) -> Self {
        match socket.req_parts().extensions.get::<Arc<OutboundQueue>>() {
            Some(queue) => Self::WebSocket(Arc::clone(queue)),
            None => Self::Polling(socket.clone()),
        }
    }

    /// Sends without waiting.
    pub(crate) fn try_send<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        match self {
            Self::WebSocket(queue) => queue.try_send(&event.frame),
            Self::Polling(socket) => emit(socket, event),
        }
    }

    /// Like [`Self::try_send`], with the headroom of a direct message.
    pub(crate) fn try_send_direct<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        match self {
            Self::WebSocket(queue) => queue.try_send_direct(&event.frame),
            Self::Polling(socket) => emit(socket, event),
        }
    }
}

fn emit<T: Serialize>(socket: &SocketRef, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
    event
        .arguments
        .iter()
        .try_for_each(|argument| match socket.emit(event.name, argument) {
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(QueueFull),
            Err(error) => {
                tracing::debug!(sid = %socket.id, event = event.name, %error, "event dropped");
                Ok(())
            }
            Ok(()) => Ok(()),
        })
}
