//! The state that event handlers and HTTP handlers share.

use std::sync::Arc;

use ichat_protocol::limits::MAX_LIST_ITEMS;
use ichat_protocol::{Head, MemberId, RoomId, RoomSummary, ServerEvent, ServerInfo, WireError};
use ichat_store::{ListPart, Store};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::commit::publisher::Publisher;
use crate::commit::writer::Writer;
use crate::errors;
use crate::fanout::heads::PublishedHeads;
use crate::fanout::hub::Hub;
use crate::fanout::online_members::OnlineMembers;
use crate::fanout::presence::PresenceTracker;
use crate::session::budgets::Budgets;
use crate::session::guest_secret::GuestSecrets;
use crate::session::member_names::MemberNames;
use crate::session::name_locks::NameLocks;
use crate::session::nonce::Nonces;
use crate::session::page_cache::PageCache;
use crate::session::typing_limiter::TypingLimiter;
use crate::session::write_limits::WriteLimits;

pub(crate) type SharedState = Arc<ServerState>;

/// The state of a running server.
pub(crate) struct ServerState {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) nonces: Nonces,
    pub(crate) guest_secrets: GuestSecrets,
    pub(crate) budgets: Budgets,
    pub(crate) write_limits: Arc<WriteLimits>,
    pub(crate) member_names: MemberNames,
    pub(crate) name_locks: NameLocks,
    pub(crate) typing_limiter: TypingLimiter,
    pub(crate) online: OnlineMembers,
    pub(crate) presence: PresenceTracker,
    pub(crate) hub: Hub,
    pub(crate) heads: PublishedHeads,
    pub(crate) pages: Arc<PageCache>,
    pub(crate) writer: Writer,
    pub(crate) publisher: Publisher,
    /// Cancelled when shutdown begins: new posts are rejected from then on.
    pub(crate) closing: CancellationToken,
}

impl ServerState {
    pub(crate) fn info(&self) -> ServerInfo {
        ServerInfo {
            id: self.store.server_id(),
            name: self.config.name.clone(),
            software: concat!("ichat-server ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    pub(crate) fn lobby(&self) -> RoomId {
        self.store.lobby()
    }

    /// Returns `true` if a member is in a room. Guests are in the lobby, though the log does not have them as members.
    pub(crate) async fn is_member(&self, room: RoomId, member: &MemberId) -> Result<bool, WireError> {
        if member.is_guest() && room == self.lobby() {
            return Ok(true);
        }
        self.store.is_member(room, member).await.map_err(errors::storage)
    }

    /// Fails unless the member is in the room.
    pub(crate) async fn check_member(&self, room: RoomId, member: &MemberId) -> Result<(), WireError> {
        if self.is_member(room, member).await? {
            return Ok(());
        }
        self.head(room).await?;
        Err(errors::not_joined())
    }

    /// Returns the committed head of a room.
    pub(crate) async fn head(&self, room: RoomId) -> Result<Head, WireError> {
        let head = self.store.head(room).await.map_err(errors::storage)?;
        head.ok_or_else(errors::unknown_room)
    }

    /// Returns the `room` event about a room, as this member sees it.
    pub(crate) async fn room_event(&self, room: RoomId, member: &MemberId) -> Result<ServerEvent, WireError> {
        Ok(ServerEvent::Room(self.room(room, member).await?))
    }

    async fn room(&self, room: RoomId, member: &MemberId) -> Result<RoomSummary, WireError> {
        let summary = self.store.room(room, member).await.map_err(errors::storage)?;
        let summary = summary.ok_or_else(errors::unknown_room)?;
        Ok(self.with_lobby_of_guest(member, summary))
    }

    /// Returns a part of the list of rooms that a member is in. A guest is always in the lobby.
    pub(crate) async fn joined_rooms(
        &self,
        member: &MemberId,
        after: Option<RoomId>,
    ) -> Result<ListPart<RoomSummary>, WireError> {
        let rooms = self.store.joined_rooms(member, after, MAX_LIST_ITEMS).await;
        let mut rooms = rooms.map_err(errors::storage)?.ok_or_else(errors::unknown_room)?;
        let lobby = self.lobby();
        if member.is_guest() && after.is_none() && rooms.items.iter().all(|room| room.id != lobby) {
            rooms.items.insert(0, self.room(lobby, member).await?);
            rooms.more |= rooms.items.len() > MAX_LIST_ITEMS as usize;
            rooms.items.truncate(MAX_LIST_ITEMS as usize);
        }
        Ok(rooms)
    }

    /// Returns a part of the list of all rooms, as this member sees them.
    pub(crate) async fn find_rooms(
        &self,
        member: &MemberId,
        query: &str,
        after: Option<RoomId>,
    ) -> Result<ListPart<RoomSummary>, WireError> {
        let rooms = self.store.find_rooms(member, query, after, MAX_LIST_ITEMS).await;
        let ListPart { items, more } = rooms.map_err(errors::storage)?.ok_or_else(errors::unknown_room)?;
        let summaries = items.into_iter();
        let items = summaries.map(|summary| self.with_lobby_of_guest(member, summary));
        Ok(ListPart {
            items: items.collect(),
            more,
        })
    }

    /// Marks the lobby as joined in a guest's list: see [`Self::is_member`].
    fn with_lobby_of_guest(&self, member: &MemberId, summary: RoomSummary) -> RoomSummary {
        let joined = summary.joined || (member.is_guest() && summary.id == self.lobby());
        RoomSummary { joined, ..summary }
    }
}
