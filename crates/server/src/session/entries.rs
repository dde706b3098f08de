//! Entries that a client asks the server to write.

use ichat_protocol::{Body, EntryId, RoomId};
use ichat_store::NewEntry;

use crate::fanout::client::ClientConnection;
use crate::session::state::{ServerState, now};

/// Makes an entry of the connection's member, dated now.
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

/// Returns the entry, preceded by a guest's `joined` if it is for the lobby: guests become members with the first thing that
/// they post there. The `joined` is submitted every time. That costs the transaction one look-up, and no connection has to
/// know what another one has committed.
pub(crate) fn with_guest_joined(state: &ServerState, client: &ClientConnection, entry: NewEntry) -> Vec<NewEntry> {
    match state.presence.name(&client.member) {
        Some(name) if client.member.is_guest() && entry.room == state.lobby() => {
            let joined = new_entry(client, entry.room, EntryId::fresh(), Body::Joined { name });
            vec![joined, entry]
        }
        Some(_) | None => vec![entry],
    }
}
