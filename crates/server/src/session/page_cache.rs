//! A cache of pages in their wire form: after a restart all clients ask for the same range.
//!
//! A page has everything up to a head, later amendments included, so the head is part of the key: whatever is committed
//! to the room, an edit or a deletion too, makes other pages of it. Clients that ask for a page while it is being read
//! wait for that read.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Head, Page, RoomId, Seq, WireError};
use ichat_store::Store;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::value::{RawValue, to_raw_value};
use tokio_util::sync::CancellationToken;

use crate::errors;
use crate::fanout::entry_batch;
use crate::fanout::outgoing_event::OutgoingEvent;
use crate::fanout::websocket::frame::Frame;

/// Bytes in the cache: the pages of some ten thousand messages.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// The number of pages that the cache is made for. From 64 on `quick_cache` would split it into parts that are too
/// small for a page of long messages.
const CACHE_PAGES: usize = 60;
/// Time without a request after which the cache is emptied.
const CACHE_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A range of a room's log, as of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    pub(crate) room: RoomId,
    /// The page is at least as new as this head; it may show later commits as well.
    pub(crate) head: Head,
    pub(crate) before: Option<Seq>,
    pub(crate) after: Option<Seq>,
    pub(crate) limit: u32,
}

/// A page in its wire form.
pub(crate) struct CachedPage {
    /// The sequence number of its last entry.
    pub(crate) last: Option<Seq>,
    /// The argument of the `page` event.
    pub(crate) json: Box<RawValue>,
    frame: Frame,
}

/// The pages that were requested lately.
pub(crate) struct PageCache {
    store: Store,
    pages: Cache<PageKey, Arc<CachedPage>, ByteWeighter>,
    /// The number of pages read from the store.
    reads: AtomicU64,
    /// `true` if a page was requested since the last check.
    was_used: AtomicBool,
}

impl PageKey {
    /// Returns the key of the newest page of a room.
    pub(crate) fn newest(room: RoomId, head: Head) -> Self {
        Self {
            room,
            head,
            before: None,
            after: None,
            limit: MAX_PAGE_ENTRIES,
        }
    }

    /// Returns the key of the page that follows an entry.
    pub(crate) fn after(room: RoomId, head: Head, after: Seq) -> Self {
        let after = Some(after);
        Self {
            after,
            ..Self::newest(room, head)
        }
    }
}

impl CachedPage {
    /// Returns the event that sends the page.
    pub(crate) fn event(&self) -> OutgoingEvent<'_, Box<RawValue>> {
        OutgoingEvent {
            name: "page",
            arguments: slice::from_ref(&self.json),
            frame: self.frame.clone(),
        }
    }
}

impl PageCache {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            pages: Cache::with_weighter(CACHE_PAGES, CACHE_BYTES, ByteWeighter),
            reads: AtomicU64::new(0),
            was_used: AtomicBool::new(false),
        }
    }

    /// Returns a page. The store is asked once, however many clients want it; an error is not cached.
    pub(crate) async fn get(&self, key: PageKey) -> Result<Arc<CachedPage>, WireError> {
        self.was_used.store(true, Ordering::Relaxed);
        let limit = key.limit.clamp(1, MAX_PAGE_ENTRIES);
        let key = PageKey { limit, ..key };
        self.pages.get_or_insert_async(&key, self.load(key)).await
    }

    /// Empties the cache whenever it is idle: it helps only while many clients ask for the same pages.
    pub(crate) async fn evict_when_idle(&self, closing: CancellationToken) {
        let mut ticks = tokio::time::interval(CACHE_IDLE_TIMEOUT);
        while closing.run_until_cancelled(ticks.tick()).await.is_some() {
            self.evict_if_idle();
        }
    }

    /// Empties the cache if no page was requested since the last call.
    fn evict_if_idle(&self) {
        if !self.was_used.swap(false, Ordering::Relaxed) && !self.pages.is_empty() {
            self.pages.clear();
        }
    }

    async fn load(&self, key: PageKey) -> Result<Arc<CachedPage>, WireError> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let PageKey {
            room,
            head,
            before,
            after,
            limit,
        } = key;
        // The fault checker and the benchmarks count these lines.
        tracing::debug!(read, %room, head = %head.seq, ?before, ?after, limit, "a page is read from the store");
        let page = self.read(key).await?;
        let json = to_raw_value(&page).map_err(|error| {
            tracing::error!(%error, "encoding a page failed");
            errors::storage_failed()
        })?;
        let last = page.entries.last().map(|entry| entry.seq);
        let frame = Frame::events("page", slice::from_ref(&json));
        Ok(Arc::new(CachedPage { last, json, frame }))
    }

    /// Reads a page. If its entries are too long for one event, reads a shorter one.
    async fn read(&self, key: PageKey) -> Result<Page, WireError> {
        let page = self.read_up_to(key.limit, key).await?;
        let count = if key.after.is_some() {
            entry_batch::fitting(&page.entries)
        } else {
            entry_batch::fitting(page.entries.iter().rev())
        };
        if count >= page.entries.len() {
            return Ok(page);
        }
        let limit = u32::try_from(count).unwrap_or(MAX_PAGE_ENTRIES);
        self.read_up_to(limit, key).await
    }

    async fn read_up_to(&self, limit: u32, key: PageKey) -> Result<Page, WireError> {
        let page = self.store.page(key.room, key.before, key.after, limit).await;
        page.map_err(errors::storage)?.ok_or_else(errors::unknown_room)
    }
}

