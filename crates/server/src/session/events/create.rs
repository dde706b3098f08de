use std::sync::Arc;

use ichat_protocol::{Body, Create, EntryId, ErrorCode, ServerEvent, WireError};
use uuid::Uuid;

use crate::errors;
use crate::fanout::request::Request;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;

/// Creates a room and joins it. The ids of its entries derive from the room's id, so repeating the event repeats nothing.
pub(super) async fn create(state: &ServerState, request: Request, event: Create) {
    let result = create_room(state, &request, event).await;
    request.finish(result);
}

async fn create_room(state: &ServerState, request: &Request, event: Create) -> Result<ServerEvent, WireError> {
    let Create { room, name, topic } = event;
    let client = &request.client;
    let topic = topic.filter(|text| !text.is_empty()).map(|text| Body::Topic { text });
    topic.as_ref().map(Body::check).transpose()?;
    let own_name = state.presence.name(&client.member).ok_or_else(errors::closing)?;
    let derived_id = |part: &str| EntryId(Uuid::new_v5(&room.0, part.as_bytes()));
    let mut entries = vec![
        new_entry(client, room, derived_id("created"), Body::Created { name }),
        new_entry(client, room, derived_id("joined"), Body::Joined { name: own_name }),
    ];
    entries.extend(topic.map(|topic| new_entry(client, room, derived_id("topic"), topic)));
    let outcomes = state.writer.commit(entries, Some(Arc::clone(client))).await?;
    let created = outcomes.first().and_then(errors::of_outcome);
    if created.is_some() {
        return Err(WireError::new(
            ErrorCode::Conflict,
            "There is a room with this id already: make a new id.",
        ));
    }
    state.room_event(room, &client.member).await
}
