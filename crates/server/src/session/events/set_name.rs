use ichat_protocol::{Availability, Person, Presence, ServerEvent, SetName};

use crate::fanout::request::Request;
use crate::session::membership::rename;
use crate::session::state::ServerState;

/// Gives the client's member another name, in the log of each of their rooms and in their presence.
pub(super) async fn set_name(state: &ServerState, mut request: Request, SetName { name }: SetName) {
    if let Err(error) = rename(state, &request.client, &name).await {
        return request.reject(error);
    }
    let id = request.client.member.clone();
    state.online.set_name(&id, &name);
    state.presence.set_name(&id, &name);
    // Without an acknowledgement the next broadcast of presence is the response.
    if request.ack.is_some() {
        let availability = Availability::Online;
        let people = vec![Person { id, name, availability }];
        request.respond(&ServerEvent::Presence(Presence { people }));
    }
}
