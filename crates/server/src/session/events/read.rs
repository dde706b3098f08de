use ichat_protocol::{Read, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Stores how far a member has read, and sends it to their other connections.
pub(super) async fn read(state: &ServerState, request: Request, event: Read) {
    if let Err(error) = store(state, &request, event).await {
        return request.reject(error);
    }
    for client in state.presence.connections(&request.client.member) {
        if client.number != request.client.number {
            client.try_send(&ServerEvent::Read(event));
        }
    }
}

async fn store(state: &ServerState, request: &Request, Read { room, seq }: Read) -> Result<(), WireError> {
    let member = &request.client.member;
    state.check_member(room, member).await?;
    let head = state.head(room).await?;
    if seq > head.seq {
        return Err(errors::bad_request(format!(
            "The room has {} entries; nobody can have read entry {seq}.",
            head.seq
        )));
    }
    state.store.set_read(room, member, seq).await.map_err(errors::storage)
}
