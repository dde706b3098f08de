use ichat_protocol::{MemberList, RoomId, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Responds with the present and former members of a room.
pub(super) async fn members(state: &ServerState, mut request: Request, room: RoomId) {
    match list(state, &request, room).await {
        Ok(members) => request.respond_when_ready(&members).await,
        Err(error) => request.reject(error),
    }
}

async fn list(state: &ServerState, request: &Request, room: RoomId) -> Result<ServerEvent, WireError> {
    state.check_member(room, &request.client.member).await?;
    let members = state.store.members(room).await.map_err(errors::storage)?;
    Ok(ServerEvent::Members(MemberList { room, members }))
}
