use std::collections::BTreeMap;

use ichat_protocol::limits::MAX_SYNC_ROOMS;
use ichat_protocol::{ErrorCode, Head, Heads, Reset, RoomId, ServerEvent, Sync, WireError};

use crate::fanout::request::Request;
use crate::session::costs::{self, SyncedPages};
use crate::session::page_cache::PageKey;
use crate::session::state::ServerState;
use crate::session::subscribe::{send_newest_page, subscribe, subscribe_from_newest};

/// Subscribes to rooms, and sends what is missing. The response for each room is pages up to its head (an empty one
/// when nothing is missing) or a reset. An acknowledgement follows all of them and has the heads.
pub(super) async fn sync(state: &ServerState, mut request: Request, Sync { rooms }: Sync) {
    if rooms.len() > MAX_SYNC_ROOMS {
        let message = format!(
            "One sync names at most {MAX_SYNC_ROOMS} rooms; this one names {}.",
            rooms.len()
        );
        return request.reject(WireError::new(ErrorCode::TooLarge, message));
    }
    request.client.budget.charge(costs::of_synced_rooms(rooms.len()));
    let mut heads = BTreeMap::new();
    let mut pages = SyncedPages::default();
    for (room, cursor) in rooms {
        match sync_room(state, &request, &mut pages, room, cursor).await {
            Ok(()) => heads.extend(state.heads.get(room).map(|head| (room, head))),
            Err(error) => request.refuse_room(room, error).await,
        }
        if request.client.closed.is_cancelled() {
            return;
        }
    }
    if request.ack.is_some() {
        request.respond_when_ready(&ServerEvent::Heads(Heads { heads })).await;
    }
}

async fn sync_room(
    state: &ServerState,
    request: &Request,
    pages: &mut SyncedPages,
    room: RoomId,
    cursor: Option<Head>,
) -> Result<(), WireError> {
    let client = &request.client;
    let Some(cursor) = cursor else {
        let bytes = subscribe_from_newest(state, client, room).await?;
        client.budget.charge(pages.count(bytes));
        return Ok(());
    };
    #[cfg(feature = "broken")]
    if crate::broken::Broken::HeadBeforeJoin.is_wanted() {
        state.check_member(room, &client.member).await?;
        return broken::sync_room(state, client, room, cursor).await;
    }
    // First the subscription, then the head: what is committed in between arrives as a broadcast, as a page, or as
    // both.
    subscribe(state, client, room).await?;
    let head = state.head(room).await?;
    if cursor.epoch != head.epoch || cursor.seq > head.seq {
        client.send(&ServerEvent::Reset(Reset { room, head })).await;
        let bytes = send_newest_page(state, client, room).await?;
        client.budget.charge(pages.count(bytes));
        return Ok(());
    }
    let mut after = cursor.seq;
    loop {
        // As of `head`: later changes of a page arrive as broadcasts.
        let page = state.pages.get(PageKey::after(room, head, after)).await?;
        client.send_encoded(&page.event()).await;
        client.budget.charge(pages.count(page.json.get().len()));
        match page.last {
            Some(last) if last < head.seq && !client.closed.is_cancelled() => after = last,
            Some(_) | None => return Ok(()),
        }
    }
}

/// A sync that is wrong on purpose: see [`crate::broken`].
#[cfg(feature = "broken")]
mod broken {
    use std::sync::Arc;

    use ichat_protocol::{Head, RoomId, WireError};
    use ichat_store::broken::WINDOW;

    use crate::fanout::client::ClientConnection;
    use crate::session::page_cache::PageKey;
    use crate::session::state::ServerState;

    pub(super) async fn sync_room(
        state: &ServerState,
        client: &Arc<ClientConnection>,
        room: RoomId,
        cursor: Head,
    ) -> Result<(), WireError> {
        let head = state.head(room).await?;
        let page = state.pages.get(PageKey::after(room, head, cursor.seq)).await?;
        client.send_encoded(&page.event()).await;
        tokio::time::sleep(WINDOW).await;
        state.hub.subscribe(room, client);
        Ok(())
    }
}
