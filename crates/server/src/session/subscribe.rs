//! Subscribing clients to rooms.

use std::sync::Arc;

use ichat_protocol::{RoomId, WireError};

use crate::fanout::client::ClientConnection;
use crate::session::page_cache::PageKey;
use crate::session::state::ServerState;

/// Subscribes a member to a room. Membership is checked again afterwards: the publisher unsubscribes a member who
/// leaves, but only from the subscriptions that it finds.
pub(crate) async fn subscribe(
    state: &ServerState,
    client: &Arc<ClientConnection>,
    room: RoomId,
) -> Result<(), WireError> {
    state.check_member(room, &client.member).await?;
    state.hub.subscribe(room, client);
    let is_member = state.check_member(room, &client.member).await;
    if is_member.is_err() {
        state.hub.unsubscribe(room, client);
    }
    is_member
}

/// Subscribes a client that has nothing of the room, and sends the newest page. Returns the bytes of its JSON.
pub(crate) async fn subscribe_from_newest(
    state: &ServerState,
    client: &Arc<ClientConnection>,
    room: RoomId,
) -> Result<usize, WireError> {
    subscribe(state, client, room).await?;
    send_newest_page(state, client, room).await
}

/// Sends the newest page of a room. Returns the bytes of its JSON.
pub(crate) async fn send_newest_page(
    state: &ServerState,
    client: &ClientConnection,
    room: RoomId,
) -> Result<usize, WireError> {
    let newest = PageKey::newest(room, state.head(room).await?);
    let page = state.pages.get(newest).await?;
    client.send_encoded(&page.event()).await;
    Ok(page.json.get().len())
}
