//! Pages that many ask for at once, read and put into their wire form once: after a restart everybody misses the same range.
//!
//! A page shows a room as of one head, later amendments included, so the head is a part of what it is found by: whatever is
//! committed to the room, an edit or a deletion too, makes other pages of it. While a page is being read, whoever else asks
//! for it waits for it instead of reading it too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ichat_protocol::limits::MAX_PAGE_ENTRIES;
use ichat_protocol::{Body, Entry, Head, Page, RoomId, Seq, WireError};
use ichat_store::Store;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::value::{RawValue, to_raw_value};

use crate::asker;
use crate::frame::Frame;

/// Bytes of text in one page. Fewer entries are given where they are long, so that what waits for a client that does
/// not read stays bounded.
pub(crate) const PAGE_BYTES: usize = 128 * 1024;
/// Bytes that stand here at most: the pages of some ten thousand messages.
const SHELF_BYTES: u64 = 16 * 1024 * 1024;
/// Fewer than two times 32, or the library makes parts of the shelf that are too small for a page of long messages.
const SHELF_PAGES: usize = 60;

/// A range of a room's log, as of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Range {
    pub(crate) room: RoomId,
    /// No later than this: what was committed since may be in the page as well.
    pub(crate) head: Head,
    pub(crate) before: Option<Seq>,
    pub(crate) after: Option<Seq>,
    pub(crate) limit: u32,
}

/// A page as it goes out.
pub(crate) struct Shelved {
    /// The place of its last entry.
    pub(crate) last: Option<Seq>,
    /// The argument of the event `page`.
    pub(crate) json: Box<RawValue>,
    /// The event.
    pub(crate) frame: Frame,
}

/// The pages that were asked for of late.
pub(crate) struct Shelf {
    pages: Cache<Range, Arc<Shelved>, Bytes>,
    /// How many pages were read from the store.
    read: AtomicU64,
    /// Whether anybody asked since it was last looked.
    asked: AtomicBool,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self {
            pages: Cache::with_weighter(SHELF_PAGES, SHELF_BYTES, Bytes),
            read: AtomicU64::new(0),
            asked: AtomicBool::new(false),
        }
    }

    /// A page within [`PAGE_BYTES`]. The store is asked once, however many want it.
    pub(crate) async fn page(&self, store: &Store, range: Range) -> Result<Arc<Shelved>, WireError> {
        self.asked.store(true, Ordering::Relaxed);
        let limit = range.limit.clamp(1, MAX_PAGE_ENTRIES);
        let range = Range { limit, ..range };
        self.pages
            .get_or_insert_async(&range, self.take_out(store, range))
            .await
    }

    /// Clears the shelf when nobody asked since the last call: called every few seconds, it holds memory only while that helps.
    pub(crate) fn tidy(&self) {
        if !self.asked.swap(false, Ordering::Relaxed) && !self.pages.is_empty() {
            self.pages.clear();
        }
    }

    async fn take_out(&self, store: &Store, range: Range) -> Result<Arc<Shelved>, WireError> {
        let read = self.read.fetch_add(1, Ordering::Relaxed) + 1;
        let Range {
            room,
            head,
            before,
            after,
            limit,
        } = range;
        tracing::debug!(read, %room, head = %head.seq, ?before, ?after, limit, "a page is read from the store");
        let page = read_page(store, range).await?;
        let json = to_raw_value(&page).map_err(|error| {
            tracing::error!(%error, "a page has no wire form");
            asker::closing()
        })?;
        let last = page.entries.last().map(|entry| entry.seq);
        let frame = Frame::event("page", &json);
        Ok(Arc::new(Shelved { last, json, frame }))
    }
}

async fn read_page(store: &Store, range: Range) -> Result<Page, WireError> {
    let ask = async |limit| {
        let page = store.page(range.room, range.before, range.after, limit).await;
        page.map_err(|error| asker::storage(&error))?
            .ok_or_else(asker::unknown_room)
    };
    let page = ask(range.limit).await?;
    let mut bytes = 0;
    let mut fits = |entry: &Entry| {
        bytes += text_bytes(&entry.body);
        bytes <= PAGE_BYTES
    };
    let count = if range.after.is_some() {
        page.entries.iter().take_while(|entry| fits(entry)).count()
    } else {
        page.entries.iter().rev().take_while(|entry| fits(entry)).count()
    };
    if count == page.entries.len() {
        return Ok(page);
    }
    ask(u32::try_from(count).unwrap_or(MAX_PAGE_ENTRIES).max(1)).await
}

/// The bytes of text that an entry holds.
pub(crate) fn text_bytes(body: &Body) -> usize {
    match body {
        Body::Message { text, .. } | Body::Edit { text, .. } => text.len(),
        _ => 0,
    }
}

/// Weighs pages by what they take.
#[derive(Clone)]
struct Bytes;

