//! One client's connection, as the rest of the server sees it.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ichat_protocol::{DeviceId, MemberId, Refused, RoomId, ServerEvent, WireError};
use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::extract::SocketRef;
use tokio_util::sync::CancellationToken;

use crate::errors;
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::polling::transport::Reservation;
use crate::fanout::queue_bound::QueueFull;
use crate::fanout::transport::{Ack, Transport};
use crate::fanout::websocket::frame::Frame;
use crate::metrics::{CutReason, Metrics};
use crate::net::client_address::ClientAddress;
use crate::net::rate_limiter::ClientBudget;

/// Time between two attempts to send to a client whose queue is full. socketioxide's queue does not say when it has space
/// again.
const SEND_RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// The number of a connection, in the order of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ConnectionId(u64);

impl ConnectionId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A connection of a member on one of their devices.
pub(crate) struct ClientConnection {
    pub(crate) id: ConnectionId,
    pub(crate) socket: SocketRef,
    pub(crate) member: MemberId,
    pub(crate) device: DeviceId,
    /// Cancelled when the connection has ended.
    pub(crate) closed: CancellationToken,
    pub(crate) transport: Transport,
    pub(crate) address: ClientAddress,
    /// Pays for the client's requests.
    pub(crate) budget: ClientBudget,
    pub(crate) metrics: Metrics,
    /// The rooms, sorted. Most clients subscribe to one or two.
    subscriptions: Mutex<Vec<RoomId>>,
}

impl ClientConnection {
    /// Wraps a socket that socketioxide has not accepted yet. Events that are sent until then follow the `CONNECT`
    /// packet. Returns `None` if the transport has ended.
    pub(crate) fn new(
        socket: SocketRef,
        member: MemberId,
        device: DeviceId,
        address: ClientAddress,
        budget: ClientBudget,
        metrics: Metrics,
    ) -> Option<Arc<Self>> {
        let transport = Transport::of(&socket)?;
        match &transport {
            Transport::WebSocket(queue) => queue.buffer_until_connected(),
            Transport::Polling(_) => {}
        }
        Some(Arc::new(Self {
            id: ConnectionId::next(),
            transport,
            socket,
            member,
            device,
            address,
            budget,
            metrics,
            closed: CancellationToken::new(),
            subscriptions: Mutex::default(),
        }))
    }

    /// Marks the connection as ended. Nothing more is sent but the reason, where the client is at fault: a refusal that
    /// names no event. A client that polls gets no reason, since socketioxide has closed its queue.
    pub(crate) fn close(&self, reason: Option<WireError>) {
        if reason.is_some() {
            self.metrics.connection_cut(CutReason::Unreadable);
        }
        match &self.transport {
            Transport::WebSocket(queue) => {
                let reason = reason.map(|error| {
                    let refusal = last_refusal(error);
                    Frame::events(refusal.name(), &[refusal.data()])
                });
                queue.disconnect(reason.as_ref());
            }
            Transport::Polling(_) => {}
        }
        self.closed.cancel();
    }

    /// Ends the connection of a client that is at fault. The reason is the last event that it receives: a refusal that names no
    /// event. A client that polls gets none.
    pub(crate) fn end(&self, reason: WireError) {
        match &self.transport {
            Transport::WebSocket(queue) => {
                let refusal = last_refusal(reason);
                queue.end_with(&Frame::events(refusal.name(), &[refusal.data()]));
            }
            Transport::Polling(client) => client.end(),
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

    /// Sends a direct message without waiting. If even the headroom of the queue is used up, the event is dropped: a
    /// client that reads so little is about to be disconnected.
    pub(crate) fn try_send(&self, event: &ServerEvent) {
        self.try_send_json(event.name(), &event.data());
    }

    /// Sends like [`Self::try_send`], for an argument in its wire form.
    pub(crate) fn try_send_json(&self, name: &str, argument: &impl Serialize) {
        let event = OutgoingEvent::new(name, slice::from_ref(argument));
        if let Err(QueueFull) = self.transport.try_send_direct(&event) {
            self.log_dropped(name, 1);
        }
    }

    /// Counts and logs packets of an event that the client misses because its queue is full.
    pub(super) fn log_dropped(&self, name: &str, packets: usize) {
        self.metrics.deliveries_dropped(packets);
        tracing::debug!(sid = %self.socket.id, event = name, "event dropped: the queue is full");
    }

    /// Acknowledges without waiting. If even the headroom of the queue is used up, the connection ends: an acknowledgement that is
    /// lost leaves its request without an end, and a client can't detect it.
    pub(super) fn try_acknowledge(&self, ack: Ack, argument: &impl Serialize) {
        let acknowledged = match ack {
            Ack::WebSocket { queue, id } => queue.try_send_direct(&Frame::ack(id, argument)),
            Ack::Polling { client, id, sender } => {
                let reservation = Reservation::of_direct(&Frame::ack(id, argument));
                let reserved = client.try_reserve(reservation);
                reserved.map(|()| client.acknowledge(sender, argument, reservation))
            }
        };
        if let Err(QueueFull) = acknowledged {
            self.log_dropped("acknowledgement", 1);
            self.end(errors::reads_too_slowly());
        }
    }

    /// Acknowledges, and waits while the queue is full. See [`Self::send`].
    pub(super) async fn acknowledge(&self, ack: Ack, argument: &(impl Serialize + Sync)) {
        match ack {
            Ack::WebSocket { queue, id } => {
                let frame = Frame::ack(id, argument);
                self.retry_while_full(|| queue.try_send(&frame)).await;
            }
            Ack::Polling { client, id, sender } => {
                let reservation = Reservation::of_broadcast(&Frame::ack(id, argument));
                self.retry_while_full(|| client.try_reserve(reservation)).await;
                client.acknowledge(sender, argument, reservation);
            }
        }
    }

    /// Sends, and waits while the queue is full. Only the connection's own task may call it, because it delays no other
    /// client.
    pub(crate) async fn send(&self, event: &ServerEvent) {
        self.send_json(event.name(), &event.data()).await;
    }

    /// Sends like [`Self::send`], for an argument in its wire form.
    pub(crate) async fn send_json(&self, name: &str, argument: &(impl Serialize + Sync)) {
        let event = OutgoingEvent::new(name, slice::from_ref(argument));
        self.send_encoded(&event).await;
    }

    /// Sends like [`Self::send`], for an event that is encoded already. It has one packet: of several, those that were queued
    /// would be sent again.
    pub(crate) async fn send_encoded<T: Serialize + Sync>(&self, event: &OutgoingEvent<'_, T>) {
        debug_assert_eq!(event.arguments.len(), 1);
        self.retry_while_full(|| self.transport.try_send(event)).await;
    }

    async fn retry_while_full(&self, try_send: impl Fn() -> Result<(), QueueFull>) {
        while let Err(QueueFull) = try_send() {
            tokio::select! {
                () = tokio::time::sleep(SEND_RETRY_INTERVAL) => {}
                () = self.closed.cancelled() => return,
            }
        }
    }
}

/// Returns the refusal that says why a connection ends.
fn last_refusal(error: WireError) -> ServerEvent {
    ServerEvent::Refused(Refused {
        event: String::new(),
        room: None,
        id: None,
        error,
    })
}
