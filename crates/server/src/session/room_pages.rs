//! Pages for one client.

use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{RoomId, WireError};

use crate::fanout::client::ClientConnection;
use crate::session::page_cache::Range;
use crate::session::state::ServerState;

/// Subscribes a client that has nothing of the room, and sends the newest page.
pub(crate) async fn subscribe_from_newest(
    state: &ServerState,
    client: &Arc<ClientConnection>,
    room: RoomId,
) -> Result<(), WireError> {
    state.hub.subscribe(room, client);
    let newest = Range {
        room,
        head: state.head(room).await?,
        before: None,
        after: None,
        limit: MAX_PAGE_ENTRIES,
    };
    let page = state.pages.get(newest).await?;
    client.send_encoded(&page.event()).await;
    Ok(())
}
