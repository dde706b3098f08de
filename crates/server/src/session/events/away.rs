use ichat_protocol::Away;

use crate::fanout::request::Request;
use crate::session::state::ServerState;

/// Records that the member is away on this device, or back.
pub(super) fn away(state: &ServerState, request: &Request, Away { away }: Away) {
    let client = &request.client;
    state.online.set_away(&client.member, client.id, away);
}
