use ichat_protocol::{Read, ServerEvent, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Stores a read marker, and sends it to the member's other connections.
pub(super) async fn read(state: &ServerState, request: Request, event: Read) {
    if let Err(error) = store(state, &request, event).await {
        return request.reject(error);
    }
    state.online.send_to_others(&request.client, &ServerEvent::Read(event));
}

async fn store(state: &ServerState, request: &Request, Read { room, seq }: Read) -> Result<(), WireError> {
    let member = &request.client.member;
    state.check_member(room, member).await?;
    let head = state.head(room).await?;
    if seq > head.seq {
        return Err(WireError::bad_request(format!(
            "The room has {} entries; entry {seq} does not exist yet.",
            head.seq
        )));
    }
    state.store.set_read(room, member, seq).await.map_err(errors::storage)
}
