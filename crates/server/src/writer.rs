//! The one writer: everything that waits, in all rooms, becomes one transaction.

use ichat_protocol::{DeviceId, EntryId, ErrorCode, WireError};
use ichat_store::{NewEntry, Outcome, Store};
use tokio::sync::mpsc;

use crate::asker::{self, Asker};
use crate::overtaking::Overtaking;
use crate::publish::{Publisher, Written};
use crate::seat::Seat;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Jobs that may wait for the writer, of everybody together. Beyond it connections wait, and then refuse as `busy`.
const WAITING: usize = 4_096;
/// Jobs in one transaction: enough to share one fsync, few enough that nobody waits long for the others.
const BATCH: usize = 256;

/// Where drafts are handed in.
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
}

/// Drafts that stand behind one another, and who hears what became of them.
pub(crate) struct Job {
    pub(crate) drafts: Vec<NewEntry>,
    pub(crate) then: Then,
}

/// Who hears of the outcomes, once they are published.
pub(crate) enum Then {
    /// The author of a post. The last draft is the post; a guest's `joined` may stand ahead of it.
    Post(Asker),
    /// The author of a `chat message`; again the last draft counts.
    Chat(Asker),
    /// A task of the server. If every draft stands, the seat is subscribed to the drafts' room before they are published.
    Tell {
        answer: oneshot::Sender<Result<Vec<Outcome>, WireError>>,
        subscribe: Option<Arc<Seat>>,
    },
}

impl Writer {
    /// The hand-in, and the other end for [`run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, waiting) = mpsc::channel(WAITING);
        (Self { jobs }, waiting)
    }

    /// Hands in, in order; waits while too much is waiting. A job that comes too late is refused.
    pub(crate) async fn hand_in(&self, job: Job) {
        if let Err(late) = self.jobs.send(job).await {
            refuse(late.0.then, &asker::closing());
        }
    }

    /// Hands in and waits until it is committed and published.
    pub(crate) async fn commit(
        &self,
        drafts: Vec<NewEntry>,
        subscribe: Option<Arc<Seat>>,
    ) -> Result<Vec<Outcome>, WireError> {
        let (answer, outcomes) = oneshot::channel();
        let then = Then::Tell { answer, subscribe };
        self.hand_in(Job { drafts, then }).await;
        outcomes.await.unwrap_or_else(|_| Err(asker::closing()))
    }
}

/// Commits until `close` is called on the other end's behalf and nothing waits any more.
pub(crate) async fn run(
    store: Store,
    mut waiting: mpsc::Receiver<Job>,
    publisher: Publisher,
    closing: tokio_util::sync::CancellationToken,
) {
    let mut jobs = Vec::with_capacity(BATCH);
    let mut overtaking = Overtaking::default();
    loop {
        tokio::select! {
            biased;
            count = waiting.recv_many(&mut jobs, BATCH) => if count == 0 { break },
            // From here on nothing new comes in, and what waits is drained by the branch above.
            () = closing.cancelled(), if !waiting.is_closed() => { waiting.close(); continue }
        }
        let mut drafts = Vec::with_capacity(jobs.len());
        let mut thens = Vec::with_capacity(jobs.len());
        let mut posts = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            if let Some((device, id)) = job.post()
                && !overtaking.admits(device, id, Instant::now())
            {
                refuse(job.then, &asker::not_written());
                continue;
            }
            posts.extend(job.post());
            thens.push((job.drafts.len(), job.then));
            drafts.extend(job.drafts);
        }
        if thens.is_empty() {
            continue;
        }
        let rooms: Vec<_> = drafts.iter().map(|draft| draft.room).collect();
        match store.commit(drafts).await {
            Ok(outcomes) => {
                let mut outcomes = rooms.into_iter().zip(outcomes);
                let written = thens
                    .into_iter()
                    .map(|(count, then)| (outcomes.by_ref().take(count).collect(), then))
                    .collect();
                publisher.publish(Written(written)).await;
            }
            Err(error) => {
                let error = asker::storage(&error);
                for (device, id) in posts {
                    overtaking.refused(device, id, Instant::now());
                }
                for (_, then) in thens {
                    refuse(then, &error);
                }
            }
        }
    }
}

impl Job {
    /// The device and the id of a post, whose order counts. The last draft is the post.
    fn post(&self) -> Option<(DeviceId, EntryId)> {
        match (&self.then, self.drafts.last()) {
            (Then::Post(_), Some(draft)) => Some((draft.device, draft.id)),
            _ => None,
        }
    }
}

fn refuse(then: Then, error: &WireError) {
    match then {
        Then::Post(asker) | Then::Chat(asker) => asker.refuse(error.clone()),
        // Nobody waits for it when the connection's task has ended.
        Then::Tell { answer, .. } => drop(answer.send(Err(error.clone()))),
    }
}

/// The refusal that an outcome is, if it is one.
pub(crate) fn refusal(outcome: &Outcome) -> Option<WireError> {
    Some(match outcome {
        Outcome::Committed(_) | Outcome::Duplicate(_) => return None,
        Outcome::Conflict => WireError::new(
            ErrorCode::Conflict,
            "This id is taken by something else: make a new one.",
        ),
        Outcome::UnknownRoom => asker::unknown_room(),
        Outcome::NotJoined => asker::not_joined(),
        Outcome::UnknownEntry => WireError::new(
            ErrorCode::UnknownEntry,
            "That message is not in this room; it may have been deleted.",
        ),
        Outcome::NotYours => WireError::new(ErrorCode::NotYours, "Only the author may change or delete a message."),
    })
}
