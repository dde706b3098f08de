//! One connection, as the rest of the server sees it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ichat_protocol::{DeviceId, MemberId, RoomId, ServerEvent};
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio_util::sync::CancellationToken;

use crate::frame::Frame;
use crate::lane::{Full, Lane};

/// How many have come since the program was started.
static ARRIVALS: AtomicU64 = AtomicU64::new(0);

/// One connection of one person.
pub(crate) struct Seat {
    /// Of those who came later it is higher.
    pub(crate) number: u64,
    pub(crate) socket: SocketRef,
    pub(crate) member: MemberId,
    pub(crate) device: DeviceId,
    /// Cancelled when the connection has ended.
    pub(crate) gone: CancellationToken,
    /// How events get there; without it, through socketioxide's own queue, as the packets of a client that polls must.
    pub(crate) lane: Option<Arc<Lane>>,
    /// In their order. Most follow one or two.
    subscribed: Mutex<Vec<RoomId>>,
}

impl Seat {
    /// Called before the client hears that it is connected.
    pub(crate) fn new(socket: SocketRef, member: MemberId, device: DeviceId) -> Arc<Self> {
        let lane = socket.req_parts().extensions.get::<Arc<Lane>>().cloned();
        if let Some(lane) = &lane {
            lane.hold_until_connected();
        }
        Arc::new(Self {
            number: ARRIVALS.fetch_add(1, Ordering::Relaxed),
            lane,
            socket,
            member,
            device,
            gone: CancellationToken::new(),
            subscribed: Mutex::default(),
        })
    }

    /// The connection has ended: nothing more is sent.
    pub(crate) fn end(&self) {
        if let Some(lane) = &self.lane {
            lane.mute();
        }
        self.gone.cancel();
    }

    /// Notes a subscription; [`Audience`](crate::audience::Audience) makes it.
    pub(crate) fn note(&self, room: RoomId) {
        let mut rooms = self.rooms();
        if let Err(place) = rooms.binary_search(&room) {
            rooms.insert(place, room);
        }
    }

    pub(crate) fn strike(&self, room: RoomId) {
        self.rooms().retain(|other| *other != room);
    }

    pub(crate) fn is_subscribed(&self, room: RoomId) -> bool {
        self.rooms().binary_search(&room).is_ok()
    }

    pub(crate) fn subscriptions(&self) -> Vec<RoomId> {
        self.rooms().clone()
    }

    fn rooms(&self) -> std::sync::MutexGuard<'_, Vec<RoomId>> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends without waiting. Who reads nothing, so that even the room for what one alone is told is full, misses it, and will
    /// see the connection end.
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

    /// Passes on what many are told, and waits while the buffer is full. The arguments are those that the frame was made of.
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
            Some(lane) => lane.send(frame),
            None => self.emit_all(event, arguments),
        }
    }

    fn try_tell(&self, event: &str, data: &impl Serialize) -> Result<(), Full> {
        match &self.lane {
            Some(lane) => lane.send_to_one(&Frame::event(event, data)),
            None => self.emit(event, data),
        }
    }

    /// Sends through socketioxide's queue.
    pub(crate) fn emit_all<T: Serialize>(&self, event: &str, arguments: &[T]) -> Result<(), Full> {
        arguments.iter().try_for_each(|argument| self.emit(event, argument))
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
