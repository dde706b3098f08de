//! The handle to an open data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use ichat_protocol::{Body, DeviceId, EntryId, Head, Member, MemberId, Name, Page, RoomId, RoomSummary, Seq, ServerId};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::file::commit_watermark::{CommitWatermark, Counts};
use crate::file::data_dir::{DataDir, wal_of};
use crate::file::database;
use crate::file::identity::{self, GuestKey};
use crate::file::private::check_owner;
use crate::idle_work::{IdleWork, IndexBacklog};
use crate::readers::Readers;
use crate::write::ReadMarker;
use crate::writer::{self, Command};
use crate::{
    ListPart, NewEntry, OpenError, Outcome, PersistedState, Progress, ReplicaChange, SearchHit, SearchQuery,
    StoreError, read,
};

/// The wait of [`Store::close`] for the writer. A batch takes milliseconds; a disk that takes longer is broken.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The interval of log lines about a rebuild at opening.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
/// `SQLite`'s default: <https://sqlite.org/limits.html>, "Maximum Number Of Pages In A Database File".
const MAX_PAGES: u32 = 0xFFFF_FFFE;

/// An open data folder. Clones are cheap, and all are the same store.
///
/// Another process can open the folder after [`Store::close`], or soon after the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    server_id: ServerId,
    lobby: RoomId,
    readers: Arc<Readers>,
    writer: mpsc::Sender<Command>,
    index_backlog: IndexBacklog,
    writer_thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the data folder `dir`, and creates it if there is none. Only one process can have it open.
    pub async fn open(dir: &Path) -> Result<Store, OpenError> {
        let path = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || Inner::open(&path)).await;
        let inner = opened.map_err(|error| OpenError::Io {
            dir: dir.to_owned(),
            cause: error.to_string(),
        })??;
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Opens the data folder of a server, and creates the lobby if there is none; only then `lobby_name` matters. The author
    /// of the lobby's `created` is the server itself, as `guest-<server id>`, who is not a member. Fails if the folder is another
    /// user's, also for root.
    pub async fn open_server(dir: &Path, lobby_name: &Name) -> Result<Store, OpenError> {
        check_owner(dir).map_err(|error| OpenError::of_privacy(dir, error))?;
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
        let outcomes = self.commit(vec![created]).await?;
        if outcomes.iter().all(Outcome::is_committed) {
            return Ok(());
        }
        Err(StoreError::Io(format!("the lobby was refused: {outcomes:?}")))
    }

    /// Completes the pending work, writes everything into the one file, and unlocks the folder. Later calls of this store
    /// and its clones return [`StoreError::Closed`].
    pub async fn close(&self) {
        self.inner.readers.close().await;
        let inner = Arc::clone(&self.inner);
        if let Err(error) = tokio::task::spawn_blocking(move || inner.close()).await {
            tracing::warn!(%error, "the history could not be closed");
        }
    }

    /// Returns the id that the folder got when it was first opened.
    pub fn server_id(&self) -> ServerId {
        self.inner.server_id
    }

    /// Returns the room that everyone is a member of. It exists only after [`Store::open_server`].
    pub fn lobby(&self) -> RoomId {
        self.inner.lobby
    }

    /// Returns the size of the files of the history, in bytes. `None` if the system doesn't say. It blocks for as long as the
    /// system needs to look at two files.
    pub fn database_bytes(&self) -> Option<u64> {
        let database = self.inner.readers.database();
        let size = std::fs::metadata(&database).ok()?.len();
        let waiting = std::fs::metadata(wal_of(&database)).map_or(0, |wal| wal.len());
        Some(size + waiting)
    }

    /// Returns the key of the secrets by which the guests of this server keep their identity: `fresh`, if there was none yet.
    pub async fn guest_key(&self, fresh: GuestKey) -> Result<GuestKey, StoreError> {
        self.request(|reply| Command::GuestKey(fresh, reply)).await
    }

    /// Commits entries in one transaction. Returns their outcomes in the same order; a `Committed` one is on disk.
    ///
    /// `created` creates a room, and does not make its author a member. `joined`, `left` and `member_renamed` start, end and
    /// rename a membership; the caller passes a `member_renamed` for each room of the member. All others need a member as
    /// their author, `edit` and `delete` the author of the message. A `delete` erases the message and its edits in the same
    /// transaction. A new member's read marker is at the `joined` entry.
    pub async fn commit(&self, entries: Vec<NewEntry>) -> Result<Vec<Outcome>, StoreError> {
        self.request(|reply| Command::Commit(entries, reply)).await
    }

    /// Fails if nothing can be written, for example because the disk is full. It forces a page to the disk.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.request(Command::Rewrite).await
    }

    /// Returns the bytes that the disk of the data folder has left for this user.
    pub async fn free_space(&self) -> Result<u64, StoreError> {
        let inner = Arc::clone(&self.inner);
        let measured = tokio::task::spawn_blocking(move || fs4::available_space(&inner.dir)).await;
        let space = measured.map_err(|error| StoreError::Io(error.to_string()))?;
        space.map_err(|error| StoreError::Io(error.to_string()))
    }

    /// Returns the end of the room's log that is stored here.
    pub async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.inner.readers.read(move |c| read::head(c, room)).await
    }

    /// Returns the position of an entry in a room's log that is stored here.
    pub async fn seq_of(&self, room: RoomId, entry: EntryId) -> Result<Option<Seq>, StoreError> {
        self.inner.readers.read(move |c| read::seq_of(c, room, entry)).await
    }

    /// Returns a range of a room's log, as the bounds of [`ichat_protocol::History`] define it; `None` for an unknown room. A `limit`
    /// outside 1 to [`ichat_protocol::limits::MAX_PAGE_ENTRIES`] is moved there.
    ///
    /// `later` has what amends the messages of the page from beyond it: the last edit of each, and the reactions that are
    /// shown, or that remove one of the page. A deleted message is `wiped` in the page. In a replica `head` is the server's,
    /// and the entries are those that are stored.
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

    /// Returns all rooms by name, as this member sees them. There may be very many: a server sends [`Store::find_rooms`].
    pub async fn rooms(&self, for_member: &MemberId) -> Result<Vec<RoomSummary>, StoreError> {
        let member = for_member.clone();
        self.inner.readers.read(move |c| read::rooms(c, &member)).await
    }

    /// Returns at most `limit` of the rooms, as this member sees them: those that have a text in their name or topic, or at the
    /// end of their id, and that follow the room `after`. First are those with exactly this name, then the others by name. A room
    /// that gets another name between two parts of the list may be in both, or in none. `None` if there is no room `after`.
    pub async fn find_rooms(
        &self,
        for_member: &MemberId,
        query: &str,
        after: Option<RoomId>,
        limit: u32,
    ) -> Result<Option<ListPart<RoomSummary>>, StoreError> {
        let (member, query) = (for_member.clone(), query.to_owned());
        self.inner
            .readers
            .read(move |c| read::find_rooms(c, &member, &query, after, limit))
            .await
    }

    /// Returns at most `limit` of the rooms that a user is a member of and that follow the room `after`, in an order that never
    /// changes, as they see them. It reads no others, however many there are. `None` if there is no room `after`.
    pub async fn joined_rooms(
        &self,
        member: &MemberId,
        after: Option<RoomId>,
        limit: u32,
    ) -> Result<Option<ListPart<RoomSummary>>, StoreError> {
        let member = member.clone();
        self.inner
            .readers
            .read(move |c| read::joined_rooms(c, &member, after, limit))
            .await
    }

    /// Returns the ends of the logs of all rooms that are stored here.
    pub async fn heads(&self) -> Result<Vec<(RoomId, Head)>, StoreError> {
        self.inner.readers.read(read::heads).await
    }

    /// Returns one room, as this member sees it.
    pub async fn room(&self, room: RoomId, for_member: &MemberId) -> Result<Option<RoomSummary>, StoreError> {
        let member = for_member.clone();
        self.inner.readers.read(move |c| read::room(c, room, &member)).await
    }

    /// Returns the author of each room, with the time at which it was created, oldest first.
    pub async fn room_creators(&self) -> Result<Vec<(MemberId, u64)>, StoreError> {
        self.inner.readers.read(read::room_creators).await
    }

    /// Returns the ids of the rooms that a user is a member of.
    pub async fn rooms_of(&self, member: &MemberId) -> Result<Vec<RoomId>, StoreError> {
        let member = member.clone();
        self.inner.readers.read(move |c| read::rooms_of(c, &member)).await
    }

    /// Returns at most `limit` of the past and present members of a room: without a query in an order that never changes, and in
    /// which new members are the last; otherwise those whose names begin with it, by name. `None` if there is no such room, or
    /// nobody called `after` in it.
    pub async fn find_members(
        &self,
        room: RoomId,
        query: &str,
        after: Option<&MemberId>,
        limit: u32,
    ) -> Result<Option<ListPart<Member>>, StoreError> {
        let (query, after) = (query.to_owned(), after.cloned());
        self.inner
            .readers
            .read(move |c| read::find_members(c, room, &query, after.as_ref(), limit))
            .await
    }

    /// Returns those of some people who are or were members of a room.
    pub async fn members_of_ids(&self, room: RoomId, ids: Vec<MemberId>) -> Result<Vec<Member>, StoreError> {
        self.inner
            .readers
            .read(move |c| read::members_of_ids(c, room, &ids))
            .await
    }

    /// Returns the past and present members of a room; none for an unknown room. There may be very many: a server sends
    /// [`Store::find_members`].
    pub async fn members(&self, room: RoomId) -> Result<Vec<Member>, StoreError> {
        self.inner.readers.read(move |c| read::members(c, room)).await
    }

    /// Returns whether a user is a member of a room.
    pub async fn is_member(&self, room: RoomId, member: &MemberId) -> Result<bool, StoreError> {
        let member = member.clone();
        self.inner
            .readers
            .read(move |c| read::is_member(c, room, &member))
            .await
    }

    /// Moves a member's read marker, forward or back, at most to the head. Does nothing for others than members.
    pub async fn set_read(&self, room: RoomId, member: &MemberId, seq: Seq) -> Result<(), StoreError> {
        let member = member.clone();
        let marker = ReadMarker { room, member, seq };
        self.request(|reply| Command::SetRead(marker, reply)).await
    }

    /// Returns the messages whose current text has all words of the query, the newest first. Indexes the newest messages
    /// before; where that is not possible, for example on a full disk, it reads their texts.
    pub async fn search(&self, query: SearchQuery) -> Result<Vec<SearchHit>, StoreError> {
        if !self.inner.index_backlog.is_empty() {
            self.request(Command::Index).await?;
        }
        self.inner.readers.read(move |c| read::search(c, &query)).await
    }

    /// Returns what a client's folder has. The store does not know the person; where it counts `unread` from the log itself,
    /// it counts the person's own messages as well. [`Store::rooms`] does not.
    pub async fn persisted_state(&self) -> Result<PersistedState, StoreError> {
        self.inner.readers.read(read::persisted_state).await
    }

    /// Saves changes to a client's folder in one transaction; they are on disk when it returns. If one of them fails with
    /// [`StoreError::OutOfSync`], none is saved.
    ///
    /// The stored entries of a room are one range without a gap. New ones must adjoin or overlap it; those that overlap must
    /// be the same entries, and are skipped.
    pub async fn save(&self, changes: Vec<ReplicaChange>) -> Result<(), StoreError> {
        self.request(|reply| Command::Save(changes, reply)).await
    }

    /// Limits the file to this many pages, or to its present size: a full disk for tests.
    #[doc(hidden)]
    pub async fn limit_pages(&self, pages: Option<u32>) -> Result<(), StoreError> {
        self.request(|reply| Command::LimitPages(pages.unwrap_or(MAX_PAGES), reply))
            .await
    }

    async fn request<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, result) = oneshot::channel();
        self.inner.writer.send(command(reply)).map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }
}

