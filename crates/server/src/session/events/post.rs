use ichat_protocol::Post;

use crate::commit::completion::Completion;
use crate::commit::writer::WriteRequest;
use crate::fanout::request::Request;
use crate::session::entries::{new_entry, with_guest_joined};
use crate::session::state::ServerState;

/// Adds an entry. It does not wait for the commit: the writer keeps the order in which posts are submitted.
pub(super) async fn post(state: &ServerState, request: Request, Post { room, id, body }: Post) {
    if let Err(error) = body.check() {
        return request.reject(error);
    }
    let entry = new_entry(&request.client, room, id, body);
    let entries = with_guest_joined(state, &request.client, entry);
    let completion = Completion::Post(request);
    state.writer.submit(WriteRequest { entries, completion }).await;
}
