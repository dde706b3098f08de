use ichat_protocol::limits::MAX_LIST_ITEMS;
use ichat_protocol::{ErrorCode, FindMembers, MemberList, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::state::ServerState;

/// Responds with some of the present and former members of a room.
pub(super) async fn members(state: &ServerState, request: Request, event: FindMembers) {
    let result = list(state, &request, event).await;
    request.finish(result).await;
}

async fn list(state: &ServerState, request: &Request, event: FindMembers) -> Result<ServerEvent, WireError> {
    let FindMembers {
        room,
        query,
        after,
        ids,
    } = event;
    state.check_member(room, &request.client.member).await?;
    let wanted = ids.len();
    let (members, more) = if ids.is_empty() {
        let text = query.as_deref().unwrap_or_default();
        let found = state
            .store
            .find_members(room, text, after.as_ref(), MAX_LIST_ITEMS)
            .await;
        // The room is there, since the client is a member of it.
        let found = found.map_err(errors::storage)?.ok_or_else(unknown_member)?;
        (found.items, Some(found.more))
    } else {
        let members = state.store.members_of_ids(room, ids).await;
        (members.map_err(errors::storage)?, None)
    };
    // Each id is looked up, also where it is no member's.
    request.client.budget.charge(costs::of_list(members.len().max(wanted)));
    Ok(ServerEvent::Members(MemberList {
        room,
        members,
        query,
        after,
        more,
    }))
}

fn unknown_member() -> WireError {
    WireError::new(ErrorCode::BadRequest, "Nobody in this room has the id in \"after\".")
}