impl Weighter<Range, Arc<Shelved>> for Bytes {
    fn weight(&self, _: &Range, page: &Arc<Shelved>) -> u64 {
        let bytes = page.json.get().len() + page.frame.bytes().len();
        u64::try_from(bytes + size_of::<Range>() + size_of::<Shelved>()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    //! One read for many who ask at once, and for those who come later; another head is another page; a failure is not
    //! kept; a quiet shelf is cleared; pages of long messages are cut, and stand on the shelf too.

    use futures_util::future::join_all;
    use ichat_protocol::{DeviceId, EntryId, MemberId, Name};
    use ichat_store::NewEntry;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;

    struct Library {
        store: Store,
        shelf: Shelf,
        _folder: TempDir,
    }

    impl Library {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open_server(folder.path(), &Name::parse("Lobby").unwrap())
                .await
                .unwrap();
            let library = Self {
                store,
                shelf: Shelf::new(),
                _folder: folder,
            };
            let name = Name::parse("Alice").unwrap();
            library.holds([Body::Joined { name }]).await;
            library
        }

        /// Gives the ids of what is written into the lobby.
        async fn holds(&self, bodies: impl IntoIterator<Item = Body>) -> Vec<EntryId> {
            let device = DeviceId(Uuid::nil());
            let draft = |body| NewEntry {
                room: self.store.lobby(),
                id: EntryId::fresh(),
                author: MemberId::guest(Uuid::nil()),
                device,
                at: 0,
                body,
            };
            let drafts: Vec<_> = bodies.into_iter().map(draft).collect();
            let ids = drafts.iter().map(|draft| draft.id).collect();
            self.store.commit(drafts).await.unwrap();
            ids
        }

        async fn newest(&self) -> Range {
            Range {
                room: self.store.lobby(),
                head: self.store.head(self.store.lobby()).await.unwrap().unwrap(),
                before: None,
                after: None,
                limit: MAX_PAGE_ENTRIES,
            }
        }

        async fn page(&self, range: Range) -> Page {
            let shelved = self.shelf.page(&self.store, range).await.unwrap();
            serde_json::from_str(shelved.json.get()).unwrap()
        }

        fn read(&self) -> u64 {
            self.shelf.read.load(Ordering::Relaxed)
        }
    }

    fn says(text: &str) -> Body {
        Body::Message {
            text: text.to_owned(),
            reply_to: None,
        }
    }

    #[tokio::test]
    async fn a_page_is_read_once_for_everybody() {
        let library = Library::new().await;
        library.holds((0..300).map(|n| says(&n.to_string()))).await;
        let newest = library.newest().await;
        let pages = join_all((0..500).map(|_| library.page(newest))).await;
        assert_eq!(library.read(), 1);
        assert!(pages.iter().all(|page| *page == pages[0]) && pages[0].entries.len() == 200);
        library.page(newest).await;
        assert_eq!(library.read(), 1);
        let after = Range {
            after: Some(Seq(50)),
            ..newest
        };
        assert_eq!(library.page(after).await.entries[0].seq, Seq(51));
        assert_eq!(library.read(), 2);
    }

    #[tokio::test]
    async fn what_is_deleted_is_not_on_the_shelf() {
        let library = Library::new().await;
        let said = library.holds([says("secret")]).await;
        let told = async || library.page(library.newest().await).await.entries;
        assert!(told().await.iter().any(|entry| entry.body == says("secret")));
        library.holds([Body::Delete { of: said[0] }]).await;
        assert!(told().await.iter().all(|entry| entry.body != says("secret")));
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let library = Library::new().await;
        let newest = library.newest().await;
        let nowhere = Range {
            room: RoomId(Uuid::nil()),
            ..newest
        };
        for asked in 1..=2 {
            assert!(library.shelf.page(&library.store, nowhere).await.is_err());
            assert_eq!(library.read(), asked);
        }
    }

    #[tokio::test]
    async fn a_quiet_shelf_is_cleared() {
        let library = Library::new().await;
        library.page(library.newest().await).await;
        library.shelf.tidy();
        assert_eq!(library.shelf.pages.len(), 1, "somebody has just asked");
        library.shelf.tidy();
        assert_eq!(library.shelf.pages.len(), 0);
    }

    #[tokio::test]
    async fn a_page_of_long_messages_is_cut_and_kept() {
        let library = Library::new().await;
        let long = "x".repeat(ichat_protocol::limits::MAX_TEXT_BYTES);
        library.holds((0..20).map(|_| says(&long))).await;
        let newest = library.newest().await;
        let entries = library.page(newest).await.entries;
        assert_eq!(entries.len(), PAGE_BYTES / long.len());
        assert_eq!(entries.last().unwrap().seq, newest.head.seq);
        library.page(newest).await;
        assert_eq!(library.read(), 1);
    }
}
