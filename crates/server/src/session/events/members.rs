use ichat_protocol::{MemberList, RoomId, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::state::ServerState;

/// Responds with the present and former members of a room.
pub(super) async fn members(state: &ServerState, request: Request, room: RoomId) {
    let result = list(state, &request, room).await;
    request.finish(result).await;
}

async fn list(state: &ServerState, request: &Request, room: RoomId) -> Result<ServerEvent, WireError> {
    state.check_member(room, &request.client.member).await?;
    let members = state.store.members(room).await.map_err(errors::storage)?;
    request.client.budget.charge(costs::of_list(members.len()));
    Ok(ServerEvent::Members(MemberList { room, members }))
}
