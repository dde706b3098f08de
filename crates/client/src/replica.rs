//! Translates between the session's types and those of the store, which keeps the replica.

use ichat_protocol::WireError;
use ichat_store::{OutboxRow, ReplicaChange, Store, StoreError};

use crate::session::{Change, OutboxItem, OutboxState, PersistedState, RoomCursor};

/// Loads the state with which a session starts.
pub(crate) async fn load(store: &Store) -> Result<PersistedState, StoreError> {
    let stored = store.persisted_state().await?;
    let mut rooms = Vec::new();
    for row in stored.rooms {
        let members = if row.room.joined {
            store.members(row.room.id).await?
        } else {
            Vec::new()
        };
        rooms.push(RoomCursor {
            room: row.room,
            epoch: row.epoch,
            first: row.first,
            last: row.last,
            members,
            read_pending: row.read_pending,
        });
    }
    let outbox = stored.outbox.into_iter().map(|row| OutboxItem {
        id: row.id,
        room: row.room,
        body: row.body,
        written: row.written_at,
        state: row
            .error
            .map_or(OutboxState::Sending, |error| OutboxState::Failed { error }),
    });
    Ok(PersistedState {
        rooms,
        outbox: outbox.collect(),
    })
}

pub(crate) fn to_store(change: Change) -> ReplicaChange {
    match change {
        Change::Outbox(item) => ReplicaChange::AddPost(OutboxRow {
            id: item.id,
            room: item.room,
            body: item.body,
            written_at: item.written,
            error: failure(item.state),
        }),
        Change::OutboxState { id, state } => ReplicaChange::SetPostError {
            id,
            error: failure(state),
        },
        Change::Discarded { id } => ReplicaChange::RemovePost { id },
        Change::Entries { room, epoch, entries } => ReplicaChange::AddEntries { room, epoch, entries },
        Change::Reset { room, epoch } => ReplicaChange::ResetRoom { room, epoch },
        Change::Room(summary) => ReplicaChange::SetRoom(summary),
        Change::Members { room, members } => ReplicaChange::SetMembers { room, members },
        Change::Read { room, seq, pending } => ReplicaChange::SetReadMarker { room, seq, pending },
    }
}

/// Returns the change that drops a room's entries, for one that adds some.
pub(crate) fn reset_of_entries(change: &ReplicaChange) -> Option<ReplicaChange> {
    match change {
        ReplicaChange::AddEntries { room, epoch, .. } => Some(ReplicaChange::ResetRoom {
            room: *room,
            epoch: *epoch,
        }),
        ReplicaChange::AddPost(_)
        | ReplicaChange::SetPostError { .. }
        | ReplicaChange::RemovePost { .. }
        | ReplicaChange::ResetRoom { .. }
        | ReplicaChange::SetRoom(_)
        | ReplicaChange::SetMembers { .. }
        | ReplicaChange::SetReadMarker { .. } => None,
    }
}

fn failure(state: OutboxState) -> Option<WireError> {
    match state {
        OutboxState::Sending => None,
        OutboxState::Failed { error } => Some(error),
    }
}
