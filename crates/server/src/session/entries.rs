//! New entries of a client.

use ichat_protocol::{Body, EntryId, RoomId, WireError};
use ichat_store::NewEntry;

use crate::commit::completion::Completion;
use crate::commit::quota_share::QuotaShare;
use crate::commit::writer::WriteRequest;
use crate::errors;
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

/// Submits a post to the writer, or rejects it if it must not be written. It does not wait for the commit: the writer keeps the
/// order of submission.
pub(crate) async fn submit_post(state: &ServerState, request: Request, room: RoomId, id: EntryId, body: Body) {
    let quota = match admit_post(state, &request, room, id, &body).await {
        Ok(quota) => quota,
        Err(error) => return request.reject(error),
    };
    let entry = new_entry(&request.client, room, id, body);
    let entries = with_guest_joined(state, &request.client, entry);
    let completion = Completion::Post { request, quota };
    state.writer.submit(WriteRequest::new(entries, completion)).await;
}

/// Counts a post until it is known whether it is written. Exempt are those of members that add next to nothing: a deletion frees
/// space, and follows a message that was counted; a repeated post is answered with the entry of the first time.
async fn admit_post(
    state: &ServerState,
    request: &Request,
    room: RoomId,
    id: EntryId,
    body: &Body,
) -> Result<Option<Box<QuotaShare>>, WireError> {
    let client = &request.client;
    // A guest's first entry in the lobby brings a `joined` with it.
    let is_member = async || {
        state
            .store
            .is_member(room, &client.member)
            .await
            .map_err(errors::storage)
    };
    if matches!(body, Body::Delete { .. }) && is_member().await? {
        return Ok(None);
    }
    match state.write_limits.admit_entries(client, 1, request.bytes()) {
        Ok(quota) => Ok(Some(Box::new(quota))),
        Err(refused) => {
            let first = state.store.seq_of(room, id).await.map_err(errors::storage)?;
            if first.is_some() && is_member().await? {
                return Ok(None);
            }
            Err(refused)
        }
    }
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
