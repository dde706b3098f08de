//! The handle that everybody holds.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use ichat_protocol::{Body, DeviceId, EntryId, Head, Member, MemberId, Name, Page, RoomId, RoomSummary, Seq, ServerId};
use tokio::sync::oneshot;

use crate::commit_watermark::{CommitWatermark, Count};
use crate::data_dir::{self, DataDir};
use crate::identity;
use crate::indexer::{Indexer, Lag};
use crate::readers::Readers;
use crate::shorthand::Books;
use crate::write::Mark;
use crate::writer::{self, Command};
use crate::{Hit, NewEntry, OpenError, Outcome, PersistedState, ReplicaChange, Search, StoreError, read};

/// How long closing waits for what is under way. A batch takes milliseconds; a disk that takes longer is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open data folder. Cheap to clone; all clones are the same store.
///
/// The folder is free again after [`Store::close`], or soon after the last clone was dropped.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    server_id: ServerId,
    lobby: RoomId,
    readers: Arc<Readers>,
    writer: mpsc::Sender<Command>,
    /// Of the search index.
    lag: Lag,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the data folder `dir`, and makes it when it is not there. One process at a time.
    pub async fn open(dir: &Path) -> Result<Store, OpenError> {
        let at = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || Inner::open(&at)).await;
        let inner = opened.map_err(|error| OpenError::Io {
            dir: dir.to_owned(),
            cause: error.to_string(),
        })??;
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Opens the data folder of a server: like [`Store::open`], and there is a lobby afterwards.
    /// `lobby_name` counts only when the folder is new. The lobby's `created` is by the server itself,
    /// who is `guest-<server id>` and a member of nothing.
    pub async fn open_server(dir: &Path, lobby_name: &Name) -> Result<Store, OpenError> {
        let store = Self::open(dir).await?;
        match store.ensure_lobby(lobby_name).await {
            Ok(()) => Ok(store),
            Err(error) => {
                store.close().await;
                let dir = dir.to_owned();
                Err(match error {
                    StoreError::Full => OpenError::Full { dir },
                    other => OpenError::Io {
                        dir,
                        cause: other.to_string(),
                    },
                })
            }
        }
    }

    async fn ensure_lobby(&self, name: &Name) -> Result<(), StoreError> {
        if self.head(self.lobby()).await?.is_some() {
            return Ok(());
        }
        let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
        let created = NewEntry {
            room: self.lobby(),
            id: EntryId::fresh(),
            author: MemberId::guest(self.server_id().0),
            device: DeviceId(self.server_id().0),
            at: u64::try_from(at).unwrap_or(0),
            body: Body::Created { name: name.clone() },
        };
        self.commit(vec![created]).await.map(drop)
    }

    /// Waits for what is under way, writes everything into the one file, and gives the folder free. Whatever is asked of
    /// this store or its clones afterwards is answered with [`StoreError::Closed`].
    pub async fn close(&self) {
        self.inner.readers.close().await;
        let inner = Arc::clone(&self.inner);
        if let Err(error) = tokio::task::spawn_blocking(move || inner.close()).await {
            tracing::warn!(%error, "the history could not be closed");
        }
    }

    /// Which server this folder is; made when it was first opened.
    pub fn server_id(&self) -> ServerId {
        self.inner.server_id
    }

    /// The room that everybody is in. It exists only in a folder opened by [`Store::open_server`].
    pub fn lobby(&self) -> RoomId {
        self.inner.lobby
    }

    /// Writes a batch in one transaction: one [`Outcome`] for each draft, in their order. What is `Committed` is on disk.
    ///
    /// `created` makes a room, and its author no member of it. `joined`, `left` and `member_renamed` make, end and rename a member;
    /// a `member_renamed` is drafted for each room of the member. Everything else needs its author to be a member.
    /// `edit` and `delete` are for the author of the message; a `delete` wipes the message and its edits in the same
    /// transaction. A member's first unread entry is the one after the `joined`.
    pub async fn commit(&self, drafts: Vec<NewEntry>) -> Result<Vec<Outcome>, StoreError> {
        self.ask(|answer| Command::Commit(drafts, answer)).await
    }

    /// How far a room's log goes here.
    pub async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.inner.readers.read(move |c| read::head(c, room)).await
    }

    /// A range of a room's log, with the semantics of [`ichat_protocol::History`]; `None` for an unknown room.
    /// `limit` counts from 1 to [`ichat_protocol::limits::MAX_PAGE_ENTRIES`]; what lies outside is moved there.
    ///
    /// `later` has, for the messages of the page, what lies beyond it: the last edit of each, and for each person and
    /// emoji the last reaction if it stands, or if it takes back one in the page. A deleted message is `wiped` in the page.
    /// In a client's folder `head` is the server's, as far as it was told; the entries are those that are held.
    pub async fn page(
        &self,
        room: RoomId,
        before: Option<Seq>,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Option<Page>, StoreError> {
        self.inner
            .readers
            .read(move |c| read::page(c, room, before, after, limit))
            .await
    }

    /// Every room, by name, as this member sees it.
    pub async fn rooms(&self, for_member: &MemberId) -> Result<Vec<RoomSummary>, StoreError> {
        let member = for_member.clone();
        self.inner.readers.read(move |c| read::rooms(c, &member)).await
    }

    /// One room as this member sees it.
    pub async fn room(&self, room: RoomId, for_member: &MemberId) -> Result<Option<RoomSummary>, StoreError> {
        let member = for_member.clone();
        self.inner.readers.read(move |c| read::room(c, room, &member)).await
    }

    /// The rooms that somebody is a member of.
    pub async fn rooms_of(&self, member: &MemberId) -> Result<Vec<RoomId>, StoreError> {
        let member = member.clone();
        self.inner.readers.read(move |c| read::rooms_of(c, &member)).await
    }

    /// Who is and was a member of a room; empty for an unknown room.
    pub async fn members(&self, room: RoomId) -> Result<Vec<Member>, StoreError> {
        self.inner.readers.read(move |c| read::members(c, room)).await
    }

    /// Whether somebody is a member of a room.
    pub async fn is_member(&self, room: RoomId, member: &MemberId) -> Result<bool, StoreError> {
        let member = member.clone();
        self.inner
            .readers
            .read(move |c| read::is_member(c, room, &member))
            .await
    }

    /// How far a member has read. It may go back; past the head it stays at the head. Who is not a member has no marker.
    pub async fn set_read(&self, room: RoomId, member: &MemberId, seq: Seq) -> Result<(), StoreError> {
        let member = member.clone();
        let mark = Mark { room, member, seq };
        self.ask(|answer| Command::SetRead(mark, answer)).await
    }

    /// Messages whose current text holds every word that is looked for, the newest first.
    pub async fn search(&self, search: Search) -> Result<Vec<Hit>, StoreError> {
        if self.inner.lag.is_some() {
            self.ask(Command::Index).await?;
        }
        self.inner.readers.read(move |c| read::search(c, &search)).await
    }

    /// What a client's folder holds. `unread` here counts the person's own messages too where the log itself is counted,
    /// because the folder doesn't know who the person is; [`Store::rooms`] is told.
    pub async fn persisted_state(&self) -> Result<PersistedState, StoreError> {
        self.inner.readers.read(read::persisted_state).await
    }

    /// Writes changes to a client's folder in one transaction; durable when it returns. When one of them is refused
    /// ([`StoreError::OutOfSync`]), nothing of the batch is written.
    ///
    /// Of each room one range is held without a gap. Entries must adjoin it or overlap it; what overlaps must be the same
    /// entries, and is dropped.
    pub async fn save(&self, changes: Vec<ReplicaChange>) -> Result<(), StoreError> {
        self.ask(|answer| Command::Save(changes, answer)).await
    }

    /// Lets the file grow no further than this many pages, or than it is: a disk that is full on demand.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: Option<u32>) -> Result<(), StoreError> {
        // The default: <https://sqlite.org/limits.html>, "Maximum Number Of Pages In A Database File".
        let pages = pages.unwrap_or(0xFFFF_FFFE);
        self.ask(|answer| Command::LimitPages(pages, answer)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.inner
            .writer
            .send(command(answer))
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Inner {
    fn open(dir: &Path) -> Result<Self, OpenError> {
        let folder = DataDir::lock(dir)?;
        let books = Books::default();
        let connection = folder.open_writer(&books)?;
        let identity = identity::ensure(&connection).map_err(|e| folder.explain(&e))?;
        let count = Count::of(&connection).map_err(|e| folder.explain(&e))?;
        let confirmed = CommitWatermark::open(dir, identity.generation, count).map_err(|e| data_dir::of_io(dir, &e))?;
        folder.sync();
        let lag = Lag::default();
        let index = Indexer::of(&connection, lag.clone()).map_err(|e| folder.explain(&e))?;
        let (writer, thread) =
            writer::start(folder, connection, confirmed, books.clone(), index).map_err(|e| OpenError::Io {
                dir: dir.to_owned(),
                cause: e.to_string(),
            })?;
        Ok(Self {
            server_id: identity.server,
            lobby: identity.lobby,
            readers: Arc::new(Readers::new(dir.to_owned(), books)),
            writer,
            lag,
            thread: Mutex::new(Some(thread)),
        })
    }
}

impl Inner {
    /// Ends the writer and waits for it.
    fn close(&self) {
        let (answer, answered) = mpsc::channel();
        if self.writer.send(Command::Close(answer)).is_err() {
            return; // It has ended already.
        }
        match answered.recv_timeout(PATIENCE) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the history was closed with an error"),
            // Another close was ahead of this one.
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => return tracing::warn!("the history could not be closed in time"),
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The thread has given its last answer, so that this is a matter of microseconds.
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the thread that writes the history panicked");
        }
    }
}
