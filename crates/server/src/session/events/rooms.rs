use ichat_protocol::{FindRooms, RoomList, ServerEvent, WireError};

use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::state::ServerState;

/// Responds with a part of the list of all rooms, or of those that the client's member is in.
pub(super) async fn rooms(state: &ServerState, request: Request, event: FindRooms) {
    let result = list(state, &request, event).await;
    request.finish(result).await;
}

async fn list(state: &ServerState, request: &Request, event: FindRooms) -> Result<ServerEvent, WireError> {
    let FindRooms { joined, query, after } = event;
    let member = &request.client.member;
    let found = if joined {
        state.joined_rooms(member, after).await?
    } else {
        let text = query.as_deref().unwrap_or_default();
        if !text.trim().is_empty() {
            request.client.budget.charge(costs::of_search(state.heads.len()));
        }
        state.find_rooms(member, text, after).await?
    };
    request.client.budget.charge(costs::of_list(found.items.len()));
    Ok(ServerEvent::Rooms(RoomList {
        rooms: found.items,
        joined,
        query,
        after,
        more: found.more,
    }))
}
