use std::sync::Arc;

use ichat_protocol::{Body, Create, EntryId, ServerEvent, WireError};
use uuid::Uuid;

use crate::errors;
use crate::fanout::request::Request;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;
use crate::session::subscribe::subscribe;

/// Creates a room and joins it. The ids of its entries derive from the room's id, so a repeated event adds nothing.
pub(super) async fn create(state: &ServerState, request: Request, event: Create) {
    let result = create_room(state, &request, event).await;
    request.finish(result).await;
}

async fn create_room(state: &ServerState, request: &Request, event: Create) -> Result<ServerEvent, WireError> {
    let Create { room, name, topic } = event;
    let client = &request.client;
    let topic = topic.filter(|text| !text.is_empty()).map(|text| Body::Topic { text });
    topic.as_ref().map(Body::check).transpose()?;
    let name_lock = state.name_locks.lock(&client.member).await;
    let own_name = state.online.name(&client.member).ok_or_else(errors::closing)?;
    let derived_id = |part: &str| EntryId(Uuid::new_v5(&room.0, part.as_bytes()));
    let mut entries = vec![
        new_entry(client, room, derived_id("created"), Body::Created { name }),
        new_entry(client, room, derived_id("joined"), Body::Joined { name: own_name }),
    ];
    entries.extend(topic.map(|topic| new_entry(client, room, derived_id("topic"), topic)));
    let may_be_new = state.store.head(room).await.map_err(errors::storage)?.is_none();
    let quota = may_be_new
        .then(|| state.write_limits.admit_room(client, entries.len(), request.bytes()))
        .transpose()?;
    let outcomes = state.writer.commit_subscribed(entries, Arc::clone(client)).await?;
    drop(name_lock);
    // The first entry decides: on a repetition the others may differ, for example after a change of name.
    let created = outcomes.into_iter().next().map(errors::written).transpose()?;
    let is_repetition = created.is_some_and(|(_, is_new)| !is_new);
    if let Some(quota) = quota
        && !is_repetition
    {
        // It counts, whatever happens to the answer.
        quota.keep();
    }
    // The author of a repetition may have left the room since.
    if is_repetition && state.is_member(room, &client.member).await? {
        subscribe(state, client, room).await?;
    }
    let answer = state.room_event(room, &client.member).await?;
    if !is_repetition {
        state.online.send_to_others(client, &answer);
    }
    Ok(answer)
}
