use ichat_protocol::{Presence, ServerEvent, SetName};

use crate::fanout::request::Request;
use crate::session::membership::rename;
use crate::session::state::ServerState;

/// Gives the client's member another name, in the log of each of their rooms and in their presence.
pub(super) async fn set_name(state: &ServerState, mut request: Request, SetName { name }: SetName) {
    if let Err(error) = rename(state, &request.client, &name).await {
        return request.reject(error);
    }
    // Without an acknowledgement the next broadcast of presence is the response.
    if request.ack.is_some() {
        let people = state.online.person(&request.client.member).into_iter().collect();
        request.respond(&ServerEvent::Presence(Presence { people }));
    }
}
