//! The one publisher: sends what was committed, in the order of the commits, one broadcast per room.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use ichat_protocol::{Entries, Entry, Head, MemberId, RoomChange, RoomId};
use ichat_store::{Outcome, Store};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::commit::completion::Completion;
use crate::fanout::chat_message::{CHAT_MESSAGE, chat_message};
use crate::fanout::client::{ClientConnection, ConnectionId};
use crate::fanout::entry_batch;
use crate::fanout::heads::PublishedHeads;
use crate::fanout::hub::{Channel, Hub};
use crate::fanout::online_members::OnlineMembers;
use crate::metrics::{Metrics, QueueReadings};

/// Commits that wait for publication. When the queue is full the writer waits.
const QUEUE_CAPACITY: usize = 64;
/// Authors who receive a broadcast before the other subscribers.
const MAX_FIRST_AUTHORS: usize = 64;

/// The handle of the publisher task.
#[derive(Clone)]
pub(crate) struct Publisher {
    tasks: mpsc::Sender<PublishTask>,
}

/// The requests of one transaction.
pub(crate) struct CommittedBatch {
    pub(crate) requests: Vec<CommittedRequest>,
    pub(crate) committed_at: Instant,
}

/// A request whose entries are in the log, or were rejected.
pub(crate) struct CommittedRequest {
    /// The outcomes of its entries, with their rooms.
    pub(crate) outcomes: Vec<(RoomId, Outcome)>,
    /// The step that follows once the entries are published.
    pub(crate) completion: Completion,
    pub(crate) submitted: Instant,
}

/// A task of the publisher. They run one after the other.
pub(crate) enum PublishTask {
    Publish(CommittedBatch),
    RunBetweenBroadcasts(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Publisher {
    /// Creates the handle, and the queue for [`PublishLoop::run`].
    pub(crate) fn new() -> (Self, mpsc::Receiver<PublishTask>) {
        let (tasks, queue) = mpsc::channel(QUEUE_CAPACITY);
        (Self { tasks }, queue)
    }

    pub(crate) async fn publish(&self, batch: CommittedBatch) {
        self.push(PublishTask::Publish(batch)).await;
    }

    /// Runs a future between two broadcasts: all that is published when it runs has been sent, and nothing else has.
    pub(crate) async fn run_between_broadcasts(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.push(PublishTask::RunBetweenBroadcasts(Box::pin(future))).await;
    }

    pub(crate) fn readings(&self) -> QueueReadings {
        QueueReadings {
            length: self.tasks.max_capacity() - self.tasks.capacity(),
            capacity: self.tasks.max_capacity(),
        }
    }

    async fn push(&self, task: PublishTask) {
        // The queue closes after the writer has ended; then no client is left.
        drop(self.tasks.send(task).await);
    }
}

/// The publisher task, with what it uses.
pub(crate) struct PublishLoop {
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) online: OnlineMembers,
    pub(crate) heads: PublishedHeads,
    pub(crate) metrics: Metrics,
}

impl PublishLoop {
    /// Publishes until the writer has ended and the queue is empty. Commits that were made during a broadcast share the
    /// next one.
    pub(crate) async fn run(self, mut queue: mpsc::Receiver<PublishTask>, writer_ended: CancellationToken) {
        let mut tasks = Vec::with_capacity(QUEUE_CAPACITY);
        loop {
            tokio::select! {
                biased;
                count = queue.recv_many(&mut tasks, QUEUE_CAPACITY) => if count == 0 { break },
                () = writer_ended.cancelled(), if !queue.is_closed() => { queue.close(); continue }
            }
            let mut batches = Vec::new();
            for task in tasks.drain(..) {
                match task {
                    PublishTask::Publish(batch) => batches.push(batch),
                    PublishTask::RunBetweenBroadcasts(future) => {
                        self.publish(std::mem::take(&mut batches)).await;
                        future.await;
                    }
                }
            }
            self.publish(batches).await;
        }
    }

