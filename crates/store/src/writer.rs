//! The thread that owns the connection that writes. Commands go in by a channel; each brings the way for its answer.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::commit_watermark::CommitWatermark;
use crate::data_dir::DataDir;
use crate::indexer::Indexer;
use crate::shorthand::{Books, Learning};
use crate::write::{self, Mark};
use crate::{NewEntry, Outcome, ReplicaChange, StoreError};

/// Markers in one transaction at most: commits wait no longer than for these.
const MARKS: usize = 1_000;

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do. Each is one transaction, in the order of the channel.
pub(crate) enum Command {
    Commit(Vec<NewEntry>, Answer<Vec<Outcome>>),
    Save(Vec<ReplicaChange>, Answer<()>),
    SetRead(Mark, Answer<()>),
    /// Takes into the search index what is behind it.
    Index(Answer<()>),
    /// Lets the file grow no further than this many pages; for tests of a full disk.
    LimitPages(u32, Answer<()>),
    /// Writes everything into the one file and ends. Whoever asks waits on a thread, with a limit of real time.
    Close(mpsc::Sender<Result<(), StoreError>>),
}

/// Starts the thread. It ends by [`Command::Close`], or when the last sender is gone.
pub(crate) fn start(
    folder: DataDir,
    connection: Connection,
    confirmed: CommitWatermark,
    books: Books,
    index: Indexer,
) -> std::io::Result<(mpsc::Sender<Command>, JoinHandle<()>)> {
    let (commands, queue) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("ichat-store".into())
        .spawn(move || run(&folder, connection, confirmed, books, index, &queue))?;
    Ok((commands, thread))
}

fn run(
    folder: &DataDir,
    mut connection: Connection,
    mut confirmed: CommitWatermark,
    books: Books,
    mut index: Indexer,
    queue: &mpsc::Receiver<Command>,
) {
    let mut next = None;
    let mut learning = Learning::with(books);
    while let Some(command) = next.take().or_else(|| index.next(queue, &mut connection)) {
        match command {
            #[cfg(feature = "broken")]
            Command::Commit(drafts, answer) if crate::broken::acknowledges_first(&drafts) => {
                index.grow(drafts.len());
                let acknowledge = |outcomes| tell(answer, Ok(outcomes));
                if let Err(error) = write::acknowledge_and_commit(&mut connection, drafts, acknowledge) {
                    tracing::error!(?error, "what was acknowledged was not committed");
                }
            }
            Command::Commit(drafts, answer) => {
                let entries = drafts.len();
                let outcomes = write::commit(&mut connection, drafts);
                if let Ok(outcomes) = &outcomes {
                    let committed = outcomes
                        .iter()
                        .filter(|outcome| matches!(outcome, Outcome::Committed(_)))
                        .count();
                    confirmed.entries(&connection, committed as u64);
                    index.grow(committed);
                }
                tell(answer, outcomes.map_err(StoreError::from));
                learning.after(entries, &connection);
            }
            Command::Save(changes, answer) => {
                let puts_out = changes.iter().any(|change| matches!(change, ReplicaChange::Outbox(_)));
                let entries = changes.iter().map(ReplicaChange::entries).sum();
                let saved = write::save(&mut connection, changes);
                if puts_out && saved.is_ok() {
                    confirmed.recount(&connection);
                }
                index.grow(entries);
                tell(answer, saved.map_err(StoreError::from));
                learning.after(entries, &connection);
            }
            Command::SetRead(mark, answer) => next = set_read(&mut connection, (mark, answer), queue),
            Command::Index(answer) => {
                index.catch_up_entirely(&mut connection);
                tell(answer, Ok(()));
            }
            Command::LimitPages(pages, answer) => {
                let done = connection.pragma_update(None, "max_page_count", pages);
                tell(answer, done.map_err(|e| StoreError::of_sql(&e)));
            }
            Command::Close(answer) => {
                index.catch_up_entirely(&mut connection);
                // Closing the last connection moves the write-ahead log into the file and removes it.
                let closed = connection.close().map_err(|(_, error)| StoreError::of_sql(&error));
                if let Err(error) = confirmed.sync() {
                    tracing::warn!(%error, "how much was confirmed did not reach the disk");
                }
                tracing::debug!(dir = %folder.dir().display(), "closed");
                // As with the other answers: closed is closed, also when nobody waits any more.
                let _ = answer.send(closed);
                return;
            }
        }
    }
}

/// A message moves the markers of everybody who sees it, at about the same time: those that wait are written together,
/// so that commits don't queue behind them. Gives the command that came after them.
fn set_read(
    connection: &mut Connection,
    first: (Mark, Answer<()>),
    queue: &mpsc::Receiver<Command>,
) -> Option<Command> {
    let (mut marks, mut answers) = (vec![first.0], vec![first.1]);
    let next = loop {
        match queue.try_recv() {
            Ok(Command::SetRead(mark, answer)) if marks.len() < MARKS => {
                marks.push(mark);
                answers.push(answer);
            }
            other => break other.ok(),
        }
    };
    let done = write::set_read(connection, &marks).map_err(StoreError::from);
    for answer in answers {
        tell(answer, done.clone());
    }
    next
}

fn tell<T>(answer: Answer<T>, result: Result<T, StoreError>) {
    // Whoever asked may have stopped waiting; what was written stands all the same.
    let _ = answer.send(result);
}
