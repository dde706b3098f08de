use ichat_protocol::{Body, EntryId, RoomId, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;
use crate::session::subscribe::subscribe_from_newest;

/// Joins a room, and subscribes the client. A member who joins again is only subscribed.
pub(super) async fn join(state: &ServerState, mut request: Request, room: RoomId) {
    let joined = match become_member(state, &request, room).await {
        Ok(joined) => joined,
        Err(error) => return request.reject(error),
    };
    request.respond_when_ready(&joined).await;
    if let Err(error) = subscribe_from_newest(state, &request.client, room).await {
        request.reject(error);
    }
}

async fn become_member(state: &ServerState, request: &Request, room: RoomId) -> Result<ServerEvent, WireError> {
    let client = &request.client;
    if state.is_member(room, &client.member).await? {
        return state.room_event(room, &client.member).await;
    }
    let name_lock = state.name_locks.lock(&client.member).await;
    let name = state.online.name(&client.member).ok_or_else(errors::closing)?;
    let joined = new_entry(client, room, EntryId::fresh(), Body::Joined { name });
    let quota = state.write_limits.admit_entries(client, 1, request.bytes())?;
    state.writer.commit(joined).await?;
    drop(name_lock);
    quota.keep();
    let answer = state.room_event(room, &client.member).await?;
    state.online.send_to_others(client, &answer);
    Ok(answer)
}
