//! Joining the lobby at sign-in, and the names of members.

use ichat_protocol::{Body, EntryId, MemberId, Name, WireError};

use crate::errors;
use crate::fanout::client::ClientConnection;
use crate::session::costs;
use crate::session::entries::new_entry;
use crate::session::state::ServerState;

/// Rooms whose logs get a new name in one transaction.
const RENAME_BATCH: usize = 64;

/// Makes a client with a key a member of the lobby, or renames it if it has another name than in the log. Returns the name that it
/// has then. Fails if it is new, and nobody new can join: only members read a room.
pub(crate) async fn ensure_member(
    state: &ServerState,
    client: &ClientConnection,
    name: Name,
) -> Result<Name, WireError> {
    if state.member_names.get(&client.member).is_some() {
        return rename_at_sign_in(state, client, name).await;
    }
    let admitted = state.write_limits.admit_entries(client, 1, 0);
    let quota = admitted.map_err(|reason| errors::nobody_new(&reason))?;
    let body = Body::Joined { name: name.clone() };
    let joined = new_entry(client, state.lobby(), EntryId::fresh(), body);
    state.writer.commit(joined).await?;
    quota.keep();
    state.member_names.set(&client.member, &name);
    Ok(name)
}

/// Renames a client that has another name than in the log. Returns the name that it has then: the one in the log if the new one
/// can't be written now, so that a person comes in to read. A later sign-in tries again.
pub(crate) async fn rename_at_sign_in(
    state: &ServerState,
    client: &ClientConnection,
    name: Name,
) -> Result<Name, WireError> {
    let Err(error) = rename(state, client, &name).await else {
        return Ok(name);
    };
    tracing::debug!(code = ?error.code, "a person signs in under the name of the log: the new one was refused");
    let known = name_in_log(state, &client.member).await?;
    Ok(known.unwrap_or(name))
}

/// Returns the name that a member has in the log; `None` if the member is in no room there.
pub(crate) async fn name_in_log(state: &ServerState, member: &MemberId) -> Result<Option<Name>, WireError> {
    if !member.is_guest() {
        return Ok(state.member_names.get(member));
    }
    let rooms = state.store.rooms_of(member).await.map_err(errors::storage)?;
    let Some(room) = rooms.first() else {
        return Ok(None);
    };
    let members = state.store.members_of_ids(*room, vec![member.clone()]).await;
    Ok(members.map_err(errors::storage)?.pop().map(|member| member.name))
}

/// Writes the new name of a member into the log of each of their rooms, and shows it to those who are online. One that they have
/// just left, or that is damaged, keeps the old name. Fails if all of them do. What is refused costs nothing.
///
/// The lobby is the last: if something fails before, the next sign-in finds the old name there, and begins again. Others' posts
/// are written between the batches.
pub(crate) async fn rename(state: &ServerState, client: &ClientConnection, name: &Name) -> Result<(), WireError> {
    let _lock = state.name_locks.lock(&client.member).await;
    if name_in_log(state, &client.member).await?.as_ref() == Some(name) {
        return Ok(());
    }
    let mut rooms = state.store.rooms_of(&client.member).await.map_err(errors::storage)?;
    let mut quota = state.write_limits.admit_entries(client, rooms.len(), 0)?;
    client
        .budget
        .try_take(costs::of_rename(rooms.len()))
        .map_err(errors::too_fast)?;
    rooms.sort_by_key(|room| *room == state.lobby());
    let mut result = None;
    for batch in rooms.chunks(RENAME_BATCH) {
        let entries = batch.iter().map(|room| {
            let body = Body::MemberRenamed {
                name: name.clone(),
                from: None,
            };
            new_entry(client, *room, EntryId::fresh(), body)
        });
        let outcomes = state.writer.commit_each(entries.collect()).await?;
        let results: Vec<_> = outcomes.into_iter().map(errors::written).collect();
        quota.keep_entries(results.iter().filter(|result| matches!(result, Ok((_, true)))).count());
        result = results.into_iter().chain(result).reduce(Result::or);
    }
    result.transpose()?;
    state.member_names.set(&client.member, name);
    state.online.set_name(&client.member, name);
    Ok(())
}
