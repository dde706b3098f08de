//! Joining the lobby at sign-in, and renaming members.

use ichat_protocol::{Body, EntryId, Name, WireError};

use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;

/// Makes a client with a key a member of the lobby, or renames it if it has another name than in the log.
pub(crate) async fn ensure_member(
    state: &ServerState,
    client: &ClientConnection,
    name: &Name,
) -> Result<(), WireError> {
    match state.member_names.get(&client.member) {
        Some(known) if known == *name => Ok(()),
        Some(_) => rename(state, client, name).await,
        None => {
            let body = Body::Joined { name: name.clone() };
            let joined = new_entry(client, state.lobby(), EntryId::fresh(), body);
            state.writer.commit(joined).await?;
            state.member_names.set(&client.member, name);
            Ok(())
        }
    }
}

/// Writes the new name of a member into the log of each of their rooms. One that they have just left, or that is damaged,
/// keeps the old name. Fails if all of them do.
pub(crate) async fn rename(state: &ServerState, client: &ClientConnection, name: &Name) -> Result<(), WireError> {
    let rooms = state.store.rooms_of(&client.member).await.map_err(errors::storage)?;
    let entries: Vec<_> = rooms
        .into_iter()
        .map(|room| {
            let body = Body::MemberRenamed {
                name: name.clone(),
                from: None,
            };
            new_entry(client, room, EntryId::fresh(), body)
        })
        .collect();
    if !entries.is_empty() {
        let outcomes = state.writer.commit_each(entries).await?;
        let results = outcomes.into_iter().map(errors::written);
        results.reduce(Result::or).transpose()?;
    }
    state.member_names.set(&client.member, name);
    Ok(())
}
