//! One client's connection, as the rest of the server sees it.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ichat_protocol::{DeviceId, MemberId, RoomId, ServerEvent};
use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio_util::sync::CancellationToken;

use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::frame::Frame;
use crate::fanout::websocket::outbound_queue::{OutboundQueue, QueueFull};

/// Time between two attempts to send to a client whose queue is full.
const SEND_RETRY_INTERVAL: Duration = Duration::from_millis(20);

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// A connection of a member on one of their devices.
pub(crate) struct ClientConnection {
    /// Counts connections in the order in which they were made.
    pub(crate) number: u64,
    pub(crate) socket: SocketRef,
    pub(crate) member: MemberId,
    pub(crate) device: DeviceId,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
    /// The direct way to the socket. A client that polls has none, and gets its events through socketioxide's queue.
    pub(crate) queue: Option<Arc<OutboundQueue>>,
    /// Sorted. Most clients subscribe to one or two rooms.
    subscriptions: Mutex<Vec<RoomId>>,
}

impl ClientConnection {
    /// Wraps a socket that socketioxide is about to let in. Events that are sent before then follow the `CONNECT` packet.
    pub(crate) fn new(socket: SocketRef, member: MemberId, device: DeviceId) -> Arc<Self> {
        let queue = socket.req_parts().extensions.get::<Arc<OutboundQueue>>().cloned();
        if let Some(queue) = &queue {
            queue.buffer_until_connected();
        }
        Arc::new(Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            queue,
            socket,
            member,
            device,
            closed: CancellationToken::new(),
            subscriptions: Mutex::default(),
        })
    }

    /// Marks the connection as ended. Nothing more is sent.
    pub(crate) fn close(&self) {
        if let Some(queue) = &self.queue {
            queue.disconnect();
        }
        self.closed.cancel();
    }

    /// Records a subscription. Only `Hub` calls this, together with its own record.
    pub(crate) fn add_subscription(&self, room: RoomId) {
        let mut rooms = self.subscriptions.lock();
        if let Err(index) = rooms.binary_search(&room) {
            rooms.insert(index, room);
        }
    }

    /// Removes a subscription. Only `Hub` calls this, together with its own record.
    pub(crate) fn remove_subscription(&self, room: RoomId) {
        self.subscriptions.lock().retain(|other| *other != room);
    }

    pub(crate) fn is_subscribed(&self, room: RoomId) -> bool {
        self.subscriptions.lock().binary_search(&room).is_ok()
    }

    /// Returns the rooms, sorted.
    pub(crate) fn subscriptions(&self) -> Vec<RoomId> {
        self.subscriptions.lock().clone()
    }

    /// Sends a direct message without waiting. When even the headroom of the queue is used up, the event is dropped; a client
    /// that reads so little is about to be disconnected.
    pub(crate) fn try_send(&self, event: &ServerEvent) {
        self.try_send_json(event.name(), &event.data());
    }

    /// Like [`Self::try_send`], for an argument in its wire form.
    pub(crate) fn try_send_json(&self, name: &str, argument: &impl Serialize) {
        let arguments = slice::from_ref(argument);
        let sent = match &self.queue {
            Some(queue) => queue.try_send_direct(&Frame::events(name, arguments)),
            None => self.emit(name, arguments),
        };
        if let Err(QueueFull) = sent {
            tracing::debug!(sid = %self.socket.id, event = name, "event dropped: the queue is full");
        }
    }

    /// Sends, and waits while the queue is full. Only for the connection's own task, which delays no other client.
    pub(crate) async fn send(&self, event: &ServerEvent) {
        self.send_json(event.name(), &event.data()).await;
    }

    /// Like [`Self::send`], for an argument in its wire form.
    pub(crate) async fn send_json(&self, name: &str, argument: &(impl Serialize + Sync)) {
        let event = OutgoingEvent::new(name, slice::from_ref(argument));
        self.send_encoded(&event).await;
    }

    /// Like [`Self::send`], for an event that is encoded already.
    pub(crate) async fn send_encoded<T: Serialize + Sync>(&self, event: &OutgoingEvent<'_, T>) {
        while let Err(QueueFull) = self.try_send_encoded(event) {
            tokio::select! {
                () = tokio::time::sleep(SEND_RETRY_INTERVAL) => {}
                () = self.closed.cancelled() => return,
            }
        }
    }

    fn try_send_encoded<T: Serialize>(&self, event: &OutgoingEvent<'_, T>) -> Result<(), QueueFull> {
        match &self.queue {
            Some(queue) => queue.try_send(&event.frame),
            None => self.emit(event.name, event.arguments),
        }
    }

    /// Sends through socketioxide's own queue.
    pub(crate) fn emit<T: Serialize>(&self, name: &str, arguments: &[T]) -> Result<(), QueueFull> {
        arguments
            .iter()
            .try_for_each(|argument| match self.socket.emit(name, argument) {
                Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(QueueFull),
                Err(error) => {
                    tracing::debug!(sid = %self.socket.id, event = name, %error, "event dropped");
                    Ok(())
                }
                Ok(()) => Ok(()),
            })
    }
}
