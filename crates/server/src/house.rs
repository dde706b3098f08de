//! What every part of a running server shares.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ichat_protocol::{LimitsInfo, MemberId, RoomId, RoomSummary, ServerInfo, limits};
use ichat_store::Store;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::audience::Audience;
use crate::heads::Published;
use crate::nonce::Nonces;
use crate::people::People;
use crate::publish::Publisher;
use crate::shelf::Shelf;
use crate::writer::Writer;

pub(crate) type Shared = Arc<House>;

pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) nonces: Nonces,
    pub(crate) people: People,
    pub(crate) audience: Audience,
    pub(crate) published: Published,
    pub(crate) shelf: Shelf,
    pub(crate) writer: Writer,
    pub(crate) publisher: Publisher,
    /// Cancelled when the server begins to go down: new posts are refused from then on.
    pub(crate) closing: CancellationToken,
}

impl House {
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

    /// Whether this person may read the room and speak of it. Guests are in the lobby without being logged as members.
    pub(crate) async fn may_see(&self, room: RoomId, member: &MemberId) -> Result<bool, ichat_store::StoreError> {
        if member.is_guest() && room == self.lobby() {
            return Ok(true);
        }
        self.store.is_member(room, member).await
    }

    /// A room as this person sees it.
    pub(crate) async fn summary(
        &self,
        room: RoomId,
        member: &MemberId,
    ) -> Result<Option<RoomSummary>, ichat_store::StoreError> {
        Ok(self
            .store
            .room(room, member)
            .await?
            .map(|summary| self.seen_by(member, summary)))
    }

    /// The rooms as this person sees them.
    pub(crate) async fn summaries(&self, member: &MemberId) -> Result<Vec<RoomSummary>, ichat_store::StoreError> {
        let rooms = self.store.rooms(member).await?;
        Ok(rooms.into_iter().map(|summary| self.seen_by(member, summary)).collect())
    }

    fn seen_by(&self, member: &MemberId, summary: RoomSummary) -> RoomSummary {
        let joined = summary.joined || (member.is_guest() && summary.id == self.lobby());
        RoomSummary { joined, ..summary }
    }
}

pub(crate) fn limits_info() -> LimitsInfo {
    let as_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    LimitsInfo {
        text_bytes: as_u32(limits::MAX_TEXT_BYTES),
        page_entries: limits::MAX_PAGE_ENTRIES,
        packet_bytes: as_u32(limits::MAX_PACKET_BYTES),
        waiting_posts: as_u32(limits::MAX_QUEUED_POSTS),
        heads_every_ms: u32::try_from(limits::HEADS_INTERVAL.as_millis()).unwrap_or(u32::MAX),
    }
}

/// The wall clock, in milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
