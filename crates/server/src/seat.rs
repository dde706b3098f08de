//! One connection, as the rest of the server sees it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ichat_protocol::{DeviceId, MemberId, RoomId, ServerEvent};
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio_util::sync::CancellationToken;

/// The Socket.IO room of everybody who has had their `hello`.
pub(crate) const HERE: &str = "here";
/// The Socket.IO room of those who get `chat message`.
pub(crate) const CLASSIC: &str = "classic";

/// One connection of one person.
pub(crate) struct Seat {
    pub(crate) socket: SocketRef,
    pub(crate) member: MemberId,
    pub(crate) device: DeviceId,
    /// Cancelled when the connection has ended.
    pub(crate) gone: CancellationToken,
    subscribed: Mutex<BTreeSet<RoomId>>,
}

impl Seat {
    pub(crate) fn new(socket: SocketRef, member: MemberId, device: DeviceId) -> Arc<Self> {
        Arc::new(Self {
            socket,
            member,
            device,
            gone: CancellationToken::new(),
            subscribed: Mutex::default(),
        })
    }

    /// The Socket.IO room of all connections of this person.
    pub(crate) fn own_room(member: &MemberId) -> String {
        format!("member {member}")
    }

    pub(crate) fn subscribe(&self, room: RoomId) {
        self.rooms().insert(room);
        self.socket.join(room.to_string());
    }

    pub(crate) fn unsubscribe(&self, room: RoomId) {
        self.socket.leave(room.to_string());
        self.rooms().remove(&room);
    }

    pub(crate) fn is_subscribed(&self, room: RoomId) -> bool {
        self.rooms().contains(&room)
    }

    pub(crate) fn subscriptions(&self) -> Vec<RoomId> {
        self.rooms().iter().copied().collect()
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, BTreeSet<RoomId>> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends without waiting. A full buffer drops it: the client finds the gap, or the next heartbeat ends the connection.
    pub(crate) fn tell(&self, event: &ServerEvent) {
        self.tell_raw(event.name(), &event.data());
    }

    /// Like [`Seat::tell`], for an argument that is already in its wire form.
    pub(crate) fn tell_raw(&self, event: &str, data: &(impl Serialize + ?Sized)) {
        if let Err(error) = self.socket.emit(event, data) {
            tracing::debug!(sid = %self.socket.id, event, %error, "not delivered");
        }
    }

    /// Sends, and waits while the buffer is full: only for this connection's own task, whose waiting disturbs nobody else.
    pub(crate) async fn tell_patiently(&self, event: &ServerEvent) {
        self.tell_raw_patiently(event.name(), &event.data()).await;
    }

    /// Like [`Seat::tell_patiently`], for an argument that is already in its wire form.
    pub(crate) async fn tell_raw_patiently(&self, event: &str, data: &(impl Serialize + Sync + ?Sized)) {
        while let Err(SendError::Socket(SocketError::InternalChannelFull)) = self.socket.emit(event, data) {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
                () = self.gone.cancelled() => return,
            }
        }
    }
}
