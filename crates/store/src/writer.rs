//! The thread that owns the writing connection. Commands arrive by a channel, each with a channel for its result.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::file::commit_watermark::CommitWatermark;
use crate::file::data_dir::DataDir;
use crate::file::identity::{self, GuestKey};
use crate::file::schema;
use crate::idle_work::IdleWork;
use crate::write::{self, ReadMarker, Written};
use crate::{NewEntry, Outcome, ReplicaChange, StoreError};

/// Read markers in one transaction: a commit waits no longer than for these.
const READ_MARKER_BATCH: usize = 1_000;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A command to the writer: one transaction, in the order of the channel.
pub(crate) enum Command {
    Commit(Vec<NewEntry>, Reply<Vec<Outcome>>),
    Save(Vec<ReplicaChange>, Reply<()>),
    SetRead(ReadMarker, Reply<()>),
    /// Indexes all messages for a search.
    Index(Reply<()>),
    /// Writes something that is there already.
    Rewrite(Reply<()>),
    /// Reads the key of guests' secrets, or stores this one.
    GuestKey(GuestKey, Reply<GuestKey>),
    /// Limits the size of the file, in pages; for tests of a full disk.
    LimitPages(u32, Reply<()>),
    /// Writes everything into the one file, and ends the thread. The caller waits on a thread, with a timeout.
    Close(mpsc::Sender<Result<(), StoreError>>),
}

/// Starts the thread. It ends with [`Command::Close`], or when all senders are dropped.
pub(crate) fn start(
    dir: DataDir,
    connection: Connection,
    watermark: CommitWatermark,
    idle_work: IdleWork,
) -> std::io::Result<(mpsc::Sender<Command>, JoinHandle<()>)> {
    let (sender, commands) = mpsc::channel();
    let writer = Writer {
        connection,
        watermark,
        idle_work,
        dir,
    };
    let thread = thread::Builder::new()
        .name("ichat-store".into())
        .spawn(move || writer.run(&commands))?;
    Ok((sender, thread))
}

struct Writer {
    connection: Connection,
    watermark: CommitWatermark,
    idle_work: IdleWork,
    /// The last field, because fields are dropped in this order: the lock outlives the connection.
    dir: DataDir,
}

impl Writer {
    fn run(mut self, commands: &mpsc::Receiver<Command>) {
        let mut next = None;
        while let Some(command) = next
            .take()
            .or_else(|| self.idle_work.next_command(commands, &mut self.connection))
        {
            match command {
                #[cfg(feature = "broken")]
                Command::Commit(entries, reply) if crate::broken::acknowledges_first(&entries) => {
                    self.acknowledge_and_commit(entries, reply);
                }
                Command::Commit(entries, reply) => send(reply, self.commit(entries)),
                Command::Save(changes, reply) => send(reply, self.save(changes)),
                Command::SetRead(marker, reply) => next = self.set_read(marker, reply, commands),
                Command::Index(reply) => {
                    self.idle_work.index_all(&mut self.connection);
                    send(reply, Ok(()));
                }
                Command::Rewrite(reply) => {
                    let done = schema::rewrite_format(&self.connection);
                    send(reply, done.map_err(|e| StoreError::of_sql(&e)));
                }
                Command::GuestKey(fresh, reply) => {
                    let key = identity::ensure_guest_key(&self.connection, fresh);
                    send(reply, key.map_err(|e| StoreError::of_sql(&e)));
                }
                Command::LimitPages(pages, reply) => {
                    let done = self.connection.pragma_update(None, "max_page_count", pages);
                    send(reply, done.map_err(|e| StoreError::of_sql(&e)));
                }
                Command::Close(reply) => return self.close(&reply),
            }
        }
    }

    fn commit(&mut self, entries: Vec<NewEntry>) -> Result<Vec<Outcome>, StoreError> {
        let Written { result, erased } = write::commit(&mut self.connection, entries)?;
        let committed = result.iter().filter(|outcome| outcome.is_committed()).count();
        self.watermark.add_entries(&self.connection, committed as u64);
        self.record_write(committed, erased);
        Ok(result)
    }

    #[cfg(feature = "broken")]
    fn acknowledge_and_commit(&mut self, entries: Vec<NewEntry>, reply: Reply<Vec<Outcome>>) {
        self.idle_work.add_entries(entries.len());
        let acknowledge = |outcomes| send(reply, Ok(outcomes));
        if let Err(error) = write::acknowledge_and_commit(&mut self.connection, entries, acknowledge) {
            tracing::error!(?error, "acknowledged entries were not committed");
        }
    }

    fn save(&mut self, changes: Vec<ReplicaChange>) -> Result<(), StoreError> {
        let adds_posts = changes.iter().any(ReplicaChange::adds_post);
        let entries = changes.iter().map(ReplicaChange::entries).sum();
        let Written { result: (), erased } = write::save(&mut self.connection, changes)?;
        if adds_posts {
            self.watermark.recount(&self.connection);
        }
        self.record_write(entries, erased);
        Ok(())
    }

    fn record_write(&mut self, entries: usize, erased: bool) {
        self.idle_work.add_entries(entries);
        if erased {
            self.idle_work.add_erasure();
        }
    }

    /// Sets a read marker, and those that wait behind it. A message moves the markers of all members who see it at about
    /// the same time; one transaction for each would delay commits. Returns the command that came after them.
    fn set_read(
        &mut self,
        marker: ReadMarker,
        reply: Reply<()>,
        commands: &mpsc::Receiver<Command>,
    ) -> Option<Command> {
        let (mut markers, mut replies) = (vec![marker], vec![reply]);
        let next = loop {
            match commands.try_recv() {
                Ok(Command::SetRead(marker, reply)) if markers.len() < READ_MARKER_BATCH => {
                    markers.push(marker);
                    replies.push(reply);
                }
                other => break other.ok(),
            }
        };
        let done = write::set_read_markers(&mut self.connection, &markers).map_err(StoreError::from);
        for reply in replies {
            send(reply, done.clone());
        }
        next
    }

    fn close(mut self, reply: &mpsc::Sender<Result<(), StoreError>>) {
        self.idle_work.index_all(&mut self.connection);
        // Closing the last connection moves the write-ahead log into the database and removes it.
        let closed = self.connection.close().map_err(|(_, error)| StoreError::of_sql(&error));
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(%error, "the commit watermark was not forced to the disk");
        }
        tracing::debug!(dir = %self.dir.path().display(), "closed");
        // The store is closed even if the caller has stopped waiting.
        let _ = reply.send(closed);
    }
}

fn send<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    // The caller may have stopped waiting; what was written is written.
    let _ = reply.send(result);
}
