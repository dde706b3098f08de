//! The queue between a connection's reading task and the task that handles its events, in order of arrival.

use std::sync::Arc;

use ichat_protocol::limits::MAX_PENDING_EVENTS;
use ichat_protocol::{EntryId, RoomId, cut_text};
use serde_json::Value;
use socketioxide::extract::AckSender;
use tokio::sync::{Semaphore, mpsc};

use crate::errors;
use crate::fanout::chat_message::CHAT_MESSAGE;
use crate::fanout::client::ClientConnection;
use crate::fanout::request::{Request, ResponseFormat};

/// Characters of an event's name that rejections and logs repeat. No event's name is longer.
const MAX_EVENT_NAME_CHARS: usize = 64;

/// The arguments of an event; `None` when they are not JSON.
pub(crate) type Arguments = Option<Vec<Value>>;

/// An event as it arrived, not parsed any further.
pub(crate) struct IncomingEvent {
    pub(crate) request: Request,
    pub(crate) arguments: Arguments,
}

/// The sending end of the queue. Clones share it.
#[derive(Clone)]
pub(crate) struct EventQueue {
    client: Arc<ClientConnection>,
    /// One permit for each event that has no response yet.
    permits: Arc<Semaphore>,
    events: mpsc::Sender<Box<IncomingEvent>>,
}

impl EventQueue {
    /// Creates the queue of a connection. Its events are boxed, since the channel allocates 32 slots at once and most
    /// connections have nothing in theirs.
    pub(crate) fn new(client: &Arc<ClientConnection>) -> (Self, mpsc::Receiver<Box<IncomingEvent>>) {
        let (events, receiver) = mpsc::channel(MAX_PENDING_EVENTS);
        let queue = Self {
            client: Arc::clone(client),
            permits: Arc::new(Semaphore::new(MAX_PENDING_EVENTS)),
            events,
        };
        (queue, receiver)
    }

    /// Adds an event. It is rejected as `busy` when too many of this connection have no response yet.
    pub(crate) fn push(&self, name: &str, packet: Option<&str>, ack: Option<AckSender>) {
        let arguments = packet.and_then(parse_arguments);
        let request = Request {
            client: Arc::clone(&self.client),
            event: cut_text(name, MAX_EVENT_NAME_CHARS),
            room: first_argument_field(arguments.as_deref(), "room").and_then(|text| text.parse::<RoomId>().ok()),
            id: first_argument_field(arguments.as_deref(), "id").and_then(|text| text.parse::<EntryId>().ok()),
            format: if name == CHAT_MESSAGE {
                ResponseFormat::Tutorial
            } else {
                ResponseFormat::Protocol
            },
            ack,
            permit: Arc::clone(&self.permits).try_acquire_owned().ok(),
        };
        if request.permit.is_none() {
            return request.reject(errors::busy());
        }
        // The channel has a slot for each permit, so it is never full. It is closed after the connection has ended.
        drop(self.events.try_send(Box::new(IncomingEvent { request, arguments })));
    }

    /// Marks the connection as closed. Its task then closes the queue, and handles the events that wait.
    pub(crate) fn close(&self) {
        self.client.close();
    }
}

/// Parses the arguments after the name in `["name",…]`. socketioxide has parsed the name only.
fn parse_arguments(packet: &str) -> Arguments {
    let mut items = serde_json::from_str::<Vec<Value>>(packet).ok()?;
    (!items.is_empty()).then(|| items.split_off(1))
}

/// Returns a field of the first argument, so that a rejection can say what it is about.
fn first_argument_field<'a>(arguments: Option<&'a [Value]>, field: &str) -> Option<&'a str> {
    arguments?.first()?.get(field)?.as_str()
}
