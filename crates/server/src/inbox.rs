//! The way in: every event of a connection, in the order of its arrival.
//!
//! socketioxide calls each handler in a task of its own, so their order is chance. Its *extractors*, though, run in the
//! connection's reading task. So the one handler here does nothing, and its extractor does everything: it puts the event
//! into the connection's own queue.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use ichat_protocol::limits::MAX_QUEUED_POSTS;
use ichat_protocol::{EntryId, ErrorCode, RoomId, WireError};
use serde_json::Value as Json;
use socketioxide::extract::{AckSender, Event, SocketRef};
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::asker::Asker;
use crate::seat::Seat;

/// No event's name is longer; refusals and logs repeat no more of it.
const MAX_NAME_CHARS: usize = 64;

/// An event as it came, not yet understood.
pub(crate) struct Incoming {
    pub(crate) asker: Asker,
    /// The arguments; `None` when they are not JSON.
    pub(crate) arguments: Option<Vec<Json>>,
}

/// The queue's end in the reading task. It lives in the socket's extensions.
#[derive(Clone)]
struct Door {
    seat: Arc<Seat>,
    places: Arc<Semaphore>,
    queue: Arc<Mutex<Option<mpsc::Sender<Box<Incoming>>>>>,
}

/// Opens the queue of a connection, before its first event can come. The channel makes places for 32 at once, so what goes
/// through it is boxed: most connections have nothing in theirs.
pub(crate) fn open(seat: &Arc<Seat>) -> mpsc::Receiver<Box<Incoming>> {
    let (queue, incoming) = mpsc::channel(MAX_QUEUED_POSTS);
    let door = Door {
        seat: Arc::clone(seat),
        places: Arc::new(Semaphore::new(MAX_QUEUED_POSTS)),
        queue: Arc::new(Mutex::new(Some(queue))),
    };
    let socket = &seat.socket;
    socket.extensions.insert(door);
    socket.on_fallback(async |Taken: Taken| {});
    socket.on_disconnect(async |socket: SocketRef| {
        // The seat holds the socket, so the socket must let go of the seat.
        if let Some(door) = socket.extensions.remove::<Door>() {
            door.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            door.seat.end();
        }
    });
    incoming
}

/// Proof that an event was taken; taking it is all that its making does.
struct Taken;

impl FromMessageParts<socketioxide::adapter::LocalAdapter> for Taken {
    type Error = Infallible;

    fn from_message_parts(socket: &Arc<Socket>, value: &mut Value, ack_id: &Option<i64>) -> Result<Self, Infallible> {
        let Some(door) = socket.extensions.get::<Door>() else {
            return Ok(Taken);
        };
        let ack = match (ack_id, AckSender::from_message_parts(socket, value, ack_id)) {
            (Some(_), Ok(ack)) => Some(ack),
            _ => None,
        };
        let name = match Event::from_message_parts(socket, value, ack_id) {
            Ok(Event(name)) => name.chars().take(MAX_NAME_CHARS).collect(),
            // The library has read it already, to find this handler.
            Err(_) => String::new(),
        };
        let arguments = arguments(value);
        let asker = Asker {
            seat: Arc::clone(&door.seat),
            event: name,
            room: spoken_of(arguments.as_deref(), "room").and_then(|text| text.parse::<RoomId>().ok()),
            id: spoken_of(arguments.as_deref(), "id").and_then(|text| text.parse::<EntryId>().ok()),
            ack,
            place: place(&door.places),
        };
        door.take(Incoming { asker, arguments });
        Ok(Taken)
    }
}

impl Door {
    fn take(&self, incoming: Incoming) {
        if incoming.asker.place.is_none() {
            return incoming.asker.refuse(busy());
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // There are as many places as the queue is long, so it is never full; after the end nobody is left to tell.
        if let Some(queue) = queue.as_ref() {
            drop(queue.try_send(Box::new(incoming)));
        }
    }
}

fn place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(places).try_acquire_owned().ok()
}

fn busy() -> WireError {
    WireError::new(
        ErrorCode::Busy,
        format!("{MAX_QUEUED_POSTS} of your events are waiting already. Wait for answers, then try again."),
    )
}

/// The arguments behind the name. The library has made sure of the name only.
fn arguments(value: &Value) -> Option<Vec<Json>> {
    let Value::Str(text, _) = value else {
        return None;
    };
    let mut all = serde_json::from_str::<Vec<Json>>(text).ok()?;
    (!all.is_empty()).then(|| all.split_off(1))
}

/// A field of the first argument, so that a refusal can say what it is about.
fn spoken_of<'a>(arguments: Option<&'a [Json]>, field: &str) -> Option<&'a str> {
    arguments?.first()?.get(field)?.as_str()
}