impl Inner {
    fn open(path: &Path) -> Result<Self, OpenError> {
        let dir = DataDir::lock(path)?;
        let file = dir.database();
        let of_sql = |e: rusqlite::Error| OpenError::of_sql(&file, &e);
        let has_wal = wal_of(&file).metadata().is_ok_and(|wal| wal.len() > 0);
        let connection = database::open_writer(&dir, &mut log_progress())?;
        let identity = identity::ensure(&connection).map_err(of_sql)?;
        let counts = Counts::read(&connection).map_err(of_sql)?;
        let watermark =
            CommitWatermark::open(path, identity.generation, counts).map_err(|e| OpenError::of_io(path, &e))?;
        dir.sync();
        let index_backlog = IndexBacklog::default();
        let mut idle_work = IdleWork::load(&connection, index_backlog.clone()).map_err(of_sql)?;
        if has_wal {
            // The process before this one was killed, and may have left erased text.
            idle_work.empty_wal(&connection);
        }
        let (writer, thread) =
            writer::start(dir, connection, watermark, idle_work).map_err(|e| OpenError::of_io(path, &e))?;
        Ok(Self {
            dir: path.to_owned(),
            server_id: identity.server,
            lobby: identity.lobby,
            readers: Arc::new(Readers::new(path.to_owned())),
            writer,
            index_backlog,
            writer_thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the writer and waits for it.
    fn close(&self) {
        let (reply, result) = mpsc::channel();
        if self.writer.send(Command::Close(reply)).is_err() {
            return; // It has ended already.
        }
        match result.recv_timeout(CLOSE_TIMEOUT) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the history was closed with an error"),
            // Another call of `close` came first.
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => return tracing::warn!("the history could not be closed in time"),
        }
        let thread = self.writer_thread.lock().take();
        // After its last reply the thread ends within microseconds.
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the thread that writes the history panicked");
        }
    }
}

/// Returns a receiver of progress that writes log lines.
fn log_progress() -> impl FnMut(Progress) {
    let mut logged = Instant::now();
    move |Progress { task, done, total }| {
        if logged.elapsed() >= PROGRESS_INTERVAL {
            logged = Instant::now();
            tracing::info!(done, total, "{task}");
        }
    }
}
