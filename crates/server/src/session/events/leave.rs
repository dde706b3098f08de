use ichat_protocol::{Body, EntryId, RoomId, ServerEvent, WireError};

use crate::fanout::request::Request;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;

/// Ends a membership, on all of the member's devices. When the entry is published, the publisher unsubscribes them. No limit on
/// writing holds it back: it follows a join that was counted.
pub(super) async fn leave(state: &ServerState, request: Request, room: RoomId) {
    let result = end_membership(state, &request, room).await;
    request.finish(result).await;
}

async fn end_membership(state: &ServerState, request: &Request, room: RoomId) -> Result<ServerEvent, WireError> {
    if room == state.lobby() {
        return Err(WireError::bad_request("Everyone is in the lobby; it can't be left."));
    }
    let client = &request.client;
    let left = new_entry(client, room, EntryId::fresh(), Body::Left);
    state.writer.commit(left).await?;
    let answer = state.room_event(room, &client.member).await?;
    state.online.send_to_others(client, &answer);
    Ok(answer)
}
