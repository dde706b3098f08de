use ichat_protocol::{RoomList, ServerEvent};

use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Responds with all rooms.
pub(super) async fn rooms(state: &ServerState, mut request: Request) {
    match state.rooms(&request.client.member).await {
        Ok(rooms) => {
            let event = ServerEvent::Rooms(RoomList { rooms });
            request.respond_when_ready(&event).await;
        }
        Err(error) => request.reject(error),
    }
}