    async fn publish(&self, batches: Vec<CommittedBatch>) {
        let committed_at: Vec<_> = batches.iter().map(|batch| batch.committed_at).collect();
        let requests: Vec<_> = batches.into_iter().flat_map(|batch| batch.requests).collect();
        self.broadcast_all(&requests).await;
        let published_at = Instant::now();
        for committed_at in committed_at {
            self.metrics.published(published_at - committed_at);
        }
        for request in requests {
            self.metrics.request_published(published_at - request.submitted);
            request
                .completion
                .complete(request.outcomes, &self.heads, &self.store)
                .await;
        }
    }

    /// Sends every room its new entries.
    async fn broadcast_all(&self, requests: &[CommittedRequest]) {
        let mut rooms: BTreeMap<RoomId, Vec<Entry>> = BTreeMap::new();
        let mut authors = BTreeSet::new();
        for request in requests {
            let outcomes = &request.outcomes;
            match &request.completion {
                Completion::Post { request, .. } => {
                    if authors.len() < MAX_FIRST_AUTHORS {
                        authors.insert(request.client.id);
                    }
                }
                Completion::Report { subscribe, .. } => self.subscribe(subscribe.as_ref(), outcomes),
            }
            for (room, outcome) in outcomes {
                if let Some(entry) = new_entry(outcome) {
                    self.metrics.entry_committed(entry.body.kind());
                    rooms.entry(*room).or_default().push(entry.clone());
                }
            }
        }
        for (room, entries) in rooms {
            let left: Vec<_> = entries.iter().filter_map(leaver).cloned().collect();
            self.broadcast(room, entries, &authors).await;
            // Between two broadcasts, so that members receive nothing of the room after the response to `leave`.
            for client in left.iter().flat_map(|member| self.online.connections(member)) {
                self.hub.unsubscribe(room, &client);
            }
        }
    }

    /// Subscribes a client to the rooms of its new entries. A repetition adds none: its author may have left the room
    /// since.
    fn subscribe(&self, client: Option<&Arc<ClientConnection>>, outcomes: &[(RoomId, Outcome)]) {
        let is_new = |(_, outcome): &(RoomId, Outcome)| new_entry(outcome).is_some();
        if let Some(client) = client
            && outcomes.iter().all(is_new)
        {
            for (room, _) in outcomes {
                self.hub.subscribe(*room, client);
            }
        }
    }

    /// Sends a room its new entries: one `entries` event, or several where they are long. The authors get theirs first:
    /// what they post next is committed during this broadcast, so under load it shares the next one.
    async fn broadcast(&self, room: RoomId, mut entries: Vec<Entry>, authors: &BTreeSet<ConnectionId>) {
        let Some(epoch) = self.heads.epoch(&self.store, room).await else {
            return;
        };
        while !entries.is_empty() {
            let rest = entries.split_off(entry_batch::fitting(&entries));
            let seq = entries.last().map(|entry| entry.seq).unwrap_or_default();
            let event = Entries { room, epoch, entries };
            self.hub
                .broadcast_with_receipts(Channel::Room(room), "entries", &[&event], authors)
                .await;
            if room == self.store.lobby() {
                let messages: Vec<_> = event.entries.iter().filter_map(chat_message).collect();
                self.hub
                    .broadcast_with_receipts(Channel::Tutorial, CHAT_MESSAGE, &messages, authors)
                    .await;
            }
            self.heads.advance(room, Head { epoch, seq });
            entries = rest;
        }
    }
}

/// Returns the entry of an outcome, if it is new.
fn new_entry(outcome: &Outcome) -> Option<&Entry> {
    match outcome {
        Outcome::Committed(entry) => Some(entry),
        Outcome::Duplicate(_)
        | Outcome::Conflict
        | Outcome::UnknownRoom
        | Outcome::NotJoined
        | Outcome::UnknownEntry
        | Outcome::NotYours
        | Outcome::LimitReached
        | Outcome::TooManyReactions
        | Outcome::TooManyGuestReactions
        | Outcome::TooManyOwnReactions
        | Outcome::Damaged(_) => None,
    }
}

/// Returns the member whose membership the entry ends.
fn leaver(entry: &Entry) -> Option<&MemberId> {
    match entry.body.room_change() {
        Some(RoomChange::Leave) => Some(&entry.author),
        Some(RoomChange::Name(_) | RoomChange::Topic(_) | RoomChange::Join(_) | RoomChange::RenameMember(_)) | None => {
            None
        }
    }
}
