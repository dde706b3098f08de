use ichat_protocol::{RoomList, ServerEvent};

use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::state::ServerState;

/// Responds with all rooms.
pub(super) async fn rooms(state: &ServerState, request: Request) {
    let rooms = state.rooms(&request.client.member).await;
    if let Ok(rooms) = &rooms {
        request.client.budget.charge(costs::of_list(rooms.len()));
    }
    let result = rooms.map(|rooms| ServerEvent::Rooms(RoomList { rooms }));
    request.finish(result).await;
}
