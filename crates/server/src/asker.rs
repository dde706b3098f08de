//! Who asked for something, and how the answer gets there.

use std::sync::Arc;

use ichat_protocol::{EntryId, ErrorCode, Refused, RoomId, ServerEvent, WireError};
use ichat_store::StoreError;
use serde_json::{Value, json};
use socketioxide::extract::AckSender;
use tokio::sync::OwnedSemaphorePermit;

use crate::classic;
use crate::seat::Seat;

/// One event that waits for its answer. It holds one of the connection's places for waiting events until it is dropped.
pub(crate) struct Asker {
    pub(crate) seat: Arc<Seat>,
    /// The event's name.
    pub(crate) event: String,
    /// The room that the event spoke of, as far as that could be read.
    pub(crate) room: Option<RoomId>,
    /// The entry that it would make.
    pub(crate) id: Option<EntryId>,
    /// Present when the client asked for an acknowledgement.
    pub(crate) ack: Option<AckSender>,
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

impl Asker {
    /// The answer: an event, or the acknowledgement where one was asked for.
    pub(crate) fn answer(&mut self, event: &ServerEvent) {
        match self.ack.take() {
            Some(ack) => send_ack(ack, &json!({ "event": event.name(), "data": event.data() })),
            None => self.seat.tell(event),
        }
    }

    /// Like [`Asker::answer`], for answers of many events: it waits for room in the client's buffer.
    pub(crate) async fn answer_patiently(&mut self, event: &ServerEvent) {
        if self.ack.is_some() {
            self.answer(event);
        } else {
            self.seat.tell_patiently(event).await;
        }
    }

    /// Says that it was not done. Nothing is ever dropped in silence.
    pub(crate) fn refuse(mut self, error: WireError) {
        tracing::debug!(event = ?self.event, code = ?error.code, "refused");
        let refused = ServerEvent::Refused(Refused {
            event: self.event.clone(),
            room: self.room,
            id: self.id,
            error,
        });
        if self.event == classic::EVENT {
            // Clients after the tutorial know no {event, data} in their acknowledgement.
            self.seat.tell(&refused);
            if let (Some(ack), ServerEvent::Refused(refused)) = (self.ack.take(), &refused) {
                send_ack(ack, &json!({ "error": refused.error }));
            }
        } else {
            self.answer(&refused);
        }
    }

    /// Acknowledges in the classic way.
    pub(crate) fn acknowledge(mut self, data: &Value) {
        if let Some(ack) = self.ack.take() {
            send_ack(ack, data);
        }
    }
}

/// Acknowledges; a full buffer drops it, as it does any answer.
pub(crate) fn send_ack(ack: AckSender, data: &Value) {
    if let Err(error) = ack.send(data) {
        tracing::debug!(%error, "acknowledgement not delivered");
    }
}

/// The refusal of somebody who is no member.
pub(crate) fn not_joined() -> WireError {
    WireError::new(
        ErrorCode::NotJoined,
        "Only members of the room may do this: join it first.",
    )
}

/// The refusal of a room that does not exist.
pub(crate) fn unknown_room() -> WireError {
    WireError::new(
        ErrorCode::UnknownRoom,
        "There is no such room on this server: look at its list of rooms.",
    )
}

/// What a client hears when the disk does not do what it should.
pub(crate) fn storage(error: &StoreError) -> WireError {
    if matches!(error, StoreError::Closed) {
        return closing();
    }
    tracing::error!(%error, "the store failed");
    not_written()
}

/// The refusal of what could not be written or read.
pub(crate) fn not_written() -> WireError {
    WireError::new(
        ErrorCode::Storage,
        "The server could not use its disk. Try again later.",
    )
}

/// What a client hears while the server goes down.
pub(crate) fn closing() -> WireError {
    WireError::new(
        ErrorCode::Closing,
        "The server is going down. Try again when it is back.",
    )
}
