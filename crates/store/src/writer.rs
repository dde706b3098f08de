//! The thread that owns the connection that writes. Commands go in by a channel; each brings the way for its answer.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use ichat_protocol::{MemberId, RoomId, Seq};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::folder::Folder;
use crate::{Draft, Outcome, ReplicaChange, StoreError, write};

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do. Each is one transaction, in the order of the channel.
pub(crate) enum Command {
    Commit(Vec<Draft>, Answer<Vec<Outcome>>),
    Save(Vec<ReplicaChange>, Answer<()>),
    SetRead(RoomId, MemberId, Seq, Answer<()>),
    /// Lets the file grow no further than this many pages; for tests of a full disk.
    LimitPages(u32, Answer<()>),
    /// Writes everything into the one file and ends.
    Close(Answer<()>),
}

/// Starts the thread. It ends by [`Command::Close`], or when the last sender is gone.
pub(crate) fn start(
    folder: Folder,
    connection: Connection,
) -> std::io::Result<(mpsc::Sender<Command>, JoinHandle<()>)> {
    let (commands, queue) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("ichat-store".into())
        .spawn(move || run(&folder, connection, &queue))?;
    Ok((commands, thread))
}

fn run(folder: &Folder, mut connection: Connection, queue: &mpsc::Receiver<Command>) {
    while let Ok(command) = queue.recv() {
        match command {
            Command::Commit(drafts, answer) => {
                tell(answer, write::commit(&mut connection, drafts).map_err(StoreError::from));
            }
            Command::Save(changes, answer) => {
                tell(answer, write::save(&mut connection, changes).map_err(StoreError::from));
            }
            Command::SetRead(room, member, seq, answer) => {
                let done = write::set_read(&connection, room, &member, seq);
                tell(answer, done.map_err(StoreError::from));
            }
            Command::LimitPages(pages, answer) => {
                let done = connection.pragma_update(None, "max_page_count", pages);
                tell(answer, done.map_err(|e| StoreError::of_sql(&e)));
            }
            Command::Close(answer) => {
                let done = connection.pragma_query_value(None, "optimize", |_| Ok(()));
                if let Err(error) = done
                    && error != rusqlite::Error::QueryReturnedNoRows
                {
                    tracing::debug!(%error, "the query planner's figures were not brought up to date");
                }
                // Closing the last connection moves the write-ahead log into the file and removes it.
                let closed = connection.close().map_err(|(_, error)| StoreError::of_sql(&error));
                tracing::debug!(dir = %folder.dir().display(), "closed");
                tell(answer, closed);
                return;
            }
        }
    }
}

fn tell<T>(answer: Answer<T>, result: Result<T, StoreError>) {
    // Whoever asked may have stopped waiting; what was written stands all the same.
    let _ = answer.send(result);
}
