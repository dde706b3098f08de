//! New entries of a client.

use ichat_protocol::{Body, EntryId, RoomId};
use ichat_store::NewEntry;

use crate::commit::completion::Completion;
use crate::commit::writer::WriteRequest;
use crate::fanout::client::ClientConnection;
use crate::fanout::request::Request;
use crate::session::clock::now;
use crate::session::state::ServerState;

/// Creates an entry of the connection's member, dated now.
pub(crate) fn new_entry(client: &ClientConnection, room: RoomId, id: EntryId, body: Body) -> NewEntry {
    NewEntry {
        room,
        id,
        author: client.member.clone(),
        device: client.device,
        at: now(),
        body,
    }
}

/// Submits a post to the writer. It does not wait for the commit: the writer keeps the order of submission.
pub(crate) async fn submit_post(state: &ServerState, request: Request, room: RoomId, id: EntryId, body: Body) {
    let entry = new_entry(&request.client, room, id, body);
    let entries = with_guest_joined(state, &request.client, entry);
    let completion = Completion::Post(request);
    state.writer.submit(WriteRequest::new(entries, completion)).await;
}

/// Returns the entry, preceded by a guest's `joined` if it is for the lobby: guests become members with their first
/// entry there. The `joined` is submitted every time: that costs one look-up, and no connection needs the state of
/// another.
fn with_guest_joined(state: &ServerState, client: &ClientConnection, entry: NewEntry) -> Vec<NewEntry> {
    match state.online.name(&client.member) {
        Some(name) if client.member.is_guest() && entry.room == state.lobby() => {
            let joined = new_entry(client, entry.room, EntryId::fresh(), Body::Joined { name });
            vec![joined, entry]
        }
        Some(_) | None => vec![entry],
    }
}
