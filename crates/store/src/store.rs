//! The handle that everybody holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ichat_protocol::{Head, Member, MemberId, Name, Page, RoomId, RoomSummary, Seq, ServerId};

use crate::{Draft, Hit, OpenError, Outcome, ReplicaChange, Restored, Search, StoreError};

/// An open data folder. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    server_id: ServerId,
    lobby: RoomId,
}

impl Store {
    /// Opens the data folder `dir`, and makes it when it is not there. One process at a time.
    pub async fn open(dir: &Path) -> Result<Store, OpenError> {
        Err(OpenError::Io {
            dir: dir.to_owned(),
            cause: "not there yet".into(),
        })
    }

    /// Opens the data folder of a server: like [`Store::open`], and there is a lobby afterwards.
    /// `lobby_name` counts only when the folder is new.
    pub async fn open_server(dir: &Path, lobby_name: &Name) -> Result<Store, OpenError> {
        tracing::debug!(%lobby_name, "opening");
        Self::open(dir).await
    }

    /// Waits for what is under way, writes everything into the one file, and gives the folder free.
    pub async fn close(&self) {}

    /// Which server this folder is; made when it was first opened.
    pub fn server_id(&self) -> ServerId {
        self.inner.server_id
    }

    /// The room that everybody is in. Only a folder opened by [`Store::open_server`] has it.
    pub fn lobby(&self) -> RoomId {
        self.inner.lobby
    }

    /// Writes a batch in one transaction: one [`Outcome`] for each draft, in their order. What is `Committed` is on disk.
    pub async fn commit(&self, drafts: Vec<Draft>) -> Result<Vec<Outcome>, StoreError> {
        Err(not_yet(&drafts))
    }

    /// How far a room's log goes.
    pub async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        Err(not_yet(&room))
    }

    /// How far these rooms' logs go; unknown ones are left out.
    pub async fn heads(&self, rooms: &[RoomId]) -> Result<BTreeMap<RoomId, Head>, StoreError> {
        Err(not_yet(&rooms))
    }

    /// A range of a room's log, with the semantics of [`ichat_protocol::History`]; `None` for an unknown room.
    pub async fn page(
        &self,
        room: RoomId,
        before: Option<Seq>,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Option<Page>, StoreError> {
        Err(not_yet(&(room, before, after, limit)))
    }

    /// Every room, by name, as this member sees it.
    pub async fn rooms(&self, for_member: &MemberId) -> Result<Vec<RoomSummary>, StoreError> {
        Err(not_yet(&for_member))
    }

    /// One room as this member sees it.
    pub async fn room(&self, room: RoomId, for_member: &MemberId) -> Result<Option<RoomSummary>, StoreError> {
        Err(not_yet(&(room, for_member)))
    }

    /// The rooms that somebody is a member of.
    pub async fn rooms_of(&self, member: &MemberId) -> Result<Vec<RoomId>, StoreError> {
        Err(not_yet(&member))
    }

    /// Who is and was a member of a room; empty for an unknown room.
    pub async fn members(&self, room: RoomId) -> Result<Vec<Member>, StoreError> {
        Err(not_yet(&room))
    }

    /// Whether somebody is a member of a room.
    pub async fn is_member(&self, room: RoomId, member: &MemberId) -> Result<bool, StoreError> {
        Err(not_yet(&(room, member)))
    }

    /// How far a member has read. It may go back; it does not go past the head. Who is not a member has no marker.
    pub async fn set_read(&self, room: RoomId, member: &MemberId, seq: Seq) -> Result<(), StoreError> {
        Err(not_yet(&(room, member, seq)))
    }

    /// Messages whose current text holds every word that is looked for, the newest first.
    pub async fn search(&self, search: Search) -> Result<Vec<Hit>, StoreError> {
        Err(not_yet(&search))
    }

    /// What a client's folder holds.
    pub async fn restored(&self) -> Result<Restored, StoreError> {
        Err(not_yet(&()))
    }

    /// Writes changes to a client's folder in one transaction; durable when it returns.
    pub async fn save(&self, changes: Vec<ReplicaChange>) -> Result<(), StoreError> {
        Err(not_yet(&changes))
    }
}

fn not_yet(what: &dyn std::fmt::Debug) -> StoreError {
    StoreError::Io(format!("not there yet: {what:?}"))
}
