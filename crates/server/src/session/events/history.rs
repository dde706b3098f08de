use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{History, WireError};

use crate::fanout::request::Request;
use crate::session::page_cache::{CachedPage, PageKey};
use crate::session::state::ServerState;

/// Responds with a range of a room's log.
pub(super) async fn history(state: &ServerState, mut request: Request, event: History) {
    match page(state, &request, event).await {
        Ok(page) => request.respond_encoded(&page.event()).await,
        Err(error) => request.reject(error),
    }
}

async fn page(state: &ServerState, request: &Request, event: History) -> Result<Arc<CachedPage>, WireError> {
    let History {
        room,
        before,
        after,
        limit,
    } = event;
    state.check_member(room, &request.client.member).await?;
    let key = PageKey {
        room,
        head: state.head(room).await?,
        before,
        after,
        limit: limit.unwrap_or(MAX_PAGE_ENTRIES),
    };
    state.pages.get(key).await
}