/// The weight of a page: the memory that it takes.
#[derive(Clone)]
struct ByteWeighter;

impl Weighter<PageKey, Arc<CachedPage>> for ByteWeighter {
    fn weight(&self, _: &PageKey, page: &Arc<CachedPage>) -> u64 {
        let bytes = page.json.get().len() + page.frame.bytes().len();
        u64::try_from(bytes + size_of::<PageKey>() + size_of::<CachedPage>()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    //! - a page is read once, both for many clients at once and for later ones; another range is another page
    //! - a deleted message is not in the cache
    //! - an error is not cached
    //! - an idle cache is emptied
    //! - a page of long messages is cut, and cached as well

    use futures_util::future::join_all;
    use ichat_protocol::{Body, DeviceId, EntryId, MemberId, Name};
    use ichat_store::NewEntry;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::fanout::entry_batch::MAX_BATCH_BYTES;

    struct Fixture {
        store: Store,
        cache: PageCache,
        _data_dir: TempDir,
    }

    impl Fixture {
        async fn new() -> Self {
            let data_dir = tempfile::tempdir().unwrap();
            let lobby = Name::parse("Lobby").unwrap();
            let store = Store::open_server(data_dir.path(), &lobby).await.unwrap();
            let fixture = Self {
                store: store.clone(),
                cache: PageCache::new(store),
                _data_dir: data_dir,
            };
            let name = Name::parse("Alice").unwrap();
            fixture.commit([Body::Joined { name }]).await;
            fixture
        }

        /// Writes entries into the lobby. Returns their ids.
        async fn commit(&self, bodies: impl IntoIterator<Item = Body>) -> Vec<EntryId> {
            let entry = |body| NewEntry {
                room: self.store.lobby(),
                id: EntryId::fresh(),
                author: MemberId::guest(Uuid::nil()),
                device: DeviceId(Uuid::nil()),
                at: 0,
                body,
            };
            let entries: Vec<_> = bodies.into_iter().map(entry).collect();
            let ids = entries.iter().map(|entry| entry.id).collect();
            self.store.commit(entries).await.unwrap();
            ids
        }

        async fn newest(&self) -> PageKey {
            let lobby = self.store.lobby();
            PageKey::newest(lobby, self.store.head(lobby).await.unwrap().unwrap())
        }

        async fn get(&self, key: PageKey) -> Page {
            let page = self.cache.get(key).await.unwrap();
            serde_json::from_str(page.json.get()).unwrap()
        }

        fn reads(&self) -> u64 {
            self.cache.reads.load(Ordering::Relaxed)
        }
    }

    fn message(text: &str) -> Body {
        Body::Message {
            text: text.to_owned(),
            reply_to: None,
            mentions: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_page_is_read_once_for_all_clients() {
        let fixture = Fixture::new().await;
        fixture.commit((0..300).map(|n| message(&n.to_string()))).await;
        let newest = fixture.newest().await;
        let pages = join_all((0..500).map(|_| fixture.get(newest))).await;
        assert_eq!(fixture.reads(), 1);
        assert!(pages.iter().all(|page| *page == pages[0]) && pages[0].entries.len() == 200);
        fixture.get(newest).await;
        assert_eq!(fixture.reads(), 1);
        let after = PageKey::after(newest.room, newest.head, Seq(50));
        assert_eq!(fixture.get(after).await.entries[0].seq, Seq(51));
        assert_eq!(fixture.reads(), 2);
    }

    #[tokio::test]
    async fn a_deleted_message_is_not_in_the_cache() {
        let fixture = Fixture::new().await;
        let ids = fixture.commit([message("secret")]).await;
        let contains_secret = async || {
            let page = fixture.get(fixture.newest().await).await;
            page.entries.iter().any(|entry| entry.body == message("secret"))
        };
        assert!(contains_secret().await);
        fixture.commit([Body::Delete { of: ids[0] }]).await;
        assert!(!contains_secret().await);
    }

    #[tokio::test]
    async fn an_error_is_not_cached() {
        let fixture = Fixture::new().await;
        let unknown_room = PageKey {
            room: RoomId(Uuid::nil()),
            ..fixture.newest().await
        };
        for attempt in 1..=2 {
            assert!(fixture.cache.get(unknown_room).await.is_err());
            assert_eq!(fixture.reads(), attempt);
        }
    }

    #[tokio::test]
    async fn an_idle_cache_is_emptied() {
        let fixture = Fixture::new().await;
        fixture.get(fixture.newest().await).await;
        fixture.cache.evict_if_idle();
        assert_eq!(fixture.cache.pages.len(), 1, "it was used just now");
        fixture.cache.evict_if_idle();
        assert_eq!(fixture.cache.pages.len(), 0);
    }

    #[tokio::test]
    async fn a_page_of_long_messages_is_cut_and_cached() {
        let fixture = Fixture::new().await;
        let long = "x".repeat(ichat_protocol::limits::MAX_TEXT_BYTES);
        fixture.commit((0..20).map(|_| message(&long))).await;
        let newest = fixture.newest().await;
        let entries = fixture.get(newest).await.entries;
        assert_eq!(entries.len(), MAX_BATCH_BYTES / long.len());
        assert_eq!(entries.last().unwrap().seq, newest.head.seq);
        fixture.get(newest).await;
        assert_eq!(fixture.reads(), 1);
    }
}
