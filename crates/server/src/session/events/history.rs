use std::sync::Arc;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{EntryId, History, WireError};

use crate::errors;
use crate::fanout::request::Request;
use crate::session::costs;
use crate::session::page_cache::{CachedPage, PageKey};
use crate::session::state::ServerState;

/// Responds with a range of a room's log.
pub(super) async fn history(state: &ServerState, mut request: Request, event: History) {
    match page(state, &request, event).await {
        Ok(page) => {
            let cost = costs::of_page(page.json.get().len());
            request.client.budget.charge(cost);
            request.respond_encoded(&page.event()).await;
        }
        Err(error) => request.reject(error),
    }
}

async fn page(state: &ServerState, request: &Request, event: History) -> Result<Arc<CachedPage>, WireError> {
    let History {
        room,
        before,
        after,
        around,
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
    match around {
        Some(entry) => page_around(state, key, entry).await,
        None => state.pages.get(key).await,
    }
}

/// Returns the page that has an entry in its middle.
async fn page_around(state: &ServerState, key: PageKey, entry: EntryId) -> Result<Arc<CachedPage>, WireError> {
    let seq = state.store.seq_of(key.room, entry).await.map_err(errors::storage)?;
    let seq = seq.ok_or_else(errors::unknown_entry)?;
    let starting_after = |start| PageKey {
        before: None,
        after: Some(start),
        ..key
    };
    let limit = key.limit.clamp(1, MAX_PAGE_ENTRIES);
    let page = state.pages.get(starting_after(seq.page_start(limit))).await?;
    if page.last.is_some_and(|last| last >= seq) {
        return Ok(page);
    }
    // The entries before it are so long that the page ends before it.
    state.pages.get(starting_after(seq.page_start(1))).await
}
