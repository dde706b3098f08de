//! Sends events to one client, over whichever transport it uses.

use std::sync::{Arc, Weak};

use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef};

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::polling::transport::PollingTransport;
use crate::fanout::queue_bound::QueueFull;
use crate::fanout::websocket::outbound_queue::OutboundQueue;
use crate::metrics::TransportKind;
use crate::net::memory_budget::MemoryAccount;

/// The transport of one client's events.
#[derive(Clone)]
pub(crate) enum Transport {
    /// Straight to the TCP socket.
    WebSocket(Arc<OutboundQueue>),
    /// Through socketioxide's queue, for a client that polls, or began by polling.
    Polling(PollingTransport),
}

/// The acknowledgement that a client asked for, with the way to send it.
///
/// A WebSocket gets it through its own queue, in order with its events: socketioxide's queue is bounded in packets only, and
/// drops what exceeds it without a word.
pub(crate) enum Ack {
    WebSocket {
        queue: Arc<OutboundQueue>,
        id: i64,
    },
    Polling {
        client: PollingTransport,
        id: i64,
        sender: AckSender,
    },
}

impl Transport {
    /// Returns the transport of a socket, or `None` if it has ended. Nothing is sent to a client without bounds and an account.
    pub(crate) fn of(socket: &SocketRef) -> Option<Self> {
        match socket.req_parts().extensions.get::<Weak<OutboundQueue>>() {
            Some(queue) => queue.upgrade().map(Self::WebSocket),
            None => PollingTransport::of(socket).map(Self::Polling),
        }
    }

    /// Returns the acknowledgement of a packet with this id.
    pub(crate) fn ack(&self, id: i64, sender: AckSender) -> Ack {
        match self {
            Self::WebSocket(queue) => Ack::WebSocket {
                queue: Arc::clone(queue),
                id,
            },
            Self::Polling(client) => Ack::Polling {
                client: client.clone(),
                id,
                sender,
            },
        }
    }

    pub(crate) fn kind(&self) -> TransportKind {
        match self {
            Self::WebSocket(_) => TransportKind::Websocket,
            Self::Polling(_) => TransportKind::Polling,
        }
    }

    /// Returns `true` if the connection was neither lost nor ended by the server, so that an error is the client's. That is not known
    /// of the WebSocket to which a client that polled has upgraded: `false`.
    pub(crate) fn is_intact(&self) -> bool {
        match self {
            Self::WebSocket(queue) => queue.is_intact(),
            Self::Polling(_) => false,
        }
    }

    /// Returns the account of what waits for the client, and of its events that wait.
    pub(crate) fn account(&self) -> &MemoryAccount {
        match self {
            Self::WebSocket(queue) => queue.account(),
            Self::Polling(client) => client.account(),
        }
    }

    /// Sends without waiting.
    pub(crate) fn try_send<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        match self {
            Self::WebSocket(queue) => queue.try_send(&event.frame),
            Self::Polling(client) => client.try_send(event),
        }
    }

    /// Sends like [`Self::try_send`], with the headroom of a direct message.
    pub(crate) fn try_send_direct<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        match self {
            Self::WebSocket(queue) => queue.try_send_direct(&event.frame),
            Self::Polling(client) => client.try_send_direct(event),
        }
    }
}
