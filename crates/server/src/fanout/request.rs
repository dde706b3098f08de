//! A client's event that waits for its response.

use std::sync::Arc;

use ichat_protocol::{EntryId, Refused, RoomId, ServerEvent, WireError};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use crate::fanout::client::ClientConnection;
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::transport::Ack;
use crate::net::memory_budget::MemoryShare;

/// One event of a client, and the way to respond to it.
pub(crate) struct Request {
    pub(crate) client: Arc<ClientConnection>,
    /// The event's name.
    pub(crate) event: String,
    /// The room that the event is about, as far as it could be parsed.
    pub(crate) room: Option<RoomId>,
    /// The id of the entry that the event would add, or its `around`.
    pub(crate) id: Option<EntryId>,
    pub(crate) format: ResponseFormat,
    /// Present when the client asked for an acknowledgement.
    pub(crate) ack: Option<Ack>,
    /// Counts as one of the connection's pending events until it is dropped.
    pub(crate) permit: Option<PendingPermit>,
}

/// The right of one event to be pending: one of a number of events, and some of a number of bytes.
pub(crate) struct PendingPermit {
    pub(crate) _event: OwnedSemaphorePermit,
    pub(crate) bytes: OwnedSemaphorePermit,
    pub(crate) _memory: MemoryShare,
}

/// The form of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    /// An event; where the client asked for an acknowledgement, `{event, data}` instead.
    Protocol,
    /// For tutorial clients: `{offset}` or `{error}` in the acknowledgement. A refusal is an event as well.
    Tutorial,
}

impl Request {
    /// Returns the bytes of the event's packet.
    pub(crate) fn bytes(&self) -> usize {
        self.permit.as_ref().map_or(0, |permit| permit.bytes.num_permits())
    }

    /// Responds with an event, without waiting.
    pub(crate) fn respond(&mut self, event: &ServerEvent) {
        match self.ack.take() {
            Some(ack) => self.client.try_acknowledge(ack, &answer(event)),
            None => self.client.try_send(event),
        }
    }

    /// Responds with an event, and waits while the client's queue is full: for responses of many events.
    pub(crate) async fn respond_when_ready(&mut self, event: &ServerEvent) {
        match self.ack.take() {
            Some(ack) => self.client.acknowledge(ack, &answer(event)).await,
            None => self.client.send(event).await,
        }
    }

    /// Responds with one event that is encoded already, and waits while the client's queue is full.
    pub(crate) async fn respond_encoded<T: Serialize + Sync>(&mut self, event: &OutgoingEvent<'_, T>) {
        match self.ack.take() {
            Some(ack) => {
                let answer = json!({ "event": event.name, "data": event.arguments.first() });
                self.client.acknowledge(ack, &answer).await;
            }
            None => self.client.send_encoded(event).await,
        }
    }

    /// Responds with an event, and waits while the client's queue is full; or rejects the request.
    pub(crate) async fn finish(mut self, result: Result<ServerEvent, WireError>) {
        match result {
            Ok(event) => self.respond_when_ready(&event).await,
            Err(error) => self.reject(error),
        }
    }

    /// Responds that nothing was done, and why. No request is ever dropped silently.
    pub(crate) fn reject(mut self, error: WireError) {
        tracing::debug!(event = ?self.event, code = ?error.code, "request rejected");
        self.client.metrics.event_refused(error.code);
        let rejection = Refused {
            event: std::mem::take(&mut self.event),
            room: self.room,
            id: self.id,
            error,
        };
        match self.format {
            ResponseFormat::Protocol => self.respond(&ServerEvent::Refused(rejection)),
            ResponseFormat::Tutorial => {
                let acknowledgement = json!({ "error": &rejection.error });
                self.client.try_send(&ServerEvent::Refused(rejection));
                self.acknowledge(&acknowledgement);
            }
        }
    }

    /// Responds that nothing was done for one room of several, and waits while the client's queue is full.
    pub(crate) async fn refuse_room(&self, room: RoomId, error: WireError) {
        tracing::debug!(event = ?self.event, %room, code = ?error.code, "room refused");
        self.client.metrics.event_refused(error.code);
        let refused = Refused {
            event: self.event.clone(),
            room: Some(room),
            id: None,
            error,
        };
        self.client.send(&ServerEvent::Refused(refused)).await;
    }

    /// Sends an acknowledgement of any form, if the client asked for one.
    pub(crate) fn acknowledge(&mut self, data: &impl Serialize) {
        if let Some(ack) = self.ack.take() {
            self.client.try_acknowledge(ack, data);
        }
    }
}

/// Returns an event in the form of an acknowledgement.
fn answer(event: &ServerEvent) -> Value {
    json!({ "event": event.name(), "data": event.data() })
}
