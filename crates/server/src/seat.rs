//! One connection, as the rest of the server sees it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ichat_protocol::{DeviceId, MemberId, RoomId, ServerEvent};
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio_util::sync::CancellationToken;

use crate::frame::Frame;
use crate::lane::{Full, Lane};

/// One connection of one person.
pub(crate) struct Seat {
    pub(crate) socket: SocketRef,
    pub(crate) member: MemberId,
    pub(crate) device: DeviceId,
    /// Cancelled when the connection has ended.
    pub(crate) gone: CancellationToken,
    /// How events get there; without it, through socketioxide's own queue, as the packets of a client that polls must.
    lane: Option<Arc<Lane>>,
    subscribed: Mutex<BTreeSet<RoomId>>,
}

impl Seat {
    /// Called before the client hears that it is connected.
    pub(crate) fn new(socket: SocketRef, member: MemberId, device: DeviceId) -> Arc<Self> {
        let lane = socket.req_parts().extensions.get::<Arc<Lane>>().cloned();
        if let Some(lane) = &lane {
            lane.hold_until_connected();
        }
        Arc::new(Self {
            lane,
            socket,
            member,
            device,
            gone: CancellationToken::new(),
            subscribed: Mutex::default(),
        })
    }

    /// Notes a subscription; [`Audience`](crate::audience::Audience) makes it.
    pub(crate) fn note(&self, room: RoomId) {
        self.rooms().insert(room);
    }

    pub(crate) fn strike(&self, room: RoomId) {
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

    /// Sends without waiting. Whose buffer is full misses it: the client finds the gap, or its connection ends.
    pub(crate) fn tell(&self, event: &ServerEvent) {
        self.tell_raw(event.name(), &event.data());
    }

    /// Like [`Seat::tell`], for an argument that is already in its wire form.
    pub(crate) fn tell_raw(&self, event: &str, data: &impl Serialize) {
        if let Err(Full) = self.try_tell(event, data) {
            tracing::debug!(sid = %self.socket.id, event, "not delivered");
        }
    }

    /// Sends, and waits while the buffer is full: only for this connection's own task, whose waiting disturbs nobody else.
    pub(crate) async fn tell_patiently(&self, event: &ServerEvent) {
        self.tell_raw_patiently(event.name(), &event.data()).await;
    }

    /// Like [`Seat::tell_patiently`], for an argument that is already in its wire form.
    pub(crate) async fn tell_raw_patiently(&self, event: &str, data: &(impl Serialize + Sync)) {
        self.pass_patiently(&Frame::event(event, data), event, &[data]).await;
    }

    /// Passes on what many are told; the arguments are those that the frame was made of.
    pub(crate) fn pass<T: Serialize>(&self, frame: &Frame, event: &str, arguments: &[T]) {
        if let Err(Full) = self.try_pass(frame, event, arguments) {
            tracing::debug!(sid = %self.socket.id, event, "not delivered");
        }
    }

    /// Like [`Seat::pass`], and waits while the buffer is full.
    pub(crate) async fn pass_patiently<T: Serialize + Sync>(&self, frame: &Frame, event: &str, arguments: &[T]) {
        while let Err(Full) = self.try_pass(frame, event, arguments) {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
                () = self.gone.cancelled() => return,
            }
        }
    }

    fn try_pass<T: Serialize>(&self, frame: &Frame, event: &str, arguments: &[T]) -> Result<(), Full> {
        match &self.lane {
            Some(lane) => self.send(lane, frame),
            None => arguments.iter().try_for_each(|argument| self.emit(event, argument)),
        }
    }

    fn try_tell(&self, event: &str, data: &impl Serialize) -> Result<(), Full> {
        match &self.lane {
            Some(lane) => self.send(lane, &Frame::event(event, data)),
            None => self.emit(event, data),
        }
    }

    fn send(&self, lane: &Lane, frame: &Frame) -> Result<(), Full> {
        // The transport may go on without the Socket.IO connection.
        if self.gone.is_cancelled() {
            return Ok(());
        }
        lane.send(frame)
    }

    fn emit(&self, event: &str, data: &impl Serialize) -> Result<(), Full> {
        match self.socket.emit(event, data) {
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(Full),
            Err(error) => {
                tracing::debug!(sid = %self.socket.id, event, %error, "not delivered");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
