//! The replica of a session, which the store keeps: translates between the types of both, and resets what is damaged.

use ichat_protocol::{Member, Page, RoomId, WireError};
use ichat_store::{OutboxRow, ReplicaChange, Store, StoreError};

use crate::session::{Change, Input, LogRange, OutboxItem, OutboxState, PersistedState, RoomCursor};

/// A replica as it was read from the disk.
pub(crate) struct LoadedReplica {
    /// The state with which the session starts, without what is damaged: the server sends its rooms again.
    pub state: PersistedState,
    /// The rows of the posts that are damaged, and so lost: for [`remove_lost_posts`].
    pub lost_posts: Vec<i64>,
}

/// Loads a replica.
pub(crate) async fn load(store: &Store) -> Result<LoadedReplica, StoreError> {
    let stored = store.persisted_state().await?;
    let mut rooms = Vec::new();
    for row in stored.rooms {
        let members = if row.room.joined {
            members(store, row.room.id).await?
        } else {
            Vec::new()
        };
        rooms.push(RoomCursor {
            room: row.room,
            epoch: row.epoch,
            first: row.first,
            last: row.last,
            members,
            members_partial: !row.members_complete,
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
        sent: row.sent,
    });
    let outbox = outbox.collect();
    Ok(LoadedReplica {
        state: PersistedState { rooms, outbox },
        lost_posts: stored.damaged_posts,
    })
}

/// Removes what is left of lost posts, once the user has been informed.
pub(crate) async fn remove_lost_posts(store: &Store, rows: Vec<i64>) -> Result<(), StoreError> {
    store.save(vec![ReplicaChange::RemoveDamagedPosts { rows }]).await
}

/// Returns the members of a room as last seen, or none if one of them is damaged.
async fn members(store: &Store, room: RoomId) -> Result<Vec<Member>, StoreError> {
    match store.members(room).await {
        Err(StoreError::Damaged(cause)) => {
            tracing::error!(cause, %room, "the members of a room are damaged");
            Ok(Vec::new())
        }
        members => members,
    }
}

/// Reads a range of a room's log.
pub(crate) async fn load_range(store: &Store, room: RoomId, range: LogRange) -> Result<Input, StoreError> {
    let (page, damaged) = match page(store, room, range).await {
        // The session gets a damaged log from the server again.
        Err(StoreError::Damaged(cause)) => {
            tracing::error!(cause, %room, "the replica of a room is damaged");
            (None, true)
        }
        page => (page?, false),
    };
    let (entries, later) = page.map(|page| (page.entries, page.later)).unwrap_or_default();
    Ok(Input::Loaded {
        room,
        range,
        entries,
        later,
        damaged,
    })
}

async fn page(store: &Store, room: RoomId, range: LogRange) -> Result<Option<Page>, StoreError> {
    let LogRange {
        before,
        after,
        around,
        limit,
    } = range;
    let Some(entry) = around else {
        return store.page(room, before, after, limit).await;
    };
    let Some(seq) = store.seq_of(room, entry).await? else {
        return Ok(None);
    };
    store.page(room, None, Some(seq.page_start(limit)), limit).await
}

/// Saves changes in one transaction. If the entries of a room are damaged, or not what the session believes, its room and
/// those of the same changes are reset, since the server has them all. The session has to start again then.
pub(crate) async fn save(store: &Store, changes: Vec<Change>) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let changes: Vec<_> = changes.into_iter().map(to_store).collect();
    let resets: Vec<_> = changes.iter().filter_map(reset_of_entries).collect();
    let saved = store.save(changes).await;
    if let Err(StoreError::Damaged(_) | StoreError::OutOfSync(_)) = saved {
        store.save(resets).await?;
    }
    saved
}

fn to_store(change: Change) -> ReplicaChange {
    match change {
        Change::Outbox(item) => ReplicaChange::AddPost(OutboxRow {
            id: item.id,
            room: item.room,
            body: item.body,
            written_at: item.written,
            error: failure(item.state),
            sent: item.sent,
        }),
        Change::Discarded { id } => ReplicaChange::RemovePost { id },
        Change::Entries { room, epoch, entries } => ReplicaChange::AddEntries { room, epoch, entries },
        Change::Reset { room, epoch } => ReplicaChange::ResetRoom { room, epoch },
        Change::Room(summary) => ReplicaChange::SetRoom(summary),
        Change::Members { room, members, partial } => ReplicaChange::SetMembers {
            room,
            members,
            complete: !partial,
        },
        Change::Read { room, seq, pending } => ReplicaChange::SetReadMarker { room, seq, pending },
    }
}

/// Returns the change that drops a room's entries, for one that adds some.
fn reset_of_entries(change: &ReplicaChange) -> Option<ReplicaChange> {
    match change {
        ReplicaChange::AddEntries { room, epoch, .. } => Some(ReplicaChange::ResetRoom {
            room: *room,
            epoch: *epoch,
        }),
        ReplicaChange::AddPost(_)
        | ReplicaChange::RemovePost { .. }
        | ReplicaChange::RemoveDamagedPosts { .. }
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
